//! Shapes of activations for one image, and why an operator refuses some.

use std::fmt;

/// A shape of up to four dimensions, batch left out: `[C, H, W]` for feature maps, `[H, W]` for a single plane,
/// `[C]` for vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    dims: [usize; 4],
    rank: usize,
}

/// Why an operator cannot take its inputs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The operator takes fewer or more inputs.
    #[error("{op} cannot take {found} inputs")]
    Inputs {
        /// The operator.
        op: &'static str,
        /// How many there were.
        found: usize,
    },
    /// The window is larger than the padded input.
    #[error("a {window}x{window_width} window does not fit its {input} input, use a larger input")]
    Shrunk {
        /// Window height.
        window: usize,
        /// Window width.
        window_width: usize,
        /// The input's shape.
        input: Shape,
    },
    /// Two inputs do not agree.
    #[error("{op} cannot combine {a} with {b}")]
    Disagree {
        /// The operator.
        op: &'static str,
        /// The first input.
        a: Shape,
        /// The other input.
        b: Shape,
    },
    /// The operator needs another rank or divisibility.
    #[error("{op} cannot take {input}: {reason}")]
    Unfit {
        /// The operator.
        op: &'static str,
        /// The input's shape.
        input: Shape,
        /// What it needs.
        reason: &'static str,
    },
}

impl Shape {
    /// A feature map `[C, H, W]`.
    #[must_use]
    pub fn map(channels: usize, height: usize, width: usize) -> Self {
        Self { dims: [channels, height, width, 1], rank: 3 }
    }

    /// A vector `[C]`.
    #[must_use]
    pub fn vector(length: usize) -> Self {
        Self { dims: [length, 1, 1, 1], rank: 1 }
    }

    /// One plane `[H, W]`: a spatial gate's values.
    #[must_use]
    pub fn plane(height: usize, width: usize) -> Self {
        Self { dims: [height, width, 1, 1], rank: 2 }
    }

    /// The dimensions, outermost first.
    #[must_use]
    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.rank]
    }

    /// Channels of a map, length of a vector, 1 of a plane.
    #[must_use]
    pub fn channels(&self) -> usize {
        if self.rank == 2 { 1 } else { self.dims[0] }
    }

    /// Height of a map or plane, 1 of a vector.
    #[must_use]
    pub fn height(&self) -> usize {
        if self.rank == 2 { self.dims[0] } else { self.dims[1] }
    }

    /// Width of a map or plane, 1 of a vector.
    #[must_use]
    pub fn width(&self) -> usize {
        if self.rank == 2 { self.dims[1] } else { self.dims[2] }
    }

    /// Is it `[C, H, W]`?
    #[must_use]
    pub fn is_map(&self) -> bool {
        self.rank == 3
    }

    /// Positions of a map or plane, `H·W`; 1 of a vector.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.height() * self.width()
    }

    /// How many numbers a tensor of this shape holds.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.dims().iter().product()
    }

    /// Do its channels divide into so many groups?
    pub(super) fn divides_into(&self, groups: usize) -> bool {
        groups > 0 && self.channels().is_multiple_of(groups)
    }

    /// The shape of two maps joined along the channels.
    pub(super) fn joined(&self, other: &Self) -> Option<Self> {
        let fits = self.rank == other.rank && self.dims[1..] == other.dims[1..];
        fits.then(|| self.with_channels(self.dims[0] + other.dims[0]))
    }

    /// The same with other channels, or another length.
    pub(super) fn with_channels(&self, channels: usize) -> Self {
        let [_, height, width, _] = self.dims;
        Self { dims: [channels, height, width, 1], ..*self }
    }

    /// The shape two maps have together when what has one channel, row or column is repeated along the other's; a
    /// vector is one number a channel.
    pub(super) fn broadcast(&self, other: &Self) -> Option<Self> {
        if self == other {
            return Some(*self);
        }
        if self.rank == 2 || other.rank == 2 || !(self.is_map() || other.is_map()) {
            return None;
        }
        let mut together = Self::map(1, 1, 1);
        for (axis, size) in together.dims.iter_mut().enumerate() {
            *size = match (self.dims[axis], other.dims[axis]) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => return None,
            };
        }
        Some(together)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.dims().iter().map(ToString::to_string).collect();
        f.write_str(&words.join("×"))
    }
}
