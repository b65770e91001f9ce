//! What the view shows, without drawing: the film of gates, which one is chosen, bars of a channel gate.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::{Arc, Weak};

use crate::compute::explain::{Lens, counterpart};
use crate::desktop::document::Selection;
use crate::desktop::jobs::Inspection;
use crate::network::Graph;
use crate::network::graph::{Gate, GateKind, ScopeId, ScopeKind};

/// How a channel gate's bars are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// Largest first.
    #[default]
    Sorted,
    /// As the channels are numbered.
    Index,
}

/// All gates of an inspection in depth order.
pub(super) struct Film {
    inspection: Weak<Inspection>,
    pub(super) frames: Vec<Frame>,
}

/// One gate of the film.
pub(super) struct Frame {
    /// The gate's name.
    pub(super) gate: String,
    /// The part it is selected with: the block's path.
    pub(super) block: String,
    /// The block's first path component: frames of one stage stand together.
    pub(super) stage: String,
    /// The attention block's name in specs, for its colour.
    pub(super) attention: &'static str,
    /// What the gate itself is called: `CAM`, `SAM`, `SE`.
    pub(super) tag: String,
    pub(super) kind: GateKind,
    /// The other gate of the same attention block.
    pub(super) partner: Option<usize>,
    /// The gate it acts together with: the columns of rows, the rows of columns.
    pub(super) counterpart: Option<usize>,
    channels: OnceCell<Vec<f32>>,
    order: OnceCell<Vec<usize>>,
    bars: OnceCell<Vec<f32>>,
}

/// A bar of a channel gate: one channel, or neighbours where there are more channels than room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) min: f32,
    pub(super) mean: f32,
    pub(super) max: f32,
}

impl Film {
    /// The film of an inspection.
    pub(super) fn of(inspection: &Arc<Inspection>) -> Self {
        Self { inspection: Arc::downgrade(inspection), frames: frames(&inspection.graph) }
    }

    /// Was it made of this inspection?
    pub(super) fn is_of(&self, inspection: &Arc<Inspection>) -> bool {
        std::ptr::eq(self.inspection.as_ptr(), Arc::as_ptr(inspection))
    }
}

impl Frame {
    /// `layer2.1 SAM`, `layer2.1 rows`: a place is spelt as everywhere else.
    pub(super) fn short(&self) -> String {
        format!("{} {}", self.block, self.name())
    }

    /// `SAM`, `rows`: what the gate is called where its place is said already.
    pub(super) fn name(&self) -> &str {
        // The attention's name is what two gates of one block share: there is little room.
        if self.is_one_of_two() { self.kind.as_str() } else { &self.tag }
    }

    /// Does its attention have another gate, without a name of its own for each as CBAM has?
    fn is_one_of_two(&self) -> bool {
        self.partner.is_some() && self.attention != "cbam"
    }

    /// One value a channel, means over positions worked out once; empty of gates without channels.
    pub(super) fn channels<'a>(&'a self, lens: &Lens<'a>) -> &'a [f32] {
        match lens.kind {
            GateKind::Channel => lens.values,
            _ => self.channels.get_or_init(|| lens.by_channel().map(Cow::into_owned).unwrap_or_default()),
        }
    }

    /// Channel indices from the largest value to the smallest; worked out once.
    pub(super) fn order(&self, values: &[f32]) -> &[usize] {
        self.order.get_or_init(|| descending(values))
    }

    /// The thumbnail's bars, largest first; worked out once.
    pub(super) fn bars(&self, values: &[f32]) -> &[f32] {
        const BARS: usize = 20;
        self.bars.get_or_init(|| {
            let sorted: Vec<f32> = self.order(values).iter().map(|index| values[*index]).collect();
            columns(&sorted, BARS).iter().map(|column| column.mean).collect()
        })
    }
}

/// The frames of a graph's gates.
fn frames(graph: &Graph) -> Vec<Frame> {
    graph.gates.iter().enumerate().map(|(index, gate)| frame(graph, index, gate)).collect()
}

fn frame(graph: &Graph, index: usize, gate: &Gate) -> Frame {
    let (scope, attention) = attention_of(graph, gate);
    let block = graph.enclosing(scope, ScopeKind::Block).or(graph[scope].parent).unwrap_or(scope);
    let block = graph[block].path.clone();
    let other = graph
        .gates_in(scope)
        .filter(|(other, candidate)| *other != index && candidate.kind != gate.kind)
        .map(|(other, _)| other)
        .min_by_key(|other| other.abs_diff(index));
    let counterpart = counterpart(graph, index);
    let partner = counterpart.or(other);
    Frame {
        gate: gate.name.clone(),
        stage: block.split('.').next().unwrap_or_default().to_owned(),
        block,
        attention,
        tag: tag(gate.kind, attention, partner.is_some()),
        kind: gate.kind,
        partner,
        counterpart,
        channels: OnceCell::new(),
        order: OnceCell::new(),
        bars: OnceCell::new(),
    }
}

/// The attention scope around a gate and the block's name.
fn attention_of(graph: &Graph, gate: &Gate) -> (ScopeId, &'static str) {
    let named = graph.ancestors(gate.scope).find_map(|id| match graph[id].kind {
        ScopeKind::Attention(name) => Some((id, name)),
        _ => None,
    });
    named.unwrap_or((gate.scope, ""))
}

