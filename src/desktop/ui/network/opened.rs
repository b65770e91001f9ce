//! What an opened block shows: its layers as boxes, gates as frames, shortcuts as lanes. Read off the graph.
//!
//! The main line follows the features from the block's output back to its input, along the longest way. What
//! a gate is computed from becomes that gate's frame; what an addition or a concatenation takes from elsewhere
//! becomes a lane around the main line.

use std::collections::HashMap;

use crate::network::attention;
use crate::network::cost::Ledger;
use crate::network::graph::{GateKind, Graph, NodeId, Op, ScopeId, ScopeKind};

/// An opened block.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// Every box; the other fields hold indices into it.
    pub boxes: Vec<LayerBox>,
    /// The main line, input first.
    pub main: Vec<usize>,
    /// The gates on the main line, in execution order.
    pub frames: Vec<GateFrame>,
    /// Ways around the main line.
    pub lanes: Vec<Lane>,
}

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
    /// Drawn as a circle: additions, multiplications, sigmoids.
    pub is_round: bool,
}

/// How a gate is computed.
#[derive(Clone, Debug)]
pub struct GateFrame {
    /// The gate's index in the graph.
    pub gate: usize,
    /// A vector or a map.
    pub kind: GateKind,
    /// The attention's name in specs.
    pub attention: &'static str,
    /// `CAM`, `SAM`, `SE`.
    pub title: &'static str,
    /// The box on the main line that multiplies with it.
    pub scale: usize,
    /// Boxes by depth; those of one column are independent.
    pub columns: Vec<Vec<usize>>,
    /// Between boxes of the frame.
    pub wires: Vec<(usize, usize)>,
    /// Boxes that read the features.
    pub entries: Vec<usize>,
}

/// A way around the main line.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its layers; none for an identity.
    pub boxes: Vec<usize>,
    /// The box on the main line it leaves after; `None` for the block's input.
    pub from: Option<usize>,
    /// The box on the main line it ends in.
    pub to: usize,
}

impl Opened {
    /// Opens a scope.
    #[must_use]
    pub fn of(graph: &Graph, ledger: &Ledger, scope: ScopeId) -> Self {
        let mut opening = Opening { graph, ledger, scope, opened: Self::default(), of_node: HashMap::new() };
        let main = opening.main_line();
        for id in &main {
            if let Some(index) = opening.place(*id, false) {
                opening.opened.main.push(index);
            }
        }
        opening.frames();
        opening.lanes(&main);
        opening.opened
    }
}

struct Opening<'a> {
    graph: &'a Graph,
    ledger: &'a Ledger,
    scope: ScopeId,
    opened: Opened,
    of_node: HashMap<NodeId, usize>,
}

