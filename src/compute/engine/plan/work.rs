//! What the steps of a plan are.

use crate::compute::engine::kernels::activation::Activation;
use crate::compute::engine::kernels::channels::Origin;
use crate::compute::engine::kernels::pool::Reduction;
use crate::network::graph::{Graph, NodeId, Pool2d};

/// Layers computed in one step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fused {
    /// The layers, in execution order.
    pub(super) nodes: Vec<NodeId>,
    /// Those whose outputs are written.
    pub(super) outputs: Vec<NodeId>,
    pub(super) work: Work,
}

/// What a step computes; node ids are inputs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Work {
    /// The image.
    Input,
    /// A convolution or linear layer.
    Conv { part: Part, input: NodeId, residual: Option<NodeId> },
    /// A 1×1 convolution and the grouped one that alone reads it.
    Pair { parts: [Part; 2], input: NodeId },
    /// `relu(map · gates + residual)`.
    Gating { map: Map, spatial: Option<NodeId>, residual: Option<NodeId>, relu: bool },
    /// Statistics of each channel: mean, maximum or both.
    OverPositions { input: NodeId, reductions: Vec<Reduction> },
    /// Statistics of each position, in the order of the output's planes.
    OverChannels { map: Map, reductions: Vec<Reduction> },
    /// A window.
    Pool { layer: NodeId, input: NodeId, window: Pool2d, reduction: Reduction },
    /// A function of every number.
    Activation { input: NodeId, activation: Activation },
    /// Channels of the inputs in another order.
    Channels { inputs: Vec<NodeId>, origins: Vec<Origin> },
    /// Everything else, by its definition.
    Plain { layer: NodeId },
}

/// A convolution with what it takes along.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) layer: NodeId,
    pub(super) norm: Option<NodeId>,
    pub(super) factor: f32,
    pub(super) activation: Option<Activation>,
}

/// A map, with a channel gate that is applied as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Map {
    pub(super) node: NodeId,
    pub(super) gate: Option<NodeId>,
}

impl Work {
    /// The nodes it reads.
    pub(super) fn inputs(&self, graph: &Graph) -> Vec<NodeId> {
        let of_map = |map: &Map| [Some(map.node), map.gate];
        match self {
            Self::Input => Vec::new(),
            Self::Conv { input, residual, .. } => [Some(*input), *residual].into_iter().flatten().collect(),
            Self::Gating { map, spatial, residual, .. } => {
                of_map(map).into_iter().chain([*spatial, *residual]).flatten().collect()
            }
            Self::OverChannels { map, .. } => of_map(map).into_iter().flatten().collect(),
            Self::OverPositions { input, .. } | Self::Pool { input, .. } => vec![*input],
            Self::Pair { input, .. } | Self::Activation { input, .. } => vec![*input],
            Self::Channels { inputs, .. } => inputs.clone(),
            Self::Plain { layer } => graph[*layer].inputs.clone(),
        }
    }

    /// The input whose buffer the output may take over, if nothing else reads it: what is read at a place is then
    /// written at the same place.
    pub(super) fn overwrites(&self) -> Vec<NodeId> {
        match self {
            Self::Conv { residual, .. } => residual.iter().copied().collect(),
            Self::Gating { map, residual, .. } => [Some(map.node), *residual].into_iter().flatten().collect(),
            Self::Activation { input, .. } => vec![*input],
            _ => Vec::new(),
        }
    }
}
