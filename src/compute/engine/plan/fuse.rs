//! Which layers are computed together.
//!
//! A convolution takes along the BatchNorm, the factor, the residual addition and the activation that follow it alone;
//! a 1×1 convolution the grouped one that alone reads it;
//! a gate takes along the addition and the ReLU; channels are put in another order once, however many operators say
//! so in a row; two statistics of one map are one pass; a map that only the spatial gate's
//! statistics and the spatial gate itself read is never written, its channel gate is applied where it is read.
//! An output that is asked for is always written.

use super::order::Order;
use super::show::is_attention;
use super::work::{Fused, Map, Part, Work};
use crate::compute::engine::kernels::activation::Activation;
use crate::compute::engine::kernels::conv::Pair;
use crate::compute::engine::kernels::layout::plane;
use crate::compute::engine::kernels::pool::Reduction;
use crate::compute::engine::kernels::{Kernel, Layout, Reorder};
use crate::network::graph::{Graph, NodeId, Op, Shape};

/// The steps of a graph that keeps the outputs of `kept`, in execution order.
pub(super) fn steps(graph: &Graph, kept: &[NodeId]) -> Vec<Fused> {
    let mut fusion = Fusion::new(graph, kept);
    graph.node_ids().for_each(|node| fusion.visit(node));
    fusion.steps
}

struct Fusion<'a> {
    graph: &'a Graph,
    kept: Vec<bool>,
    readers: Vec<Vec<NodeId>>,
    done: Vec<bool>,
    /// Products with a channel gate that are not written.
    deferred: Vec<Option<Map>>,
    /// Orders of channels that are not written.
    orders: Vec<Option<Order>>,
    steps: Vec<Fused>,
}

/// How a gate lies over its map.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Broadcast {
    Channel,
    Spatial,
}

impl<'a> Fusion<'a> {
    fn new(graph: &'a Graph, kept_nodes: &[NodeId]) -> Self {
        let count = graph.nodes.len();
        let mut kept = vec![false; count];
        for id in kept_nodes {
            kept[id.0] = true;
        }
        // What nothing wanted depends on (auxiliary classifiers) is not computed.
        let mut needed = kept.clone();
        needed[graph.output().0] = true;
        for index in (0..count).rev() {
            if needed[index] {
                graph.nodes[index].inputs.iter().for_each(|input| needed[input.0] = true);
            }
        }
        let mut readers = vec![Vec::new(); count];
        for id in graph.node_ids().filter(|id| needed[id.0]) {
            graph[id].inputs.iter().for_each(|input| readers[input.0].push(id));
        }
        let done = needed.iter().map(|needed| !needed).collect();
        Self { graph, kept, readers, done, deferred: vec![None; count], orders: vec![None; count], steps: Vec::new() }
    }

    fn shape(&self, node: NodeId) -> Shape {
        self.graph[node].shape
    }

    fn is_blocked(&self, node: NodeId) -> bool {
        Layout::of(self.shape(node)) == Layout::Blocked
    }

    /// The only reader of an output that is not kept.
    fn only_reader(&self, node: NodeId) -> Option<NodeId> {
        match self.readers[node.0][..] {
            [reader] if !self.kept[node.0] => Some(reader),
            _ => None,
        }
    }

    fn visit(&mut self, node: NodeId) {
        if self.done[node.0] {
            return;
        }
        let (kernel, inputs) = (Kernel::of(&self.graph[node].op), self.graph[node].inputs.clone());
        match (kernel, &inputs[..]) {
            (Kernel::Input, _) | (_, []) => self.push(vec![node], vec![node], Work::Input),
            (Kernel::Conv(_), [input, ..]) => self.convolution(node, *input),
            (Kernel::Gate, [map, gate]) => self.scale(node, *map, *gate),
            (Kernel::Sum, [a, b]) if self.is_blocked(node) && self.shape(*a) == self.shape(*b) => {
                self.gating(node, Map { node: *a, gate: None }, None, Some(*b));
            }
            (Kernel::Activation(Activation::Relu), [input]) if self.is_blocked(node) => {
                let map = Map { node: *input, gate: None };
                self.push(vec![node], vec![node], Work::Gating { map, spatial: None, residual: None, relu: true });
            }
            (Kernel::Flatten, [input]) if self.is_blocked(*input) && plane(self.shape(*input)) == 1 => {
                let map = Map { node: *input, gate: None };
                self.push(vec![node], vec![node], Work::Gating { map, spatial: None, residual: None, relu: false });
            }
            (Kernel::Pool(window, reduction), [input]) if self.is_blocked(*input) && self.is_blocked(node) => {
                self.push(vec![node], vec![node], Work::Pool { layer: node, input: *input, window, reduction });
            }
            (Kernel::OverPositions(own), [input]) if self.is_blocked(*input) => self.over_positions(node, *input, own),
            (Kernel::OverChannels(own), [input]) if self.is_blocked(*input) => self.over_channels(node, *input, own),
            (Kernel::Activation(activation), [input]) => {
                self.push(vec![node], vec![node], Work::Activation { input: *input, activation });
            }
            (Kernel::Reorder(order), inputs) if self.reordering(node).is_some() => self.channels(node, inputs, order),
            (
                Kernel::BatchNorm { .. }
                | Kernel::Gate
                | Kernel::Sum
                | Kernel::Flatten
                | Kernel::Activation(_)
                | Kernel::Pool(..)
                | Kernel::OverPositions(_)
                | Kernel::OverChannels(_)
                | Kernel::Reorder(_)
                | Kernel::Plain,
                _,
            ) => self.push(vec![node], vec![node], Work::Plain { layer: node }),
        }
    }

