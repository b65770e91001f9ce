//! A gate over paths, large: each channel's shares stacked, what the paths are, how much each has on average.

use std::borrow::Cow;

use eframe::egui;
use egui::{Rect, Sense, Shape, Stroke, StrokeKind, Ui, pos2, vec2};

use super::super::shares::{self, Shares};
use super::super::textures::GateTextures;
use super::super::theme::{palette, size};
use super::super::widgets::caption;
use super::channels::{axis, ends};
use super::layout::Areas;
use super::model::Order;
use super::picture::stage;
use super::{Scene, Settings, Shown, readout, within};
use crate::compute::explain::bars;
use crate::network::number::value;

/// Room for the axis.
const AXIS: f32 = 40.0;
/// The least width of a bar with its gap.
const BAR: f32 = 3.0;

/// The stacked bars, the shares under the pointer, the paths with their means.
pub(super) fn show(
    ui: &mut Ui,
    areas: &Areas,
    scene: Scene,
    shown: &Shown,
    settings: &Settings,
    textures: &mut GateTextures,
) {
    let response = stage(ui, areas.stage, Sense::hover());
    let Some(shares) = textures.shares(scene.inspection, shown.index) else { return };
    let mean = shares.words(&shares.means);
    let name = format!("{} {}: {}, on average {mean}", shown.frame.block, shown.frame.tag, shown.extent());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    let plot = Rect::from_min_max(
        areas.stage.min + vec2(AXIS, size::PADDING),
        areas.stage.max - vec2(size::PADDING, 1.5 * size::PADDING),
    );
    if !plot.is_positive() {
        return;
    }
    let colours = palette(ui);
    let colour = colours.gate(shown.frame.kind, shown.frame.attention);
    axis(ui, plot, (0.0, 1.0));
    let order: Cow<[usize]> = match settings.order {
        Order::Sorted => shares.order.as_slice().into(),
        Order::Index => (0..shares.order.len()).collect(),
    };
    let bars = bars(&shares.values, &order, (plot.width() / BAR) as usize);
    shares::paint(ui.painter(), plot, &bars, colours, colour);
    equal_shares(ui, plot, shares.names.len());
    ends(ui, plot, settings.order, order.len());
    if let Some(pointer) = response.hover_pos().filter(|pointer| plot.x_range().contains(pointer.x)) {
        let place = ((pointer.x - plot.left()) / plot.width()).clamp(0.0, 1.0);
        let rank = ((place * order.len() as f32) as usize).min(order.len() - 1);
        let pitch = plot.width() / bars.len() as f32;
        let left = plot.left() + pitch * ((place * bars.len() as f32) as usize).min(bars.len() - 1) as f32;
        let lit = Rect::from_min_max(pos2(left, plot.top()), pos2(left + pitch, plot.bottom()));
        ui.painter().rect_stroke(lit, 0.0, Stroke::new(1.0, colours.text), StrokeKind::Outside);
        let channel = order[rank];
        let own: Vec<f32> = shares.values.iter().map(|path| path[channel]).collect();
        readout(ui, areas.stage, pointer, &format!("channel {channel}: {}", shares.words(&own)));
    }
    within(ui, areas.legend, |ui| legend(ui, shown, &shares));
}

/// Dashed where the boundaries would be if all paths had the same share.
fn equal_shares(ui: &Ui, plot: Rect, paths: usize) {
    for path in 1..paths {
        let y = plot.bottom() - plot.height() * path as f32 / paths as f32;
        let ends = [pos2(plot.left(), y), pos2(plot.right(), y)];
        ui.painter().extend(Shape::dashed_line(&ends, Stroke::new(1.0, palette(ui).text), 4.0, 4.0));
    }
}

/// The paths as they are stacked, the highest first, each with its mean share.
fn legend(ui: &mut Ui, shown: &Shown, shares: &Shares) {
    let colours = palette(ui);
    let colour = colours.gate(shown.frame.kind, shown.frame.attention);
    ui.add_space(size::GAP);
    ui.horizontal_wrapped(|ui| {
        for (path, (name, mean)) in shares.names.iter().zip(&shares.means).enumerate() {
            let (square, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
            ui.painter().rect_filled(square, 2.0, colours.path(colour, path, shares.names.len()));
            ui.label(format!("{name}: mean share {}", value(*mean)));
            ui.add_space(size::GAP);
        }
    });
    let (low, high) = (value(shown.stats.min), value(shown.stats.max));
    caption(ui, format!("shares from {low} to {high}; a channel's sum to 1; dashed: equal shares"));
}
