//! Draws a card's diagram.

use emath::{Align2, Pos2, Rect, Vec2, vec2};

use super::layout::{Layout, Lengths, Wire, layout};
use super::{Diagram, Kind, Step};
use crate::drawing::curve::rounded;
use crate::drawing::scene::{LABEL, Scene, TEXT};
use crate::drawing::{Face, Ink, Lettering, Line, Pen, Role, Side, Sight};

/// Height of a box with one line and with two.
const ONE_LINE: f32 = 24.0;
const TWO_LINES: f32 = 38.0;
/// Beside the text of a box.
const MARGIN: f32 = 10.0;
/// Smaller text is not drawn.
const SMALLEST: f32 = 5.5;
/// How far a wire's corner is rounded, and a box's.
const BEND: f32 = 6.0;
const CORNER: f32 = 4.0;

/// The drawing of a diagram; `scale` is the one it will be painted at, `width_of` gives the width of a text in points at
/// a size and a weight.
#[must_use]
pub fn scene(diagram: &Diagram, scale: impl Fn(Vec2) -> f32, width_of: &dyn Fn(&str, f32, Face) -> f32) -> Scene {
    let placed = layout(diagram, &Lengths::default(), &|step| measure(step, width_of));
    let bounds = Rect::from_min_size(Pos2::ZERO, placed.size);
    let sight = Sight { scale: scale(placed.size), ..Sight::WHOLE };
    let mut pen = Pen::new(sight);
    draw(&mut pen, diagram, &placed);
    pen.finish(bounds)
}

/// The width and the height a box needs.
fn measure(step: &Step, width_of: &dyn Fn(&str, f32, Face) -> f32) -> Vec2 {
    let style = title_style(step);
    let title = width_of(&step.title, style.points, style.face);
    let notes = if step.has_second_line() { width_of(&notes(step), LABEL, Face::Regular) } else { 0.0 };
    let least = if step.kind == Kind::Join { 28.0 } else { 40.0 };
    let height = if step.has_second_line() { TWO_LINES } else { ONE_LINE };
    vec2((title.max(notes) + 2.0 * MARGIN).max(least), height)
}

fn title_style(step: &Step) -> Lettering {
    let style = match step.kind {
        Kind::Join | Kind::Gate | Kind::Attention => Lettering::new(TEXT).semibold(),
        Kind::End => Lettering::new(LABEL),
        Kind::Layer | Kind::Slot => Lettering::new(TEXT),
    };
    style.readable_from(SMALLEST * style.points / LABEL).in_any_size()
}

fn notes(step: &Step) -> String {
    step.notes.join(" · ")
}

fn draw(pen: &mut Pen, diagram: &Diagram, placed: &Layout) {
    for wire in &placed.wires {
        draw_wire(pen, wire, &diagram.steps[wire.between.0]);
    }
    for (step, rect) in diagram.steps.iter().zip(&placed.boxes) {
        draw_step(pen, step, *rect);
    }
}

fn draw_wire(pen: &mut Pen, wire: &Wire, from: &Step) {
    let role = match from.attention {
        Some(name) if !from.is_product && from.kind != Kind::Attention => Role::Attention(name),
        _ => Role::Wire,
    };
    let width = (1.4 * pen.scale()).max(0.8);
    pen.line(&rounded(&wire.points, BEND), Line::new(width, role));
    if let Some(tip) = wire.points.last() {
        let corners = vec![*tip, *tip + vec2(-3.0, -5.0), *tip + vec2(3.0, -5.0)];
        pen.polygon(corners, Some(role.into()), None);
    }
}

fn draw_step(pen: &mut Pen, step: &Step, rect: Rect) {
    let hue = step.attention.map(Role::Attention);
    let corner = if step.kind == Kind::Join { rect.height() / 2.0 } else { CORNER };
    let (fill, border, ink) = match step.kind {
        Kind::End => (None, None, Role::Muted),
        Kind::Gate | Kind::Attention => (Some(hue.unwrap_or(Role::Line)), None, Role::OnAccent),
        Kind::Slot => (Some(Role::Canvas), None, Role::Accent),
        Kind::Join => (Some(Role::Panel), Some(Role::Wire), Role::Text),
        Kind::Layer => (Some(Role::Block), hue, Role::Text),
    };
    if let Some(fill) = fill {
        pen.filled(rect, corner, fill);
    }
    if let Some(border) = border {
        pen.outlined(rect, corner, Line::new(1.0, border), Side::Inside);
    }
    if step.kind == Kind::Slot {
        let rect = rect.shrink(0.5);
        let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
        let dash = [4.0, 3.0].map(|length| length * pen.scale());
        pen.dashed_by(&corners, Line::new(1.0, Role::Accent), dash);
    }
    words(pen, step, rect, ink.into());
}

fn words(pen: &mut Pen, step: &Step, rect: Rect, ink: Ink) {
    let middle = rect.center();
    if !step.has_second_line() {
        return pen.text(middle, Align2::CENTER_CENTER, &step.title, title_style(step), ink);
    }
    let apart = vec2(0.0, 7.5);
    pen.text(middle - apart, Align2::CENTER_CENTER, &step.title, title_style(step), ink);
    let muted = if matches!(step.kind, Kind::Layer | Kind::Join) { Role::Muted.into() } else { ink };
    let style = Lettering::new(LABEL).readable_from(SMALLEST).in_any_size();
    pen.text(middle + apart, Align2::CENTER_CENTER, &notes(step), style, muted);
}
