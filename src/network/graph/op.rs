//! The operators a graph is made of.

/// A 2-D convolution, `[C, H, W] → [out_channels, H', W']`; pairs are `[vertical, horizontal]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// Output channels.
    pub out_channels: usize,
    /// Kernel size.
    pub kernel: [usize; 2],
    /// Stride.
    pub stride: [usize; 2],
    /// Zero padding on each side.
    pub padding: [usize; 2],
    /// More zeros below and on the right: TensorFlow's "same" padding puts the odd one there.
    pub trailing: [usize; 2],
    /// Dilation.
    pub dilation: [usize; 2],
    /// Groups (cardinality); equal to the channels for a depthwise convolution.
    pub groups: usize,
    /// Is there a bias?
    pub bias: bool,
}

impl Conv2d {
    /// A square convolution with stride 1, "same" padding for odd kernels and no bias.
    #[must_use]
    pub fn new(out_channels: usize, kernel: usize) -> Self {
        Self {
            out_channels,
            kernel: [kernel; 2],
            stride: [1; 2],
            padding: [kernel / 2; 2],
            trailing: [0; 2],
            dilation: [1; 2],
            groups: 1,
            bias: false,
        }
    }

    /// The same with another stride, on both axes.
    #[must_use]
    pub fn stride(self, stride: usize) -> Self {
        Self { stride: [stride; 2], ..self }
    }

    /// The same with this dilation on both axes, padded to keep the size.
    #[must_use]
    pub fn dilated(self, dilation: usize) -> Self {
        let padding = self.kernel.map(|side| side / 2 * dilation);
        Self { dilation: [dilation; 2], padding, ..self }
    }

    /// The same padded as TensorFlow's `SAME` for an input of this size: as many zeros as `⌈size / stride⌉` outputs
    /// need, the odd one below and on the right. What is not padded to keep its size at stride 1 stays as it is.
    #[must_use]
    pub fn same(self, size: [usize; 2]) -> Self {
        let keeps_size = |axis: usize| 2 * self.padding[axis] == self.dilation[axis] * (self.kernel[axis] - 1);
        if !(keeps_size(0) && keeps_size(1)) {
            return self;
        }
        let zeros = [0, 1].map(|axis| same(size[axis], self.kernel[axis], self.stride[axis], self.dilation[axis]));
        Self { padding: zeros.map(|zeros| zeros / 2), trailing: zeros.map(|zeros| zeros % 2), ..self }
    }

    /// The same with a bias.
    #[must_use]
    pub fn with_bias(self) -> Self {
        Self { bias: true, ..self }
    }

    /// The same with this many groups.
    #[must_use]
    pub fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// The same without padding.
    #[must_use]
    pub fn without_padding(self) -> Self {
        Self { padding: [0; 2], ..self }
    }

    /// A kernel of different sides, `height × width`, padded to keep the size: the factorised kernels of Inception.
    #[must_use]
    pub fn oblong(out_channels: usize, height: usize, width: usize) -> Self {
        Self { kernel: [height, width], padding: [height / 2, width / 2], ..Self::new(out_channels, height) }
    }
}

/// The zeros `SAME` lays around an axis: `max((⌈n/s⌉ − 1)·s + (k − 1)·d + 1 − n, 0)`.
fn same(size: usize, kernel: usize, stride: usize, dilation: usize) -> usize {
    let outputs = size.div_ceil(stride.max(1)).max(1);
    ((outputs - 1) * stride + (kernel - 1) * dilation + 1).saturating_sub(size)
}

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

