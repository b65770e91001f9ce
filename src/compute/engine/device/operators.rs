//! The operators of a graph in terms of candle's, on `[batch, C, H, W]` and `[batch, C]`.

use candle_core::{Result, Tensor, bail};

use super::prepare::Prepared;
use crate::network::graph::{Conv2d, Node, Op, Pool2d, Product, Shape, adaptive_windows};

/// Computes one node.
pub(super) fn compute(node: &Node, inputs: &[&Tensor], prepared: &Prepared) -> Result<Tensor> {
    let Some(x) = inputs.first() else { bail!("it has no input") };
    let batch = x.dim(0)?;
    let y = match (&node.op, prepared) {
        (Op::Conv2d(conv), Prepared::Conv { kernel, bias }) => with(bias.as_ref(), convolve(x, kernel, conv)?)?,
        (Op::Linear { .. }, Prepared::Linear { weight, bias }) => {
            // Positions are rows of a batch.
            let rows = x.reshape((batch, x.dim(1)?, ()))?.transpose(1, 2)?.contiguous()?;
            let products = rows.flatten_to(1)?.matmul(weight)?;
            let products = with(bias.as_ref(), products)?.reshape((batch, (), weight.dim(1)?))?;
            products.transpose(1, 2)?.contiguous()?
        }
        (Op::ChannelConv1d { inputs, circular, .. }, Prepared::Along { weight, bias }) => {
            with(bias.as_ref(), along(&x.reshape((batch, *inputs, ()))?, weight, *circular)?)?
        }
        (Op::GroupNorm { groups, eps }, Prepared::Affine { scale, shift }) => {
            let normal = normal(&x.reshape((batch, *groups, ()))?, *eps)?.reshape(x.dims())?;
            normal.broadcast_mul(scale)?.broadcast_add(shift)?
        }
        (Op::BatchNorm { .. }, Prepared::Affine { scale, shift }) => x.broadcast_mul(scale)?.broadcast_add(shift)?,
        (Op::AvgPool(pool), Prepared::Average(corrections)) => {
            let window = (pool.kernel[0], pool.kernel[1]);
            let padded = padded(x, pool, node.shape, 0.0)?;
            let means = padded.avg_pool2d_with_stride(window, (pool.stride[0], pool.stride[1]))?;
            match corrections {
                Some(factors) => means.broadcast_mul(factors)?,
                None => means,
            }
        }
        (Op::MaxPool(pool), _) => {
            let window = (pool.kernel[0], pool.kernel[1]);
            let padded = padded(x, pool, node.shape, f32::NEG_INFINITY)?;
            padded.max_pool2d_with_stride(window, (pool.stride[0], pool.stride[1]))?
        }
        (Op::Relu, _) => x.relu()?,
        (Op::Relu6, _) => x.clamp(0.0, 6.0)?,
        (Op::Sigmoid, _) => sigmoid(x)?,
        (Op::Tanh, _) => x.tanh()?,
        (Op::HardSigmoid, _) => hard_sigmoid(x)?,
        (Op::Silu, _) => x.mul(&sigmoid(x)?)?,
        (Op::HardSwish, _) => x.mul(&hard_sigmoid(x)?)?,
        (Op::Times { factor }, _) => x.affine(f64::from(*factor), 0.0)?,
        (Op::BlurPool { stride }, _) => blur(&blur(x, 2, *stride)?, 3, *stride)?,
        (Op::Renormalise { scale, shift }, _) => {
            let line = |numbers: &[f32; 3]| Tensor::new(numbers, x.device())?.reshape((1, 3, 1, 1));
            x.broadcast_mul(&line(scale)?)?.broadcast_add(&line(shift)?)?
        }
        (Op::AdaptiveAvgPool { size }, _) => adaptive(&adaptive(x, 2, *size)?, 3, *size)?,
        (Op::ChannelSlice { start, length }, _) => x.narrow(1, *start, *length)?.contiguous()?,
        (Op::ChannelShuffle { groups }, _) => {
            let (batch, channels, height, width) = x.dims4()?;
            let dealt = x.reshape((batch, *groups, channels / groups, height * width))?;
            dealt.transpose(1, 2)?.contiguous()?.reshape((batch, channels, height, width))?
        }
        (Op::GlobalAvgPool, _) => x.flatten_from(2)?.mean(2)?,
        (Op::GlobalMaxPool, _) => x.flatten_from(2)?.max(2)?,
        (Op::MeanOverWidth, _) => x.mean_keepdim(3)?,
        (Op::MeanOverHeight, _) => x.mean_keepdim(2)?,
        (Op::SoftmaxPositions, _) => softmax(&x.reshape((batch, x.dim(1)?, ()))?, 2)?,
        (Op::Energy { lambda }, _) => {
            let flat = x.flatten_from(2)?;
            let squares = flat.broadcast_sub(&flat.mean_keepdim(2)?)?.sqr()?;
            let positions = (flat.dim(2)? - 1) as f64;
            let scale = squares.sum_keepdim(2)?.affine(4.0 / positions, 4.0 * f64::from(*lambda))?;
            squares.broadcast_div(&scale)?.affine(1.0, 0.5)?
        }
        (Op::StylePool { eps }, _) => {
            let flat = x.flatten_from(2)?;
            let std = flat.var_keepdim(2)?.affine(1.0, f64::from(*eps))?.sqrt()?;
            Tensor::cat(&[flat.mean_keepdim(2)?, std], 2)?
        }
        (Op::Transpose { axis }, _) => x.transpose(1, axis + 1)?.contiguous()?,
        (Op::SoftmaxPaths { paths }, _) => softmax(&x.reshape((batch, *paths, ()))?, 1)?,
        (Op::MatMul { product }, _) => multiply(*product, x, inputs[1])?,
        (Op::ChannelMean, _) => x.mean_keepdim(1)?,
        (Op::ChannelMax, _) => x.max_keepdim(1)?,
        (Op::Concat, _) => Tensor::cat(inputs, 1)?,
        (Op::Add, _) => combine(inputs, Tensor::broadcast_add)?,
        (Op::Scale, _) => combine(inputs, Tensor::broadcast_mul)?,
        (Op::Input | Op::Flatten, _) => (*x).clone(),
        (Op::Subsample { stride }, _) => every(&every(x, 2, *stride)?, 3, *stride)?,
        (Op::PadChannels { before, after }, _) => x.pad_with_zeros(1, *before, *after)?,
        (
            Op::Conv2d(_)
            | Op::Linear { .. }
            | Op::ChannelConv1d { .. }
            | Op::BatchNorm { .. }
            | Op::GroupNorm { .. }
            | Op::AvgPool(_),
            _,
        ) => {
            bail!("its weights are not there")
        }
    };
    y.reshape(dims(batch, node.shape))
}

