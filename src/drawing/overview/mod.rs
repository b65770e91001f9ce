//! The overview: stages and blocks as plain data, read off the graph, laid out and drawn.

mod folds;
mod glyphs;
mod layout;
mod paint;
mod wiring;

use std::ops::Range;

pub use folds::Folds;
pub use layout::{Placed, PlacedBlock, PlacedGroup, place};
pub use paint::{Marks, draw, shown};
pub use wiring::Wiring;

use super::part::{Part, is_block, scope_name};
use super::words::{layer_text, size_text};
use crate::network::graph::{GateKind, Graph, NodeId, Op, ScopeId, ScopeKind, Shape};
use wiring::Signature;

/// A whole network, ready to be laid out.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Stem, stages and head in execution order.
    pub groups: Vec<Group>,
    /// Classifiers that hang off to the side.
    pub side: Vec<Aside>,
}

/// A classifier on the way that helps in training.
#[derive(Clone, Debug)]
pub struct Aside {
    /// The classifier.
    pub block: Block,
    /// The group and, in it, the block it reads.
    pub from: [usize; 2],
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
    /// Blocks that are alike and follow each other, as ranges of `blocks`.
    pub runs: Vec<Range<usize>>,
    /// Layers of no block (pools), each with the number of blocks before it.
    pub loose: Vec<(usize, NodeId)>,
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
    /// What stands out in its wiring.
    pub wiring: Wiring,
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
        let (aside, along): (Vec<ScopeId>, Vec<ScopeId>) =
            graph.children(Graph::ROOT).partition(|id| graph[*id].kind == ScopeKind::Auxiliary);
        let groups: Vec<Group> = along.into_iter().map(|id| Group::of(graph, id)).collect();
        let side = aside.into_iter().filter_map(|id| {
            let read = graph[id].input.map(|input| graph[input].scope)?;
            Some(Aside { block: Block::of(graph, id), from: position(graph, &groups, read)? })
        });
        Self { side: side.collect(), groups }
    }

    /// The block (or classifier on the side) around a part; `None` for a stage and what lies between its blocks.
    #[must_use]
    pub fn holder(&self, graph: &Graph, part: Part) -> Option<ScopeId> {
        let around: Vec<ScopeId> = graph.ancestors(part.scope(graph)).collect();
        let known = self.blocks().chain(self.side.iter().map(|side| &side.block));
        known.map(|block| block.scope).find(|scope| around.contains(scope))
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
        let is_drawn = |id: &ScopeId| is_block(graph[*id].kind) || matches!(graph[*id].kind, ScopeKind::Attention(_));
        let is_framed = !is_drawn(&scope);
        let inner: Vec<ScopeId> = graph.children(scope).filter(|id| is_framed && is_drawn(id)).collect();
        let blocks = if inner.is_empty() { vec![scope] } else { inner.clone() };
        let blocks: Vec<Block> = blocks.into_iter().map(|id| Block::of(graph, id)).collect();
        let own = graph.node_ids().filter(|id| graph[*id].scope == scope && !inner.is_empty());
        let loose = own.map(|id| (inner.iter().filter(|block| graph[**block].output < id).count(), id)).collect();
        let mut group = Self {
            scope,
            name: scope_name(graph, scope).to_owned(),
            caption: size_text(graph[graph[scope].output].shape),
            is_framed,
            blocks,
            runs: Vec::new(),
            loose,
        };
        group.runs = group.find_runs(graph);
        group
    }

    /// Has it blocks that are alike?
    #[must_use]
    pub fn repeats(&self) -> bool {
        self.runs.iter().any(|run| run.len() > 1)
    }

    fn find_runs(&self, graph: &Graph) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut before = None;
        for (index, block) in self.blocks.iter().enumerate() {
            let signature = Some(Signature::of(graph, block.scope, block.attention));
            let is_apart = self.loose.iter().any(|(place, _)| *place == index);
            match runs.last_mut() {
                Some(run) if before == signature && !is_apart => run.end = index + 1,
                _ => runs.push(index..index + 1),
            }
            before = signature;
        }
        runs
    }
}

/// The group and, in it, the block around a scope; of a stage, its last block.
fn position(graph: &Graph, groups: &[Group], scope: ScopeId) -> Option<[usize; 2]> {
    let group = groups.iter().position(|group| graph.is_within(scope, group.scope))?;
    let blocks = &groups[group].blocks;
    let block = blocks.iter().position(|block| graph.is_within(scope, block.scope));
    Some([group, block.or(blocks.len().checked_sub(1))?])
}

impl Block {
    fn of(graph: &Graph, scope: ScopeId) -> Self {
        let itself = matches!(graph[scope].kind, ScopeKind::Attention(_)).then_some(scope);
        let attention = graph.attention_of(scope).or(itself).and_then(|id| match graph[id].kind {
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
            wiring: Wiring::of(graph, scope),
            attention,
            gates: graph.gates_in(scope).map(|(index, gate)| (index, gate.kind)).collect(),
            layers: layers.map(|id| layer_text(graph, id)).collect(),
        }
    }
}

/// The shortcut of a block: an addition whose other operand skipped the block's layers.
fn link(graph: &Graph, scope: ScopeId) -> Link {
    if let Some(shortcut) = graph.children(scope).find(|id| graph[*id].kind == ScopeKind::Shortcut) {
        let has_params = graph.nodes_in(shortcut).any(|id| !graph[id].params.is_empty());
        return if has_params { Link::Projection } else { Link::Reshape };
    }
    // Attention on a shortcut weighs what it skips with.
    let features = |id: NodeId| std::iter::successors(Some(id), |id| weighed(graph, *id)).last().unwrap_or(id);
    let is_outside = |id: &NodeId| !graph.is_within(graph[features(*id)].scope, scope);
    let skips = |id: NodeId| graph[id].op == Op::Add && graph[id].inputs.iter().any(is_outside);
    if graph.nodes_in(scope).any(skips) { Link::Identity } else { Link::None }
}

/// What a multiplication with a gate weighs.
fn weighed(graph: &Graph, id: NodeId) -> Option<NodeId> {
    graph[id].inputs.first().copied().filter(|_| graph[id].op == Op::Scale)
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
        for at in ["identity", "pre", "post", "3x3"] {
            let overview = overview(&format!("resnet50+se(at={at})"));
            assert_eq!(overview.blocks().filter(|block| block.link == Link::Identity).count(), 12, "{at}");
        }
    }
}