/// What a node computes. Shapes are for one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// The image, `[C, H, W]`.
    Input,
    /// Convolution.
    Conv2d(Conv2d),
    /// `y = W x + b`, `[in] → [out_features]`; of a map at each position, `[in, H, W] → [out_features, H, W]`.
    Linear {
        /// Output length.
        out_features: usize,
        /// Is there a bias?
        bias: bool,
    },
    /// One convolution along the channels of a squeezed map, the same weights at every channel; `kernel` is odd and
    /// half of it is padded on each side. One number a channel is `[C, 1, 1]`, several are rows of `[features, C, 1]`.
    ChannelConv1d {
        /// Numbers a channel has before.
        inputs: usize,
        /// Numbers a channel has afterwards.
        outputs: usize,
        /// Channels each output sees.
        kernel: usize,
        /// Pad with the channels of the other end and not with zeros.
        circular: bool,
        /// Is there a bias?
        bias: bool,
    },
    /// `y = (x − mean) / sqrt(var + eps) · weight + bias`, per channel, with running statistics.
    BatchNorm {
        /// Added to the variance.
        eps: f64,
    },
    /// `y = (x − mean) / sqrt(var + eps) · weight + bias`, weight and bias per channel, mean and variance of each
    /// group of channels over all positions of the image itself. On `[C, 1, 1]` one group is a `LayerNorm`.
    GroupNorm {
        /// Groups the channels are cut into.
        groups: usize,
        /// Added to the variance.
        eps: f64,
    },
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `1 / (1 + exp(−x))`.
    Sigmoid,
    /// `tanh(x)`.
    Tanh,
    /// `relu6(x + 3) / 6`.
    HardSigmoid,
    /// `x · sigmoid(x)`, also called swish.
    Silu,
    /// `x · hard_sigmoid(x)`.
    HardSwish,
    /// `factor · x`: how far a residual branch is turned down.
    Times {
        /// The factor.
        factor: f32,
    },
    /// Maximum over a window.
    MaxPool(Pool2d),
    /// Mean over a window, padding counted as PyTorch's default does.
    AvgPool(Pool2d),
    /// A 3×3 binomial filter, the same for every channel, its border mirrored (Zhang, ICML 2019; timm's `BlurPool2d`).
    BlurPool {
        /// Step on both axes.
        stride: usize,
    },
    /// `scale · x + shift` with fixed numbers for each of three channels: an image normalised another way.
    Renormalise {
        /// What each channel is multiplied with.
        scale: [f32; 3],
        /// What is added to each channel.
        shift: [f32; 3],
    },
    /// Mean over windows that cut the map into `size × size`, `[C, H, W] → [C, size, size]`; they overlap where it
    /// does not divide (PyTorch's `AdaptiveAvgPool2d`).
    AdaptiveAvgPool {
        /// Output height and width.
        size: usize,
    },
    /// Mean over all positions, `[C, H, W] → [C, 1, 1]`.
    GlobalAvgPool,
    /// Maximum over all positions, `[C, H, W] → [C, 1, 1]`.
    GlobalMaxPool,
    /// Mean of each row, `[C, H, W] → [C, H, 1]`: a strip along the height.
    MeanOverWidth,
    /// Mean of each column, `[C, H, W] → [C, 1, W]`: a strip along the width.
    MeanOverHeight,
    /// `exp(x) / Σ exp(x)` over the positions of each channel.
    SoftmaxPositions,
    /// The same over the paths of each channel, `[paths · C, 1, 1]`, one path's channels after the other's.
    SoftmaxPaths {
        /// How many.
        paths: usize,
    },
    /// The product of two maps taken as matrices `[C, H·W]`.
    MatMul {
        /// Which.
        product: Product,
    },
    /// Mean over the channels, `[C, H, W] → [1, H, W]`.
    ChannelMean,
    /// Maximum over the channels, `[C, H, W] → [1, H, W]`.
    ChannelMax,
    /// Joins along the channels.
    Concat,
    /// Some of the channels, `start` to `start + length`: one half of a channel split.
    ChannelSlice {
        /// The first channel.
        start: usize,
        /// How many.
        length: usize,
    },
    /// Channels dealt out like cards: channel `k` of group `g` goes to place `k · groups + g`.
    ChannelShuffle {
        /// Groups.
        groups: usize,
    },
    /// Sum; what has one channel, row or column is repeated along the others'.
    Add,
    /// The first input times the second, a gate broadcast over it, as for [`Op::Add`].
    Scale,
    /// `[C, H, W] → [C·H·W]`, a view.
    Flatten,
    /// Every `stride`-th row and column (the parameter-free shortcut of option A).
    Subsample {
        /// Step on both axes.
        stride: usize,
    },
    /// Zero channels around the input's (the parameter-free shortcut of option A).
    PadChannels {
        /// Zero channels in front.
        before: usize,
        /// Zero channels behind.
        after: usize,
    },
}