/// The dimensions of a batch of this shape.
pub(super) fn dims(batch: usize, shape: Shape) -> Vec<usize> {
    std::iter::once(batch).chain(shape.dims().iter().copied()).collect()
}

fn with(bias: Option<&Tensor>, y: Tensor) -> Result<Tensor> {
    match bias {
        Some(bias) => y.broadcast_add(bias),
        None => Ok(y),
    }
}

/// candle's convolution has one padding and one stride for both axes: where they differ, padding is laid on before
/// and what a stride leaves out is left out after.
fn convolve(x: &Tensor, kernel: &Tensor, conv: &Conv2d) -> Result<Tensor> {
    let ([top, left], [down, across]) = (conv.padding, conv.stride);
    let [below, right] = conv.trailing;
    let dilation = if conv.dilation[0] == conv.dilation[1] { conv.dilation[0] } else { 1 };
    let (x, padding) = match top == left && below + right == 0 {
        true => (x.clone(), top),
        false => (x.pad_with_zeros(2, top, top + below)?.pad_with_zeros(3, left, left + right)?, 0),
    };
    if down == across {
        return x.conv2d(kernel, padding, down, dilation, conv.groups);
    }
    let dense = x.conv2d(kernel, padding, 1, dilation, conv.groups)?;
    every(&every(&dense, 2, down)?, 3, across)
}

fn sigmoid(x: &Tensor) -> Result<Tensor> {
    (x.neg()?.exp()? + 1.0)?.recip()
}

/// `relu6(x + 3) / 6`.
fn hard_sigmoid(x: &Tensor) -> Result<Tensor> {
    x.affine(1.0, 3.0)?.clamp(0.0, 6.0)?.affine(1.0 / 6.0, 0.0)
}

/// Means over windows that cut a dimension into `size`.
fn adaptive(x: &Tensor, dim: usize, size: usize) -> Result<Tensor> {
    let windows = adaptive_windows(x.dim(dim)?, size);
    let means = windows.map(|window| x.narrow(dim, window.start, window.len())?.mean_keepdim(dim));
    Tensor::cat(&means.collect::<Result<Vec<_>>>()?, dim)
}

