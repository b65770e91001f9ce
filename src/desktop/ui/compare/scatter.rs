//! Parameters against MACs, one point a network.

use eframe::egui;
use egui::{Pos2, Rect, Ui, Vec2, vec2};
use egui_plot::{AxisHints, GridInput, GridMark, MarkerShape, Plot, PlotBounds, PlotPoint, Points};

use super::model::Comparison;
use super::ticks::{self, tick};
use crate::desktop::ui::metric::Metric;
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{table, widgets};

/// Height of the plot.
const HEIGHT: f32 = 260.0;
/// How near the pointer must be to a point, in points.
const NEAR: f32 = 12.0;
/// Longest label beside a point, in points of width.
const LABEL: f32 = 200.0;
/// From this ratio between largest and smallest on, an axis is logarithmic.
const LOGARITHMIC: f64 = 8.0;

/// One axis: linear, or logarithmic where values are far apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    logarithmic: bool,
    low: f64,
    high: f64,
}

impl Scale {
    /// An axis that shows all of these values with room around them.
    pub(super) fn fit(values: &[u64]) -> Self {
        let floats = values.iter().map(|value| (*value).max(1) as f64);
        let low = floats.clone().fold(f64::INFINITY, f64::min);
        let high = floats.fold(1.0, f64::max);
        if low.is_finite() && high / low >= LOGARITHMIC {
            let (low, high) = (low.log10(), high.log10());
            let room = (high - low) * 0.15;
            return Self { logarithmic: true, low: low - room, high: high + room };
        }
        let low = low.min(high);
        // Nearly equal networks are not blown up into a difference they do not have.
        let room = ((high - low) * 0.25).max(high * 0.05);
        Self { logarithmic: false, low: (low - room).max(0.0), high: high + room }
    }

    fn place(self, value: u64) -> f64 {
        let value = value.max(1) as f64;
        if self.logarithmic { value.log10() } else { value }
    }

    fn value(self, place: f64) -> f64 {
        if self.logarithmic { 10_f64.powf(place) } else { place }
    }

    /// Marks at 1, 2 and 5 times powers of ten, on either kind of axis.
    fn marks(self) -> Vec<GridMark> {
        if !self.logarithmic {
            return ticks::linear(self.low, self.high, 5.0);
        }
        let powers = self.low.floor() as i32..=self.high.ceil() as i32;
        let all = powers.flat_map(|power| [1.0_f64, 2.0, 5.0].map(|digit| digit.log10() + f64::from(power)));
        let inside = all.filter(|place| (self.low..=self.high).contains(place));
        inside.map(|value| GridMark { value, step_size: 1.0 }).collect()
    }
}

/// Shows the plot.
pub(super) fn show(ui: &mut Ui, comparison: &Comparison) {
    let params: Vec<u64> = comparison.columns.iter().map(|column| column.total.params).collect();
    let macs: Vec<u64> = comparison.columns.iter().map(|column| column.total.macs).collect();
    let (across, up) = (Scale::fit(&params), Scale::fit(&macs));
    let places: Vec<[f64; 2]> =
        params.iter().zip(&macs).map(|(params, macs)| [across.place(*params), up.place(*macs)]).collect();
    let colours = palette(ui);
    heading(ui, across, up);
    let bounds = PlotBounds::from_min_max([across.low, up.low], [across.high, up.high]);
    let response = plot(ui, across, up).show(ui, |plot| {
        plot.set_plot_bounds(bounds);
        for (network, place) in places.iter().enumerate() {
            let points = Points::new(comparison.columns[network].letter.clone(), vec![*place]);
            plot.points(
                points
                    .shape(MarkerShape::Circle)
                    .radius(5.0)
                    .color(colours.network(comparison.columns[network].slot))
                    .allow_hover(false),
            );
        }
    });
    let spoken = "Scatter plot: parameters against MACs, one point a network";
    response.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, spoken));
    let on_screen: Vec<Pos2> = places
        .iter()
        .map(|place| response.transform.position_from_point(&PlotPoint::new(place[0], place[1])))
        .collect();
    labels(ui, comparison, &on_screen, *response.transform.frame());
    let near = response.response.hover_pos().and_then(|pointer| nearest(&on_screen, pointer));
    if let Some(network) = near {
        response.response.on_hover_ui_at_pointer(|ui| {
            let column = &comparison.columns[network];
            ui.label(widgets::strong(format!("{} {}", column.letter, column.name), size::TEXT));
            for metric in Metric::of_network(column.total) {
                widgets::muted(ui, format!("{}: {}", metric.title(), metric.exact(metric.of(column.total))));
            }
        });
    }
}

/// What the axes are, and that they are logarithmic where they are.
fn heading(ui: &mut Ui, across: Scale, up: Scale) {
    let axis = |scale: Scale| if scale.logarithmic { ", logarithmic" } else { "" };
    ui.horizontal(|ui| {
        widgets::section(ui, "Parameters against MACs");
        widgets::caption(ui, format!("across: parameters{} · up: MACs{}", axis(across), axis(up)));
    });
    ui.add_space(size::GAP);
}

