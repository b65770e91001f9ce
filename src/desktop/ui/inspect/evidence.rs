//! Where the evidence for a class lies: the map, the one of the class against it, their difference; before a block's
//! gates, after them, and at its output.

use std::sync::Arc;

use eframe::egui;
use egui::{Color32, ComboBox, Label, Rect, RichText, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::super::Shared;
use super::super::textures::{EvidenceLook, GateTextures};
use super::super::theme::{palette, size};
use super::super::widgets::{caption, muted, strong};
use super::asks::Asks;
use super::layout::{cell_at, cell_rect, fit};
use super::lockstep::{self, Difference};
use super::picture::{UV, outline};
use super::{Scene, Shown, readout, states, within};
use crate::compute::explain::{Evidence, Layer, METHODS, Target};
use crate::compute::imaging::ColourMap;
use crate::compute::labels::Labels;
use crate::desktop::jobs::{Explained, Inspection};
use crate::network::number::value;

/// Room below a map for what it shows.
const WORDS: f32 = 34.0;
/// The share of the height that the maps of the block take.
const AROUND: f32 = 0.34;

/// The maps, from top to bottom.
pub(super) fn show(
    ui: &mut Ui,
    room: Rect,
    scene: Scene,
    gate: Option<&Shown>,
    (asks, difference, shared): (&mut Asks, &mut Difference, &Shared),
    textures: &mut GateTextures,
    out: &mut super::Outbox,
) {
    let inspection = scene.inspection;
    if asks.class(inspection).is_none() {
        within(ui, room, |ui| {
            let said = inspection.reading.sentence().unwrap_or_else(|| "There is no class to ask about.".to_owned());
            ui.add(Label::new(said).wrap());
        });
        return;
    }
    let head = Rect::from_min_size(room.min, vec2(room.width(), size::ROW));
    within(ui, head, |ui| heading(ui, inspection, asks));
    let mut below = room;
    below.min.y = head.bottom() + size::GAP;
    let around = gate.and_then(|gate| asks.around(inspection, &gate.frame.block));
    let height = if around.is_some() { below.height() * AROUND } else { 0.0 };
    let upper = Rect::from_min_max(below.min, pos2(below.right(), below.bottom() - height));
    if asks.is_beside {
        lockstep::show(ui, upper, scene, (asks, difference, shared), textures, out);
    } else {
        let targets = asks.targets(inspection);
        // A slow method runs once a channel for each of the maps.
        let passes = asks.passes(inspection) * targets.len();
        let question = asks.evidence(inspection, targets);
        let asked = (&**inspection, &mut *asks, shared);
        let answer = within(ui, upper, |ui| states::worked_on(ui, asked, question, (passes, "Run it"), out));
        if let Some(answer) = answer {
            main_maps(ui, upper, inspection, &answer, asks, textures);
        }
    }
    if let (Some(question), Some(gate)) = (around, gate) {
        out.ask(question.clone());
        let lower = Rect::from_min_max(pos2(below.left(), upper.bottom() + size::GAP), below.max);
        match answer(shared, &question) {
            Ok(answer) => block_maps(ui, lower, inspection, answer, gate, asks, textures),
            Err(said) => within(ui, lower, |ui| states::not_explained(ui, shared, said)),
        }
    }
}

/// An answer, or why there is none: `None` while it is worked on.
pub(super) fn answer<'a>(
    shared: &Shared<'a>,
    question: &crate::compute::question::Question,
) -> Result<&'a Arc<Explained>, Option<&'a str>> {
    shared.jobs.explained(question).ok_or_else(|| shared.jobs.unexplained(question))
}

