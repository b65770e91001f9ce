//! Effective Squeeze-and-Excitation (Lee & Park, CVPR 2020): one full layer, nothing is squeezed.
//!
//! Named as in timm: `se.fc`.

use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Options};

/// Effective Squeeze-and-Excitation.
pub struct Ese;

impl AttentionBlock for Ese {
    fn card(&self) -> Card {
        Card {
            name: "ese",
            title: "ESE",
            long: "Effective Squeeze-and-Excitation",
            summary: "Averages each channel over the image and lets one full layer decide how much of each channel to keep.",
            formula: &["s = hard σ(W·avg F + b)"],
            paper: "Lee & Park, CVPR 2020, arXiv 1911.06667",
            why: "Squeezing to fewer channels loses some of what they say, so both layers of SE become one that keeps them all.",
            caution: "It has C² parameters where SE has C²/8, and a hard sigmoid that is exactly 0 or 1 beyond ±3.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        Vec::new()
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, _options: &Options) -> NodeId {
        let channels = builder.shape(features).channels();
        builder.scope(ScopeKind::Attention("ese"), "se", "ESE", |b| {
            let squeezed = b.add("avg_pool", Op::GlobalAvgPool, &[features]);
            let mixed = b.add("fc", Op::Conv2d(Conv2d::new(channels, 1).with_bias()), &[squeezed]);
            let gate = b.add("gate", Op::HardSigmoid, &[mixed]);
            b.gate(GateKind::Channel, features, gate)
        })
    }
}
