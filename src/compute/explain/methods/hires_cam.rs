//! HiResCAM (Draelos and Carin, 2020): `Σ_k g^k A^k`, position by position.

use crate::compute::engine::EngineError;
use crate::compute::explain::method::{Explanation, MethodCard, of_layer, products};
use crate::compute::explain::{Evidence, Layer, Look, Target};

/// What the network computes with each position, where it is linear behind the layer.
pub struct HiResCam;

impl Explanation for HiResCam {
    fn card(&self) -> MethodCard {
        MethodCard {
            name: "hirescam",
            title: "HiResCAM",
            formula: "Σ_k g^k A^k",
            summary: "Multiplies gradient and activation at each position: exact in front of a mean and a linear layer.",
            caution: "At early layers each kink of a ReLU behind shows, so that maps there are noisy.",
            paper: "Draelos and Carin, 2020, arXiv 2011.08891",
            is_of_layer: true,
            knows_class: true,
            is_slow: false,
        }
    }

    fn explain(&self, look: &mut Look<'_>, layer: &Layer, target: Target) -> Result<Evidence, EngineError> {
        let (gradient, positions) = (look.gradient(layer.node, target)?, look.shape(layer.node).positions());
        let values = products(look.activation(layer.node)?, &gradient, positions, |g| g);
        Ok(of_layer(self.card(), look, layer, target, values))
    }
}
