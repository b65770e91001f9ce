//! Paints an opened block: frames, wires, and what goes in and comes out. The boxes are in `paint_layer`.

use eframe::egui;
use egui::{Align2, Color32, Mesh, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::gates::Gates;
use super::model::{shape_text, size_text};
use super::opened::{FramedGate, GateFrame, Opened};
use super::opened_layout::{PlacedOpened, SMALL_TEXT, Wire, WireKind};
use super::paint_layer;
use super::pen::{Lettering, Pen};
use crate::desktop::ui::theme::size;
use crate::network::graph::{GateKind, Graph, NodeId, ScopeId};

/// Everything an opened block is painted from.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The network.
    pub graph: &'a Graph,
    /// The block.
    pub scope: ScopeId,
    /// Its boxes.
    pub opened: &'a Opened,
    /// Their geometry.
    pub placed: &'a PlacedOpened,
    /// The selected layer.
    pub selected: Option<NodeId>,
    /// The selected gate.
    pub gate: Option<usize>,
    /// The box under the pointer or with the keyboard.
    pub hovered: Option<usize>,
}

impl Scene<'_> {
    /// The colour of a frame: its gate's, or its attention's where it has several.
    pub(super) fn frame_colour(&self, pen: &Pen, frame: usize) -> Color32 {
        let frame = &self.opened.frames[frame];
        match &frame.gates[..] {
            [gate] => pen.colours.gate(gate.kind, frame.attention),
            _ => pen.colours.attention(frame.attention),
        }
    }
}

/// Paints everything.
pub fn opened(pen: &Pen, scene: &Scene, gates: &mut Gates) {
    for (index, placed) in scene.placed.frames.iter().enumerate() {
        frame(pen, scene, index, placed.rect);
        for (gate, values) in scene.opened.frames[index].gates.iter().zip(&placed.values) {
            gate_values(pen, scene, &scene.opened.frames[index], gate, *values, gates);
        }
    }
    for wire in &scene.placed.wires {
        paint_wire(pen, scene, wire);
    }
    ends(pen, scene);
    for index in 0..scene.opened.boxes.len() {
        paint_layer::layer(pen, scene, index);
    }
    for wire in &scene.placed.wires {
        count(pen, wire);
    }
}

fn paint_wire(pen: &Pen, scene: &Scene, wire: &Wire) {
    let colours = pen.colours;
    // What a layer reads and who reads it stand out while it is pointed at.
    let is_hovered = scene.hovered.is_some_and(|hovered| wire.ends.contains(&Some(hovered)));
    let colour = if is_hovered { colours.text } else { colours.wire };
    match wire.kind {
        WireKind::Features => pen.line(&wire.points, Stroke::new(1.2, colour)),
        WireKind::Reshaped => pen.path(&wire.points, Stroke::new(1.2, colour), true),
        WireKind::Band { height, .. } => band(pen, wire, height, colour.gamma_multiply(0.28)),
        WireKind::Gate(index) => {
            let colour = scene.frame_colour(pen, index);
            pen.line(&wire.points, Stroke::new(1.0, colour.gamma_multiply(0.8)));
        }
    }
}

/// A lane's way into a join, as thick as its share of the channels.
fn band(pen: &Pen, wire: &Wire, height: f32, colour: Color32) {
    let half = vec2(0.0, height / 2.0);
    let mut mesh = Mesh::default();
    for (index, point) in wire.points.iter().enumerate() {
        mesh.colored_vertex(pen.pos(*point - half), colour);
        mesh.colored_vertex(pen.pos(*point + half), colour);
        if let Some(last) = (2 * index as u32).checked_sub(2) {
            mesh.add_triangle(last, last + 1, last + 2);
            mesh.add_triangle(last + 1, last + 2, last + 3);
        }
    }
    pen.painter.add(Shape::mesh(mesh));
}

