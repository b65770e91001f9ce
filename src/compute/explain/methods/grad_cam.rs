//! Grad-CAM (Selvaraju et al., ICCV 2017): `Σ_k mean(g^k) A^k`.

use crate::compute::engine::EngineError;
use crate::compute::explain::method::{Explanation, MethodCard, of_layer, weighted};
use crate::compute::explain::{Evidence, Layer, Look, Target};

/// Each channel weighs as much as the target grows with it on the mean.
pub struct GradCam;

impl Explanation for GradCam {
    fn card(&self) -> MethodCard {
        MethodCard {
            name: "gradcam",
            title: "Grad-CAM",
            formula: "Σ_k mean(g^k) A^k",
            summary: "Weighs each channel by its mean gradient: the method people know.",
            caution: "At layers before the last the mean over positions is not what the network computes.",
            paper: "Selvaraju et al., ICCV 2017, arXiv 1610.02391",
            is_of_layer: true,
            knows_class: true,
            is_slow: false,
        }
    }

    fn explain(&self, look: &mut Look<'_>, layer: &Layer, target: Target) -> Result<Evidence, EngineError> {
        let (gradient, positions) = (look.gradient(layer.node, target)?, look.shape(layer.node).positions());
        let mean = |plane: &[f32]| plane.iter().map(|g| f64::from(*g)).sum::<f64>() / positions as f64;
        let weights: Vec<f64> = gradient.chunks_exact(positions).map(mean).collect();
        let values = weighted(look.activation(layer.node)?, &weights, positions);
        Ok(of_layer(self.card(), look, layer, target, values))
    }
}
