//! Paints an opened block: layers, gate frames, shortcuts.

use eframe::egui;
use egui::{Align2, Pos2, Rect, Stroke, StrokeKind, pos2, vec2};

use super::gates::Gates;
use super::model::{shape_text, size_text};
use super::opened::{GateFrame, LayerBox, Opened};
use super::opened_layout::{PlacedOpened, RADIUS, SMALL_TEXT, TEXT};
use super::paint::lifted;
use super::pen::{Lettering, Pen, curve};
use crate::desktop::ui::theme::size;
use crate::network::graph::{GateKind, Graph, NodeId, ScopeId};
use crate::network::number;

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

/// Paints everything.
pub fn opened(pen: &Pen, scene: &Scene, gates: &mut Gates) {
    let stroke = Stroke::new(1.2, pen.colours.wire);
    for (frame, (rect, values)) in scene.opened.frames.iter().zip(&scene.placed.frames) {
        gate_frame(pen, scene, frame, *rect, *values, gates);
    }
    for (lane, (start, y, end)) in scene.opened.lanes.iter().zip(&scene.placed.lanes) {
        let bend = (end.x - start).min(90.0) * 0.5;
        let mut points =
            curve(pos2(*start, 0.0), pos2(*start, *y * 0.8), pos2(start + bend * 0.3, *y), pos2(start + bend, *y));
        points.extend(curve(pos2(end.x - bend, *y), pos2(end.x - bend * 0.3, *y), pos2(end.x, y * 0.8), *end));
        pen.path(&points, stroke, !lane.boxes.is_empty());
    }
    main_line(pen, scene, stroke);
    for (index, layer) in scene.opened.boxes.iter().enumerate() {
        let in_frame =
            scene.opened.frames.iter().find(|frame| frame.columns.iter().flatten().any(|member| *member == index));
        layer_box(pen, scene, index, layer, in_frame);
    }
}

fn main_line(pen: &Pen, scene: &Scene, stroke: Stroke) {
    let [start, end] = scene.placed.line;
    pen.line(&[pos2(start, 0.0), pos2(end, 0.0)], stroke);
    let head = Stroke::new(1.2, pen.colours.wire);
    pen.line(&[pos2(end - 5.0, -4.0), pos2(end, 0.0), pos2(end - 5.0, 4.0)], head);
    let style = Lettering::new(SMALL_TEXT);
    let first = scene.opened.main.first().map(|index| scene.opened.boxes[*index].nodes[0]);
    let input = first.and_then(|id| scene.graph[id].inputs.first()).map(|id| scene.graph[*id].shape);
    if let Some(shape) = input {
        pen.text(pos2(start, 42.0), Align2::LEFT_TOP, &shape_text(shape), &style, pen.colours.muted);
    }
    let output = shape_text(scene.graph[scene.graph[scene.scope].output].shape);
    pen.text(pos2(end, 42.0), Align2::RIGHT_TOP, &output, &style, pen.colours.muted);
}

fn layer_box(pen: &Pen, scene: &Scene, index: usize, layer: &LayerBox, frame: Option<&GateFrame>) {
    let colours = pen.colours;
    let rect = scene.placed.rects[index];
    let is_selected = scene.selected.is_some_and(|node| layer.nodes.contains(&node));
    let accent = frame.map(|frame| colours.gate(frame.kind, frame.attention));
    let is_scale = scene.opened.frames.iter().find(|frame| frame.scale == index);
    let edge = accent.or(is_scale.map(|frame| colours.gate(frame.kind, frame.attention)));
    let base = if frame.is_some() { colours.canvas } else { colours.block };
    let fill = if scene.hovered == Some(index) { lifted(base, colours.text) } else { base };
    let outline = match (is_selected, edge) {
        (true, _) => Stroke::new(2.0, colours.accent),
        (false, Some(colour)) => Stroke::new(1.0, colour.gamma_multiply(0.75)),
        (false, None) if layer.is_round => Stroke::new(1.0, colours.wire),
        (false, None) => Stroke::NONE,
    };
    if layer.is_round {
        pen.painter.circle(pen.pos(rect.center()), RADIUS * pen.view.scaling, fill, outline);
        pen.text(rect.center(), Align2::CENTER_CENTER, &layer.title, &Lettering::new(TEXT), colours.text);
        if frame.is_none() && !layer.notes.is_empty() {
            let below = rect.center_bottom() + vec2(0.0, 5.0);
            pen.text(below, Align2::CENTER_TOP, &layer.notes.join(" · "), &Lettering::new(SMALL_TEXT), colours.muted);
        }
        return;
    }
    pen.filled(rect, 5.0, fill);
    pen.outlined(rect, 5.0, outline, StrokeKind::Inside);
    let room = rect.width() - 6.0;
    if frame.is_some() {
        let style = Lettering::new(SMALL_TEXT).within(room);
        pen.text(rect.center(), Align2::CENTER_CENTER, &layer.title, &style, colours.text);
        return;
    }
    let title = Lettering::new(TEXT).within(room);
    let small = Lettering::new(SMALL_TEXT).within(room);
    let mut lines = vec![(layer.title.clone(), title, colours.text)];
    if layer.weights > 0 {
        lines.push((number::grouped(layer.weights), small.clone(), colours.muted));
    }
    if !layer.notes.is_empty() {
        lines.push((layer.notes.join(" · "), small, colours.faint));
    }
    let mut y = rect.center().y - (lines.len() as f32 - 1.0) * 7.0;
    for (text, style, colour) in lines {
        pen.text(pos2(rect.center().x, y), Align2::CENTER_CENTER, &text, &style, colour);
        y += 14.0;
    }
    size_below(pen, scene, layer, rect);
}

