//! The Inspect view: the picture, what every attention gate did with it, what the network says it is.

mod channels;
mod drop;
mod layout;
mod legend;
mod model;
mod picture;
mod side;
mod states;
mod strip;
mod toolbar;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use eframe::egui;
use egui::{Rect, RichText, Ui, UiBuilder};

use self::model::{Film, Frame, Order};
use super::textures::{Detail, GateTextures, Scale};
use super::theme::{opacity, palette, size};
use super::widgets::{muted, pill, strong};
use super::{Outbox, Shared};
use crate::compute::engine::GateValues;
use crate::compute::explain::Stats;
use crate::desktop::document::Network;
use crate::desktop::jobs::Inspection;
use crate::network::graph::GateKind;

/// The view's own state.
#[derive(Default)]
pub struct InspectView {
    settings: Settings,
    film: Option<Film>,
    strip: strip::StripState,
}

/// How gates are drawn; the user's choice, kept while the program runs.
struct Settings {
    /// Of the gate over the picture, 0 to 1.
    opacity: f32,
    scale: Scale,
    detail: Detail,
    order: Order,
}

impl Default for Settings {
    fn default() -> Self {
        Self { opacity: opacity::HEAT, scale: Scale::default(), detail: Detail::default(), order: Order::default() }
    }
}

/// What is being looked at.
#[derive(Clone, Copy)]
struct Scene<'a> {
    inspection: &'a Arc<Inspection>,
    film: &'a Film,
}

/// One gate of it.
#[derive(Clone, Copy)]
struct Shown<'a> {
    index: usize,
    frame: &'a Frame,
    values: &'a GateValues,
    stats: Stats,
}

impl<'a> Scene<'a> {
    fn gate(&self, index: usize) -> Option<Shown<'a>> {
        let values = self.inspection.run.gates.get(index)?;
        let stats = *self.inspection.stats.get(index)?;
        Some(Shown { index, frame: self.film.frames.get(index)?, values, stats })
    }
}

impl Shown<'_> {
    /// `[H, W]` of a spatial gate.
    fn map_size(&self) -> [usize; 2] {
        match self.values.shape.dims() {
            [height, width] => [*height, *width],
            _ => [1, self.values.values.len()],
        }
    }

    /// `28 × 28`, `512 channels`.
    fn extent(&self) -> String {
        match self.frame.kind {
            GateKind::Spatial => {
                let [height, width] = self.map_size();
                format!("{height} × {width}")
            }
            _ => format!("{} channels", self.values.values.len()),
        }
    }

    /// Sends the selection of this gate.
    fn select(&self, out: &mut Outbox) {
        out.select_gate(self.frame.block.clone(), self.frame.gate.clone());
    }
}

impl InspectView {
    /// Shows the view.
    pub fn ui(&mut self, ui: &mut Ui, shared: &Shared, textures: &mut GateTextures, out: &mut Outbox) {
        let whole = ui.available_rect_before_wrap();
        ui.allocate_rect(whole, egui::Sense::hover());
        within(ui, whole.shrink(size::PADDING), |ui| match shared.active() {
            Some(network) => self.network(ui, network, shared, textures, out),
            None => states::no_networks(ui, out),
        });
        drop::overlay(ui, whole, shared);
    }

    fn network(
        &mut self,
        ui: &mut Ui,
        network: &Network,
        shared: &Shared,
        textures: &mut GateTextures,
        out: &mut Outbox,
    ) {
        let inspection = shared.inspection(network);
        let mut room = ui.max_rect();
        toolbar::show(ui, network, inspection.map(Arc::as_ref), shared, out);
        ui.add_space(size::GAP);
        room.min.y = ui.cursor().top().min(room.bottom());
        match inspection {
            Some(inspection) => self.inspected(ui, room, inspection, shared, textures, out),
            None => states::not_inspected(ui, network, shared, out),
        }
    }

