//! The numbers of a network while it learns.

use crate::compute::weights::{LoadReport, Source, Tensor, Weights};
use crate::network::graph::{Graph, NodeId, ParamId, Role};

/// Every parameter of a graph, and its running statistics, to be changed in place.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// By [`ParamId`]: row-major, in PyTorch's shape.
    pub values: Vec<Vec<f32>>,
}

impl Parameters {
    /// What [`Weights::seeded`] draws.
    #[must_use]
    pub fn seeded(graph: &Graph, seed: u64) -> Self {
        Self::of(graph, &Weights::seeded(graph, seed))
    }

    /// A copy of weights that were made for this graph.
    #[must_use]
    pub fn of(graph: &Graph, weights: &Weights) -> Self {
        Self { values: (0..graph.params.len()).map(|index| weights.values(ParamId(index))).collect() }
    }

    /// Weights to plan runs with.
    ///
    /// # Panics
    /// When these are not the parameters of this graph.
    #[must_use]
    pub fn weights(&self, graph: &Graph, source: Source) -> Weights {
        let tensors = graph.params.iter().zip(&self.values).map(|(param, values)| {
            Tensor::new(&param.shape, values.clone())
                .unwrap_or_else(|| unreachable!("{} has as many numbers as its shape", param.name))
        });
        Weights::new(tensors.collect(), source, LoadReport::default())
    }

    /// The first parameter of the graph that these do not have in its size.
    pub(super) fn misfit<'a>(&self, graph: &'a Graph) -> Option<&'a str> {
        let fits = |(index, elements): (usize, usize)| self.values.get(index).is_some_and(|v| v.len() == elements);
        let mut params = graph.params.iter().enumerate();
        params.find(|(index, param)| !fits((*index, param.elements()))).map(|(_, param)| &*param.name)
    }

    /// A layer's parameter, or nothing.
    pub(super) fn get(&self, graph: &Graph, layer: NodeId, role: Role) -> &[f32] {
        param(graph, layer, role).map_or(&[], |id| &self.values[id.0])
    }
}

/// A layer's parameter of this role.
pub(super) fn param(graph: &Graph, layer: NodeId, role: Role) -> Option<ParamId> {
    graph[layer].params.iter().copied().find(|id| graph[*id].role == role)
}
