//! Element-wise operators, in place, and what moves channels.

use crate::network::graph::{Op, Shape};

/// `max(x, 0)`; NaN stays NaN, as in PyTorch.
fn rectified(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

/// `relu6(x + 3) / 6`.
fn hard_sigmoid(value: f32) -> f32 {
    (value + 3.0).clamp(0.0, 6.0) / 6.0
}

/// An operator that is a function of each number alone.
pub(super) fn activation(op: &Op, values: &mut [f32]) {
    let function: fn(f32, f32) -> f32 = match op {
        Op::Relu => |x, _| rectified(x),
        Op::Relu6 => |x, _| x.clamp(0.0, 6.0),
        Op::Sigmoid => |x, _| 1.0 / (1.0 + (-x).exp()),
        Op::Tanh => |x, _| x.tanh(),
        Op::HardSigmoid => |x, _| hard_sigmoid(x),
        Op::Silu => |x, _| x / (1.0 + (-x).exp()),
        Op::HardSwish => |x, _| x * hard_sigmoid(x),
        _ => |x, factor| x * factor,
    };
    let factor = if let Op::Times { factor } = op { *factor } else { 1.0 };
    for value in values {
        *value = function(*value, factor);
    }
}

/// The slope of [`activation`] at `x`, where its value is `y`.
pub(in crate::compute::engine) fn slope(op: &Op, x: f32, y: f32) -> f32 {
    let step = |is_inside: bool| f32::from(u8::from(is_inside));
    let sigmoid = || 1.0 / (1.0 + (-x).exp());
    match op {
        Op::Relu => step(y > 0.0),
        Op::Relu6 => step(y > 0.0 && y < 6.0),
        Op::Sigmoid => y * (1.0 - y),
        Op::Tanh => 1.0 - y * y,
        Op::HardSigmoid => step(y > 0.0 && y < 1.0) / 6.0,
        Op::Silu => sigmoid() * (1.0 + x * (1.0 - sigmoid())),
        Op::HardSwish => hard_sigmoid(x) + x * step(x.abs() < 3.0) / 6.0,
        Op::Times { factor } => *factor,
        _ => 1.0,
    }
}

/// Some of the channels.
pub(super) fn slice(values: &[f32], shape: Shape, start: usize, length: usize) -> Vec<f32> {
    let plane = shape.height() * shape.width();
    values[start * plane..][..length * plane].to_vec()
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
