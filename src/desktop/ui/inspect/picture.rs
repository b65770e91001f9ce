//! The whole picture with a spatial gate over what the network saw of it, in true coordinates.

use eframe::egui;
use egui::{Color32, CornerRadius, Painter, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use std::sync::Arc;

use super::super::textures::{Detail, GateTextures, Scale};
use super::super::theme::{Palette, opacity, palette, size};
use super::layout::{Areas, around, cell_at, cell_rect, crop_on_screen, fit};
use super::{Inspection, Scene, Settings, Shown, legend, readout, value};

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
    let response = stage(ui, areas.stage);
    let name = format!("{} {} over {}", shown.frame.block, shown.frame.tag, scene.inspection.picture.name);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    let placed = Placed::within(areas.stage, scene.inspection);
    let colours = palette(ui);
    let painter = ui.painter_at(areas.stage);
    let gate = textures.gate(ui.ctx(), scene.inspection, shown.index, settings.scale, settings.detail);
    paint(&painter, placed, textures.picture(ui.ctx(), scene.inspection), colours);
    if let Some(gate) = gate {
        painter.image(gate, placed.crop, UV, Color32::WHITE.gamma_multiply(settings.opacity));
    }
    frame_crop(&painter, placed, colours);
    let pointed = response.hover_pos().and_then(|pointer| under(placed, shown, pointer));
    legend::spatial(ui, areas.legend, scene, shown, settings, textures, pointed.map(|(_, value)| value));
    if let (Some(pointer), Some((cell, number))) = (response.hover_pos(), pointed) {
        let rect = cell_rect(placed.crop, shown.map_size(), cell);
        painter.rect_stroke(rect, 0.0, Stroke::new(2.5, colours.canvas), StrokeKind::Outside);
        painter.rect_stroke(rect, 0.0, Stroke::new(1.0, colours.text), StrokeKind::Outside);
        readout(ui, areas.stage, pointer, &format!("row {}, column {}: {}", cell.0, cell.1, value(number)));
    } else if let Some(pointer) = response.hover_pos().filter(|pointer| placed.picture.contains(*pointer)) {
        readout(ui, areas.stage, pointer, "cropped away: the network does not see this");
    }
}

/// The cell and the value at a point.
fn under(placed: Placed, shown: &Shown, pointer: Pos2) -> Option<((usize, usize), f32)> {
    let size = shown.map_size();
    let cell = cell_at(placed.crop, size, pointer)?;
    shown.values.values.get(cell.0 * size[1] + cell.1).map(|value| (cell, *value))
}

/// The picture without any gate.
pub(super) fn show_plain(ui: &mut Ui, room: Rect, inspection: &Arc<Inspection>, textures: &mut GateTextures) {
    let response = stage(ui, room);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &inspection.picture.name));
    let placed = Placed::within(room, inspection);
    let painter = ui.painter_at(room);
    paint(&painter, placed, textures.picture(ui.ctx(), inspection), palette(ui));
    frame_crop(&painter, placed, palette(ui));
}

/// The picture with a gate over it, small: `size` wide and high at most, no interaction.
pub(super) fn paint_small(
    ui: &Ui,
    rect: Rect,
    scene: Scene,
    gate: Option<usize>,
    settings: &Settings,
    textures: &mut GateTextures,
) {
    let placed = Placed::within(rect, scene.inspection);
    let painter = ui.painter_at(rect);
    paint(&painter, placed, textures.picture(ui.ctx(), scene.inspection), palette(ui));
    let gate = gate.and_then(|gate| textures.gate(ui.ctx(), scene.inspection, gate, settings.scale, settings.detail));
    if let Some(gate) = gate {
        painter.image(gate, placed.crop, UV, Color32::WHITE.gamma_multiply(settings.opacity));
    }
    frame_crop(&painter, placed, palette(ui));
}

/// A spatial gate over the crop, filling a small square: for the film strip.
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
    ui.painter().image(textures.crop(ui.ctx(), inspection), shown, UV, Color32::WHITE);
    if let Some(heat) = textures.gate(ui.ctx(), inspection, gate, scale, Detail::Small) {
        ui.painter().image(heat, shown, UV, Color32::WHITE.gamma_multiply(opacity::THUMBNAIL));
    }
}

/// The ground that pictures and bars stand on: it keeps its size whatever stands there.
pub(super) fn stage(ui: &Ui, rect: Rect) -> egui::Response {
    ui.painter().rect_filled(rect, CornerRadius::same(size::BOX_CORNER), palette(ui).sunken);
    ui.interact(rect, ui.scope_id().with("stage"), Sense::hover())
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
