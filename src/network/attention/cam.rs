//! CBAM's Channel Attention Module alone (Woo et al., ECCV 2018): the official `CBAM(no_spatial=True)`.

use super::mlp::{self, Mlp, squeezes};
use super::parts::nearest;
use super::se::{DEFAULT_REDUCTION, REDUCTION, check_reduction};
use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

/// Which statistics the shared MLP sees (the paper's Table 1).
const POOL: Field = Field {
    key: "pool",
    long: "pool",
    help: "statistics the shared MLP sees",
    kind: Kind::Word(&["both", "avg", "max"]),
};
/// Whose definition: they differ in biases, names and plane order.
pub(super) const VARIANT: Field = Field {
    key: "variant",
    long: "variant",
    help: "official: MLP with biases, planes max then mean; timm: no biases, mean then max; simple: as timm, widths \
           rounded down, no BatchNorm after the spatial convolution (ca.*, sa.*)",
    kind: Kind::Word(&["official", "timm", "simple"]),
};

/// Channel Attention Module.
pub struct Cam;

/// The options of a channel gate, shared with CBAM.
pub(super) fn declared() -> Vec<Declared> {
    vec![
        Declared { field: REDUCTION, default: Value::Number(DEFAULT_REDUCTION) },
        Declared { field: POOL, default: Value::Word("both".to_owned()) },
        Declared { field: VARIANT, default: Value::Word("official".to_owned()) },
    ]
}

/// The module path of a CBAM in a block: timm calls every attention layer `se`.
pub(super) fn module_name(options: &Options) -> &'static str {
    if options.word("variant", "official") == "timm" { "se" } else { "cbam" }
}

/// The hidden width of the MLP for `channels` at reduction `r`.
#[must_use]
pub fn width(variant: &str, channels: usize, r: usize) -> usize {
    match variant {
        "timm" => nearest(channels, r),
        _ => channels / r,
    }
}

/// The gate's formula over `features`.
pub(super) fn formula(options: &Options, features: &str) -> String {
    format!("Mc = σ({})", mlp::formula(options.word("pool", "both"), features))
}

/// Adds the channel gate inside the current attention scope and returns the scaled features.
pub(super) fn attach_gate(b: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
    let channels = b.shape(features).channels();
    let r = options.number("r", DEFAULT_REDUCTION);
    let variant = options.word("variant", "official");
    let width = width(variant, channels, r);
    let prefix = match variant {
        "timm" => "channel",
        "simple" => "ca",
        _ => "ChannelGate",
    };
    let is_official = variant == "official";
    let names = if is_official { ["mlp.1", "mlp.2", "mlp.3"] } else { ["fc1", "act", "fc2"] };
    let names = names.map(|name| format!("{prefix}.{name}"));
    let layer = |out| match is_official {
        true => Op::Linear { out_features: out, bias: true },
        false => Op::Conv2d(Conv2d::new(out, 1)),
    };
    let mlp =
        Mlp { names: [&names[0], &names[1], &names[2]], layers: [layer(width), layer(channels)], activation: Op::Relu };
    let squeezes = squeezes(options.word("pool", "both"));
    let summed = mlp.attach_to_each(b, &format!("{prefix}.sum"), squeezes, |b, squeeze| {
        let pooled = b.add(&format!("{prefix}.{}_pool", squeeze.word), squeeze.op, &[features]);
        match is_official {
            true => b.add(&format!("{prefix}.{}.mlp.0", squeeze.word), Op::Flatten, &[pooled]),
            false => pooled,
        }
    });
    let gate = b.add(&format!("{prefix}.gate"), Op::Sigmoid, &[summed]);
    b.gate(GateKind::Channel, features, gate)
}

impl AttentionBlock for Cam {
    fn card(&self) -> Card {
        Card {
            name: "cam",
            title: "CAM",
            long: "Channel Attention Module of CBAM",
            summary: "Weighs channels by one small MLP that sees both the mean and the maximum of each channel.",
            formula: &["Mc = σ(W2·δ(W1·avg F) + W2·δ(W1·max F))"],
            paper: "Woo et al., ECCV 2018, arXiv 1807.06521",
            why: "The maximum keeps a small strong signal that the mean over the image drowns, and one MLP that reads both was found better than either alone.",
            caution: "It is the channel half of CBAM and no class activation map; its MLP runs twice on the same weights, so that MACs double against SE and parameters do not.",
            place: BRANCH_END,
        }
    }

    fn formula(&self, options: &Options) -> Vec<String> {
        vec![formula(options, "F")]
    }

    fn options(&self) -> Vec<Declared> {
        declared()
    }

    fn check(&self, options: &Options, channels: usize) -> Result<(), String> {
        check_reduction(options, channels)
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        builder.scope(ScopeKind::Attention("cam"), module_name(options), "CAM", |b| attach_gate(b, features, options))
    }
}
