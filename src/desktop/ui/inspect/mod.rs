//! The Inspect view: the picture, what every attention gate did with it, what the network says it is.

mod asks;
mod brush;
mod channels;
mod classes;
mod controls;
mod drop;
mod edges;
mod effect;
mod evidence;
mod features;
mod grid;
mod layout;
mod legend;
mod lockstep;
mod model;
mod modes;
mod overview;
mod paths;
mod picture;
mod query;
mod side;
mod states;
mod strip;
mod toolbar;
mod trust;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use eframe::egui;
use egui::{Rect, RichText, Ui, UiBuilder};

use self::asks::{Asks, Mode};
use self::model::{Film, Frame, Order};
use super::scripts::visual;
use super::textures::{Detail, Face, GateTextures, Over, Scale};
use super::theme::{palette, size};
use super::widgets::{muted, pill, strong};
use super::{Outbox, Shared};
use crate::compute::explain::{Lens, Slice, Stats};
use crate::desktop::document::Network;
use crate::desktop::jobs::Inspection;
use crate::network::graph::GateKind;
use crate::network::number;

/// What the slider of the photo does.
const PHOTO: &str = "How strongly the photo shows. It moves the lightness of the map's colours, by 15 % at most, and \
                     never their hue: they stay the scale's. Hold the space bar for the photo alone.";

/// The view's own state.
#[derive(Default)]
pub struct InspectView {
    settings: Settings,
    film: Option<Film>,
    strip: strip::StripState,
}

/// How gates are drawn; the user's choice, kept while the program runs.
struct Settings {
    /// By how many per cent the photo moves the lightness of the colours over it.
    photo: u8,
    scale: Scale,
    detail: Detail,
    order: Order,
    look: Look,
    /// The channel shown; all of them, on average, where there is none.
    channel: Option<usize>,
    /// From where in the crop a matrix looks, as shares of its width and height: the same place at every depth.
    from: Option<[f32; 2]>,
    /// What is asked beyond the gate itself.
    asks: Asks,
    /// Which channels are shown, in which order.
    grid: features::Grid,
    /// The difference of two networks' maps.
    difference: lockstep::Difference,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            photo: Over::PHOTO,
            scale: Scale::default(),
            detail: Detail::default(),
            order: Order::default(),
            look: Look::default(),
            channel: None,
            from: None,
            asks: Asks::default(),
            grid: features::Grid::default(),
            difference: lockstep::Difference::default(),
        }
    }
}

/// What of a gate fills the stage, where there is a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Look {
    /// The gate over the picture.
    #[default]
    Own,
    /// Rows and columns over the picture together.
    Together,
    /// Every channel.
    Channels,
}

impl Settings {
    /// How a gate lies over the photo.
    fn over(&self, detail: Detail) -> Over {
        Over { scale: self.scale, detail, photo: self.photo }
    }

    /// The channel, if this gate has such a one.
    fn channel_of(&self, shown: &Shown) -> Option<usize> {
        self.channel.filter(|channel| *channel < shown.lens.channels())
    }

    /// What is drawn over the picture; `query` is the position a matrix looks from.
    fn face(&self, shown: &Shown, query: Option<usize>) -> Face {
        let slice = match shown.frame.kind {
            GateKind::Rows | GateKind::Columns | GateKind::Volume => {
                self.channel_of(shown).map_or(Slice::Mean, Slice::Channel)
            }
            GateKind::Matrix => query.map_or(Slice::Mean, Slice::Query),
            GateKind::Channel | GateKind::Spatial | GateKind::Paths { .. } => Slice::Mean,
        };
        match self.look {
            Look::Together if shown.frame.counterpart.is_some() => Face::Together(slice),
            Look::Own | Look::Together | Look::Channels => Face::Own(slice),
        }
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
    lens: Lens<'a>,
    stats: Stats,
}

impl<'a> Scene<'a> {
    fn gate(&self, index: usize) -> Option<Shown<'a>> {
        let lens = self.inspection.lens(index)?;
        let stats = *self.inspection.stats.get(index)?;
        Some(Shown { index, frame: self.film.frames.get(index)?, lens, stats })
    }
}

