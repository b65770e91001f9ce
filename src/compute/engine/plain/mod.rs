//! The operators by their definition, on planar activations: what has no kernel of its own, or is too small or too
//! rare to need one.

mod gradient;
pub(super) mod pointwise;
mod pool;
mod reduce;

pub(super) use gradient::{Backward, gradients};

use crate::network::graph::{Op, Shape};

/// One input of an operator: its planar values and its shape.
pub(super) type Operand<'a> = (&'a [f32], Shape);

/// The parameters of an operator that has some.
#[derive(Clone, Copy, Default)]
pub(super) struct Params<'a> {
    /// A BatchNorm's scale and shift by channel.
    pub(super) affine: &'a [(f32, f32)],
    /// The weights of a convolution along the channels.
    pub(super) weight: &'a [f32],
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
        Op::ChannelConv1d { circular, .. } => pointwise::along_channels(x, params.weight, *circular),
        Op::BatchNorm { .. } => edited(&|x| pointwise::affine(x, from, params.affine)),
        Op::Relu
        | Op::Relu6
        | Op::Sigmoid
        | Op::HardSigmoid
        | Op::Tanh
        | Op::Silu
        | Op::HardSwish
        | Op::Times { .. } => edited(&|x| pointwise::activation(op, x)),
        Op::MaxPool(window) => pool::max(window, x, from, to),
        Op::AvgPool(window) => pool::average(window, x, from, to),
        Op::AdaptiveAvgPool { .. } => pool::adaptive(x, from, to),
        Op::ChannelSlice { start, length } => pointwise::slice(x, from, *start, *length),
        Op::ChannelShuffle { groups } => pointwise::shuffle(x, from, *groups),
        Op::GlobalAvgPool => reduce::plane_means(x, from),
        Op::GlobalMaxPool => reduce::plane_maxima(x, from),
        Op::ChannelMean => reduce::channel_mean(x, from),
        Op::ChannelMax => reduce::channel_max(x, from),
        Op::Concat => inputs.iter().flat_map(|(values, _)| values.iter().copied()).collect(),
        Op::Add => edited(&|sum| inputs[1..].iter().for_each(|(other, _)| pointwise::add(sum, other))),
        Op::Scale => edited(&|x| inputs[1..].iter().for_each(|(gate, shape)| pointwise::scale(x, from, gate, *shape))),
        Op::Subsample { stride } => pool::subsample(*stride, x, from),
        Op::PadChannels { before, after } => {
            let plane = from.height() * from.width();
            pointwise::pad(x, before * plane, after * plane)
        }
    }
}
