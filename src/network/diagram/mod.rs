//! Small diagrams of a part of a graph, as people draw them: a layer with its BatchNorm and activation is one box,
//! branches stand side by side, what goes past them is a wire.
//!
//! [`steps`] reads the boxes off a graph, [`flow`] finds what is in a row and what side by side, [`layout`] gives
//! places and wires, [`text`] the same in lines of text.

mod flow;
pub mod layout;
mod steps;
mod text;

pub use flow::{Flow, Piece};
pub use steps::{Kind, Step};

use super::graph::{Graph, ScopeId};

/// A part of a graph, ready to be laid out.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagram {
    /// Boxes in execution order; the first is what comes in, the last what goes out.
    pub steps: Vec<Step>,
    /// Which box's output goes into which, in execution order of the second.
    pub wires: Vec<(usize, usize)>,
    /// How they stand: in a row, side by side.
    pub flow: Flow,
}

impl Diagram {
    /// Reads a scope. Attention inside it is one box, and so is a block of a stage; a scope that is attention itself is drawn layer by layer.
    #[must_use]
    pub fn of(graph: &Graph, scope: ScopeId) -> Self {
        let (steps, wires) = steps::read(graph, scope);
        let flow = Flow::of(steps.len(), &wires);
        Self { steps, wires, flow }
    }

    /// The boxes whose output goes into this one.
    pub fn inputs(&self, step: usize) -> impl Iterator<Item = usize> + '_ {
        self.wires.iter().filter(move |(_, to)| *to == step).map(|(from, _)| *from)
    }
}