    fn inspected(
        &mut self,
        ui: &mut Ui,
        room: Rect,
        inspection: &Arc<Inspection>,
        shared: &Shared,
        textures: &mut GateTextures,
        out: &mut Outbox,
    ) {
        let film = match self.film.take() {
            Some(film) if film.is_of(inspection) => film,
            _ => Film::of(inspection),
        };
        let scene = Scene { inspection, film: &film };
        let shown = model::chosen(&inspection.graph, shared.selection).and_then(|index| scene.gate(index));
        let areas = layout::areas(room, shown.is_some());
        let settings = &mut self.settings;
        match shown {
            Some(shown) => {
                within(ui, areas.title, |ui| title(ui, &shown, inspection, settings));
                match shown.frame.kind {
                    GateKind::Spatial => picture::show(ui, &areas, scene, &shown, settings, textures),
                    _ => channels::show(ui, &areas, &shown, settings),
                }
                within(ui, areas.strip, |ui| {
                    strip::show(ui, &areas, scene, &shown, settings.scale, textures, &mut self.strip, out);
                });
            }
            None => {
                within(ui, areas.title, states::no_attention);
                picture::show_plain(ui, areas.stage, inspection, textures);
            }
        }
        within(ui, areas.side, |ui| side::show(ui, scene, shown.as_ref(), settings, textures, out));
        self.film = Some(film);
    }
}

/// The chosen gate's name, kind and size, and the controls of how it is drawn.
fn title(ui: &mut Ui, shown: &Shown, inspection: &Inspection, settings: &mut Settings) {
    let frame = shown.frame;
    let colour = palette(ui).gate(frame.kind, frame.attention);
    // The toolbar names the picture, too.
    let is_wide = ui.available_width() > 480.0;
    egui::Sides::new().height(size::ROW).shrink_left().truncate().show(
        ui,
        |ui| {
            ui.label(strong(&frame.block, size::TITLE)).on_hover_text(&frame.gate);
            pill(ui, &frame.tag, colour);
            match frame.kind {
                GateKind::Spatial if is_wide => {
                    muted(ui, format!("{}, over {}", shown.extent(), inspection.picture.name))
                }
                _ => muted(ui, shown.extent()),
            };
        },
        |ui| match frame.kind {
            GateKind::Spatial => {
                ui.spacing_mut().slider_width = 80.0;
                let slider = ui.add(egui::Slider::new(&mut settings.opacity, 0.0..=1.0).show_value(false));
                let label = muted(ui, "opacity");
                slider.labelled_by(label.id);
                let mut is_exact = settings.detail == Detail::Exact;
                ui.checkbox(&mut is_exact, "exact").on_hover_text("one square a value, nothing interpolated");
                settings.detail = if is_exact { Detail::Exact } else { Detail::Smooth };
            }
            _ => {
                ui.radio_value(&mut settings.order, Order::Index, "by index");
                ui.radio_value(&mut settings.order, Order::Sorted, "sorted");
            }
        },
    );
}

/// Shows something in a rectangle of its own, cut off at its edges.
fn within<R>(ui: &mut Ui, rect: Rect, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let mut child = ui.new_child(UiBuilder::new().max_rect(rect).layout(egui::Layout::top_down(egui::Align::Min)));
    child.shrink_clip_rect(rect.expand(size::GAP / 2.0));
    contents(&mut child)
}

/// A gate's value as the view prints it.
fn value(number: f32) -> String {
    format!("{number:.3}")
}

/// `min 0.310 · mean 0.482 · max 0.620`.
fn range_text(stats: &Stats) -> String {
    format!("min {} · mean {} · max {}", value(stats.min), value(stats.mean), value(stats.max))
}

/// A line at the pointer that says what is under it, kept inside `bounds`.
fn readout(ui: &Ui, bounds: Rect, pointer: egui::Pos2, text: &str) {
    let colours = palette(ui);
    let text = RichText::new(text).size(size::TEXT);
    let galley = egui::WidgetText::from(text).into_galley(
        ui,
        Some(egui::TextWrapMode::Extend),
        f32::INFINITY,
        egui::TextStyle::Body,
    );
    let box_size = galley.size() + egui::vec2(2.0 * size::GAP, size::GAP);
    let mut min = pointer + egui::vec2(14.0, 14.0);
    if min.x + box_size.x > bounds.right() {
        min.x = (pointer.x - 14.0 - box_size.x).max(bounds.left());
    }
    if min.y + box_size.y > bounds.bottom() {
        min.y = (pointer.y - 14.0 - box_size.y).max(bounds.top());
    }
    let rect = Rect::from_min_size(min, box_size);
    let painter = ui.painter();
    painter.rect(
        rect,
        egui::CornerRadius::same(size::CELL_CORNER),
        colours.panel,
        egui::Stroke::new(1.0, colours.line),
        egui::StrokeKind::Inside,
    );
    painter.galley(rect.min + egui::vec2(size::GAP, size::GAP / 2.0), galley, colours.text);
}
