//! What an opened block shows: its layers as boxes, gates as frames, branches as lanes. Read off the graph.
//!
//! The features' way is everything the block's output comes from, without what gates are computed from: that
//! becomes the gates' frames. How both hang together, [`flow`] says.

mod boxes;
mod frames;
mod lanes;
mod layer;
mod layout;
mod paint;
mod tangle;

use std::collections::{HashMap, HashSet};

pub use boxes::{Form, LayerBox};
pub use layout::{PlacedFrame, PlacedOpened, place};
pub use paint::{Marks, draw};

use super::flow::{Piece, Source, flow};
use super::words::{gate_title, title};
use crate::network::attention;
use crate::network::cost::Ledger;
use crate::network::graph::{GateKind, Graph, NodeId, Op, ScopeId, ScopeKind};
use boxes::{form, is_folded, note};

/// An opened block.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// Every box; the other fields hold indices into it.
    pub boxes: Vec<LayerBox>,
    /// The features' way from input to output.
    pub line: Vec<Piece>,
    /// The gates on it, in execution order.
    pub frames: Vec<GateFrame>,
    /// By box what it reads; gates and what lies before the block are outside.
    pub reads: Vec<Vec<Source>>,
    /// By box: the frame it is in.
    pub frame_of: Vec<Option<usize>>,
}

/// How a gate is computed; two gates where they have layers in common or are computed from the same features.
#[derive(Clone, Debug)]
pub struct GateFrame {
    /// Its gates, in execution order.
    pub gates: Vec<FramedGate>,
    /// The attention's name in specs.
    pub attention: &'static str,
    /// `CAM`, `SAM`, `SE`.
    pub title: String,
    /// From the features to the gates.
    pub line: Vec<Piece>,
}

/// A gate in its frame.
#[derive(Clone, Copy, Debug)]
pub struct FramedGate {
    /// The gate's index in the graph.
    pub gate: usize,
    /// A vector, a map or something between.
    pub kind: GateKind,
    /// The box in the frame whose output it is.
    pub end: usize,
    /// The box on the features' way that multiplies with it.
    pub scale: usize,
}

impl Opened {
    /// Opens a scope.
    #[must_use]
    pub fn of(graph: &Graph, ledger: &Ledger, scope: ScopeId) -> Self {
        let nodes: Vec<NodeId> = graph.nodes_in(scope).collect();
        let mut readers: HashMap<NodeId, Vec<NodeId>> = HashMap::new();
        for id in &nodes {
            for input in &graph[*id].inputs {
                readers.entry(*input).or_default().push(*id);
            }
        }
        let inside = nodes.iter().copied().collect();
        let opened = Self::default();
        let mut opening = Opening { graph, ledger, scope, inside, readers, opened, of_node: HashMap::new() };
        let features = opening.features();
        for id in &features {
            opening.place(*id, None);
        }
        let count = opening.opened.boxes.len();
        let drafts = opening.drafts();
        for draft in &drafts {
            opening.frame(draft);
        }
        opening.opened.reads = opening.reads();
        let members: Vec<usize> = (0..count).collect();
        let end = opening.of_node.get(&graph[scope].output).copied();
        opening.opened.line = flow(&members, &opening.opened.reads, end.as_slice());
        for (index, frame) in opening.opened.frames.iter_mut().enumerate() {
            frame.draw(index, &opening.opened.frame_of, &opening.opened.reads);
        }
        let later: HashSet<usize> =
            opening.opened.frames.iter().flat_map(|frame| frame.gates.iter().skip(1).map(|gate| gate.scale)).collect();
        without(&mut opening.opened.line, &later);
        opening.opened
    }

    /// The frame whose first gate this box multiplies with.
    #[must_use]
    pub fn frame_at(&self, scale: usize) -> Option<usize> {
        self.frames.iter().position(|frame| frame.gates[0].scale == scale)
    }
}

impl GateFrame {
    /// Finds the way from the features to the gates.
    fn draw(&mut self, index: usize, frame_of: &[Option<usize>], reads: &[Vec<Source>]) {
        let boxes: Vec<usize> = (0..frame_of.len()).filter(|layer| frame_of[*layer] == Some(index)).collect();
        let ends: Vec<usize> = self.gates.iter().map(|gate| gate.end).collect();
        self.line = flow(&boxes, reads, &ends);
        // The last gate is multiplied last: on top, its wire crosses none of the others.
        if let Some(Piece::Fork(fork)) = self.line.last_mut()
            && fork.join.is_none()
        {
            fork.lanes.reverse();
        }
    }
}

