//! Paints the overview: stages, blocks, shortcuts, gates.

use eframe::egui;
use egui::{Align2, Color32, Rangef, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::gates::Gates;
use super::glyphs;
use super::layout::{ARC, Placed, PlacedBlock, PlacedGroup};
use super::model::{Block, Group, Link, Overview, Side};
use super::pen::{Lettering, Pen, curve};
use crate::desktop::ui::theme::{opacity, size};
use crate::network::graph::{GateKind, NodeId, ScopeId};

/// A box this wide on the screen has room for the names of its layers.
const READABLE: f32 = 64.0;

/// What is marked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    /// The selected scope.
    pub selected: Option<ScopeId>,
    /// The selected layer, where it is in no block.
    pub layer: Option<NodeId>,
    /// The block under the pointer.
    pub hovered: Option<ScopeId>,
    /// The block with the keyboard.
    pub focused: Option<ScopeId>,
}

/// The block drawn for a run: the selected one, else the first.
#[must_use]
pub fn shown<'a>(group: &'a Group, place: &PlacedBlock, selected: Option<ScopeId>) -> &'a Block {
    let run = &group.blocks[place.run.clone()];
    run.iter().find(|block| Some(block.scope) == selected).unwrap_or(&run[0])
}

/// Paints everything.
pub fn overview(pen: &Pen, overview: &Overview, placed: &Placed, gates: &mut Gates, marks: Marks) {
    for (group, place) in overview.groups.iter().zip(&placed.groups) {
        if group.is_framed {
            frame(pen, place, marks.selected == Some(group.scope));
        }
    }
    wire(pen, placed);
    for (side, (rect, leave)) in overview.side.iter().zip(&placed.side) {
        classifier(pen, side, *rect, *leave, marks);
    }
    for (index, (group, place)) in overview.groups.iter().zip(&placed.groups).enumerate() {
        for place in place.blocks.iter().filter(|place| pen.sees(place.reach)) {
            let block = shown(group, place, marks.selected);
            shortcut(pen, block, place);
            if let Some(badge) = place.badge {
                cards(pen, group, place, badge, block, marks);
            }
            body(pen, block, place, marks);
            gate_values(pen, block, place, gates);
        }
        for ((_, id), rect) in group.loose.iter().zip(&place.loose) {
            loose(pen, *rect, marks.layer == Some(*id));
        }
        labels(pen, group, place, between(pen, placed, index));
    }
}

/// What sticks out behind a folded block, and how many it stands for.
fn cards(pen: &Pen, group: &Group, place: &PlacedBlock, badge: Rect, block: &Block, marks: Marks) {
    let colours = pen.colours;
    let room = place.legs[1] - place.rect.right();
    for step in [2.0, 1.0] {
        let by = room * 0.36 * step;
        let card = place.rect.translate(vec2(by, 0.0)).shrink2(vec2(0.0, by));
        pen.filled(card, 4.0, colours.block.lerp_to_gamma(colours.canvas, 0.22 * step));
        pen.outlined(card, 4.0, Stroke::new(1.0, colours.wire.gamma_multiply(0.5)), StrokeKind::Inside);
    }
    let position = group.blocks.iter().position(|known| known.scope == block.scope).unwrap_or(0) - place.run.start;
    let is_first = position == 0 || marks.selected != Some(block.scope);
    let text =
        if is_first { format!("× {}", place.run.len()) } else { format!("{} of {}", position + 1, place.run.len()) };
    let style = Lettering::new(size::LABEL).steady().semibold();
    pen.text(badge.center(), Align2::CENTER_CENTER, &text, &style, colours.text);
}

/// A pool between blocks: it narrows.
fn loose(pen: &Pen, rect: Rect, is_selected: bool) {
    let rect = pen.rect(rect);
    let colour = if is_selected { pen.colours.accent } else { pen.colours.muted };
    let corners = vec![rect.left_top(), rect.right_center(), rect.left_bottom()];
    pen.painter.add(Shape::convex_polygon(corners, pen.colours.block, Stroke::new(1.0, colour)));
}

/// A classifier on the side: no part of what is computed, so it stands back.
fn classifier(pen: &Pen, side: &Side, rect: Rect, leave: f32, marks: Marks) {
    let colours = pen.colours;
    let stroke = Stroke::new(1.0, colours.wire.gamma_multiply(opacity::SIDE));
    pen.path(&[pos2(leave, 0.0), pos2(leave, rect.top())], stroke, true);
    let fill =
        if marks.hovered == Some(side.block.scope) { lifted(colours.block, colours.text) } else { colours.block };
    pen.filled(rect, 3.0, fill.gamma_multiply(opacity::SIDE));
    let is_marked = [marks.selected, marks.focused].contains(&Some(side.block.scope));
    let edge = if is_marked { Stroke::new(2.0, colours.accent) } else { stroke };
    pen.outlined(rect, 3.0, edge, StrokeKind::Inside);
    let style = Lettering::new(size::LABEL).steady();
    let beside = rect.left_center() - vec2(4.0, 0.0);
    pen.text(beside, Align2::RIGHT_CENTER, &side.block.name, &style, colours.muted);
}

