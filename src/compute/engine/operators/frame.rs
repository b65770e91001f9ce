//! From candle's tensors to the engine's layout and back.

use candle_core::{CpuStorage, DType, Device, Layout as Strides, Result, Shape as Dims, Storage, Tensor};

use super::{Machine, OperatorError};
use crate::compute::engine::kernels::norm::Maps;
use crate::compute::engine::kernels::{Aligned, Layout, layout};
use crate::compute::engine::tape::each_image;
use crate::network::graph::Shape;

/// Strides, paddings and windows beyond this are mistakes, and their sums could overflow.
pub(super) const LARGEST: usize = 1 << 16;

/// A batch of maps, and how it lies in the engine's memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub shape: Shape,
    pub batch: usize,
    pub layout: Layout,
}

impl Frame {
    /// As the convolutions and normalisations want maps of this shape.
    pub fn natural(shape: Shape, batch: usize) -> Self {
        Self { shape, batch, layout: Layout::of(shape) }
    }

    /// As pools and gates want them, and as convolutions write them.
    pub fn blocked(shape: Shape, batch: usize) -> Self {
        Self { shape, batch, layout: Layout::Blocked }
    }

    pub fn maps(self) -> Maps {
        Maps { shape: self.shape, batch: self.batch }
    }

    /// Room for the batch.
    pub fn zeros(self) -> Aligned {
        Aligned::zeros(self.batch * self.layout.length(self.shape))
    }

    /// Row-major numbers into the layout.
    pub fn store(self, machine: &Machine, values: &[f32]) -> Aligned {
        let (shape, elements, mut stored) = (self.shape, self.shape.elements(), self.zeros());
        each_image(&machine.crew, &mut stored, self.layout.length(shape), &|image, to| {
            layout::store(self.layout, shape, &values[image * elements..][..elements], to);
        });
        stored
    }

    /// Row-major numbers out of the layout.
    pub fn load(self, machine: &Machine, stored: &[f32]) -> Vec<f32> {
        let (shape, length) = (self.shape, self.layout.length(self.shape));
        let mut values = vec![0.0; self.batch * shape.elements()];
        each_image(&machine.crew, &mut values, shape.elements(), &|image, to| {
            to.copy_from_slice(&layout::load(self.layout, shape, &stored[image * length..][..length]));
        });
        values
    }

    /// A tensor into the layout.
    pub fn read(self, machine: &Machine, op: &'static str, tensor: &Tensor) -> Result<Aligned> {
        let tensor = tensor.contiguous()?;
        let (storage, strides) = tensor.storage_and_layout();
        match &*storage {
            Storage::Cpu(storage) => Ok(self.store(machine, numbers(op, storage, strides)?)),
            _ => Err(unlike(op, &tensor).into()),
        }
    }

    /// A tensor `[N, C, H, W]` out of the layout.
    pub fn tensor(self, machine: &Machine, stored: &[f32]) -> Result<Tensor> {
        Tensor::from_vec(self.load(machine, stored), self.dims(), &Device::Cpu)
    }

    /// The result of an operator.
    pub fn output(self, machine: &Machine, stored: &[f32]) -> (CpuStorage, Dims) {
        (CpuStorage::F32(self.load(machine, stored)), self.dims())
    }

    /// `[N, C, H, W]`.
    fn dims(self) -> Dims {
        Dims::from((self.batch, self.shape.channels(), self.shape.height(), self.shape.width()))
    }
}

/// Shape and number of the maps of a tensor `[N, C, H, W]`.
pub(super) fn maps_of(op: &'static str, tensor: &Tensor) -> Result<(Shape, usize)> {
    check_numbers(op, tensor)?;
    match *tensor.dims() {
        [batch, channels, height, width] if tensor.elem_count() > 0 => Ok((Shape::map(channels, height, width), batch)),
        _ => Err(unfit(op, "maps [N, C, H, W] with at least one number", tensor).into()),
    }
}

/// Refuses numbers the kernels do not compute with.
pub(super) fn check_numbers(op: &'static str, tensor: &Tensor) -> std::result::Result<(), OperatorError> {
    match tensor.dtype() == DType::F32 && tensor.device().is_cpu() {
        true => Ok(()),
        false => Err(unlike(op, tensor)),
    }
}

/// Refuses anything but one number a channel.
pub(super) fn check_vector(
    op: &'static str,
    tensor: &Tensor,
    channels: usize,
) -> std::result::Result<(), OperatorError> {
    check_numbers(op, tensor)?;
    match tensor.dims() == [channels] {
        true => Ok(()),
        false => Err(unfit(op, "weight and bias [C], one number a channel", tensor)),
    }
}

pub(super) fn unfit(op: &'static str, wanted: &'static str, tensor: &Tensor) -> OperatorError {
    OperatorError::Shape { op, wanted, found: tensor.dims().to_vec() }
}

fn unlike(op: &'static str, tensor: &Tensor) -> OperatorError {
    OperatorError::Numbers { op, found: format!("{} on {:?}", tensor.dtype().as_str(), tensor.device().location()) }
}

/// The numbers of a contiguous tensor.
pub(super) fn numbers<'a>(op: &'static str, storage: &'a CpuStorage, strides: &Strides) -> Result<&'a [f32]> {
    match (storage, strides.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => Err(OperatorError::Numbers { op, found: "other numbers, or numbers not in a row".to_owned() }.into()),
    }
}

/// The numbers of a small tensor, row-major.
pub(super) fn flat(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.flatten_all()?.to_vec1()
}
