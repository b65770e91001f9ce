//! Gradients of the operators by their definition, on planar activations of one image.

// A maximum is one of the numbers it was taken from, to the bit.
#![allow(clippy::float_cmp)]

use super::along::{self, Along};
use super::{Operand, Params, blur, broadcast, matmul, norm, pointwise, softmax};
use crate::network::graph::{Op, Pool2d, Shape, adaptive_windows};

/// What flows back through an operator.
#[derive(Debug, Default, PartialEq)]
pub(in crate::compute::engine) struct Backward {
    /// One gradient for each input, in its shape.
    pub(in crate::compute::engine) inputs: Vec<Vec<f32>>,
    /// The gradient of the weights, for an operator that has some.
    pub(in crate::compute::engine) weight: Vec<f32>,
    /// The gradient of the bias, for an operator that has one.
    pub(in crate::compute::engine) bias: Vec<f32>,
}

/// The gradients of an operator's inputs and weights from its output's.
///
/// Convolutions, linear layers and BatchNorm have kernels for every case; they give nothing here.
pub(in crate::compute::engine) fn gradients(
    op: &Op,
    inputs: &[Operand],
    (output, to): Operand,
    gradient: &[f32],
    params: Params,
) -> Backward {
    let Some((x, from)) = inputs.first().copied() else { return Backward::default() };
    let all = |inputs: Vec<Vec<f32>>| Backward { inputs, ..Backward::default() };
    let one = |values: Vec<f32>| all(vec![values]);
    match op {
        Op::Input | Op::Conv2d(_) | Op::Linear { .. } | Op::BatchNorm { .. } => Backward::default(),
        Op::Flatten => one(gradient.to_vec()),
        Op::ChannelConv1d { inputs, outputs, circular, .. } => {
            let along = Along { inputs: *inputs, outputs: *outputs, circular: *circular };
            along::gradients(x, along, gradient, params)
        }
        Op::GroupNorm { groups, eps } => norm::gradients(x, from, (*groups, *eps), gradient, params),
        Op::SoftmaxPositions => one(softmax::positions_gradient(output, from, gradient)),
        Op::SoftmaxPaths { paths } => one(softmax::paths_gradient(output, *paths, gradient)),
        Op::MatMul { product } => all(matmul::gradients(*product, inputs[0], inputs[1], gradient)),
        Op::MeanOverWidth => {
            let share = |g: &f32| std::iter::repeat_n(g / from.width() as f32, from.width());
            one(gradient.iter().flat_map(share).collect())
        }
        Op::MeanOverHeight => {
            let share: Vec<f32> = gradient.iter().map(|g| g / from.height() as f32).collect();
            one(share.chunks_exact(from.width().max(1)).flat_map(|row| row.repeat(from.height())).collect())
        }
        Op::Relu
        | Op::Relu6
        | Op::Sigmoid
        | Op::Tanh
        | Op::HardSigmoid
        | Op::Silu
        | Op::HardSwish
        | Op::Times { .. } => {
            let each = gradient.iter().zip(x).zip(output);
            one(each.map(|((g, x), y)| g * pointwise::slope(op, *x, *y)).collect())
        }
        Op::BlurPool { stride } => one(blur::gradient(*stride, from, to, gradient)),
        Op::Renormalise { scale, .. } => {
            let pairs = scale.map(|factor| (factor, 0.0));
            let mut values = gradient.to_vec();
            pointwise::affine(&mut values, from, &pairs);
            one(values)
        }
        Op::AdaptiveAvgPool { .. } => one(adaptive_pool(from, to, gradient)),
        Op::ChannelSlice { start, .. } => {
            let plane = from.height() * from.width();
            let mut result = vec![0.0; x.len()];
            result[start * plane..][..gradient.len()].copy_from_slice(gradient);
            one(result)
        }
        // Dealing out as many cards as there were in a group gathers the groups again.
        Op::ChannelShuffle { groups } => one(pointwise::shuffle(gradient, from, from.channels() / groups)),
        Op::MaxPool(pool) => one(max_pool(pool, x, from, (output, to), gradient)),
        Op::AvgPool(pool) => one(average_pool(pool, from, to, gradient)),
        Op::GlobalAvgPool => one(spread(from, gradient, |plane, g| {
            let share = g / plane.len() as f32;
            plane.fill(share);
        })),
        Op::GlobalMaxPool => one(maxima(x, from, output, gradient)),
        Op::ChannelMean => {
            let share: Vec<f32> = gradient.iter().map(|g| g / from.channels() as f32).collect();
            one(share.repeat(from.channels()))
        }
        Op::ChannelMax => one(first_channels(x, output, gradient)),
        Op::Concat => {
            let mut rest = gradient;
            let part = |(values, _): &Operand| {
                let (part, after) = rest.split_at(values.len());
                rest = after;
                part.to_vec()
            };
            all(inputs.iter().map(part).collect())
        }
        Op::Add => all(broadcast::sum_gradients(inputs, to, gradient)),
        Op::Scale => all(broadcast::product_gradients(inputs[0], inputs[1], to, gradient)),
        Op::Subsample { stride } => one(subsample(*stride, from, to, gradient)),
        Op::PadChannels { before, .. } => one(gradient[before * from.height() * from.width()..][..x.len()].to_vec()),
    }
}

