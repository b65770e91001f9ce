//! Draws the overview: stages, blocks, shortcuts, gates.

use emath::{Align2, Rangef, Rect, pos2, vec2};

use super::layout::{ARC, Placed, PlacedBlock, PlacedGroup};
use super::{Aside, Block, Group, Link, Overview, glyphs};
use crate::drawing::curve::curve;
use crate::drawing::scene::{CORNER, LABEL};
use crate::drawing::{Ink, Lettering, Line, Pen, Role, Side, Waiting};
use crate::network::graph::{NodeId, ScopeId};

/// How much of a classifier on the side shows, which is no part of what is computed.
const BESIDE: f32 = 0.55;
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

/// Draws everything.
pub fn draw(pen: &mut Pen, overview: &Overview, placed: &Placed, marks: Marks) {
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
        for place in &place.blocks {
            if !pen.sees(place.reach) {
                continue;
            }
            let block = shown(group, place, marks.selected);
            shortcut(pen, block, place);
            if let Some(badge) = place.badge {
                cards(pen, group, place, badge, block, marks);
            }
            body(pen, block, place, marks);
            gate_values(pen, block, place);
        }
        for ((_, id), rect) in group.loose.iter().zip(&place.loose) {
            loose(pen, *rect, marks.layer == Some(*id));
        }
        let room = between(pen.window(), placed, index);
        labels(pen, group, place, room);
    }
}

/// What sticks out behind a folded block, and how many it stands for.
fn cards(pen: &mut Pen, group: &Group, place: &PlacedBlock, badge: Rect, block: &Block, marks: Marks) {
    let room = place.legs[1] - place.rect.right();
    for step in [2.0, 1.0] {
        let by = room * 0.36 * step;
        let card = place.rect.translate(vec2(by, 0.0)).shrink2(vec2(0.0, by));
        pen.filled(card, 4.0, Ink::from(Role::Block).towards(Role::Canvas, 0.22 * step));
        pen.outlined(card, 4.0, Line::new(1.0, Ink::from(Role::Wire).faded(0.5)), Side::Inside);
    }
    let position = group.blocks.iter().position(|known| known.scope == block.scope).unwrap_or(0) - place.run.start;
    let is_first = position == 0 || marks.selected != Some(block.scope);
    let text =
        if is_first { format!("× {}", place.run.len()) } else { format!("{} of {}", position + 1, place.run.len()) };
    let style = Lettering::new(LABEL).steady().semibold();
    pen.text(badge.center(), Align2::CENTER_CENTER, &text, style, Role::Text);
}

/// A pool between blocks: it narrows.
fn loose(pen: &mut Pen, rect: Rect, is_selected: bool) {
    let colour = if is_selected { Role::Accent } else { Role::Muted };
    let corners = vec![rect.left_top(), rect.right_center(), rect.left_bottom()];
    pen.polygon(corners, Some(Role::Block.into()), Some(Line::new(1.0, colour)));
}

/// A classifier on the side: no part of what is computed, so it stands back.
fn classifier(pen: &mut Pen, side: &Aside, rect: Rect, leave: f32, marks: Marks) {
    let line = Line::new(1.0, Ink::from(Role::Wire).faded(BESIDE));
    pen.dashed(&[pos2(leave, 0.0), pos2(leave, rect.top())], line);
    pen.filled(rect, 3.0, box_ink(marks.hovered == Some(side.block.scope)).faded(BESIDE));
    let is_marked = [marks.selected, marks.focused].contains(&Some(side.block.scope));
    let edge = if is_marked { Line::new(2.0, Role::Accent) } else { line };
    pen.outlined(rect, 3.0, edge, Side::Inside);
    let style = Lettering::new(LABEL).steady();
    let beside = rect.left_center() - vec2(4.0, 0.0);
    pen.text(beside, Align2::RIGHT_CENTER, &side.block.name, style, Role::Muted);
}

fn frame(pen: &mut Pen, place: &PlacedGroup, is_selected: bool) {
    pen.filled(place.frame, CORNER, Ink::from(Role::Panel).faded(0.6));
    let colour = if is_selected { Role::Accent } else { Role::Line };
    pen.outlined(place.frame, CORNER, Line::new(1.0, colour), Side::Inside);
}

fn wire(pen: &mut Pen, placed: &Placed) {
    let (Some(first), Some(last)) = (placed.groups.first(), placed.groups.last()) else { return };
    let ends = [pos2(first.frame.left() - 10.0, 0.0), pos2(last.frame.right() + 10.0, 0.0)];
    pen.line(&ends, Line::new(1.0, Role::Wire));
}

/// An arch over the block: solid for the input itself, dashed and marked where it is reshaped.
fn shortcut(pen: &mut Pen, block: &Block, place: &PlacedBlock) {
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
    let colour = if is_reshaped { Role::Muted } else { Role::Wire };
    let line = Line::new(1.2, colour);
    if is_reshaped {
        pen.dashed(&points, line);
        let apex = pos2(f32::midpoint(left, right), shoulder - rise * 0.75);
        let mark = Rect::from_center_size(apex, vec2(6.0, 6.0));
        match block.link {
            Link::Projection => pen.filled(mark, 1.5, colour),
            _ => {
                pen.filled(mark, 1.5, Role::Canvas);
                pen.outlined(mark, 1.5, line, Side::Inside);
            }
        }
    } else {
        pen.line(&points, line);
    }
}

