//! Global context (Cao et al., GCNet, 2019) added, as in the paper: timm's `gca`, named `se.conv_attn`, `se.mlp_add`.

use super::{AttentionBlock, BRANCH_END, Card, gc};
use crate::network::graph::{GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Options};

/// Global context, added.
pub struct Gca;

impl AttentionBlock for Gca {
    fn card(&self) -> Card {
        Card {
            name: "gca",
            title: "GCA",
            long: "Global Context, added",
            summary: "Looks where in the image context is, averages the channels there and adds what a small network makes of it to every position.",
            formula: &["a = softmax(conv 1×1 F)", "F' = F + W2·δ(LN(W1·Σ a·F))"],
            paper: "Cao et al., ICCV Workshops 2019, arXiv 1904.11492",
            why: "Non-local attention was seen to look at nearly the same places from everywhere, so one map for all positions does as well.",
            caution: "Nothing is multiplied, so there is no channel gate to read: what can be seen is the map of where the context comes from.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        gc::declared()
    }

    fn check(&self, options: &Options, channels: usize) -> Result<(), String> {
        gc::check(options, channels)
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        builder.scope(ScopeKind::Attention("gca"), "se", "GCA", |b| {
            let said = gc::context(b, "mlp_add", features, options);
            b.add("add", Op::Add, &[features, said])
        })
    }
}
