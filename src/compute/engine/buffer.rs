//! candle tensors as flat f32 buffers: read and edited in place, without a copy.

use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Result, Storage, Tensor, bail};

/// A flat tensor of these numbers; nothing is copied.
pub(super) fn from_vec(values: Vec<f32>) -> Result<Tensor> {
    let length = values.len();
    Tensor::from_vec(values, length, &Device::Cpu)
}

/// A copy of the numbers.
pub(super) fn to_vec(tensor: &Tensor) -> Result<Vec<f32>> {
    read(tensor, <[f32]>::to_vec)
}

/// Looks at the numbers of a contiguous tensor.
pub(super) fn read<R>(tensor: &Tensor, look: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(CpuStorage::F32(values)) = &*storage else { bail!("not f32 on the CPU") };
    Ok(look(&values[range(layout)?]))
}

/// A new tensor made from the numbers of a contiguous one.
pub(super) fn map(tensor: &Tensor, make: impl FnOnce(&[f32]) -> Vec<f32>) -> Result<Tensor> {
    from_vec(read(tensor, make)?)
}

/// Changes the numbers of a contiguous tensor. Whoever shares its storage sees the change: only for own tensors.
pub(super) fn edit(tensor: &Tensor, change: impl Fn(&mut [f32])) -> Result<()> {
    tensor.inplace_op1(&Edit(change))
}

fn range(layout: &Layout) -> Result<std::ops::Range<usize>> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(start..end),
        None => bail!("not contiguous"),
    }
}

struct Edit<F>(F);

impl<F: Fn(&mut [f32])> InplaceOp1 for Edit<F> {
    fn name(&self) -> &'static str {
        "edit"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let CpuStorage::F32(values) = storage else { bail!("not f32") };
        (self.0)(&mut values[range(layout)?]);
        Ok(())
    }
}
