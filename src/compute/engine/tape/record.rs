//! What the tape keeps: the layers in steps, each with what its gradient needs.

use crate::compute::engine::kernels::layout::plane;
use crate::compute::engine::kernels::pool::Reduction;
use crate::compute::engine::kernels::{Kernel, Layout};
use crate::network::graph::{Conv2d, Graph, NodeId, Op, Pool2d, Shape};

/// Layers computed together; the output of the last is kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    /// The layer with the parameters.
    pub(super) layer: NodeId,
    /// Whose output is written.
    pub(super) output: NodeId,
    pub(super) work: Work,
}

/// What a step computes; node ids are inputs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Work {
    /// The images.
    Input,
    /// A convolution; a linear layer is a 1×1 convolution of one position.
    Conv { input: NodeId, conv: Conv2d },
    /// A BatchNorm, an addition and a ReLU.
    Norm { input: NodeId, eps: f64, residual: Option<NodeId>, relu: bool },
    /// An addition of two and a ReLU.
    Sum { inputs: [NodeId; 2], relu: bool },
    /// A map times a gate, on a blocked map.
    Gate { map: NodeId, gate: NodeId, is_spatial: bool },
    /// A statistic of each channel.
    Positions { input: NodeId, is_max: bool },
    /// A statistic of each position.
    Channels { input: NodeId, is_max: bool },
    /// Maximum pooling of a blocked map.
    MaxPool { input: NodeId, window: Pool2d },
    /// By definition, image by image.
    Plain,
}

impl Record {
    /// The nodes it reads.
    pub(super) fn inputs(&self, graph: &Graph) -> Vec<NodeId> {
        match &self.work {
            Work::Input => Vec::new(),
            Work::Conv { input, .. } | Work::Positions { input, .. } => vec![*input],
            Work::Channels { input, .. } | Work::MaxPool { input, .. } => vec![*input],
            Work::Norm { input, residual, .. } => [Some(*input), *residual].into_iter().flatten().collect(),
            Work::Sum { inputs, .. } => inputs.to_vec(),
            Work::Gate { map, gate, .. } => vec![*map, *gate],
            Work::Plain => graph[self.layer].inputs.clone(),
        }
    }
}

/// The steps of a graph, auxiliary classifiers left out, that keeps the outputs of `kept`, in execution order.
pub(super) fn records(graph: &Graph, kept: &[NodeId]) -> Vec<Record> {
    let mut readers = vec![Vec::new(); graph.nodes.len()];
    let computed = || graph.node_ids().filter(|id| !graph.is_auxiliary(*id));
    for id in computed() {
        graph[id].inputs.iter().for_each(|input| readers[input.0].push(id));
    }
    let mut recorder = Recorder { graph, kept, readers, done: vec![false; graph.nodes.len()], records: Vec::new() };
    computed().for_each(|node| recorder.visit(node));
    recorder.records
}

struct Recorder<'a> {
    graph: &'a Graph,
    kept: &'a [NodeId],
    readers: Vec<Vec<NodeId>>,
    done: Vec<bool>,
    records: Vec<Record>,
}

