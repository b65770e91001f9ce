//! Mean, spread and range of a gate.

/// Four numbers that describe a gate at a glance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stats {
    /// Arithmetic mean.
    pub mean: f32,
    /// Population standard deviation (divided by n, not n − 1): a gate is the whole population.
    pub std: f32,
    /// Smallest value.
    pub min: f32,
    /// Largest value.
    pub max: f32,
}

impl Stats {
    /// Describes these values, summed in f64. No values give zeros; NaN values make mean and std NaN and are
    /// left out of the range.
    #[must_use]
    pub fn of(values: &[f32]) -> Self {
        if values.is_empty() {
            return Self { mean: 0.0, std: 0.0, min: 0.0, max: 0.0 };
        }
        let count = values.len() as f64;
        let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
        let variance = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
        Self {
            mean: mean as f32,
            std: variance.sqrt() as f32,
            min: values.iter().copied().fold(f32::NAN, f32::min),
            max: values.iter().copied().fold(f32::NAN, f32::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stats;

    #[test]
    fn four_numbers_of_a_known_sample() {
        let stats = Stats::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!(stats, Stats { mean: 5.0, std: 2.0, min: 2.0, max: 9.0 });
    }

    #[test]
    fn a_large_offset_does_not_swallow_the_spread() {
        let values: Vec<f32> = (0..1000).map(|index| 4096.0 + (index % 2) as f32 / 1024.0).collect();
        assert!((Stats::of(&values).std - 1.0 / 2048.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_and_one_value() {
        assert_eq!(Stats::of(&[]), Stats { mean: 0.0, std: 0.0, min: 0.0, max: 0.0 });
        assert_eq!(Stats::of(&[0.25]), Stats { mean: 0.25, std: 0.0, min: 0.25, max: 0.25 });
    }
}
