//! Slopes of activations, affine maps, and what moves channels.

use crate::compute::engine::kernels::activation::Activation;
use crate::network::graph::Shape;

/// `relu6(x + 3) / 6`.
fn hard_sigmoid(value: f32) -> f32 {
    (value + 3.0).clamp(0.0, 6.0) / 6.0
}

/// The slope of an activation at `x`, where its value is `y`.
pub(in crate::compute::engine) fn slope(activation: Activation, x: f32, y: f32) -> f32 {
    let step = |is_inside: bool| f32::from(u8::from(is_inside));
    let sigmoid = || 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::Relu => step(y > 0.0),
        Activation::Relu6 => step(y > 0.0 && y < 6.0),
        Activation::Sigmoid => y * (1.0 - y),
        Activation::Tanh => 1.0 - y * y,
        Activation::HardSigmoid => step(y > 0.0 && y < 1.0) / 6.0,
        Activation::Silu => sigmoid() * (1.0 + x * (1.0 - sigmoid())),
        Activation::HardSwish => hard_sigmoid(x) + x * step(x.abs() < 3.0) / 6.0,
        Activation::Times(factor) => factor,
    }
}

/// Some of the channels.
pub(super) fn slice(values: &[f32], shape: Shape, start: usize, length: usize) -> Vec<f32> {
    let plane = shape.height() * shape.width();
    values[start * plane..][..length * plane].to_vec()
}

/// The gradient of [`slice`].
pub(super) fn slice_gradient(shape: Shape, start: usize, gradient: &[f32]) -> Vec<f32> {
    let before = start * shape.positions();
    pad(gradient, before, shape.elements() - before - gradient.len())
}

/// Channel `k` of group `g` to place `k · groups + g`.
pub(super) fn shuffle(values: &[f32], shape: Shape, groups: usize) -> Vec<f32> {
    let plane = shape.height() * shape.width();
    let each = shape.channels() / groups;
    let channels = (0..shape.channels()).map(|place| place % groups * each + place / groups);
    channels.flat_map(|channel| values[channel * plane..][..plane].iter().copied()).collect()
}

/// One scale and shift a channel.
pub(super) fn affine(values: &mut [f32], shape: Shape, channels: &[(f32, f32)]) {
    let plane = (shape.elements() / shape.channels().max(1)).max(1);
    for (values, (scale, shift)) in values.chunks_exact_mut(plane).zip(channels) {
        for value in values.iter_mut() {
            *value = *value * scale + shift;
        }
    }
}

/// Zeros in front and behind.
pub(super) fn pad(values: &[f32], before: usize, after: usize) -> Vec<f32> {
    let mut padded = vec![0.0; before + values.len() + after];
    padded[before..before + values.len()].copy_from_slice(values);
    padded
}
