//! How activations lie in memory.
//!
//! **Blocked** is what the fast kernels read and write: channels in blocks of sixteen, `[C/16, H, W, 16]`, so that
//! one position of a block is one vector; channels that do not fill a block are padded with lanes that hold
//! finite numbers nobody looks at. **Planar** is PyTorch's `[C, H, W]`, for the image and for maps of few channels.
//! Of vectors the two are the same, but for the padding.

use super::simd::LANES;
use crate::network::graph::Shape;

/// How an activation lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[C/16, H, W, 16]`.
    Blocked,
    /// `[C, H, W]`.
    Planar,
}

/// Maps of fewer channels are planar: a block would be mostly padding.
const FEW: usize = 8;

impl Layout {
    /// The layout of activations of a shape.
    #[must_use]
    pub fn of(shape: Shape) -> Self {
        let is_map = shape.height() * shape.width() > 1;
        if is_map && shape.channels() < FEW { Self::Planar } else { Self::Blocked }
    }

    /// Numbers an image of this shape takes, padding included, in whole cache lines.
    #[must_use]
    pub fn length(self, shape: Shape) -> usize {
        match self {
            Self::Blocked => blocks(shape) * plane(shape) * LANES,
            Self::Planar => shape.elements().next_multiple_of(LANES),
        }
    }
}

/// Blocks of channels.
#[must_use]
pub fn blocks(shape: Shape) -> usize {
    shape.channels().div_ceil(LANES)
}

/// Positions of a plane.
#[must_use]
pub fn plane(shape: Shape) -> usize {
    shape.height() * shape.width()
}

/// One image, `[C, H, W]`, into a layout.
pub fn store(layout: Layout, shape: Shape, from: &[f32], to: &mut [f32]) {
    let plane = plane(shape);
    match layout {
        Layout::Planar => to[..from.len()].copy_from_slice(from),
        Layout::Blocked => {
            let blocks = to.chunks_exact_mut(plane * LANES).zip(from.chunks(plane * LANES));
            for (to, from) in blocks {
                to.fill(0.0);
                for (lane, from) in from.chunks_exact(plane).enumerate() {
                    to[lane..].iter_mut().step_by(LANES).zip(from).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
}

/// One image out of a layout, as `[C, H, W]`.
#[must_use]
pub fn load(layout: Layout, shape: Shape, from: &[f32]) -> Vec<f32> {
    let plane = plane(shape);
    match layout {
        Layout::Planar => from[..shape.elements()].to_vec(),
        Layout::Blocked => {
            let mut values = vec![0.0; shape.elements()];
            for (to, from) in values.chunks_mut(plane * LANES).zip(from.chunks_exact(plane * LANES)) {
                for (lane, to) in to.chunks_exact_mut(plane).enumerate() {
                    to.iter_mut().zip(from[lane..].iter().step_by(LANES)).for_each(|(to, from)| *to = *from);
                }
            }
            values
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for shape in [Shape::map(3, 4, 5), Shape::map(16, 2, 2), Shape::map(35, 3, 1), Shape::vector(40)] {
            for layout in [Layout::Blocked, Layout::Planar] {
                let values: Vec<f32> = (0..shape.elements()).map(|index| index as f32).collect();
                let mut stored = vec![f32::NAN; layout.length(shape)];
                store(layout, shape, &values, &mut stored);
                assert_eq!(load(layout, shape, &stored), values);
            }
        }
    }
}
