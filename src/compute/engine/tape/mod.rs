//! Forward and backward through a whole graph, on the kernels: what learning, Grad-CAM and saliency run on.
//!
//! A [`Tape`] is made once for a graph and a batch. [`Tape::forward`] keeps every activation that a gradient needs;
//! [`Tape::backward`] walks the same steps in reverse. Activations and gradients lie in the engine's layout from the
//! first layer to the last; a gradient's buffer goes back to the pool once its layer has read it.
//!
//! Invariants: every number is the same for every number of threads; a parameter used twice (a shared MLP) has the
//! sum of both gradients.

mod backward;
mod forward;
mod parameters;
mod record;

use std::collections::BTreeMap;

pub use parameters::Parameters;

use super::kernels::conv::linear::{LARGE, Linear};
use super::kernels::conv::{Conv, ConvGradient};
use super::kernels::norm::Factors;
use super::kernels::{Aligned, Crew, Isa, Layout, default_threads, layout};
use super::{EngineError, Holds};
use crate::network::graph::{Conv2d, Graph, NodeId, ParamId, Role, Shape};
use record::{Record, Work};

/// What a BatchNorm normalises with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The statistics of the batch; running ones follow with momentum 0.1.
    Train,
    /// The running statistics.
    Eval,
}

/// How a tape is made.
#[derive(Clone, Debug, PartialEq)]
pub struct TapeOptions {
    /// Images of one pass.
    pub batch: usize,
    /// Threads to use, the caller's among them.
    pub threads: usize,
    /// What a BatchNorm normalises with.
    pub mode: Mode,
    /// Are gradients of parameters wanted?
    pub learns: bool,
    /// Nodes whose outputs and gradients are kept to be looked at.
    pub taps: Vec<NodeId>,
    /// Are all gates written by themselves, so that they can be held?
    pub gates: bool,
}

impl Default for TapeOptions {
    /// One image, the machine's threads, running statistics, gradients of parameters, no taps.
    fn default() -> Self {
        let threads = default_threads();
        Self { batch: 1, threads, mode: Mode::Eval, learns: true, taps: Vec::new(), gates: false }
    }
}

/// A graph with room for the activations and gradients of a batch.
pub struct Tape {
    graph: Graph,
    options: TapeOptions,
    isa: Isa,
    crew: Crew,
    records: Vec<Record>,
    /// By node: must its gradient be known?
    wanted: Vec<bool>,
    /// By node: its output, the whole batch; empty where it is not written.
    activations: Vec<Aligned>,
    /// By record: what a normalisation used.
    norms: Vec<Factors>,
    /// By record: a convolution, once it has run, with its weights packed.
    packed: Vec<Option<Conv>>,
    /// By parameter: has its gradient been written in this pass?
    touched: Vec<bool>,
    /// By record: the gradients of a convolution.
    convolutions: Vec<Option<ConvGradient>>,
    /// By parameter.
    gradients: Vec<Vec<f32>>,
    /// By node, while a backward pass is under way; taps keep theirs.
    flowing: BTreeMap<NodeId, Aligned>,
    kept: BTreeMap<NodeId, Aligned>,
    pool: Vec<Aligned>,
    /// What the last pass forward held, and by node what held gates would have been: the way back is theirs.
    holds: Holds,
    unheld: BTreeMap<NodeId, Aligned>,
}

impl Tape {
    /// Makes room for a graph and a batch.
    ///
    /// # Errors
    /// When a tap is not in the graph.
    pub fn new(graph: &Graph, options: TapeOptions) -> Result<Self, EngineError> {
        Self::on(Isa::detect(), graph, options)
    }

