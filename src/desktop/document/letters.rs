//! Letters of networks: given once and kept for life; one that has become free is not given again at once.

/// So many networks at a time have a letter and a colour that no other has.
pub const DISTINCT: usize = 10;

/// The place of the next letter: the first free one from `from` on, round the letters that are told apart.
#[must_use]
pub fn next(taken: &[usize], from: usize) -> usize {
    let round = DISTINCT.max(taken.len() + 1);
    (0..round).map(|step| (from + step) % round).find(|slot| !taken.contains(slot)).unwrap_or(taken.len())
}

/// The letter of a place: A to Z, then numbers.
#[must_use]
pub fn letter(slot: usize) -> String {
    match u8::try_from(slot) {
        Ok(slot) if slot < 26 => char::from(b'A' + slot).to_string(),
        _ => format!("#{}", slot + 1),
    }
}

/// The place of a letter as it is written in a project.
#[must_use]
pub fn slot(letter: &str) -> Option<usize> {
    if let [letter @ b'A'..=b'Z'] = letter.as_bytes() {
        return Some(usize::from(letter - b'A'));
    }
    let number: usize = letter.strip_prefix('#')?.parse().ok()?;
    (27..=9999).contains(&number).then(|| number - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_as_it_is_written() {
        for place in [0, 2, 25, 26, 99] {
            assert_eq!(slot(&letter(place)), Some(place));
        }
        for wrong in ["", "a", "AB", "#1", "#26", "#-3", "#99999999999999999999"] {
            assert_eq!(slot(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn up_to_ten_networks_never_share_a_place_modulo_ten() {
        let mut taken: Vec<usize> = Vec::new();
        let mut from = 0;
        for step in 0..60 {
            let given = next(&taken, from);
            assert!(given < DISTINCT && !taken.contains(&given), "{given} of {taken:?}");
            taken.push(given);
            from = given + 1;
            if taken.len() == DISTINCT {
                taken.remove(step * 7 % DISTINCT);
            }
        }
    }

    #[test]
    fn what_has_become_free_is_not_given_at_once() {
        assert_eq!(next(&[0, 2], 3), 3);
        assert_eq!(next(&[0], 2), 2);
        assert_eq!(next(&(0..12).collect::<Vec<_>>(), 12), 12);
    }
}
