//! Painted table cells: what the cost table and the comparison share, so that both look the same.

use std::sync::Arc;

use eframe::egui;
use egui::{Align2, Color32, FontId, Galley, Id, Rangef, Rect, Response, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::theme::{Palette, palette, size};

/// Space between a cell's text and its edges.
pub const PAD: f32 = 6.0;
/// How far a level of a tree is moved to the right.
pub const INDENT: f32 = 14.0;

/// Which edge a cell's text keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Names and words.
    Left,
    /// Numbers.
    Right,
}

/// Places columns of these widths one after the other.
#[must_use]
pub fn spans(left: f32, widths: &[f32]) -> Vec<Rangef> {
    let mut edge = left;
    let place = |width: &f32| {
        let span = Rangef::new(edge, edge + width);
        edge = span.max;
        span
    };
    widths.iter().map(place).collect()
}

/// The part of a row that a column takes.
#[must_use]
pub fn cell(row: Rect, span: Rangef) -> Rect {
    Rect::from_x_y_ranges(span, row.y_range())
}

/// One line of text, shortened with `…` where it does not fit.
#[must_use]
pub fn elided(ui: &Ui, text: &str, font: FontId, colour: Color32, width: f32) -> Arc<Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(0.0));
    ui.painter().layout_job(job)
}

/// Paints one line of text into a cell; says whether it had to be shortened.
pub(super) fn text(ui: &Ui, cell: Rect, text: &str, font: FontId, colour: Color32, side: Side) -> bool {
    let room = cell.shrink2(vec2(PAD, 0.0));
    let galley = elided(ui, text, font, colour, room.width());
    let shortened = galley.elided;
    let align = match side {
        Side::Left => Align2::LEFT_CENTER,
        Side::Right => Align2::RIGHT_CENTER,
    };
    let place = align.align_size_within_rect(galley.size(), room);
    ui.painter().galley(place.min, galley, colour);
    shortened
}

/// A heading that can be clicked to sort by its column. `order` is `Some(descending)` in the sorted column.
pub(super) fn heading(ui: &Ui, id: Id, cell: Rect, title: &str, side: Side, order: Option<bool>) -> Response {
    let colours = palette(ui);
    let response = ui.interact(cell, id, Sense::click());
    let state = match order {
        Some(true) => ", largest first",
        Some(false) => ", smallest first",
        None => "",
    };
    name(&response, egui::Role::Button, order.is_some(), &format!("Sort by {title}{state}"));
    let strong = order.is_some() || response.hovered() || response.has_focus();
    let colour = if strong { colours.text } else { colours.muted };
    let mut room = cell;
    if let Some(descending) = order {
        let centre = match side {
            Side::Right => pos2(cell.right() - PAD - 3.0, cell.center().y),
            Side::Left => pos2(cell.left() + PAD + 3.0, cell.center().y),
        };
        arrow(ui, centre, if descending { vec2(0.0, 1.0) } else { vec2(0.0, -1.0) }, colours.accent);
        match side {
            Side::Right => room.max.x -= 11.0,
            Side::Left => room.min.x += 11.0,
        }
    }
    text(ui, room, title, FontId::proportional(size::LABEL), colour, side);
    focus_ring(ui, cell, &response);
    response
}

/// The triangle in front of a row that can be opened; `what` is the row's name.
pub(super) fn triangle(ui: &Ui, id: Id, rect: Rect, open: bool, what: &str) -> Response {
    let colours = palette(ui);
    // Not a tab stop: rows are walked and opened with the arrow keys.
    let response = ui.interact(rect, id, Sense::CLICK);
    let verb = if open { "Collapse" } else { "Expand" };
    name(&response, egui::Role::Button, open, &format!("{verb} {what}"));
    let colour = if response.hovered() { colours.text } else { colours.muted };
    arrow(ui, rect.center(), if open { vec2(0.0, 1.0) } else { vec2(1.0, 0.0) }, colour);
    response
}

/// A small filled triangle that points along `towards`.
fn arrow(ui: &Ui, centre: egui::Pos2, towards: egui::Vec2, colour: Color32) {
    let across = towards.rot90();
    let points =
        vec![centre + towards * 3.0, centre - towards * 2.0 + across * 3.5, centre - towards * 2.0 - across * 3.5];
    ui.painter().add(Shape::convex_polygon(points, colour, Stroke::NONE));
}

/// Behind a row: raised with an accent on the edge when selected, raised when hovered, tinted for attention.
pub fn row_background(ui: &Ui, row: Rect, selected: bool, hovered: bool, hue: Option<Color32>) {
    let colours = palette(ui);
    let edge = Rect::from_min_size(row.min, vec2(2.0, row.height()));
    if let Some(hue) = hue {
        ui.painter().rect_filled(row, 0.0, hue.gamma_multiply(colours.tint));
        ui.painter().rect_filled(edge, 0.0, hue);
    }
    if selected || hovered {
        let fill = if selected {
            colours.accent.gamma_multiply(colours.tint * 1.6)
        } else {
            colours.raised.gamma_multiply(0.7)
        };
        ui.painter().rect_filled(row, 0.0, fill);
    }
    if selected {
        ui.painter().rect_filled(edge, 0.0, colours.accent);
    }
}

/// A thin bar at the foot of a cell for a share from 0 to 1, growing from the left, on a track that is all of it.
pub fn share_bar(ui: &Ui, cell: Rect, share: f32, colour: Color32) {
    let track =
        Rect::from_min_max(pos2(cell.left() + PAD, cell.bottom() - 4.0), pos2(cell.right() - PAD, cell.bottom() - 1.0));
    ui.painter().rect_filled(track, 1.0, palette(ui).raised);
    let bar = track.with_max_x(track.left() + (track.width() * share).max(2.0));
    ui.painter().rect_filled(bar, 1.0, colour);
}

/// Text of numbers: zeros step back.
#[must_use]
pub fn number_colour(colours: &Palette, value: u64) -> Color32 {
    if value == 0 { colours.muted } else { colours.text }
}

/// A visible focus for painted things that take it.
pub fn focus_ring(ui: &Ui, rect: Rect, response: &Response) {
    if response.has_focus() {
        let stroke = Stroke::new(2.0, palette(ui).accent);
        ui.painter().rect_stroke(rect, f32::from(size::CELL_CORNER), stroke, egui::StrokeKind::Inside);
    }
}

/// Gives a painted thing its accessible name.
pub fn name(response: &Response, role: egui::Role, selected: bool, label: &str) {
    response.widget_info(|| egui::WidgetInfo::selected(role, true, selected, label));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_follow_each_other() {
        let spans = spans(10.0, &[100.0, 50.0]);
        assert_eq!(spans, [Rangef::new(10.0, 110.0), Rangef::new(110.0, 160.0)]);
    }
}
