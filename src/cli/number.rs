//! Shares and changes; how numbers are written is [`crate::network::number`]'s.

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
    use super::{change, share};

    #[test]
    fn nothing_has_no_percentage_to_grow_by() {
        assert_eq!(change(0, 5), None);
        assert_eq!(change(0, 0), Some(0.0));
        assert_eq!(change(200, 100), Some(-50.0));
        assert!(share(5, 0).abs() < f64::EPSILON);
    }
}
