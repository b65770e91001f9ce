//! A channel gate, large: one bar a channel, sorted or by index, on an absolute 0..1 scale; of a gate with positions
//! as well, the means of its channels.

use std::borrow::Cow;

use eframe::egui;
use egui::{Align2, Color32, Painter, Rect, Shape, Stroke, StrokeKind, Ui, pos2, vec2};

use super::super::theme::{self, opacity, palette, size};
use super::super::widgets::{along, muted};
use super::layout::Areas;
use super::model::{Column, Order, columns};
use super::picture::stage;
use super::{Settings, Shown, range_text, readout, within};
use crate::compute::explain::Stats;
use crate::network::graph::GateKind;
use crate::network::number::value;

/// Above this a channel is as good as open, below the other as good as closed.
const OPEN: f32 = 0.95;
const CLOSED: f32 = 0.05;
/// Said where the scale is not 0..1.
pub(super) const WIDENED: &str = "this gate leaves 0..1: the scale is widened to its values";
/// Room for the axis.
const AXIS: f32 = 40.0;
/// The least width of a bar with its gap.
const BAR: f32 = 3.0;

/// The bars, the value under the pointer, the counts.
pub(super) fn show(ui: &mut Ui, areas: &Areas, shown: &Shown, settings: &Settings) {
    let response = stage(ui, areas.stage, egui::Sense::hover());
    let name = format!("{} {}: {}", shown.frame.block, shown.frame.tag, shown.extent());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    let plot = Rect::from_min_max(
        areas.stage.min + vec2(AXIS, size::PADDING),
        areas.stage.max - vec2(size::PADDING, 1.5 * size::PADDING),
    );
    let colour = palette(ui).gate(shown.frame.kind, shown.frame.attention);
    let (values, range) = (shown.frame.channels(&shown.lens), shown.scale());
    if !plot.is_positive() || values.is_empty() {
        return;
    }
    axis(ui, plot, range);
    let order: Cow<[usize]> = match settings.order {
        Order::Sorted => shown.frame.order(values).into(),
        Order::Index => (0..values.len()).collect(),
    };
    let ordered: Vec<f32> = order.iter().map(|index| values[*index]).collect();
    let bars = columns(&ordered, (plot.width() / BAR) as usize);
    paint_bars(ui.painter(), plot, &bars, range, colour);
    thresholds(ui, plot, shown.stats.mean, range);
    ends(ui, plot, settings.order, values.len());
    if let Some(pointer) = response.hover_pos().filter(|pointer| plot.x_range().contains(pointer.x)) {
        let place = (pointer.x - plot.left()) / plot.width();
        let rank = ((place * values.len() as f32) as usize).min(values.len() - 1);
        let lit =
            bar_rect(plot, ((place * bars.len() as f32) as usize).min(bars.len() - 1), bars.len(), range.1, range);
        ui.painter().rect_stroke(lit, 0.0, Stroke::new(1.0, palette(ui).muted), StrokeKind::Outside);
        let ranked = match settings.order {
            Order::Sorted => format!(", rank {} of {}", rank + 1, values.len()),
            Order::Index => String::new(),
        };
        readout(ui, areas.stage, pointer, &format!("channel {}: {}{ranked}", order[rank], value(ordered[rank])));
    }
    within(ui, areas.legend, |ui| legend(ui, shown, values, bars.len()));
}

