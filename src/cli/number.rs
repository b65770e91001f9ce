//! Numbers as people read them.

/// Thousands separated: `1,179,648`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A difference, always with its sign: `+2,532,592`, `-1`, `0`.
#[must_use]
pub fn signed(difference: i64) -> String {
    let sign = match difference {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", grouped(difference.unsigned_abs()))
}

/// Four digits and a decimal prefix: `4.096 G`, `28.09 M`, `512`.
#[must_use]
pub fn short(number: u64) -> String {
    for (unit, size) in [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)] {
        let scaled = number as f64 / size;
        if scaled >= 0.999_95 {
            let decimals = match scaled {
                s if s < 9.9995 => 3,
                s if s < 99.995 => 2,
                _ => 1,
            };
            return format!("{scaled:.decimals$} {unit}");
        }
    }
    number.to_string()
}

/// Bytes with a decimal prefix: `112.4 MB`.
#[must_use]
pub fn bytes(number: u64) -> String {
    let text = short(number);
    if text.contains(' ') { format!("{text}B") } else { format!("{text} B") }
}

/// `part` of `whole` in percent; 0 of nothing.
#[must_use]
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 }
}

/// `from` to `to` in percent of `from`; `None` where `from` is 0 and `to` is not.
#[must_use]
pub fn change(from: u64, to: u64) -> Option<f64> {
    match (from, to) {
        (0, 0) => Some(0.0),
        (0, _) => None,
        _ => Some((to as f64 - from as f64) / from as f64 * 100.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well_at_their_edges() {
        for (number, want) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_179_648, "1,179,648")] {
            assert_eq!(grouped(number), want);
        }
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(signed(-1000), "-1,000");
        assert_eq!(signed(0), "0");
        for (number, want) in [
            (512, "512"),
            (999_999, "1.000 M"),
            (28_089_624, "28.09 M"),
            (4_095_573_110, "4.096 G"),
            (99_999, "100.0 k"),
        ] {
            assert_eq!(short(number), want);
        }
        assert_eq!(bytes(112_358_496), "112.4 MB");
        assert_eq!(change(0, 5), None);
    }
}
