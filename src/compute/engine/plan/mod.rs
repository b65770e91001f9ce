//! Graph and weights made into a list of steps that only need an image: layers fused, weights packed for the
//! kernels of this processor, buffers assigned.
//!
//! A plan is a value to keep, to run again and again, and to read: [`Plan::steps`], or print it.

mod exec;
mod fuse;
mod kept;
mod order;
mod prepare;
mod show;
mod slots;
mod work;

use std::sync::Mutex;

use super::EngineError;
use super::kernels::conv::{Conv, Pair};
use super::kernels::{Aligned, Crew, Isa, Layout, default_threads};
use crate::compute::weights::Weights;
use crate::network::cost::Ledger;
use crate::network::graph::{Conv2d, Graph, NodeId, Shape};
use prepare::Workshop;
use work::Fused;

pub use kept::{Changes, KeptRun};
pub(super) use show::is_attention;

/// How a plan is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanOptions {
    /// Threads to use, the caller's among them.
    pub threads: usize,
    /// Nodes whose outputs are wanted besides gates and logits; what is not asked for costs nothing.
    pub taps: Vec<NodeId>,
    /// Images of one run.
    pub batch: usize,
    /// Does every output have a buffer of its own, so that a run can be kept and run again in part?
    pub keeps: bool,
}

impl Default for PlanOptions {
    /// The machine's threads (or `GATESCOPE_THREADS`), no taps, one image, buffers used again.
    fn default() -> Self {
        Self { threads: default_threads(), taps: Vec::new(), batch: 1, keeps: false }
    }
}

/// One step, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The layers it computes, in execution order.
    pub nodes: Vec<NodeId>,
    /// Their names, the first in full: `layer1.0.conv1 + bn1 + relu1`.
    pub name: String,
    /// What computes them: `conv 3×3 winograd 4x4`.
    pub kernel: String,
    /// The shape of its first output.
    pub shape: Shape,
    /// Multiply-accumulates by the usual count, of the whole batch.
    pub macs: u64,
    /// Bytes it reads and writes at least: inputs, weights, outputs.
    pub bytes: u64,
    /// Bytes of its packed weights.
    pub weight_bytes: u64,
    /// Does it belong to an attention block? A step that also does what follows the block counts as a whole.
    pub is_attention: bool,
    /// Buffers it reads.
    pub reads: Vec<usize>,
    /// Buffers it writes.
    pub writes: Vec<usize>,
}

/// A network ready to run.
pub struct Plan {
    network: String,
    input: Shape,
    batch: usize,
    isa: Isa,
    crew: Crew,
    /// What each step does, with its kernel, and what people see of it.
    fused: Vec<Fused>,
    prepared: Vec<Prepared>,
    steps: Vec<Step>,
    graph: Graph,
    /// By step: the input whose buffer it takes over.
    taken_over: Vec<Option<NodeId>>,
    /// By node: its buffer.
    slot_of: Vec<Option<usize>>,
    slot_lengths: Vec<usize>,
    taps: Vec<NodeId>,
    /// Has every output a buffer of its own?
    keeps: bool,
    /// Buffers of the last run, to be used again.
    spare: Mutex<Option<Vec<Aligned>>>,
}

/// A step's kernel.
enum Prepared {
    Nothing,
    Conv(Box<Conv>),
    Pair(Box<Pair>),
    /// Planes to planes, stride 1.
    Planar {
        conv: Conv2d,
        weight: Vec<f32>,
        bias: Vec<f32>,
    },
    /// A BatchNorm alone: scale and shift by channel.
    Affine(Vec<(f32, f32)>),
    /// What an operator without a kernel multiplies with and adds.
    Plain {
        weight: Vec<f32>,
        bias: Vec<f32>,
    },
}

/// Why a layer cannot be prepared.
struct PlanError {
    node: NodeId,
    reason: String,
}

impl PlanError {
    fn new(node: NodeId, reason: String) -> Self {
        Self { node, reason }
    }

