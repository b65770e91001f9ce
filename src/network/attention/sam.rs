//! CBAM's Spatial Attention Module alone (Woo et al., ECCV 2018): the official `SpatialGate`.

use super::cam::{VARIANT, module_name};
use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

/// The kernel of the spatial convolution.
pub(super) const KERNEL: Field =
    Field { key: "k", long: "kernel", help: "kernel of the spatial convolution", kind: Kind::OneOf(&[3, 5, 7]) };
/// The paper's best kernel (Table 2).
pub(super) const DEFAULT_KERNEL: usize = 7;

/// What the convolution sees of the channels (the paper's Table 2).
const MAP: Field = Field {
    key: "map",
    long: "map",
    help: "what the spatial convolution sees: pool, the maximum and the mean across the channels; conv, one map that a \
           1×1 convolution makes of all channels",
    kind: Kind::Word(&["pool", "conv"]),
};

/// [`MAP`] with its default, shared with CBAM.
pub(super) fn declared_map() -> Declared {
    Declared { field: MAP, default: Value::Word("pool".to_owned()) }
}

/// Spatial Attention Module.
pub struct Sam;

/// The gate's formula over `features`.
pub(super) fn formula(options: &Options, features: &str) -> String {
    let seen = match options.word("map", "pool") {
        "conv" => format!("(conv 1×1 {features})"),
        _ if options.word("variant", "official") == "official" => format!("[max {features}; mean {features}]"),
        _ => format!("[mean {features}; max {features}]"),
    };
    let k = options.number("k", DEFAULT_KERNEL);
    match options.word("variant", "official") {
        "simple" => format!("Ms = σ(conv {k}×{k}{seen})"),
        _ => format!("Ms = σ(BN(conv {k}×{k}{seen}))"),
    }
}

/// Adds the spatial gate that `seen` decides inside the current attention scope and returns `features` scaled.
pub(super) fn attach_gate(b: &mut GraphBuilder, seen: NodeId, features: NodeId, options: &Options) -> NodeId {
    let kernel = options.number("k", DEFAULT_KERNEL);
    let variant = options.word("variant", "official");
    let prefix = match variant {
        "timm" => "spatial",
        "simple" => "sa",
        _ => "SpatialGate",
    };
    let planes = match options.word("map", "pool") {
        "conv" => b.add(&format!("{prefix}.compress"), Op::Conv2d(Conv2d::new(1, 1)), &[seen]),
        _ => pooled(b, prefix, variant == "official", seen),
    };
    let conv = Conv2d::new(1, kernel);
    let map = match variant {
        "timm" => b.conv_bn("spatial.conv.conv", "spatial.conv.bn", None, conv, planes),
        "simple" => b.add("sa.conv1", Op::Conv2d(conv), &[planes]),
        _ => b.conv_bn("SpatialGate.spatial.conv", "SpatialGate.spatial.bn", None, conv, planes),
    };
    let gate = b.add(&format!("{prefix}.gate"), Op::Sigmoid, &[map]);
    b.gate(GateKind::Spatial, features, gate)
}

/// Maximum and mean across the channels; the official code has the maximum first.
fn pooled(b: &mut GraphBuilder, prefix: &str, maximum_first: bool, seen: NodeId) -> NodeId {
    let mut planes = [
        b.add(&format!("{prefix}.max"), Op::ChannelMax, &[seen]),
        b.add(&format!("{prefix}.mean"), Op::ChannelMean, &[seen]),
    ];
    if !maximum_first {
        planes.reverse();
    }
    b.add(&format!("{prefix}.compress"), Op::Concat, &planes)
}

impl AttentionBlock for Sam {
    fn card(&self) -> Card {
        Card {
            name: "sam",
            title: "SAM",
            long: "Spatial Attention Module of CBAM",
            summary: "Weighs positions by one convolution over the maximum and the mean across channels.",
            formula: &["Ms = σ(BN(conv k×k[max F; mean F]))"],
            paper: "Woo et al., ECCV 2018, arXiv 1807.06521",
            why: "A channel gate cannot say where in the image to look: this one judges a position by the strongest and the mean of its channels in a window around it.",
            caution: "All channels share one map, and libraries stack the two planes in different order (official: maximum first), so that weights cannot be exchanged as they are.",
            place: BRANCH_END,
        }
    }

    fn formula(&self, options: &Options) -> Vec<String> {
        vec![formula(options, "F")]
    }

    fn options(&self) -> Vec<Declared> {
        vec![
            Declared { field: KERNEL, default: Value::Number(DEFAULT_KERNEL) },
            declared_map(),
            Declared { field: VARIANT, default: Value::Word("official".to_owned()) },
        ]
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        builder.scope(ScopeKind::Attention("sam"), module_name(options), "SAM", |b| {
            attach_gate(b, features, features, options)
        })
    }
}
