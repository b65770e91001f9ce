//! Selective kernels (Li et al., CVPR 2019): a 3×3 and a dilated 3×3, and for each channel how much of either.
//!
//! Named as in timm: `se.paths.0.conv`, `se.attn.fc_reduce`; each path sees half of the channels, as there by default.
//! In a convolution's place (`site=conv`, timm's skresnet) under the convolution's name.

use super::parts::{careful_multiple, is_in_place, site_declared};
use super::se::{DEFAULT_REDUCTION, REDUCTION, check_reduction};
use super::{AttentionBlock, Card, Site};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

const LEAST: Field = Field {
    key: "least",
    long: "least",
    help: "channels the small network has at least",
    kind: Kind::Number { min: 1, max: 4096 },
};
const SPLIT: Field = Field {
    key: "split",
    long: "split",
    help: "what each path sees: yes, its half of the channels (timm); no, all of them (the paper)",
    kind: Kind::Word(&["yes", "no"]),
};
/// The divisor of timm's squeezed widths, and the least of them.
const DIVISOR: usize = 8;
/// A 3×3, and a 3×3 dilated to see as far as a 5×5.
const PATHS: usize = 2;

/// Selective kernels.
pub struct Sk;

/// Adds both paths with this convolution's geometry and selects between them, inside the current scope.
fn select(b: &mut GraphBuilder, conv: Conv2d, features: NodeId, options: &Options) -> NodeId {
    let each = b.shape(features).channels() / PATHS;
    let is_split = is_split(options);
    let paths: Vec<NodeId> = (0..PATHS)
        .map(|path| {
            let dilation = [path + 1; 2];
            let half = Op::ChannelSlice { start: path * each, length: each };
            let part = if is_split { b.add(&format!("paths.{path}.split"), half, &[features]) } else { features };
            let layer = Conv2d { dilation, padding: dilation, kernel: [3; 2], bias: false, ..conv };
            let names = ["conv", "bn", "act"].map(|name| format!("paths.{path}.{name}"));
            b.conv_bn(&names[0], &names[1], Some(&names[2]), layer, part)
        })
        .collect();
    let channels = conv.out_channels;
    let r = options.number("r", DEFAULT_REDUCTION);
    let width = careful_multiple(channels as f64 / r as f64, DIVISOR, options.number("least", DIVISOR));
    let sum = b.add("attn.sum", Op::Add, &paths);
    let pooled = b.add("attn.avg_pool", Op::GlobalAvgPool, &[sum]);
    let hidden = b.conv_bn("attn.fc_reduce", "attn.bn", Some("attn.act"), Conv2d::new(width, 1), pooled);
    let said = b.add("attn.fc_select", Op::Conv2d(Conv2d::new(PATHS * channels, 1)), &[hidden]);
    let gate = b.add("attn.gate", Op::SoftmaxPaths { paths: PATHS }, &[said]);
    let joined = b.add("joined", Op::Concat, &paths);
    weigh_paths(b, PATHS, joined, gate)
}

fn is_split(options: &Options) -> bool {
    options.word("split", "yes") == "yes"
}

/// The sum of `[paths · C, H, W]` over the paths, weighed by a softmax over them.
pub(super) fn weigh_paths(b: &mut GraphBuilder, paths: usize, joined: NodeId, gate: NodeId) -> NodeId {
    let length = b.shape(joined).channels() / paths;
    let weighed = b.add("scale", Op::Scale, &[joined, gate]);
    b.register(GateKind::Paths { paths }, gate, weighed, None);
    let part = |path: usize| Op::ChannelSlice { start: path * length, length };
    let parts: Vec<NodeId> = (0..paths).map(|path| b.add(&format!("part{path}"), part(path), &[weighed])).collect();
    b.add("sum", Op::Add, &parts)
}

impl AttentionBlock for Sk {
    fn card(&self) -> Card {
        Card {
            name: "sk",
            title: "SK",
            long: "Selective Kernels",
            summary: "Convolves with a small and with a large window and lets the image decide, for each channel, how much of either to take.",
            formula: &["U = Σ paths, s = avg U", "a = softmax over paths(W2·δ(BN(W1·s)))", "F' = Σ a·path"],
            paper: "Li et al., CVPR 2019, arXiv 1903.06586",
            why: "Neurons of the visual cortex change the size of their receptive field with what they see, a fixed kernel cannot.",
            caution: "It brings convolutions of its own, so it costs far more than a gate does; in timm each path sees half of the channels, in the paper all.",
            place: "At the end of a residual branch, as timm's attention layers; with site=conv in place of its 3×3 convolution, as in SKNet.",
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![
            Declared { field: REDUCTION, default: Value::Number(DEFAULT_REDUCTION) },
            Declared { field: LEAST, default: Value::Number(DIVISOR) },
            Declared { field: SPLIT, default: Value::Word("yes".to_owned()) },
            site_declared(),
        ]
    }

    fn check(&self, options: &Options, channels: usize) -> Result<(), String> {
        if is_split(options) && !channels.is_multiple_of(PATHS) {
            return Err(format!("{channels} channels cannot be split between {PATHS} paths, use split=no"));
        }
        check_reduction(options, channels)
    }

    fn has_positions(&self) -> bool {
        false
    }

    fn site(&self, options: &Options) -> Site {
        if is_in_place(options) { Site::Convolution } else { Site::Branch }
    }

    fn nests_neighbours(&self) -> bool {
        true
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let conv = Conv2d::new(builder.shape(features).channels(), 3);
        self.replace(builder, "se", conv, features, options)
    }

    fn replace(&self, b: &mut GraphBuilder, name: &str, conv: Conv2d, features: NodeId, options: &Options) -> NodeId {
        b.scope(ScopeKind::Attention("sk"), name, "SK", |b| select(b, conv, features, options))
    }
}
