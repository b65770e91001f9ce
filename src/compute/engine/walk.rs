//! The walk over a plan: computes step by step, frees what is no longer needed, reports and listens.

use candle_core::{Error, Result, Tensor, bail};

use super::control::Control;
use super::plan::{Plan, Step};
use super::{EngineError, buffer, ops};
use crate::compute::weights::Weights;
use crate::network::cost::Ledger;
use crate::network::graph::{Graph, NodeId, Role};

/// Everything a run needs.
pub(super) struct Walk<'a> {
    pub(super) graph: &'a Graph,
    weights: &'a Weights,
    plan: Plan,
    /// Gates that are 1 by definition: their attention was grafted as the identity.
    ones: Vec<NodeId>,
}

/// Outputs by node; a slot owns its storage alone, so that it may be edited in place when it is taken.
pub(super) struct Outputs(Vec<Option<Tensor>>);

impl Outputs {
    /// The output of a node.
    pub(super) fn get(&self, id: NodeId) -> Result<&Tensor> {
        match self.0.get(id.0) {
            Some(Some(tensor)) => Ok(tensor),
            _ => bail!("the output of node {} is not there", id.0),
        }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(graph: &'a Graph, weights: &'a Weights, taps: &[NodeId]) -> Self {
        let gates = graph.gates.iter().map(|gate| gate.node);
        let kept: Vec<NodeId> = gates.chain(taps.iter().copied()).chain([graph.output()]).collect();
        let ones = graph.gates.iter().enumerate().filter(|(index, _)| weights.is_identity(*index));
        Self { graph, weights, plan: Plan::new(graph, &kept), ones: ones.map(|(_, gate)| gate.node).collect() }
    }

    /// Computes every step.
    pub(super) fn run(&self, image: &[f32], control: &Control) -> std::result::Result<Outputs, EngineError> {
        let ledger = Ledger::of(self.graph);
        let total = ledger.total().macs.max(1);
        let mut done = 0;
        let mut outputs = Outputs(vec![None; self.graph.nodes.len()]);
        for (index, step) in self.plan.steps.iter().enumerate() {
            if (control.cancelled)() {
                return Err(EngineError::Cancelled);
            }
            let result = match self.ones.contains(&step.output) {
                true => buffer::from_vec(vec![1.0; self.graph[step.output].shape.elements()]),
                false => ops::compute(self, step, index, image, &mut outputs),
            };
            let output = result.map_err(|error| node_error(self.graph, step.node, &error))?;
            outputs.0[step.output.0] = Some(output);
            self.release(step, index, &mut outputs);
            done += ledger.layer(step.node).macs;
            (control.progress)((done as f64 / total as f64) as f32);
        }
        (control.progress)(1.0);
        Ok(outputs)
    }

    fn release(&self, step: &Step, index: usize, outputs: &mut Outputs) {
        for id in self.graph[step.node].inputs.iter().chain([&step.output]) {
            if self.plan.last_use[id.0] == Some(index) {
                outputs.0[id.0] = None;
            }
        }
    }

    /// The output of a node, to be changed: the tensor itself if this step is its last reader, else a copy.
    pub(super) fn own(&self, id: NodeId, step: &Step, index: usize, outputs: &mut Outputs) -> Result<Tensor> {
        let is_last = self.plan.last_use[id.0] == Some(index);
        let reads = self.graph[step.node].inputs.iter().filter(|input| **input == id).count();
        match outputs.0[id.0].take_if(|_| is_last && reads == 1) {
            Some(tensor) => Ok(tensor),
            None => buffer::from_vec(buffer::to_vec(outputs.get(id)?)?),
        }
    }

    /// A node's parameter of this role.
    pub(super) fn param(&self, node: NodeId, role: Role) -> Result<&Tensor> {
        let found = self.graph[node].params.iter().find(|param| self.graph[**param].role == role);
        match found.and_then(|param| self.weights.tensor(*param)) {
            Some(tensor) => Ok(tensor),
            None => bail!("it has no {}", role.suffix()),
        }
    }
}

/// An error of the machinery, with the layer it happened in. Backtraces stay out of it.
pub(super) fn node_error(graph: &Graph, id: NodeId, error: &Error) -> EngineError {
    let node = &graph[id];
    let reason = error.to_string().lines().next().unwrap_or_default().to_owned();
    EngineError::Node { network: graph.name.clone(), node: node.name.clone(), op: node.op.name(), reason }
}
