//! Under the picture: the colour map with its ends and the gate's range on it, the scale, the numbers.

use eframe::egui;
use egui::{Color32, Rect, Sense, Stroke, Ui, vec2};

use super::super::textures::{GateTextures, Scale};
use super::super::theme::{palette, size};
use super::picture::UV;
use super::{Scene, Settings, Shown, range_text, value, within};

/// The height of the colour bar.
const BAR: f32 = 10.0;
/// The width of a printed value with its gap.
const NUMBER: f32 = 46.0;

/// The legend of a spatial gate; `pointed` is the value under the pointer.
pub(super) fn spatial(
    ui: &mut Ui,
    rect: Rect,
    scene: Scene,
    shown: &Shown,
    settings: &mut Settings,
    textures: &mut GateTextures,
    pointed: Option<f32>,
) {
    let range = settings.scale.range(scene.inspection, shown.index);
    let ramp = textures.ramp(ui.ctx());
    within(ui, rect, |ui| {
        ui.add_space(size::GAP);
        ui.horizontal(|ui| {
            ui.set_min_height(size::ROW - 4.0);
            ui.label(value(range.0));
            let width = ui.available_width() - NUMBER;
            bar(ui, width.max(NUMBER), ramp, range, shown, pointed);
            ui.label(value(range.1));
        });
        egui::Sides::new().height(size::ROW).shrink_right().truncate().show(
            ui,
            |ui| {
                ui.radio_value(&mut settings.scale, Scale::Absolute, "absolute").on_hover_text("colours from 0 to 1");
                ui.radio_value(&mut settings.scale, Scale::Stretched, "stretched")
                    .on_hover_text("colours from this gate's smallest to its largest value");
            },
            |ui| ui.label(range_text(&shown.stats)),
        );
    });
}

/// The colour map with marks at the gate's smallest, mean and largest value, and at the value under the pointer.
fn bar(ui: &mut Ui, width: f32, ramp: egui::TextureId, (low, high): (f32, f32), shown: &Shown, pointed: Option<f32>) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, BAR + 8.0), Sense::hover());
    let band = rect.shrink2(vec2(0.0, 4.0));
    let colours = palette(ui);
    let painter = ui.painter();
    painter.image(ramp, band, UV, Color32::WHITE);
    let x = |number: f32| band.left() + band.width() * ((number - low) / (high - low)).clamp(0.0, 1.0);
    let (stats, is_scale) = (shown.stats, high > low);
    if !is_scale {
        return;
    }
    // What the gate does not reach of the colour map steps back.
    let veil = colours.canvas.gamma_multiply(0.6);
    painter.rect_filled(Rect::from_x_y_ranges(band.left()..=x(stats.min), band.y_range()), 0.0, veil);
    painter.rect_filled(Rect::from_x_y_ranges(x(stats.max)..=band.right(), band.y_range()), 0.0, veil);
    for number in [stats.min, stats.max] {
        painter.vline(x(number), rect.y_range(), Stroke::new(1.0, colours.text));
    }
    painter.circle(egui::pos2(x(stats.mean), band.bottom()), 3.0, colours.text, Stroke::new(1.5, colours.canvas));
    if let Some(number) = pointed {
        painter.vline(x(number), rect.y_range(), Stroke::new(2.0, colours.accent));
    }
}
