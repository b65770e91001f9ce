//! Grad-CAM++ (Chattopadhay et al., WACV 2018): `w_k = Σ_{g > 0} g / (2 + S_k g)`, `S_k` the sum of the channel.
//!
//! It is `relu(g) g² / (2 g² + S g³)` without the epsilon that implementations add there, which is larger than `g²`.

use crate::compute::engine::EngineError;
use crate::compute::explain::method::{Explanation, MethodCard, weighted_by};
use crate::compute::explain::{Evidence, Layer, Look, Target};

/// Positions with a positive gradient, each weighed by how strongly the channel is there in all.
pub struct GradCamPlusPlus;

impl Explanation for GradCamPlusPlus {
    fn card(&self) -> MethodCard {
        MethodCard {
            name: "gradcam++",
            title: "Grad-CAM++",
            formula: "Σ_k w_k A^k, w_k = Σ_{g>0} g / (2 + S_k g)",
            summary: "Weighs channels so that several things of a class count alike; no epsilon is added.",
            caution: "Where activations change sign its denominator may come near 0.",
            paper: "Chattopadhay et al., WACV 2018, arXiv 1710.11063",
            is_of_layer: true,
            knows_class: true,
            is_slow: false,
        }
    }

    fn explain(&self, look: &mut Look<'_>, layer: &Layer, target: Target) -> Result<Evidence, EngineError> {
        weighted_by(self.card(), look, layer, target, |plane, gradient| {
            let sum: f64 = plane.iter().map(|value| f64::from(*value)).sum();
            let positive = gradient.iter().map(|g| f64::from(*g)).filter(|g| *g > 0.0);
            positive.map(|g| g / (2.0 + sum * g)).sum()
        })
    }
}
