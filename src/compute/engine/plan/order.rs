//! Channels put in another order: what concatenations, slices and shuffles in a row come to.

use crate::compute::engine::kernels::Reorder;
use crate::compute::engine::kernels::channels::Origin;
use crate::network::graph::NodeId;

/// Channels of some maps, in some order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Order {
    /// The layers that say so.
    pub(super) nodes: Vec<NodeId>,
    /// The maps.
    pub(super) inputs: Vec<NodeId>,
    /// By channel: where it lies.
    pub(super) origins: Vec<Origin>,
}

impl Order {
    /// Appends all channels of a map.
    pub(super) fn append(&mut self, node: NodeId, channels: usize) {
        let input = self.input(node);
        self.origins.extend((0..channels).map(|channel| Origin { input, channel }));
    }

    /// Appends another order's channels.
    pub(super) fn append_order(&mut self, other: &Self) {
        let places: Vec<usize> = other.inputs.iter().map(|node| self.input(*node)).collect();
        let moved = |origin: &Origin| Origin { input: places[origin.input], channel: origin.channel };
        self.origins.extend(other.origins.iter().map(moved));
    }

    fn input(&mut self, node: NodeId) -> usize {
        self.inputs.iter().position(|input| *input == node).unwrap_or_else(|| {
            self.inputs.push(node);
            self.inputs.len() - 1
        })
    }

    /// What a layer makes of it; what is joined has been appended.
    pub(super) fn apply(&mut self, node: NodeId, order: Reorder) {
        match order {
            Reorder::Join => {}
            Reorder::Slice { start, length } => self.origins = self.origins[start..start + length].to_vec(),
            Reorder::Shuffle { groups } => {
                let each = self.origins.len() / groups;
                let from = |place: usize| self.origins[place % groups * each + place / groups];
                self.origins = (0..self.origins.len()).map(from).collect();
            }
        }
        self.nodes.push(node);
    }

    /// Leaves out the maps none of whose channels is there.
    pub(super) fn used(&self) -> Self {
        let mut used = Self { nodes: self.nodes.clone(), ..Self::default() };
        for origin in &self.origins {
            let input = used.input(self.inputs[origin.input]);
            used.origins.push(Origin { input, channel: origin.channel });
        }
        used
    }
}
