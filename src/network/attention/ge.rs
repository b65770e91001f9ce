//! Gather-Excite (Hu et al., NeurIPS 2018) with a global extent and no parameters in the gathering: timm's `ge`.
//!
//! timm 1.0.31 cannot build it (its `ConvMlp` is given an argument twice); this is what its definition says.

use super::parts::{mlp, nearest};
use super::se::{DEFAULT_REDUCTION, REDUCTION, check_reduction};
use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Options, Value};

/// Gather-Excite.
pub struct Ge;

impl AttentionBlock for Ge {
    fn card(&self) -> Card {
        Card {
            name: "ge",
            title: "GE",
            long: "Gather-Excite, global extent",
            summary: "Gathers each channel over the whole image by its mean and excites the channels through two small layers.",
            formula: &["s = σ(W2·δ(W1·avg F + b1) + b2)"],
            paper: "Hu et al., NeurIPS 2018, arXiv 1810.12348",
            why: "Gathering over a neighbourhood of any extent is the general case of which SE's mean over the image is the largest.",
            caution: "With a global extent and no parameters in the gathering it is SE under other names, and timm 1.0.31 fails to build it.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![Declared { field: REDUCTION, default: Value::Number(DEFAULT_REDUCTION) }]
    }

    fn check(&self, options: &Options, channels: usize) -> Result<(), String> {
        check_reduction(options, channels)
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let width = nearest(builder.shape(features).channels(), options.number("r", DEFAULT_REDUCTION));
        builder.scope(ScopeKind::Attention("ge"), "se", "GE", |b| {
            let gathered = b.add("gather", Op::GlobalAvgPool, &[features]);
            let excited = b.within(["mlp", "mlp"], |b| mlp(b, width, true, None, gathered));
            let gate = b.add("gate", Op::Sigmoid, &[excited]);
            b.gate(GateKind::Channel, features, gate)
        })
    }
}
