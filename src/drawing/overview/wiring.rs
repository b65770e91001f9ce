//! How a block is wired, in a word and a glyph, and which blocks are alike: read off the graph.

use crate::network::graph::{Graph, NodeId, Op, ScopeId, ScopeKind, Shape};

/// What stands out in a block's wiring, shortcuts aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// One layer after the other.
    Plain,
    /// Convolutions in so many groups.
    Grouped(usize),
    /// A depthwise convolution.
    Separable,
    /// A depthwise convolution between more channels than go in and out.
    Inverted,
    /// So many lanes that join.
    Lanes(usize),
    /// Groups that exchange channels by a shuffle.
    Shuffle,
    /// Some channels go past the others, then all are shuffled.
    Split,
}

impl Wiring {
    /// Reads a block.
    #[must_use]
    pub fn of(graph: &Graph, scope: ScopeId) -> Self {
        let is_own = |id: &NodeId| {
            let mut around = graph.ancestors(graph[*id].scope).take_while(|around| *around != scope);
            !around.any(|around| matches!(graph[around].kind, ScopeKind::Attention(_)))
        };
        let own: Vec<NodeId> = graph.nodes_in(scope).filter(is_own).collect();
        let has = |wanted: fn(&Op) -> bool| own.iter().any(|id| wanted(&graph[*id].op));
        if has(|op| matches!(op, Op::ChannelShuffle { .. })) {
            return if has(|op| matches!(op, Op::ChannelSlice { .. })) { Self::Split } else { Self::Shuffle };
        }
        let joins = own.iter().filter(|id| graph[**id].op == Op::Concat);
        if let Some(ends) = joins.map(|id| graph[*id].inputs.len()).max() {
            // A lane may end in several; a stem's lanes begin further in.
            let reads_before = |id: &&NodeId| graph[**id].inputs.iter().any(|input| own.binary_search(input).is_err());
            let begin = own.iter().filter(reads_before).filter(|id| graph[**id].op != Op::Add).count();
            return Self::Lanes(if begin > 1 { begin.min(ends) } else { ends });
        }
        let groups = own.iter().filter_map(|id| groups(graph, *id)).max_by_key(|(groups, _)| *groups);
        let outside = [graph[scope].input, Some(graph[scope].output)].into_iter().flatten();
        let ends = outside.map(|id| graph[id].shape.channels()).max().unwrap_or(0);
        match groups {
            Some((groups, channels)) if groups == channels && channels > ends => Self::Inverted,
            Some((groups, channels)) if groups == channels => Self::Separable,
            Some((groups, _)) => Self::Grouped(groups),
            None => Self::Plain,
        }
    }

    /// In words; `None` where there is nothing to say.
    #[must_use]
    pub fn words(self) -> Option<String> {
        match self {
            Self::Plain => None,
            Self::Grouped(groups) => Some(format!("{groups} groups")),
            Self::Separable => Some("depthwise".to_owned()),
            Self::Inverted => Some("depthwise, wide inside".to_owned()),
            Self::Lanes(lanes) => Some(format!("{lanes} lanes that join")),
            Self::Shuffle => Some("groups, shuffled".to_owned()),
            Self::Split => Some("split and shuffle".to_owned()),
        }
    }
}

/// Groups of a convolution that has some, and the channels it reads.
fn groups(graph: &Graph, id: NodeId) -> Option<(usize, usize)> {
    let Op::Conv2d(conv) = graph[id].op else { return None };
    (conv.groups > 1).then(|| (conv.groups, graph[graph[id].inputs[0]].shape.channels()))
}

/// Everything two blocks must share to be drawn once: operators, shapes, and what reads what.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    layers: Vec<(Op, Shape, Vec<Read>)>,
    attention: Option<&'static str>,
}

/// What a layer reads: one of its block's layers by position, or something of this shape before it.
#[derive(Clone, Debug, PartialEq)]
enum Read {
    Inside(usize),
    Before(Shape),
}

impl Signature {
    /// Reads a block.
    #[must_use]
    pub fn of(graph: &Graph, scope: ScopeId, attention: Option<&'static str>) -> Self {
        let nodes: Vec<NodeId> = graph.nodes_in(scope).collect();
        let read = |input: &NodeId| match nodes.binary_search(input) {
            Ok(place) => Read::Inside(place),
            Err(_) => Read::Before(graph[*input].shape),
        };
        let layer = |id: &NodeId| {
            let node = &graph[*id];
            (node.op, node.shape, node.inputs.iter().map(read).collect())
        };
        Self { layers: nodes.iter().map(layer).collect(), attention }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    #[test]
    fn wiring_is_read_off_the_graph() {
        for (text, path, want) in [
            ("resnet50+cbam", "layer3.2", Wiring::Plain),
            ("resnext50_32x4d", "layer3.2", Wiring::Grouped(32)),
            ("mobilenet_v1", "stage2.0", Wiring::Separable),
            ("mobilenet_v2", "stage3.1", Wiring::Inverted),
            ("shufflenet_v1_g3", "stage2.1", Wiring::Shuffle),
            ("shufflenet_v2_x1_0", "stage2.1", Wiring::Split),
            ("googlenet+se", "inception4.b", Wiring::Lanes(4)),
            ("inception_v3", "mixed7.b", Wiring::Lanes(4)),
            ("inception_resnet_v2", "stage2.3", Wiring::Lanes(2)),
        ] {
            let graph = lower(&parse(text).expect("parses")).expect("lowers");
            let scope = graph.scope_at(path).unwrap_or_else(|| panic!("{text} {path}"));
            assert_eq!(Wiring::of(&graph, scope), want, "{text} {path}");
        }
    }
}
