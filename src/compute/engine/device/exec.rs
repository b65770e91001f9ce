//! A graph run node by node with candle's operators, on any of its devices.

use std::time::{Duration, Instant};

use candle_core::{Device, Tensor};

use super::prepare::{Prepared, prepare};
use super::{DeviceKind, first_line, operators};
use crate::compute::engine::plan::{check, is_attention};
use crate::compute::engine::{Control, EngineError, GateValues, Holds, PlanOptions, Run, Step, Tap};
use crate::compute::weights::Weights;
use crate::network::cost::Ledger;
use crate::network::graph::{Graph, NodeId, Op};

/// Bytes of one f32.
const F32: u64 = 4;

/// A network whose weights are on a device. Gates are kept; other outputs go after their last use.
pub struct DevicePlan {
    graph: Graph,
    device: Device,
    kind: DeviceKind,
    batch: usize,
    prepared: Vec<Prepared>,
    steps: Vec<Step>,
    taps: Vec<NodeId>,
    /// By node: the last node that reads it; its own index where nothing does.
    last_use: Vec<usize>,
    /// By node: its output is asked for.
    is_kept: Vec<bool>,
}

impl DevicePlan {
    /// Brings a network's weights to a device.
    ///
    /// # Errors
    /// When weights or taps do not belong to the graph, or the device refuses them.
    pub(super) fn on(
        device: Device,
        kind: DeviceKind,
        graph: &Graph,
        weights: &Weights,
        options: &PlanOptions,
    ) -> Result<Self, EngineError> {
        check(graph, weights, &options.taps)?;
        let at = |id: NodeId| move |error| failed(graph, id, &error);
        let prepared = graph.node_ids().map(|id| prepare(graph, weights, id, &device).map_err(at(id)));
        let prepared = prepared.collect::<Result<Vec<_>, _>>()?;
        let mut is_kept = vec![false; graph.nodes.len()];
        let gates = graph.gates.iter().map(|gate| gate.node);
        gates.chain(options.taps.iter().copied()).chain([graph.output()]).for_each(|id| is_kept[id.0] = true);
        let mut last_use: Vec<usize> = (0..graph.nodes.len()).collect();
        for id in graph.node_ids() {
            graph[id].inputs.iter().for_each(|input| last_use[input.0] = id.0);
        }
        let (ledger, batch) = (Ledger::of(graph), options.batch.max(1));
        Ok(Self {
            steps: graph.node_ids().map(|id| step(graph, &ledger, id, kind, batch)).collect(),
            taps: options.taps.clone(),
            graph: graph.clone(),
            device,
            kind,
            batch,
            prepared,
            last_use,
            is_kept,
        })
    }

    /// Which kind of device it is on.
    #[must_use]
    pub fn kind(&self) -> DeviceKind {
        self.kind
    }

    /// The network's name.
    #[must_use]
    pub fn network(&self) -> &str {
        &self.graph.name
    }

    /// Images of one run.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// A step for each node: nothing is fused.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Runs the whole batch; a run for each image.
    ///
    /// # Errors
    /// When there are not as many images as the plan is for, a gate cannot be held so, the device fails, or the caller
    /// cancels.
    pub fn run_batch(&self, images: &[f32], holds: &Holds, control: &Control) -> Result<Vec<Run>, EngineError> {
        self.execute(images, holds, control, &mut |_| Ok(()))
    }

    /// The same with a clock on each step: the device is waited for after each, which takes time of its own.
    ///
    /// # Errors
    /// As [`DevicePlan::run_batch`].
    pub fn run_timed(&self, images: &[f32], control: &Control) -> Result<(Vec<Run>, Vec<Duration>), EngineError> {
        let mut times = Vec::with_capacity(self.steps.len());
        let mut before = Instant::now();
        let runs = self.execute(images, &Holds::none(), control, &mut |id| {
            self.device.synchronize().map_err(|error| failed(&self.graph, id, &error))?;
            let now = Instant::now();
            times.push(now - before);
            before = now;
            Ok(())
        })?;
        Ok((runs, times))
    }

