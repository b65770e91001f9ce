//! The boxes of a diagram: layers that belong together, with words a person reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::network::graph::{Graph, NodeId, Op, ScopeId, ScopeKind, Shape};
use crate::network::ops::Drawn;

/// What a box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What comes in or goes out.
    End,
    /// A layer.
    Layer,
    /// Where branches meet: an addition, a joining, a product.
    Join,
    /// What makes a gate's values, 0..1.
    Gate,
    /// A whole attention block.
    Attention,
    /// A place where attention can be chosen.
    Slot,
}

/// One box.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it does: `Conv 3×3, 64`.
    pub title: String,
    /// What follows at once: `BN`, `ReLU`.
    pub notes: Vec<&'static str>,
    /// What it is.
    pub kind: Kind,
    /// The attention block it belongs to, by its name in specs.
    pub attention: Option<&'static str>,
    /// Is it on a shortcut?
    pub is_shortcut: bool,
    /// Does it multiply its first input by the second?
    pub is_product: bool,
    /// Its layers.
    pub nodes: Vec<NodeId>,
}

impl Step {
    fn end(shape: Shape) -> Self {
        let sides: Vec<String> = shape.dims().iter().map(ToString::to_string).collect();
        Self::titled(sides.join(" × "), Kind::End)
    }

    fn titled(title: String, kind: Kind) -> Self {
        let (notes, nodes) = (Vec::new(), Vec::new());
        Self { title, notes, kind, attention: None, is_shortcut: false, is_product: false, nodes }
    }

    /// Title and notes in one line: `Conv 3×3, 64 · BN · ReLU`.
    #[must_use]
    pub fn line(&self) -> String {
        let notes = self.notes.iter().copied();
        std::iter::once(self.title.as_str()).chain(notes).collect::<Vec<_>>().join(" · ")
    }
}

/// The boxes of a scope in execution order and the wires between them.
pub(super) fn read(graph: &Graph, scope: ScopeId) -> (Vec<Step>, Vec<(usize, usize)>) {
    let incoming = graph[scope].input.map_or_else(|| graph.input(), |input| graph[input].shape);
    let mut reader = Reader {
        graph,
        scope,
        gates: graph.gates.iter().map(|gate| gate.node).collect(),
        readers: readers(graph),
        steps: vec![Step::end(incoming)],
        step_of: BTreeMap::new(),
        wires: BTreeSet::new(),
    };
    for node in graph.nodes_in(scope) {
        reader.node(node);
    }
    let output = graph[scope].output;
    let last = reader.steps.len();
    reader.steps.push(Step::end(graph[output].shape));
    let end = reader.step_of.get(&output).copied().unwrap_or(0);
    reader.wires.insert((last, end));
    let wires: Vec<(usize, usize)> = reader.wires.iter().map(|(to, from)| (*from, *to)).collect();
    without_dead_ends(reader.steps, &wires)
}

/// How many nodes read each node.
fn readers(graph: &Graph) -> Vec<usize> {
    let mut readers = vec![0; graph.nodes.len()];
    for input in graph.nodes.iter().flat_map(|node| &node.inputs) {
        readers[input.0] += 1;
    }
    readers
}

struct Reader<'a> {
    graph: &'a Graph,
    scope: ScopeId,
    gates: BTreeSet<NodeId>,
    readers: Vec<usize>,
    steps: Vec<Step>,
    step_of: BTreeMap<NodeId, usize>,
    /// Target first: in the order things are computed.
    wires: BTreeSet<(usize, usize)>,
}

