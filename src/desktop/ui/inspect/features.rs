//! The channels of a layer: a grid of them all, and one large, before and after its gate.

use std::sync::Arc;

use eframe::egui;
use egui::{Color32, Label, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::super::textures::GateTextures;
use super::super::theme::{palette, size};
use super::super::widgets::{caption, muted, section, strong};
use super::super::{Outbox, Shared};
use super::asks::Asks;
use super::evidence::{answer, named};
use super::layout::{cell_at, cell_rect, fit};
use super::picture::{UV, outline};
use super::{Scene, Shown, classes, readout, side, states, within};
use crate::compute::explain::{Features, Sorted};
use crate::desktop::jobs::Explained;
use crate::network::graph::GateKind;
use crate::network::number::value;

/// The side of a channel in the grid.
const CELL: f32 = 64.0;
/// Room under it for its number and what it adds.
const WORDS: f32 = 30.0;

/// What of the layers is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    /// Which of the layers: before the gates, after them, the output.
    place: usize,
    sorted: Sorted,
    /// Is each channel on its own scale?
    is_own_scale: bool,
    chosen: usize,
}

impl Default for Grid {
    fn default() -> Self {
        Self { place: 1, sorted: Sorted::default(), is_own_scale: false, chosen: 0 }
    }
}

const PLACES: [&str; 3] = ["before the gates", "after the gates", "output"];

/// Grid and chosen channel.
pub(super) fn show(
    ui: &mut Ui,
    (main, beside): (Rect, Rect),
    scene: Scene,
    gate: Option<&Shown>,
    (asks, grid, shared): (&mut Asks, &mut Grid, &Shared),
    textures: &mut GateTextures,
    out: &mut Outbox,
) {
    let block = gate.map(|gate| gate.frame.block.as_str());
    let Some(question) = asks.features(scene.inspection, block) else {
        within(ui, main, |ui| muted(ui, "There is no class that channels could speak for."));
        return;
    };
    out.ask(question.clone());
    let answer = match answer(shared, &question) {
        Ok(answer) => answer.clone(),
        Err(said) => return within(ui, main, |ui| states::not_explained(ui, shared, said)),
    };
    let Explained::Features(layers) = &*answer else { return };
    grid.place = grid.place.min(layers.len() - 1);
    let features = &layers[grid.place];
    grid.chosen = grid.chosen.min(features.shape[0] - 1);
    let head = Rect::from_min_size(main.min, vec2(main.width(), 2.0 * size::ROW + 4.0));
    within(ui, head, |ui| heading(ui, features, layers.len(), grid));
    let below = Rect::from_min_max(pos2(main.left(), head.bottom() + size::GAP), main.max);
    within(ui, below, |ui| cells(ui, &answer, features, grid, textures));
    within(ui, beside, |ui| {
        ScrollArea::vertical().id_salt("channel").auto_shrink([false, false]).show(ui, |ui| {
            side::untrained(ui, scene);
            one(ui, scene, gate, (&answer, layers, grid), textures);
            ui.add_space(size::PADDING);
            section(ui, "Contributions to");
            for guess in &scene.inspection.reading.top {
                let name = named(scene.inspection, guess.class);
                let (figures, share) = (side::percent(guess.probability), guess.probability);
                classes::row(ui, (scene.inspection, asks), guess.class, (&name, &figures, 64.0), (share, share));
            }
            classes::search(ui, scene.inspection, asks);
        });
    });
}

fn heading(ui: &mut Ui, features: &Features, places: usize, grid: &mut Grid) {
    let [channels, height, width] = features.shape;
    ui.horizontal(|ui| {
        ui.set_min_height(size::ROW);
        let name = features.layer.name.split(':').next().unwrap_or_default();
        ui.label(strong(name, size::TITLE));
        muted(ui, format!("{channels} channels, {height} × {width}, with what each adds to the class, in logits"));
    });
    egui::Sides::new().height(size::ROW).shrink_left().truncate().show(
        ui,
        |ui| {
            if places > 1 {
                for (place, title) in PLACES.into_iter().enumerate() {
                    ui.selectable_value(&mut grid.place, place, title);
                }
            }
        },
        |ui| {
            ui.checkbox(&mut grid.is_own_scale, "own scale").on_hover_text("each channel from its own values");
            for (sorted, title) in
                [(Sorted::Index, "index"), (Sorted::Energy, "energy"), (Sorted::Contribution, "contribution")]
            {
                ui.radio_value(&mut grid.sorted, sorted, title);
            }
        },
    );
}

