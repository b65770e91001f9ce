//! Triplet attention (Misra et al., WACV 2021): three planes of the same map, each weighed as SAM weighs positions.
//!
//! As the authors' code: `ChannelGateH` looks at channels and columns, `ChannelGateW` at rows and channels,
//! `SpatialGate` at rows and columns; each by the maximum and the mean along the axis that is left, a 7×7 convolution,
//! BatchNorm and a sigmoid. The three results are averaged.

use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

/// The side of the three convolutions.
const KERNEL: Field =
    Field { key: "k", long: "kernel", help: "kernel of the three convolutions", kind: Kind::OneOf(&[3, 5, 7]) };
const DEFAULT_KERNEL: usize = 7;
const SPATIAL: Field = Field {
    key: "spatial",
    long: "spatial",
    help: "yes: the plane of rows and columns too; no: only the two with channels",
    kind: Kind::Word(&["yes", "no"]),
};

/// Triplet attention.
pub struct Triplet;

/// Adds a branch's gate, which looks along `axis` (0 the channels, 1 the rows, 2 the columns), and what it weighs.
fn branch(b: &mut GraphBuilder, name: &str, axis: usize, kernel: usize, features: NodeId) -> NodeId {
    let part = |what: &str| format!("{name}.{what}");
    let turned = match axis {
        0 => features,
        axis => b.add(&part("turn"), Op::Transpose { axis }, &[features]),
    };
    let planes = [b.add(&part("max"), Op::ChannelMax, &[turned]), b.add(&part("mean"), Op::ChannelMean, &[turned])];
    let both = b.add(&part("compress"), Op::Concat, &planes);
    let [conv, norm] = [part("spatial.conv"), part("spatial.bn")];
    let map = b.conv_bn(&conv, &norm, None, Conv2d::new(1, kernel), both);
    if axis == 0 {
        let gate = b.add(&part("gate"), Op::Sigmoid, &[map]);
        return b.gate(GateKind::Spatial, features, gate);
    }
    let gate = b.add(&part("sigmoid"), Op::Sigmoid, &[map]);
    let gate = b.add(&part("gate"), Op::Transpose { axis }, &[gate]);
    let kind = if axis == 1 { GateKind::Columns } else { GateKind::Rows };
    b.gate(kind, features, gate)
}

impl AttentionBlock for Triplet {
    fn card(&self) -> Card {
        Card {
            name: "triplet",
            title: "Triplet",
            long: "Triplet Attention",
            summary: "Weighs a map three times, by channel and column, by row and channel, by row and column, and takes the mean.",
            formula: &[
                "Mcw = σ(BN(conv k×k[max_H F; mean_H F]))",
                "Mch = σ(BN(conv k×k[max_W F; mean_W F]))",
                "Mhw = σ(BN(conv k×k[max_C F; mean_C F]))",
                "F' = (F·Mcw + F·Mch + F·Mhw) / 3",
            ],
            paper: "Misra et al., WACV 2021, arXiv 2010.03045",
            why: "A channel's weight need not be the same in every column: looking at channels and one axis together keeps where, with three small kernels and hardly a parameter.",
            caution: "Channels next to each other are convolved as if their order meant something, and the map is copied twice with its axes exchanged, which costs time.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![
            Declared { field: KERNEL, default: Value::Number(DEFAULT_KERNEL) },
            Declared { field: SPATIAL, default: Value::Word("yes".to_owned()) },
        ]
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let kernel = options.number(KERNEL.key, DEFAULT_KERNEL);
        let is_whole = options.word(SPATIAL.key, "yes") == "yes";
        builder.scope(ScopeKind::Attention("triplet"), "triplet", "Triplet", |b| {
            let mut branches =
                vec![branch(b, "ChannelGateH", 1, kernel, features), branch(b, "ChannelGateW", 2, kernel, features)];
            if is_whole {
                branches.push(branch(b, "SpatialGate", 0, kernel, features));
            }
            let sum = b.add("sum", Op::Add, &branches);
            b.add("mean", Op::Times { factor: 1.0 / branches.len() as f32 }, &[sum])
        })
    }
}
