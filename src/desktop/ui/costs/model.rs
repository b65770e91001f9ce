//! The rows of the cost table: every part and every layer of a graph, depth first, with its texts. No painting.

use std::sync::Arc;

use crate::compute::engine::{Timing, gflops};
use crate::network::Graph;
use crate::network::attention;
use crate::network::cost::{Cost, Ledger};
use crate::network::graph::{NodeId, Op, ScopeId, ScopeKind};

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Stem, stage, block, shortcut, attention, head.
    Scope(ScopeId),
    /// One layer.
    Layer(NodeId),
}

/// One row of the tree.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it stands for.
    pub part: Part,
    /// What selects it: a scope's path (`layer3.2`; `stem` and `head`) or a layer's name.
    pub path: String,
    /// Its name inside its parent: `conv1`.
    pub label: String,
    /// How deep it is; 0 is the outermost.
    pub depth: usize,
    /// The row it is in.
    pub parent: Option<usize>,
    /// Is it a stage? Stages are open at first.
    pub is_stage: bool,
    /// What it is, in few characters: `3×3, 256, /2`, `Bottleneck`.
    pub detail: String,
    /// The same with the operator's name: `Conv2d 3×3, 256, /2`.
    pub long: String,
    /// The shape of its output: `256×14×14`.
    pub output: String,
    /// Elements of its output.
    pub elements: usize,
    /// What it costs, children included.
    pub cost: Cost,
    /// The attention block it belongs to, by its name in specs.
    pub attention: Option<&'static str>,
    /// What the filter looks at, in lower case.
    haystack: String,
}

impl Row {
    /// Is it one layer, not a part?
    #[must_use]
    pub fn is_layer(&self) -> bool {
        matches!(self.part, Part::Layer(_))
    }

    /// A name for little room: `layer2.0…spatial.conv` in a flat list, `…spatial.conv` in the tree.
    #[must_use]
    pub fn brief(&self, flat: bool) -> String {
        let words: Vec<&str> = if flat { &self.path } else { &self.label }.split('.').collect();
        let (head, tail) = (if flat { 2 } else { 0 }, 2);
        if words.len() <= head + tail {
            return words.join(".");
        }
        format!("{}…{}", words[..head].join("."), words[words.len() - tail..].join("."))
    }

    /// Does it contain every one of these words (in lower case)?
    #[must_use]
    pub fn matches(&self, words: &[String]) -> bool {
        words.iter().all(|word| self.haystack.contains(word))
    }
}

/// The rows of one network.
pub struct Tree {
    /// The network; keeping it makes comparing by pointer safe.
    pub graph: Arc<Graph>,
    /// Parts and layers, depth first, in execution order.
    pub rows: Vec<Row>,
    /// The whole network.
    pub total: Cost,
    /// What belongs to attention.
    pub attention: Cost,
    /// The attention kinds it has, in order of appearance.
    pub kinds: Vec<&'static str>,
    /// How long it takes, once measured.
    pub measured: Option<Arc<Timing>>,
}

impl Tree {
    /// Lists a graph's parts and layers.
    #[must_use]
    pub fn of(graph: &Arc<Graph>, ledger: &Ledger) -> Self {
        let mut rows: Vec<Row> = Vec::with_capacity(graph.nodes.len() + graph.scopes.len());
        // The scopes being listed, outermost first, with their rows.
        let mut open: Vec<(ScopeId, usize)> = Vec::new();
        for id in graph.node_ids() {
            let mut chain: Vec<ScopeId> =
                graph.ancestors(graph[id].scope).filter(|scope| *scope != Graph::ROOT).collect();
            chain.reverse();
            let common = open.iter().zip(&chain).take_while(|((known, _), scope)| known == *scope).count();
            open.truncate(common);
            for scope in &chain[common..] {
                let parent = open.last().map(|(_, row)| *row);
                open.push((*scope, rows.len()));
                rows.push(scope_row(graph, ledger, *scope, parent, open.len() - 1));
            }
            rows.push(layer_row(graph, ledger, id, open.last().map(|(_, row)| *row), open.len()));
        }
        let mut kinds: Vec<&'static str> = Vec::new();
        for kind in rows.iter().filter_map(|row| row.attention) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let (total, attention) = (ledger.total(), ledger.attention(graph));
        Self { graph: graph.clone(), rows, total, attention, kinds, measured: None }
    }

