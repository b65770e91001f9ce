//! Class activation mapping (Zhou et al., CVPR 2016): `Σ_k W[class, k] A^k`.

use crate::compute::engine::EngineError;
use crate::compute::explain::method::{Explanation, MethodCard, of_layer, weighted};
use crate::compute::explain::{Evidence, Layer, Look, Target};

/// The classifier's own weights, laid over the map whose mean it reads.
pub struct Cam;

impl Explanation for Cam {
    fn card(&self) -> MethodCard {
        MethodCard {
            name: "cam",
            title: "CAM",
            formula: "Σ_k W[c, k] A^k",
            summary: "The classifier's weights over the last map: its mean and the bias are the logit.",
            caution: "There is none where the network does not end with a mean and one linear layer.",
            paper: "Zhou et al., CVPR 2016, arXiv 1512.04150",
            is_of_layer: true,
            knows_class: true,
            is_slow: false,
        }
    }

    fn refusal(&self, look: &Look<'_>, layer: &Layer) -> Option<String> {
        let reason = "CAM is of the map whose mean a linear layer reads";
        look.head_of(layer.node).is_none().then(|| format!("{}: {reason}, and this is none", layer.name))
    }

    fn explain(&self, look: &mut Look<'_>, layer: &Layer, target: Target) -> Result<Evidence, EngineError> {
        let positions = look.shape(layer.node).positions();
        let weights = look.head_weights(layer.node, target).unwrap_or_default();
        let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
        let values = weighted(look.activation(layer.node)?, &weights, positions);
        Ok(of_layer(self.card(), look, layer, target, values))
    }
}
