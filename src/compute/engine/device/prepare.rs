//! A layer's numbers on a device, in the form its operator takes.

use candle_core::{Device, Result, Tensor, bail};

use crate::compute::weights::Weights;
use crate::network::graph::{Conv2d, Graph, NodeId, Op, Pool2d, Role, Shape};

/// What an operator needs besides its inputs.
pub(super) enum Prepared {
    Nothing,
    /// Kernel `[out, in / groups, kh, kw]`, bias `[1, out, 1, 1]`.
    Conv {
        kernel: Tensor,
        bias: Option<Tensor>,
    },
    /// Weight `[in, out]`, bias `[1, out]`.
    Linear {
        weight: Tensor,
        bias: Option<Tensor>,
    },
    /// Scale and shift, shaped to broadcast over the layer's output.
    Affine {
        scale: Tensor,
        shift: Tensor,
    },
    /// A convolution along the channels: weight `[out, in, k]`, bias `[1, out, 1]`.
    Along {
        weight: Tensor,
        bias: Option<Tensor>,
    },
    /// What window means are multiplied with where a window is not full, `[1, 1, H, W]`.
    Average(Option<Tensor>),
}

/// Brings one layer's numbers to the device.
pub(super) fn prepare(graph: &Graph, weights: &Weights, id: NodeId, device: &Device) -> Result<Prepared> {
    let node = &graph[id];
    let find = |role: Role| -> Result<Tensor> {
        let param = node.params.iter().find(|param| graph[**param].role == role);
        match param.and_then(|param| weights.tensor(*param)) {
            Some(found) => Tensor::from_slice(&found.values, found.shape.as_slice(), &Device::Cpu),
            None => bail!("it has no {}", role.suffix()),
        }
    };
    let bias = |is_there: bool, shape: &[usize]| -> Result<Option<Tensor>> {
        is_there.then(|| find(Role::Bias)?.reshape(shape)?.to_device(device)).transpose()
    };
    Ok(match node.op {
        Op::Conv2d(conv) => Prepared::Conv {
            kernel: spread(&find(Role::Weight)?, &conv)?.to_device(device)?,
            bias: bias(conv.bias, &[1, conv.out_channels, 1, 1])?,
        },
        Op::Linear { out_features, bias: has_bias } => Prepared::Linear {
            weight: find(Role::Weight)?.t()?.contiguous()?.to_device(device)?,
            bias: bias(has_bias, &[1, out_features])?,
        },
        Op::ChannelConv1d { outputs, bias: has_bias, .. } => {
            Prepared::Along { weight: find(Role::Weight)?.to_device(device)?, bias: bias(has_bias, &[1, outputs, 1])? }
        }
        Op::GroupNorm { .. } => {
            let place = |role| -> Result<Tensor> {
                let tensor = find(role)?;
                let shape =
                    if node.shape.is_map() { vec![1, tensor.elem_count(), 1, 1] } else { vec![1, tensor.elem_count()] };
                tensor.reshape(shape)?.to_device(device)
            };
            Prepared::Affine { scale: place(Role::Weight)?, shift: place(Role::Bias)? }
        }
        Op::BatchNorm { eps } => {
            let deviation = (find(Role::RunningVar)?.to_dtype(candle_core::DType::F64)? + eps)?.sqrt()?;
            let double = |role| find(role)?.to_dtype(candle_core::DType::F64);
            let scale = (double(Role::Weight)? / deviation)?;
            let shift = (double(Role::Bias)? - (double(Role::RunningMean)? * &scale)?)?;
            let place = |tensor: &Tensor| {
                let shape =
                    if node.shape.is_map() { vec![1, tensor.elem_count(), 1, 1] } else { vec![1, tensor.elem_count()] };
                tensor.to_dtype(candle_core::DType::F32)?.reshape(shape)?.to_device(device)
            };
            Prepared::Affine { scale: place(&scale)?, shift: place(&shift)? }
        }
        Op::AvgPool(pool) => Prepared::Average(corrections(&pool, graph[node.inputs[0]].shape, node.shape, device)?),
        _ => Prepared::Nothing,
    })
}

/// The device's convolution has one dilation for both axes: where they differ, zeros go into the kernel instead.
fn spread(kernel: &Tensor, conv: &Conv2d) -> Result<Tensor> {
    let [down, across] = conv.dilation;
    if down == across {
        return Ok(kernel.clone());
    }
    let (out, inner, height, width) = kernel.dims4()?;
    let (rows, columns) = (down * (height - 1) + 1, across * (width - 1) + 1);
    let values = kernel.flatten_all()?.to_vec1::<f32>()?;
    let mut wide = vec![0.0_f32; out * inner * rows * columns];
    for (index, value) in values.into_iter().enumerate() {
        let (x, y, plane) = (index % width, index / width % height, index / (width * height));
        wide[(plane * rows + y * down) * columns + x * across] = value;
    }
    Tensor::from_vec(wide, (out, inner, rows, columns), kernel.device())
}

/// Window size over the numbers that count: what `ceil_mode` reaches for beyond the padding does not, padding itself
/// as the window says. `None` where every window is full.
fn corrections(pool: &Pool2d, from: Shape, to: Shape, device: &Device) -> Result<Option<Tensor>> {
    let counted = |axis: usize, out: usize, size: usize| {
        let (start, padding) = (out * pool.stride[axis], pool.padding[axis]);
        match pool.counts_padding {
            true => pool.kernel[axis].min(pool.extent(axis, size) - start),
            false => (start + pool.kernel[axis]).min(size + padding).saturating_sub(start.max(padding)),
        }
    };
    let whole = pool.kernel[0] * pool.kernel[1];
    let positions = (0..to.height()).flat_map(|y| (0..to.width()).map(move |x| (y, x)));
    let counts = positions.map(|(y, x)| counted(0, y, from.height()) * counted(1, x, from.width()));
    let factors: Vec<f32> = counts.map(|count| whole as f32 / count.max(1) as f32).collect();
    if factors.iter().all(|factor| factor.to_bits() == 1.0_f32.to_bits()) {
        return Ok(None);
    }
    Tensor::from_vec(factors, (1, 1, to.height(), to.width()), device).map(Some)
}