    fn of(self, graph: &Graph) -> EngineError {
        let node = &graph[self.node];
        let (network, name) = (graph.name.clone(), node.name.clone());
        EngineError::Node { network, node: name, op: node.op.name(), reason: self.reason }
    }
}

impl Plan {
    /// Plans runs of a graph with these weights. The weights are copied: they may go afterwards.
    ///
    /// # Errors
    /// When weights or taps do not belong to the graph, or a layer cannot be.
    pub fn new(graph: &Graph, weights: &Weights, options: PlanOptions) -> Result<Self, EngineError> {
        Self::on(Isa::detect(), graph, weights, options)
    }

    /// The same on a given instruction set, which the processor must have.
    pub(super) fn on(isa: Isa, graph: &Graph, weights: &Weights, options: PlanOptions) -> Result<Self, EngineError> {
        check(graph, weights, &options.taps)?;
        let PlanOptions { threads, taps, batch, keeps } = options;
        let (crew, batch) = (Crew::new(threads), batch.max(1));
        let gates = graph.gates.iter().map(|gate| gate.node);
        let kept: Vec<NodeId> = gates.chain(taps.iter().copied()).chain([graph.output()]).collect();
        let fused = fuse::steps(graph, &kept);
        let length = |node: NodeId| batch * Layout::of(graph[node].shape).length(graph[node].shape);
        let written = || fused.iter().flat_map(|step| step.outputs.iter().copied()).collect::<Vec<NodeId>>();
        let slots = slots::assign(graph, &fused, &if keeps { written() } else { kept }, length);
        let workshop = Workshop { graph, weights, isa, crew: &crew, batch };
        let prepared = fused.iter().map(|step| workshop.prepare(step)).collect::<Result<Vec<_>, _>>();
        let prepared = prepared.map_err(|error| error.of(graph))?;
        let ledger = Ledger::of(graph);
        let steps = fused
            .iter()
            .zip(&prepared)
            .map(|(step, prepared)| show::step(graph, &ledger, step, prepared, batch, &slots));
        Ok(Self {
            network: graph.name.clone(),
            input: graph.input(),
            batch,
            isa,
            steps: steps.collect(),
            crew,
            fused,
            prepared,
            graph: graph.clone(),
            taken_over: slots.taken_over,
            slot_of: slots.of,
            slot_lengths: slots.lengths,
            taps,
            keeps,
            spare: Mutex::new(None),
        })
    }

    /// The steps in execution order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The network's name.
    #[must_use]
    pub fn network(&self) -> &str {
        &self.network
    }

    /// Threads it runs on.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.crew.threads()
    }

    /// Images of one run.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The outputs it keeps besides gates and logits.
    #[must_use]
    pub fn taps(&self) -> &[NodeId] {
        &self.taps
    }

    /// The instruction set it is made for: `AVX-512`.
    #[must_use]
    pub fn isa(&self) -> &'static str {
        self.isa.name()
    }

    /// Bytes of packed weights.
    #[must_use]
    pub fn weight_bytes(&self) -> u64 {
        self.steps.iter().map(|step| step.weight_bytes).sum()
    }

    /// Bytes of each activation buffer.
    #[must_use]
    pub fn buffer_bytes(&self) -> Vec<u64> {
        self.slot_lengths.iter().map(|length| (length * size_of::<f32>()) as u64).collect()
    }
}

/// Do weights and taps belong to the graph?
pub(super) fn check(graph: &Graph, weights: &Weights, taps: &[NodeId]) -> Result<(), EngineError> {
    let network = || graph.name.clone();
    if let Some(param) = weights.misfit(graph) {
        return Err(EngineError::Weights { network: network(), param: param.to_owned() });
    }
    match taps.iter().find(|tap| tap.0 >= graph.nodes.len()) {
        Some(tap) => Err(EngineError::Tap { network: network(), tap: tap.0, nodes: graph.nodes.len() }),
        None => Ok(()),
    }
}
