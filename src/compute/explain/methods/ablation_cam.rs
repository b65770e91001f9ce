//! Ablation-CAM (Desai and Ramaswamy, WACV 2020): `Σ_k (y − y without A^k) A^k`.
//!
//! Not divided by `y`, which only scales the map and turns it over where `y < 0`. In front of a mean and a linear layer
//! what a channel takes away is its weight times its mean: no run is needed.

use crate::compute::engine::EngineError;
use crate::compute::explain::method::{Explanation, MethodCard, of_layer, weighted};
use crate::compute::explain::{Evidence, Layer, Look, Target};

/// Each channel weighs what the target loses without it.
pub struct AblationCam;

/// By channel, what a target loses without it; how many of them have been tried.
fn drops(look: &mut Look<'_>, layer: &Layer, target: Target) -> Result<(Vec<f64>, f32), EngineError> {
    let positions = look.shape(layer.node).positions();
    let activation = look.activation(layer.node)?.to_vec();
    let mean = |plane: &[f32]| plane.iter().map(|value| f64::from(*value)).sum::<f64>() / positions as f64;
    if let Some(weights) = look.head_weights(layer.node, target) {
        let planes = activation.chunks_exact(positions).zip(weights);
        return Ok((planes.map(|(plane, weight)| f64::from(weight) * mean(plane)).collect(), 1.0));
    }
    let channels = activation.len() / positions.max(1);
    let mut drops = vec![0.0; channels];
    let mut whole = None;
    for channel in 0..channels {
        // The whole map is run the same way: what rounds there rounds here.
        let base = match whole {
            Some(base) => base,
            None => *whole.insert(target.value(&look.logits_with(layer.node, activation.clone())?)),
        };
        let mut without = activation.clone();
        without[channel * positions..][..positions].fill(0.0);
        match look.logits_with(layer.node, without) {
            Ok(logits) => drops[channel] = f64::from(base) - f64::from(target.value(&logits)),
            Err(EngineError::Cancelled) if channel > 0 => return Ok((drops, channel as f32 / channels as f32)),
            Err(other) => return Err(other),
        }
        (look.control().progress)((channel + 1) as f32 / channels as f32);
    }
    Ok((drops, 1.0))
}

impl Explanation for AblationCam {
    fn card(&self) -> MethodCard {
        MethodCard {
            name: "ablationcam",
            title: "Ablation-CAM",
            formula: "Σ_k (y − y without A^k) A^k",
            summary: "Weighs each channel by what the logit loses without it; no gradient is used.",
            caution: "Before the last layer what follows is run again for every channel.",
            paper: "Desai and Ramaswamy, WACV 2020",
            is_of_layer: true,
            knows_class: true,
            is_slow: false,
        }
    }

    fn explain(&self, look: &mut Look<'_>, layer: &Layer, target: Target) -> Result<Evidence, EngineError> {
        let (drops, done) = drops(look, layer, target)?;
        let values = weighted(look.activation(layer.node)?, &drops, look.shape(layer.node).positions());
        Ok(Evidence { done, ..of_layer(self.card(), look, layer, target, values) })
    }
}