impl Reader<'_> {
    fn node(&mut self, node: NodeId) {
        let from = |reader: &Self, input: &NodeId| reader.step_of.get(input).copied().unwrap_or(0);
        let sources: Vec<usize> = self.graph[node].inputs.iter().map(|input| from(self, input)).collect();
        let step = match (self.folded(node), self.merged(node, &sources)) {
            (Some(part), _) => self.part(part, node),
            (None, Some((step, note))) => {
                self.steps[step].notes.extend(note);
                step
            }
            (None, None) => {
                self.steps.push(self.layer(node));
                self.steps.len() - 1
            }
        };
        self.steps[step].nodes.push(node);
        self.step_of.insert(node, step);
        self.wires.extend(sources.into_iter().filter(|source| *source < step).map(|source| (step, source)));
    }

    /// The outermost part a node is in that is drawn as one box: attention, or a block of a stage.
    fn folded(&self, node: NodeId) -> Option<ScopeId> {
        let inside = self.graph.ancestors(self.graph[node].scope).take_while(|id| *id != self.scope);
        inside.filter(|id| matches!(self.graph[*id].kind, ScopeKind::Attention(_) | ScopeKind::Block)).last()
    }

    /// The one box of such a part.
    fn part(&mut self, scope: ScopeId, node: NodeId) -> usize {
        let inside = |id: &NodeId| self.graph.is_within(self.graph[*id].scope, scope);
        let known = self.step_of.iter().find(|(other, _)| **other != node && inside(other));
        if let Some((_, step)) = known {
            return *step;
        }
        let (kind, attention) = match self.graph[scope].kind {
            ScopeKind::Attention(name) => (Kind::Attention, Some(name)),
            _ => (Kind::Layer, None),
        };
        self.steps.push(Step { attention, ..Step::titled(self.graph[scope].label.to_string(), kind) });
        self.steps.len() - 1
    }

    /// The box a layer belongs to, and what it adds to its notes: a normalisation or an activation of a layer that
    /// nothing else reads.
    fn merged(&self, node: NodeId, sources: &[usize]) -> Option<(usize, Option<&'static str>)> {
        let &[input] = &self.graph[node].inputs[..] else { return None };
        let step = *sources.first()?;
        let is_own = step == 0 || self.readers[input.0] != 1 || self.gates.contains(&node);
        if is_own || matches!(self.steps[step].kind, Kind::Attention | Kind::Gate) {
            return None;
        }
        match self.graph[node].op.spec().words().drawn {
            Drawn::Note(note) => Some((step, Some(note))),
            Drawn::Unseen => Some((step, None)),
            Drawn::Layer | Drawn::Join => None,
        }
    }

    fn layer(&self, node: NodeId) -> Step {
        let (op, first) = (&self.graph[node].op, self.graph[node].inputs.first());
        let kind = match op.spec().words().drawn {
            _ if self.gates.contains(&node) => Kind::Gate,
            Drawn::Join => Kind::Join,
            Drawn::Layer | Drawn::Note(_) | Drawn::Unseen => Kind::Layer,
        };
        let channels = first.map_or(0, |input| self.graph[*input].shape.channels());
        let mut step = Step::titled(op.spec().title(channels), kind);
        if self.graph[node].params.first().is_some_and(|param| self.graph[*param].owner != node) {
            step.notes.push("same weights");
        }
        let scopes = || self.graph.ancestors(self.graph[node].scope);
        step.attention = scopes().find_map(|id| match self.graph[id].kind {
            ScopeKind::Attention(name) => Some(name),
            _ => None,
        });
        step.is_shortcut =
            scopes().take_while(|id| *id != self.scope).any(|id| self.graph[id].kind == ScopeKind::Shortcut);
        step.is_product = *op == Op::Scale;
        step
    }
}

/// Only what reaches the last box is drawn.
fn without_dead_ends(steps: Vec<Step>, wires: &[(usize, usize)]) -> (Vec<Step>, Vec<(usize, usize)>) {
    let mut reaches = vec![false; steps.len()];
    reaches[steps.len() - 1] = true;
    reaches[0] = true;
    for (from, to) in wires.iter().rev() {
        reaches[*from] |= reaches[*to];
    }
    let mut place = vec![0; steps.len()];
    let mut kept = Vec::new();
    for (index, step) in steps.into_iter().enumerate() {
        place[index] = kept.len();
        if reaches[index] {
            kept.push(step);
        }
    }
    let wires = wires.iter().filter(|(from, to)| reaches[*from] && reaches[*to]);
    let wires = wires.map(|(from, to)| (place[*from], place[*to])).collect();
    (kept, wires)
}
