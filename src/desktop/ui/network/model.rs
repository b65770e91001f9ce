//! What the overview shows: stages and blocks as plain data, read off the graph.

use crate::desktop::ui::selection::part::{is_block, scope_name};
use crate::network::graph::{GateKind, Graph, NodeId, Op, ScopeId, ScopeKind, Shape};

/// A whole network, ready to be laid out.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Stem, stages and head in execution order.
    pub groups: Vec<Group>,
}

/// A framed run of blocks, or a part that stands alone.
#[derive(Clone, Debug)]
pub struct Group {
    /// The stage; of a part that stands alone, the part itself.
    pub scope: ScopeId,
    /// `layer3`, `stem`.
    pub name: String,
    /// The output's size: `1024 × 14²`.
    pub caption: String,
    /// Is it a stage?
    pub is_framed: bool,
    /// Its blocks.
    pub blocks: Vec<Block>,
}

/// A block, the stem or the head.
#[derive(Clone, Debug)]
pub struct Block {
    /// Where it is in the graph.
    pub scope: ScopeId,
    /// The name it is selected by.
    pub name: String,
    /// The shape of its output.
    pub shape: Shape,
    /// What goes around it.
    pub link: Link,
    /// The name of its attention.
    pub attention: Option<&'static str>,
    /// Its gates by index, in execution order.
    pub gates: Vec<(usize, GateKind)>,
    /// Its layers with weights, in a few characters each.
    pub layers: Vec<String>,
}

/// A shortcut around a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// None: a plain block.
    None,
    /// The input itself.
    Identity,
    /// The input, reshaped by layers with parameters.
    Projection,
    /// The input, reshaped without parameters.
    Reshape,
}

impl Link {
    /// In words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Identity => "identity",
            Self::Projection => "projection",
            Self::Reshape => "without parameters",
        }
    }
}

impl Overview {
    /// Reads a graph.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        Self { groups: graph.children(Graph::ROOT).map(|id| Group::of(graph, id)).collect() }
    }

    /// Every block in execution order, stem and head included.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.groups.iter().flat_map(|group| &group.blocks)
    }

    /// What to open where nothing is selected: the first block with attention, else the first block.
    #[must_use]
    pub fn showpiece(&self) -> Option<ScopeId> {
        let stages = || self.groups.iter().filter(|group| group.is_framed).flat_map(|group| &group.blocks);
        let attended = stages().find(|block| block.attention.is_some());
        attended.or_else(|| stages().next()).or_else(|| self.blocks().next()).map(|block| block.scope)
    }
}

impl Group {
    fn of(graph: &Graph, scope: ScopeId) -> Self {
        let is_framed = !is_block(graph[scope].kind);
        let inner: Vec<ScopeId> = graph.children(scope).filter(|id| is_framed && is_block(graph[*id].kind)).collect();
        let blocks = if inner.is_empty() { vec![scope] } else { inner };
        Self {
            scope,
            name: scope_name(graph, scope).to_owned(),
            caption: size_text(graph[graph[scope].output].shape),
            is_framed,
            blocks: blocks.into_iter().map(|id| Block::of(graph, id)).collect(),
        }
    }
}

impl Block {
    fn of(graph: &Graph, scope: ScopeId) -> Self {
        let attention = graph.attention_of(scope).and_then(|id| match graph[id].kind {
            ScopeKind::Attention(name) => Some(name),
            _ => None,
        });
        let nodes = graph.nodes_in(scope).filter(|id| graph[*id].scope == scope);
        let layers = nodes.filter(|id| matches!(graph[*id].op, Op::Conv2d(_) | Op::Linear { .. } | Op::MaxPool(_)));
        Self {
            scope,
            name: scope_name(graph, scope).to_owned(),
            shape: graph[graph[scope].output].shape,
            link: link(graph, scope),
            attention,
            gates: graph.gates_in(scope).map(|(index, gate)| (index, gate.kind)).collect(),
            layers: layers.map(|id| graph[id].op.detail()).collect(),
        }
    }
}

/// The shortcut of a block: an addition whose other operand skipped the block's layers.
fn link(graph: &Graph, scope: ScopeId) -> Link {
    if let Some(shortcut) = graph.children(scope).find(|id| graph[*id].kind == ScopeKind::Shortcut) {
        let has_params = graph.nodes_in(shortcut).any(|id| !graph[id].params.is_empty());
        return if has_params { Link::Projection } else { Link::Reshape };
    }
    let is_outside = |id: &NodeId| !graph.is_within(graph[*id].scope, scope);
    let skips = |id: NodeId| graph[id].op == Op::Add && graph[id].inputs.iter().any(is_outside);
    if graph.nodes_in(scope).any(skips) { Link::Identity } else { Link::None }
}

/// `1024 × 14²`, `256 × 56 × 48`, `1000`.
#[must_use]
pub fn size_text(shape: Shape) -> String {
    match shape.dims() {
        [channels, height, width] if height == width => format!("{channels} × {height}²"),
        [channels, height, width] => format!("{channels} × {height} × {width}"),
        dims => dims.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × "),
    }
}

/// `1024 × 14 × 14`.
#[must_use]
pub fn shape_text(shape: Shape) -> String {
    shape.dims().iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    fn overview(text: &str) -> Overview {
        Overview::of(&lower(&parse(text).expect("parses")).expect("lowers"))
    }

    #[test]
    fn stages_captions_and_shortcuts_are_the_graphs() {
        let overview = overview("resnet50+cbam@layer3");
        let names: Vec<&str> = overview.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["stem", "layer1", "layer2", "layer3", "layer4", "head"]);
        let layer3 = &overview.groups[3];
        assert_eq!(layer3.caption, "1024 × 14²");
        assert_eq!(layer3.blocks.iter().filter(|block| block.link == Link::Projection).count(), 1);
        assert!(layer3.blocks.iter().all(|block| block.attention == Some("cbam") && block.gates.len() == 2));
        assert_eq!(overview.blocks().filter(|block| block.attention.is_some()).count(), 6);
        assert_eq!(
            overview.blocks().find(|block| Some(block.scope) == overview.showpiece()).expect("one").name,
            "layer3.0"
        );
    }

    #[test]
    fn plain_networks_have_no_shortcut_and_option_a_has_no_projection() {
        assert!(overview("plain34").blocks().all(|block| block.link == Link::None));
        let cifar = overview("resnet110");
        assert_eq!(cifar.blocks().filter(|block| block.link == Link::Reshape).count(), 2);
        assert_eq!(cifar.blocks().filter(|block| block.link == Link::Identity).count(), 52);
    }
}