    fn push(&mut self, nodes: Vec<NodeId>, outputs: Vec<NodeId>, work: Work) {
        for node in &nodes {
            self.done[node.0] = true;
        }
        self.steps.push(Fused { nodes, outputs, work });
    }

    fn convolution(&mut self, node: NodeId, input: NodeId) {
        let mut nodes = Vec::new();
        let (part, residual) = self.part(node, &mut nodes);
        let last = nodes[nodes.len() - 1];
        if let (None, Some(next)) = (residual, self.only_reader(last))
            && self.is_pair(input, node, next)
        {
            let mut more = Vec::new();
            if let (second, None) = self.part(next, &mut more) {
                let output = more[more.len() - 1];
                nodes.append(&mut more);
                return self.push(nodes, vec![output], Work::Pair { parts: [part, second], input });
            }
        }
        self.push(nodes, vec![last], Work::Conv { part, input, residual });
    }

    /// A convolution or linear layer, and what it takes along.
    fn part(&self, layer: NodeId, nodes: &mut Vec<NodeId>) -> (Part, Option<NodeId>) {
        nodes.push(layer);
        let mut norm = None;
        if matches!(self.graph[layer].op, Op::Conv2d(_))
            && let Some(next) =
                self.only_reader(layer).filter(|next| matches!(self.graph[*next].op, Op::BatchNorm { .. }))
        {
            norm = Some(next);
            nodes.push(next);
        }
        let mut factor = 1.0;
        if let Some(next) = self.only_reader(nodes[nodes.len() - 1])
            && let Op::Times { factor: found } = self.graph[next].op
        {
            factor = found;
            nodes.push(next);
        }
        let (residual, activation) = self.tail(nodes, Activation::of);
        (Part { layer, norm, factor, activation }, residual)
    }

    /// Is `next` a grouped convolution that is computed together with the 1×1 convolution `node` before it?
    fn is_pair(&self, input: NodeId, node: NodeId, next: NodeId) -> bool {
        let (Op::Conv2d(first), Op::Conv2d(second)) = (self.graph[node].op, self.graph[next].op) else { return false };
        let shapes = [self.shape(node), self.shape(next)];
        // Attention's time is told apart from the rest.
        is_attention(self.graph, node) == is_attention(self.graph, next)
            && [input, node, next].iter().all(|node| self.is_blocked(*node))
            && Pair::fits(&first, &second, self.shape(input), shapes)
    }

    fn all_blocked(&self, node: NodeId, inputs: &[NodeId]) -> bool {
        self.is_blocked(node) && inputs.iter().all(|input| self.is_blocked(*input))
    }

    /// Takes along what puts the channels in yet another order. An order that only such layers read is not written:
    /// each of them picks its channels from where they lie.
    fn channels(&mut self, node: NodeId, inputs: &[NodeId], own: Reorder) {
        let mut order = Order::default();
        for input in inputs {
            match self.orders[input.0].take() {
                Some(mut other) => {
                    order.nodes.append(&mut other.nodes);
                    order.append_order(&other);
                    self.orders[input.0] = Some(other);
                }
                None => order.append(*input, self.shape(*input).channels()),
            }
        }
        order.apply(node, own);
        let mut last = node;
        while let Some(next) = self.only_reader(last)
            && let Some(another) = self.reordering(next).filter(|another| *another != Reorder::Join)
        {
            order.apply(next, another);
            last = next;
        }
        let order = order.used();
        if !self.kept[last.0]
            && !self.readers[last.0].is_empty()
            && self.readers[last.0].iter().all(|reader| self.reordering(*reader).is_some())
        {
            order.nodes.iter().for_each(|node| self.done[node.0] = true);
            self.orders[last.0] = Some(order);
            return;
        }
        let Order { nodes, inputs, origins } = order;
        self.push(nodes, vec![last], Work::Channels { inputs, origins });
    }