/// How many channels a band carries, just before it bends.
fn count(pen: &Pen, wire: &Wire) {
    let WireKind::Band { channels, .. } = wire.kind else { return };
    // Its last straight corner is the seventeenth from the end: sixteen steps of a curve follow.
    let Some(corner) = wire.points.len().checked_sub(17).and_then(|index| wire.points.get(index)) else { return };
    let style = Lettering::new(SMALL_TEXT).semibold();
    pen.text(*corner - vec2(4.0, 0.0), Align2::RIGHT_CENTER, &channels.to_string(), &style, pen.colours.text);
}

/// What comes in and what goes out.
fn ends(pen: &Pen, scene: &Scene) {
    let [start, end] = scene.placed.line;
    let head = Stroke::new(1.2, pen.colours.wire);
    pen.line(&[pos2(end - 5.0, -4.0), pos2(end, 0.0), pos2(end - 5.0, 4.0)], head);
    let style = Lettering::new(SMALL_TEXT);
    let bottom = scene.placed.bounds.bottom() - 2.0;
    let input = scene.graph[scene.scope].input.map(|id| scene.graph[id].shape);
    if let Some(shape) = input {
        let text = shape_text(shape);
        pen.text(pos2(start, bottom), Align2::LEFT_BOTTOM, &text, &style, pen.colours.muted);
    }
    let output = shape_text(scene.graph[scene.graph[scene.scope].output].shape);
    pen.text(pos2(end, bottom), Align2::RIGHT_BOTTOM, &output, &style, pen.colours.muted);
}

fn frame(pen: &Pen, scene: &Scene, index: usize, rect: Rect) {
    let colour = scene.frame_colour(pen, index);
    let corner = f32::from(size::BOX_CORNER);
    pen.filled(rect, corner, colour.gamma_multiply(0.10));
    pen.outlined(rect, corner, Stroke::new(1.2, colour), StrokeKind::Inside);
    let title = Lettering::new(SMALL_TEXT).semibold();
    let text = &scene.opened.frames[index].title;
    pen.text(rect.left_top() + vec2(10.0, 6.0), Align2::LEFT_TOP, text, &title, colour);
    // The first of a frame's wires is the one that reads the features.
    let foot = scene.placed.wires.iter().find(|wire| wire.kind == WireKind::Gate(index));
    if let Some(foot) = foot.and_then(|wire| wire.points.first()) {
        pen.painter.circle_filled(pen.pos(*foot), 2.0 * pen.view.scaling.min(1.5), colour);
    }
}

fn gate_values(pen: &Pen, scene: &Scene, frame: &GateFrame, gate: &FramedGate, values: Rect, gates: &mut Gates) {
    let colours = pen.colours;
    let colour = colours.gate(gate.kind, frame.attention);
    let shape = scene.graph[scene.graph.gates[gate.gate].node].shape;
    let size = match gate.kind {
        GateKind::Channel => format!("gate {}", shape.channels()),
        GateKind::Spatial => format!("gate {} × {}", shape.height(), shape.width()),
        GateKind::Rows => format!("gate {} rows × {}", shape.height(), shape.channels()),
        GateKind::Columns => format!("gate {} columns × {}", shape.width(), shape.channels()),
        GateKind::Paths { paths } => format!("gate {paths} paths × {}", shape.elements() / paths.max(1)),
        GateKind::Volume | GateKind::Matrix => format!("gate {}", size_text(shape)),
    };
    let style = Lettering::new(SMALL_TEXT);
    pen.text(values.center_top() - vec2(0.0, 3.0), Align2::CENTER_BOTTOM, &size, &style, colours.muted);
    if !gate.kind.has_places() {
        pen.filled(values, 0.0, colour.gamma_multiply(0.15));
    }
    let drawn = gates.paint(pen.painter, pen.rect(values), gate.gate, gate.kind, (colours, colour));
    if !drawn {
        pen.outlined(values, 2.0, Stroke::new(1.0, colours.line), StrokeKind::Inside);
    }
    if scene.gate == Some(gate.gate) {
        pen.outlined(values.expand(2.0), 2.0, Stroke::new(2.0, colours.accent), StrokeKind::Inside);
    }
}