/// What is shown, and by which method.
fn heading(ui: &mut Ui, inspection: &Inspection, asks: &mut Asks) {
    let labels = labels_of(inspection);
    let names: Vec<String> =
        asks.targets(inspection).first().iter().map(|target| target.named(labels.as_ref())).collect();
    let card = asks.card();
    let layer = Layer::pooled(&inspection.graph).filter(|_| card.is_some_and(|card| card.is_of_layer));
    egui::Sides::new().height(size::ROW).shrink_left().truncate().show(
        ui,
        |ui| {
            ui.label(strong(format!("Evidence for {}", names.join(", ")), size::TITLE));
            if let Some(layer) = &layer {
                muted(ui, format!("at {}, the input of the global pooling", layer.name));
            }
        },
        |ui| {
            let combo = ComboBox::from_id_salt("method").selected_text(card.map_or("", |card| card.title));
            let combo = combo.show_ui(ui, |ui| {
                for method in METHODS {
                    let card = method.card();
                    let title =
                        if card.knows_class { card.title.to_owned() } else { format!("{} (of no class)", card.title) };
                    let line = ui.selectable_value(&mut asks.method, card.name, title);
                    line.on_hover_text(format!("{}\n{}\n{}\n{}", card.formula, card.summary, card.caution, card.paper));
                }
            });
            combo.response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("method {}", asks.method))
            });
            ui.checkbox(&mut asks.is_beside, "two networks").on_hover_text("the same photo in another network (L)");
            ui.checkbox(&mut asks.for_only, "for only").on_hover_text("cuts off what speaks against the class");
        },
    );
}

/// What an inspection's classes are called, as far as its reading knows.
pub(super) fn labels_of(inspection: &Inspection) -> Option<Labels> {
    inspection.labels.clone().or_else(|| Labels::for_classes(inspection.run.logits.len()))
}

/// The class, the class against it and their difference, on one scale.
fn main_maps(
    ui: &mut Ui,
    room: Rect,
    inspection: &Arc<Inspection>,
    answer: &Arc<Explained>,
    asks: &Asks,
    textures: &mut GateTextures,
) {
    let Explained::Evidence(maps) = &**answer else { return };
    let reach = maps.iter().map(Evidence::reach).fold(0.0, f32::max);
    let legend = 26.0;
    let upper = Rect::from_min_max(room.min, pos2(room.right(), room.bottom() - legend));
    let labels = labels_of(inspection);
    for (index, (map, rect)) in maps.iter().zip(columns(upper, maps.len())).enumerate() {
        let name = map.target.map_or_else(|| "of no class".to_owned(), |target| target.named(labels.as_ref()));
        let said = map.says_nothing(labels.as_ref()).unwrap_or_else(|| sums(map, inspection));
        let look = EvidenceLook { index, reach, for_only: asks.for_only, is_on_dark: ui.visuals().dark_mode };
        one(ui, rect, (inspection, answer, map), look, [&name, &said], textures);
    }
    let below = Rect::from_min_max(pos2(room.left(), upper.bottom()), room.max);
    within(ui, below, |ui| ramp(ui, reach, maps.first(), "one scale for all three, not the picture's own"));
}

/// `7 × 7 cells sum to 8.9 · logit 9.1`.
fn sums(map: &Evidence, inspection: &Inspection) -> String {
    let [rows, columns] = map.size;
    let place = if map.layer.is_some() { "cells" } else { "pixels" };
    let logit = map.target.map(|target| target.value(&inspection.run.logits));
    let of = match logit {
        Some(logit) => format!(" · logit {}", value(logit)),
        None => String::new(),
    };
    let notes = map.notes.iter().map(|note| format!(" · {note}")).collect::<Vec<_>>().concat();
    let stopped = if map.done < 1.0 { format!(" · stopped at {:.0} %", map.done * 100.0) } else { String::new() };
    format!("{rows} × {columns} {place} sum to {}{of}{stopped}{notes}", value(map.sum() as f32))
}

/// Before a block's gates, after them, at its output: each on its own scale.
fn block_maps(
    ui: &mut Ui,
    room: Rect,
    inspection: &Arc<Inspection>,
    answer: &Arc<Explained>,
    gate: &Shown,
    asks: &Asks,
    textures: &mut GateTextures,
) {
    let Explained::Evidence(maps) = &**answer else { return };
    let head = Rect::from_min_size(room.min, vec2(room.width(), size::LABEL + 6.0));
    within(ui, head, |ui| caption(ui, format!("{}, HiResCAM, each on its own scale", gate.frame.block)));
    let below = Rect::from_min_max(pos2(room.left(), head.bottom()), room.max);
    for ((index, map), (rect, name)) in maps.iter().enumerate().zip(columns(below, 3).into_iter().zip([
        "before the gates",
        "after the gates",
        "output",
    ])) {
        let reach = map.reach();
        let said = format!("±{}, sums to {}", value(reach), value(map.sum() as f32));
        let look = EvidenceLook { index, reach, for_only: asks.for_only, is_on_dark: ui.visuals().dark_mode };
        one(ui, rect, (inspection, answer, map), look, [name, &said], textures);
    }
}

