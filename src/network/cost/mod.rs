//! What a network costs: parameters, MACs, element-wise operations, memory; by layer, block, stage, network.
//!
//! **MACs** are multiply-accumulates of convolution and linear layers, no bias, one image: the convention of the
//! papers' "FLOPs" columns and of torchvision's published GFLOPs. **Products** of two activations (non-local
//! attention, the pooling of global context) are counted apart: papers and tools that count by layer (thop, torchinfo,
//! calflops) miss them, PyTorch's flop counter and fvcore see them. Everything else is counted beside them as
//! **element-wise operations**: bias 1 an output element; `BatchNorm` 2 (one multiplication, one addition, folded
//! statistics); `GroupNorm` 5 (mean, variance, scale and shift); softmax 3 (exponential, sum, division); activations,
//! add and scale 1, but those that multiply by their input (SiLU, hard swish) 2; pooling 1 an element read; views and
//! copies 0. Running statistics are buffers and not parameters. How much a layer does, its operator says
//! ([`Work`](super::ops::Work)).

mod compare;
mod formula;
mod lesson;

pub use compare::{Row, compare};
pub use formula::{Term, formula};
pub use lesson::{Lesson, lesson};

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use super::graph::{Graph, NodeId, ScopeId};

/// Bytes of one f32.
const F32: u64 = 4;

/// Costs of a layer or of a sum of layers, for one image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Learnable numbers; a shared layer counts where it is first used.
    pub params: u64,
    /// Multiply-accumulates of convolution and linear layers, no bias.
    pub macs: u64,
    /// Multiply-accumulates of products of two activations, which counting by layer misses.
    pub products: u64,
    /// Element-wise operations: everything that is neither.
    pub elementwise: u64,
    /// Bytes of the layer's output in f32; views take none.
    pub activation_bytes: u64,
}

impl Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            params: self.params + other.params,
            macs: self.macs + other.macs,
            products: self.products + other.products,
            elementwise: self.elementwise + other.elementwise,
            activation_bytes: self.activation_bytes + other.activation_bytes,
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), Add::add)
    }
}

/// The costs of a whole graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// By node, in execution order.
    pub layers: Vec<Cost>,
    /// By scope, children included.
    pub scopes: Vec<Cost>,
}

impl Ledger {
    /// Counts every layer of a graph.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        let layers: Vec<Cost> = graph.node_ids().map(|id| layer(graph, id)).collect();
        let mut scopes = vec![Cost::default(); graph.scopes.len()];
        for (node, cost) in graph.nodes.iter().zip(&layers) {
            scopes[node.scope.0] += *cost;
        }
        for id in (1..scopes.len()).rev() {
            if let Some(parent) = graph.scopes[id].parent {
                let cost = scopes[id];
                scopes[parent.0] += cost;
            }
        }
        Self { layers, scopes }
    }

    /// The whole network.
    #[must_use]
    pub fn total(&self) -> Cost {
        self.scopes[0]
    }

    /// A part of it, children included.
    #[must_use]
    pub fn scope(&self, id: ScopeId) -> Cost {
        self.scopes[id.0]
    }

    /// One layer.
    #[must_use]
    pub fn layer(&self, id: NodeId) -> Cost {
        self.layers[id.0]
    }

    /// Everything that belongs to attention blocks.
    #[must_use]
    pub fn attention(&self, graph: &Graph) -> Cost {
        let is_attention = |id: &ScopeId| matches!(graph[*id].kind, super::graph::ScopeKind::Attention(_));
        graph.scope_ids().filter(is_attention).map(|id| self.scope(id)).sum()
    }
}

/// The cost of one node.
fn layer(graph: &Graph, id: NodeId) -> Cost {
    let node = &graph[id];
    let params = node.params.iter().map(|param| &graph[*param]);
    let owned = params.filter(|param| param.owner == id && param.role.is_parameter());
    let params = owned.map(|param| param.elements() as u64).sum();
    if graph.is_auxiliary(id) {
        return Cost { params, ..Cost::default() };
    }
    let work = graph.facts(id).work;
    Cost {
        params,
        macs: work.macs.value(),
        products: work.products.value(),
        elementwise: work.elementwise,
        activation_bytes: if work.is_view { 0 } else { node.shape.elements() as u64 * F32 },
    }
}
