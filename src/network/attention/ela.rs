//! Efficient local attention (Xu & Wan, 2024): each strip looks at its neighbourhood, no channel is squeezed.
//!
//! Named as in timm: `se.conv_h`, `se.norm_h`.

use super::parts::{STRIP_KERNEL, along_strips, strips};
use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Options, Value};

/// The kernel of timm's.
const DEFAULT_KERNEL: usize = 7;

/// Efficient local attention.
pub struct Ela;

impl AttentionBlock for Ela {
    fn card(&self) -> Card {
        Card {
            name: "ela",
            title: "ELA",
            long: "Efficient Local Attention",
            summary: "Averages each channel over rows and over columns and lets a 1-D convolution along each strip decide about its places.",
            formula: &["g = σ(δ(GN(conv k×1 mean_W F)))", "h = σ(δ(GN(conv 1×k mean_H F)))", "F' = F·g·h"],
            paper: "Xu & Wan, 2024, arXiv 2403.01123",
            why: "Squeezing channels and BatchNorm were seen to weaken coordinate attention, so each channel keeps to itself and GroupNorm takes over.",
            caution: "The gate is a sigmoid of SiLU, which is never far below 0: values lie between 0.43 and 1.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![Declared { field: STRIP_KERNEL, default: Value::Number(DEFAULT_KERNEL) }]
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let kernel = options.number("k", DEFAULT_KERNEL);
        builder.scope(ScopeKind::Attention("ela"), "se", "ELA", |b| {
            let pooled = strips(b, features);
            let mixed = along_strips(b, kernel, pooled);
            let gates = [("h", mixed[0]), ("w", mixed[1])].map(|(axis, strip)| {
                let strip = b.add(&format!("norm_{axis}"), Op::GroupNorm { groups: 1, eps: 1e-5 }, &[strip]);
                let strip = b.add(&format!("{axis}.act"), Op::Silu, &[strip]);
                b.add(&format!("{axis}.gate"), Op::Sigmoid, &[strip])
            });
            let scaled = b.gate(GateKind::Rows, features, gates[0]);
            b.gate(GateKind::Columns, scaled, gates[1])
        })
    }
}
