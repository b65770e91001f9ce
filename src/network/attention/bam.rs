//! Bottleneck Attention Module (Park et al., BMVC 2018): one map a channel and position, between stages.
//!
//! The names are the released code's, at the network's top level: `bam1.channel_att.gate_c.gate_c_fc_0`. It multiplies
//! the two parts where the paper adds them, and has no BatchNorm after either part's last layer, where the paper has
//! one; `form` chooses between product and sum, the layers stay those of the code.

use super::se::{DEFAULT_REDUCTION, REDUCTION, check_reduction};
use super::{AttentionBlock, Card, Site};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

const FORM: Field = Field {
    key: "form",
    long: "form",
    help: "how the channel and the spatial part make one gate: product, as released; sum, as in the paper",
    kind: Kind::Word(&["product", "sum"]),
};
const DILATION: Field = Field {
    key: "d",
    long: "dilation",
    help: "dilation of the spatial part's two 3×3 convolutions",
    kind: Kind::OneOf(&[1, 2, 4, 6]),
};
/// The paper's best dilation.
const DEFAULT_DILATION: usize = 4;

/// Bottleneck Attention Module.
pub struct Bam;

/// `[C]`: what the means of the channels say.
fn channel_part(b: &mut GraphBuilder, features: NodeId, width: usize) -> NodeId {
    let channels = b.shape(features).channels();
    let layer = |out_features| Op::Linear { out_features, bias: true };
    let pooled = b.add("avg_pool", Op::GlobalAvgPool, &[features]);
    let flat = b.add("flatten", Op::Flatten, &[pooled]);
    let hidden = b.add("gate_c_fc_0", layer(width), &[flat]);
    let hidden = b.add("gate_c_bn_1", Op::BatchNorm { eps: 1e-5 }, &[hidden]);
    let hidden = b.add("gate_c_relu_1", Op::Relu, &[hidden]);
    b.add("gate_c_fc_final", layer(channels), &[hidden])
}

/// `[1, H, W]`: what a wide neighbourhood of each position says.
fn spatial_part(b: &mut GraphBuilder, features: NodeId, width: usize, dilation: usize) -> NodeId {
    let reduce = Conv2d::new(width, 1).with_bias();
    let wide = Conv2d { padding: [dilation; 2], dilation: [dilation; 2], ..Conv2d::new(width, 3).with_bias() };
    let names = ["reduce0", "di_0", "di_1"];
    let map = names.into_iter().zip([reduce, wide, wide]).fold(features, |map, (name, conv)| {
        let [conv_name, bn, relu] = ["conv", "bn", "relu"].map(|layer| format!("gate_s_{layer}_{name}"));
        b.conv_bn(&conv_name, &bn, Some(&relu), conv, map)
    });
    b.add("gate_s_conv_final", Op::Conv2d(Conv2d::new(1, 1).with_bias()), &[map])
}

impl AttentionBlock for Bam {
    fn card(&self) -> Card {
        Card {
            name: "bam",
            title: "BAM",
            long: "Bottleneck Attention Module",
            summary: "Weighs every channel at every position by a channel part and a spatial part that look at the same features side by side.",
            formula: &["M = σ(Mc(F) · Ms(F))", "F' = F + F·M"],
            paper: "Park et al., BMVC 2018, arXiv 1807.06514",
            why: "Where a network is about to halve its maps is where most is lost, so attention there decides what is carried on.",
            caution: "The released code multiplies the two parts where the paper adds them, and the gate never takes anything away: features grow by 1 to 2.",
            place: "Between stages, before each downsampling; not after the last stage, unless it is asked for there.",
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![
            Declared { field: REDUCTION, default: Value::Number(DEFAULT_REDUCTION) },
            Declared { field: DILATION, default: Value::Number(DEFAULT_DILATION) },
            Declared { field: FORM, default: Value::Word("product".to_owned()) },
        ]
    }

    fn check(&self, options: &Options, channels: usize) -> Result<(), String> {
        check_reduction(options, channels)
    }

    fn has_positions(&self) -> bool {
        false
    }

    fn site(&self, _options: &Options) -> Site {
        Site::Stage
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let width = builder.shape(features).channels() / options.number("r", DEFAULT_REDUCTION);
        let dilation = options.number("d", DEFAULT_DILATION);
        let join = if options.word("form", "product") == "sum" { Op::Add } else { Op::Scale };
        builder.flat_scope(ScopeKind::Attention("bam"), "BAM", |b| {
            let words = ["channel_att.gate_c"; 2];
            let channel = b.within(words, |b| channel_part(b, features, width));
            let words = ["spatial_att.gate_s"; 2];
            let spatial = b.within(words, |b| spatial_part(b, features, width, dilation));
            let both = b.add("join", join, &[channel, spatial]);
            let gate = b.add("gate", Op::Sigmoid, &[both]);
            let weighed = b.add("scale", Op::Scale, &[features, gate]);
            b.register(GateKind::Volume, gate, weighed, Some(0.0));
            b.add("add", Op::Add, &[features, weighed])
        })
    }
}