/// All channels; only those in sight are drawn.
fn cells(ui: &mut Ui, answer: &Arc<Explained>, features: &Features, grid: &mut Grid, textures: &mut GateTextures) {
    let order = features.order(grid.sorted);
    let columns = ((ui.available_width() + size::GAP) / (CELL + size::GAP)).floor().max(1.0) as usize;
    let rows = order.len().div_ceil(columns);
    let pitch = CELL + WORDS + size::GAP;
    let common = features.most();
    let area = ScrollArea::vertical().id_salt("grid").auto_shrink([false, false]);
    area.show_rows(ui, pitch - ui.spacing().item_spacing.y, rows, |ui, shown| {
        for row in shown {
            let width = ui.available_width();
            let (whole, _) = ui.allocate_exact_size(vec2(width, pitch - ui.spacing().item_spacing.y), Sense::hover());
            for (column, channel) in order.iter().skip(row * columns).take(columns).copied().enumerate() {
                let left = whole.left() + (CELL + size::GAP) * column as f32;
                let rect = Rect::from_min_size(pos2(left, whole.top()), vec2(CELL, CELL));
                let reach = if grid.is_own_scale { features.reach[channel] } else { common };
                let scale = (reach, features.is_signed);
                if cell(ui, rect, (answer, features, grid), channel, scale, textures) {
                    grid.chosen = channel;
                }
            }
        }
    });
}

/// One channel, small; is it clicked?
fn cell(
    ui: &Ui,
    rect: Rect,
    (answer, features, grid): (&Arc<Explained>, &Features, &Grid),
    channel: usize,
    scale: (f32, bool),
    textures: &mut GateTextures,
) -> bool {
    let colours = palette(ui);
    let response = ui.interact(rect, ui.scope_id().with(("channel", channel)), Sense::CLICK);
    let adds = value(features.contribution[channel]);
    let is_chosen = grid.chosen == channel;
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::Role::Button, true, is_chosen, format!("channel {channel}, adds {adds}"))
    });
    if let Some(texture) = textures.channel(ui.ctx(), answer, (grid.place, channel), (scale, ui.visuals().dark_mode)) {
        let [_, height, width] = features.shape;
        ui.painter().image(texture, fit(rect, vec2(width as f32, height as f32)), UV, Color32::WHITE);
    }
    if is_chosen || response.hovered() {
        let colour = if is_chosen { colours.accent } else { colours.faint };
        ui.painter().rect_stroke(rect, 2.0, Stroke::new(2.0, colour), StrokeKind::Outside);
    }
    let line = |y: f32, text: String, colour: Color32| {
        let font = super::super::theme::regular(size::LABEL);
        ui.painter().text(pos2(rect.left(), y), egui::Align2::LEFT_TOP, text, font, colour);
    };
    line(rect.bottom() + 2.0, channel.to_string(), colours.muted);
    line(rect.bottom() + 15.0, adds, colours.text);
    response.clicked()
}

/// The chosen channel, large: before its gate and after, with the gate's value between.
fn one(
    ui: &mut Ui,
    scene: Scene,
    gate: Option<&Shown>,
    (answer, layers, grid): (&Arc<Explained>, &[Features], &Grid),
    textures: &mut GateTextures,
) {
    let channel = grid.chosen;
    section(ui, &format!("Channel {channel}"));
    // The channel gate of the block, wherever in it the selection is.
    let own = gate.filter(|gate| gate.frame.kind == GateKind::Channel).copied();
    let partner = gate.and_then(|gate| gate.frame.partner).and_then(|partner| scene.gate(partner));
    let partner = partner.filter(|partner| partner.frame.kind == GateKind::Channel);
    let factor = own.or(partner).and_then(|gate| gate.lens.values.get(channel).copied());
    let large = ui.available_width().min(220.0);
    // One scale for the channel in all places, so that what the gate did is seen.
    let reach = layers.iter().filter_map(|layer| layer.reach.get(channel)).copied().fold(0.0, f32::max);
    let is_signed = layers.iter().any(|layer| layer.is_signed);
    for (place, features) in layers.iter().enumerate().filter(|(_, layer)| channel < layer.shape[0]) {
        let title = if layers.len() > 1 { PLACES[place.min(2)] } else { "output" };
        let adds = value(features.contribution[channel]);
        caption(ui, format!("{title} · adds {adds} · energy {}", value(features.energy[channel])));
        let [_, height, width] = features.shape;
        let (rect, response) = ui.allocate_exact_size(vec2(large, large * 0.62), Sense::hover());
        let shown = fit(rect, vec2(width as f32, height as f32));
        let shown = Rect::from_min_size(rect.min, shown.size());
        if let Some(texture) =
            textures.channel(ui.ctx(), answer, (place, channel), ((reach, is_signed), ui.visuals().dark_mode))
        {
            ui.painter().image(texture, shown, UV, Color32::WHITE);
        }
        if let Some(pointer) = response.hover_pos()
            && let Some((row, column)) = cell_at(shown, [height, width], pointer)
        {
            outline(&ui.painter_at(shown.expand(3.0)), cell_rect(shown, [height, width], (row, column)), palette(ui));
            let number = features.channel(channel)[row * width + column];
            readout(ui, ui.max_rect(), pointer, &format!("row {row}, column {column}: {}", value(number)));
        }
        if place == 0
            && let Some(factor) = factor
        {
            ui.add(Label::new(RichText::new(format!("× {factor:.3}, its channel gate")).size(size::TEXT)));
        }
    }
}
