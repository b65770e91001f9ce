//! Coordinate attention (Hou et al., CVPR 2021): a gate along the height and one along the width.
//!
//! Named as in timm: `se.conv1`, `se.conv_h`. `variant=simple` is timm's `SimpleCoordAttn`: linear layers, no
//! normalisation, one gate of both strips together. Both strips go through the same first layer one after the other;
//! in training its BatchNorm therefore takes each strip's statistics by themselves, where PyTorch takes them together.

use super::parts::{multiple, strips};
use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

const REDUCTION: Field = Field {
    key: "r",
    long: "reduction",
    help: "channels are squeezed to two thirds of C/r, in multiples of 8; 0: 16, of the simple variant 4",
    kind: Kind::Number { min: 0, max: 4096 },
};
const VARIANT: Field = Field {
    key: "variant",
    long: "variant",
    help: "full: convolutions and BatchNorm, a gate for each strip; simple: linear layers, one gate of both (scoord)",
    kind: Kind::Word(&["full", "simple"]),
};
/// The divisor of timm's squeezed widths, and the least of them.
const DIVISOR: usize = 8;

/// Coordinate attention.
pub struct Coord;

fn is_simple(options: &Options) -> bool {
    options.word("variant", "full") == "simple"
}

fn width(channels: usize, options: &Options) -> usize {
    let r = match options.number("r", 0) {
        0 if is_simple(options) => 4,
        0 => 16,
        r => r,
    };
    multiple(channels as f64 / r as f64 * 2.0 / 3.0, DIVISOR, DIVISOR)
}

fn full(b: &mut GraphBuilder, features: NodeId, width: usize) -> NodeId {
    let channels = b.shape(features).channels();
    let [rows, columns] = strips(b, features);
    let conv = b.add("conv1", Op::Conv2d(Conv2d::new(width, 1)), &[rows]);
    let norm = b.add("bn1", Op::BatchNorm { eps: 1e-5 }, &[conv]);
    let rows = b.add("act", Op::HardSwish, &[norm]);
    let columns = b.share("conv1 (w)", conv, &[columns]);
    let columns = b.share("bn1 (w)", norm, &[columns]);
    let columns = b.add("act (w)", Op::HardSwish, &[columns]);
    let back = Op::Conv2d(Conv2d::new(channels, 1));
    let rows = b.add("conv_h", back, &[rows]);
    let rows = b.add("h.gate", Op::Sigmoid, &[rows]);
    let columns = b.add("conv_w", back, &[columns]);
    let columns = b.add("w.gate", Op::Sigmoid, &[columns]);
    let scaled = b.gate(GateKind::Columns, features, columns);
    b.gate(GateKind::Rows, scaled, rows)
}

fn simple(b: &mut GraphBuilder, features: NodeId, width: usize) -> NodeId {
    let channels = b.shape(features).channels();
    let [rows, columns] = strips(b, features);
    let layer = |out_features| Op::Linear { out_features, bias: true };
    let squeeze = b.add("fc1", layer(width), &[rows]);
    let rows = b.add("act", Op::Silu, &[squeeze]);
    let columns = b.share("fc1 (w)", squeeze, &[columns]);
    let columns = b.add("act (w)", Op::Silu, &[columns]);
    let rows = b.add("fc_h", layer(channels), &[rows]);
    let columns = b.add("fc_w", layer(channels), &[columns]);
    let both = b.add("sum", Op::Add, &[rows, columns]);
    let gate = b.add("gate", Op::Sigmoid, &[both]);
    b.gate(GateKind::Volume, features, gate)
}

impl AttentionBlock for Coord {
    fn card(&self) -> Card {
        Card {
            name: "coord",
            title: "Coord",
            long: "Coordinate Attention",
            summary: "Averages each channel over every row and over every column and makes of these two strips a gate for rows and one for columns.",
            formula: &["g = σ(conv_h δ(BN(conv1 mean_W F)))", "h = σ(conv_w δ(BN(conv1 mean_H F)))", "F' = F·g·h"],
            paper: "Hou et al., CVPR 2021, arXiv 2103.02907",
            why: "A mean over the whole image forgets where, two strips remember it along one axis each at the price of a vector.",
            caution: "A gate can only name whole rows and columns: two objects apart light up the other two corners as well.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![
            Declared { field: REDUCTION, default: Value::Number(0) },
            Declared { field: VARIANT, default: Value::Word("full".to_owned()) },
        ]
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let width = width(builder.shape(features).channels(), options);
        let body = if is_simple(options) { simple } else { full };
        builder.scope(ScopeKind::Attention("coord"), "se", "Coord", |b| body(b, features, width))
    }
}
