//! The operators by their definition, on planar activations: what has no kernel of its own, or is too small or too
//! rare to need one.

mod along;
mod blur;
mod broadcast;
mod gradient;
mod matmul;
mod norm;
pub(super) mod pointwise;
mod pool;
mod reduce;
mod softmax;

pub(super) use gradient::{Backward, gradients};

use crate::network::graph::{Op, Shape};
use along::Along;

/// One input of an operator: its planar values and its shape.
pub(super) type Operand<'a> = (&'a [f32], Shape);

/// The parameters of an operator that has some.
#[derive(Clone, Copy, Default)]
pub(super) struct Params<'a> {
    /// A BatchNorm's scale and shift by channel.
    pub(super) affine: &'a [(f32, f32)],
    /// The weights of a convolution along the channels, the scales of a GroupNorm.
    pub(super) weight: &'a [f32],
    /// What either adds; empty for none.
    pub(super) bias: &'a [f32],
}

/// Computes an operator of one image.
///
/// Convolutions and linear layers have kernels for every case; they give nothing here.
pub(super) fn compute(op: &Op, inputs: &[Operand], to: Shape, params: Params) -> Vec<f32> {
    let Some((x, from)) = inputs.first().copied() else { return Vec::new() };
    let edited = |change: &dyn Fn(&mut [f32])| {
        let mut values = x.to_vec();
        change(&mut values);
        values
    };
    match op {
        Op::Input | Op::Flatten => x.to_vec(),
        Op::Conv2d(_) | Op::Linear { .. } => Vec::new(),
        Op::ChannelConv1d { inputs, outputs, circular, .. } => {
            along::convolve(x, Along { inputs: *inputs, outputs: *outputs, circular: *circular }, params)
        }
        Op::GroupNorm { groups, eps } => edited(&|x| norm::group_norm(x, from, (*groups, *eps), params)),
        Op::SoftmaxPositions => edited(&|x| softmax::over_positions(x, from)),
        Op::SoftmaxPaths { paths } => edited(&|x| softmax::over_paths(x, *paths)),
        Op::MatMul { product } => matmul::product(*product, inputs[0], inputs[1]),
        Op::MeanOverWidth => reduce::row_means(x, from),
        Op::MeanOverHeight => reduce::column_means(x, from),
        Op::BatchNorm { .. } => edited(&|x| pointwise::affine(x, from, params.affine)),
        Op::Relu
        | Op::Relu6
        | Op::Sigmoid
        | Op::Tanh
        | Op::HardSigmoid
        | Op::Silu
        | Op::HardSwish
        | Op::Times { .. } => edited(&|x| pointwise::activation(op, x)),
        Op::MaxPool(window) => pool::max(window, x, from, to),
        Op::AvgPool(window) => pool::average(window, x, from, to),
        Op::BlurPool { stride } => blur::blur(*stride, x, from, to),
        Op::Renormalise { scale, shift } => {
            let pairs: Vec<(f32, f32)> = scale.iter().copied().zip(*shift).collect();
            edited(&|x| pointwise::affine(x, from, &pairs))
        }
        Op::AdaptiveAvgPool { .. } => pool::adaptive(x, from, to),
        Op::ChannelSlice { start, length } => pointwise::slice(x, from, *start, *length),
        Op::ChannelShuffle { groups } => pointwise::shuffle(x, from, *groups),
        Op::GlobalAvgPool => reduce::plane_means(x, from),
        Op::GlobalMaxPool => reduce::plane_maxima(x, from),
        Op::ChannelMean => reduce::channel_mean(x, from),
        Op::ChannelMax => reduce::channel_max(x, from),
        Op::Concat => inputs.iter().flat_map(|(values, _)| values.iter().copied()).collect(),
        Op::Add => broadcast::combine(inputs, to, |a, b| a + b),
        Op::Scale => broadcast::combine(inputs, to, |a, b| a * b),
        Op::Subsample { stride } => pool::subsample(*stride, x, from),
        Op::PadChannels { before, after } => {
            let plane = from.height() * from.width();
            pointwise::pad(x, before * plane, after * plane)
        }
    }
}
