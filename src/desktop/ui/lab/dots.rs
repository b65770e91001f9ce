//! A table of dots with their spreads: one row an attention, one column a measure.

use eframe::egui;
use egui::{Align2, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::parts;
use crate::compute::lab::experiments::Spread;
use crate::desktop::ui::theme::{self, opacity, palette, size};

/// Height of a row.
const ROW: f32 = 36.0;
/// Width of the names.
const NAMES: f32 = 84.0;
/// Space between two columns.
const GAP: f32 = 24.0;

/// A column.
pub(super) struct Measure {
    pub(super) title: &'static str,
    pub(super) hint: &'static str,
    /// What chance would give, 0 to 1.
    pub(super) chance: Option<f64>,
    /// One a row, 0 to 1; none where nothing has been measured.
    pub(super) values: Vec<Option<Spread>>,
}

/// A row: the attention's name in specs, and what people call it.
pub(super) struct Row {
    pub(super) kind: String,
    pub(super) title: String,
}

/// Shows the table.
pub(super) fn show(ui: &mut Ui, rows: &[Row], measures: &[Measure]) {
    let colours = palette(ui);
    let height = 40.0 + ROW * rows.len() as f32;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let width = (rect.width() - NAMES) / measures.len().max(1) as f32;
    for (index, row) in rows.iter().enumerate() {
        let y = rect.top() + 40.0 + ROW * (index as f32 + 0.5);
        let font = theme::semibold(size::TEXT);
        let colour = parts::kind(colours, &row.kind);
        ui.painter().text(pos2(rect.left(), y), Align2::LEFT_CENTER, &row.title, font, colour);
    }
    for (index, measure) in measures.iter().enumerate() {
        let left = rect.left() + NAMES + width * index as f32;
        let column = Rect::from_min_max(pos2(left, rect.top()), pos2(left + width - GAP, rect.bottom()));
        show_measure(ui, column, rows, measure);
    }
}

fn show_measure(ui: &mut Ui, column: Rect, rows: &[Row], measure: &Measure) {
    let colours = palette(ui);
    let (low, high) = range(measure);
    let x = |share: f64| column.left() + ((share - low) / (high - low)).clamp(0.0, 1.0) as f32 * column.width();
    let painter = ui.painter();
    painter.text(column.min, Align2::LEFT_TOP, measure.title, theme::semibold(size::LABEL), colours.muted);
    let scale = format!("{:.0} to {:.0} %", low * 100.0, high * 100.0);
    let at = pos2(column.left(), column.top() + 15.0);
    painter.text(at, Align2::LEFT_TOP, scale, theme::regular(size::LABEL), colours.muted);
    if let Some(chance) = measure.chance.filter(|chance| (low..=high).contains(chance)) {
        for index in 0..rows.len() {
            let track = column.top() + 40.0 + ROW * (index as f32 + 0.5) + 8.0;
            painter.vline(x(chance), (track - 5.0)..=(track + 5.0), Stroke::new(1.5, colours.muted));
        }
        let words = format!("| chance {:.0} %", chance * 100.0);
        let place = pos2(column.right(), column.top() + 15.0);
        painter.text(place, Align2::RIGHT_TOP, words, theme::regular(size::LABEL), colours.muted);
    }
    for (index, (row, value)) in rows.iter().zip(&measure.values).enumerate() {
        let y = column.top() + 40.0 + ROW * (index as f32 + 0.5);
        let cell = Rect::from_min_max(pos2(column.left(), y - ROW / 2.0), pos2(column.right(), y + ROW / 2.0));
        let words = value.map_or_else(|| "–".to_owned(), |value| value.percent());
        let id = ui.scope_id().with((measure.title, &row.kind));
        let response = ui.interact(cell, id, Sense::hover());
        let spoken = format!("{}, {}: {words}", row.title, measure.title);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
        response.on_hover_text(format!("{spoken}\n{}", measure.hint));
        let track = y + 8.0;
        ui.painter().hline(column.x_range(), track, Stroke::new(1.0, colours.line));
        let font = theme::regular(size::TEXT);
        ui.painter().text(pos2(column.left(), y - 6.0), Align2::LEFT_CENTER, words, font, colours.text);
        let Some(value) = value else { continue };
        let colour = parts::kind(colours, &row.kind);
        if let Some(std) = value.std {
            let (from, to) = (x(value.mean - std), x(value.mean + std));
            ui.painter().hline(from..=to, track, Stroke::new(5.0, colour.gamma_multiply(opacity::SPREAD)));
        }
        ui.painter().circle_filled(pos2(x(value.mean), track), 4.5, colour);
    }
}

/// The scale: from zero where chance is shown, else around the values in steps of ten percent.
fn range(measure: &Measure) -> (f64, f64) {
    let ends = measure.values.iter().flatten().map(|value| {
        let std = value.std.unwrap_or(0.0);
        (value.mean - std, value.mean + std)
    });
    let (low, high) = ends.fold((1.0_f64, 0.0_f64), |(low, high), end| (low.min(end.0), high.max(end.1)));
    let low = if measure.chance.is_some() || low > high { 0.0 } else { (low * 10.0).floor() / 10.0 };
    let high = if high <= 0.0 { 1.0 } else { (high * 10.0).ceil() / 10.0 };
    (low.clamp(0.0, 0.9), high.clamp(low + 0.1, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_hold_every_spread_and_begin_at_zero_where_chance_is_shown() {
        let values = vec![Spread::of([0.91, 0.93]), Spread::of([0.95]), None];
        let free = Measure { title: "", hint: "", chance: None, values: values.clone() };
        let (low, high) = range(&free);
        assert!((low - 0.9).abs() < 1e-9 && (high - 1.0).abs() < 1e-9);
        let (low, _) = range(&Measure { chance: Some(0.1), ..free });
        assert!(low.abs() < 1e-9);
        assert_eq!(range(&Measure { title: "", hint: "", chance: None, values: vec![None] }), (0.0, 1.0));
    }
}
