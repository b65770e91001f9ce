//! Curves over a pair of axes, their names at their ends.

use std::ops::RangeInclusive;

use eframe::egui;
use egui::{Align2, Color32, Pos2, Rect, Ui, pos2};
use egui_plot::{AxisHints, GridInput, GridMark, HoverPosition, Line, LineStyle, Plot, PlotBounds, PlotPoint, Points};

use crate::compute::imaging::chart::{tick_words, ticks};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::widgets;

/// Room for a name beside the end of its curve, in points.
const NAME: f32 = 44.0;

/// A curve.
pub(super) struct Curve {
    /// What the pointer reads, and what stands at its end where `label` is given.
    pub(super) name: String,
    /// At its end.
    pub(super) label: Option<String>,
    pub(super) colour: Color32,
    pub(super) dashed: bool,
    pub(super) points: Vec<[f64; 2]>,
}

/// What the axes are.
pub(super) struct Axes<'a> {
    /// Unique in the view; spoken too.
    pub(super) name: &'a str,
    pub(super) height: f32,
    /// The range upwards; the curves' own where it is not given.
    pub(super) up: Option<(f64, f64)>,
    /// The range across; the curves' own where it is not given.
    pub(super) across: Option<(f64, f64)>,
    /// After every number of the axis upwards: ` %`.
    pub(super) unit: &'static str,
    /// What a step across is called: `epoch`.
    pub(super) step: &'static str,
    /// Words under the axis instead of numbers.
    pub(super) names: &'a [String],
}

impl Default for Axes<'_> {
    fn default() -> Self {
        Self { name: "", height: 200.0, up: None, across: None, unit: "", step: "epoch", names: &[] }
    }
}

/// Shows them.
pub(super) fn show(ui: &mut Ui, axes: &Axes, curves: &[Curve]) {
    let (across, up) = (axes.across(curves), axes.up(curves));
    let labelled = curves.iter().any(|curve| curve.label.is_some());
    let room = if labelled { f64::from(NAME / (ui.available_width() - NAME - 50.0).max(60.0)) } else { 0.02 };
    // A little air below keeps the lowest number of one axis off the first of the other.
    let air = (up.1 - up.0) * 0.03;
    let end = across.1 + (across.1 - across.0) * room;
    let bounds = PlotBounds::from_min_max([across.0, up.0 - air], [end, up.1 + air]);
    let unit = axes.unit;
    let step = axes.step;
    let plot = plot(ui, axes, across, up).label_formatter(move |hover| match hover {
        HoverPosition::NearDataPoint { plot_name, position, .. } => {
            let digits = if unit == " %" { 1 } else { 4 };
            Some(format!("{plot_name}\n{step} {:.1}: {:.digits$}{unit}", position.x, position.y))
        }
        HoverPosition::Elsewhere { .. } => None,
    });
    let response = plot.show(ui, |plot| {
        plot.set_plot_bounds(bounds);
        for curve in curves {
            let points: Vec<[f64; 2]> =
                curve.points.iter().copied().filter(|point| point.iter().all(|value| value.is_finite())).collect();
            if points.len() == 1 {
                plot.points(Points::new(curve.name.clone(), points).radius(3.0).color(curve.colour));
                continue;
            }
            let style = if curve.dashed { LineStyle::Dashed { length: 5.0 } } else { LineStyle::Solid };
            let width = if curve.dashed { 1.2 } else { 1.8 };
            plot.line(Line::new(curve.name.clone(), points).color(curve.colour).width(width).style(style));
        }
    });
    let spoken = axes.name;
    response.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, spoken));
    let ends: Vec<(&Curve, Pos2)> = curves
        .iter()
        .filter(|curve| curve.label.is_some())
        .filter_map(|curve| {
            let [x, y] = *curve.points.iter().rev().find(|point| point.iter().all(|value| value.is_finite()))?;
            Some((curve, response.transform.position_from_point(&PlotPoint::new(x, y.clamp(up.0, up.1)))))
        })
        .collect();
    let painter = ui.painter_at(response.response.rect);
    let heights: Vec<f32> = ends.iter().map(|(_, end)| end.y).collect();
    for ((curve, end), y) in ends.iter().zip(apart(&heights, *response.transform.frame())) {
        let words = curve.label.clone().unwrap_or_default();
        painter.text(pos2(end.x + 6.0, y), Align2::LEFT_CENTER, words, theme::semibold(size::LABEL), curve.colour);
    }
    ui.add_space(2.0);
}

