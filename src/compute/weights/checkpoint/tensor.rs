//! Where a tensor's elements lie: a storage, an offset, sizes and strides, all checked before anything is read.

use super::dtype::{Dtype, swapped};
use super::fault::{Fault, shown};

/// More dimensions than any tensor of a network has.
pub(super) const MAX_RANK: usize = 32;

/// One tensor of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name, common prefixes stripped: `layer1.0.conv1.weight`.
    pub name: String,
    /// Its name in the file: `module.layer1.0.conv1.weight`.
    pub key: String,
    /// What its elements are.
    pub dtype: Dtype,
    /// Its sizes; empty for a scalar.
    pub shape: Vec<usize>,
    /// How many elements that makes.
    pub elements: usize,
    pub(super) view: View,
}

/// A window on a storage, in elements.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    /// Which storage of the checkpoint.
    pub(super) storage: usize,
    offset: usize,
    /// `None`: row-major without gaps.
    strides: Option<Vec<usize>>,
}

/// A tensor as a file describes it: nothing in it is trusted.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) key: String,
    pub(super) dtype: Dtype,
    pub(super) offset: i64,
    pub(super) size: Vec<i64>,
    pub(super) strides: Vec<i64>,
}

impl Entry {
    /// Is this BatchNorm's counter of training steps? Nothing computes with it.
    #[must_use]
    pub fn is_counter(&self) -> bool {
        self.name == "num_batches_tracked" || self.name.ends_with(".num_batches_tracked")
    }

    /// A row-major tensor without gaps, `offset` elements into its storage; sizes and bounds already checked.
    pub(super) fn packed(key: String, dtype: Dtype, shape: Vec<usize>, elements: usize, storage: usize) -> Self {
        let view = View { storage, offset: 0, strides: None };
        Self { name: key.clone(), key, dtype, shape, elements, view }
    }

    /// Checks a claim against the storage it names: every element must lie inside.
    pub(super) fn checked(claim: Claim, storage: usize, storage_elements: u64) -> Result<Self, Fault> {
        let Claim { key, dtype, offset, size, strides } = claim;
        let bad = |what: &str| Fault::damaged(format!("{} has {what}", shown(&key)));
        if size.len() != strides.len() || size.len() > MAX_RANK {
            return Err(bad("sizes and strides that do not agree"));
        }
        let unsigned = |numbers: &[i64]| numbers.iter().map(|&n| usize::try_from(n)).collect::<Result<Vec<_>, _>>();
        let (Ok(offset), Ok(shape), Ok(strides)) = (usize::try_from(offset), unsigned(&size), unsigned(&strides))
        else {
            return Err(bad("a negative size, stride or offset"));
        };
        let elements = elements(&shape).ok_or_else(|| bad("more elements than can be counted"))?;
        if elements > 0 {
            let reach = shape
                .iter()
                .zip(&strides)
                .try_fold(offset, |reach, (&size, &stride)| reach.checked_add((size - 1).checked_mul(stride)?));
            if reach.is_none_or(|last| last as u64 >= storage_elements) {
                return Err(bad("elements past the end of its storage"));
            }
        }
        let strides = (!is_packed(&shape, &strides)).then_some(strides);
        let view = View { storage, offset: if elements == 0 { 0 } else { offset }, strides };
        Ok(Self { name: key.clone(), key, dtype, shape, elements, view })
    }

    /// Its elements as f32, row-major. `None` for types that are not read, or a storage shorter than was checked.
    pub(super) fn values(&self, storage: &[u8], big_endian: bool) -> Option<Vec<f32>> {
        let width = self.dtype.bytes();
        let View { offset, strides, .. } = &self.view;
        let Some(strides) = strides else {
            let start = offset.checked_mul(width)?;
            let run = storage.get(start..start.checked_add(self.elements.checked_mul(width)?)?)?;
            return self.dtype.run(run, big_endian);
        };
        let element = self.dtype.element()?;
        let mut values = Vec::with_capacity(self.elements);
        let mut position = vec![0; self.shape.len()];
        let mut at = *offset;
        for _ in 0..self.elements {
            let bytes = storage.get(at * width..(at + 1) * width)?;
            values.push(if big_endian { swapped(bytes, element) } else { element(bytes) });
            at = step(&mut position, &self.shape, strides, at);
        }
        Some(values)
    }
}

/// The next element's place, last dimension first, as an odometer turns.
fn step(position: &mut [usize], shape: &[usize], strides: &[usize], mut at: usize) -> usize {
    for dimension in (0..shape.len()).rev() {
        position[dimension] += 1;
        at += strides[dimension];
        if position[dimension] < shape[dimension] {
            return at;
        }
        at -= strides[dimension] * shape[dimension];
        position[dimension] = 0;
    }
    at
}

/// The product of the sizes. `None` where it, leaving zeros out, is no number a program can hold: then no
/// product of some of the sizes overflows either.
pub(super) fn elements(shape: &[usize]) -> Option<usize> {
    let product =
        shape.iter().filter(|&&size| size > 0).try_fold(1_usize, |product, &size| product.checked_mul(size))?;
    let holds = isize::try_from(product).is_ok();
    holds.then_some(if shape.contains(&0) { 0 } else { product })
}

/// Is every element next to the one before? The stride of a dimension of size 1 means nothing.
fn is_packed(shape: &[usize], strides: &[usize]) -> bool {
    let mut want = 1;
    shape.iter().zip(strides).rev().all(|(&size, &stride)| {
        let fits = size <= 1 || stride == want;
        want = size.saturating_mul(want);
        fits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(offset: i64, size: &[i64], strides: &[i64]) -> Claim {
        Claim { key: "w".into(), dtype: Dtype::U8, offset, size: size.into(), strides: strides.into() }
    }

    fn values(offset: i64, size: &[i64], strides: &[i64]) -> Vec<f32> {
        let storage: Vec<u8> = (0..12).collect();
        let entry = Entry::checked(claim(offset, size, strides), 0, 12).expect("fits");
        entry.values(&storage, false).expect("in bounds")
    }

    #[test]
    fn strides_are_followed() {
        assert_eq!(values(2, &[2, 2], &[2, 1]), [2.0, 3.0, 4.0, 5.0]);
        assert_eq!(values(0, &[3, 2], &[1, 3]), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(values(7, &[2, 3], &[0, 0]), [7.0; 6]);
        assert_eq!(values(11, &[], &[]), [11.0]);
        assert_eq!(values(0, &[2, 1, 2], &[6, 999, 3]), [0.0, 3.0, 6.0, 9.0]);
        assert!(values(999, &[0, 3], &[1, 1]).is_empty());
    }

    #[test]
    fn what_leaves_the_storage_is_refused() {
        let most = i64::MAX;
        for (offset, size, strides) in [
            (12, vec![1], vec![1]),
            (0, vec![13], vec![1]),
            (0, vec![2, 2], vec![11, 1]),
            (-1, vec![1], vec![1]),
            (0, vec![2], vec![-1]),
            (0, vec![most, most], vec![0, 0]),
            (0, vec![most, 0, 3], vec![1, 1, 1]),
            (most, vec![2], vec![most]),
            (0, vec![2], vec![1, 1]),
            (0, vec![1; 40], vec![1; 40]),
        ] {
            assert!(Entry::checked(claim(offset, &size, &strides), 0, 12).is_err(), "{offset} {size:?} {strides:?}");
        }
    }
}
