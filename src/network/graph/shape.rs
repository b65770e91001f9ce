//! Shapes of activations for one image, and the rules that make them.

use std::fmt;

use super::op::{Conv2d, Op, Pool2d, Product};

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

    /// How many numbers a tensor of this shape holds.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.dims().iter().product()
    }

    /// The shape two maps have together when what has one channel, row or column is repeated along the other's; a
    /// vector is one number a channel.
    fn broadcast(&self, other: &Self) -> Option<Self> {
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

impl Op {
    /// The output shape for these input shapes.
    ///
    /// # Errors
    /// When the inputs do not fit the operator or the output would be empty.
    pub fn output_shape(&self, inputs: &[Shape]) -> Result<Shape, ShapeError> {
        let first = inputs[0];
        match self {
            Self::Input => Ok(first),
            Self::Conv2d(conv) => conv.output_shape(first),
            Self::Linear { out_features, .. } if first.rank != 2 => {
                Ok(Shape { dims: [*out_features, first.dims[1], first.dims[2], 1], ..first })
            }
            Self::Linear { .. } => Err(self.unfit(first, "it needs a vector or a map")),
            Self::ChannelConv1d { inputs, outputs, .. } => match along_channels(first, *inputs, *outputs) {
                Some(shape) => Ok(shape),
                None => Err(self.unfit(first, "it needs one value a channel, pool first")),
            },
            Self::GroupNorm { groups, .. } if *groups > 0 && first.channels().is_multiple_of(*groups) => Ok(first),
            Self::GroupNorm { .. } => Err(self.unfit(first, "its channels do not divide into the groups")),
            Self::SoftmaxPaths { paths } if first.elements() == first.channels() => {
                if *paths > 0 && first.channels().is_multiple_of(*paths) {
                    Ok(first)
                } else {
                    Err(self.unfit(first, "its channels do not divide into the paths"))
                }
            }
            Self::SoftmaxPaths { .. } => Err(self.unfit(first, "it needs one value a channel, pool first")),
            Self::MatMul { product } => self.product_shape(*product, first, inputs[1]),
            Self::MeanOverWidth => Ok(Shape::map(first.channels(), first.height(), 1)),
            Self::MeanOverHeight => Ok(Shape::map(first.channels(), 1, first.width())),
            Self::MaxPool(pool) | Self::AvgPool(pool) => pool.output_shape(first),
            Self::BlurPool { stride } if first.is_map() && first.height().min(first.width()) > 1 => {
                let size = |side: usize| (side - 1) / stride.max(&1) + 1;
                Ok(Shape::map(first.channels(), size(first.height()), size(first.width())))
            }
            Self::BlurPool { .. } => Err(self.unfit(first, "its border is mirrored, which takes two rows and columns")),
            Self::Renormalise { .. } if first.channels() == 3 => Ok(first),
            Self::Renormalise { .. } => Err(self.unfit(first, "its numbers are for the three channels of a picture")),
            Self::AdaptiveAvgPool { size } if first.is_map() => Ok(Shape::map(first.channels(), *size, *size)),
            Self::AdaptiveAvgPool { .. } => Err(self.unfit(first, "it needs a feature map")),
            Self::ChannelSlice { start, length } if *length > 0 && start + length <= first.channels() => {
                Ok(Shape::map(*length, first.height(), first.width()))
            }
            Self::ChannelSlice { .. } => Err(self.unfit(first, "it has fewer channels")),
            Self::ChannelShuffle { groups } if *groups > 0 && first.channels().is_multiple_of(*groups) => Ok(first),
            Self::ChannelShuffle { .. } => Err(self.unfit(first, "its channels do not divide into the groups")),
            Self::GlobalAvgPool | Self::GlobalMaxPool => Ok(Shape::map(first.channels(), 1, 1)),
            Self::ChannelMean | Self::ChannelMax => Ok(Shape::map(1, first.height(), first.width())),
            Self::Flatten => Ok(Shape::vector(first.elements())),
            Self::Subsample { stride } => {
                Ok(Shape::map(first.channels(), first.height().div_ceil(*stride), first.width().div_ceil(*stride)))
            }
            Self::PadChannels { before, after } => {
                Ok(Shape::map(first.channels() + before + after, first.height(), first.width()))
            }
            Self::Concat => inputs[1..].iter().try_fold(first, |sum, next| {
                if sum.rank == next.rank && sum.dims[1..] == next.dims[1..] {
                    Ok(Shape { dims: [sum.dims[0] + next.dims[0], sum.dims[1], sum.dims[2], sum.dims[3]], ..sum })
                } else {
                    Err(ShapeError::Disagree { op: self.name(), a: sum, b: *next })
                }
            }),
            Self::Add | Self::Scale => inputs[1..].iter().try_fold(first, |sum, next| {
                sum.broadcast(next).ok_or(ShapeError::Disagree { op: self.name(), a: sum, b: *next })
            }),
            Self::BatchNorm { .. }
            | Self::Relu
            | Self::Relu6
            | Self::Sigmoid
            | Self::Tanh
            | Self::SoftmaxPositions
            | Self::HardSigmoid
            | Self::Silu
            | Self::HardSwish
            | Self::Times { .. } => Ok(first),
        }
    }

    fn product_shape(&self, product: Product, a: Shape, b: Shape) -> Result<Shape, ShapeError> {
        let positions = |shape: Shape| shape.height() * shape.width();
        match product {
            Product::Similarity if a.channels() == b.channels() => Ok(Shape::map(positions(a), b.height(), b.width())),
            Product::Weighted if positions(a) == positions(b) => match b.channels() == positions(a) {
                true => Ok(a),
                false => Ok(Shape::map(a.channels(), b.channels(), 1)),
            },
            _ => Err(ShapeError::Disagree { op: self.name(), a, b }),
        }
    }

    fn unfit(&self, input: Shape, reason: &'static str) -> ShapeError {
        ShapeError::Unfit { op: self.name(), input, reason }
    }
}

/// From so many numbers a channel to others.
fn along_channels(from: Shape, inputs: usize, outputs: usize) -> Option<Shape> {
    let channels = match inputs {
        1 if from.elements() == from.channels() => from.channels(),
        1 => return None,
        _ if from.channels() == inputs && from.width() == 1 => from.height(),
        _ => return None,
    };
    Some(match outputs {
        _ if outputs == inputs => from,
        1 => Shape::map(channels, 1, 1),
        _ => Shape::map(outputs, channels, 1),
    })
}

impl Conv2d {
    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        let unfit = |reason| Err(ShapeError::Unfit { op: "Conv2d", input, reason });
        if !input.is_map() {
            return unfit("it needs a feature map");
        }
        if self.groups == 0 || !input.channels().is_multiple_of(self.groups) {
            return unfit("its channels do not divide into the groups");
        }
        let size = |axis: usize, input_size: usize| {
            let window = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            let room = (input_size + 2 * self.padding[axis] + self.trailing[axis]).checked_sub(window)?;
            Some(room / self.stride[axis] + 1)
        };
        match (size(0, input.height()), size(1, input.width())) {
            (Some(height), Some(width)) => Ok(Shape::map(self.out_channels, height, width)),
            _ => Err(ShapeError::Shrunk { window: self.kernel[0], window_width: self.kernel[1], input }),
        }
    }
}

