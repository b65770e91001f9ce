//! The layers of an opened block as boxes: what each says, and the form that tells what kind it is.

use crate::network::graph::{Graph, NodeId, Op};
use crate::network::ops::Drawn;

/// A layer with what is folded into it.
#[derive(Clone, Debug)]
pub struct LayerBox {
    /// The layer that gives the box its name.
    pub node: NodeId,
    /// The layer and those folded into it.
    pub nodes: Vec<NodeId>,
    /// `1×1, 256`.
    pub title: String,
    /// Parameters of the layer itself, without what is folded in.
    pub weights: u64,
    /// What is folded in: `BN`, `ReLU`.
    pub notes: Vec<&'static str>,
    /// How it is drawn.
    pub form: Form,
}

/// How a layer is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A box: every output sees every channel.
    Plain,
    /// A box with its ends cut into so many: a convolution whose groups do not see each other.
    Grouped(usize),
    /// A box with its ends cut fine: a convolution of each channel for itself.
    Depthwise,
    /// A circle: additions, products, sigmoids.
    Round,
    /// A bar: lanes joined one above the other, with so many channels each.
    Join(Vec<usize>),
    /// A strip of `of` channels of which `length`, from `start` on, go further.
    Slice {
        /// The first channel.
        start: usize,
        /// How many.
        length: usize,
        /// Of how many.
        of: usize,
    },
    /// Crossing strands: channels dealt out like cards.
    Shuffle(usize),
}

impl LayerBox {
    /// A circle?
    #[must_use]
    pub fn is_round(&self) -> bool {
        self.form == Form::Round
    }
}

/// Has it no box of its own, if what it reads has room for it?
pub(super) fn is_folded(op: &Op) -> bool {
    matches!(op.spec().words().drawn, Drawn::Note(_) | Drawn::Unseen)
}

/// What a box says of a layer folded into it.
pub(super) fn note(op: &Op) -> Option<&'static str> {
    match op.spec().words().drawn {
        Drawn::Note(note) => Some(note),
        Drawn::Unseen | Drawn::Layer | Drawn::Join => None,
    }
}

/// How a layer is drawn; inside a frame there is room for boxes and circles only.
pub(super) fn form(graph: &Graph, id: NodeId, is_in_frame: bool) -> Form {
    let node = &graph[id];
    let channels = |input: &NodeId| graph[*input].shape.channels();
    let before = node.inputs.first().map_or(0, channels);
    match &node.op {
        Op::Add | Op::Scale | Op::Sigmoid | Op::MatMul { .. } => Form::Round,
        Op::Concat if is_in_frame => Form::Round,
        Op::Concat => Form::Join(node.inputs.iter().map(channels).collect()),
        Op::Conv2d(conv) if conv.groups > 1 && conv.groups == before => Form::Depthwise,
        Op::Conv2d(conv) if conv.groups > 1 => Form::Grouped(conv.groups),
        Op::ChannelSlice { start, length } if !is_in_frame => {
            Form::Slice { start: *start, length: *length, of: before }
        }
        Op::ChannelShuffle { groups } if !is_in_frame => Form::Shuffle(*groups),
        _ => Form::Plain,
    }
}
