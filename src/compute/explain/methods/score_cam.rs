//! Score-CAM (Wang et al., CVPR workshops 2020): `Σ_k softmax_k(y(x · M_k)) A^k`.
//!
//! `M_k` is the channel enlarged to the picture (half-pixel centres) and stretched to 0..1; a constant one is 0. The
//! softmax is over raw logits. One run a channel: batched, told how far it is, and what is there when it is stopped is a
//! map too.

use crate::compute::engine::EngineError;
use crate::compute::explain::method::{Explanation, MethodCard, of_layer, weighted};
use crate::compute::explain::{Evidence, Layer, Look, Target};
use crate::compute::imaging::overlay::upsample;

/// Each channel weighs as the picture under it speaks for the target.
pub struct ScoreCam;

/// The picture seen through a channel.
fn masked(image: &[f32], plane: &[f32], size: [usize; 2], to: [usize; 2]) -> Vec<f32> {
    let mask = upsample(plane, size, to);
    let (low, high) = mask.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    let through = |value: f32| if high > low { (value - low) / (high - low) } else { 0.0 };
    let positions = to[0] * to[1];
    image.iter().enumerate().map(|(index, value)| value * through(mask[index % positions])).collect()
}

impl Explanation for ScoreCam {
    fn card(&self) -> MethodCard {
        MethodCard {
            name: "scorecam",
            title: "Score-CAM",
            formula: "Σ_k softmax_k(y(x·M_k)) A^k",
            summary: "Weighs each channel by what the network says of the picture seen through it.",
            caution: "It runs the network once for every channel, and its softmax is often nearly flat.",
            paper: "Wang et al., CVPR workshops 2020, arXiv 1910.01279",
            is_of_layer: true,
            knows_class: true,
            is_slow: true,
        }
    }

    fn explain(&self, look: &mut Look<'_>, layer: &Layer, target: Target) -> Result<Evidence, EngineError> {
        let (shape, input) = (look.shape(layer.node), look.graph().input());
        let (positions, image) = (shape.positions(), look.image().to_vec());
        let activation = look.activation(layer.node)?.to_vec();
        let size = [shape.height(), shape.width()];
        let to = [input.height(), input.width()];
        let mut scores: Vec<f64> = Vec::with_capacity(shape.channels());
        let make = |channel: usize| masked(&image, &activation[channel * positions..][..positions], size, to);
        let outcome = look.logits_of(shape.channels(), &make, &mut |_, logits| {
            scores.push(f64::from(target.value(&logits)));
        });
        match outcome {
            Err(EngineError::Cancelled) if !scores.is_empty() => {}
            outcome => outcome?,
        }
        let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = scores.iter().map(|score| (score - highest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        let weights: Vec<f64> = powers.iter().map(|power| power / sum).collect();
        let values = weighted(&activation, &weights, positions);
        let done = scores.len() as f32 / shape.channels() as f32;
        Ok(Evidence { done, ..of_layer(self.card(), look, layer, target, values) })
    }
}
