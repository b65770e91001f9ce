//! The steps of a run: which layers are computed together, and when an output is no longer needed.
//!
//! A BatchNorm that alone reads a convolution's output is applied to that output in place, and so is a ReLU.
//! BatchNorm at inference is one scale and one shift a channel, so it costs what adding a bias costs, and the
//! convolution's weights need not be rewritten for it.

use crate::network::graph::{Graph, NodeId, Op};

/// One operator with what is applied to its output in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The node whose operator is computed.
    pub(super) node: NodeId,
    /// The BatchNorm that follows.
    pub(super) norm: Option<NodeId>,
    /// Does a ReLU follow?
    pub(super) relu: bool,
    /// The last node of the step: the result is its output.
    pub(super) output: NodeId,
}

/// The steps in execution order.
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// By node: the last step that reads its output; `None` for outputs that stay.
    pub(super) last_use: Vec<Option<usize>>,
}

impl Plan {
    /// Plans a run that keeps the outputs of `kept`.
    pub(super) fn new(graph: &Graph, kept: &[NodeId]) -> Self {
        let readers = Readers::of(graph, kept);
        let mut steps: Vec<Step> = Vec::new();
        let mut done = vec![false; graph.nodes.len()];
        for node in graph.node_ids() {
            if !done[node.0] {
                let step = readers.step(graph, node);
                done[step.output.0] = true;
                step.norm.iter().for_each(|norm| done[norm.0] = true);
                steps.push(step);
            }
        }
        let mut last_use = vec![None; graph.nodes.len()];
        for (index, step) in steps.iter().enumerate() {
            // An output nobody reads ends with its own step.
            last_use[step.output.0] = Some(index);
            graph[step.node].inputs.iter().for_each(|input| last_use[input.0] = Some(index));
        }
        for id in kept {
            last_use[id.0] = None;
        }
        Self { steps, last_use }
    }
}

/// Who reads each output.
struct Readers {
    /// By node: the only reader, if there is just one and the output is not kept.
    only: Vec<Option<NodeId>>,
}

impl Readers {
    fn of(graph: &Graph, kept: &[NodeId]) -> Self {
        let mut readers: Vec<Vec<NodeId>> = vec![Vec::new(); graph.nodes.len()];
        for id in graph.node_ids() {
            graph[id].inputs.iter().for_each(|input| readers[input.0].push(id));
        }
        let only = |(index, readers): (usize, Vec<NodeId>)| match readers[..] {
            [reader] if !kept.contains(&NodeId(index)) => Some(reader),
            _ => None,
        };
        Self { only: readers.into_iter().enumerate().map(only).collect() }
    }

    fn step(&self, graph: &Graph, node: NodeId) -> Step {
        let mut step = Step { node, norm: None, relu: false, output: node };
        let next = |step: &Step, wanted: fn(&Op) -> bool| self.only[step.output.0].filter(|id| wanted(&graph[*id].op));
        if matches!(graph[node].op, Op::Conv2d(_))
            && let Some(norm) = next(&step, |op| matches!(op, Op::BatchNorm { .. }))
        {
            step = Step { norm: Some(norm), output: norm, ..step };
        }
        let takes_relu =
            matches!(graph[node].op, Op::Conv2d(_) | Op::BatchNorm { .. } | Op::Linear { .. } | Op::Add | Op::Scale);
        if takes_relu && let Some(relu) = next(&step, |op| matches!(op, Op::Relu)) {
            step = Step { relu: true, output: relu, ..step };
        }
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    fn find(graph: &Graph, name: &str) -> NodeId {
        graph.node_ids().find(|id| graph[*id].name == name).expect(name)
    }

    #[test]
    fn a_tap_keeps_its_output_apart() {
        let graph = lower(&parse("resnet18").expect("parses")).expect("lowers");
        let (conv, relu) = (find(&graph, "conv1"), find(&graph, "relu"));
        let step = |kept: &[NodeId]| Plan::new(&graph, kept).steps.into_iter().find(|step| step.node == conv);
        let whole = Step { node: conv, norm: Some(find(&graph, "bn1")), relu: true, output: relu };
        assert_eq!(step(&[graph.output()]), Some(whole));
        assert_eq!(step(&[conv]), Some(Step { node: conv, norm: None, relu: false, output: conv }));
        let norm = find(&graph, "bn1");
        assert_eq!(step(&[norm]), Some(Step { relu: false, output: norm, ..whole }));
    }

    #[test]
    fn every_node_is_computed_once_and_kept_outputs_stay() {
        let graph = lower(&parse("resnet50+cbam").expect("parses")).expect("lowers");
        let mut kept: Vec<NodeId> = graph.gates.iter().map(|gate| gate.node).collect();
        kept.push(graph.output());
        let plan = Plan::new(&graph, &kept);
        let covered: usize =
            plan.steps.iter().map(|step| 1 + usize::from(step.norm.is_some()) + usize::from(step.relu)).sum();
        assert_eq!(covered, graph.nodes.len());
        assert!(kept.iter().all(|id| plan.last_use[id.0].is_none()));
    }
}