/// Places beside each other.
pub(super) fn columns(room: Rect, count: usize) -> Vec<Rect> {
    let gap = size::PADDING;
    let width = (room.width() - gap * count.saturating_sub(1) as f32) / count.max(1) as f32;
    let left = |index: usize| room.left() + (width + gap) * index as f32;
    (0..count).map(|index| Rect::from_min_size(pos2(left(index), room.top()), vec2(width, room.height()))).collect()
}

/// A map over what the network saw, its name and a line under it.
pub(super) fn one(
    ui: &mut Ui,
    room: Rect,
    (inspection, answer, map): (&Arc<Inspection>, &Arc<Explained>, &Evidence),
    look: EvidenceLook,
    [name, said]: [&str; 2],
    textures: &mut GateTextures,
) {
    let (width, height) = inspection.prepared.crop.dimensions();
    let picture = Rect::from_min_max(room.min, pos2(room.right(), (room.bottom() - WORDS).max(room.top() + 1.0)));
    let shown = fit(picture, vec2(width as f32, height as f32));
    let shown = Rect::from_min_size(pos2(room.left(), room.top()), shown.size());
    let id = ui.scope_id().with(("evidence", name, look.index, room.left() as i32, room.top() as i32));
    let response = ui.interact(shown, id, Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, format!("evidence: {name}")));
    if let Some(texture) = textures.evidence(ui.ctx(), inspection, answer, look) {
        ui.painter().image(texture, shown, UV, Color32::WHITE);
    }
    let words = Rect::from_min_max(pos2(room.left(), shown.bottom() + 2.0), pos2(room.right(), room.bottom()));
    within(ui, words, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add(Label::new(RichText::new(name).size(size::TEXT)).truncate());
        let text = RichText::new(said).size(size::LABEL).color(palette(ui).muted);
        ui.add(Label::new(text).truncate()).on_hover_text(said);
    });
    let Some(pointer) = response.hover_pos() else { return };
    if let Some((row, column)) = cell_at(shown, map.size, pointer) {
        let painter = ui.painter_at(shown.expand(3.0));
        outline(&painter, cell_rect(shown, map.size, (row, column)), palette(ui));
        let number = map.values.get(row * map.size[1] + column).copied().unwrap_or(f32::NAN);
        readout(ui, room, pointer, &format!("row {row}, column {column}: {}", value(number)));
    }
}

/// What the colours stand for.
pub(super) fn ramp(ui: &mut Ui, reach: f32, map: Option<&Evidence>, scale: &str) {
    ui.add_space(2.0);
    ui.horizontal(|ui| {
        ui.label(format!("−{}", value(reach)));
        let (rect, _) = ui.allocate_exact_size(vec2(160.0, 12.0), Sense::hover());
        let colours = if ui.visuals().dark_mode { ColourMap::Evidence } else { ColourMap::EvidenceOnLight };
        let steps = 64;
        for step in 0..steps {
            let [r, g, b] = colours.at(step as f32 / (steps - 1) as f32);
            let left = rect.left() + rect.width() * step as f32 / steps as f32;
            let part =
                Rect::from_min_size(pos2(left, rect.top()), vec2(rect.width() / steps as f32 + 0.5, rect.height()));
            ui.painter().rect_filled(part, 0.0, Color32::from_rgb(r, g, b));
        }
        ui.painter().rect_stroke(rect, 0.0, Stroke::new(1.0, palette(ui).line), StrokeKind::Outside);
        ui.label(format!("+{}", value(reach)));
        let unit = if map.is_some_and(|map| map.layer.is_some()) { ", in logits a cell" } else { "" };
        caption(ui, format!("against · for{unit}; {scale}"));
    });
}

/// A target as a sentence of the side.
pub(super) fn named(inspection: &Inspection, class: usize) -> String {
    Target::Class(class).named(labels_of(inspection).as_ref())
}