/// CBAM is CAM and then SAM: its gates go by those names. Other gates by their attention's, and by their kind where
/// there are two of them.
fn tag(kind: GateKind, attention: &str, is_one_of_two: bool) -> String {
    match (kind, attention) {
        (GateKind::Channel, "cbam") => "CAM".to_owned(),
        (GateKind::Spatial, "cbam") => "SAM".to_owned(),
        (_, "") => kind.as_str().to_owned(),
        (_, other) if is_one_of_two => format!("{} {}", other.to_uppercase(), kind.as_str()),
        (_, other) => other.to_uppercase(),
    }
}

/// The gate to show: the selected one; else one of the selected part; else the last that says where; else the last.
/// `None` when the network has no gate. A selection may name what this network does not have.
pub(super) fn chosen(graph: &Graph, selection: &Selection) -> Option<usize> {
    let named = selection.gate.as_ref().and_then(|name| graph.gates.iter().position(|gate| gate.name == *name));
    let of_part = || {
        let scope = graph.scope_at(selection.part.as_deref()?).filter(|scope| *scope != Graph::ROOT)?;
        last_with_places(graph.gates_in(scope))
    };
    named.or_else(of_part).or_else(|| last_with_places(graph.gates.iter().enumerate()))
}

fn last_with_places<'a>(gates: impl Iterator<Item = (usize, &'a Gate)>) -> Option<usize> {
    let gates: Vec<(usize, &Gate)> = gates.collect();
    let places = gates.iter().rev().find(|(_, gate)| gate.kind.has_places());
    places.or(gates.last()).map(|(index, _)| *index)
}

/// Indices from the largest value to the smallest, equal values in index order, NaN last.
fn descending(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (values[*a], values[*b]);
        a.is_nan().cmp(&b.is_nan()).then(b.total_cmp(&a))
    });
    order
}

/// `values` as at most `room` bars of neighbouring values, as even as can be.
pub(super) fn columns(values: &[f32], room: usize) -> Vec<Column> {
    let count = values.len().min(room.max(1));
    let column = |index: usize| {
        let chunk = &values[index * values.len() / count..(index + 1) * values.len() / count];
        Column {
            min: chunk.iter().copied().fold(f32::NAN, f32::min),
            mean: chunk.iter().sum::<f32>() / chunk.len() as f32,
            max: chunk.iter().copied().fold(f32::NAN, f32::max),
        }
    };
    (0..count).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    fn graph(text: &str) -> Graph {
        lower(&parse(text).expect(text)).expect(text)
    }

    fn selection(part: Option<&str>, gate: Option<&str>) -> Selection {
        Selection { part: part.map(str::to_owned), gate: gate.map(str::to_owned) }
    }

    #[test]
    fn gates_go_by_short_names_and_know_their_partner() {
        let frames = frames(&graph("resnet18+cbam+se@layer4"));
        let names: Vec<String> = frames.iter().map(Frame::short).collect();
        assert_eq!(names[..2], ["layer1.0 CAM", "layer1.0 SAM"]);
        assert_eq!(names.last().map(String::as_str), Some("layer4.1 SE"));
        assert_eq!((frames[0].partner, frames[1].partner), (Some(1), Some(0)));
        assert!(frames.last().is_some_and(|frame| frame.partner.is_none() && frame.attention == "se"));
        assert_eq!((frames[2].block.as_str(), frames[2].stage.as_str()), ("layer1.1", "layer1"));
    }

    #[test]
    fn the_selection_decides_and_falls_back() {
        let cbam = graph("resnet50+cbam");
        let last = cbam.gates.len() - 1;
        assert_eq!(chosen(&cbam, &selection(None, None)), Some(last));
        assert_eq!(chosen(&cbam, &selection(None, Some(&cbam.gates[4].name))), Some(4));
        assert_eq!(chosen(&cbam, &selection(Some("layer1.0"), None)), Some(1));
        assert_eq!(chosen(&cbam, &selection(Some("layer1.0"), Some("no.such.gate"))), Some(1));
        assert_eq!(chosen(&cbam, &selection(Some("conv1"), None)), Some(last));
        let se = graph("resnet50+se");
        assert_eq!(chosen(&se, &selection(None, Some(&cbam.gates[4].name))), Some(se.gates.len() - 1));
        assert_eq!(chosen(&graph("resnet50"), &selection(None, None)), None);
    }

    #[test]
    fn bars_cover_every_channel_once() {
        let values: Vec<f32> = (0..10).map(|index| index as f32).collect();
        let bars = columns(&values, 4);
        assert_eq!(bars.len(), 4);
        assert!((bars[0].min, bars[3].max) == (0.0, 9.0));
        let total: f32 = bars.iter().map(|bar| bar.mean).sum::<f32>();
        assert!((total - (0.5 + 3.0 + 5.5 + 8.0)).abs() < 1e-6);
        assert_eq!(columns(&values, 400).len(), 10);
        assert!(columns(&[], 10).is_empty());
    }

    #[test]
    fn the_largest_comes_first_and_nan_last() {
        assert_eq!(descending(&[0.2, f32::NAN, 0.9, 0.2]), [2, 0, 3, 1]);
    }
}