impl Pool2d {
    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        let size = |axis: usize, input_size: usize| {
            // PyTorch: rounding up can make room for a window larger than its input.
            let rounding = if self.ceil_mode { self.stride[axis] - 1 } else { 0 };
            let room = (self.extent(axis, input_size) + rounding).checked_sub(self.kernel[axis])?;
            let mut size = room / self.stride[axis] + 1;
            // PyTorch: the last window must start inside the input or its left padding.
            if self.ceil_mode && (size - 1) * self.stride[axis] >= input_size + self.padding[axis] {
                size -= 1;
            }
            Some(size)
        };
        match (size(0, input.height()), size(1, input.width())) {
            (Some(height), Some(width)) => Ok(Shape::map(input.channels(), height, width)),
            _ => Err(ShapeError::Shrunk { window: self.kernel[0], window_width: self.kernel[1], input }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(kernel: usize, stride: usize, padding: usize, ceil_mode: bool) -> Op {
        Op::MaxPool(Pool2d { ceil_mode, ..Pool2d::new(kernel, stride).padded(padding) })
    }

    #[test]
    fn pooling_sizes_are_pytorchs() {
        for (op, size, want) in [
            (pool(3, 2, 1, false), 112, 56),
            (pool(3, 2, 0, true), 112, 56),
            (pool(3, 2, 0, false), 112, 55),
            (pool(2, 2, 1, true), 3, 2),
            (pool(3, 2, 1, false), 1, 1),
            (pool(2, 2, 0, true), 7, 4),
            (pool(2, 2, 0, true), 1, 1),
        ] {
            assert_eq!(op.output_shape(&[Shape::map(8, size, size)]), Ok(Shape::map(8, want, want)), "{op:?} {size}");
        }
    }

    #[test]
    fn a_window_larger_than_its_input_is_refused() {
        let conv = Op::Conv2d(Conv2d::new(8, 7).without_padding());
        let error = conv.output_shape(&[Shape::map(3, 4, 4)]).expect_err("does not fit");
        assert_eq!(error.to_string(), "a 7x7 window does not fit its 3×4×4 input, use a larger input");
    }

    #[test]
    fn gates_broadcast_over_maps_only_where_they_fit() {
        let map = Shape::map(8, 5, 6);
        for (gate, fine) in [
            (Shape::vector(8), true),
            (Shape::map(8, 1, 1), true),
            (Shape::map(1, 5, 6), true),
            (Shape::map(8, 5, 1), true),
            (Shape::map(8, 1, 6), true),
            (map, true),
            (Shape::vector(5), false),
            (Shape::map(1, 6, 5), false),
            (Shape::plane(5, 6), false),
        ] {
            let want = fine.then_some(map);
            assert_eq!(Op::Scale.output_shape(&[map, gate]).ok(), want, "{gate}");
            assert_eq!(Op::Add.output_shape(&[map, gate]).ok(), want, "{gate}");
        }
        let both = Op::Scale.output_shape(&[Shape::vector(8), Shape::map(1, 5, 6)]);
        assert_eq!(both, Ok(map), "what neither has alone");
    }

    #[test]
    fn products_know_positions_from_channels() {
        let product = |product, a, b| Op::MatMul { product }.output_shape(&[a, b]).ok();
        let (queries, keys) = (Shape::map(4, 2, 3), Shape::map(4, 5, 1));
        assert_eq!(product(Product::Similarity, queries, keys), Some(Shape::map(6, 5, 1)));
        assert_eq!(product(Product::Similarity, queries, Shape::map(3, 2, 3)), None);
        let (values, weights) = (Shape::map(7, 2, 3), Shape::map(6, 2, 3));
        assert_eq!(product(Product::Weighted, values, weights), Some(values));
        assert_eq!(product(Product::Weighted, values, Shape::map(1, 2, 3)), Some(Shape::map(7, 1, 1)));
        assert_eq!(product(Product::Weighted, values, keys), None);
    }
}
