//! Draws one layer of an opened block: a box, a circle, a join's bar, a split's strip, a shuffle's strands.

use emath::{Align2, Rect, pos2, vec2};

use super::layout::{RADIUS, SMALL_TEXT, STRIP, TEETH, TEXT, shares};
use super::paint::Subject;
use super::{Form, GateFrame, LayerBox};
use crate::drawing::curve::curve;
use crate::drawing::words::size_text;
use crate::drawing::{Ink, Lettering, Line, Pen, Role, Side};
use crate::network::number;

/// A box's corner.
const CORNER: f32 = 5.0;
/// Groups of a grouped convolution are drawn up to here, those of a shuffle too.
const GROUPS: usize = 4;
/// Parts a depthwise convolution's ends are cut into.
const FINE: usize = 9;
/// Strands a group of a shuffle has.
const STRANDS: usize = 3;

/// Draws the box of this index.
pub(super) fn draw(pen: &mut Pen, scene: &Subject, index: usize) {
    let layer = &scene.opened.boxes[index];
    let rect = scene.placed.rects[index];
    if !pen.sees(rect.expand(16.0)) {
        return;
    }
    let frame = scene.opened.frame_of[index].or_else(|| {
        let scales = |frame: &GateFrame| frame.gates.iter().any(|gate| gate.scale == index);
        scene.opened.frames.iter().position(scales)
    });
    let is_selected = scene.marks.selected.is_some_and(|node| layer.nodes.contains(&node));
    let has_weights = layer.weights > 0;
    let base = Ink::from(match scene.opened.frame_of[index] {
        Some(_) => Role::Canvas,
        None if has_weights || layer.is_round() => Role::Block,
        None => Role::Panel,
    });
    let fill = if scene.marks.hovered == Some(index) { base.lifted() } else { base };
    let outline = match (is_selected, frame) {
        (true, _) => Some(Line::new(2.0, Role::Accent)),
        (false, Some(frame)) => Some(Line::new(1.0, scene.frame_ink(frame).faded(0.75))),
        (false, None) if layer.is_round() => Some(Line::new(1.0, Role::Wire)),
        (false, None) if !has_weights => Some(Line::new(1.0, Role::Line)),
        (false, None) => None,
    };
    let skin = Skin { fill, outline };
    match &layer.form {
        Form::Round => round(pen, scene, index, rect, skin),
        Form::Join(parts) => join(pen, scene, layer, parts, rect, skin),
        Form::Slice { start, length, of } => slice(pen, [*start, *length, *of], rect, skin),
        Form::Shuffle(groups) => shuffle(pen, *groups, rect, skin),
        Form::Plain | Form::Grouped(_) | Form::Depthwise => plain(pen, scene, index, rect, skin),
    }
}

/// How a box is filled and outlined.
#[derive(Clone, Copy)]
struct Skin {
    fill: Ink,
    outline: Option<Line>,
}

fn round(pen: &mut Pen, scene: &Subject, index: usize, rect: Rect, skin: Skin) {
    let layer = &scene.opened.boxes[index];
    pen.circle(rect.center(), RADIUS, skin.fill, skin.outline);
    pen.text(rect.center(), Align2::CENTER_CENTER, &layer.title, Lettering::new(TEXT), Role::Text);
    if scene.opened.frame_of[index].is_none() && !layer.notes.is_empty() {
        let below = rect.center_bottom() + vec2(0.0, 5.0);
        pen.text(below, Align2::CENTER_TOP, &layer.notes.join(" · "), Lettering::new(SMALL_TEXT), Role::Muted);
    }
}

fn plain(pen: &mut Pen, scene: &Subject, index: usize, rect: Rect, skin: Skin) {
    let layer = &scene.opened.boxes[index];
    let is_framed = scene.opened.frame_of[index].is_some();
    pen.filled(rect, CORNER, skin.fill);
    let teeth = match layer.form {
        Form::Grouped(groups) => groups.min(GROUPS),
        Form::Depthwise => FINE,
        _ => 1,
    };
    if let Some(line) = skin.outline {
        pen.outlined(rect, CORNER, line, Side::Inside);
    }
    if teeth > 1 {
        cut(pen, rect, teeth, if is_framed { Role::Panel } else { Role::Canvas });
    }
    let width = rect.width() - 6.0 - if teeth > 1 { 2.0 * TEETH } else { 0.0 };
    let small = Lettering::new(SMALL_TEXT).within(width);
    if is_framed {
        pen.text(rect.center(), Align2::CENTER_CENTER, &layer.title, small, Role::Text);
        return;
    }
    let mut lines = vec![(layer.title.clone(), Lettering::new(TEXT).within(width), Role::Text)];
    if layer.weights > 0 {
        lines.push((number::grouped(layer.weights), small, Role::Muted));
    }
    if !layer.notes.is_empty() && !scene.placed.is_compact[index] {
        lines.push((layer.notes.join(" · "), small, Role::Muted));
    }
    let mut y = rect.center().y - (lines.len() as f32 - 1.0) * 7.0;
    for (text, style, role) in lines {
        pen.text(pos2(rect.center().x, y), Align2::CENTER_CENTER, &text, style, role);
        y += 14.0;
    }
    if !scene.placed.is_compact[index] {
        caption(pen, rect, &size_text(scene.graph[layer.node].shape), 8.0);
    }
}

