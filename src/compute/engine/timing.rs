//! A network's times laid over its graph: by layer, block and stage.

use std::time::Duration;

use super::{AttentionShare, Control, DeviceKind, Effort, EngineError, Profile, Runner, profile};
use crate::network::Graph;
use crate::network::graph::{NodeId, ScopeId};

/// How long a network takes, by layer and by part.
///
/// Layers that are computed together have one time: it stands at the first of them, and the parts add up to the
/// whole.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Where it ran.
    pub device: DeviceKind,
    /// The instruction set or the device, by name.
    pub processor: &'static str,
    /// Threads it ran on.
    pub threads: usize,
    /// Images of one run.
    pub batch: usize,
    /// How many runs were counted.
    pub runs: usize,
    /// The fastest run, without clocks on its steps.
    pub min: Duration,
    /// The run in the middle, without clocks on its steps.
    pub median: Duration,
    /// What the clocks on the steps made of [`Timing::median`], before the steps were scaled to it.
    pub clocked: f64,
    /// Attention's ledger; `None` for a network without.
    pub attention: Option<AttentionShare>,
    /// By node: the first of the layers it is computed with, itself where it is that one.
    firsts: Vec<NodeId>,
    /// By node, nanoseconds; 0 where it is not the first of its step.
    layers: Vec<u64>,
    /// By scope, nanoseconds, children included.
    scopes: Vec<u64>,
    /// By node, bytes read and written; 0 where it is not the first of its step.
    moved: Vec<u64>,
}

impl Timing {
    /// Lays the times of a runner's steps over its graph.
    #[must_use]
    pub fn of(graph: &Graph, runner: &Runner, times: &Profile) -> Self {
        let mut firsts: Vec<NodeId> = graph.node_ids().collect();
        let (mut layers, mut moved) = (vec![0; graph.nodes.len()], vec![0; graph.nodes.len()]);
        for (step, time) in runner.steps().iter().zip(&times.steps) {
            let Some(first) = step.nodes.first().copied() else { continue };
            layers[first.0] = time.as_nanos() as u64;
            moved[first.0] = step.bytes;
            step.nodes.iter().for_each(|node| firsts[node.0] = first);
        }
        let mut scopes = vec![0; graph.scopes.len()];
        for (node, time) in graph.nodes.iter().zip(&layers) {
            graph.ancestors(node.scope).for_each(|scope| scopes[scope.0] += time);
        }
        Self {
            device: runner.device(),
            processor: runner.processor(),
            threads: runner.threads(),
            batch: runner.batch(),
            runs: times.totals.len(),
            min: times.min(),
            median: times.median(),
            clocked: times.clocked,
            attention: AttentionShare::of(graph, runner.steps(), &times.steps, runner.batch()),
            firsts,
            layers,
            scopes,
            moved,
        }
    }

    /// Bytes of memory it takes itself.
    #[must_use]
    pub fn memory(&self) -> usize {
        let Self { firsts, layers, scopes, moved, .. } = self;
        size_of_val(&firsts[..]) + size_of_val(&layers[..]) + size_of_val(&scopes[..]) + size_of_val(&moved[..])
    }

    /// Nanoseconds of a layer and those computed with it; `None` where they stand at another layer.
    #[must_use]
    pub fn layer(&self, id: NodeId) -> Option<u64> {
        (self.firsts[id.0] == id).then_some(self.layers[id.0])
    }

    /// Bytes that a layer and those computed with it read and write at least; 0 where they stand at another layer.
    #[must_use]
    pub fn moved(&self, id: NodeId) -> u64 {
        self.moved[id.0]
    }

    /// The layer at which a layer's time stands.
    #[must_use]
    pub fn first(&self, id: NodeId) -> NodeId {
        self.firsts[id.0]
    }

    /// The layers that are computed with this one, in execution order, itself left out.
    pub fn together(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let first = self.firsts[id.0];
        let same = self.firsts.iter().enumerate().filter(move |(_, other)| **other == first);
        same.map(|(index, _)| NodeId(index)).filter(move |other| *other != id)
    }