    /// The network's times, once measured.
    #[must_use]
    pub fn timing(&self) -> Option<&Timing> {
        self.measured.as_deref()
    }

    /// Nanoseconds of a row; `None` before it is measured and for a layer whose time stands at another.
    #[must_use]
    pub fn time(&self, row: usize) -> Option<u64> {
        match self.rows[row].part {
            Part::Scope(id) => Some(self.timing()?.scope(id)),
            Part::Layer(id) => self.timing()?.layer(id),
        }
    }

    /// Billions of operations a second of a row that has MACs and a time.
    #[must_use]
    pub fn speed(&self, row: usize) -> Option<f64> {
        let macs = self.rows[row].cost.macs;
        self.time(row).filter(|time| macs > 0 && *time > 0).map(|time| gflops(macs, time))
    }

    /// The rows a row is in, innermost first.
    pub fn ancestors(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.rows[row].parent, |row| self.rows[*row].parent)
    }

    /// The direct children of a row.
    pub fn children(&self, parent: usize) -> impl Iterator<Item = usize> + '_ {
        // Depth first: the children are between the row and the next one as shallow as it.
        let depth = self.rows[parent].depth;
        (parent + 1..self.rows.len())
            .take_while(move |row| self.rows[*row].depth > depth)
            .filter(move |row| self.rows[*row].parent == Some(parent))
    }

    /// The layers of one attention kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (NodeId, &'a Row)> + 'a {
        self.rows.iter().filter(move |row| row.attention == Some(kind)).filter_map(|row| match row.part {
            Part::Layer(id) => Some((id, row)),
            Part::Scope(_) => None,
        })
    }

    /// The row of this path or layer name.
    #[must_use]
    pub fn row_of(&self, path: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.path == path)
    }
}

/// What selects a scope: its path, or its label where it has none of its own.
fn path_of(graph: &Graph, id: ScopeId) -> String {
    let scope = &graph[id];
    match scope.kind {
        ScopeKind::Stem | ScopeKind::Head => scope.label.to_string(),
        _ => scope.path.clone(),
    }
}

fn attention_around(graph: &Graph, scope: ScopeId) -> Option<&'static str> {
    graph.ancestors(scope).find_map(|id| match graph[id].kind {
        ScopeKind::Attention(kind) => Some(kind),
        _ => None,
    })
}

fn scope_row(graph: &Graph, ledger: &Ledger, id: ScopeId, parent: Option<usize>, depth: usize) -> Row {
    let scope = &graph[id];
    let path = path_of(graph, id);
    let label = match scope.kind {
        // A block's number alone says too little: its stage is scrolled away soon.
        ScopeKind::Block => path.clone(),
        _ => path.rsplit('.').next().unwrap_or(&path).to_owned(),
    };
    let detail = match scope.kind {
        ScopeKind::Stage => match graph.children(id).count() {
            1 => "1 block".to_owned(),
            blocks => format!("{blocks} blocks"),
        },
        ScopeKind::Attention(kind) => attention::find(kind).map_or(kind, |block| block.card().title).to_owned(),
        ScopeKind::Stem | ScopeKind::Head => String::new(),
        _ => scope.label.to_string(),
    };
    let shape = graph[scope.output].shape;
    Row {
        part: Part::Scope(id),
        label,
        depth,
        parent,
        is_stage: scope.kind == ScopeKind::Stage,
        long: detail.clone(),
        detail,
        output: shape.to_string(),
        elements: shape.elements(),
        cost: ledger.scope(id),
        attention: attention_around(graph, id),
        haystack: path.to_lowercase(),
        path,
    }
}

