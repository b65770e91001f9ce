//! Parameters and MACs written out with their numbers: `3·3·256·256 = 589,824`.

use super::layer;
use crate::network::graph::{Graph, NodeId};
use crate::network::ops::Count;

/// One line of a calculation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The product as people write it: `3·3·256·256`.
    pub expression: String,
    /// What it comes to.
    pub value: u64,
}

/// How a layer's parameters and MACs come about; `None` where it has none.
#[must_use]
pub fn formula(graph: &Graph, id: NodeId) -> (Option<Term>, Option<Term>) {
    let (cost, facts) = (layer(graph, id), graph.facts(id));
    let macs = if cost.products > 0 { facts.work.products } else { facts.work.macs };
    let term = |count: &Count, value: u64| (value > 0).then(|| Term { expression: count.to_string(), value });
    (term(&facts.tensors.count, cost.params), term(&macs, cost.macs + cost.products))
}
