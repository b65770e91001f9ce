//! A channel gate, large: one bar a channel, sorted or by index, on an absolute 0..1 scale.

use std::borrow::Cow;

use eframe::egui;
use egui::{Align2, Color32, Painter, Rect, Shape, Stroke, StrokeKind, Ui, pos2, vec2};

use super::super::theme::{self, opacity, palette, size};
use super::super::widgets::muted;
use super::layout::Areas;
use super::model::{Column, Order, columns};
use super::picture::stage;
use super::{Settings, Shown, range_text, readout, value, within};

/// Above this a channel is as good as open, below the other as good as closed.
const OPEN: f32 = 0.95;
const CLOSED: f32 = 0.05;
/// Room for the axis.
const AXIS: f32 = 40.0;
/// The least width of a bar with its gap.
const BAR: f32 = 3.0;

/// The bars, the value under the pointer, the counts.
pub(super) fn show(ui: &mut Ui, areas: &Areas, shown: &Shown, settings: &Settings) {
    let response = stage(ui, areas.stage);
    let name = format!("{} {}: {}", shown.frame.block, shown.frame.tag, shown.extent());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    let plot = Rect::from_min_max(
        areas.stage.min + vec2(AXIS, size::PADDING),
        areas.stage.max - vec2(size::PADDING, 1.5 * size::PADDING),
    );
    let colour = palette(ui).gate(shown.frame.kind, shown.frame.attention);
    let values = &shown.values.values;
    if !plot.is_positive() || values.is_empty() {
        return;
    }
    axis(ui, plot);
    let order: Cow<[usize]> = match settings.order {
        Order::Sorted => shown.frame.order(values).into(),
        Order::Index => (0..values.len()).collect(),
    };
    let ordered: Vec<f32> = order.iter().map(|index| values[*index]).collect();
    let bars = columns(&ordered, (plot.width() / BAR) as usize);
    paint_bars(ui.painter(), plot, &bars, colour);
    thresholds(ui, plot, shown.stats.mean);
    along(ui, plot, settings.order, values.len());
    if let Some(pointer) = response.hover_pos().filter(|pointer| plot.x_range().contains(pointer.x)) {
        let place = (pointer.x - plot.left()) / plot.width();
        let rank = ((place * values.len() as f32) as usize).min(values.len() - 1);
        let lit = bar_rect(plot, ((place * bars.len() as f32) as usize).min(bars.len() - 1), bars.len(), 1.0);
        ui.painter().rect_stroke(lit, 0.0, Stroke::new(1.0, palette(ui).muted), StrokeKind::Outside);
        let ranked = match settings.order {
            Order::Sorted => format!(", rank {} of {}", rank + 1, values.len()),
            Order::Index => String::new(),
        };
        readout(ui, areas.stage, pointer, &format!("channel {}: {}{ranked}", order[rank], value(ordered[rank])));
    }
    within(ui, areas.legend, |ui| legend(ui, shown, bars.len()));
}

fn legend(ui: &mut Ui, shown: &Shown, bars: usize) {
    let values = &shown.values.values;
    let open = values.iter().filter(|value| **value > OPEN).count();
    let closed = values.iter().filter(|value| **value < CLOSED).count();
    ui.add_space(size::GAP);
    egui::Sides::new().height(size::ROW - 4.0).shrink_right().truncate().show(
        ui,
        |ui| ui.label(format!("{open} above {OPEN} · {closed} below {CLOSED}")),
        |ui| ui.label(range_text(&shown.stats)),
    );
    let per_bar = values.len().div_ceil(bars.max(1));
    let text = match per_bar {
        1 => "one bar a channel".to_owned(),
        _ => format!("up to {per_bar} channels a bar: solid to their mean, pale to their largest"),
    };
    muted(ui, text);
}

/// Bars over the whole width; solid to the mean, pale to the largest value.
pub(super) fn paint_bars(painter: &Painter, plot: Rect, bars: &[Column], colour: Color32) {
    for (index, bar) in bars.iter().enumerate() {
        if bar.max > bar.mean {
            painter.rect_filled(
                bar_rect(plot, index, bars.len(), bar.max),
                0.0,
                colour.gamma_multiply(opacity::SPREAD),
            );
        }
        painter.rect_filled(bar_rect(plot, index, bars.len(), bar.mean), 0.0, colour);
    }
}

/// A bar's place; a value that is no number leaves it empty.
pub(super) fn bar_rect(plot: Rect, index: usize, count: usize, number: f32) -> Rect {
    let pitch = plot.width() / count.max(1) as f32;
    let left = plot.left() + pitch * index as f32;
    // A whole point or nothing: a part of one would be rounded differently from bar to bar.
    let gap = if pitch >= BAR { 1.0 } else { 0.0 };
    let number = if number.is_nan() { 0.0 } else { number.clamp(0.0, 1.0) };
    Rect::from_min_max(pos2(left, plot.bottom() - plot.height() * number), pos2(left + pitch - gap, plot.bottom()))
}

fn axis(ui: &Ui, plot: Rect) {
    let colours = palette(ui);
    for (label, number) in [("1", 1.0), ("0.75", 0.75), ("0.5", 0.5), ("0.25", 0.25), ("0", 0.0)] {
        let y = plot.bottom() - plot.height() * number;
        ui.painter().hline(plot.x_range(), y, Stroke::new(1.0, colours.line));
        let at = pos2(plot.left() - size::GAP, y);
        ui.painter().text(at, Align2::RIGHT_CENTER, label, theme::regular(size::LABEL), colours.muted);
    }
}

/// Dashed where channels count as open and closed, and a line at the mean.
fn thresholds(ui: &Ui, plot: Rect, mean: f32) {
    let colours = palette(ui);
    let y = |number: f32| plot.bottom() - plot.height() * number.clamp(0.0, 1.0);
    for number in [OPEN, CLOSED] {
        let ends = [pos2(plot.left(), y(number)), pos2(plot.right(), y(number))];
        ui.painter().extend(Shape::dashed_line(&ends, Stroke::new(1.0, colours.faint), 4.0, 4.0));
    }
    if mean.is_nan() {
        return;
    }
    ui.painter().hline(plot.x_range(), y(mean), Stroke::new(1.0, colours.text));
    let galley =
        ui.painter().layout_no_wrap(format!("mean {}", value(mean)), theme::regular(size::LABEL), colours.text);
    let min = pos2(plot.right() - galley.size().x - 4.0, y(mean) - galley.size().y - 3.0);
    let ground = Rect::from_min_size(min, galley.size()).expand2(vec2(4.0, 1.0));
    ui.painter().rect_filled(ground, f32::from(size::CELL_CORNER), colours.sunken.gamma_multiply(0.85));
    ui.painter().galley(min, galley, colours.text);
}

/// What the ends of the horizontal axis are.
fn along(ui: &Ui, plot: Rect, order: Order, count: usize) {
    let colours = palette(ui);
    let (first, last) = match order {
        Order::Sorted => ("largest".to_owned(), "smallest".to_owned()),
        Order::Index => ("channel 0".to_owned(), format!("{}", count.saturating_sub(1))),
    };
    let y = plot.bottom() + size::GAP / 2.0;
    let font = theme::regular(size::LABEL);
    ui.painter().text(pos2(plot.left(), y), Align2::LEFT_TOP, first, font.clone(), colours.muted);
    ui.painter().text(pos2(plot.right(), y), Align2::RIGHT_TOP, last, font, colours.muted);
}
