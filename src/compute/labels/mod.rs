//! What the logits say: the most likely classes and what they are called.

mod names;
mod python;
mod reading;

use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

pub(super) use names::kind_of;
pub use names::{Labels, LabelsError};
pub use reading::{Activation, Features, Reading};

/// One class the network considers.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The class index.
    pub class: usize,
    /// What it is called, if that is known.
    pub label: Option<Arc<str>>,
    /// The raw output.
    pub logit: f32,
    /// The softmax of the outputs, 0..1; of a single output its sigmoid.
    pub probability: f32,
}

/// The 1000 ImageNet class names, in index order.
#[must_use]
pub fn imagenet() -> &'static [&'static str] {
    static NAMES: LazyLock<Vec<&'static str>> =
        LazyLock::new(|| include_str!("../../../assets/imagenet_classes.txt").lines().collect());
    &NAMES
}

/// The `count` most likely classes: by logit, equal ones by class index, NaN last. A softmax of one output would always
/// be 1: its probability is the sigmoid. What outputs that are no numbers say is [`Reading`]'s.
///
/// Without labels of their own, a thousand classes are ImageNet's.
#[must_use]
pub fn top(logits: &[f32], labels: Option<&Labels>, count: usize) -> Vec<Guess> {
    let built_in = Labels::for_classes(logits.len()).filter(|_| labels.is_none());
    let labels = labels.or(built_in.as_ref());
    let probabilities = match logits {
        [one] => vec![1.0 / (1.0 + (-f64::from(*one)).exp())],
        several => softmax(several),
    };
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| descending(logits[a], logits[b]).then(a.cmp(&b)));
    let guess = |class: usize| Guess {
        class,
        label: labels.and_then(|labels| labels.get(class)),
        logit: logits[class],
        probability: probabilities[class] as f32,
    };
    order.into_iter().take(count).map(guess).collect()
}

/// Softmax shifted by the largest logit, in f64; infinities share or lose, NaN stays NaN and outside the sum.
fn softmax(logits: &[f32]) -> Vec<f64> {
    let highest = logits.iter().copied().filter(|logit| !logit.is_nan()).fold(f32::NEG_INFINITY, f32::max);
    let weight = |&logit: &f32| match logit.partial_cmp(&highest) {
        Some(Ordering::Equal) => 1.0, // also where both are infinite and their difference is not a number
        Some(_) => (f64::from(logit) - f64::from(highest)).exp(),
        None => f64::NAN,
    };
    let weights: Vec<f64> = logits.iter().map(weight).collect();
    let sum: f64 = weights.iter().filter(|weight| !weight.is_nan()).sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

fn descending(a: f32, b: f32) -> Ordering {
    // Not `total_cmp`: it puts NaN above infinity and tells 0 from -0.
    b.partial_cmp(&a).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(guesses: &[Guess]) -> Vec<usize> {
        guesses.iter().map(|guess| guess.class).collect()
    }

    #[test]
    fn a_thousand_names_in_index_order() {
        let names = imagenet();
        assert_eq!(names.len(), 1000);
        assert_eq!((names[0], names[1], names[999]), ("tench", "goldfish", "toilet tissue"));
        assert!(names.iter().all(|name| !name.trim().is_empty()));
    }

    #[test]
    fn softmax_is_right_and_stable() {
        let guesses = top(&[1000.0, 1000.0 + 2.0_f32.ln(), 0.0], None, 3);
        assert_eq!(classes(&guesses), [1, 0, 2]);
        assert!((guesses[0].probability - 2.0 / 3.0).abs() < 1e-4);
        assert!((guesses[1].probability - 1.0 / 3.0).abs() < 1e-4);
        assert!(guesses[2].probability.abs() < f32::EPSILON);
    }

    #[test]
    fn ties_go_by_class_index() {
        assert_eq!(classes(&top(&[0.0, 5.0, -0.0, 5.0], None, 4)), [1, 3, 0, 2]);
    }

    #[test]
    fn labels_only_for_a_thousand_classes() {
        assert_eq!(top(&[1.0; 10], None, 1)[0].label, None);
        let mut logits = vec![0.0; 1000];
        logits[281] = 9.0;
        assert_eq!(top(&logits, None, 5)[0].label.as_deref(), Some(imagenet()[281]));
    }

    #[test]
    fn nan_is_last_and_leaves_the_rest_alone() {
        let guesses = top(&[f32::NAN, 1.0, f32::NAN, 1.0], None, 9);
        assert_eq!(classes(&guesses), [1, 3, 0, 2]);
        assert!((guesses[0].probability - 0.5).abs() < 1e-6);
        assert!(guesses[2].probability.is_nan());
        assert_eq!(classes(&top(&[f32::NAN; 3], None, 2)), [0, 1]);
    }

    #[test]
    fn infinities_share_or_lose() {
        let guesses = top(&[f32::NEG_INFINITY, f32::INFINITY, 3.0, f32::INFINITY], None, 4);
        assert_eq!(classes(&guesses), [1, 3, 2, 0]);
        assert!((guesses[0].probability - 0.5).abs() < 1e-6 && guesses[2].probability.abs() < f32::EPSILON);
        assert!((top(&[f32::NEG_INFINITY; 4], None, 1)[0].probability - 0.25).abs() < 1e-6);
        assert!(top(&[], None, 5).is_empty());
    }
}
