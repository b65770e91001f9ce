//! timm's light CBAM: the mean and the maximum are averaged before they are looked at, not after.

use super::parts::{mlp, nearest};
use super::sam::{DEFAULT_KERNEL, KERNEL};
use super::se::{DEFAULT_REDUCTION, REDUCTION, check_reduction};
use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Options, Value};

/// Light CBAM.
pub struct LightCbam;

/// Half the sum of two statistics of the features.
fn halves(b: &mut GraphBuilder, features: NodeId, [mean, max]: [Op; 2]) -> NodeId {
    let both = [b.add("mean", mean, &[features]), b.add("max", max, &[features])];
    let sum = b.add("sum", Op::Add, &both);
    b.add("half", Op::Times { factor: 0.5 }, &[sum])
}

impl AttentionBlock for LightCbam {
    fn card(&self) -> Card {
        Card {
            name: "lcbam",
            title: "LCBAM",
            long: "Light CBAM",
            summary: "CBAM on the average of mean and maximum: one pass through the small network, one plane into the convolution.",
            formula: &["Mc = σ(W2·δ(W1·½(avg F + max F)))", "Ms = σ(BN(conv k×k ½(mean F' + max F')))"],
            paper: "timm, after Woo et al., ECCV 2018, arXiv 1807.06521",
            why: "It asks whether CBAM needs both statistics apart, at half the work of the small network and of the convolution.",
            caution: "It is an experiment of timm's without a paper of its own.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![
            Declared { field: REDUCTION, default: Value::Number(DEFAULT_REDUCTION) },
            Declared { field: KERNEL, default: Value::Number(DEFAULT_KERNEL) },
        ]
    }

    fn check(&self, options: &Options, channels: usize) -> Result<(), String> {
        check_reduction(options, channels)
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let width = nearest(builder.shape(features).channels(), options.number("r", DEFAULT_REDUCTION));
        let kernel = options.number("k", DEFAULT_KERNEL);
        builder.scope(ScopeKind::Attention("lcbam"), "se", "LCBAM", |b| {
            let channelled = b.within(["channel", "channel"], |b| {
                let squeezed = halves(b, features, [Op::GlobalAvgPool, Op::GlobalMaxPool]);
                let excited = mlp(b, width, false, None, squeezed);
                let gate = b.add("gate", Op::Sigmoid, &[excited]);
                b.gate(GateKind::Channel, features, gate)
            });
            b.within(["spatial", "spatial"], |b| {
                let plane = halves(b, channelled, [Op::ChannelMean, Op::ChannelMax]);
                let map = b.conv_bn("conv.conv", "conv.bn", None, Conv2d::new(1, kernel), plane);
                let gate = b.add("gate", Op::Sigmoid, &[map]);
                b.gate(GateKind::Spatial, channelled, gate)
            })
        })
    }
}
