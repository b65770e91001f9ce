//! The maximum or the mean over a window.

use super::conv2d::{one_sided, same};
use super::{Facts, OpSpec, Shape, ShapeError, Window, Words, Work};

/// A pooling window; pairs are `[vertical, horizontal]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool2d {
    /// Window size.
    pub kernel: [usize; 2],
    /// Stride.
    pub stride: [usize; 2],
    /// Padding on each side: never the maximum, zero for averages.
    pub padding: [usize; 2],
    /// More of it below and on the right.
    pub trailing: [usize; 2],
    /// Round output sizes up instead of down.
    pub ceil_mode: bool,
    /// Do averages count the padding as zeros (PyTorch's `count_include_pad`, its default)?
    pub counts_padding: bool,
}

impl Pool2d {
    /// A square window without padding, sizes rounded down.
    #[must_use]
    pub const fn new(kernel: usize, stride: usize) -> Self {
        Self {
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [0; 2],
            trailing: [0; 2],
            ceil_mode: false,
            counts_padding: true,
        }
    }

    /// The same, padded on each side.
    #[must_use]
    pub const fn padded(self, padding: usize) -> Self {
        Self { padding: [padding; 2], ..self }
    }

    /// The length of an axis of so many positions together with its padding.
    #[must_use]
    pub const fn extent(&self, axis: usize, size: usize) -> usize {
        size + 2 * self.padding[axis] + self.trailing[axis]
    }

    /// The same padded as TensorFlow's `SAME` for an input of this size, if it is padded at all.
    #[must_use]
    pub fn same(self, size: [usize; 2]) -> Self {
        if self.padding == [0; 2] {
            return self;
        }
        let zeros = [0, 1].map(|axis| same(size[axis], self.kernel[axis], self.stride[axis], 1));
        Self { padding: zeros.map(|zeros| zeros / 2), trailing: zeros.map(|zeros| zeros % 2), ceil_mode: false, ..self }
    }

    /// The same, sizes rounded up.
    #[must_use]
    pub const fn ceil(self) -> Self {
        Self { ceil_mode: true, ..self }
    }

    /// The same, averages over what lies inside the input only.
    #[must_use]
    pub const fn without_padding_counted(self) -> Self {
        Self { counts_padding: false, ..self }
    }
}

impl Pool2d {
    /// What it says of itself; the stride, where every position is computed, only if `says_stride`.
    fn says(&self, what: &str, says_stride: bool) -> String {
        let [height, width] = self.kernel;
        let says_stride = says_stride || self.stride != [1, 1];
        let stride = if says_stride { format!(", /{}", self.stride[0]) } else { String::new() };
        format!("{what} {height}×{width}{stride}{}", one_sided(self.padding, self.trailing))
    }

    /// Each window is read.
    fn on(&self, input: Shape) -> Result<Facts, ShapeError> {
        let size = |axis: usize, side: usize| {
            // PyTorch: rounding up can make room for a window larger than its input.
            let rounding = if self.ceil_mode { self.stride[axis] - 1 } else { 0 };
            let room = (self.extent(axis, side) + rounding).checked_sub(self.kernel[axis])?;
            let size = room / self.stride[axis] + 1;
            // PyTorch: the last window must start inside the input or its left padding.
            let is_outside = self.ceil_mode && (size - 1) * self.stride[axis] >= side + self.padding[axis];
            Some(size - usize::from(is_outside))
        };
        let (Some(height), Some(width)) = (size(0, input.height()), size(1, input.width())) else {
            return Err(ShapeError::Shrunk { window: self.kernel[0], window_width: self.kernel[1], input });
        };
        let output = Shape::map(input.channels(), height, width);
        let work = Work::each(self.kernel[0] * self.kernel[1], output);
        Ok(Facts::new(output, work, Window { size: self.kernel, stride: self.stride }))
    }
}

pub(super) struct MaxPool(pub(super) Pool2d);

impl OpSpec for MaxPool {
    fn words(&self) -> Words {
        Words::new("MaxPool2d", self.0.says("max", true)).title(self.0.says("max", false))
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        self.0.on(inputs[0])
    }
}

pub(super) struct AvgPool(pub(super) Pool2d);

impl OpSpec for AvgPool {
    fn words(&self) -> Words {
        Words::new("AvgPool2d", self.0.says("avg", true)).title(self.0.says("mean", false))
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        self.0.on(inputs[0])
    }
}