    fn execute(
        &self,
        images: &[f32],
        holds: &Holds,
        control: &Control,
        after_each: &mut dyn FnMut(NodeId) -> Result<(), EngineError>,
    ) -> Result<Vec<Run>, EngineError> {
        let (started, graph) = (Instant::now(), &self.graph);
        if images.len() != graph.input().elements() * self.batch {
            let (network, expected) = (graph.name.clone(), graph.input());
            return Err(EngineError::Image { network, expected, found: images.len() });
        }
        if let Some(problem) = holds.misfit(graph) {
            return Err(EngineError::Hold { network: graph.name.clone(), problem });
        }
        let mut outputs: Vec<Option<Tensor>> = vec![None; graph.nodes.len()];
        for id in graph.node_ids() {
            if (control.cancelled)() {
                return Err(EngineError::Cancelled);
            }
            let output = self.node(id, images, holds, &outputs).map_err(|error| failed(graph, id, &error))?;
            outputs[id.0] = Some(output);
            for input in graph[id].inputs.iter().filter(|input| self.last_use[input.0] == id.0) {
                outputs[input.0].take_if(|_| !self.is_kept[input.0]);
            }
            after_each(id)?;
            (control.progress)((id.0 + 1) as f32 / graph.nodes.len() as f32);
        }
        let mut runs = self.results(&outputs)?;
        let elapsed = started.elapsed();
        for run in &mut runs {
            run.elapsed = elapsed;
        }
        Ok(runs)
    }

    fn node(
        &self,
        id: NodeId,
        images: &[f32],
        holds: &Holds,
        outputs: &[Option<Tensor>],
    ) -> candle_core::Result<Tensor> {
        let node = &self.graph[id];
        if node.op == Op::Input {
            return Tensor::from_slice(images, operators::dims(self.batch, node.shape), &self.device);
        }
        let inputs: Vec<&Tensor> = node.inputs.iter().filter_map(|input| outputs[input.0].as_ref()).collect();
        let output = operators::compute(node, &inputs, &self.prepared[id.0])?;
        let Some(hold) = holds.of(&self.graph, id) else { return Ok(output) };
        let mut values: Vec<f32> = output.flatten_all()?.to_vec1()?;
        values.chunks_exact_mut(node.shape.elements()).for_each(|image| hold.apply(image));
        Tensor::from_vec(values, output.shape(), &self.device)
    }

    fn results(&self, outputs: &[Option<Tensor>]) -> Result<Vec<Run>, EngineError> {
        let graph = &self.graph;
        let read = |id: NodeId| -> Result<Vec<Vec<f32>>, EngineError> {
            let Some(tensor) = &outputs[id.0] else { return Ok(vec![Vec::new(); self.batch]) };
            let rows = tensor.reshape((self.batch, graph[id].shape.elements())).and_then(|rows| rows.to_vec2());
            rows.map_err(|error| failed(graph, id, &error))
        };
        let empty = || Run { logits: Vec::new(), gates: Vec::new(), taps: Vec::new(), elapsed: Duration::ZERO };
        let mut runs: Vec<Run> = (0..self.batch).map(|_| empty()).collect();
        for gate in &graph.gates {
            let shape = graph.gate_shape(gate);
            for (run, values) in runs.iter_mut().zip(read(gate.node)?) {
                run.gates.push(GateValues { shape, values });
            }
        }
        for node in &self.taps {
            let shape = graph[*node].shape;
            for (run, values) in runs.iter_mut().zip(read(*node)?) {
                run.taps.push(Tap { node: *node, shape, values });
            }
        }
        for (run, logits) in runs.iter_mut().zip(read(graph.output())?) {
            run.logits = logits;
        }
        Ok(runs)
    }
}

fn failed(graph: &Graph, id: NodeId, error: &candle_core::Error) -> EngineError {
    let node = &graph[id];
    let (network, name) = (graph.name.clone(), node.name.clone());
    EngineError::Node { network, node: name, op: node.op.name(), reason: first_line(error) }
}

/// What people see of a node's step.
fn step(graph: &Graph, ledger: &Ledger, id: NodeId, kind: DeviceKind, batch: usize) -> Step {
    let node = &graph[id];
    let weight_bytes = node.params.iter().map(|param| graph[*param].elements() as u64).sum::<u64>() * F32;
    let inputs: usize = node.inputs.iter().map(|input| graph[*input].shape.elements()).sum();
    let moved = ((inputs + node.shape.elements()) * batch) as u64 * F32 + weight_bytes;
    Step {
        nodes: vec![id],
        name: node.name.clone(),
        kernel: if node.op == Op::Input { "image".to_owned() } else { format!("{} ({})", node.op.name(), kind.name()) },
        shape: node.shape,
        macs: ledger.layer(id).macs * batch as u64,
        bytes: if node.op == Op::Flatten { 0 } else { moved },
        weight_bytes,
        is_attention: is_attention(graph, id),
        reads: Vec::new(),
        writes: Vec::new(),
    }
}