/// The size of a layer's output under its box.
fn size_below(pen: &Pen, scene: &Scene, layer: &LayerBox, rect: Rect) {
    let text = size_text(scene.graph[layer.node].shape);
    let style = Lettering::new(10.0).within(rect.width() + 8.0);
    pen.text(rect.center_bottom() + vec2(0.0, 3.0), Align2::CENTER_TOP, &text, &style, pen.colours.faint);
}

fn gate_frame(pen: &Pen, scene: &Scene, frame: &GateFrame, rect: Rect, values: Rect, gates: &mut Gates) {
    let colours = pen.colours;
    let colour = colours.gate(frame.kind, frame.attention);
    let corner = f32::from(size::BOX_CORNER);
    pen.filled(rect, corner, colour.gamma_multiply(0.10));
    pen.outlined(rect, corner, Stroke::new(1.2, colour), StrokeKind::Inside);
    let title = Lettering::new(SMALL_TEXT).semibold();
    pen.text(rect.left_top() + vec2(10.0, 6.0), Align2::LEFT_TOP, frame.title, &title, colour);
    let shape = scene.graph[scene.graph.gates[frame.gate].node].shape;
    let size = match frame.kind {
        GateKind::Channel => format!("gate {}", shape.channels()),
        GateKind::Spatial => format!("gate {} × {}", shape.height(), shape.width()),
        GateKind::Rows => format!("gate {} rows × {}", shape.height(), shape.channels()),
        GateKind::Columns => format!("gate {} columns × {}", shape.width(), shape.channels()),
        GateKind::Paths { paths } => format!("gate {paths} paths × {}", shape.elements() / paths.max(1)),
        GateKind::Volume | GateKind::Matrix => format!("gate {}", size_text(shape)),
    };
    let style = Lettering::new(SMALL_TEXT);
    pen.text(rect.center_bottom() + vec2(0.0, 4.0), Align2::CENTER_TOP, &size, &style, colours.muted);
    frame_wires(pen, scene, frame, rect, colour);
    if !frame.kind.has_places() {
        pen.filled(values, 0.0, colour.gamma_multiply(0.15));
    }
    let drawn = gates.paint(pen.painter, pen.rect(values), frame.gate, frame.kind, (colours, colour));
    if !drawn {
        pen.outlined(values, 2.0, Stroke::new(1.0, colours.line), StrokeKind::Inside);
    }
    if scene.gate == Some(frame.gate) {
        pen.outlined(values.expand(2.0), 2.0, Stroke::new(2.0, colours.accent), StrokeKind::Inside);
    }
}

/// From the main line up to the first layers, through the frame, and down to the multiplication.
fn frame_wires(pen: &Pen, scene: &Scene, frame: &GateFrame, rect: Rect, colour: egui::Color32) {
    let stroke = Stroke::new(1.0, colour.gamma_multiply(0.8));
    let place = |index: usize| scene.placed.rects[index];
    let foot = pos2(rect.left() + 8.0, 0.0);
    for entry in &frame.entries {
        let at = place(*entry).left_center();
        pen.line(&[foot, pos2(foot.x, at.y), at], stroke);
    }
    pen.painter.circle_filled(pen.pos(foot), 2.0 * pen.view.scaling.min(1.5), colour);
    for (from, to) in &frame.wires {
        elbow(pen, place(*from).right_center(), place(*to).left_center(), stroke);
    }
    if let Some(last) = frame.columns.last().and_then(|column| column.first()) {
        let (from, to) = (place(*last).right_center(), place(frame.scale).center_top());
        pen.line(&[from, pos2(to.x, from.y), to], stroke);
    }
}

fn elbow(pen: &Pen, from: Pos2, to: Pos2, stroke: Stroke) {
    let middle = f32::midpoint(from.x, to.x);
    pen.line(&[from, pos2(middle, from.y), pos2(middle, to.y), to], stroke);
}