/// A frame before its boxes are placed.
struct Draft {
    gates: Vec<usize>,
    members: Vec<NodeId>,
    /// What it reads of the features.
    sources: Vec<NodeId>,
}

struct Opening<'a> {
    graph: &'a Graph,
    ledger: &'a Ledger,
    scope: ScopeId,
    inside: HashSet<NodeId>,
    readers: HashMap<NodeId, Vec<NodeId>>,
    opened: Opened,
    of_node: HashMap<NodeId, usize>,
}

impl Opening<'_> {
    /// What the output comes from, gates left out, in execution order.
    fn features(&self) -> Vec<NodeId> {
        let gates: HashSet<(NodeId, NodeId)> =
            self.graph.gates_in(self.scope).map(|(_, gate)| (gate.scale, gate.node)).collect();
        let mut found = HashSet::new();
        let mut next = vec![self.graph[self.scope].output];
        while let Some(id) = next.pop() {
            if self.inside.contains(&id) && found.insert(id) {
                next.extend(self.graph[id].inputs.iter().filter(|input| !gates.contains(&(id, **input))));
            }
        }
        let mut features: Vec<NodeId> = found.into_iter().collect();
        features.sort_unstable();
        features
    }

    /// Gives a node a box of its own or folds it into its input's.
    fn place(&mut self, id: NodeId, frame: Option<usize>) {
        let node = &self.graph[id];
        let input = node.inputs.first().and_then(|input| self.of_node.get(input)).copied();
        let owner = node.params.first().map(|param| self.graph[*param].owner).filter(|owner| *owner != id);
        let into = match (owner.and_then(|owner| self.of_node.get(&owner).copied()), input) {
            (Some(twin), _) if frame.is_some() => Some(twin),
            (_, Some(input)) if is_folded(&node.op) && self.feeds_only(input, id) => Some(input),
            _ => None,
        };
        if let Some(index) = into {
            self.of_node.insert(id, index);
            let layer = &mut self.opened.boxes[index];
            layer.nodes.push(id);
            if let Some(note) = note(&node.op).filter(|note| !layer.notes.contains(note)) {
                layer.notes.push(note);
            }
            return;
        }
        self.of_node.insert(id, self.opened.boxes.len());
        self.opened.boxes.push(LayerBox {
            node: id,
            nodes: vec![id],
            title: title(self.graph, id),
            weights: self.ledger.layer(id).params,
            notes: Vec::new(),
            form: form(self.graph, id, frame.is_some()),
        });
        self.opened.frame_of.push(frame);
    }

    /// Folding hides what lies between: the input may feed nothing else that is drawn.
    fn feeds_only(&self, input: usize, id: NodeId) -> bool {
        let mut readers = self.graph[id].inputs.iter().flat_map(|input| self.readers.get(input).into_iter().flatten());
        readers.all(|reader| *reader == id)
            && !matches!(self.graph[self.opened.boxes[input].node].op, Op::Scale | Op::Sigmoid)
    }

    /// By box what it reads of its own frame, or of the features' way.
    fn reads(&self) -> Vec<Vec<Source>> {
        let frame_of = &self.opened.frame_of;
        let of_box = |(index, layer): (usize, &LayerBox)| {
            let mut reads: Vec<Source> = Vec::new();
            for input in layer.nodes.iter().flat_map(|id| &self.graph[*id].inputs) {
                let source = self.of_node.get(input).copied();
                let is_gate = frame_of[index].is_none() && source.is_some_and(|source| frame_of[source].is_some());
                let shown = source.filter(|source| frame_of[*source] == frame_of[index]);
                if source != Some(index) && !is_gate && !reads.contains(&shown) {
                    reads.push(shown);
                }
            }
            reads
        };
        self.opened.boxes.iter().enumerate().map(of_box).collect()
    }

    /// What each gate is computed from. Gates that have layers in common share a frame; so do those that look past
    /// an earlier multiplication at the same features.
    fn drafts(&self) -> Vec<Draft> {
        let mut drafts: Vec<Draft> = Vec::new();
        for (index, gate) in self.graph.gates_in(self.scope) {
            if !self.of_node.contains_key(&gate.scale) || self.of_node.contains_key(&gate.node) {
                continue;
            }
            let (mut members, mut sources) = (Vec::new(), Vec::new());
            self.upstream(gate.node, &mut members, &mut sources);
            let before = self.graph[gate.scale].inputs.iter().copied().find(|input| *input != gate.node);
            let follows = |draft: &Draft| {
                let last = draft.gates.last().map(|last| self.graph.gates[*last].scale);
                last == before && last.is_some()
            };
            let joins = |draft: &Draft| {
                let shares = draft.members.iter().any(|member| members.contains(member));
                shares || (draft.sources == sources && !sources.iter().any(|source| Some(*source) == before))
            };
            match drafts.iter_mut().find(|draft| follows(draft) && joins(draft)) {
                Some(draft) => {
                    draft.gates.push(index);
                    let new = members.into_iter().filter(|member| !draft.members.contains(member));
                    draft.members.extend(new.collect::<Vec<_>>());
                }
                None => drafts.push(Draft { gates: vec![index], members, sources }),
            }
        }
        drafts
    }

    /// The nodes a gate is computed from that have no box yet, and the features they read.
    fn upstream(&self, id: NodeId, members: &mut Vec<NodeId>, sources: &mut Vec<NodeId>) {
        if members.contains(&id) {
            return;
        }
        if !self.inside.contains(&id) || self.of_node.contains_key(&id) {
            if !sources.contains(&id) {
                sources.push(id);
            }
            return;
        }
        members.push(id);
        for input in &self.graph[id].inputs {
            self.upstream(*input, members, sources);
        }
    }

    fn frame(&mut self, draft: &Draft) {
        let mut members: Vec<NodeId> =
            draft.members.iter().copied().filter(|member| !self.of_node.contains_key(member)).collect();
        members.sort_unstable();
        for id in members {
            self.place(id, Some(self.opened.frames.len()));
        }
        let gates: Vec<FramedGate> = draft.gates.iter().map(|index| self.framed(*index)).collect();
        let attention = match self.graph[self.graph.gates[draft.gates[0]].scope].kind {
            ScopeKind::Attention(name) => name,
            _ => "",
        };
        let mut titles: Vec<&str> = gates.iter().map(|gate| gate_title(gate.kind, attention)).collect();
        titles.dedup();
        if titles.len() > 1 && attention != "cbam" {
            titles = attention::find(attention).map(|block| block.card().title).into_iter().collect();
        }
        self.opened.frames.push(GateFrame { gates, attention, title: titles.join(" + "), line: Vec::new() });
    }

    fn framed(&self, index: usize) -> FramedGate {
        let gate = &self.graph.gates[index];
        FramedGate { gate: index, kind: gate.kind, end: self.of_node[&gate.node], scale: self.of_node[&gate.scale] }
    }
}

