//! Normalisation over groups of an image's own channels.

use super::{Backward, Params};
use crate::network::graph::Shape;

/// A group's mean and one over its deviation.
struct Moments {
    mean: f64,
    scale: f64,
}

impl Moments {
    fn of(values: &[f32], eps: f64) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
        let variance = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
        Self { mean, scale: 1.0 / (variance + eps).sqrt() }
    }

    fn normal(&self, value: f32) -> f64 {
        (f64::from(value) - self.mean) * self.scale
    }
}

/// Normalises each group, in place.
pub(super) fn group_norm(values: &mut [f32], shape: Shape, (groups, eps): (usize, f64), params: Params) {
    let plane = (shape.elements() / shape.channels().max(1)).max(1);
    let per_group = shape.channels() / groups;
    for (group, values) in values.chunks_exact_mut((per_group * plane).max(1)).enumerate() {
        let moments = Moments::of(values, eps);
        for (channel, values) in values.chunks_exact_mut(plane).enumerate() {
            let at = group * per_group + channel;
            let (weight, bias) = (f64::from(params.weight[at]), f64::from(params.bias[at]));
            for value in values.iter_mut() {
                *value = (moments.normal(*value) * weight + bias) as f32;
            }
        }
    }
}

/// The gradients of [`group_norm`]: `(ĝ − mean ĝ − x̂ · mean(ĝ·x̂)) / deviation` with `ĝ = gradient · weight`.
pub(super) fn gradients(
    x: &[f32],
    shape: Shape,
    (groups, eps): (usize, f64),
    gradient: &[f32],
    params: Params,
) -> Backward {
    let plane = (shape.elements() / shape.channels().max(1)).max(1);
    let (per_group, count) = (shape.channels() / groups, shape.channels() / groups * plane);
    let (mut to_x, mut to_weight, mut to_bias) = (Vec::new(), Vec::new(), Vec::new());
    let parts = x.chunks_exact(count.max(1)).zip(gradient.chunks_exact(count.max(1)));
    for (group, (x, gradient)) in parts.enumerate() {
        let moments = Moments::of(x, eps);
        let weight = |at: usize| f64::from(params.weight[group * per_group + at / plane]);
        let each = || x.iter().zip(gradient).map(|(x, g)| (moments.normal(*x), f64::from(*g)));
        let (mut mean, mut along) = (0.0, 0.0);
        for (at, (normal, g)) in each().enumerate() {
            mean += g * weight(at) / count as f64;
            along += g * weight(at) * normal / count as f64;
        }
        to_x.extend(
            each()
                .enumerate()
                .map(|(at, (normal, g))| ((g * weight(at) - mean - normal * along) * moments.scale) as f32),
        );
        let all: Vec<(f64, f64)> = each().collect();
        for channel in all.chunks_exact(plane) {
            to_weight.push(channel.iter().map(|(normal, g)| normal * g).sum::<f64>() as f32);
            to_bias.push(channel.iter().map(|(_, g)| g).sum::<f64>() as f32);
        }
    }
    Backward { inputs: vec![to_x], weight: to_weight, bias: to_bias }
}
