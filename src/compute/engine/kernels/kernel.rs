//! Which kernel computes an operator.

use super::activation::Activation;
use super::pool::Reduction;
use crate::network::graph::{Conv2d, Op, Pool2d};

/// The kernel that knows an operator. Whether it takes a layer also depends on how that layer's maps lie in memory;
/// where it does not, the layer is computed by its definition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kernel {
    /// None: what comes in.
    Input,
    /// A convolution; a linear layer is a 1×1 convolution of each position.
    Conv(Conv2d),
    /// One scale and shift a channel, of the running statistics or the batch's.
    BatchNorm {
        /// Added to the variance.
        eps: f64,
    },
    /// A map times its gate.
    Gate,
    /// The sum of maps.
    Sum,
    /// A map read as a vector.
    Flatten,
    /// Element-wise.
    Activation(Activation),
    /// A window over a map.
    Pool(Pool2d, Reduction),
    /// A statistic of each channel.
    OverPositions(Reduction),
    /// A statistic of each position.
    OverChannels(Reduction),
    /// Channels in another order.
    Reorder(Reorder),
    /// None: there is only the definition.
    Plain,
}

/// How channels are put in another order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reorder {
    /// Those of several maps one after the other.
    Join,
    /// Only some.
    Slice {
        /// The first.
        start: usize,
        /// How many.
        length: usize,
    },
    /// Dealt out like cards.
    Shuffle {
        /// Groups.
        groups: usize,
    },
}

impl Kernel {
    /// The kernel that knows an operator.
    #[must_use]
    pub fn of(op: &Op) -> Self {
        match *op {
            Op::Input => Self::Input,
            Op::Conv2d(conv) => Self::Conv(conv),
            Op::Linear { out_features, bias } => Self::Conv(Conv2d { bias, ..Conv2d::new(out_features, 1) }),
            Op::BatchNorm { eps } => Self::BatchNorm { eps },
            Op::Relu => Self::Activation(Activation::Relu),
            Op::Relu6 => Self::Activation(Activation::Relu6),
            Op::Sigmoid => Self::Activation(Activation::Sigmoid),
            Op::Tanh => Self::Activation(Activation::Tanh),
            Op::HardSigmoid => Self::Activation(Activation::HardSigmoid),
            Op::Silu => Self::Activation(Activation::Silu),
            Op::HardSwish => Self::Activation(Activation::HardSwish),
            Op::Times { factor } => Self::Activation(Activation::Times(factor)),
            Op::MaxPool(window) => Self::Pool(window, Reduction::Max),
            Op::AvgPool(window) => Self::Pool(window, Reduction::Mean),
            Op::GlobalAvgPool => Self::OverPositions(Reduction::Mean),
            Op::GlobalMaxPool => Self::OverPositions(Reduction::Max),
            Op::ChannelMean => Self::OverChannels(Reduction::Mean),
            Op::ChannelMax => Self::OverChannels(Reduction::Max),
            Op::Concat => Self::Reorder(Reorder::Join),
            Op::ChannelSlice { start, length } => Self::Reorder(Reorder::Slice { start, length }),
            Op::ChannelShuffle { groups } => Self::Reorder(Reorder::Shuffle { groups }),
            Op::Add => Self::Sum,
            Op::Scale => Self::Gate,
            Op::Flatten => Self::Flatten,
            Op::ChannelConv1d { .. }
            | Op::GroupNorm { .. }
            | Op::BlurPool { .. }
            | Op::Renormalise { .. }
            | Op::AdaptiveAvgPool { .. }
            | Op::MeanOverWidth
            | Op::MeanOverHeight
            | Op::SoftmaxPositions
            | Op::Energy { .. }
            | Op::StylePool { .. }
            | Op::Transpose { .. }
            | Op::SoftmaxPaths { .. }
            | Op::MatMul { .. }
            | Op::Subsample { .. }
            | Op::PadChannels { .. } => Self::Plain,
        }
    }
}
