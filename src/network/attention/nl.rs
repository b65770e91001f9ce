//! Non-local attention (Wang et al., CVPR 2018): every position looks at every other.
//!
//! Named as in timm: `se.t`, `se.p`, `se.g`, `se.z`, `se.norm`.

use super::parts::careful_multiple;
use super::se::REDUCTION;
use super::{AttentionBlock, BRANCH_END, Card};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, Product, ScopeKind};
use crate::network::options::{Declared, Options, Value};

/// timm's reduction ratio.
const DEFAULT_REDUCTION: usize = 8;
/// The divisor of timm's squeezed widths, and the least of them.
const DIVISOR: usize = 8;

/// Non-local attention.
pub struct NonLocal;

impl AttentionBlock for NonLocal {
    fn card(&self) -> Card {
        Card {
            name: "nl",
            title: "NL",
            long: "Non-local attention",
            summary: "Compares every position with every other and adds to each what the positions most like it have.",
            formula: &["A = softmax(t′p / √C), a row a position", "F' = F + BN(z(g·A′))"],
            paper: "Wang et al., CVPR 2018, arXiv 1711.07971",
            why: "A convolution sees its neighbourhood only, here one layer relates places at any distance.",
            caution: "The matrix has (H·W)² numbers, 9.8 million on a 56×56 map, and its products are work that counting by layer misses.",
            place: BRANCH_END,
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![Declared { field: REDUCTION, default: Value::Number(DEFAULT_REDUCTION) }]
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let channels = builder.shape(features).channels();
        let r = options.number("r", DEFAULT_REDUCTION);
        let width = careful_multiple(channels as f64 / r as f64, DIVISOR, DIVISOR);
        let factor = (channels as f32).sqrt().recip();
        builder.scope(ScopeKind::Attention("nl"), "se", "NL", |b| {
            let layer = |out| Op::Conv2d(Conv2d::new(out, 1).with_bias());
            let [queries, keys, values] = ["t", "p", "g"].map(|name| b.add(name, layer(width), &[features]));
            let alike = b.add("alike", Op::MatMul { product: Product::Similarity }, &[queries, keys]);
            let scaled = b.add("scaled", Op::Times { factor }, &[alike]);
            let gate = b.add("gate", Op::SoftmaxPositions, &[scaled]);
            let seen = b.add("seen", Op::MatMul { product: Product::Weighted }, &[values, gate]);
            b.register(GateKind::Matrix, gate, seen, None);
            let back = b.add("z", layer(channels), &[seen]);
            let normal = b.add("norm", Op::BatchNorm { eps: 1e-5 }, &[back]);
            b.add("add", Op::Add, &[normal, features])
        })
    }
}
