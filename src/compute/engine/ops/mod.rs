//! Every operator of the graph, on flat tensors; shapes come from the graph.

mod conv;
mod pointwise;
mod pool;
mod reduce;

use candle_core::{Result, Tensor, bail};

use super::buffer;
use super::plan::Step;
use super::walk::{Outputs, Walk};
use crate::network::graph::{NodeId, Op, Role, Shape};

/// Computes one step: its operator, then BatchNorm and ReLU in place.
pub(super) fn compute(walk: &Walk, step: &Step, index: usize, image: &[f32], outputs: &mut Outputs) -> Result<Tensor> {
    let node = &walk.graph[step.node];
    let output = match (&node.op, &node.inputs[..]) {
        (Op::Input, _) | (_, []) => buffer::from_vec(image.to_vec())?,
        (Op::Add | Op::Scale, _) => combine(walk, step, index, outputs)?,
        (Op::BatchNorm { .. } | Op::Relu | Op::Flatten, [first, ..]) => walk.own(*first, step, index, outputs)?,
        (Op::Sigmoid, [first, ..]) => edited(walk.own(*first, step, index, outputs)?, pointwise::sigmoid)?,
        // A tensor alone would be shared by `cat`, not copied.
        (Op::Concat, [only]) => walk.own(*only, step, index, outputs)?,
        (Op::Concat, parts) => Tensor::cat(&parts.iter().map(|id| outputs.get(*id)).collect::<Result<Vec<_>>>()?, 0)?,
        (_, [first, ..]) => fresh(walk, step.node, outputs.get(*first)?, walk.graph[*first].shape)?,
    };
    finish(walk, step, node.shape, output)
}

/// The operators that make a new tensor from their one input `x`, of shape `from`.
fn fresh(walk: &Walk, id: NodeId, x: &Tensor, from: Shape) -> Result<Tensor> {
    let to = walk.graph[id].shape;
    match &walk.graph[id].op {
        Op::Conv2d(conv) => conv::conv2d(conv, x, from, to, walk.param(id, Role::Weight)?),
        Op::Linear { .. } => walk.param(id, Role::Weight)?.matmul(&x.reshape(((), 1))?)?.flatten_all(),
        Op::ChannelConv1d { circular, .. } => {
            let weight = buffer::to_vec(walk.param(id, Role::Weight)?)?;
            buffer::map(x, |x| pointwise::along_channels(x, &weight, *circular))
        }
        Op::MaxPool(window) => buffer::map(x, |x| pool::max(window, x, from, to)),
        Op::AvgPool(window) => buffer::map(x, |x| pool::average(window, x, from, to)),
        Op::GlobalAvgPool => buffer::map(x, |x| reduce::plane_means(x, from)),
        Op::GlobalMaxPool => buffer::map(x, |x| reduce::plane_maxima(x, from)),
        Op::ChannelMean => buffer::map(x, |x| reduce::channel_mean(x, from)),
        Op::ChannelMax => buffer::map(x, |x| reduce::channel_max(x, from)),
        Op::Subsample { stride } => buffer::map(x, |x| pool::subsample(*stride, x, from)),
        Op::PadChannels { before, after } => {
            let plane = from.height() * from.width();
            buffer::map(x, |x| pointwise::pad(x, before * plane, after * plane))
        }
        other => bail!("{} is computed elsewhere", other.name()),
    }
}

/// Bias, BatchNorm and ReLU, in place and in one pass.
fn finish(walk: &Walk, step: &Step, shape: Shape, output: Tensor) -> Result<Tensor> {
    let bias = match walk.graph[step.node].op {
        Op::Conv2d(conv) if conv.bias => Some(buffer::to_vec(walk.param(step.node, Role::Bias)?)?),
        Op::Linear { bias: true, .. } => Some(buffer::to_vec(walk.param(step.node, Role::Bias)?)?),
        _ => None,
    };
    let own = matches!(walk.graph[step.node].op, Op::BatchNorm { .. }).then_some(step.node);
    let affine = match (step.norm.or(own), bias) {
        (Some(norm), bias) => Some(batch_norm(walk, norm, bias.as_deref())?),
        (None, Some(bias)) => Some(bias.into_iter().map(|bias| (1.0, bias)).collect()),
        (None, None) => None,
    };
    let relu = step.relu || matches!(walk.graph[step.node].op, Op::Relu);
    match affine {
        Some(affine) => edited(output, |x| pointwise::affine(x, shape, &affine, relu)),
        None if relu => edited(output, pointwise::relu),
        None => Ok(output),
    }
}

/// BatchNorm as one scale and one shift a channel: `y = x·s + t`, the bias of the layer before included.
fn batch_norm(walk: &Walk, norm: NodeId, bias: Option<&[f32]>) -> Result<Vec<(f32, f32)>> {
    let eps = if let Op::BatchNorm { eps } = walk.graph[norm].op { eps } else { 0.0 };
    let read = |role| buffer::to_vec(walk.param(norm, role)?);
    let (weight, shift) = (read(Role::Weight)?, read(Role::Bias)?);
    let (mean, var) = (read(Role::RunningMean)?, read(Role::RunningVar)?);
    let channel = |c: usize| {
        let bias = bias.and_then(|bias| bias.get(c)).map_or(0.0, |bias| f64::from(*bias));
        let scale = f64::from(weight[c]) / (f64::from(var[c]) + eps).sqrt();
        (scale as f32, ((bias - f64::from(mean[c])) * scale + f64::from(shift[c])) as f32)
    };
    Ok((0..weight.len()).map(channel).collect())
}

/// Sums, and products with a gate, into the first input.
fn combine(walk: &Walk, step: &Step, index: usize, outputs: &mut Outputs) -> Result<Tensor> {
    let node = &walk.graph[step.node];
    let output = walk.own(node.inputs[0], step, index, outputs)?;
    let (shape, is_sum) = (node.shape, matches!(node.op, Op::Add));
    for other in &node.inputs[1..] {
        let gate = walk.graph[*other].shape;
        buffer::read(outputs.get(*other)?, |other| {
            let combine = |x: &mut [f32]| match is_sum {
                true => pointwise::add(x, other),
                false => pointwise::scale(x, shape, other, gate),
            };
            buffer::edit(&output, combine)
        })??;
    }
    Ok(output)
}

fn edited(tensor: Tensor, change: impl Fn(&mut [f32])) -> Result<Tensor> {
    buffer::edit(&tensor, change)?;
    Ok(tensor)
}