impl Shown<'_> {
    /// `28 × 28`, `512 channels`, `28 rows × 64 channels`.
    fn extent(&self) -> String {
        let shape = self.lens.shape;
        let (channels, height, width) = (self.lens.channels(), shape.height(), shape.width());
        match self.frame.kind {
            GateKind::Channel => format!("{channels} channels"),
            GateKind::Spatial => format!("{height} × {width}"),
            GateKind::Rows => format!("{height} rows × {channels} channels"),
            GateKind::Columns => format!("{width} columns × {channels} channels"),
            GateKind::Volume => format!("{channels} × {height} × {width}"),
            GateKind::Paths { paths } => format!("{paths} paths × {channels} channels"),
            GateKind::Matrix => format!("{} positions", height * width),
        }
    }

    /// The ends of the gate's absolute scale.
    fn scale(&self) -> (f32, f32) {
        self.lens.scale(&self.stats)
    }

    /// Does it need more than 0 to 1?
    fn is_widened(&self) -> bool {
        self.lens.uniform().is_none() && self.scale() != (0.0, 1.0)
    }

    fn needs(&self) -> layout::Needs {
        let has_choice = match self.frame.kind {
            GateKind::Channel | GateKind::Spatial | GateKind::Paths { .. } => false,
            GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Matrix => true,
        };
        layout::Needs {
            gate: true,
            controls: has_choice,
            note: has_choice || self.is_widened() || self.lens.uniform().is_some(),
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
        let settings = &mut self.settings;
        let mut room = room;
        let row = Rect::from_min_size(room.min, egui::vec2(room.width(), size::ROW));
        within(ui, row, |ui| modes::show(ui, inspection, &mut settings.asks));
        modes::keys(ui, inspection, shown.as_ref(), &mut settings.asks);
        room.min.y = (row.bottom() + size::GAP).min(room.bottom());
        let ranking = settings.asks.ranking(inspection).and_then(|question| shared.jobs.explained(&question));
        self.strip.effects = ranking.map_or_else(Vec::new, |answer| effect::shares(answer));
        if settings.asks.mode == Mode::Gate {
            self.gate_mode(ui, room, scene, shown.as_ref(), textures, out);
        } else {
            self.asked_mode(ui, room, scene, shown.as_ref(), shared, textures, out);
        }
        self.film = Some(film);
    }

    /// Evidence or effect: what is asked at the left, its answers in numbers at the right, the film below.
    #[expect(clippy::too_many_arguments, reason = "what is drawn, where, and who is told")]
    fn asked_mode(
        &mut self,
        ui: &mut Ui,
        room: Rect,
        scene: Scene,
        shown: Option<&Shown>,
        shared: &Shared,
        textures: &mut GateTextures,
        out: &mut Outbox,
    ) {
        let needs = layout::Needs { gate: shown.is_some(), controls: false, note: false };
        let areas = layout::areas(room, needs);
        let mut main = areas.title.union(areas.stage).union(areas.legend);
        let mut beside = areas.side;
        let settings = &mut self.settings;
        // What a gate does to the decision is told in numbers: they take half of the room.
        if settings.asks.mode == Mode::Effect && beside.left() > main.left() + size::GAP {
            let middle = room.left() + room.width() * 0.52;
            main.max.x = middle;
            beside.min.x = middle + size::PADDING;
        }
        match (settings.asks.mode, shown) {
            (Mode::Features, _) => {
                let asked = (&mut settings.asks, &mut settings.grid, shared);
                features::show(ui, (main, beside), scene, shown, asked, textures, out);
            }
            (Mode::Effect, Some(shown)) => effect::show(ui, main, scene, shown, settings, shared, textures),
            (Mode::Effect, None) => within(ui, main, states::no_attention),
            (Mode::Gate | Mode::Evidence, _) => {
                let asked = (&mut settings.asks, &mut settings.difference, shared);
                evidence::show(ui, main, scene, shown, asked, textures, out);
            }
        }
        within(ui, beside, |ui| match settings.asks.mode {
            Mode::Features => {}
            Mode::Effect => effect::side(ui, scene, shown, settings, shared, out),
            Mode::Gate | Mode::Evidence => trust::show(ui, scene, &mut settings.asks, shared, out),
        });
        if let Some(shown) = shown {
            within(ui, areas.strip, |ui| {
                strip::show(ui, &areas, scene, shown, self.settings.scale, textures, &mut self.strip, out);
            });
        }
    }

    fn gate_mode(
        &mut self,
        ui: &mut Ui,
        room: Rect,
        scene: Scene,
        shown: Option<&Shown>,
        textures: &mut GateTextures,
        out: &mut Outbox,
    ) {
        let inspection = scene.inspection;
        let needs = shown.map_or_else(layout::Needs::default, Shown::needs);
        let areas = layout::areas(room, needs);
        let settings = &mut self.settings;
        match shown {
            Some(shown) => {
                within(ui, areas.title, |ui| title(ui, shown, inspection, settings));
                if areas.controls.is_positive() {
                    within(ui, areas.controls, |ui| controls::show(ui, shown, settings));
                }
                stage(ui, &areas, scene, shown, settings, textures);
                within(ui, areas.strip, |ui| {
                    strip::show(ui, &areas, scene, shown, settings.scale, textures, &mut self.strip, out);
                });
            }
            None => {
                within(ui, areas.title, states::no_attention);
                picture::show_plain(ui, areas.stage, inspection, textures);
            }
        }
        within(ui, areas.side, |ui| side::show(ui, scene, shown, settings, textures, out));
    }
}

