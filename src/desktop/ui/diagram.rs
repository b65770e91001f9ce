//! Shows a card's diagram: full size on a card, scaled down where there is less room.

use eframe::egui;
use egui::emath::TSTransform;
use egui::{Align2, Color32, FontId, Response, Sense, Ui, Vec2};

use super::canvas::{Canvas, family};
use super::theme::palette;
use crate::drawing::Face;
use crate::drawing::card::{Diagram, scene};

/// Shows a diagram in the middle of `room`, scaled down where it is larger; as high as it is drawn, at least `least`.
/// `name` is what a screen reader says before the diagram's lines.
pub fn show(ui: &mut Ui, diagram: &Diagram, name: &str, room: Vec2, least: f32) -> Response {
    let fitted = |natural: Vec2| (room.x / natural.x).min(room.y / natural.y).min(1.0);
    let width_of = |text: &str, points: f32, face: Face| {
        let font = FontId::new(points, family(face));
        ui.painter().layout_no_wrap(text.to_owned(), font, Color32::WHITE).size().x
    };
    let drawn = scene(diagram, fitted, &width_of);
    let natural = drawn.bounds.size();
    let scale = fitted(natural);
    let height = (natural.y * scale).max(least);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(room.x, height), Sense::hover());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Image, true, format!("{name}: {}", diagram.lines().join("; ")))
    });
    if ui.is_rect_visible(rect) {
        let origin = Align2::CENTER_CENTER.align_size_within_rect(natural * scale, rect).min;
        let view = TSTransform::new(origin.to_vec2(), scale);
        let painter = ui.painter_at(rect.expand(1.0));
        Canvas { painter: &painter, view, colours: palette(ui) }.paint(&drawn, &mut |_, _, _, _, _| false);
    }
    response
}