/// Later multiplications of a frame are drawn with its first.
fn without(way: &mut Vec<Piece>, later: &HashSet<usize>) {
    way.retain(|piece| !matches!(piece, Piece::Layer(layer) if later.contains(layer)));
    for piece in way {
        if let Piece::Fork(fork) = piece {
            fork.lanes.iter_mut().for_each(|lane| without(lane, later));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    fn open(text: &str, path: &str) -> (Graph, Opened) {
        let graph = lower(&parse(text).expect("parses")).expect("lowers");
        let scope = graph.scope_at(path).expect("the block");
        let opened = Opened::of(&graph, &Ledger::of(&graph), scope);
        (graph, opened)
    }

    /// The layers of the first lane that has any, all the way.
    fn along(opened: &Opened, way: &[Piece]) -> Vec<String> {
        let of = |piece: &Piece| match piece {
            Piece::Layer(layer) => vec![opened.boxes[*layer].title.clone()],
            Piece::Fork(fork) => {
                fork.lanes.iter().find(|lane| !lane.is_empty()).map_or(Vec::new(), |lane| along(opened, lane))
            }
            Piece::Tangle(tangle) => tangle.layers.iter().map(|layer| opened.boxes[*layer].title.clone()).collect(),
        };
        way.iter().flat_map(of).collect()
    }

    fn lanes(opened: &Opened, way: &[Piece]) -> Vec<Vec<String>> {
        let fork = way.iter().find_map(|piece| match piece {
            Piece::Fork(fork) => Some(fork),
            _ => None,
        });
        fork.map_or(Vec::new(), |fork| fork.lanes.iter().map(|lane| along(opened, lane)).collect())
    }

    #[test]
    fn a_bottleneck_with_cbam_reads_as_people_draw_it() {
        let (_, opened) = open("resnet50+cbam", "layer3.2");
        assert_eq!(along(&opened, &opened.line), ["1×1, 256", "3×3, 256", "1×1, 1024", "×", "×", "+"]);
        assert_eq!(opened.boxes[1].weights, 589_824);
        assert_eq!(opened.boxes[0].notes, ["BN", "ReLU"]);
        let [cam, sam] = &opened.frames[..] else { panic!("two gates") };
        assert_eq!((cam.title.as_str(), sam.title.as_str()), ("CAM", "SAM"));
        assert_eq!(lanes(&opened, &cam.line), [["avg"], ["max"]]);
        assert_eq!(along(&opened, &cam.line), ["avg", "fc 64", "fc 1024", "+", "σ"]);
        assert_eq!(lanes(&opened, &sam.line), [["max C"], ["mean C"]]);
        assert_eq!(along(&opened, &sam.line), ["max C", "|", "7×7, 1", "σ"]);
        let shortcut = lanes(&opened, &opened.line).remove(1);
        assert!(shortcut.is_empty());
    }

    #[test]
    fn projections_and_option_a_are_lanes_with_layers() {
        let (_, opened) = open("resnet50+se", "layer2.0");
        assert_eq!(lanes(&opened, &opened.line)[1], ["1×1, 512, /2"]);
        let (_, opened) = open("resnet20", "layer2.0");
        assert_eq!(lanes(&opened, &opened.line)[1], ["1 of 2×2", "pad +16"]);
        let (_, opened) = open("plain20", "layer2.0");
        assert!(lanes(&opened, &opened.line).is_empty());
    }

    #[test]
    fn modules_are_lanes_that_join_and_units_are_split_and_shuffled() {
        let (_, opened) = open("inception_v3+se", "mixed7.b");
        let module = lanes(&opened, &opened.line);
        assert_eq!(module.len(), 4, "{module:?}");
        assert_eq!(module[1], ["1×1, 384", "1×3, 384"]);
        let join = opened.boxes.iter().find_map(|layer| match &layer.form {
            Form::Join(parts) => Some(parts.clone()),
            _ => None,
        });
        assert_eq!(join.expect("a join"), [320, 384, 384, 384, 384, 192]);
        let (_, opened) = open("shufflenet_v2_x1_0", "stage2.1");
        let [past, into] = &lanes(&opened, &opened.line)[..] else { panic!("two halves") };
        assert_eq!((past.len(), into.len()), (1, 4));
        let forms: Vec<&Form> = opened.boxes.iter().map(|layer| &layer.form).collect();
        assert!(forms.contains(&&Form::Slice { start: 58, length: 58, of: 116 }), "{forms:?}");
        assert!(forms.contains(&&Form::Depthwise) && forms.contains(&&Form::Shuffle(2)), "{forms:?}");
        let (_, opened) = open("shufflenet_v1_g3", "stage2.1");
        assert_eq!(opened.boxes[0].form, Form::Grouped(3));
        assert!(opened.boxes.iter().any(|layer| layer.title == "3×3 dw, 60"));
    }

    #[test]
    fn every_layer_of_every_block_is_in_exactly_one_box() {
        for text in crate::drawing::tests::sampler() {
            let graph = lower(&parse(&text).expect("parses")).expect("lowers");
            let ledger = Ledger::of(&graph);
            for scope in crate::drawing::tests::parts(&graph) {
                let opened = Opened::of(&graph, &ledger, scope);
                let mut drawn: Vec<NodeId> = opened.boxes.iter().flat_map(|layer| layer.nodes.clone()).collect();
                drawn.sort_unstable();
                let wanted: Vec<NodeId> = graph.nodes_in(scope).collect();
                assert_eq!(drawn, wanted, "{text} {}", graph[scope].path);
            }
        }
    }
}
