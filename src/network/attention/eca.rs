//! Efficient Channel Attention (Wang et al., CVPR 2020): one 1-D convolution along the channels, no squeeze.
//!
//! Named as in timm: `se.conv`. `pad=circular` is timm's CECA, `mlp=yes` its ECAM.

use super::parts::careful_multiple;
use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

/// How many channels go to one of a small network's, and the divisor of its width.
const MLP_REDUCTION: f64 = 8.0;
const MLP_DIVISOR: usize = 8;

const KERNEL: Field = Field {
    key: "k",
    long: "kernel",
    help: "channels that decide about one; 0: from the channels C, |(log2 C + 1)/2| made odd, at least 3",
    kind: Kind::OneOf(&[0, 3, 5, 7, 9]),
};
const PAD: Field = Field {
    key: "pad",
    long: "padding",
    help: "beyond the first and last channel: zeros, or circular, the other end (CECA)",
    kind: Kind::Word(&["zeros", "circular"]),
};

const MLP: Field = Field {
    key: "mlp",
    long: "mlp",
    help: "yes: a small network at every channel, C/8 numbers wide, before the convolution (timm's experiment ECAM)",
    kind: Kind::Word(&["no", "yes"]),
};

/// Efficient Channel Attention.
pub struct Eca;

/// The kernel for `channels`: the paper's eq. 12 with γ = 2 and b = 1, as timm computes it.
#[must_use]
pub fn kernel(channels: usize) -> usize {
    let half = (channels.max(1).ilog2() as usize).div_ceil(2);
    (half | 1).max(3)
}

impl AttentionBlock for Eca {
    fn card(&self) -> Card {
        Card {
            name: "eca",
            title: "ECA",
            long: "Efficient Channel Attention",
            summary: "Averages each channel over the image and weighs it by what its nearest neighbours among the channels say.",
            formula: &["s = σ(conv1d k(avg F))"],
            paper: "Wang et al., CVPR 2020, arXiv 1910.03151",
            why: "Squeezing to fewer channels, as SE does, was found to harm: a direct link between a channel and its weight does as well with a handful of parameters.",
            caution: "Channels are neighbours by their number only, and the kernel follows their count: 3 for 64 channels, 5 for 128 to 1024, 7 for 2048.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![
            Declared { field: KERNEL, default: Value::Number(0) },
            Declared { field: PAD, default: Value::Word("zeros".to_owned()) },
            Declared { field: MLP, default: Value::Word("no".to_owned()) },
        ]
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let channels = builder.shape(features).channels();
        let kernel = match options.number("k", 0) {
            0 => kernel(channels),
            chosen => chosen,
        };
        let circular = options.word("pad", "zeros") == "circular";
        builder.scope(ScopeKind::Attention("eca"), "se", "ECA", |b| {
            let squeezed = b.add("avg_pool", Op::GlobalAvgPool, &[features]);
            let layer = |inputs, outputs, kernel, bias| Op::ChannelConv1d { inputs, outputs, kernel, circular, bias };
            let mixed = if options.word("mlp", "no") == "yes" {
                let width = careful_multiple(channels as f64 / MLP_REDUCTION, MLP_DIVISOR, MLP_DIVISOR);
                let hidden = b.add("conv", layer(1, width, 1, true), &[squeezed]);
                let hidden = b.add("act", Op::Relu, &[hidden]);
                b.add("conv2", layer(width, 1, kernel, true), &[hidden])
            } else {
                b.add("conv", layer(1, 1, kernel, false), &[squeezed])
            };
            let gate = b.add("gate", Op::Sigmoid, &[mixed]);
            b.gate(GateKind::Channel, features, gate)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::kernel;

    #[test]
    fn kernels_are_timms() {
        for (channels, want) in [(16, 3), (32, 3), (64, 3), (128, 5), (256, 5), (512, 5), (1024, 5), (2048, 7)] {
            assert_eq!(kernel(channels), want, "{channels}");
        }
    }
}