impl Opening<'_> {
    fn is_inside(&self, id: NodeId) -> bool {
        self.graph.is_within(self.graph[id].scope, self.scope)
    }

    /// From the scope's output back along the features, then turned round.
    fn main_line(&self) -> Vec<NodeId> {
        let mut depths: HashMap<NodeId, usize> = HashMap::new();
        for id in self.graph.nodes_in(self.scope) {
            let inputs = self.graph[id].inputs.iter();
            let deepest = inputs.map(|input| depths.get(input).copied().unwrap_or(0)).max().unwrap_or(0);
            depths.insert(id, deepest + 1);
        }
        let mut line = Vec::new();
        let mut next = Some(self.graph[self.scope].output);
        while let Some(id) = next.filter(|id| self.is_inside(*id)) {
            line.push(id);
            let inputs = &self.graph[id].inputs;
            next = match self.graph[id].op {
                Op::Scale => inputs.first().copied(),
                // The first of the deepest: an addition of equals keeps the order of the graph.
                _ => inputs.iter().rev().max_by_key(|input| depths.get(input).copied().unwrap_or(0)).copied(),
            };
        }
        line.reverse();
        line
    }

    /// Gives a node a box of its own or folds it into its input's; the index of a new box.
    fn place(&mut self, id: NodeId, shares: bool) -> Option<usize> {
        let node = &self.graph[id];
        let input = node.inputs.first().and_then(|input| self.of_node.get(input)).copied();
        let owner = node.params.first().map(|param| self.graph[*param].owner).filter(|owner| *owner != id);
        let into = match (owner.and_then(|owner| self.of_node.get(&owner).copied()), input) {
            (Some(twin), _) if shares => Some(twin),
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
            return None;
        }
        let index = self.opened.boxes.len();
        self.of_node.insert(id, index);
        self.opened.boxes.push(LayerBox {
            node: id,
            nodes: vec![id],
            title: title(&node.op),
            weights: self.ledger.layer(id).params,
            notes: Vec::new(),
            is_round: matches!(node.op, Op::Add | Op::Scale | Op::Sigmoid | Op::Concat),
        });
        Some(index)
    }

    /// Folding hides what lies between: the input may feed nothing else that is drawn.
    fn feeds_only(&self, input: usize, id: NodeId) -> bool {
        let read = &self.graph[id].inputs;
        let others = self.graph.nodes_in(self.scope).filter(|other| *other != id);
        let mut readers = others.filter(|other| self.graph[*other].inputs.iter().any(|input| read.contains(input)));
        readers.next().is_none() && !matches!(self.graph[self.opened.boxes[input].node].op, Op::Scale | Op::Sigmoid)
    }

    fn frames(&mut self) {
        let gates: Vec<(usize, NodeId, NodeId)> =
            self.graph.gates_in(self.scope).map(|(index, gate)| (index, gate.node, gate.scale)).collect();
        for (index, node, scale) in gates {
            let Some(scale) = self.of_node.get(&scale).copied() else { continue };
            let mut members = Vec::new();
            self.upstream(node, &mut members);
            members.sort_unstable();
            let first = self.opened.boxes.len();
            for id in &members {
                self.place(*id, true);
            }
            let frame = self.frame(index, scale, first, &members);
            self.opened.frames.push(frame);
        }
    }

    /// The nodes a gate is computed from that have no box yet.
    fn upstream(&self, id: NodeId, members: &mut Vec<NodeId>) {
        if self.is_inside(id) && !self.of_node.contains_key(&id) && !members.contains(&id) {
            members.push(id);
            for input in &self.graph[id].inputs {
                self.upstream(*input, members);
            }
        }
    }

    fn frame(&self, gate: usize, scale: usize, first: usize, members: &[NodeId]) -> GateFrame {
        let mut wires = Vec::new();
        let mut entries = Vec::new();
        let mut depths = vec![0_usize; self.opened.boxes.len() - first];
        for id in members {
            let to = self.of_node[id];
            for input in &self.graph[*id].inputs {
                match self.of_node.get(input).copied() {
                    Some(from) if from >= first && from == to => {}
                    Some(from) if from >= first => {
                        depths[to - first] = depths[to - first].max(depths[from - first] + 1);
                        wires.push((from, to));
                    }
                    _ => entries.push(to),
                }
            }
        }
        wires.dedup();
        entries.dedup();
        let mut columns = vec![Vec::new(); depths.iter().max().map_or(0, |deepest| deepest + 1)];
        for (offset, depth) in depths.iter().enumerate() {
            columns[*depth].push(first + offset);
        }
        let definition = &self.graph.gates[gate];
        let attention = match self.graph[definition.scope].kind {
            ScopeKind::Attention(name) => name,
            _ => "",
        };
        let title = gate_title(definition.kind, attention);
        GateFrame { gate, kind: definition.kind, attention, title, scale, columns, wires, entries }
    }

    fn lanes(&mut self, main: &[NodeId]) {
        for (at, join) in main.iter().enumerate() {
            if !matches!(self.graph[*join].op, Op::Add | Op::Concat) {
                continue;
            }
            let before = at.checked_sub(1).map(|at| main[at]);
            let inputs = self.graph[*join].inputs.iter().copied();
            let others: Vec<NodeId> = inputs.filter(|input| Some(*input) != before).collect();
            for input in others {
                let mut chain = Vec::new();
                let mut next = Some(input);
                while let Some(id) = next.filter(|id| self.is_inside(*id) && !self.of_node.contains_key(id)) {
                    chain.push(id);
                    next = self.graph[id].inputs.first().copied();
                }
                // The block's own input has no box.
                let from = next.and_then(|id| self.of_node.get(&id).copied());
                chain.reverse();
                let boxes = chain.into_iter().filter_map(|id| self.place(id, false)).collect();
                self.opened.lanes.push(Lane { boxes, from, to: self.of_node[join] });
            }
        }
    }
}

fn is_folded(op: &Op) -> bool {
    matches!(op, Op::BatchNorm { .. } | Op::Flatten) || note(op).is_some()
}

fn note(op: &Op) -> Option<&'static str> {
    match op {
        Op::BatchNorm { .. } => Some("BN"),
        Op::Relu => Some("ReLU"),
        Op::Relu6 => Some("ReLU6"),
        Op::Silu => Some("SiLU"),
        Op::HardSwish => Some("h-swish"),
        _ => None,
    }
}