fn body(pen: &mut Pen, block: &Block, place: &PlacedBlock, marks: Marks) {
    let corner = 4.0;
    pen.filled(place.rect, corner, box_ink(marks.hovered == Some(block.scope)));
    if let Some(attention) = block.attention {
        let foot = Rect::from_min_max(pos2(place.rect.left(), place.rect.bottom() - 7.0), place.rect.max);
        pen.filled_within(place.rect, corner, Role::Attention(attention), foot);
    }
    if !layers(pen, block, place) {
        glyphs::wiring(pen, block.wiring, place.rect);
    }
    if marks.selected == Some(block.scope) {
        pen.outlined(place.rect, corner, Line::new(2.0, Role::Accent), Side::Outside);
    } else if marks.focused == Some(block.scope) {
        pen.outlined(place.rect, corner, Line::new(1.0, Role::Accent), Side::Outside);
    }
}

/// The block's name and layers inside its box: they appear as one comes near. False while one is too far away.
fn layers(pen: &mut Pen, block: &Block, place: &PlacedBlock) -> bool {
    let width = place.rect.width() - 3.0;
    if width * pen.scale() < READABLE {
        return false;
    }
    let step = (width * 0.34).min(place.rect.height() / (block.layers.len() as f32 + 3.0));
    let lettering = Lettering::new(step * 0.5).within(width);
    let short = block.name.rsplit_once('.').map_or(block.name.as_str(), |(_, index)| index);
    // The name stays in sight while its box reaches beyond the pane.
    let edge = pen.window().top();
    let first = -(block.layers.len() as f32) * step / 2.0;
    let top = pos2(place.rect.center().x, (place.rect.top().max(edge) + step * 0.8).min(first - step * 0.5));
    pen.text(top, Align2::CENTER_CENTER, short, Lettering::new(step * 0.6).within(width).semibold(), Role::Text);
    let mut y = -(block.layers.len() as f32 - 1.0) * step / 2.0;
    for layer in &block.layers {
        let row = Rect::from_center_size(pos2(place.rect.center().x, y), vec2(width, step * 0.86));
        pen.filled(row, 1.0, Ink::from(Role::Canvas).faded(0.35));
        pen.text(row.center(), Align2::CENTER_CENTER, layer, lettering, Role::Text);
        y += step;
    }
    true
}

fn gate_values(pen: &mut Pen, block: &Block, place: &PlacedBlock) {
    let attention = block.attention.unwrap_or_default();
    for ((gate, kind), rect) in block.gates.iter().zip(&place.gates) {
        let ink = Ink::from(Role::Gate(*kind, attention));
        if !kind.has_places() {
            pen.filled(*rect, 0.0, ink.faded(0.15));
        }
        // Before there are values: what kind of gate will be there.
        let waiting = match kind.has_places() {
            false => Waiting::Bar(ink.faded(0.5)),
            true => Waiting::Outline(1.0, Line::new(1.0, ink.faded(0.5))),
        };
        pen.gate(*rect, *gate, *kind, ink, waiting);
    }
}

/// The room across that a group has for its name, in world units: between its neighbours and in sight.
fn between(clip: Rect, placed: &Placed, index: usize) -> Rangef {
    let before = index.checked_sub(1).and_then(|before| placed.groups.get(before));
    let left = before.map_or(clip.left(), |group| group.frame.right().max(clip.left()));
    let right = placed.groups.get(index + 1).map_or(clip.right(), |group| group.frame.left().min(clip.right()));
    Rangef::new(left, right)
}

fn labels(pen: &mut Pen, group: &Group, place: &PlacedGroup, room: Rangef) {
    let above = pos2(place.frame.left() + if group.is_framed { 2.0 } else { 0.0 }, place.frame.top() - 4.0);
    let style = Lettering::new(LABEL).steady().within(place.frame.width() + 10.0);
    if group.is_framed {
        pen.text(above, Align2::LEFT_BOTTOM, &group.name, style.semibold(), Role::Muted);
        let below = pos2(above.x, place.frame.bottom() + 4.0);
        pen.text(below, Align2::LEFT_TOP, &group.caption, style, Role::Muted);
        return;
    }
    let Some(block) = place.blocks.first() else { return };
    let style = Lettering::new(LABEL).steady().within(room.span().min(46.0_f32.max(block.rect.width())));
    let middle = within_sight(pen.window(), pen.scale(), block.rect, room);
    let above = pos2(middle, block.rect.top() - 6.0);
    pen.text(above, Align2::CENTER_BOTTOM, &group.name, style.semibold(), Role::Muted);
    let below = pos2(middle, block.rect.bottom() + 6.0);
    let channels = group.blocks[0].shape.channels().to_string();
    pen.text(below, Align2::CENTER_TOP, &channels, style, Role::Muted);
}

/// Half the width of a short name beside the edge of the pane, in points.
const HALF_NAME: f32 = 16.0;

/// Where the name of a part that stands alone goes: over its middle, but not beyond the edge of the pane or into
/// its neighbours.
fn within_sight(clip: Rect, scale: f32, rect: Rect, room: Rangef) -> f32 {
    let half = HALF_NAME / scale;
    if !clip.intersects(rect) || clip.width() <= 2.0 * half {
        return rect.center().x;
    }
    if room.span() <= 2.0 * half {
        return room.center();
    }
    rect.center().x.clamp(room.min + half, room.max - half)
}

fn box_ink(is_hovered: bool) -> Ink {
    let ink = Ink::from(Role::Block);
    if is_hovered { ink.lifted() } else { ink }
}