/// A product of two maps `a` and `b` as matrices, a row a channel, a column a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// `aᵀ·b`: how alike each position of the first and each of the second are,
    /// `[C, H, W], [C, H', W'] → [H·W, H', W']`.
    Similarity,
    /// `a·bᵀ`: the first summed over its positions, weighed by each row of the second, `[C, H, W], [N, H, W] →
    /// [C, H, W]` where there is a row for each position, else `[C, N, 1]`.
    Weighted,
}

/// Where each window of an [`Op::AdaptiveAvgPool`] starts and ends along an axis of `length`.
pub fn adaptive_windows(length: usize, size: usize) -> impl Iterator<Item = std::ops::Range<usize>> + Clone {
    (0..size).map(move |index| index * length / size..((index + 1) * length).div_ceil(size))
}

impl Op {
    /// Its name, as PyTorch writes it where there is one.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Input => "Input",
            Self::Conv2d(_) => "Conv2d",
            Self::Linear { .. } => "Linear",
            Self::ChannelConv1d { .. } => "Conv1d",
            Self::BatchNorm { .. } => "BatchNorm2d",
            Self::GroupNorm { .. } => "GroupNorm",
            Self::Relu => "ReLU",
            Self::Relu6 => "ReLU6",
            Self::Sigmoid => "Sigmoid",
            Self::Tanh => "Tanh",
            Self::HardSigmoid => "Hardsigmoid",
            Self::Silu => "SiLU",
            Self::HardSwish => "Hardswish",
            Self::Times { .. } => "Times",
            Self::MaxPool(_) => "MaxPool2d",
            Self::AvgPool(_) => "AvgPool2d",
            Self::BlurPool { .. } => "BlurPool2d",
            Self::Renormalise { .. } => "Renormalise",
            Self::AdaptiveAvgPool { .. } => "AdaptiveAvgPool2d",
            Self::GlobalAvgPool => "GlobalAvgPool",
            Self::GlobalMaxPool => "GlobalMaxPool",
            Self::MeanOverWidth => "MeanOverWidth",
            Self::MeanOverHeight => "MeanOverHeight",
            Self::SoftmaxPositions | Self::SoftmaxPaths { .. } => "Softmax",
            Self::MatMul { .. } => "MatMul",
            Self::ChannelMean => "ChannelMean",
            Self::ChannelMax => "ChannelMax",
            Self::Concat => "Concat",
            Self::ChannelSlice { .. } => "ChannelSlice",
            Self::ChannelShuffle { .. } => "ChannelShuffle",
            Self::Add => "Add",
            Self::Scale => "Scale",
            Self::Flatten => "Flatten",
            Self::Subsample { .. } => "Subsample",
            Self::PadChannels { .. } => "PadChannels",
        }
    }

    /// What it does, in as few characters as a box on the canvas has: `3×3, 256, /2`.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Conv2d(conv) => {
                let mut text = format!("{}×{}, {}", conv.kernel[0], conv.kernel[1], conv.out_channels);
                if conv.stride != [1, 1] {
                    text += &format!(", /{}", conv.stride[0]);
                }
                if conv.groups > 1 {
                    text += &format!(", g{}", conv.groups);
                }
                if conv.dilation != [1, 1] {
                    text += &format!(", d{}", conv.dilation[0].max(conv.dilation[1]));
                }
                text + &one_sided(conv.padding, conv.trailing)
            }
            Self::Linear { out_features, .. } => format!("fc {out_features}"),
            Self::ChannelConv1d { outputs: 1, kernel, .. } => format!("1-D {kernel}"),
            Self::ChannelConv1d { outputs, kernel, .. } => format!("1-D {kernel}, {outputs}"),
            Self::GroupNorm { groups: 1, .. } => "norm".to_owned(),
            Self::GroupNorm { groups, .. } => format!("norm, g{groups}"),
            Self::MeanOverWidth => "mean of rows".to_owned(),
            Self::MeanOverHeight => "mean of columns".to_owned(),
            Self::SoftmaxPositions => "softmax".to_owned(),
            Self::SoftmaxPaths { paths } => format!("softmax of {paths}"),
            Self::MatMul { product: Product::Similarity } => "a′·b".to_owned(),
            Self::MatMul { product: Product::Weighted } => "a·b′".to_owned(),
            Self::MaxPool(pool) => format!("max {}", window(pool)),
            Self::AvgPool(pool) => format!("avg {}", window(pool)),
            Self::BlurPool { stride } => format!("blur 3×3, /{stride}"),
            Self::Renormalise { .. } => "a·x + b".to_owned(),
            Self::AdaptiveAvgPool { size } => format!("avg to {size}×{size}"),
            Self::ChannelSlice { start, length } => format!("channels {start} to {}", start + length - 1),
            Self::ChannelShuffle { groups } => format!("shuffle {groups}"),
            Self::Times { factor } => format!("× {factor}"),
            Self::HardSigmoid => "hard σ".to_owned(),
            Self::Tanh => "tanh".to_owned(),
            Self::Subsample { stride } => format!("every {}", ordinal(*stride)),
            Self::PadChannels { before, after } => format!("pad +{}", before + after),
            Self::BatchNorm { .. } => "BN".to_owned(),
            Self::Sigmoid => "σ".to_owned(),
            Self::Add => "+".to_owned(),
            Self::Scale => "×".to_owned(),
            other => other.name().to_owned(),
        }
    }
}

