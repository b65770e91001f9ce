//! Convolution.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Device, Layout as Strides, Result, Shape as Dims, Tensor};

use super::frame::{Frame, LARGEST, check_numbers, check_vector, flat, maps_of, numbers, unfit};
use super::{Machine, OperatorError};
use crate::compute::engine::kernels::conv::{Conv, ConvGradient, Recipe, Residual};
use crate::network::graph::{Conv2d, Op, Shape};

const OP: &str = "conv2d";

/// How the window of a convolution moves; pairs are `[vertical, horizontal]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvOptions {
    /// From one output to the next.
    pub stride: [usize; 2],
    /// Zeros on each side.
    pub padding: [usize; 2],
    /// From one weight to the next.
    pub dilation: [usize; 2],
    /// Groups; as many as channels for a depthwise convolution.
    pub groups: usize,
}

impl Default for ConvOptions {
    /// Stride 1, no padding, no dilation, one group.
    fn default() -> Self {
        Self { stride: [1; 2], padding: [0; 2], dilation: [1; 2], groups: 1 }
    }
}

/// Convolves `x`, `[N, C, H, W]`, with `weight`, `[O, C / groups, kh, kw]`, and adds `bias`, `[O]`, to
/// `[N, O, H', W']`. Gradients flow to all three.
///
/// # Errors
/// When the shapes do not fit each other, the window does not fit the input, or the numbers are not f32 on the CPU.
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, options: ConvOptions) -> Result<Tensor> {
    let (from, batch) = maps_of(OP, x)?;
    let conv = geometry(weight, from, options)?;
    let to = Op::Conv2d(conv).output_shape(&[from]).map_err(|reason| OperatorError::Unfit { op: OP, reason })?;
    let convolution = Convolution { conv, from: Frame::natural(from, batch), to };
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    match bias {
        None => x.apply_op2(&weight, convolution),
        Some(bias) => {
            check_vector(OP, bias, conv.out_channels)?;
            x.apply_op3(&weight, &bias.contiguous()?, convolution)
        }
    }
}

/// What a weight and options say together.
fn geometry(weight: &Tensor, from: Shape, options: ConvOptions) -> std::result::Result<Conv2d, OperatorError> {
    check_numbers(OP, weight)?;
    let ConvOptions { stride, padding, dilation, groups } = options;
    if stride.iter().chain(&dilation).any(|step| !(1..=LARGEST).contains(step))
        || padding.iter().any(|size| *size > LARGEST)
    {
        let what = "strides and dilations are at least 1, and none is above 65536";
        return Err(OperatorError::Window { op: OP, what });
    }
    match *weight.dims() {
        [out_channels, inner, height, width]
            if weight.elem_count() > 0
                && groups > 0
                && inner.checked_mul(groups) == Some(from.channels())
                && out_channels.is_multiple_of(groups) =>
        {
            Ok(Conv2d {
                out_channels,
                kernel: [height, width],
                stride,
                padding,
                trailing: [0; 2],
                dilation,
                groups,
                bias: false,
            })
        }
        _ => Err(unfit(
            OP,
            "a weight [O, C / groups, kh, kw] for its input's C channels, O a multiple of groups",
            weight,
        )),
    }
}

struct Convolution {
    conv: Conv2d,
    from: Frame,
    to: Shape,
}

impl Convolution {
    fn forward(&self, x: &[f32], weight: &[f32], bias: &[f32]) -> (CpuStorage, Dims) {
        let (machine, batch, to) = (Machine::new(), self.from.batch, Frame::blocked(self.to, self.from.batch));
        let (from, layout) = (self.from.shape, self.from.layout);
        let recipe = Recipe { conv: self.conv, from, to: self.to, layout, weight, scale: None, bias, batch };
        let (x, mut y) = (self.from.store(&machine, x), to.zeros());
        Conv::new(machine.isa, &machine.crew, &recipe).run(&machine.crew, &x, &mut y, Residual::None, None);
        to.output(&machine, &y)
    }

    /// The gradients of input, weight and bias, where somebody wants them.
    fn backward(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        gradient: &Tensor,
    ) -> Result<[Option<Tensor>; 3]> {
        let (machine, batch) = (Machine::new(), self.from.batch);
        let (isa, crew) = (machine.isa, &machine.crew);
        let gradient = Frame::natural(self.to, batch).read(&machine, OP, gradient)?;
        let mut conv = ConvGradient::new(isa, crew, self.conv, self.from.shape, self.to, batch);
        let mut gradients = [None, None, None];
        if x.track_op() {
            let mut to = self.from.zeros();
            conv.input(crew, &flat(weight)?, &gradient, &mut to, false);
            gradients[0] = Some(self.from.tensor(&machine, &to)?);
        }
        let bias = bias.filter(|bias| bias.track_op());
        if weight.track_op() || bias.is_some() {
            let mut to_weight = vec![0.0; weight.elem_count()];
            let mut to_bias = bias.map(|bias| vec![0.0; bias.elem_count()]);
            let x = self.from.read(&machine, OP, x)?;
            conv.weight(crew, &x, &gradient, &mut to_weight, to_bias.as_deref_mut());
            gradients[1] = Some(Tensor::from_vec(to_weight, weight.shape(), &Device::Cpu)?);
            gradients[2] = to_bias.map(|to| Tensor::from_vec(to, self.conv.out_channels, &Device::Cpu)).transpose()?;
        }
        Ok(gradients)
    }
}

impl CustomOp2 for Convolution {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Strides, weight: &CpuStorage, lw: &Strides) -> Result<(CpuStorage, Dims)> {
        Ok(self.forward(numbers(OP, x, lx)?, numbers(OP, weight, lw)?, &[]))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let [to_x, to_weight, _] = self.backward(x, weight, None, gradient)?;
        Ok((to_x, to_weight))
    }
}

impl CustomOp3 for Convolution {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Strides,
        weight: &CpuStorage,
        lw: &Strides,
        bias: &CpuStorage,
        lb: &Strides,
    ) -> Result<(CpuStorage, Dims)> {
        Ok(self.forward(numbers(OP, x, lx)?, numbers(OP, weight, lw)?, numbers(OP, bias, lb)?))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [to_x, to_weight, to_bias] = self.backward(x, weight, Some(bias), gradient)?;
        Ok((to_x, to_weight, to_bias))
    }
}
