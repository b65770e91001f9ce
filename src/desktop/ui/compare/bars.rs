//! Bars by stage, one a network, with attention's share in its own hue at the end.

use eframe::egui;
use egui::{Align2, Ui, vec2};
use egui_plot::{AxisHints, Bar, BarChart, GridMark, HPlacement, Plot, PlotBounds, PlotPoint, PlotTransform};

use super::model::Comparison;
use super::ticks::{self, tick};
use crate::desktop::ui::metric::{Metric, percent};
use crate::desktop::ui::theme::{self, palette, size};
use crate::network::attention;
use crate::network::cost::Cost;

/// Height of one network's bar with the gap below it, in points.
const BAR: f32 = 12.0;
/// Between the groups of two stages.
const BETWEEN: f32 = 12.0;
/// Below the bars: the axis.
const AXIS: f32 = 20.0;
/// Room for the names of stages.
const NAMES: f32 = 56.0;

/// A stretch of one bar.
#[derive(Clone, Debug, PartialEq)]
struct Segment {
    /// The attention kind; `None` for everything else.
    kind: Option<&'static str>,
    from: u64,
    value: u64,
}

/// Where the bars are: rows run downwards, one unit a stage.
struct Geometry {
    networks: usize,
    thickness: f64,
}

impl Geometry {
    fn of(networks: usize) -> Self {
        let group = BAR * networks as f32;
        Self { networks, thickness: f64::from(BAR / (group + BETWEEN)) }
    }

    fn height(&self, rows: usize) -> f32 {
        (BAR * self.networks as f32 + BETWEEN) * rows as f32
    }

    /// The middle of a network's bar in a row.
    fn middle(&self, row: usize, network: usize) -> f64 {
        row as f64 + (network as f64 - (self.networks as f64 - 1.0) / 2.0) * self.thickness
    }

    /// The row and the network at a height.
    fn at(&self, y: f64, rows: usize) -> Option<(usize, usize)> {
        let row = y.round();
        let network = ((y - row) / self.thickness + self.networks as f64 / 2.0).floor();
        let inside = row >= 0.0 && row < rows as f64 && network >= 0.0 && network < self.networks as f64;
        inside.then_some((row as usize, network as usize))
    }
}

/// A bar's stretches: everything but attention first, then each attention kind.
fn segments(comparison: &Comparison, row: usize, network: usize, metric: Metric) -> Vec<Segment> {
    let cost = comparison.rows[comparison.outer[row]].cells[network].unwrap_or_default();
    let attention = comparison.attention(row, network);
    let taken: Cost = attention.iter().map(|(_, cost)| *cost).sum();
    let rest = metric.of(cost) - metric.of(taken);
    let mut found = vec![Segment { kind: None, from: 0, value: rest }];
    let mut from = rest;
    for (kind, cost) in attention {
        let value = metric.of(*cost);
        found.push(Segment { kind: Some(*kind), from, value });
        from += value;
    }
    found
}

/// Shows the chart.
pub(super) fn show(ui: &mut Ui, comparison: &Comparison, metric: Metric) {
    let rows = comparison.outer.len();
    let geometry = Geometry::of(comparison.columns.len());
    let value = |row: usize, network: usize| {
        comparison.rows[comparison.outer[row]].cells[network].map_or(0, |cost| metric.of(cost))
    };
    let networks = comparison.columns.len();
    let most =
        (0..rows).flat_map(|row| (0..networks).map(move |network| value(row, network))).max().unwrap_or(0).max(1);
    let names: Vec<String> = comparison.outer.iter().map(|row| comparison.rows[*row].name.clone()).collect();
    let charts = charts(ui, comparison, metric, &geometry);
    // Room for the number at the end of the longest bar.
    let reach = most as f64 * 1.14;
    let bounds = PlotBounds::from_min_max([0.0, -0.5], [reach, rows as f64 - 0.5]);
    let response = plot(ui, names, metric).height(geometry.height(rows) + AXIS).show(ui, |plot| {
        plot.set_plot_bounds(bounds);
        for chart in charts {
            plot.bar_chart(chart);
        }
    });
    let spoken = format!("Bar chart: {} by stage, largest {}", metric.title(), metric.short(most));
    response.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &spoken));
    numbers(ui, &response.transform, &geometry, rows, metric, value);
    let hovered = response.response.hover_pos().map(|position| response.transform.value_from_position(position));
    if let Some((row, network)) = hovered.and_then(|point| geometry.at(point.y, rows)) {
        response.response.on_hover_ui_at_pointer(|ui| hover(ui, comparison, row, network, metric));
    }
}

