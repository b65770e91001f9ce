//! Split attention (Zhang et al., ResNeSt, 2020): a convolution with several splits, and for each channel how much of
//! each split.
//!
//! Named as in timm: `se.conv`, `se.fc1`. In a convolution's place (`site=conv`, ResNeSt) with BatchNorms `bn0` and
//! `bn1`, under the convolution's name.

use super::parts::{careful_multiple, is_in_place, site_declared};
use super::sk::weigh_paths;
use super::{AttentionBlock, Card, Site};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

const RADIX: Field = Field { key: "radix", long: "radix", help: "splits to weigh", kind: Kind::OneOf(&[1, 2, 3, 4]) };
const REDUCTION: Field = Field {
    key: "r",
    long: "reduction",
    help: "the small network has radix·C/r channels, at least 32",
    kind: Kind::Number { min: 1, max: 4096 },
};
/// timm's reduction ratio.
const DEFAULT_REDUCTION: usize = 4;
const DEFAULT_RADIX: usize = 2;
/// The least channels of the small network.
const LEAST: usize = 32;

/// Split attention.
pub struct Splat;

/// Adds the splits with this convolution's geometry and weighs them, inside the current scope.
fn split(b: &mut GraphBuilder, conv: Conv2d, is_normed: bool, features: NodeId, options: &Options) -> NodeId {
    let radix = options.number("radix", DEFAULT_RADIX);
    let (channels, groups) = (conv.out_channels, conv.groups);
    let inner = b.shape(features).channels() * radix;
    let width = careful_multiple(inner as f64 / options.number("r", DEFAULT_REDUCTION) as f64, 8, LEAST);
    let norm = |b: &mut GraphBuilder, name: &str, x: NodeId| match is_normed {
        true => b.add(name, Op::BatchNorm { eps: 1e-5 }, &[x]),
        false => x,
    };
    let wide = Conv2d { out_channels: channels * radix, groups: groups * radix, ..conv };
    let splits = b.add("conv", Op::Conv2d(wide), &[features]);
    let splits = norm(b, "bn0", splits);
    let splits = b.add("act0", Op::Relu, &[splits]);
    let part = |path: usize| Op::ChannelSlice { start: path * channels, length: channels };
    let several = if radix > 1 { radix } else { 0 };
    let parts: Vec<NodeId> = (0..several).map(|path| b.add(&format!("split{path}"), part(path), &[splits])).collect();
    let sum = if radix > 1 { b.add("gap.sum", Op::Add, &parts) } else { splits };
    let pooled = b.add("gap", Op::GlobalAvgPool, &[sum]);
    let layer = |out| Op::Conv2d(Conv2d::new(out, 1).with_bias().groups(groups));
    let hidden = b.add("fc1", layer(width), &[pooled]);
    let hidden = norm(b, "bn1", hidden);
    let hidden = b.add("act1", Op::Relu, &[hidden]);
    let said = b.add("fc2", layer(channels * radix), &[hidden]);
    if radix == 1 {
        // One split has nothing to share with: a gate as of SE.
        let gate = b.add("gate", Op::Sigmoid, &[said]);
        return b.gate(GateKind::Channel, splits, gate);
    }
    let said = by_split(b, said, radix, groups);
    let gate = b.add("gate", Op::SoftmaxPaths { paths: radix }, &[said]);
    weigh_paths(b, radix, splits, gate)
}

/// A convolution in groups has the splits of each group together: from `[groups, radix, C / groups]` to
/// `[radix, groups, C / groups]`.
fn by_split(b: &mut GraphBuilder, said: NodeId, radix: usize, groups: usize) -> NodeId {
    if groups == 1 {
        return said;
    }
    let length = b.shape(said).channels() / (radix * groups);
    let places = (0..radix).flat_map(|split| (0..groups).map(move |group| (split, group)));
    let parts: Vec<NodeId> = places
        .map(|(split, group)| {
            let start = (group * radix + split) * length;
            b.add(&format!("fc2.{split}.{group}"), Op::ChannelSlice { start, length }, &[said])
        })
        .collect();
    b.add("fc2.splits", Op::Concat, &parts)
}

impl AttentionBlock for Splat {
    fn card(&self) -> Card {
        Card {
            name: "splat",
            title: "Splat",
            long: "Split Attention",
            summary: "Convolves into several splits of the same size and lets the image decide, for each channel, how much of each split to take.",
            formula: &["U = Σ splits, s = avg U", "a = softmax over splits(W2·δ(W1·s))", "F' = Σ a·split"],
            paper: "Zhang et al., CVPR Workshops 2022, arXiv 2004.08955",
            why: "It joins the paths of ResNeXt with the weighing of selective kernels, as one grouped convolution.",
            caution: "It brings a convolution of its own, so it costs far more than a gate does; the splits differ in nothing but their weights.",
            place: "At the end of a residual branch, as timm's attention layers; with site=conv in place of its 3×3 convolution, as in ResNeSt.",
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![
            Declared { field: RADIX, default: Value::Number(DEFAULT_RADIX) },
            Declared { field: REDUCTION, default: Value::Number(DEFAULT_REDUCTION) },
            site_declared(),
        ]
    }

    fn check(&self, options: &Options, channels: usize) -> Result<(), String> {
        let radix = options.number("radix", DEFAULT_RADIX);
        if channels.is_multiple_of(radix) {
            return Ok(());
        }
        Err(format!(
            "radix={radix}: {channels} channels cannot be cut into {radix} splits, use a radix that divides them"
        ))
    }

    fn has_positions(&self) -> bool {
        false
    }

    fn site(&self, options: &Options) -> Site {
        if is_in_place(options) { Site::Convolution } else { Site::Branch }
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let conv = Conv2d::new(builder.shape(features).channels(), 3);
        builder.scope(ScopeKind::Attention("splat"), "se", "Splat", |b| split(b, conv, false, features, options))
    }

    fn replace(&self, b: &mut GraphBuilder, name: &str, conv: Conv2d, features: NodeId, options: &Options) -> NodeId {
        b.scope(ScopeKind::Attention("splat"), name, "Splat", |b| split(b, conv, true, features, options))
    }
}