/// The gate, large, as what it is.
fn stage(
    ui: &mut Ui,
    areas: &layout::Areas,
    scene: Scene,
    shown: &Shown,
    settings: &mut Settings,
    textures: &mut GateTextures,
) {
    match (shown.frame.kind, settings.look) {
        (GateKind::Channel, _) | (GateKind::Volume, Look::Channels) => channels::show(ui, areas, shown, settings),
        (GateKind::Paths { .. }, _) => paths::show(ui, areas, scene, shown, settings, textures),
        (GateKind::Rows | GateKind::Columns, Look::Channels) => {
            grid::show(ui, areas, scene, shown, settings, textures);
        }
        (GateKind::Spatial | GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Matrix, _) => {
            picture::show(ui, areas, scene, shown, settings, textures);
        }
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
            let extent = shown.extent();
            let extent = match frame.kind.has_places() && is_wide {
                true => format!("{extent}, over {}", inspection.picture.name),
                false => extent,
            };
            muted(ui, visual(&extent).into_owned());
        },
        |ui| {
            let is_whole = settings.look == Look::Channels;
            let (is_picture, is_bars) = match frame.kind {
                GateKind::Channel | GateKind::Paths { .. } => (false, true),
                GateKind::Spatial | GateKind::Matrix => (true, false),
                GateKind::Rows | GateKind::Columns => (!is_whole, false),
                GateKind::Volume => (!is_whole, is_whole),
            };
            if is_picture {
                ui.spacing_mut().slider_width = 80.0;
                let slider = ui.add(egui::Slider::new(&mut settings.photo, 0..=Over::PHOTO).show_value(false));
                let label = muted(ui, "photo");
                slider.labelled_by(label.id).on_hover_text(PHOTO);
                let mut is_exact = settings.detail == Detail::Exact;
                ui.checkbox(&mut is_exact, "exact").on_hover_text("one square a value, nothing interpolated");
                settings.detail = if is_exact { Detail::Exact } else { Detail::Smooth };
            } else if is_bars {
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

/// `min 0.310 · mean 0.482 · max 0.620`.
fn range_text(stats: &Stats) -> String {
    format!("min {} · mean {} · max {}", in_short(stats.min), in_short(stats.mean), in_short(stats.max))
}

/// A gate's value as those beside it are written: in decimals, never as a power of ten. What no decimals would show is
/// as good as nothing.
fn in_short(value: f32) -> String {
    if value.abs() < 1e-6 { "0.000".to_owned() } else { number::value(value) }
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
