//! What a selection's text means in a graph: a scope or a layer.

use crate::network::graph::{Graph, NodeId, ScopeId, ScopeKind};

/// A part of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A stem, stage, block, attention block, shortcut or head.
    Scope(ScopeId),
    /// One layer.
    Layer(NodeId),
}

impl Part {
    /// Finds a part by its path or name; `None` for the whole network and for what the graph does not have.
    #[must_use]
    pub fn find(graph: &Graph, name: &str) -> Option<Self> {
        let scope = graph.scope_ids().skip(1).find(|id| scope_name(graph, *id) == name);
        let layer = || graph.node_ids().find(|id| graph[*id].name == name);
        scope.map(Self::Scope).or_else(|| layer().map(Self::Layer))
    }

    /// The innermost scope around it.
    #[must_use]
    pub fn scope(self, graph: &Graph) -> ScopeId {
        match self {
            Self::Scope(scope) => scope,
            Self::Layer(node) => graph[node].scope,
        }
    }

    /// The block, stem or head it belongs to; `None` for a stage.
    #[must_use]
    pub fn block(self, graph: &Graph) -> Option<ScopeId> {
        graph.ancestors(self.scope(graph)).find(|id| is_block(graph[*id].kind))
    }
}

/// Does this kind of scope hold layers that are shown together?
#[must_use]
pub fn is_block(kind: ScopeKind) -> bool {
    matches!(kind, ScopeKind::Block | ScopeKind::Stem | ScopeKind::Head)
}

/// The name a scope is selected by: its path, or its label where it adds nothing to the path (stem and head).
#[must_use]
pub fn scope_name(graph: &Graph, id: ScopeId) -> &str {
    let scope = &graph[id];
    let is_flat = scope.parent.is_some_and(|parent| graph[parent].path == scope.path);
    if is_flat { &scope.label } else { &scope.path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    #[test]
    fn every_scope_and_layer_is_found_by_its_name_and_nothing_else_is() {
        let graph = lower(&parse("resnet50+cbam").expect("parses")).expect("lowers");
        for id in graph.scope_ids().skip(1) {
            assert_eq!(Part::find(&graph, scope_name(&graph, id)), Some(Part::Scope(id)), "{}", graph[id].path);
        }
        let layer = Part::find(&graph, "layer3.2.conv2").expect("a layer");
        assert_eq!(layer.block(&graph).map(|id| graph[id].path.as_str()), Some("layer3.2"));
        let stage = Part::find(&graph, "layer3").expect("a stage");
        assert_eq!(stage.block(&graph), None);
        assert_eq!(Part::find(&graph, "layer3.9"), None);
        assert_eq!(Part::find(&graph, ""), None);
    }
}