fn legend(ui: &mut Ui, shown: &Shown, values: &[f32], bars: usize) {
    let count = |is_counted: &dyn Fn(f32) -> bool| values.iter().filter(|value| is_counted(**value)).count();
    let counts = match shown.is_widened() {
        false => format!("{} above {OPEN} · {} below {CLOSED}", count(&|v| v > OPEN), count(&|v| v < CLOSED)),
        true => format!("{} above 1 · {} below 0", count(&|v| v > 1.0), count(&|v| v < 0.0)),
    };
    ui.add_space(size::GAP);
    let stats = if shown.frame.kind == GateKind::Channel { shown.stats } else { Stats::of(values) };
    egui::Sides::new().height(size::ROW - 4.0).shrink_right().truncate().show(
        ui,
        |ui| ui.label(counts),
        |ui| ui.label(range_text(&stats)),
    );
    let per_bar = values.len().div_ceil(bars.max(1));
    let text = match per_bar {
        1 => "one bar a channel".to_owned(),
        _ => format!("up to {per_bar} channels a bar: solid to their mean, pale to their largest"),
    };
    let of_what = if shown.frame.kind == GateKind::Channel { "" } else { "; a channel's mean over its positions" };
    muted(ui, format!("{text}{of_what}"));
    if shown.is_widened() {
        muted(ui, WIDENED);
    }
}

/// Bars over the whole width; solid to the mean, pale to the largest value.
pub(super) fn paint_bars(painter: &Painter, plot: Rect, bars: &[Column], range: (f32, f32), colour: Color32) {
    for (index, bar) in bars.iter().enumerate() {
        if bar.max > bar.mean {
            painter.rect_filled(
                bar_rect(plot, index, bars.len(), bar.max, range),
                0.0,
                colour.gamma_multiply(opacity::SPREAD),
            );
        }
        painter.rect_filled(bar_rect(plot, index, bars.len(), bar.mean, range), 0.0, colour);
    }
}

/// A bar's place, standing on zero or hanging from it; a value that is no number leaves it empty.
pub(super) fn bar_rect(plot: Rect, index: usize, count: usize, number: f32, range: (f32, f32)) -> Rect {
    let pitch = plot.width() / count.max(1) as f32;
    let left = plot.left() + pitch * index as f32;
    // A whole point or nothing: a part of one would be rounded differently from bar to bar.
    let gap = if pitch >= BAR { 1.0 } else { 0.0 };
    let y = |number: f32| plot.bottom() - plot.height() * along(number, range);
    let (zero, end) = (y(0.0), y(number));
    Rect::from_min_max(pos2(left, zero.min(end)), pos2(left + pitch - gap, zero.max(end)))
}

pub(super) fn axis(ui: &Ui, plot: Rect, range: (f32, f32)) {
    let colours = palette(ui);
    let mut last = f32::INFINITY;
    for (label, number) in ticks(range) {
        let y = plot.bottom() - plot.height() * along(number, range);
        if (last - y).abs() < size::LABEL {
            continue;
        }
        last = y;
        ui.painter().hline(plot.x_range(), y, Stroke::new(1.0, colours.line));
        let at = pos2(plot.left() - size::GAP, y);
        ui.painter().text(at, Align2::RIGHT_CENTER, label, theme::regular(size::LABEL), colours.muted);
    }
}

/// Quarters of 0..1; of a wider scale its ends, 0 and 1.
fn ticks((low, high): (f32, f32)) -> Vec<(String, f32)> {
    if (low, high) == (0.0, 1.0) {
        return [("0", 0.0), ("0.25", 0.25), ("0.5", 0.5), ("0.75", 0.75), ("1", 1.0)]
            .map(|(label, number)| (label.to_owned(), number))
            .to_vec();
    }
    let label = |number: f32| if number.fract() == 0.0 { format!("{number}") } else { format!("{number:.2}") };
    let mut ticks = vec![low, 0.0, 1.0, high];
    ticks.dedup();
    ticks.into_iter().map(|number| (label(number), number)).collect()
}

/// Dashed where channels count as open and closed, and a line at the mean.
fn thresholds(ui: &Ui, plot: Rect, mean: f32, range: (f32, f32)) {
    let colours = palette(ui);
    let y = |number: f32| plot.bottom() - plot.height() * along(number, range);
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
pub(super) fn ends(ui: &Ui, plot: Rect, order: Order, count: usize) {
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
