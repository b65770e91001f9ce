//! XGrad-CAM (Fu et al., BMVC 2020): `w_k = Σ g^k A^k / S_k`, `S_k` the sum of the channel.

use crate::compute::engine::EngineError;
use crate::compute::explain::method::{Explanation, MethodCard, weighted_by};
use crate::compute::explain::{Evidence, Layer, Look, Target};

/// Each channel weighs as its own share of the target.
pub struct XGradCam;

impl Explanation for XGradCam {
    fn card(&self) -> MethodCard {
        MethodCard {
            name: "xgradcam",
            title: "XGrad-CAM",
            formula: "Σ_k w_k A^k, w_k = Σ g^k A^k / Σ A^k",
            summary: "Weighs gradients by activations, so that each channel's map sums to its share of the target.",
            caution: "At the last layer it is Grad-CAM, and a channel whose sum is near 0 loses digits.",
            paper: "Fu et al., BMVC 2020, arXiv 2008.02312",
            is_of_layer: true,
            knows_class: true,
            is_slow: false,
        }
    }

    fn explain(&self, look: &mut Look<'_>, layer: &Layer, target: Target) -> Result<Evidence, EngineError> {
        weighted_by(self.card(), look, layer, target, |plane, gradient| {
            let sum: f64 = plane.iter().map(|value| f64::from(*value)).sum();
            let share: f64 = plane.iter().zip(gradient).map(|(a, g)| f64::from(*a) * f64::from(*g)).sum();
            if sum == 0.0 { 0.0 } else { share / sum }
        })
    }
}