fn layer_row(graph: &Graph, ledger: &Ledger, id: NodeId, parent: Option<usize>, depth: usize) -> Row {
    let node = &graph[id];
    let scope = &graph[node.scope];
    let label =
        node.name.strip_prefix(scope.prefix.as_str()).map_or(node.name.as_str(), |rest| rest.trim_start_matches('.'));
    let attention = attention_around(graph, node.scope);
    let detail = node.op.detail();
    let long = match node.op {
        Op::Conv2d(_) | Op::BatchNorm { .. } | Op::Sigmoid | Op::Add | Op::Scale => node.op.name().to_owned(),
        _ => String::new(),
    };
    let long = match node.op {
        Op::Conv2d(_) => format!("{long} {detail}"),
        _ if long.is_empty() => detail.clone(),
        _ => long,
    };
    let title = attention.and_then(attention::find).map_or("", |block| block.card().title);
    let kind = if scope.kind == ScopeKind::Shortcut { "shortcut" } else { "" };
    let gate = if attention.is_some() { "attention" } else { "" };
    let haystack = format!("{} {} {detail} {title} {gate} {kind} {}", node.name, node.op.name(), scope.label);
    Row {
        part: Part::Layer(id),
        path: node.name.clone(),
        label: if label.is_empty() { node.name.clone() } else { label.to_owned() },
        depth,
        parent,
        is_stage: false,
        detail,
        long,
        output: node.shape.to_string(),
        elements: node.shape.elements(),
        cost: ledger.layer(id),
        attention,
        haystack: haystack.to_lowercase(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::compute::engine::{Control, Effort, Plan, PlanOptions, Runner, measure};
    use crate::compute::weights::Weights;
    use crate::network::{lower, parse};

    pub fn tree(spec: &str) -> Tree {
        let graph = lower(&parse(spec).expect(spec)).expect(spec);
        let ledger = Ledger::of(&graph);
        Tree::of(&Arc::new(graph), &ledger)
    }

    /// A tree with times; which times does not matter.
    pub fn measured(spec: &str) -> Tree {
        let mut tree = tree(spec);
        let plan = Plan::new(&tree.graph, &Weights::seeded(&tree.graph, 0), PlanOptions::default()).expect(spec);
        let runner = Runner::from(plan);
        let times = measure(&runner, &tree.graph, Effort::runs(1), &Control::none()).expect(spec);
        tree.measured = Some(Arc::new(Timing::of(&tree.graph, &runner, &times)));
        tree
    }

    #[test]
    fn times_add_up_from_layers_to_the_whole() {
        let tree = measured("resnet18(input=64)+cbam");
        let total = tree.timing().expect("measured").total();
        let layers = (0..tree.rows.len()).filter(|row| tree.rows[*row].is_layer());
        assert_eq!(layers.filter_map(|row| tree.time(row)).sum::<u64>(), total);
        let outer = (0..tree.rows.len()).filter(|row| tree.rows[*row].depth == 0);
        assert_eq!(outer.filter_map(|row| tree.time(row)).sum::<u64>(), total);
        let of = |path: &str| tree.row_of(path).expect(path);
        assert_eq!(tree.time(of("layer1.0.bn1")), None, "computed with conv1");
        assert!(tree.speed(of("layer1.0.conv1")).is_some_and(|speed| speed > 0.0));
        assert_eq!(tree.speed(of("maxpool")), None, "nothing is multiplied there");
    }

    #[test]
    fn every_part_and_layer_has_one_row_and_parents_are_the_sum_of_their_children() {
        for spec in ["resnet50+cbam", "resnet20", "plain18", "resnet18+se@layer1+cam@layer2+sam@layer3.0"] {
            let tree = tree(spec);
            let layers = tree.rows.iter().filter(|row| row.is_layer()).count();
            assert_eq!(layers, tree.graph.nodes.len(), "{spec}");
            let outer: Cost = tree.rows.iter().filter(|row| row.depth == 0).map(|row| row.cost).sum();
            assert_eq!(outer, tree.total, "{spec}");
            for (index, row) in tree.rows.iter().enumerate().filter(|(_, row)| !row.is_layer()) {
                let sum: Cost = tree.children(index).map(|child| tree.rows[child].cost).sum();
                assert_eq!(sum, row.cost, "{spec} {}", row.path);
                assert_eq!(tree.rows.iter().filter(|other| other.path == row.path).count(), 1, "{spec} {}", row.path);
            }
        }
    }

    #[test]
    fn attention_rows_carry_their_kind() {
        let tree = tree("resnet50+cbam@layer4");
        let attention: Cost =
            tree.rows.iter().filter(|row| row.is_layer() && row.attention == Some("cbam")).map(|row| row.cost).sum();
        assert_eq!(attention, tree.attention);
        assert_eq!(tree.kinds, ["cbam"]);
    }
}
