//! Numbers as people read them.

/// `25557032` as `25,557,032`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A difference with its sign: `+2,532,592`, `−12`, `0`.
#[must_use]
pub fn signed(difference: i128) -> String {
    let magnitude = grouped(u64::try_from(difference.unsigned_abs()).unwrap_or(u64::MAX));
    match difference {
        0 => "0".to_owned(),
        1.. => format!("+{magnitude}"),
        _ => format!("−{magnitude}"),
    }
}

/// Four significant digits and a unit of thousands: `28.09 M`, `4.096 G`, `512`.
#[must_use]
pub fn short(number: u64) -> String {
    scaled(number as f64, &["", " k", " M", " G", " T", " P"], 1000.0)
}

/// Bytes: `108 MB`, in powers of 1000.
#[must_use]
pub fn bytes(number: u64) -> String {
    scaled(number as f64, &[" B", " kB", " MB", " GB", " TB"], 1000.0)
}

/// A short difference with its sign: `+2.53 M`.
#[must_use]
pub fn short_signed(difference: i128) -> String {
    let magnitude = short(u64::try_from(difference.unsigned_abs()).unwrap_or(u64::MAX));
    match difference {
        0 => "0".to_owned(),
        1.. => format!("+{magnitude}"),
        _ => format!("−{magnitude}"),
    }
}

/// A share with its sign: `+9.9 %`; two digits below one percent; a multiple where nobody thinks in percent: `271×`.
#[must_use]
pub fn percent_change(from: u64, to: u64) -> Option<String> {
    (from > 0).then(|| {
        let times = to as f64 / from as f64;
        let change = (times - 1.0) * 100.0;
        match times {
            t if t >= 10.0 => format!("{}×", grouped(t.round() as u64)),
            t if t >= 3.0 => format!("{t:.1}×"),
            t if t > 0.0 && t <= 0.01 => format!("1/{}", grouped((1.0 / t).round() as u64)),
            _ if to == from => "0 %".to_owned(),
            _ if change.abs() < 0.005 => "<0.01 %".to_owned(),
            _ => {
                let digits = if change.abs() < 1.0 { 2 } else { 1 };
                format!("{change:+.digits$} %").replace('-', "−")
            }
        }
    })
}

/// A gate's value: three decimals, below a thousandth two significant digits (`0.00032`), `2.1e-9` below a millionth.
#[must_use]
pub fn value(number: f32) -> String {
    let size = number.abs();
    if size == 0.0 || !size.is_finite() || size >= 0.001 {
        format!("{number:.3}")
    } else if size >= 1e-6 {
        let digits = (-size.log10().floor()) as usize + 1;
        format!("{number:.digits$}")
    } else {
        format!("{number:.1e}")
    }
}

fn scaled(mut number: f64, units: &[&str], step: f64) -> String {
    let mut unit = 0;
    // 999,950 would round to 1000 k: it is 1.000 M.
    while number >= step * 0.999_95 && unit + 1 < units.len() {
        number /= step;
        unit += 1;
    }
    let digits = match (unit, number) {
        (0, _) => 0,
        (_, n) if n >= 100.0 => 1,
        (_, n) if n >= 10.0 => 2,
        _ => 3,
    };
    format!("{number:.digits$}{}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_values_keep_two_digits() {
        let shares = [0.482_4, 0.0, 1.0 / 3136.0, 2.1e-9, -0.25, 0.000_999_6].map(value);
        assert_eq!(shares, ["0.482", "0.000", "0.00032", "2.1e-9", "-0.250", "0.00100"]);
        assert_eq!(value(f32::NAN), "NaN");
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(grouped(25_557_032), "25,557,032");
        assert_eq!(grouped(7), "7");
        assert_eq!(signed(-1_234), "−1,234");
        assert_eq!(short(28_089_624), "28.09 M");
        assert_eq!(short(4_095_573_110), "4.096 G");
        assert_eq!(short(999_999), "1.000 M");
        assert_eq!(short(512), "512");
        assert_eq!(bytes(108_000_000), "108.0 MB");
        assert_eq!(percent_change(25_557_032, 28_089_624).as_deref(), Some("+9.9 %"));
        assert_eq!(percent_change(0, 5), None);
        assert_eq!(percent_change(94_600, 25_636_712).as_deref(), Some("271×"));
        assert_eq!(percent_change(25_636_712, 94_600).as_deref(), Some("1/271"));
        assert_eq!(percent_change(10, 34).as_deref(), Some("3.4×"));
        assert_eq!(percent_change(200, 100).as_deref(), Some("−50.0 %"));
        assert_eq!(percent_change(1_000_000, 1_000_001).as_deref(), Some("<0.01 %"));
        assert_eq!(percent_change(7, 7).as_deref(), Some("0 %"));
    }
}
