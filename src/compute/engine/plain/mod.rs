//! The operators by their definition, on planar activations: what has no kernel of its own, or is too small or too
//! rare to need one.

mod along;
mod blur;
mod broadcast;
mod energy;
mod matmul;
mod norm;
pub(super) mod pointwise;
mod pool;
mod reduce;
mod softmax;
mod style_pool;
mod transpose;

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

/// What flows back through an operator.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Backward {
    /// One gradient for each input, in its shape.
    pub(super) inputs: Vec<Vec<f32>>,
    /// The gradient of the weights, for an operator that has some.
    pub(super) weight: Vec<f32>,
    /// The gradient of the bias, for an operator that has one.
    pub(super) bias: Vec<f32>,
}

/// Computes an operator of one image.
///
/// Convolutions, linear layers and activations have kernels for every case; they give nothing here.
pub(super) fn compute(op: &Op, inputs: &[Operand], to: Shape, params: Params) -> Vec<f32> {
    let Some((x, from)) = inputs.first().copied() else { return Vec::new() };
    let edited = |change: &dyn Fn(&mut [f32])| {
        let mut values = x.to_vec();
        change(&mut values);
        values
    };
    match op {
        Op::Input | Op::Flatten => x.to_vec(),
        Op::Conv2d(_) | Op::Linear { .. } | Op::Relu | Op::Relu6 | Op::Sigmoid | Op::Tanh => Vec::new(),
        Op::HardSigmoid | Op::Silu | Op::HardSwish | Op::Times { .. } => Vec::new(),
        Op::ChannelConv1d { inputs, outputs, circular, .. } => {
            along::convolve(x, Along { inputs: *inputs, outputs: *outputs, circular: *circular }, params)
        }
        Op::GroupNorm { groups, eps } => edited(&|x| norm::group_norm(x, from, (*groups, *eps), params)),
        Op::SoftmaxPositions => edited(&|x| softmax::over_positions(x, from)),
        Op::Energy { lambda } => edited(&|x| energy::energy(x, from, *lambda)),
        Op::StylePool { eps } => style_pool::pool(x, from, *eps),
        Op::Transpose { axis } => transpose::transpose(x, from, *axis),
        Op::SoftmaxPaths { paths } => edited(&|x| softmax::over_paths(x, *paths)),
        Op::MatMul { product } => matmul::product(*product, inputs[0], inputs[1]),
        Op::MeanOverWidth => reduce::row_means(x, from),
        Op::MeanOverHeight => reduce::column_means(x, from),
        Op::BatchNorm { .. } => edited(&|x| pointwise::affine(x, from, params.affine)),
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

/// The gradients of an operator's inputs and weights from its output's.
///
/// Convolutions, linear layers, BatchNorm and activations have kernels for every case; they give nothing here.
pub(super) fn gradients(
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
        Op::Relu | Op::Relu6 | Op::Sigmoid | Op::Tanh | Op::HardSigmoid | Op::Silu => Backward::default(),
        Op::HardSwish | Op::Times { .. } => Backward::default(),
        Op::Flatten => one(gradient.to_vec()),
        Op::ChannelConv1d { inputs, outputs, circular, .. } => {
            let along = Along { inputs: *inputs, outputs: *outputs, circular: *circular };
            along::gradients(x, along, gradient, params)
        }
        Op::GroupNorm { groups, eps } => norm::gradients(x, from, (*groups, *eps), gradient, params),
        Op::SoftmaxPositions => one(softmax::positions_gradient(output, from, gradient)),
        Op::Energy { lambda } => one(energy::gradient(x, from, *lambda, gradient)),
        Op::StylePool { eps } => one(style_pool::gradient(x, from, *eps, gradient)),
        Op::Transpose { axis } => one(transpose::gradient(from, *axis, gradient)),
        Op::SoftmaxPaths { paths } => one(softmax::paths_gradient(output, *paths, gradient)),
        Op::MatMul { product } => all(matmul::gradients(*product, inputs[0], inputs[1], gradient)),
        Op::MeanOverWidth => one(reduce::row_means_gradient(from, gradient)),
        Op::MeanOverHeight => one(reduce::column_means_gradient(from, gradient)),
        Op::BlurPool { stride } => one(blur::gradient(*stride, from, to, gradient)),
        Op::Renormalise { scale, .. } => {
            let pairs = scale.map(|factor| (factor, 0.0));
            let mut values = gradient.to_vec();
            pointwise::affine(&mut values, from, &pairs);
            one(values)
        }
        Op::AdaptiveAvgPool { .. } => one(pool::adaptive_gradient(from, to, gradient)),
        Op::ChannelSlice { start, .. } => one(pointwise::slice_gradient(from, *start, gradient)),
        // Dealing out as many cards as there were in a group gathers the groups again.
        Op::ChannelShuffle { groups } => one(pointwise::shuffle(gradient, from, from.channels() / groups)),
        Op::MaxPool(window) => one(pool::max_gradient(window, x, from, (output, to), gradient)),
        Op::AvgPool(window) => one(pool::average_gradient(window, from, to, gradient)),
        Op::GlobalAvgPool => one(reduce::plane_means_gradient(from, gradient)),
        Op::GlobalMaxPool => one(reduce::plane_maxima_gradient(x, from, output, gradient)),
        Op::ChannelMean => one(reduce::channel_mean_gradient(from, gradient)),
        Op::ChannelMax => one(reduce::channel_max_gradient(x, output, gradient)),
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
        Op::Subsample { stride } => one(pool::subsample_gradient(*stride, from, to, gradient)),
        Op::PadChannels { before, .. } => one(gradient[before * from.height() * from.width()..][..x.len()].to_vec()),
    }
}
