//! A map of evidence: signed, in logits, not scaled.

use super::{Layer, Target};
use crate::compute::labels::Labels;

/// Where the evidence lies: positive values speak for the target, negative ones against it.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The method's name: `gradcam`.
    pub method: &'static str,
    /// The layer whose positions these are; `None` where they are the input's pixels.
    pub layer: Option<Layer>,
    /// What it is for; `None` of a method that knows no class.
    pub target: Option<Target>,
    /// Rows and columns.
    pub size: [usize; 2],
    /// Row-major, as the method's formula gives them: before any ReLU, not scaled, not enlarged.
    pub values: Vec<f32>,
    /// How far it has come, 0 to 1: below 1 it was stopped, and is what was there.
    pub done: f32,
    /// What is to be known of it, in sentences.
    pub notes: Vec<String>,
}

impl Evidence {
    /// `gradcam/layer4/281`, `eigencam/layer4`, `inputgradient/281`.
    #[must_use]
    pub fn key(&self) -> String {
        let layer = self.layer.as_ref().map(|layer| layer.name.clone());
        let target = self.target.map(|target| target.to_string());
        [Some(self.method.to_owned()), layer, target].into_iter().flatten().collect::<Vec<_>>().join("/")
    }

    /// The largest value, and its row and column; `None` of an empty map or one that is no numbers.
    #[must_use]
    pub fn peak(&self) -> Option<(f32, [usize; 2])> {
        let finite = self.values.iter().enumerate().filter(|(_, value)| value.is_finite());
        let (place, value) = finite.max_by(|a, b| a.1.total_cmp(b.1))?;
        Some((*value, [place / self.size[1].max(1), place % self.size[1].max(1)]))
    }

    /// The largest distance from 0.
    #[must_use]
    pub fn reach(&self) -> f32 {
        self.values.iter().map(|value| value.abs()).filter(|value| value.is_finite()).fold(0.0, f32::max)
    }

    /// The sum of all values.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.values.iter().map(|value| f64::from(*value)).sum()
    }

    /// The sum of the positive ones, and of the negative ones.
    #[must_use]
    pub fn sides(&self) -> [f64; 2] {
        // From 0 on: the sum of nothing would be written -0.
        let side = |keep: fn(&f32) -> bool| {
            self.values.iter().filter(|v| keep(v)).fold(0.0, |sum, value| sum + f64::from(*value))
        };
        [side(|value| *value > 0.0), side(|value| *value < 0.0)]
    }

    /// What has to be said of a map that shows nothing.
    #[must_use]
    pub fn says_nothing(&self, labels: Option<&Labels>) -> Option<String> {
        if self.values.iter().any(|value| !value.is_finite()) {
            return Some("the map has values that are no numbers: the network's own outputs have them".to_owned());
        }
        let target = self.target?;
        let is_empty = self.values.iter().all(|value| *value <= 0.0);
        is_empty.then(|| format!("nothing speaks for {} here", target.named(labels)))
    }
}
