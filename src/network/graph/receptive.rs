//! How much of the image a node's output can see along the feature path, and how far apart its positions are.

use super::{Graph, NodeId};
use crate::network::ops::{Follows, Window};

/// What one position of a map sees of the image; pairs are `[vertical, horizontal]`, in input pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receptive {
    /// The side lengths of the receptive field; it may be larger than the image.
    pub field: [usize; 2],
    /// How far apart the fields of two neighbouring positions are: the product of all strides so far.
    pub stride: [usize; 2],
}

impl Receptive {
    /// A pixel of the image.
    const PIXEL: Self = Self { field: [1; 2], stride: [1; 2] };

    /// The longer side of the field.
    #[must_use]
    pub fn side(&self) -> usize {
        self.field[0].max(self.field[1])
    }

    /// The larger of the two strides.
    #[must_use]
    pub fn step(&self) -> usize {
        self.stride[0].max(self.stride[1])
    }

    /// Through a window: `r' = r + (k − 1)·j`, `j' = j·s` on each axis, where `k` is the dilated window's size.
    fn through(self, Window { size, stride }: Window) -> Self {
        let grown = |axis: usize| self.field[axis] + size[axis].saturating_sub(1) * self.stride[axis];
        Self { field: [grown(0), grown(1)], stride: [self.stride[0] * stride[0], self.stride[1] * stride[1]] }
    }
}

/// The receptive field and stride of each node's output.
///
/// Follows the features: a gate sees the whole map through its pooling, but what it scales keeps the
/// receptive field of its first input. Where paths meet, the largest field counts. Formula: `r' = r + (k − 1)·d·j`,
/// `j' = j·s` (Araujo et al., Distill 2019).
#[must_use]
pub fn receptive(graph: &Graph) -> Vec<Receptive> {
    let mut known: Vec<Receptive> = Vec::with_capacity(graph.nodes.len());
    for node in graph.node_ids() {
        let seen = of_node(graph, node, &known);
        known.push(seen);
    }
    known
}

/// The longer side of each node's receptive field, in input pixels.
#[must_use]
pub fn receptive_fields(graph: &Graph) -> Vec<usize> {
    receptive(graph).iter().map(Receptive::side).collect()
}

fn of_node(graph: &Graph, node: NodeId, known: &[Receptive]) -> Receptive {
    let Some(first) = graph[node].inputs.first() else { return Receptive::PIXEL };
    match graph.facts(node).follows {
        Follows::First(window) => known[first.0].through(window),
        Follows::Every(window) => together(graph, node, |id| known[id.0].through(window(graph[id].shape))),
    }
}

/// What several inputs see together: the largest field, and the stride of those that are as large as the output (a
/// gate or a context that is repeated over it has none of its own).
fn together(graph: &Graph, node: NodeId, seen: impl Fn(NodeId) -> Receptive) -> Receptive {
    let mut all = Receptive::PIXEL;
    let sides = |id: NodeId| [graph[id].shape.height(), graph[id].shape.width()];
    for id in &graph[node].inputs {
        let input = seen(*id);
        for axis in 0..2 {
            all.field[axis] = all.field[axis].max(input.field[axis]);
            if sides(*id)[axis] == sides(node)[axis] {
                all.stride[axis] = all.stride[axis].max(input.stride[axis]);
            }
        }
    }
    all
}
