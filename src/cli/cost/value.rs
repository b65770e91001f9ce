//! The JSON form of costs.

use serde::Serialize;

use super::{Costed, ways};
use crate::network::cost::{Cost, Lesson};
use crate::network::graph::{NodeId, Op};

/// `{"networks": [...]}`.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    networks: Vec<Network<'a>>,
}

#[derive(Serialize)]
struct Network<'a> {
    name: &'a str,
    input: &'a [usize],
    #[serde(flatten)]
    total: Numbers,
    attention: Numbers,
    stages: Vec<Stage<'a>>,
    layers: Vec<Layer<'a>>,
}

#[derive(Serialize)]
struct Stage<'a> {
    name: &'a str,
    #[serde(flatten)]
    cost: Numbers,
}

#[derive(Serialize)]
struct Layer<'a> {
    name: &'a str,
    op: &'static str,
    output: &'a [usize],
    #[serde(flatten)]
    cost: Numbers,
}

#[derive(Serialize)]
struct Numbers {
    params: u64,
    macs: u64,
    elementwise: u64,
    activation_bytes: u64,
}

impl From<Cost> for Numbers {
    fn from(cost: Cost) -> Self {
        let Cost { params, macs, elementwise, activation_bytes } = cost;
        Self { params, macs, elementwise, activation_bytes }
    }
}

impl<'a> Report<'a> {
    /// Every network with its stages and layers.
    pub(super) fn of(networks: &'a [Costed]) -> Self {
        Self { networks: networks.iter().map(network).collect() }
    }
}

fn network(costed: &Costed) -> Network<'_> {
    let Costed { graph, ledger } = costed;
    let layer = |id: NodeId| {
        let node = &graph[id];
        Layer { name: &node.name, op: node.op.name(), output: node.shape.dims(), cost: ledger.layer(id).into() }
    };
    Network {
        name: &graph.name,
        input: graph.nodes[0].shape.dims(),
        total: ledger.total().into(),
        attention: ledger.attention(graph).into(),
        stages: costed.parts().map(|(name, id)| Stage { name, cost: ledger.scope(id).into() }).collect(),
        layers: graph.node_ids().filter(|id| graph[*id].op != Op::Input).map(layer).collect(),
    }
}

/// The lesson: convolution weights of the two ways, and their ratio.
#[derive(Serialize)]
pub(super) struct LessonReport<'a> {
    channels: usize,
    counted: &'static str,
    ways: Vec<Way<'a>>,
    ratio: f64,
}

#[derive(Serialize)]
struct Way<'a> {
    name: &'static str,
    weights: u64,
    convolutions: Vec<Convolution<'a>>,
}

#[derive(Serialize)]
struct Convolution<'a> {
    formula: &'a str,
    weights: u64,
}

impl<'a> LessonReport<'a> {
    /// The lesson's numbers.
    pub(super) fn of(lesson: &'a Lesson) -> Self {
        let way = |(name, terms): (&'static str, &'a [crate::network::cost::Term])| Way {
            name,
            weights: terms.iter().map(|term| term.value).sum(),
            convolutions: terms
                .iter()
                .map(|term| Convolution { formula: &term.expression, weights: term.value })
                .collect(),
        };
        Self {
            channels: lesson.channels,
            counted: Lesson::COUNTS,
            ways: ways(lesson).map(way).into(),
            ratio: lesson.ratio(),
        }
    }
}