impl Recorder<'_> {
    fn shape(&self, node: NodeId) -> Shape {
        self.graph[node].shape
    }

    fn is_blocked(&self, node: NodeId) -> bool {
        Layout::of(self.shape(node)) == Layout::Blocked
    }

    fn visit(&mut self, node: NodeId) {
        if self.done[node.0] {
            return;
        }
        let (kernel, inputs) = (Kernel::of(&self.graph[node].op), self.graph[node].inputs.clone());
        let (output, work) = match (kernel, &inputs[..]) {
            (Kernel::Input, _) | (_, []) => (node, Work::Input),
            (Kernel::Conv(conv), [input, ..]) => (node, Work::Conv { input: *input, conv }),
            (Kernel::BatchNorm { eps }, [input, ..]) => self.norm(node, *input, eps),
            (Kernel::Sum, [a, b]) if self.is_blocked(node) && self.shape(*a) == self.shape(*b) => {
                let (output, relu) = self.rectified(node);
                (output, Work::Sum { inputs: [*a, *b], relu })
            }
            (Kernel::Gate, [map, gate]) if self.is_blocked(*map) => (node, self.scale(*map, *gate)),
            (Kernel::OverPositions(reduction), [input, ..]) if self.is_blocked(*input) => {
                (node, Work::Positions { input: *input, is_max: reduction == Reduction::Max })
            }
            (Kernel::OverChannels(reduction), [input, ..]) if self.is_blocked(*input) => {
                (node, Work::Channels { input: *input, is_max: reduction == Reduction::Max })
            }
            (Kernel::Pool(window, Reduction::Max), [input, ..]) if self.is_blocked(*input) && self.is_blocked(node) => {
                (node, Work::MaxPool { input: *input, window })
            }
            // Gradients of these kernels are their definition's.
            (
                Kernel::Sum
                | Kernel::Gate
                | Kernel::Flatten
                | Kernel::Activation(_)
                | Kernel::Pool(..)
                | Kernel::OverPositions(_)
                | Kernel::OverChannels(_)
                | Kernel::Reorder(_)
                | Kernel::Plain,
                _,
            ) => (node, Work::Plain),
        };
        self.done[node.0] = true;
        self.records.push(Record { layer: node, output, work });
    }

    /// The only reader of an output that is not kept.
    fn only_reader(&self, node: NodeId) -> Option<NodeId> {
        match self.readers[node.0][..] {
            [reader] if !self.kept.contains(&node) => Some(reader),
            _ => None,
        }
    }

    /// Takes along the ReLU that alone reads this output.
    fn rectified(&mut self, node: NodeId) -> (NodeId, bool) {
        match self.only_reader(node).filter(|next| self.graph[*next].op == Op::Relu) {
            Some(relu) => {
                self.done[relu.0] = true;
                (relu, true)
            }
            None => (node, false),
        }
    }

    /// Takes along an addition whose other summand is there already, and a ReLU.
    fn norm(&mut self, node: NodeId, input: NodeId, eps: f64) -> (NodeId, Work) {
        let mut output = node;
        let mut residual = None;
        if let Some(add) = self.only_reader(node).filter(|next| self.graph[*next].op == Op::Add)
            && let [a, b] = self.graph[add].inputs[..]
        {
            let other = if a == node { b } else { a };
            if self.done[other.0] && other != node && self.shape(other) == self.shape(node) {
                (output, residual) = (add, Some(other));
                self.done[add.0] = true;
            }
        }
        let (output, relu) = self.rectified(output);
        (output, Work::Norm { input, eps, residual, relu })
    }

    fn scale(&self, map: NodeId, gate: NodeId) -> Work {
        let (of_map, of_gate) = (self.shape(map), self.shape(gate));
        if of_gate.channels() == of_map.channels() && plane(of_gate) == 1 && plane(of_map) > 1 {
            return Work::Gate { map, gate, is_spatial: false };
        }
        if of_gate.channels() == 1 && plane(of_gate) == plane(of_map) && plane(of_map) > 1 {
            return Work::Gate { map, gate, is_spatial: true };
        }
        Work::Plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    #[test]
    fn every_node_is_computed_once_and_residuals_are_taken_along() {
        for text in ["resnet18", "resnet50+cbam", "resnet20+se", "resnet56+eca", "resnet18+sam@layer3"] {
            let graph = lower(&parse(text).expect(text)).expect(text);
            let records = records(&graph, &[graph.output()]);
            let mut written: Vec<NodeId> = records.iter().map(|record| record.output).collect();
            written.sort_unstable();
            written.dedup();
            assert_eq!(written.len(), records.len(), "{text}");
            for record in &records {
                assert!(record.inputs(&graph).iter().all(|input| written.contains(input)), "{text}: {record:?}");
            }
        }
        let graph = lower(&parse("resnet18").expect("parses")).expect("lowers");
        let taken = records(&graph, &[graph.output()]);
        let taken =
            taken.iter().filter(|record| matches!(record.work, Work::Norm { residual: Some(_), relu: true, .. }));
        assert_eq!(taken.count(), 8);
    }
}
