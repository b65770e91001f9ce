//! Which buffer each output lies in: a buffer is used again once its last reader has run.

use super::work::Fused;
use crate::network::graph::{Graph, NodeId};

/// Buffers and who lies in them.
pub(super) struct Slots {
    /// Their lengths, in numbers.
    pub(super) lengths: Vec<usize>,
    /// By node: its buffer, if its output is written.
    pub(super) of: Vec<Option<usize>>,
    /// By step: the input whose buffer its output takes over.
    pub(super) taken_over: Vec<Option<NodeId>>,
}

/// Assigns buffers. `length` gives the numbers of an output; outputs of `kept` keep their buffer to the end.
pub(super) fn assign(graph: &Graph, steps: &[Fused], kept: &[NodeId], length: impl Fn(NodeId) -> usize) -> Slots {
    let mut last_use = vec![None; graph.nodes.len()];
    for (index, step) in steps.iter().enumerate() {
        // An output nobody reads ends with its own step.
        step.outputs.iter().for_each(|output| last_use[output.0] = Some(index));
        step.work.inputs(graph).iter().for_each(|input| last_use[input.0] = Some(index));
    }
    for node in kept {
        last_use[node.0] = None;
    }
    let mut slots = Slots { lengths: Vec::new(), of: vec![None; graph.nodes.len()], taken_over: Vec::new() };
    let mut free: Vec<usize> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let inputs = step.work.inputs(graph);
        let ends = |node: &NodeId| last_use[node.0] == Some(index);
        let reads = |node: &NodeId| inputs.iter().filter(|input| *input == node).count();
        let fits = |node: &NodeId| length(*node) == length(step.outputs[0]);
        let taken = step.work.overwrites().into_iter().find(|node| ends(node) && reads(node) == 1 && fits(node));
        slots.taken_over.push(taken);
        for output in &step.outputs {
            slots.of[output.0] = match taken.and_then(|node| slots.of[node.0]) {
                Some(slot) => Some(slot),
                None => Some(slots.find(&mut free, length(*output))),
            };
        }
        let mut ended: Vec<NodeId> = inputs.iter().copied().filter(ends).filter(|node| Some(*node) != taken).collect();
        ended.extend(step.outputs.iter().copied().filter(ends));
        ended.sort_unstable();
        ended.dedup();
        free.extend(ended.iter().filter_map(|node| slots.of[node.0]));
    }
    slots
}

impl Slots {
    /// The smallest free buffer that is long enough; else the longest is lengthened; else a new one.
    fn find(&mut self, free: &mut Vec<usize>, length: usize) -> usize {
        let enough = (0..free.len()).filter(|at| self.lengths[free[*at]] >= length);
        let best = enough.min_by_key(|at| self.lengths[free[*at]]);
        let longest = || (0..free.len()).max_by_key(|at| self.lengths[free[*at]]);
        match best.or_else(longest) {
            Some(at) => {
                let slot = free.swap_remove(at);
                self.lengths[slot] = self.lengths[slot].max(length);
                slot
            }
            None => {
                self.lengths.push(length);
                self.lengths.len() - 1
            }
        }
    }
}
