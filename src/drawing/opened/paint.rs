//! Draws an opened block: frames, wires, and what goes in and comes out. The boxes are in `layer`.

use emath::{Align2, Rect, pos2, vec2};

use super::layout::{PlacedOpened, SMALL_TEXT, Wire, WireKind};
use super::{FramedGate, GateFrame, Opened, layer};
use crate::drawing::scene::CORNER;
use crate::drawing::words::{shape_text, size_text};
use crate::drawing::{Ink, Lettering, Line, Pen, Role, Side, Waiting};
use crate::network::graph::{GateKind, Graph, NodeId, ScopeId};

/// What is marked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    /// The selected layer.
    pub selected: Option<NodeId>,
    /// The selected gate.
    pub gate: Option<usize>,
    /// The box under the pointer or with the keyboard.
    pub hovered: Option<usize>,
}

/// Everything an opened block is drawn from.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) graph: &'a Graph,
    /// The block.
    pub(super) scope: ScopeId,
    /// Its boxes.
    pub(super) opened: &'a Opened,
    /// Their geometry.
    pub(super) placed: &'a PlacedOpened,
    pub(super) marks: Marks,
}

impl Subject<'_> {
    /// The colour of a frame: its gate's, or its attention's where it has several.
    pub(super) fn frame_ink(&self, frame: usize) -> Ink {
        let frame = &self.opened.frames[frame];
        let role = match &frame.gates[..] {
            [gate] => Role::Gate(gate.kind, frame.attention),
            _ => Role::Attention(frame.attention),
        };
        role.into()
    }
}

/// Draws everything.
pub fn draw(pen: &mut Pen, graph: &Graph, scope: ScopeId, (opened, placed): (&Opened, &PlacedOpened), marks: Marks) {
    let scene = &Subject { graph, scope, opened, placed, marks };
    for (index, placed) in scene.placed.frames.iter().enumerate() {
        frame(pen, scene, index, placed.rect);
        for (gate, values) in scene.opened.frames[index].gates.iter().zip(&placed.values) {
            gate_values(pen, scene, &scene.opened.frames[index], gate, *values);
        }
    }
    for wire in &scene.placed.wires {
        draw_wire(pen, scene, wire);
    }
    ends(pen, scene);
    for index in 0..scene.opened.boxes.len() {
        layer::draw(pen, scene, index);
    }
    for wire in &scene.placed.wires {
        count(pen, wire);
    }
}

fn draw_wire(pen: &mut Pen, scene: &Subject, wire: &Wire) {
    // What a layer reads and who reads it stand out while it is pointed at.
    let is_hovered = scene.marks.hovered.is_some_and(|hovered| wire.ends.contains(&Some(hovered)));
    let ink = Ink::from(if is_hovered { Role::Text } else { Role::Wire });
    match wire.kind {
        WireKind::Features => pen.line(&wire.points, Line::new(1.2, ink)),
        WireKind::Reshaped => pen.dashed(&wire.points, Line::new(1.2, ink)),
        WireKind::Band { height, .. } => pen.band(&wire.points, height, ink.faded(0.28)),
        WireKind::Gate(index) => {
            pen.line(&wire.points, Line::new(1.0, scene.frame_ink(index).faded(0.8)));
        }
    }
}

/// How many channels a band carries, just before it bends.
fn count(pen: &mut Pen, wire: &Wire) {
    let WireKind::Band { channels, .. } = wire.kind else { return };
    // Its last straight corner is the seventeenth from the end: sixteen steps of a curve follow.
    let Some(corner) = wire.points.len().checked_sub(17).and_then(|index| wire.points.get(index)) else { return };
    let style = Lettering::new(SMALL_TEXT).semibold();
    pen.text(*corner - vec2(4.0, 0.0), Align2::RIGHT_CENTER, &channels.to_string(), style, Role::Text);
}

/// What comes in and what goes out.
fn ends(pen: &mut Pen, scene: &Subject) {
    let [start, end] = scene.placed.line;
    let head = Line::new(1.2, Role::Wire);
    pen.line(&[pos2(end - 5.0, -4.0), pos2(end, 0.0), pos2(end - 5.0, 4.0)], head);
    let style = Lettering::new(SMALL_TEXT);
    let bottom = scene.placed.bounds.bottom() - 2.0;
    let input = scene.graph[scene.scope].input.map(|id| scene.graph[id].shape);
    if let Some(shape) = input {
        let text = shape_text(shape);
        pen.text(pos2(start, bottom), Align2::LEFT_BOTTOM, &text, style, Role::Muted);
    }
    let output = shape_text(scene.graph[scene.graph[scene.scope].output].shape);
    pen.text(pos2(end, bottom), Align2::RIGHT_BOTTOM, &output, style, Role::Muted);
}

fn frame(pen: &mut Pen, scene: &Subject, index: usize, rect: Rect) {
    let ink = scene.frame_ink(index);
    pen.filled(rect, CORNER, ink.faded(0.10));
    pen.outlined(rect, CORNER, Line::new(1.2, ink), Side::Inside);
    let title = Lettering::new(SMALL_TEXT).semibold();
    let text = &scene.opened.frames[index].title;
    pen.text(rect.left_top() + vec2(10.0, 6.0), Align2::LEFT_TOP, text, title, ink);
    // The first of a frame's wires is the one that reads the features.
    let foot = scene.placed.wires.iter().find(|wire| wire.kind == WireKind::Gate(index));
    if let Some(foot) = foot.and_then(|wire| wire.points.first()) {
        // It grows less than what is around it.
        pen.circle(*foot, 2.0 * pen.scale().min(1.5) / pen.scale(), ink, None);
    }
}

/// What a gate's values are, in words.
fn size(scene: &Subject, gate: &FramedGate) -> String {
    let shape = scene.graph[scene.graph.gates[gate.gate].node].shape;
    match gate.kind {
        GateKind::Channel => format!("gate {}", shape.channels()),
        GateKind::Spatial => format!("gate {} × {}", shape.height(), shape.width()),
        GateKind::Rows => format!("gate {} rows × {}", shape.height(), shape.channels()),
        GateKind::Columns => format!("gate {} columns × {}", shape.width(), shape.channels()),
        GateKind::Paths { paths } => format!("gate {paths} paths × {}", shape.elements() / paths.max(1)),
        GateKind::Volume | GateKind::Matrix => format!("gate {}", size_text(shape)),
    }
}

fn gate_values(pen: &mut Pen, scene: &Subject, frame: &GateFrame, gate: &FramedGate, values: Rect) {
    let ink = Ink::from(Role::Gate(gate.kind, frame.attention));
    let above = values.center_top() - vec2(0.0, 3.0);
    pen.text(above, Align2::CENTER_BOTTOM, &size(scene, gate), Lettering::new(SMALL_TEXT), Role::Muted);
    if !gate.kind.has_places() {
        pen.filled(values, 0.0, ink.faded(0.15));
    }
    pen.gate(values, gate.gate, gate.kind, ink, Waiting::Outline(2.0, Line::new(1.0, Role::Line)));
    if scene.marks.gate == Some(gate.gate) {
        pen.outlined(values.expand(2.0), 2.0, Line::new(2.0, Role::Accent), Side::Inside);
    }
}