/// A still plot: stages down the side, the metric along the bottom.
fn plot(ui: &Ui, names: Vec<String>, metric: Metric) -> Plot<'static> {
    let colours = palette(ui);
    let label = theme::regular(size::LABEL);
    let stage = move |mark: GridMark, _: &std::ops::RangeInclusive<f64>| {
        let is_row = mark.value >= -0.01 && (mark.value - mark.value.round()).abs() < 0.01;
        if is_row { names.get(mark.value.round() as usize).cloned().unwrap_or_default() } else { String::new() }
    };
    let side = AxisHints::new_y()
        .formatter(stage)
        .placement(HPlacement::Left)
        .min_thickness(NAMES)
        .label_spacing(egui::Rangef::new(4.0, 8.0))
        .tick_label_color(colours.muted)
        .tick_label_font(label.clone());
    let bottom = AxisHints::new_x()
        .formatter(move |mark, _| tick(metric, mark.value))
        .label_spacing(egui::Rangef::new(36.0, 60.0))
        .tick_label_color(colours.muted)
        .tick_label_font(label);
    let each = |input: egui_plot::GridInput| {
        let rows = input.bounds.0.ceil() as i64..=input.bounds.1.floor() as i64;
        rows.map(|row| GridMark { value: row as f64, step_size: 1.0 }).collect()
    };
    Plot::new("bars by stage")
        .custom_y_axes(vec![side])
        .custom_x_axes(vec![bottom])
        .y_grid_spacer(each)
        .x_grid_spacer(|input: egui_plot::GridInput| ticks::linear(input.bounds.0, input.bounds.1, 6.0))
        .invert_y(true)
        .show_grid([true, false])
        .grid_color(colours.line)
        .grid_fade(0.0)
        .grid_spacing(egui::Rangef::new(4.0, 60.0))
        .show_background(false)
        .show_crosshair(false)
        .show_x(false)
        .show_y(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .sense(egui::Sense::hover())
}

fn charts(ui: &Ui, comparison: &Comparison, metric: Metric, geometry: &Geometry) -> Vec<BarChart> {
    let colours = palette(ui);
    let chart = |(network, column): (usize, &super::model::Column)| {
        let bars = (0..comparison.outer.len()).flat_map(|row| {
            let middle = geometry.middle(row, network);
            segments(comparison, row, network, metric).into_iter().filter(|segment| segment.value > 0).map(
                move |segment| {
                    let fill = segment.kind.map_or(colours.network(column.slot), |kind| colours.attention(kind));
                    Bar::new(middle, segment.value as f64)
                        .base_offset(segment.from as f64)
                        .width(geometry.thickness * 0.84)
                        .fill(fill)
                },
            )
        });
        let name = format!("{} {}", column.letter, column.name);
        BarChart::new(name, bars.collect()).color(colours.network(column.slot)).horizontal().allow_hover(false)
    };
    comparison.columns.iter().enumerate().map(chart).collect()
}

/// Every bar's number at its end.
fn numbers(
    ui: &Ui,
    transform: &PlotTransform,
    geometry: &Geometry,
    rows: usize,
    metric: Metric,
    value: impl Fn(usize, usize) -> u64,
) {
    let colours = palette(ui);
    for row in 0..rows {
        for network in 0..geometry.networks {
            let number = value(row, network);
            let end = PlotPoint::new(number as f64, geometry.middle(row, network));
            let corner = transform.position_from_point(&end) + vec2(5.0, 0.0);
            let (text, colour) = match number {
                0 => ("–".to_owned(), colours.muted),
                _ => (metric.short(number), colours.muted),
            };
            ui.painter().text(corner, Align2::LEFT_CENTER, text, theme::regular(size::LABEL), colour);
        }
    }
}

fn hover(ui: &mut Ui, comparison: &Comparison, row: usize, network: usize, metric: Metric) {
    let column = &comparison.columns[network];
    let part = &comparison.rows[comparison.outer[row]];
    ui.label(crate::desktop::ui::widgets::strong(
        format!("{} {} · {}", column.letter, column.name, part.name),
        size::TEXT,
    ));
    let Some(cost) = part.cells[network] else {
        ui.label("has no such part");
        return;
    };
    let whole = metric.of(column.total);
    let line = |value: u64| format!("{} · {} of the network", metric.exact(value), percent(value, whole));
    ui.label(format!("{} {}", metric.title(), line(metric.of(cost))));
    for (kind, cost) in comparison.attention(row, network) {
        let title = attention::find(kind).map_or(*kind, |block| block.card().title);
        ui.colored_label(palette(ui).attention(kind), format!("of which {title} {}", line(metric.of(*cost))));
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::networks;
    use super::*;
    use crate::desktop::document::NetworkId;

    #[test]
    fn a_bar_is_the_whole_stage_with_attention_last() {
        let comparison = Comparison::of(&networks(&["resnet50", "resnet50+cbam@layer3+se@layer3.0"]), NetworkId(0));
        let row = comparison.outer.iter().position(|row| comparison.rows[*row].name == "layer3").expect("exists");
        let bar = segments(&comparison, row, 1, Metric::Params);
        assert_eq!(bar.len(), 3);
        assert_eq!(bar[0].value, segments(&comparison, row, 0, Metric::Params)[0].value);
        let end = bar.last().map(|segment| segment.from + segment.value);
        assert_eq!(end, comparison.rows[comparison.outer[row]].cells[1].map(|cost| cost.params));
    }

    #[test]
    fn a_height_finds_the_bar_that_is_there() {
        for networks in [1, 2, 3, 6] {
            let geometry = Geometry::of(networks);
            for row in 0..6 {
                for network in 0..networks {
                    assert_eq!(geometry.at(geometry.middle(row, network), 6), Some((row, network)));
                }
            }
            assert_eq!(geometry.at(-0.5, 6), None);
        }
    }
}
