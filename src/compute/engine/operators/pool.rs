//! Means and maxima: over positions, over channels, over windows.

use candle_core::{CpuStorage, CustomOp1, Layout as Strides, Result, Shape as Dims, Tensor};

use super::frame::{Frame, LARGEST, maps_of, numbers};
use super::{Machine, OperatorError};
use crate::compute::engine::kernels::backward::{self, Target};
use crate::compute::engine::kernels::gate::Gates;
use crate::compute::engine::kernels::pool::{Reduction, pool};
use crate::compute::engine::kernels::reduce::{Planes, Statistics, over_channels, over_positions};
use crate::network::graph::{Op, Pool2d, Shape};

/// The mean over positions, `[N, C, H, W]` to `[N, C, 1, 1]`: what a channel gate looks at.
///
/// # Errors
/// When `x` is not a map of f32 numbers on the CPU.
pub fn global_avg_pool(x: &Tensor) -> Result<Tensor> {
    pooled("global_avg_pool", x, Kind::Positions { is_max: false })
}

/// The maximum over positions, `[N, C, H, W]` to `[N, C, 1, 1]`. Of several the first has the gradient.
///
/// # Errors
/// As [`global_avg_pool`].
pub fn global_max_pool(x: &Tensor) -> Result<Tensor> {
    pooled("global_max_pool", x, Kind::Positions { is_max: true })
}

/// The mean over channels, `[N, C, H, W]` to `[N, 1, H, W]`: what a spatial gate looks at.
///
/// # Errors
/// As [`global_avg_pool`].
pub fn channel_mean(x: &Tensor) -> Result<Tensor> {
    pooled("channel_mean", x, Kind::Channels { is_max: false })
}

/// The maximum over channels, `[N, C, H, W]` to `[N, 1, H, W]`. Of several the first has the gradient.
///
/// # Errors
/// As [`global_avg_pool`].
pub fn channel_max(x: &Tensor) -> Result<Tensor> {
    pooled("channel_max", x, Kind::Channels { is_max: true })
}

/// The maximum over windows, `[N, C, H, W]` to `[N, C, H', W']`; padding never wins. Of several the first has the
/// gradient.
///
/// # Errors
/// When a window has no size or no stride, is padded by more than half of it, or does not fit the input; else as
/// [`global_avg_pool`].
pub fn max_pool(x: &Tensor, window: Pool2d) -> Result<Tensor> {
    let Pool2d { kernel, stride, padding, .. } = window;
    let sound = |size: usize| (1..=LARGEST).contains(&size);
    let is_sound = |axis: usize| sound(kernel[axis]) && sound(stride[axis]) && padding[axis] <= kernel[axis] / 2;
    if !(is_sound(0) && is_sound(1)) {
        let what = "kernel and stride are at least 1 and at most 65536, padding at most half of the kernel";
        return Err(OperatorError::Window { op: "max_pool", what }.into());
    }
    pooled("max_pool", x, Kind::Window(window))
}

#[derive(Clone, Copy)]
enum Kind {
    Positions { is_max: bool },
    Channels { is_max: bool },
    Window(Pool2d),
}

fn pooled(op: &'static str, x: &Tensor, kind: Kind) -> Result<Tensor> {
    let (shape, batch) = maps_of(op, x)?;
    let from = Frame::blocked(shape, batch);
    let to = match kind {
        Kind::Positions { .. } => Frame::blocked(Shape::map(shape.channels(), 1, 1), batch),
        Kind::Channels { .. } => Frame::natural(Shape::map(1, shape.height(), shape.width()), batch),
        Kind::Window(window) => {
            let to = Op::MaxPool(window).output_shape(&[shape]);
            Frame::blocked(to.map_err(|reason| OperatorError::Unfit { op, reason })?, batch)
        }
    };
    x.contiguous()?.apply_op1(Pooling { op, kind, from, to })
}

struct Pooling {
    op: &'static str,
    kind: Kind,
    from: Frame,
    to: Frame,
}

impl CustomOp1 for Pooling {
    fn name(&self) -> &'static str {
        self.op
    }

    fn cpu_fwd(&self, x: &CpuStorage, strides: &Strides) -> Result<(CpuStorage, Dims)> {
        let machine = Machine::new();
        let (isa, crew, Frame { shape, batch, .. }) = (machine.isa, &machine.crew, self.from);
        let x = self.from.store(&machine, numbers(self.op, x, strides)?);
        let mut y = self.to.zeros();
        match self.kind {
            Kind::Positions { is_max } => {
                let mut to = Statistics::default();
                *(if is_max { &mut to.max } else { &mut to.mean }) = Some(&mut y);
                over_positions(isa, crew, shape, batch, &x, to);
            }
            Kind::Channels { is_max } => {
                let mut planes = Planes { stride: self.to.layout.length(self.to.shape), ..Planes::default() };
                *(if is_max { &mut planes.max } else { &mut planes.mean }) = Some(0);
                over_channels(isa, crew, (shape, batch), (&x[..], Gates::default()), &mut y, planes);
            }
            Kind::Window(window) => {
                pool(isa, crew, (&window, Reduction::Max), [shape, self.to.shape], batch, &x, &mut y);
            }
        }
        Ok(self.to.output(&machine, &y))
    }

    fn bwd(&self, x: &Tensor, output: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let machine = Machine::new();
        let (isa, crew, maps) = (machine.isa, &machine.crew, self.from.maps());
        let x = self.from.read(&machine, self.op, x)?;
        let gradient = self.to.read(&machine, self.op, gradient)?;
        let mut values = self.from.zeros();
        let target = Target { values: &mut values, add: false };
        match self.kind {
            Kind::Positions { is_max } => {
                backward::over_positions(isa, crew, maps, (&x[..], &gradient[..]), is_max, target);
            }
            Kind::Channels { is_max } => backward::over_channels(crew, maps, (&x[..], &gradient[..]), is_max, target),
            Kind::Window(window) => {
                let output = self.to.read(&machine, self.op, output)?;
                backward::max_pool(crew, &window, maps, self.to.shape, [&x[..], &output, &gradient], target);
            }
        }
        self.from.tensor(&machine, &values).map(Some)
    }
}
