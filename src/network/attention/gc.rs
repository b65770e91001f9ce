//! Global context (Cao et al., GCNet, 2019) as a factor: timm's `gc`, named `se.conv_attn`, `se.mlp_scale`.

use super::parts::{mlp, nearest};
use super::se::REDUCTION;
use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, Product, ScopeKind};
use crate::network::options::{Declared, Options, Value};

/// The paper's and timm's reduction ratio.
const DEFAULT_REDUCTION: usize = 8;
/// What timm's `LayerNorm2d` adds to the variance.
const EPSILON: f64 = 1e-6;

/// Global context, multiplied.
pub struct Gc;

/// The options both forms take.
pub(super) fn declared() -> Vec<Declared> {
    vec![Declared { field: REDUCTION, default: Value::Number(DEFAULT_REDUCTION) }]
}

/// Refuses a reduction that leaves no channel.
pub(super) fn check(options: &Options, channels: usize) -> Result<(), String> {
    match options.number("r", DEFAULT_REDUCTION) {
        r if r > channels => {
            Err(format!("r={r}: larger than the {channels} channels it would squeeze, use r={channels} or less"))
        }
        _ => Ok(()),
    }
}

/// What the context says of each channel, through the small network `name`. The softmax that says where the context
/// comes from is registered as a gate.
pub(super) fn context(b: &mut GraphBuilder, name: &str, features: NodeId, options: &Options) -> NodeId {
    let width = nearest(b.shape(features).channels(), options.number("r", DEFAULT_REDUCTION));
    let interest = b.add("conv_attn", Op::Conv2d(Conv2d::new(1, 1).with_bias()), &[features]);
    let shares = b.add("attn.gate", Op::SoftmaxPositions, &[interest]);
    let context = b.add("context", Op::MatMul { product: Product::Weighted }, &[features, shares]);
    b.register(GateKind::Spatial, shares, context, None);
    b.within([name, name], |b| mlp(b, width, true, Some(EPSILON), context))
}

impl AttentionBlock for Gc {
    fn card(&self) -> Card {
        Card {
            name: "gc",
            title: "GC",
            long: "Global Context, multiplied",
            summary: "Looks where in the image context is, averages the channels there and weighs them by what a small network makes of it.",
            formula: &["a = softmax(conv 1×1 F)", "s = σ(W2·δ(LN(W1·Σ a·F)))"],
            paper: "Cao et al., ICCV Workshops 2019, arXiv 1904.11492",
            why: "Non-local attention was seen to look at nearly the same places from everywhere, so one map for all positions does as well.",
            caution: "Its map is a softmax: values add up to 1 over all positions, so that 1/(H·W) everywhere means it looks nowhere in particular.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        declared()
    }

    fn check(&self, options: &Options, channels: usize) -> Result<(), String> {
        check(options, channels)
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        builder.scope(ScopeKind::Attention("gc"), "se", "GC", |b| {
            let said = context(b, "mlp_scale", features, options);
            let gate = b.add("gate", Op::Sigmoid, &[said]);
            b.gate(GateKind::Channel, features, gate)
        })
    }
}