/// Cuts a box's ends into parts that do not see each other.
fn cut(pen: &mut Pen, rect: Rect, parts: usize, ground: Role) {
    let gap = if parts == FINE { 1.6 } else { 3.0 };
    for part in 1..parts {
        let y = rect.top() + rect.height() * part as f32 / parts as f32;
        for x in [rect.left(), rect.right() - TEETH] {
            pen.filled(Rect::from_min_size(pos2(x, y - gap / 2.0), vec2(TEETH, gap)), 0.0, ground);
        }
    }
}

/// Lanes joined one above the other.
fn join(pen: &mut Pen, scene: &Subject, layer: &LayerBox, parts: &[usize], rect: Rect, skin: Skin) {
    let mut top = rect.top();
    for (lane, height) in shares(parts).enumerate() {
        let part = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), height));
        pen.filled(part, 0.0, tone(lane, parts.len()));
        top += height;
    }
    let width = skin.outline.map_or(0.0, |line| line.width);
    if width > 1.0 || skin.fill != Ink::from(Role::Panel) {
        pen.outlined(rect.expand(2.0), 2.0, Line::new(width.max(1.0), Role::Accent), Side::Outside);
    }
    let mut text = size_text(scene.graph[layer.node].shape);
    if !layer.notes.is_empty() {
        text = format!("{text} · {}", layer.notes.join(" · "));
    }
    // To the right: lanes come from the left, above and below.
    let style = Lettering::new(10.0);
    pen.text(rect.left_bottom() + vec2(0.0, 3.0), Align2::LEFT_TOP, &text, style, Role::Muted);
}

/// A strip of all channels; those that go further are filled.
fn slice(pen: &mut Pen, [start, length, of]: [usize; 3], rect: Rect, skin: Skin) {
    let strip = Rect::from_min_size(rect.min, vec2(STRIP, rect.height()));
    let at = |channel: usize| rect.top() + rect.height() * channel as f32 / of.max(1) as f32;
    let kept = Rect::from_x_y_ranges(strip.x_range(), at(start)..=at(start + length));
    pen.filled(strip, 2.0, skin.fill);
    pen.filled(kept, 2.0, tone(usize::from(start > 0), 2));
    if let Some(line) = skin.outline {
        pen.outlined(strip, 2.0, Line::new(line.width.max(1.0), line.ink), Side::Inside);
    }
    let left = strip.right() + 6.0;
    let width = rect.right() - left + 2.0;
    let style = Lettering::new(SMALL_TEXT).within(width);
    let at = pos2(left, rect.center().y - 14.0);
    pen.text(at, Align2::LEFT_CENTER, &format!("{length} of {of}"), style, Role::Text);
    caption(pen, rect, &format!("channels {start}–{}", start + length - 1), 20.0);
}

/// Channels dealt out: strand `k` of group `g` goes to place `k · groups + g`.
fn shuffle(pen: &mut Pen, groups: usize, rect: Rect, skin: Skin) {
    let shown = groups.min(GROUPS);
    let strands = shown * STRANDS;
    pen.filled(rect, CORNER, skin.fill);
    if let Some(line) = skin.outline {
        pen.outlined(rect, CORNER, line, Side::Inside);
    }
    let inner = rect.shrink2(vec2(5.0, 4.0));
    let y = |place: usize| inner.top() + inner.height() * (place as f32 + 0.5) / strands as f32;
    for group in 0..shown {
        for strand in 0..STRANDS {
            let from = pos2(inner.left(), y(group * STRANDS + strand));
            let to = pos2(inner.right(), y(strand * shown + group));
            let middle = inner.center().x;
            let points = curve(from, pos2(middle, from.y), pos2(middle, to.y), to);
            pen.line(&points, Line::new(1.3, tone(group, shown)));
        }
    }
    caption(pen, rect, &format!("{groups} groups"), 30.0);
}

/// From the wires' grey to the text's, for parts that must be told apart.
fn tone(part: usize, parts: usize) -> Ink {
    let share = part as f32 / parts.saturating_sub(1).max(1) as f32;
    Ink::from(Role::Wire).towards(Role::Text, share * 0.85)
}

/// Words under a box, up to `beyond` wider than it.
fn caption(pen: &mut Pen, rect: Rect, text: &str, beyond: f32) {
    let style = Lettering::new(10.0).within(rect.width() + beyond);
    pen.text(rect.center_bottom() + vec2(0.0, 3.0), Align2::CENTER_TOP, text, style, Role::Muted);
}