    /// How a layer puts channels in another order, block by block, if that is all it does.
    fn reordering(&self, node: NodeId) -> Option<Reorder> {
        match Kernel::of(&self.graph[node].op) {
            Kernel::Reorder(order) if self.all_blocked(node, &self.graph[node].inputs) => Some(order),
            _ => None,
        }
    }

    /// Takes along an addition whose other summand is there already, and an activation that `takes` knows.
    fn tail(
        &self,
        nodes: &mut Vec<NodeId>,
        takes: fn(&Op) -> Option<Activation>,
    ) -> (Option<NodeId>, Option<Activation>) {
        let last = |nodes: &[NodeId]| nodes[nodes.len() - 1];
        let mut residual = None;
        if self.is_blocked(nodes[0])
            && let Some(add) = self.only_reader(last(nodes)).filter(|next| self.graph[*next].op == Op::Add)
            && let [a, b] = self.graph[add].inputs[..]
        {
            let other = if a == last(nodes) { b } else { a };
            let is_alike = self.shape(other) == self.shape(nodes[0]);
            if is_alike && self.done[other.0] && self.deferred[other.0].is_none() {
                residual = Some(other);
                nodes.push(add);
            }
        }
        let next = self.only_reader(last(nodes));
        let activation = next.and_then(|next| takes(&self.graph[next].op));
        nodes.extend(next.filter(|_| activation.is_some()));
        (residual, activation)
    }

    fn broadcast(&self, map: NodeId, gate: NodeId) -> Option<Broadcast> {
        let (map, gate) = (self.shape(map), self.shape(gate));
        if Layout::of(map) == Layout::Planar {
            return None;
        }
        if gate.channels() == map.channels() && plane(gate) == 1 {
            return Some(Broadcast::Channel);
        }
        (gate.channels() == 1 && plane(gate) == plane(map)).then_some(Broadcast::Spatial)
    }

    fn scale(&mut self, node: NodeId, map: NodeId, gate: NodeId) {
        let source = self.deferred[map.0].unwrap_or(Map { node: map, gate: None });
        match self.broadcast(map, gate) {
            Some(Broadcast::Channel) if self.can_defer(node) => {
                self.deferred[node.0] = Some(Map { node: map, gate: Some(gate) });
                self.done[node.0] = true;
            }
            Some(Broadcast::Channel) => self.gating(node, Map { node: map, gate: Some(gate) }, None, None),
            Some(Broadcast::Spatial) => self.gating(node, source, Some(gate), None),
            None => self.push(vec![node], vec![node], Work::Plain { layer: node }),
        }
    }

    /// Is a product with a channel gate read only where the gate can be applied on the way?
    fn can_defer(&self, node: NodeId) -> bool {
        let reads_through = |reader: &NodeId| match (self.graph[*reader].op, &self.graph[*reader].inputs[..]) {
            (Op::ChannelMax | Op::ChannelMean, _) => true,
            (Op::Scale, [map, gate]) => {
                *map == node && *gate != node && self.broadcast(node, *gate) == Some(Broadcast::Spatial)
            }
            _ => false,
        };
        !self.kept[node.0] && !self.readers[node.0].is_empty() && self.readers[node.0].iter().all(reads_through)
    }

    fn gating(&mut self, node: NodeId, map: Map, spatial: Option<NodeId>, residual: Option<NodeId>) {
        let mut nodes = vec![node];
        if map.gate.is_some() && self.deferred.contains(&Some(map)) && spatial.is_some() {
            // The product that was put off is computed here.
            nodes.insert(0, self.graph[node].inputs[0]);
        }
        let (residual, relu) = match residual {
            Some(residual) => {
                let relu = self.only_reader(node).filter(|next| self.graph[*next].op == Op::Relu);
                nodes.extend(relu);
                (Some(residual), relu.is_some())
            }
            None => {
                let only_relu = |op: &Op| Activation::of(op).filter(|activation| *activation == Activation::Relu);
                let (residual, activation) = self.tail(&mut nodes, only_relu);
                (residual, activation.is_some())
            }
        };
        let output = nodes[nodes.len() - 1];
        self.push(nodes, vec![output], Work::Gating { map, spatial, residual, relu });
    }