fn plot(ui: &Ui, across: Scale, up: Scale) -> Plot<'static> {
    let colours = palette(ui);
    let axis = |hints: AxisHints<'static>, metric: Metric, scale: Scale| {
        hints
            .formatter(move |mark, _| tick(metric, scale.value(mark.value)))
            .tick_label_color(colours.muted)
            .tick_label_font(theme::regular(size::LABEL))
    };
    let below = axis(AxisHints::new_x(), Metric::Params, across).label_spacing(egui::Rangef::new(36.0, 60.0));
    let beside = axis(AxisHints::new_y(), Metric::Macs, up).min_thickness(56.0);
    widgets::still_plot("parameters against MACs", colours.line)
        .height(HEIGHT)
        .custom_x_axes(vec![below])
        .custom_y_axes(vec![beside])
        .x_grid_spacer(move |_: GridInput| across.marks())
        .y_grid_spacer(move |_: GridInput| up.marks())
}

fn nearest(points: &[Pos2], pointer: Pos2) -> Option<usize> {
    let distance = |point: &Pos2| point.distance(pointer);
    let (index, point) = points.iter().enumerate().min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)))?;
    (distance(point) <= NEAR).then_some(index)
}

/// Paints every network's letter and name beside its point, where it covers nothing.
fn labels(ui: &Ui, comparison: &Comparison, points: &[Pos2], area: Rect) {
    let colours = palette(ui);
    let galleys: Vec<_> = comparison
        .columns
        .iter()
        .map(|column| {
            let words = format!("{} {}", column.letter, column.name);
            table::elided(ui, &words, theme::regular(size::LABEL), colours.text, LABEL.min(area.width() * 0.45))
        })
        .collect();
    let sizes: Vec<Vec2> = galleys.iter().map(|galley| galley.size()).collect();
    for (rect, galley) in place_labels(points, &sizes, area).into_iter().zip(galleys) {
        // The grid stays behind the words.
        ui.painter().rect_filled(rect.expand(2.0), f32::from(size::CELL_CORNER), colours.canvas.gamma_multiply(0.85));
        ui.painter().galley(rect.min, galley, colours.text);
    }
}

/// Places a label for each point: right, left, above or below, further off where it must, the first place where
/// it covers neither a point nor an earlier label and stays inside.
fn place_labels(points: &[Pos2], sizes: &[Vec2], area: Rect) -> Vec<Rect> {
    let mut taken: Vec<Rect> = points.iter().map(|point| Rect::from_center_size(*point, Vec2::splat(10.0))).collect();
    let mut placed = Vec::with_capacity(points.len());
    for (point, label) in points.iter().zip(sizes) {
        let candidates: Vec<Rect> = (1..=4).flat_map(|ring| around(*point, *label, ring as f32 * 9.0)).collect();
        let is_free = |rect: &&Rect| area.contains_rect(**rect) && !taken.iter().any(|other| other.intersects(**rect));
        let rect = candidates.iter().find(is_free).or(candidates.first()).copied().unwrap_or(Rect::NOTHING);
        taken.push(rect);
        placed.push(rect);
    }
    placed
}

/// A label right, left, above, below and at the corners of a point, this far away.
fn around(point: Pos2, label: Vec2, away: f32) -> [Rect; 8] {
    let (w, h) = (label.x / 2.0, label.y / 2.0);
    [
        vec2(away + w, 0.0),
        vec2(-away - w, 0.0),
        vec2(0.0, -away - h),
        vec2(0.0, away + h),
        vec2(away + w, -away - h),
        vec2(away + w, away + h),
        vec2(-away - w, -away - h),
        vec2(-away - w, away + h),
    ]
    .map(|offset| Rect::from_center_size(point + offset, label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn labels_cover_neither_points_nor_each_other() {
        let area = Rect::from_min_size(Pos2::ZERO, vec2(600.0, 240.0));
        let points = [pos2(100.0, 100.0), pos2(150.0, 101.0), pos2(105.0, 108.0), pos2(590.0, 4.0), pos2(99.0, 99.0)];
        let labels = place_labels(&points, &[vec2(80.0, 14.0); 5], area);
        for (index, label) in labels.iter().enumerate() {
            assert!(area.contains_rect(*label), "{label:?}");
            assert!(!points.iter().any(|point| label.contains(*point)), "{label:?}");
            assert!(!labels[..index].iter().any(|other| other.intersects(*label)), "{label:?}");
        }
    }

    #[test]
    fn axes_hold_every_value_and_turn_logarithmic_when_values_are_far_apart() {
        let near = Scale::fit(&[25_557_032, 28_089_624]);
        assert!(!near.logarithmic && near.low < 25_557_032.0 && near.high > 28_089_624.0);
        let far = Scale::fit(&[272_474, 60_192_808]);
        assert!(far.logarithmic && far.low < 272_474_f64.log10() && far.high > 60_192_808_f64.log10());
        for scale in [near, far, Scale::fit(&[7]), Scale::fit(&[5, 5])] {
            assert!(scale.marks().len() >= 2, "{scale:?} {:?}", scale.marks());
        }
    }
}