/// A dimension filtered with 1, 2, 1 over 4, mirrored at its ends, and every `stride`-th entry of it.
fn blur(x: &Tensor, dim: usize, stride: usize) -> Result<Tensor> {
    let length = x.dim(dim)?;
    let ends = [x.narrow(dim, 1, 1)?, x.narrow(dim, length - 2, 1)?];
    let mirrored = Tensor::cat(&[&ends[0], x, &ends[1]], dim)?;
    let at = |offset: usize| mirrored.narrow(dim, offset, length);
    let filtered = (((at(0)? + at(2)?)? * 0.25)? + (at(1)? * 0.5)?)?;
    every(&filtered, dim, stride)
}

/// Every `step`-th entry of a dimension.
fn every(x: &Tensor, dim: usize, step: usize) -> Result<Tensor> {
    if step == 1 {
        return Ok(x.clone());
    }
    let kept = Tensor::arange_step(0_u32, x.dim(dim)? as u32, step as u32, x.device())?;
    x.contiguous()?.index_select(&kept, dim)
}

/// One convolution along the channels, `[batch, inputs, C]`; beyond the ends lie zeros, or the other end.
fn along(line: &Tensor, weight: &Tensor, circular: bool) -> Result<Tensor> {
    let (channels, reach) = (line.dim(2)?, weight.dim(2)? / 2);
    if !circular {
        return line.conv1d(weight, reach, 1, 1, 1);
    }
    // A kernel may reach round more than once.
    let places = (0..channels + 2 * reach).map(|at| ((at + channels * reach - reach) % channels) as u32);
    let places = Tensor::from_iter(places, line.device())?;
    line.contiguous()?.index_select(&places, 2)?.conv1d(weight, 0, 1, 1, 1)
}

/// Each row of `[batch, groups, values]` with mean 0 and variance 1.
fn normal(rows: &Tensor, eps: f64) -> Result<Tensor> {
    let centred = rows.broadcast_sub(&rows.mean_keepdim(2)?)?;
    let deviation = (centred.sqr()?.mean_keepdim(2)? + eps)?.sqrt()?;
    centred.broadcast_div(&deviation)
}

fn softmax(x: &Tensor, dim: usize) -> Result<Tensor> {
    let powers = x.broadcast_sub(&x.max_keepdim(dim)?)?.exp()?;
    powers.broadcast_div(&powers.sum_keepdim(dim)?)
}

/// The product of two maps as matrices `[channels, positions]`.
fn multiply(product: Product, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let matrix = |map: &Tensor| map.reshape((map.dim(0)?, map.dim(1)?, ()));
    let (a, b) = (matrix(a)?, matrix(b)?);
    match product {
        Product::Similarity => a.t()?.contiguous()?.matmul(&b),
        Product::Weighted => a.matmul(&b.t()?.contiguous()?),
    }
}

/// Lays on padding, and behind it whatever the last windows of `ceil_mode` reach for.
fn padded(x: &Tensor, pool: &Pool2d, to: Shape, value: f32) -> Result<Tensor> {
    let mut x = x.clone();
    for (axis, out) in [to.height(), to.width()].into_iter().enumerate() {
        let (dim, before) = (axis + 2, pool.padding[axis]);
        let reach = (out - 1) * pool.stride[axis] + pool.kernel[axis];
        let after = reach.saturating_sub(x.dim(dim)? + before);
        let blank = |length: usize| {
            let mut shape = x.dims().to_vec();
            shape[dim] = length;
            Tensor::full(value, shape, x.device())
        };
        if before + after > 0 {
            x = Tensor::cat(&[blank(before)?, x.clone(), blank(after)?], dim)?;
        }
    }
    Ok(x)
}

/// The inputs joined one after the other, each repeated where it is smaller; a vector is one number a channel.
fn combine(inputs: &[&Tensor], join: fn(&Tensor, &Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let has_maps = inputs.iter().any(|input| input.rank() == 4);
    let as_map = |input: &Tensor| match input.dims() {
        &[batch, channels] if has_maps => input.reshape((batch, channels, 1, 1)),
        _ => Ok(input.clone()),
    };
    inputs[1..].iter().try_fold(as_map(inputs[0])?, |sum, next| join(&sum, &as_map(next)?))
}