    /// What computes the other statistic of the same map, if it is still to be computed.
    fn sibling(&self, node: NodeId, input: NodeId, wanted: Kernel) -> Option<NodeId> {
        let is_it = |reader: &&NodeId| Kernel::of(&self.graph[**reader].op) == wanted && !self.done[reader.0];
        self.readers[input.0].iter().find(|reader| **reader != node && is_it(reader)).copied()
    }

    fn over_positions(&mut self, node: NodeId, input: NodeId, own: Reduction) {
        let (mut outputs, mut reductions) = (vec![node], vec![own]);
        if let Some(sibling) = self.sibling(node, input, Kernel::OverPositions(own.other())) {
            outputs.push(sibling);
            reductions.push(own.other());
        }
        self.push(outputs.clone(), outputs, Work::OverPositions { input, reductions });
    }

    fn over_channels(&mut self, node: NodeId, input: NodeId, own: Reduction) {
        let map = self.deferred[input.0].unwrap_or(Map { node: input, gate: None });
        let joined = self.sibling(node, input, Kernel::OverChannels(own.other())).and_then(|sibling| {
            let concat = self.only_reader(node).filter(|next| self.graph[*next].op == Op::Concat)?;
            let is_pair = self.only_reader(sibling) == Some(concat) && self.graph[concat].inputs.len() == 2;
            is_pair.then_some((sibling, concat))
        });
        match joined {
            Some((sibling, concat)) => {
                let is_first = self.graph[concat].inputs[0] == node;
                let reductions = if is_first { vec![own, own.other()] } else { vec![own.other(), own] };
                self.push(vec![node, sibling, concat], vec![concat], Work::OverChannels { map, reductions });
            }
            None => {
                self.push(vec![node], vec![node], Work::OverChannels { map, reductions: vec![own] });
            }
        }
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
        let [conv, norm, relu] = ["conv1", "bn1", "relu"].map(|name| find(&graph, name));
        let outputs = |kept: &[NodeId]| {
            let steps = steps(&graph, kept);
            steps.into_iter().find(|step| step.nodes.contains(&conv)).expect("is computed").nodes
        };
        assert_eq!(outputs(&[graph.output()]), [conv, norm, relu]);
        assert_eq!(outputs(&[conv]), [conv]);
        assert_eq!(outputs(&[norm]), [conv, norm]);
    }

    #[test]
    fn every_node_is_computed_once() {
        for text in ["resnet50+cbam", "resnet18+se", "resnet50+sam@layer3+cam@layer4", "resnet20", "shufflenet_v2_x1_0"]
        {
            let graph = lower(&parse(text).expect(text)).expect(text);
            let gates: Vec<NodeId> = graph.gates.iter().map(|gate| gate.node).collect();
            let mut covered: Vec<NodeId> = steps(&graph, &gates).into_iter().flat_map(|step| step.nodes).collect();
            covered.sort_unstable();
            assert_eq!(covered, graph.node_ids().collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn channels_that_only_go_past_are_not_copied() {
        let graph = lower(&parse("shufflenet_v2_x1_0").expect("parses")).expect("lowers");
        let steps = steps(&graph, &[graph.output()]);
        let copies = steps.iter().filter(|step| matches!(step.work, Work::Channels { .. })).count();
        // One for what goes into each branch of the thirteen units that split, one at the end of each stage.
        assert_eq!(copies, 13 + 3);
    }

    #[test]
    fn a_bottleneck_with_cbam_writes_each_map_once() {
        let graph = lower(&parse("resnet50+cbam").expect("parses")).expect("lowers");
        let gates: Vec<NodeId> = graph.gates.iter().map(|gate| gate.node).collect();
        let steps = steps(&graph, &gates);
        let last = find(&graph, "layer1.1.relu");
        let step = steps.iter().find(|step| step.outputs.contains(&last));
        let names: Vec<&str> = step.map_or(vec![], |step| step.nodes.iter().map(|id| &*graph[*id].name).collect());
        assert_eq!(names.len(), 4, "channel gate, spatial gate, addition and ReLU in one pass: {names:?}");
    }
}
