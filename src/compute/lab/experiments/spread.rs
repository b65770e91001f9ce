//! A mean over seeds and how far the seeds lie apart.

use serde::{Deserialize, Serialize};

/// Mean and standard deviation of a few values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation with n − 1: the seeds are a sample. None for a single value.
    pub std: Option<f64>,
    /// How many values.
    pub count: usize,
}

impl Spread {
    /// Of these values; none of nothing.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().collect();
        let count = values.len();
        if count == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let std = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
        Some(Self { mean, std, count })
    }

    /// As shares in percent: `93.1 ± 0.4 %`.
    #[must_use]
    pub fn percent(&self) -> String {
        match self.std {
            Some(std) => format!("{:.1} ± {:.1} %", self.mean * 100.0, std * 100.0),
            None => format!("{:.1} %", self.mean * 100.0),
        }
    }

    /// Is the difference to another larger than both spreads together? Without a spread nobody can say.
    #[must_use]
    pub fn stands_out_from(&self, other: &Self) -> bool {
        match (self.std, other.std) {
            (Some(a), Some(b)) => (self.mean - other.mean).abs() > a + b,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn a_sample_and_a_single_value() {
        let three = Spread::of([0.90, 0.92, 0.94]).expect("values");
        assert_eq!(three.percent(), "92.0 ± 2.0 %");
        let one = Spread::of([0.5]).expect("a value");
        assert_eq!((one.percent().as_str(), one.std), ("50.0 %", None));
        assert_eq!(Spread::of([]), None);
        assert!(!three.stands_out_from(&one), "one seed decides nothing");
        assert!(Spread::of([0.5, 0.51]).expect("values").stands_out_from(&three));
    }
}
