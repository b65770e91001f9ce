//! Small diagrams of a part of a graph, as people draw them: a layer with its BatchNorm and activation is one box,
//! branches stand side by side, what goes past them is a wire.
//!
//! [`steps`] reads the boxes off a graph, [`flow`](super::flow) finds what is in a row and what side by side,
//! [`layout`] gives places and wires, [`paint`] draws them, [`text`] has the same in lines of text.

mod layout;
mod paint;
mod steps;
mod text;

pub use paint::scene;
pub use steps::{Kind, Step};

use super::flow::{Fork, Piece, Source, Tangle, flow};
use crate::network::zoo::Example;

use crate::network::graph::{Graph, ScopeId};

/// A part of a graph, ready to be laid out.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagram {
    /// Boxes in execution order; the first is what comes in, the last what goes out.
    pub steps: Vec<Step>,
    /// Which box's output goes into which, in execution order of the second.
    pub wires: Vec<(usize, usize)>,
    /// How they stand, from the first to the last: in a row, side by side.
    pub flow: Vec<Piece>,
}

impl Diagram {
    /// Reads a scope. Attention inside it is one box, and so is a block of a stage; a scope that is attention itself is drawn layer by layer.
    #[must_use]
    pub fn of(graph: &Graph, scope: ScopeId) -> Self {
        let (steps, wires) = steps::read(graph, scope);
        let reads: Vec<Vec<Source>> = (0..steps.len())
            .map(|step| wires.iter().filter(|(_, to)| *to == step).map(|(from, _)| Some(*from)).collect())
            .collect();
        let all: Vec<usize> = (0..steps.len()).collect();
        let mut flow = flow(&all, &reads, &[steps.len() - 1]);
        in_order(&mut flow);
        Self { steps, wires, flow }
    }

    /// The picture of a card: attention in it may stand for any that could be chosen.
    #[must_use]
    pub fn of_example(example: &Example) -> Self {
        let mut diagram = Self::of(&example.graph, example.scope);
        let slots = diagram.steps.iter_mut().filter(|step| example.has_slot && step.kind == Kind::Attention);
        for step in slots {
            step.kind = Kind::Slot;
            "attention".clone_into(&mut step.title);
            step.attention = None;
        }
        diagram
    }

    /// The boxes whose output goes into this one.
    pub fn inputs(&self, step: usize) -> impl Iterator<Item = usize> + '_ {
        self.wires.iter().filter(move |(_, to)| *to == step).map(|(from, _)| *from)
    }
}

/// Branches in execution order, what goes past them last.
fn in_order(pieces: &mut [Piece]) {
    for piece in pieces {
        match piece {
            Piece::Layer(_) => {}
            Piece::Fork(Fork { lanes, .. }) => {
                for lane in &mut *lanes {
                    in_order(lane);
                }
                lanes.sort_by_key(|lane| first(lane).unwrap_or(usize::MAX));
            }
            Piece::Tangle(Tangle { around, .. }) => {
                if let Some(around) = around {
                    in_order(&mut around.body);
                }
            }
        }
    }
}

/// The first box of some pieces, in execution order.
fn first(pieces: &[Piece]) -> Option<usize> {
    let of = |piece: &Piece| match piece {
        Piece::Layer(step) => Some(*step),
        Piece::Fork(fork) => fork.lanes.iter().filter_map(|lane| first(lane)).min(),
        Piece::Tangle(tangle) => tangle.layers.iter().copied().min(),
    };
    pieces.iter().filter_map(of).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::attention::BLOCKS;
    use crate::network::zoo::Subject;
    use crate::network::{NetworkSpec, zoo};

    #[test]
    fn a_network_is_pictured_by_its_own_block() {
        let convolutions = |model: &str| {
            let spec = NetworkSpec::of(model);
            let (family, _) = zoo::find(model).expect("a model");
            let example = Subject::Family(family).example_in(&spec).expect("a block");
            let diagram = Diagram::of_example(&example);
            diagram.steps.iter().filter(|step| step.title.starts_with("Conv")).count()
        };
        assert_eq!((convolutions("resnet18"), convolutions("resnet50")), (2, 3));
    }

    #[test]
    fn every_attention_block_is_seen_where_it_is_placed() {
        for block in BLOCKS {
            let Some(placed) = Subject::Block(*block).placed() else { continue };
            let steps = Diagram::of_example(&placed).steps;
            assert!(steps.iter().any(|step| step.kind == Kind::Attention), "{}", block.card().name);
        }
    }
}
