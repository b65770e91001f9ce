//! The operators a graph is made of, one file each or a tight family of them.
//!
//! [`Op`] says which; everything that is said of an operator is its [`OpSpec`]. [`Op::spec`] is the only place in
//! this storey that knows which is whose, and the compiler names it where an operator is new.

mod activation;
mod adaptive_avg_pool;
mod blur_pool;
mod channel_conv1d;
mod channels;
mod concat;
mod conv2d;
mod energy;
mod facts;
mod join;
mod linear;
mod matmul;
mod norm;
mod pool2d;
mod reduction;
mod renormalise;
mod shape;
mod softmax;
mod style_pool;
mod subsample;
#[cfg(test)]
mod tests;
mod transpose;
mod view;

pub use adaptive_avg_pool::adaptive_windows;
pub use conv2d::Conv2d;
pub use facts::{Count, Drawn, Facts, Follows, Role, Tensors, Window, Words, Work};
pub use matmul::Product;
pub use pool2d::Pool2d;
pub use shape::{Shape, ShapeError};

use std::ops::RangeInclusive;

use activation::{Activation, Times};
use adaptive_avg_pool::AdaptiveAvgPool;
use blur_pool::BlurPool;
use channel_conv1d::ChannelConv1d;
use channels::{ChannelShuffle, ChannelSlice, PadChannels};
use concat::Concat;
use energy::Energy;
use join::{Add, Scale};
use linear::Linear;
use norm::{BatchNorm, GroupNorm};
use pool2d::{AvgPool, MaxPool};
use reduction::Reduction;
use renormalise::Renormalise;
use softmax::{SoftmaxPaths, SoftmaxPositions};
use style_pool::StylePool;
use subsample::Subsample;
use transpose::Transpose;
use view::{Flatten, Input};

/// Everything that is said of an operator. No number has a default: [`Self::on`] asks for each.
pub trait OpSpec {
    /// What it is called.
    fn words(&self) -> Words;

    /// What it does to so many channels, as a diagram says it: `Conv 3×3, 64`.
    fn title(&self, _channels: usize) -> String {
        self.words().title.into_owned()
    }

    /// How many inputs it takes.
    fn arity(&self) -> RangeInclusive<usize> {
        1..=1
    }

    /// What it comes to on as many inputs as [`Self::arity`] says; [`Op::on`] counts them.
    ///
    /// # Errors
    /// When the inputs do not fit the operator or the output would be empty.
    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError>;

    /// Refuses an input that does not fit, with what the operator needs.
    ///
    /// # Errors
    /// When it does not fit.
    fn needs(&self, fits: bool, input: Shape, reason: &'static str) -> Result<(), ShapeError> {
        if fits { Ok(()) } else { Err(ShapeError::Unfit { op: self.words().name, input, reason }) }
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
    /// `(x − μ)² / (4 (σ² + lambda)) + 1/2` over the positions of each channel: how far a number stands out (SimAM).
    Energy {
        /// Added to the variance.
        lambda: f32,
    },
    /// Mean and standard deviation over the positions of each channel, `[C, H, W] → [C, 1, 2]` (SRM).
    StylePool {
        /// Added to the variance.
        eps: f32,
    },
    /// The channels exchanged with the rows (axis 1) or the columns (axis 2).
    Transpose {
        /// 1 or 2.
        axis: usize,
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

impl Op {
    /// What is said of it.
    #[must_use]
    pub fn spec(&self) -> Box<dyn OpSpec> {
        match *self {
            Self::Input => Box::new(Input),
            Self::Conv2d(conv) => Box::new(conv),
            Self::Linear { out_features, bias } => Box::new(Linear { out_features, bias }),
            Self::ChannelConv1d { inputs, outputs, kernel, bias, circular: _ } => {
                Box::new(ChannelConv1d { inputs, outputs, kernel, bias })
            }
            Self::BatchNorm { eps: _ } => Box::new(BatchNorm),
            Self::GroupNorm { groups, eps: _ } => Box::new(GroupNorm { groups }),
            Self::Relu => Box::new(Activation::RELU),
            Self::Relu6 => Box::new(Activation::RELU6),
            Self::Sigmoid => Box::new(Activation::SIGMOID),
            Self::Tanh => Box::new(Activation::TANH),
            Self::HardSigmoid => Box::new(Activation::HARD_SIGMOID),
            Self::Silu => Box::new(Activation::SILU),
            Self::HardSwish => Box::new(Activation::HARD_SWISH),
            Self::Times { factor } => Box::new(Times { factor }),
            Self::MaxPool(pool) => Box::new(MaxPool(pool)),
            Self::AvgPool(pool) => Box::new(AvgPool(pool)),
            Self::BlurPool { stride } => Box::new(BlurPool { stride }),
            Self::Renormalise { scale: _, shift: _ } => Box::new(Renormalise),
            Self::AdaptiveAvgPool { size } => Box::new(AdaptiveAvgPool { size }),
            Self::GlobalAvgPool => Box::new(Reduction::GLOBAL_AVG_POOL),
            Self::GlobalMaxPool => Box::new(Reduction::GLOBAL_MAX_POOL),
            Self::MeanOverWidth => Box::new(Reduction::MEAN_OVER_WIDTH),
            Self::MeanOverHeight => Box::new(Reduction::MEAN_OVER_HEIGHT),
            Self::SoftmaxPositions => Box::new(SoftmaxPositions),
            Self::Energy { lambda: _ } => Box::new(Energy),
            Self::StylePool { eps: _ } => Box::new(StylePool),
            Self::Transpose { axis } => Box::new(Transpose { axis }),
            Self::SoftmaxPaths { paths } => Box::new(SoftmaxPaths { paths }),
            Self::MatMul { product } => Box::new(product),
            Self::ChannelMean => Box::new(Reduction::CHANNEL_MEAN),
            Self::ChannelMax => Box::new(Reduction::CHANNEL_MAX),
            Self::Concat => Box::new(Concat),
            Self::ChannelSlice { start, length } => Box::new(ChannelSlice { start, length }),
            Self::ChannelShuffle { groups } => Box::new(ChannelShuffle { groups }),
            Self::Add => Box::new(Add),
            Self::Scale => Box::new(Scale),
            Self::Flatten => Box::new(Flatten),
            Self::Subsample { stride } => Box::new(Subsample { stride }),
            Self::PadChannels { before, after } => Box::new(PadChannels { before, after }),
        }
    }

    /// Its name, as PyTorch writes it where there is one.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.spec().words().name
    }

    /// What it does, in as few characters as a box on the canvas has: `3×3, 256, /2`.
    #[must_use]
    pub fn detail(&self) -> String {
        self.spec().words().detail.into_owned()
    }

    /// What it comes to on inputs of these shapes; an image is an input to itself.
    ///
    /// # Errors
    /// When the inputs do not fit the operator or the output would be empty.
    pub fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let spec = self.spec();
        match spec.arity().contains(&inputs.len()) {
            true => spec.on(inputs),
            false => Err(ShapeError::Inputs { op: spec.words().name, found: inputs.len() }),
        }
    }

    /// The output shape for these input shapes.
    ///
    /// # Errors
    /// When the inputs do not fit the operator or the output would be empty.
    pub fn output_shape(&self, inputs: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(self.on(inputs)?.shape)
    }
}