/// A layer in as few characters as its box has.
fn title(op: &Op) -> String {
    match op {
        Op::GlobalAvgPool => "avg".to_owned(),
        Op::GlobalMaxPool => "max".to_owned(),
        Op::ChannelMean => "mean C".to_owned(),
        Op::ChannelMax => "max C".to_owned(),
        Op::Concat => "|".to_owned(),
        Op::Subsample { stride } => format!("1 of {stride}×{stride}"),
        other => other.detail(),
    }
}

/// What people call a gate: CBAM's two are the modules CAM and SAM.
#[must_use]
pub fn gate_title(kind: GateKind, attention: &str) -> &'static str {
    match (kind, attention) {
        (GateKind::Channel, "cbam") => "CAM",
        (GateKind::Spatial, "cbam") => "SAM",
        (GateKind::Rows, _) => "weights of rows",
        (GateKind::Columns, _) => "weights of columns",
        (kind, name) => match (attention::find(name), kind) {
            (Some(block), _) => block.card().title,
            (None, GateKind::Channel) => "channel gate",
            (None, GateKind::Spatial) => "spatial gate",
            (None, GateKind::Volume) => "volume gate",
            (None, GateKind::Paths { .. }) => "shares of paths",
            (None, GateKind::Matrix) => "matrix of positions",
            (None, GateKind::Rows | GateKind::Columns) => "strip gate",
        },
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

    fn titles<'a>(opened: &'a Opened, boxes: &[usize]) -> Vec<&'a str> {
        boxes.iter().map(|index| opened.boxes[*index].title.as_str()).collect()
    }

    #[test]
    fn a_bottleneck_with_cbam_reads_as_people_draw_it() {
        let (_, opened) = open("resnet50+cbam", "layer3.2");
        assert_eq!(titles(&opened, &opened.main), ["1×1, 256", "3×3, 256", "1×1, 1024", "×", "×", "+"]);
        assert_eq!(opened.boxes[opened.main[1]].weights, 589_824);
        assert_eq!(opened.boxes[opened.main[0]].notes, ["BN", "ReLU"]);
        let [cam, sam] = &opened.frames[..] else { panic!("two gates") };
        assert_eq!((cam.title, sam.title), ("CAM", "SAM"));
        let columns: Vec<Vec<&str>> = cam.columns.iter().map(|column| titles(&opened, column)).collect();
        assert_eq!(columns, [vec!["avg", "max"], vec!["fc 64"], vec!["fc 1024"], vec!["+"], vec!["σ"]]);
        let columns: Vec<Vec<&str>> = sam.columns.iter().map(|column| titles(&opened, column)).collect();
        assert_eq!(columns, [vec!["max C", "mean C"], vec!["|"], vec!["7×7, 1"], vec!["σ"]]);
        let [lane] = &opened.lanes[..] else { panic!("one shortcut") };
        assert!(lane.boxes.is_empty() && lane.from.is_none());
        assert_eq!(opened.boxes[lane.to].title, "+");
    }

    #[test]
    fn projections_and_option_a_are_lanes_with_layers() {
        let (_, opened) = open("resnet50+se", "layer2.0");
        assert_eq!(titles(&opened, &opened.lanes[0].boxes), ["1×1, 512, /2"]);
        let (_, opened) = open("resnet20", "layer2.0");
        assert_eq!(titles(&opened, &opened.lanes[0].boxes), ["1 of 2×2", "pad +16"]);
        let (_, opened) = open("plain20", "layer2.0");
        assert!(opened.lanes.is_empty());
    }

    #[test]
    fn every_layer_of_every_block_is_in_exactly_one_box() {
        for text in
            ["resnet50+cbam", "resnet50+se(variant=nobias)", "resnet18+cam(variant=timm)", "resnet20+sam", "plain20"]
        {
            let graph = lower(&parse(text).expect("parses")).expect("lowers");
            let ledger = Ledger::of(&graph);
            let kinds = [ScopeKind::Stem, ScopeKind::Block, ScopeKind::Head];
            for scope in kinds.into_iter().flat_map(|kind| graph.scopes_of(kind)) {
                let opened = Opened::of(&graph, &ledger, scope);
                let mut drawn: Vec<NodeId> = opened.boxes.iter().flat_map(|layer| layer.nodes.clone()).collect();
                drawn.sort_unstable();
                let wanted: Vec<NodeId> = graph.nodes_in(scope).collect();
                assert_eq!(drawn, wanted, "{text} {}", graph[scope].path);
            }
        }
    }
}
