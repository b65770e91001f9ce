//! "Did you mean ...": the nearest known name to what was typed.

/// The candidate closest to `typed`, if it is close enough to be a plausible slip.
#[must_use]
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_ascii_lowercase();
    let limit = (typed.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|name| (distance(&typed, &name.to_ascii_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit && *distance < typed.chars().count())
        // On a tie the longer name: people drop letters more often than they add them.
        .min_by_key(|(distance, name)| (*distance, std::cmp::Reverse(name.len())))
        .map(|(_, name)| name)
}

/// `": did you mean X?"` when something is near, else `": expected one of A, B, C"`.
#[must_use]
pub fn hint(typed: &str, candidates: &[&str]) -> String {
    match nearest(typed, candidates.iter().copied()) {
        Some(name) => format!("did you mean {name}?"),
        None => format!("expected one of {}", candidates.join(", ")),
    }
}

/// Is it one of the characters that do something to a line and are not seen in it: control characters, and those that
/// turn the direction of what follows?
#[must_use]
pub fn is_hidden(c: char) -> bool {
    let turns = matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The text with hidden characters written out: `\u{202e}`.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

/// Edit distance with adjacent transpositions (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_name_and_nonsense_finds_none() {
        let names = ["resnet18", "resnet50", "resnet101", "plain34"];
        for (typed, want) in [
            ("resnet51", Some("resnet50")),
            ("resent50", Some("resnet50")),
            ("ResNet-50", Some("resnet50")),
            ("plain43", Some("plain34")),
            ("transformer", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, names), want, "{typed}");
        }
    }
}
