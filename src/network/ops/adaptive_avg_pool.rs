//! Mean over windows that cut a map into a square, `[C, H, W] → [C, size, size]`.

use std::ops::Range;

use super::{Facts, OpSpec, Shape, ShapeError, Window, Words, Work};

/// Where each window of an [`Op::AdaptiveAvgPool`](super::Op::AdaptiveAvgPool) starts and ends along an axis of
/// `length`.
pub fn adaptive_windows(length: usize, size: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    (0..size).map(move |index| index * length / size..((index + 1) * length).div_ceil(size))
}

pub(super) struct AdaptiveAvgPool {
    pub(super) size: usize,
}

impl OpSpec for AdaptiveAvgPool {
    fn words(&self) -> Words {
        Words::new("AdaptiveAvgPool2d", format!("avg to {0}×{0}", self.size))
    }

    /// A number that windows share is read by each; the field is that of the largest windows.
    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let (input, size) = (inputs[0], self.size);
        self.needs(input.is_map(), input, "it needs a feature map")?;
        let lengths = |side: usize| adaptive_windows(side, size).map(|window| window.len());
        let read = |side| lengths(side).sum::<usize>();
        let work = Work::each(1, Shape::map(input.channels(), read(input.height()), read(input.width())));
        let sides = [input.height(), input.width()];
        let widest = sides.map(|side| lengths(side).max().unwrap_or(1));
        let window = Window { size: widest, stride: sides.map(|side| (side / size).max(1)) };
        Ok(Facts::new(Shape::map(input.channels(), size, size), work, window))
    }
}