fn window(pool: &Pool2d) -> String {
    let padding = one_sided(pool.padding, pool.trailing);
    format!("{}×{}, /{}{padding}", pool.kernel[0], pool.kernel[1], pool.stride[0])
}

/// Padding that is not the same on both sides, in front and behind: `, pad 0+1`; empty where it is.
pub(crate) fn one_sided(padding: [usize; 2], trailing: [usize; 2]) -> String {
    match (0..2).find(|axis| trailing[*axis] > 0) {
        Some(axis) => format!(", pad {}+{}", padding[axis], padding[axis] + trailing[axis]),
        None => String::new(),
    }
}

/// `2nd`, `3rd`, `11th`.
fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_pads_what_the_last_window_needs() {
        // timm's get_same_padding(x, k, s, d), in front and more behind.
        for ([size, kernel, stride, dilation], want) in [
            ([224, 3, 2, 1], (0, 1)),
            ([225, 3, 2, 1], (1, 0)),
            ([112, 5, 2, 1], (1, 1)),
            ([15, 5, 2, 1], (2, 0)),
            ([14, 3, 1, 2], (2, 0)),
            ([14, 1, 2, 1], (0, 0)),
            ([7, 1, 2, 1], (0, 0)),
            ([1, 3, 2, 1], (1, 0)),
            ([2, 7, 2, 1], (2, 1)),
        ] {
            let conv = Conv2d::new(8, kernel).stride(stride).dilated(dilation).same([size, size]);
            assert_eq!((conv.padding[1], conv.trailing[1]), want, "{size} {kernel} {stride} {dilation}");
        }
        let shrinking = Conv2d::new(8, 3).without_padding().stride(2);
        assert_eq!(shrinking.same([299, 299]), shrinking, "what shrinks by design");
        assert_eq!(Pool2d::new(3, 2).ceil().same([112, 112]), Pool2d::new(3, 2).ceil());
        let pool = Pool2d::new(3, 2).padded(1).same([112, 111]);
        assert_eq!((pool.padding, pool.trailing), ([0, 1], [1, 0]));
    }

    #[test]
    fn a_layer_says_how_it_is_dilated_and_padded() {
        let dilated = Op::Conv2d(Conv2d::new(64, 3).dilated(4)).detail();
        let uneven = Op::Conv2d(Conv2d::new(32, 3).stride(2).same([224, 224])).detail();
        assert_eq!((&*dilated, &*uneven), ("3×3, 64, d4", "3×3, 32, /2, pad 0+1"));
    }

    #[test]
    fn a_subsample_is_named_as_people_count() {
        let detail = |stride| Op::Subsample { stride }.detail();
        assert_eq!([2, 3, 4, 12, 22].map(detail), ["every 2nd", "every 3rd", "every 4th", "every 12th", "every 22nd"]);
    }
}
