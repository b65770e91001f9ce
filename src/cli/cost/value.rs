//! The JSON form of costs.

use serde::Serialize;

use super::{Costed, ways};
use crate::cli::doubts::{self, DoubtEntry};
use crate::cli::ledger;
use crate::cli::running::milliseconds;
use crate::compute::engine::{Timing, gflops};
use crate::network::cost::{Cost, Lesson};
use crate::network::graph::{NodeId, Op, receptive};

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
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Time>,
    /// What its checkpoint leaves open.
    doubts: Vec<DoubtEntry<'a>>,
}

/// How long the network took, and where.
#[derive(Serialize)]
struct Time {
    device: &'static str,
    threads: usize,
    runs: usize,
    total_ms: Total,
    /// All steps together: the run in the middle.
    steps_ms: f64,
    /// Attention's share of everything.
    attention: Option<ledger::Report>,
}

#[derive(Serialize)]
struct Total {
    min: f64,
    median: f64,
}

/// A part's own time; nothing of it without `--time`, and nothing at a layer that is computed with one before it.
#[derive(Serialize)]
struct Speed {
    #[serde(skip_serializing_if = "Option::is_none")]
    ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gflops: Option<f64>,
}

impl Speed {
    fn of(macs: u64, time: Option<u64>) -> Self {
        Self { ms: time.map(milliseconds), gflops: time.map(|time| gflops(macs, time)) }
    }
}

#[derive(Serialize)]
struct Stage<'a> {
    name: &'a str,
    #[serde(flatten)]
    cost: Numbers,
    #[serde(flatten)]
    speed: Speed,
}

#[derive(Serialize)]
struct Layer<'a> {
    name: &'a str,
    op: &'static str,
    output: &'a [usize],
    /// The longer side, in pixels of the input.
    receptive_field: usize,
    stride: usize,
    #[serde(flatten)]
    cost: Numbers,
    #[serde(flatten)]
    speed: Speed,
}

#[derive(Serialize)]
struct Numbers {
    params: u64,
    macs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    products: Option<u64>,
    elementwise: u64,
    activation_bytes: u64,
}

impl From<Cost> for Numbers {
    fn from(cost: Cost) -> Self {
        let Cost { params, macs, products, elementwise, activation_bytes } = cost;
        let products = (products > 0).then_some(products);
        Self { params, macs, products, elementwise, activation_bytes }
    }
}

impl<'a> Report<'a> {
    /// Every network with its stages and layers.
    pub(super) fn of(networks: &'a [Costed]) -> Self {
        Self { networks: networks.iter().map(network).collect() }
    }
}

fn network(costed: &Costed) -> Network<'_> {
    let Costed { model, doubts, timing } = costed;
    let (graph, ledger, timing) = (model.graph(), model.ledger(), timing.as_ref());
    let fields = receptive(graph);
    let layer = |id: NodeId| {
        let node = &graph[id];
        let (receptive_field, stride) = (fields[id.0].side(), fields[id.0].step());
        let cost = ledger.layer(id);
        let speed = Speed::of(cost.macs, timing.and_then(|timing| timing.layer(id)));
        let (name, op, output) = (&node.name, node.op.name(), node.shape.dims());
        Layer { name, op, output, receptive_field, stride, cost: cost.into(), speed }
    };
    let stage = |(name, id)| {
        let cost = ledger.scope(id);
        Stage { name, cost: cost.into(), speed: Speed::of(cost.macs, timing.map(|timing| timing.scope(id))) }
    };
    Network {
        name: &graph.name,
        input: graph.nodes[0].shape.dims(),
        total: ledger.total().into(),
        attention: ledger.attention(graph).into(),
        stages: costed.parts().map(stage).collect(),
        layers: graph.node_ids().filter(|id| graph[*id].op != Op::Input).map(layer).collect(),
        time: timing.map(Time::of),
        doubts: doubts::entries(doubts),
    }
}

impl Time {
    fn of(timing: &Timing) -> Self {
        Self {
            device: timing.device.name(),
            threads: timing.threads,
            runs: timing.runs,
            total_ms: Total { min: timing.min.as_secs_f64() * 1e3, median: timing.median.as_secs_f64() * 1e3 },
            steps_ms: milliseconds(timing.total()),
            attention: timing.attention.as_ref().map(ledger::Report::from),
        }
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