    /// The same on a given instruction set, which the processor must have.
    pub(super) fn on(isa: Isa, graph: &Graph, options: TapeOptions) -> Result<Self, EngineError> {
        if let Some(tap) = options.taps.iter().find(|tap| tap.0 >= graph.nodes.len()) {
            let (network, nodes) = (graph.name.clone(), graph.nodes.len());
            return Err(EngineError::Tap { network, tap: tap.0, nodes });
        }
        let options = TapeOptions { batch: options.batch.max(1), ..options };
        let crew = Crew::new(options.threads);
        let gates = graph.gates.iter().map(|gate| gate.node).filter(|_| options.gates);
        let kept: Vec<NodeId> = options.taps.iter().copied().chain(gates).chain([graph.output()]).collect();
        let records = record::records(graph, &kept);
        let wanted = wanted(graph, &records, &options);
        let length = |node: NodeId| options.batch * Layout::of(graph[node].shape).length(graph[node].shape);
        let mut activations = vec![Aligned::default(); graph.nodes.len()];
        for record in &records {
            activations[record.output.0] = Aligned::zeros(length(record.output));
        }
        let convolutions = records.iter().map(|record| match record.work {
            Work::Conv { input, conv } if wanted[record.output.0] => {
                let [from, to] = [graph[input].shape, graph[record.output].shape];
                if large(&conv, [from, to], options.batch).is_some() {
                    return None;
                }
                Some(ConvGradient::new(isa, &crew, conv, from, to, options.batch))
            }
            _ => None,
        });
        let convolutions = convolutions.collect();
        let learned = |role: Role| options.learns && role.is_parameter();
        let gradients = graph.params.iter().map(|param| match learned(param.role) {
            true => vec![0.0; param.elements()],
            false => Vec::new(),
        });
        Ok(Self {
            graph: graph.clone(),
            isa,
            norms: records.iter().map(|_| Factors::default()).collect(),
            packed: records.iter().map(|_| None).collect(),
            touched: vec![false; graph.params.len()],
            records,
            wanted,
            activations,
            convolutions,
            gradients: gradients.collect(),
            flowing: BTreeMap::new(),
            kept: BTreeMap::new(),
            pool: Vec::new(),
            holds: Holds::none(),
            unheld: BTreeMap::new(),
            crew,
            options,
        })
    }

    /// Images of one pass.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.options.batch
    }

    /// A parameter's gradient after [`Tape::backward`], row-major in PyTorch's shape; empty for running statistics.
    #[must_use]
    pub fn gradient(&self, param: ParamId) -> &[f32] {
        self.gradients.get(param.0).map_or(&[], |gradient| gradient)
    }

    /// A node's output for one image after [`Tape::forward`], row-major; empty where it was not written.
    #[must_use]
    pub fn activation(&self, node: NodeId, image: usize) -> Vec<f32> {
        self.planar(node, image, self.activations.get(node.0).map_or(&[], |values| values))
    }

    /// The gradient of a tap's output for one image after [`Tape::backward`], row-major; empty for other nodes and
    /// where nothing flowed.
    #[must_use]
    pub fn tap_gradient(&self, node: NodeId, image: usize) -> Vec<f32> {
        self.planar(node, image, self.kept.get(&node).map_or(&[], |values| values))
    }

    fn shape(&self, node: NodeId) -> Shape {
        self.graph[node].shape
    }

    /// Numbers of a node's whole batch.
    fn length(&self, node: NodeId) -> usize {
        self.options.batch * Layout::of(self.shape(node)).length(self.shape(node))
    }

    /// One image's numbers as `[C, H, W]`.
    fn planar(&self, node: NodeId, image: usize, values: &[f32]) -> Vec<f32> {
        let (shape, layout) = (self.shape(node), Layout::of(self.shape(node)));
        let length = layout.length(shape);
        let part = values.get(image * length..(image + 1) * length);
        part.map_or_else(Vec::new, |part| layout::load(layout, shape, part))
    }
}

/// The layer as a large linear one, if it is that.
fn large(conv: &Conv2d, [from, to]: [Shape; 2], batch: usize) -> Option<Linear> {
    let is_linear = conv.kernel == [1, 1] && conv.groups == 1 && conv.padding == [0, 0] && conv.trailing == [0, 0];
    let (inputs, outputs) = (from.channels(), to.channels());
    let is_one = from.elements() == inputs && to.elements() == outputs;
    let steps = [from, to].map(|shape| Layout::of(shape).length(shape));
    (is_linear && is_one && inputs * outputs >= LARGE).then_some(Linear { inputs, outputs, steps, batch })
}

/// Which nodes' gradients must be known: those of taps, of layers that learn, and of all that lie behind them.
fn wanted(graph: &Graph, records: &[Record], options: &TapeOptions) -> Vec<bool> {
    let mut wanted = vec![false; graph.nodes.len()];
    for record in records {
        let learns = |layer: NodeId| options.learns && !graph[layer].params.is_empty();
        let behind = record.inputs(graph).iter().any(|input| wanted[input.0]);
        let is_tap = options.taps.contains(&record.output);
        wanted[record.output.0] = is_tap || learns(record.layer) || behind;
    }
    wanted
}

#[cfg(test)]
mod tests;
