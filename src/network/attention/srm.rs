//! Style-based recalibration (Lee, Kim and Nam, ICCV 2019): a gate a channel from that channel's own mean and standard
//! deviation.
//!
//! As the authors' code: the two numbers of a channel are weighed by two weights of its own (`cfc`), then BatchNorm and
//! a sigmoid. No channel sees another.

use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Options};

/// Added to a channel's variance, as in the authors' code.
const EPS: f32 = 1e-5;

/// Style-based recalibration module.
pub struct Srm;

impl AttentionBlock for Srm {
    fn card(&self) -> Card {
        Card {
            name: "srm",
            title: "SRM",
            long: "Style-based Recalibration Module",
            summary: "Weighs each channel by its own mean and standard deviation, with two weights and a BatchNorm a channel.",
            formula: &["s = σ(BN(cfc[mean F; std F]))", "F' = F · s"],
            paper: "Lee et al., ICCV 2019, arXiv 1903.10829",
            why: "How strongly a channel varies over the image says something of its style that the mean alone does not.",
            caution: "No channel sees another, so it cannot weigh one thing against another as SE does, and at one position there is no deviation.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        Vec::new()
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, _options: &Options) -> NodeId {
        let channels = builder.shape(features).channels();
        let own = Conv2d { padding: [0; 2], ..Conv2d::oblong(channels, 1, 2) }.groups(channels);
        builder.scope(ScopeKind::Attention("srm"), "srm", "SRM", |b| {
            let style = b.add("style", Op::StylePool { eps: EPS }, &[features]);
            let weighed = b.conv_bn("cfc", "bn", None, own, style);
            let gate = b.add("gate", Op::Sigmoid, &[weighed]);
            b.gate(GateKind::Channel, features, gate)
        })
    }
}
