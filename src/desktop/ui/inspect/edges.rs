//! A strip's weights as bars along the edge of the picture: rows at the left, columns above.

use eframe::egui;
use egui::{Align2, Rect, Stroke, Ui, Vec2, pos2, vec2};

use super::super::theme::{self, palette, size};
use super::super::widgets::along;
use super::Shown;
use crate::compute::explain::GateMap;
use crate::network::graph::GateKind;

/// How long a bar of the scale's end is.
const LENGTH: f32 = 44.0;
/// Between bars and picture.
const APART: f32 = 4.0;
/// Room for the scale's numbers beyond the bars.
const NUMBERS: f32 = 14.0;

/// Which edges have bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Edges {
    rows: bool,
    columns: bool,
}

impl Edges {
    /// Of a gate alone or together with its counterpart.
    pub(super) fn of(kind: GateKind, is_together: bool) -> Self {
        match kind {
            GateKind::Rows => Self { rows: true, columns: is_together },
            GateKind::Columns => Self { rows: is_together, columns: true },
            GateKind::Channel | GateKind::Spatial | GateKind::Volume | GateKind::Paths { .. } | GateKind::Matrix => {
                Self::default()
            }
        }
    }

    /// What is left for the picture.
    pub(super) fn inside(self, room: Rect) -> Rect {
        let taken = LENGTH + APART + NUMBERS;
        let min = vec2(if self.rows { taken } else { 0.0 }, if self.columns { taken } else { 0.0 });
        // The numbers of one edge stand a little beyond its ends.
        let max = if min == Vec2::ZERO { 0.0 } else { size::LABEL };
        Rect::from_min_max(room.min + min.max(Vec2::splat(max)), room.max - Vec2::splat(max))
    }
}

/// Paints a strip beside `picture`, along `crop`: its bars grow away from the picture.
pub(super) fn paint(ui: &Ui, picture: Rect, crop: Rect, shown: &Shown, strip: &GateMap) {
    let colours = palette(ui);
    let colour = colours.gate(shown.frame.kind, shown.frame.attention);
    let range = shown.scale();
    let is_rows = strip.size[1] == 1;
    let count = strip.values.len().max(1) as f32;
    let place = |from: f32, to: f32, start: f32, end: f32| match is_rows {
        true => Rect::from_two_pos(pos2(picture.left() - APART - from, start), pos2(picture.left() - APART - to, end)),
        false => Rect::from_two_pos(pos2(start, picture.top() - APART - from), pos2(end, picture.top() - APART - to)),
    };
    let (first, length) = if is_rows { (crop.top(), crop.height()) } else { (crop.left(), crop.width()) };
    let (last, zero) = (first + length, LENGTH * along(0.0, range));
    ui.painter().rect_filled(place(0.0, LENGTH, first, last), 0.0, colour.gamma_multiply(0.12));
    let pitch = length / count;
    let gap = if pitch >= 3.0 { 1.0 } else { 0.0 };
    for (index, value) in strip.values.iter().enumerate() {
        let start = first + pitch * index as f32;
        let end = LENGTH * along(*value, range);
        ui.painter().rect_filled(place(zero, end, start, start + pitch - gap), 0.0, colour);
    }
    let line = Stroke::new(1.0, colours.line);
    for (number, at) in [(range.0, 0.0), (range.1, LENGTH)] {
        let rect = place(at, at, first, last);
        ui.painter().line_segment([rect.min, rect.max], line);
        let label = if number.fract() == 0.0 { format!("{number}") } else { format!("{number:.2}") };
        let (at, anchor) = match is_rows {
            true => (pos2(rect.left(), first - 2.0), Align2::CENTER_BOTTOM),
            false => (pos2(first - 4.0, rect.top()), Align2::RIGHT_CENTER),
        };
        ui.painter().text(at, anchor, label, theme::regular(size::LABEL), colours.muted);
    }
}