    /// Nanoseconds of a part, children included.
    #[must_use]
    pub fn scope(&self, id: ScopeId) -> u64 {
        self.scopes[id.0]
    }

    /// Nanoseconds of all steps together: those of [`Timing::median`], the one time a network has.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.scopes[Graph::ROOT.0]
    }
}

/// Billions of operations a second, a MAC counted as two; 0 of no time.
#[must_use]
pub fn gflops(macs: u64, nanoseconds: u64) -> f64 {
    if nanoseconds == 0 { 0.0 } else { 2.0 * macs as f64 / nanoseconds as f64 }
}

/// Measures a network on images that stand for any: time does not depend on what they show.
///
/// # Errors
/// When the device fails or the caller cancels.
pub fn measure(runner: &Runner, graph: &Graph, effort: Effort, control: &Control) -> Result<Profile, EngineError> {
    let numbers = graph.input().elements() * runner.batch();
    // A smooth pattern: no denormal numbers, no zeros.
    let images: Vec<f32> = (0..numbers).map(|index| (index % 251) as f32 / 125.0 - 1.0).collect();
    profile(runner, &images, effort, control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::engine::{Plan, PlanOptions};
    use crate::compute::weights::Weights;
    use crate::network::{lower, parse};

    #[test]
    fn every_nanosecond_stands_at_one_layer_and_parts_add_up() {
        let graph = lower(&parse("resnet18(input=64)+cbam").expect("parses")).expect("lowers");
        let plan = Plan::new(&graph, &Weights::seeded(&graph, 0), PlanOptions::default()).expect("plans");
        let runner = Runner::from(plan);
        let times = measure(&runner, &graph, Effort::runs(2), &Control::none()).expect("runs");
        let timing = Timing::of(&graph, &runner, &times);
        assert_eq!((timing.runs, timing.batch, timing.device), (2, 1, DeviceKind::Cpu));
        assert!(!timing.min.is_zero() && timing.min <= timing.median);
        let steps: u64 = times.steps.iter().map(|time| time.as_nanos() as u64).sum();
        let layers: u64 = graph.node_ids().filter_map(|id| timing.layer(id)).sum();
        assert_eq!((timing.total(), layers), (steps, steps));
        assert_eq!(timing.total(), timing.median.as_nanos() as u64, "a network has one time");
        for id in graph.scope_ids() {
            let own: u64 = graph.nodes_in(id).filter_map(|node| timing.layer(node)).sum();
            assert_eq!(timing.scope(id), own, "{}", graph[id].path);
        }
        let named = |name: &str| graph.node_ids().find(|id| graph[*id].name == name).expect(name);
        let [conv, norm] = ["layer1.0.conv1", "layer1.0.bn1"].map(named);
        assert!(timing.layer(conv).is_some() && timing.layer(norm).is_none());
        assert_eq!(timing.first(norm), conv);
        assert!(timing.together(conv).any(|id| id == norm) && timing.together(norm).any(|id| id == conv));
        let attention = timing.attention.expect("it has some");
        assert_eq!(attention.nanoseconds.network, steps);
        assert!(attention.bytes.attention > 0 && attention.bytes.attention < attention.bytes.network);
    }

    #[test]
    fn little_patience_still_makes_a_median_and_cancelling_stops() {
        let graph = lower(&parse("resnet20(blocks=1-1-1)").expect("parses")).expect("lowers");
        let plan = Plan::new(&graph, &Weights::seeded(&graph, 0), PlanOptions::default()).expect("plans");
        let runner = Runner::from(plan);
        let effort = Effort { runs: 1000, patience: Duration::ZERO };
        assert_eq!(measure(&runner, &graph, effort, &Control::none()).expect("runs").totals.len(), 3);
        let stop = Control { progress: &|_| (), cancelled: &|| true };
        assert_eq!(measure(&runner, &graph, effort, &stop).expect_err("stopped"), EngineError::Cancelled);
    }
}
