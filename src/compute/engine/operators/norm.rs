//! Batch normalisation with the batch's own moments.

use candle_core::{CpuStorage, CustomOp3, Device, Layout as Strides, Result, Shape as Dims, Tensor};

use super::Machine;
use super::frame::{Frame, check_vector, maps_of, numbers};
use crate::compute::engine::kernels::backward::Target;
use crate::compute::engine::kernels::norm::{Affine, Blend, Factors, gradient_sums, moments};

const OP: &str = "batch_norm";

/// A batch, normalised.
#[derive(Clone, Debug)]
pub struct BatchNormed {
    /// `[N, C, H, W]`.
    pub output: Tensor,
    /// What each channel's mean was, `[C]`: for running statistics.
    pub mean: Vec<f32>,
    /// Its variance, divided by `N · H · W` (PyTorch's running variance divides by one less).
    pub variance: Vec<f32>,
}

/// `weight · (x − mean) / sqrt(variance + eps) + bias` with each channel's moments over the batch, as in training:
/// `x` is `[N, C, H, W]`, `weight` and `bias` are `[C]`. Gradients flow to all three, through the moments too.
///
/// # Errors
/// When the shapes do not fit each other, or the numbers are not f32 on the CPU.
pub fn batch_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<BatchNormed> {
    normalise(x, weight, bias, eps, false)
}

/// The same, rectified in the same pass.
///
/// # Errors
/// As [`batch_norm`].
pub fn batch_norm_relu(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<BatchNormed> {
    normalise(x, weight, bias, eps, true)
}

fn normalise(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64, relu: bool) -> Result<BatchNormed> {
    let (shape, batch) = maps_of(OP, x)?;
    for vector in [weight, bias] {
        check_vector(OP, vector, shape.channels())?;
    }
    let (machine, frame) = (Machine::new(), Frame::natural(shape, batch));
    let found = moments(machine.isa, &machine.crew, frame.maps(), &frame.read(&machine, OP, x)?);
    let factors = Factors::new(&found, &weight.to_vec1::<f32>()?, eps);
    let output = x.contiguous()?.apply_op3(
        &weight.contiguous()?,
        &bias.contiguous()?,
        Normalisation { frame, factors, relu },
    )?;
    let narrow = |values: &[f64]| values[..shape.channels()].iter().map(|value| *value as f32).collect();
    Ok(BatchNormed { output, mean: narrow(&found.first), variance: narrow(&found.second) })
}

struct Normalisation {
    frame: Frame,
    factors: Factors,
    relu: bool,
}

impl CustomOp3 for Normalisation {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Strides,
        _: &CpuStorage,
        _: &Strides,
        bias: &CpuStorage,
        lb: &Strides,
    ) -> Result<(CpuStorage, Dims)> {
        let (machine, frame) = (Machine::new(), self.frame);
        let shift = self.factors.shift(numbers(OP, bias, lb)?);
        let (x, mut y) = (frame.store(&machine, numbers(OP, x, lx)?), frame.zeros());
        let affine = Affine { scale: &self.factors.scale, shift: &shift, residual: None, relu: self.relu };
        affine.run(machine.isa, &machine.crew, frame.maps(), &x, &mut y);
        Ok(frame.output(&machine, &y))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        output: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (machine, frame) = (Machine::new(), self.frame);
        let (isa, crew, maps) = (machine.isa, &machine.crew, frame.maps());
        let x_values = frame.read(&machine, OP, x)?;
        let mut gradient = frame.read(&machine, OP, gradient)?;
        let rectified = self.relu.then(|| frame.read(&machine, OP, output)).transpose()?;
        let values = (&x_values[..], &self.factors.mean[..]);
        let sums = gradient_sums(isa, crew, maps, values, rectified.as_deref(), &mut gradient);
        let slopes = self.factors.slopes(&sums, weight.elem_count(), Some(maps.count()));
        let to_x = match x.track_op() {
            true => {
                let mut to = frame.zeros();
                let of_gradient = &self.factors.scale;
                let blend = Blend { of_gradient, of_input: &slopes.of_input, constant: &slopes.constant };
                blend.run(isa, crew, maps, [&gradient[..], &x_values], Target { values: &mut to, add: false });
                Some(frame.tensor(&machine, &to)?)
            }
            false => None,
        };
        let vector = |values: Vec<f32>| Tensor::from_vec(values, weight.shape(), &Device::Cpu);
        Ok((to_x, Some(vector(slopes.weight)?), Some(vector(slopes.bias)?)))
    }
}
