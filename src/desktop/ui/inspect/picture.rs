//! The whole picture with a gate over what the network saw of it, in true coordinates: a map, a strip, or where one
//! position looks.

use eframe::egui;
use egui::{Color32, CornerRadius, Painter, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use std::sync::Arc;

use super::super::textures::{Detail, Face, GateTextures, Over, Scale};
use super::super::theme::{Palette, opacity, palette, size};
use super::edges::{self, Edges};
use super::layout::{Areas, around, cell_at, cell_rect, crop_on_screen, fit};
use super::legend::{self, Drawn};
use super::query::{self, Query};
use super::{Inspection, Look, Scene, Settings, Shown, readout};
use crate::compute::explain::GateMap;
use crate::network::graph::GateKind;
use crate::network::number::value;

/// The whole of a texture.
pub(super) const UV: Rect = Rect { min: Pos2::ZERO, max: pos2(1.0, 1.0) };

/// Where picture and crop stand on the screen.
#[derive(Clone, Copy)]
pub(super) struct Placed {
    picture: Rect,
    crop: Rect,
}

impl Placed {
    pub(super) fn within(room: Rect, inspection: &Inspection) -> Self {
        let (width, height) = inspection.picture.pixels.dimensions();
        let extent = vec2(width as f32, height as f32);
        let picture = fit(room, extent);
        Self { picture, crop: crop_on_screen(picture, extent, &inspection.prepared.window) }
    }

    /// What the network saw.
    pub(super) fn crop(&self) -> Rect {
        self.crop
    }

    /// The height the picture needs at this width, at most `limit`.
    pub(super) fn height_for(width: f32, limit: f32, inspection: &Inspection) -> f32 {
        let (columns, rows) = inspection.picture.pixels.dimensions();
        (width * rows as f32 / columns.max(1) as f32).min(limit)
    }
}

/// The picture, the gate, the value under the pointer, the legend.
pub(super) fn show(
    ui: &mut Ui,
    areas: &Areas,
    scene: Scene,
    shown: &Shown,
    settings: &mut Settings,
    textures: &mut GateTextures,
) {
    let is_matrix = shown.frame.kind == GateKind::Matrix;
    let response = stage(ui, areas.stage, if is_matrix { Sense::click() } else { Sense::hover() });
    let is_together = settings.look == Look::Together && shown.frame.counterpart.is_some();
    let edges = Edges::of(shown.frame.kind, is_together);
    let placed = Placed::within(edges.inside(areas.stage), scene.inspection);
    let query = is_matrix.then(|| query::of(ui, &response, placed.crop, shown, settings)).flatten();
    let name = format!("{} {} over {}", shown.frame.block, shown.frame.tag, scene.inspection.picture.name);
    let name = query.as_ref().map_or(name.clone(), |query| format!("{name}, {}", query.words()));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    let face = settings.face(shown, query.as_ref().map(|query| query.index));
    let Some(map) = textures.map(scene.inspection, shown.index, face) else { return };
    let painter = ui.painter_at(areas.stage);
    paint(&painter, placed, textures.picture(ui.ctx(), scene.inspection), palette(ui));
    // What follows the pointer is smoothed by the renderer: it may be another one each frame.
    let is_passing = query.as_ref().is_some_and(|query| !query.is_kept) && settings.detail == Detail::Smooth;
    let detail = if is_passing { Detail::Small } else { settings.detail };
    let over = settings.over(detail);
    if !is_photo_alone(ui)
        && let Some(gate) = textures.over_photo(ui.ctx(), scene.inspection, shown.index, face, over)
    {
        painter.image(gate, placed.crop, UV, Color32::WHITE);
    }
    frame_crop(&painter, placed, palette(ui));
    strips(ui, placed, scene, shown, face, is_together);
    let cell = response.hover_pos().and_then(|pointer| cell_at(placed.crop, map.size, pointer));
    let pointed = cell.and_then(|cell| map.at(cell)).filter(|_| query.as_ref().is_none_or(|query| query.is_kept));
    let drawn = Drawn::new(scene, shown, settings, face, &map);
    legend::show(ui, areas.legend, shown, settings, textures, &drawn, pointed);
    if let Some(query) = &query {
        query.paint(ui, placed.crop, &map);
    }
    let Some(pointer) = response.hover_pos() else { return };
    if let Some(cell) = cell {
        outline(&painter, cell_rect(placed.crop, map.size, cell), palette(ui));
        readout(ui, areas.stage, pointer, &under_pointer(shown, &map, cell, query.as_ref()));
    } else if placed.picture.contains(pointer) {
        readout(ui, areas.stage, pointer, "cropped away: the network does not see this");
    }
}

/// Is the space bar held, and nothing there to press with it?
fn is_photo_alone(ui: &Ui) -> bool {
    ui.memory(|memory| memory.focused().is_none()) && ui.input(|input| input.key_down(egui::Key::Space))
}

/// The weights of the strips along the picture's edges.
fn strips(ui: &Ui, placed: Placed, scene: Scene, shown: &Shown, face: Face, is_together: bool) {
    let (Face::Own(slice) | Face::Together(slice)) = face else { return };
    let other = shown.frame.counterpart.filter(|_| is_together).and_then(|other| scene.gate(other));
    for gate in std::iter::once(*shown).chain(other) {
        let is_strip = matches!(gate.frame.kind, GateKind::Rows | GateKind::Columns);
        if let Some(strip) = scene.inspection.map(gate.index, slice).filter(|_| is_strip) {
            edges::paint(ui, placed.picture, placed.crop, &gate, &strip);
        }
    }
}

/// What is under the pointer, in words.
fn under_pointer(shown: &Shown, map: &GateMap, (row, column): (usize, usize), query: Option<&Query>) -> String {
    let number = map.at((row, column)).map_or_else(String::new, value);
    match (map.size, query) {
        ([_, _], Some(query)) if !query.is_kept => query.summary(shown, map),
        ([_, _], Some(_)) => {
            format!("at row {row}, column {column}: {}", query::in_shares(shown, map.at((row, column)).unwrap_or(0.0)))
        }
        ([_, 1], None) if shown.frame.kind == GateKind::Rows => format!("row {row}: {number}"),
        ([1, _], None) if shown.frame.kind == GateKind::Columns => format!("column {column}: {number}"),
        _ if shown.lens.uniform().is_some() => {
            let shares = query::in_shares(shown, map.at((row, column)).unwrap_or(0.0));
            format!("row {row}, column {column}: {shares}")
        }
        _ => format!("row {row}, column {column}: {number}"),
    }
}

/// A cell's outline, seen on any colour.
pub(super) fn outline(painter: &Painter, rect: Rect, colours: &Palette) {
    painter.rect_stroke(rect, 0.0, Stroke::new(2.5, colours.canvas), StrokeKind::Outside);
    painter.rect_stroke(rect, 0.0, Stroke::new(1.0, colours.text), StrokeKind::Outside);
}

/// The picture without any gate.
pub(super) fn show_plain(ui: &mut Ui, room: Rect, inspection: &Arc<Inspection>, textures: &mut GateTextures) {
    let response = stage(ui, room, Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &inspection.picture.name));
    let placed = Placed::within(room, inspection);
    let painter = ui.painter_at(room);
    paint(&painter, placed, textures.picture(ui.ctx(), inspection), palette(ui));
    frame_crop(&painter, placed, palette(ui));
}