impl Axes<'_> {
    fn across(&self, curves: &[Curve]) -> (f64, f64) {
        self.across.unwrap_or_else(|| extent(curves.iter().flat_map(|curve| &curve.points).map(|point| point[0])))
    }

    fn up(&self, curves: &[Curve]) -> (f64, f64) {
        self.up.unwrap_or_else(|| {
            let (low, high) = extent(curves.iter().flat_map(|curve| &curve.points).map(|point| point[1]));
            let room = (high - low) * 0.06;
            (low - room, high + room)
        })
    }
}

fn plot<'a>(ui: &Ui, axes: &Axes<'a>, across: (f64, f64), up: (f64, f64)) -> Plot<'a> {
    let colours = palette(ui);
    let marks = move |(low, high): (f64, f64), count: usize| -> Vec<GridMark> {
        let values = ticks(low, high, count);
        let step = values.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(1.0);
        values.into_iter().map(|value| GridMark { value, step_size: step }).collect()
    };
    let hints =
        |hints: AxisHints<'a>| hints.tick_label_color(colours.muted).tick_label_font(theme::regular(size::LABEL));
    let unit = axes.unit;
    let names: Vec<String> = axes.names.to_vec();
    let words = move |mark: GridMark, _: &RangeInclusive<f64>| match names.is_empty() {
        true => tick_words(mark.value, mark.step_size),
        false if mark.value.fract().abs() > 1e-6 => String::new(),
        false => names.get(mark.value.max(0.0) as usize).cloned().unwrap_or_default(),
    };
    let below = hints(AxisHints::new_x().formatter(words)).label_spacing(egui::Rangef::new(18.0, 30.0));
    let beside =
        hints(AxisHints::new_y().formatter(move |mark, _| format!("{}{unit}", tick_words(mark.value, mark.step_size))))
            .min_thickness(46.0);
    let counted = if axes.names.is_empty() { 7 } else { axes.names.len().max(1) };
    widgets::still_plot(axes.name, colours.line)
        .height(axes.height)
        .custom_x_axes(vec![below])
        .custom_y_axes(vec![beside])
        .x_grid_spacer(move |_: GridInput| marks(across, counted))
        .y_grid_spacer(move |_: GridInput| marks(up, 5))
}

/// Heights of labels moved apart so that none covers another, in the order given.
fn apart(heights: &[f32], frame: Rect) -> Vec<f32> {
    let line = size::LABEL + 2.0;
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|a, b| heights[*a].total_cmp(&heights[*b]));
    let mut placed = heights.to_vec();
    let mut free = frame.top() + line / 2.0;
    for index in &order {
        placed[*index] = placed[*index].max(free);
        free = placed[*index] + line;
    }
    // What was pushed out below comes back up.
    let mut limit = frame.bottom() - line / 2.0;
    for index in order.iter().rev() {
        placed[*index] = placed[*index].min(limit);
        limit = placed[*index] - line;
    }
    placed
}

/// The smallest and largest value, never the same.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    match low <= high {
        true if high > low => (low, high),
        true => (low - 0.5, high + 0.5),
        false => (0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_ends_cover_none_of_each_other_and_stay_inside() {
        let frame = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 120.0));
        let placed = apart(&[118.0, 40.0, 117.0, 41.0, 119.0], frame);
        for (index, a) in placed.iter().enumerate() {
            assert!((0.0..=120.0).contains(a), "{placed:?}");
            assert!(placed[..index].iter().all(|b| (a - b).abs() >= size::LABEL), "{placed:?}");
        }
        assert!(placed[1] < placed[3] && placed[2] < placed[0] && placed[0] < placed[4]);
    }

    #[test]
    fn one_value_and_none_still_have_a_range() {
        assert_eq!(extent([3.0].into_iter()), (2.5, 3.5));
        assert_eq!(extent([f64::NAN].into_iter()), (0.0, 1.0));
    }
}
