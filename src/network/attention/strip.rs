//! timm's strip attention, after strip pooling (Hou et al., CVPR 2020): both strips summed before one sigmoid.
//!
//! Named as in timm: `se.conv_h`, `se.conv_w`.

use super::parts::{STRIP_KERNEL, along_strips, strips};
use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Options, Value};

/// The kernel of timm's.
const DEFAULT_KERNEL: usize = 3;

/// Strip attention.
pub struct Strip;

impl AttentionBlock for Strip {
    fn card(&self) -> Card {
        Card {
            name: "strip",
            title: "Strip",
            long: "Strip Attention",
            summary: "Averages each channel over rows and over columns, convolves each strip a little and gates every position by the sum of its row's and its column's.",
            formula: &["s = σ(conv k×1 mean_W F + conv 1×k mean_H F)"],
            paper: "timm, after Hou et al., CVPR 2020, arXiv 2003.13328",
            why: "Long thin windows reach across the image along one axis without mixing in what lies beside it.",
            caution: "Each channel keeps to itself, so this says where and never which channel; timm's form has no paper of its own.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![Declared { field: STRIP_KERNEL, default: Value::Number(DEFAULT_KERNEL) }]
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let kernel = options.number("k", DEFAULT_KERNEL);
        builder.scope(ScopeKind::Attention("strip"), "se", "Strip", |b| {
            let pooled = strips(b, features);
            let mixed = along_strips(b, kernel, pooled);
            let both = b.add("sum", Op::Add, &mixed);
            let gate = b.add("gate", Op::Sigmoid, &[both]);
            b.gate(GateKind::Volume, features, gate)
        })
    }
}
