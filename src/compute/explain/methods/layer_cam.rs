//! LayerCAM (Jiang et al., IEEE TIP 2021): `Σ_k relu(g^k) A^k`, position by position.

use crate::compute::engine::EngineError;
use crate::compute::explain::method::{Explanation, MethodCard, of_layer, products};
use crate::compute::explain::{Evidence, Layer, Look, Target};

/// Only what speaks for the target counts.
pub struct LayerCam;

impl Explanation for LayerCam {
    fn card(&self) -> MethodCard {
        MethodCard {
            name: "layercam",
            title: "LayerCAM",
            formula: "Σ_k relu(g^k) A^k",
            summary: "Counts positive gradients only, at each position: fine maps of early layers.",
            caution: "It hardly depends on the classifier: it mostly shows activations.",
            paper: "Jiang et al., IEEE TIP 2021",
            is_of_layer: true,
            knows_class: true,
            is_slow: false,
        }
    }

    fn explain(&self, look: &mut Look<'_>, layer: &Layer, target: Target) -> Result<Evidence, EngineError> {
        let (gradient, positions) = (look.gradient(layer.node, target)?, look.shape(layer.node).positions());
        let values = products(look.activation(layer.node)?, &gradient, positions, |g| g.max(0.0));
        Ok(of_layer(self.card(), look, layer, target, values))
    }
}
