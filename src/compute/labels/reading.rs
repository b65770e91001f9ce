//! What a network's outputs say, and how that is to be read.

use super::{Guess, Labels, top};
use crate::compute::explain::{Broken, Stats};

/// What a network's outputs say.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What the outputs are.
    pub activation: Activation,
    /// The most likely classes, best first; none where the outputs are no classes, or no numbers.
    pub top: Vec<Guess>,
}

/// What makes probabilities of the outputs, if there are any.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// Several classes that exclude each other.
    Softmax,
    /// One output: is it that class or not?
    Sigmoid,
    /// No classifier: the outputs are features.
    Features(Features),
    /// Outputs that are no numbers: there is no ranking.
    Broken(Broken),
}

/// The outputs of a network without a classifier, described.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features {
    /// How many there are.
    pub count: usize,
    /// How many are exactly 0.
    pub zeros: usize,
    /// Mean, spread and range.
    pub stats: Stats,
}

impl Reading {
    /// Reads the outputs of a network of so many classes (0: it has no classifier), at most `count` of them;
    /// `broken` says where numbers that are none come from.
    #[must_use]
    pub fn of(outputs: &[f32], classes: usize, labels: Option<&Labels>, count: usize, broken: Option<Broken>) -> Self {
        let (activation, count) = match broken {
            Some(broken) => (Activation::Broken(broken), 0),
            None if classes == 0 => (Activation::Features(Features::of(outputs)), 0),
            None if outputs.len() == 1 => (Activation::Sigmoid, count),
            None => (Activation::Softmax, count),
        };
        let top = if count == 0 { Vec::new() } else { top(outputs, labels, count) };
        Self { activation, top }
    }

    /// What has to be said beside or instead of the classes.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        match &self.activation {
            Activation::Softmax => None,
            Activation::Sigmoid => {
                Some("One output: its probability is the sigmoid of the logit, not a softmax.".to_owned())
            }
            Activation::Features(features) => Some(features.sentence()),
            Activation::Broken(broken) => Some(broken.sentence()),
        }
    }

    /// The whole in a few words: the best class, or why there is none.
    #[must_use]
    pub fn short(&self) -> String {
        match &self.activation {
            Activation::Features(features) => format!("{} features", features.count),
            Activation::Broken(broken) => {
                format!("no ranking, {} in {}", if broken.layer_is_nan { "NaN" } else { "infinity" }, broken.layer)
            }
            Activation::Softmax | Activation::Sigmoid => self.top.first().map_or_else(String::new, |guess| {
                let label = guess.label.as_deref().map_or_else(|| format!("class {}", guess.class), ToOwned::to_owned);
                format!("{label} · {:.1} %", guess.probability * 100.0)
            }),
        }
    }

    /// The name of what makes probabilities: `softmax`, `sigmoid`; none where there are none.
    #[must_use]
    pub fn activation_name(&self) -> Option<&'static str> {
        match self.activation {
            Activation::Softmax => Some("softmax"),
            Activation::Sigmoid => Some("sigmoid"),
            Activation::Features(_) | Activation::Broken(_) => None,
        }
    }
}

impl Features {
    fn of(values: &[f32]) -> Self {
        let zeros = values.iter().filter(|value| **value == 0.0).count();
        Self { count: values.len(), zeros, stats: Stats::of(values) }
    }

    fn sentence(&self) -> String {
        let Stats { mean, std, min, max } = self.stats;
        format!(
            "No classifier: {} features, mean {mean:.4}, std {std:.4}, from {min:.4} to {max:.4}, {} of them 0.",
            self.count, self.zeros
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sigmoids are NumPy's: 1 / (1 + exp(-x)).
    #[test]
    fn one_output_is_a_sigmoid() {
        for (logit, probability) in [(0.0, 0.5), (2.0, 0.880_797), (-3.0, 0.047_426), (-200.0, 0.0), (200.0, 1.0)] {
            let reading = Reading::of(&[logit], 1, None, 5, None);
            assert_eq!((reading.activation_name(), reading.top.len()), (Some("sigmoid"), 1));
            assert!((reading.top[0].probability - probability).abs() < 1e-6, "{logit}: {}", reading.top[0].probability);
        }
        assert_eq!(Reading::of(&[1.0, 2.0], 2, None, 5, None).activation_name(), Some("softmax"));
    }

    #[test]
    fn features_are_described_and_not_ranked() {
        let reading = Reading::of(&[0.0, 3.0, 0.0, 1.0], 0, None, 5, None);
        assert!(reading.top.is_empty());
        let sentence = reading.sentence().expect("one");
        assert!(sentence.contains("4 features, mean 1.0000") && sentence.contains("2 of them 0"), "{sentence}");
    }
}