fn frame(pen: &Pen, place: &PlacedGroup, is_selected: bool) {
    let colours = pen.colours;
    let corner = f32::from(size::BOX_CORNER);
    pen.filled(place.frame, corner, colours.panel.gamma_multiply(0.6));
    let colour = if is_selected { colours.accent } else { colours.line };
    pen.outlined(place.frame, corner, Stroke::new(1.0, colour), StrokeKind::Inside);
}

fn wire(pen: &Pen, placed: &Placed) {
    let (Some(first), Some(last)) = (placed.groups.first(), placed.groups.last()) else { return };
    let ends = [pos2(first.frame.left() - 10.0, 0.0), pos2(last.frame.right() + 10.0, 0.0)];
    pen.line(&ends, Stroke::new(1.0, pen.colours.wire));
}

/// An arch over the block: solid for the input itself, dashed and marked where it is reshaped.
fn shortcut(pen: &Pen, block: &Block, place: &PlacedBlock) {
    if block.link == Link::None {
        return;
    }
    let [left, right] = place.legs;
    let shoulder = place.rect.top() + 4.0;
    let rise = (ARC + 2.0) * 4.0 / 3.0;
    let mut points = vec![pos2(left, 0.0)];
    points.extend(curve(
        pos2(left, shoulder),
        pos2(left, shoulder - rise),
        pos2(right, shoulder - rise),
        pos2(right, shoulder),
    ));
    points.push(pos2(right, 0.0));
    let is_reshaped = block.link != Link::Identity;
    let colour = if is_reshaped { pen.colours.muted } else { pen.colours.wire };
    pen.path(&points, Stroke::new(1.2, colour), is_reshaped);
    if is_reshaped {
        let apex = pos2(f32::midpoint(left, right), shoulder - rise * 0.75);
        let mark = Rect::from_center_size(apex, vec2(6.0, 6.0));
        match block.link {
            Link::Projection => pen.filled(mark, 1.5, colour),
            _ => {
                pen.filled(mark, 1.5, pen.colours.canvas);
                pen.outlined(mark, 1.5, Stroke::new(1.2, colour), StrokeKind::Inside);
            }
        }
    }
}

fn body(pen: &Pen, block: &Block, place: &PlacedBlock, marks: Marks) {
    let colours = pen.colours;
    let corner = 4.0;
    let is_hovered = marks.hovered == Some(block.scope);
    let fill = if is_hovered { lifted(colours.block, colours.text) } else { colours.block };
    pen.filled(place.rect, corner, fill);
    if let Some(attention) = block.attention {
        let colour = colours.attention(attention);
        let foot = Rect::from_min_max(pos2(place.rect.left(), place.rect.bottom() - 7.0), place.rect.max);
        let clipped = pen.painter.with_clip_rect(pen.rect(foot).intersect(pen.painter.clip_rect()));
        Pen { painter: &clipped, view: pen.view, colours }.filled(place.rect, corner, colour);
    }
    if !layers(pen, block, place) {
        glyphs::wiring(pen, block.wiring, place.rect);
    }
    if marks.selected == Some(block.scope) {
        pen.outlined(place.rect, corner, Stroke::new(2.0, colours.accent), StrokeKind::Outside);
    } else if marks.focused == Some(block.scope) {
        pen.outlined(place.rect, corner, Stroke::new(1.0, colours.accent), StrokeKind::Outside);
    }
}