fn spread(from: Shape, gradient: &[f32], fill: impl Fn(&mut [f32], f32)) -> Vec<f32> {
    let mut result = vec![0.0; from.elements()];
    let plane = (from.height() * from.width()).max(1);
    result.chunks_exact_mut(plane).zip(gradient).for_each(|(plane, gradient)| fill(plane, *gradient));
    result
}

fn maxima(x: &[f32], from: Shape, output: &[f32], gradient: &[f32]) -> Vec<f32> {
    let plane = (from.height() * from.width()).max(1);
    let mut result = vec![0.0; x.len()];
    for (channel, values) in x.chunks_exact(plane).enumerate() {
        if let Some(first) = values.iter().position(|value| *value == output[channel]) {
            result[channel * plane + first] = gradient[channel];
        }
    }
    result
}

fn first_channels(x: &[f32], output: &[f32], gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; x.len()];
    for (position, (best, gradient)) in output.iter().zip(gradient).enumerate() {
        let places = (position..x.len()).step_by(output.len().max(1));
        if let Some(place) = places.into_iter().find(|place| x[*place] == *best) {
            result[place] = *gradient;
        }
    }
    result
}

fn subsample(stride: usize, from: Shape, to: Shape, gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; from.elements()];
    for (index, gradient) in gradient.iter().enumerate() {
        let (rest, x) = (index / to.width(), index % to.width());
        let (channel, y) = (rest / to.height(), rest % to.height());
        result[(channel * from.height() + y * stride) * from.width() + x * stride] = *gradient;
    }
    result
}

/// The part of a window that lies inside the input.
fn inside(pool: &Pool2d, axis: usize, out: usize, size: usize) -> std::ops::Range<usize> {
    let start = out * pool.stride[axis];
    let end = (start + pool.kernel[axis]).saturating_sub(pool.padding[axis]).min(size);
    start.saturating_sub(pool.padding[axis]).min(end)..end
}

/// Calls `visit(index of the output, index of the input)` for every number of every window, in the order of scanning.
fn windows(pool: &Pool2d, from: Shape, to: Shape, mut visit: impl FnMut(usize, usize)) {
    for channel in 0..to.channels() {
        for y in 0..to.height() {
            for x in 0..to.width() {
                let out = (channel * to.height() + y) * to.width() + x;
                for row in inside(pool, 0, y, from.height()) {
                    for column in inside(pool, 1, x, from.width()) {
                        visit(out, (channel * from.height() + row) * from.width() + column);
                    }
                }
            }
        }
    }
}

fn max_pool(pool: &Pool2d, x: &[f32], from: Shape, (output, to): Operand, gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; x.len()];
    let mut last = None;
    windows(pool, from, to, |out, place| {
        if last != Some(out) && x[place] == output[out] {
            result[place] += gradient[out];
            last = Some(out);
        }
    });
    result
}

fn adaptive_pool(from: Shape, to: Shape, gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; from.elements()];
    let windows = |channel: usize| {
        let columns = adaptive_windows(from.width(), to.width());
        let rows = adaptive_windows(from.height(), to.height());
        rows.flat_map(move |rows| columns.clone().map(move |columns| (channel, rows.clone(), columns)))
    };
    for ((channel, rows, columns), gradient) in (0..to.channels()).flat_map(windows).zip(gradient) {
        let share = gradient / (rows.len() * columns.len()) as f32;
        for row in rows {
            let line = &mut result[(channel * from.height() + row) * from.width()..][columns.clone()];
            for to in line {
                *to += share;
            }
        }
    }
    result
}

fn average_pool(pool: &Pool2d, from: Shape, to: Shape, gradient: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; from.elements()];
    let counted = |axis: usize, out: usize, size: usize| {
        let padded = pool.kernel[axis].min(pool.extent(axis, size) - out * pool.stride[axis]);
        (if pool.counts_padding { padded } else { inside(pool, axis, out, size).len() }) as f32
    };
    windows(pool, from, to, |out, place| {
        let (y, x) = (out / to.width() % to.height(), out % to.width());
        result[place] += gradient[out] / (counted(0, y, from.height()) * counted(1, x, from.width()));
    });
    result
}