/// The picture with a face of a gate over it, small, no interaction.
pub(super) fn paint_small(
    ui: &Ui,
    rect: Rect,
    scene: Scene,
    gate: Option<(usize, Face)>,
    settings: &Settings,
    textures: &mut GateTextures,
) {
    let placed = Placed::within(rect, scene.inspection);
    let painter = ui.painter_at(rect);
    paint(&painter, placed, textures.picture(ui.ctx(), scene.inspection), palette(ui));
    let over = settings.over(settings.detail);
    let gate = gate.and_then(|(gate, face)| textures.over_photo(ui.ctx(), scene.inspection, gate, face, over));
    if let Some(gate) = gate {
        painter.image(gate, placed.crop, UV, Color32::WHITE);
    }
    frame_crop(&painter, placed, palette(ui));
}

/// The picture with any texture over what the network saw, small, no interaction.
pub(super) fn paint_with(
    ui: &Ui,
    rect: Rect,
    inspection: &Arc<Inspection>,
    over: egui::TextureId,
    textures: &mut GateTextures,
) {
    let placed = Placed::within(rect, inspection);
    let painter = ui.painter_at(rect);
    paint(&painter, placed, textures.picture(ui.ctx(), inspection), palette(ui));
    painter.image(over, placed.crop, UV, Color32::WHITE);
    frame_crop(&painter, placed, palette(ui));
}

/// A gate's mean over the crop, filling a small square: for the film strip.
pub(super) fn paint_thumbnail(
    ui: &Ui,
    rect: Rect,
    inspection: &Arc<Inspection>,
    gate: usize,
    scale: Scale,
    textures: &mut GateTextures,
) {
    let (width, height) = inspection.prepared.crop.dimensions();
    let shown = fit(rect, Vec2::new(width as f32, height as f32));
    let over = Over::new(scale, Detail::Small);
    if let Some(gate) = textures.over_photo(ui.ctx(), inspection, gate, Face::default(), over) {
        ui.painter().image(gate, shown, UV, Color32::WHITE);
    }
}

/// The ground that pictures and bars stand on: it keeps its size whatever stands there.
pub(super) fn stage(ui: &Ui, rect: Rect, sense: Sense) -> egui::Response {
    ui.painter().rect_filled(rect, CornerRadius::same(size::BOX_CORNER), palette(ui).sunken);
    ui.interact(rect, ui.scope_id().with("stage"), sense)
}

fn paint(painter: &Painter, placed: Placed, picture: egui::TextureId, colours: &Palette) {
    painter.image(picture, placed.picture, UV, Color32::WHITE);
    for part in around(placed.picture, placed.crop) {
        painter.rect_filled(part, 0.0, colours.canvas.gamma_multiply(opacity::CROPPED_AWAY));
    }
}

fn frame_crop(painter: &Painter, placed: Placed, colours: &Palette) {
    painter.rect_stroke(placed.crop, 0.0, Stroke::new(1.0, colours.canvas), StrokeKind::Outside);
}