/// The block's name and layers inside its box: they appear as one comes near. False while one is too far away.
fn layers(pen: &Pen, block: &Block, place: &PlacedBlock) -> bool {
    let width = place.rect.width() - 3.0;
    if width * pen.view.scaling < READABLE {
        return false;
    }
    let step = (width * 0.34).min(place.rect.height() / (block.layers.len() as f32 + 3.0));
    let lettering = Lettering::new(step * 0.5).within(width);
    let short = block.name.rsplit_once('.').map_or(block.name.as_str(), |(_, index)| index);
    // The name stays in sight while its box reaches beyond the pane.
    let edge = (pen.view.inverse() * pen.painter.clip_rect().min).y;
    let first = -(block.layers.len() as f32) * step / 2.0;
    let top = pos2(place.rect.center().x, (place.rect.top().max(edge) + step * 0.8).min(first - step * 0.5));
    pen.text(top, Align2::CENTER_CENTER, short, &Lettering::new(step * 0.6).within(width).semibold(), pen.colours.text);
    let mut y = -(block.layers.len() as f32 - 1.0) * step / 2.0;
    for layer in &block.layers {
        let row = Rect::from_center_size(pos2(place.rect.center().x, y), vec2(width, step * 0.86));
        pen.filled(row, 1.0, pen.colours.canvas.gamma_multiply(0.35));
        pen.text(row.center(), Align2::CENTER_CENTER, layer, &lettering, pen.colours.text);
        y += step;
    }
    true
}

fn gate_values(pen: &Pen, block: &Block, place: &PlacedBlock, gates: &mut Gates) {
    let attention = block.attention.unwrap_or_default();
    for ((gate, kind), world) in block.gates.iter().zip(&place.gates) {
        let colour = pen.colours.gate(*kind, attention);
        let rect = pen.rect(*world);
        if !kind.has_places() {
            pen.filled(*world, 0.0, colour.gamma_multiply(0.15));
        }
        if gates.paint(pen.painter, rect, *gate, *kind, (pen.colours, colour)) {
            continue;
        }
        // Before there are values: what kind of gate will be there.
        let bar = Rect::from_min_max(pos2(world.left(), world.bottom() - 3.0), world.max);
        match kind {
            GateKind::Channel | GateKind::Paths { .. } => pen.filled(bar, 1.5, colour.gamma_multiply(0.5)),
            GateKind::Spatial | GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Matrix => {
                pen.outlined(*world, 1.0, Stroke::new(1.0, colour.gamma_multiply(0.5)), StrokeKind::Inside);
            }
        }
    }
}

/// The room across that a group has for its name, in world units: between its neighbours and in sight.
fn between(pen: &Pen, placed: &Placed, index: usize) -> Rangef {
    let clip = pen.view.inverse() * pen.painter.clip_rect();
    let before = index.checked_sub(1).and_then(|before| placed.groups.get(before));
    let left = before.map_or(clip.left(), |group| group.frame.right().max(clip.left()));
    let right = placed.groups.get(index + 1).map_or(clip.right(), |group| group.frame.left().min(clip.right()));
    Rangef::new(left, right)
}

fn labels(pen: &Pen, group: &Group, place: &PlacedGroup, room: Rangef) {
    let colours = pen.colours;
    let above = pos2(place.frame.left() + if group.is_framed { 2.0 } else { 0.0 }, place.frame.top() - 4.0);
    let style = Lettering::new(size::LABEL).steady().within(place.frame.width() + 10.0);
    if group.is_framed {
        pen.text(above, Align2::LEFT_BOTTOM, &group.name, &style.clone().semibold(), colours.muted);
        let below = pos2(above.x, place.frame.bottom() + 4.0);
        pen.text(below, Align2::LEFT_TOP, &group.caption, &style, colours.muted);
        return;
    }
    let Some(block) = place.blocks.first() else { return };
    let style = Lettering::new(size::LABEL).steady().within(room.span().min(46.0_f32.max(block.rect.width())));
    let middle = within_sight(pen, block.rect, room);
    let above = pos2(middle, block.rect.top() - 6.0);
    pen.text(above, Align2::CENTER_BOTTOM, &group.name, &style.clone().semibold(), colours.muted);
    let below = pos2(middle, block.rect.bottom() + 6.0);
    let channels = group.blocks[0].shape.channels().to_string();
    pen.text(below, Align2::CENTER_TOP, &channels, &style, colours.muted);
}

/// Half the width of a short name beside the edge of the pane, in points.
const HALF_NAME: f32 = 16.0;

/// Where the name of a part that stands alone goes: over its middle, but not beyond the edge of the pane or into
/// its neighbours.
fn within_sight(pen: &Pen, rect: Rect, room: Rangef) -> f32 {
    let clip = pen.view.inverse() * pen.painter.clip_rect();
    let half = HALF_NAME / pen.view.scaling;
    if !clip.intersects(rect) || clip.width() <= 2.0 * half {
        return rect.center().x;
    }
    if room.span() <= 2.0 * half {
        return room.center();
    }
    rect.center().x.clamp(room.min + half, room.max - half)
}

/// Lighter on dark and darker on light: what a hovered box is mixed with.
#[must_use]
pub fn lifted(colour: Color32, towards: Color32) -> Color32 {
    colour.lerp_to_gamma(towards, 0.12)
}
