//! Every gate at a glance, above a film strip that does not show them all: a bar each, as high as its mean.

use eframe::egui;
use egui::{Rect, Sense, Stroke, StrokeKind, Ui, pos2};

use super::super::theme::{palette, size};
use super::super::widgets::along;
use super::Scene;
use crate::network::number::value;

/// Room left and right of it, for the strip's title and its count.
const BESIDE: (f32, f32) = (196.0, 150.0);
/// Narrower than this it says nothing.
const LEAST: f32 = 80.0;

/// Shows it in the strip's heading; `seen` is the share of the strip in sight, from and to. Gives the gate pointed at
/// with the button down.
pub(super) fn show(ui: &Ui, strip: Rect, scene: Scene, chosen: usize, seen: (f32, f32)) -> Option<usize> {
    let count = scene.film.frames.len();
    let heading =
        Rect::from_min_max(strip.min, pos2(strip.right(), strip.top() + size::ROW)).shrink2([0.0, 3.0].into());
    let rect = Rect::from_min_max(
        pos2(heading.left() + BESIDE.0, heading.top()),
        pos2(heading.right() - BESIDE.1, heading.bottom() - 2.0),
    );
    if rect.width() < LEAST || seen.1 - seen.0 >= 0.999 || count < 2 {
        return None;
    }
    // The arrow keys do the same: it is not one more stop of the Tab key.
    let response = ui.interact(rect, ui.scope_id().with("overview"), Sense::CLICK | Sense::DRAG);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "the means of all gates"));
    let colours = palette(ui);
    let painter = ui.painter();
    painter.rect_filled(rect, 2.0, colours.sunken);
    let step = rect.width() / count as f32;
    for index in 0..count {
        let Some(gate) = scene.gate(index) else { continue };
        let height = (along(gate.stats.mean, gate.scale()) * rect.height()).max(1.0);
        let left = rect.left() + step * index as f32;
        let bar =
            Rect::from_min_max(pos2(left, rect.bottom() - height), pos2(left + (step - 1.0).max(1.0), rect.bottom()));
        let hue = colours.gate(gate.frame.kind, gate.frame.attention);
        painter.rect_filled(bar, 0.0, if index == chosen { colours.text } else { hue });
    }
    let x = |share: f32| rect.left() + rect.width() * share.clamp(0.0, 1.0);
    let window = Rect::from_x_y_ranges(x(seen.0)..=x(seen.1), rect.y_range());
    painter.rect_stroke(window, 2.0, Stroke::new(1.0, colours.muted), StrokeKind::Outside);
    let at = |place: egui::Pos2| (((place.x - rect.left()) / step).max(0.0) as usize).min(count - 1);
    let pointed = response.interact_pointer_pos().map(at);
    let is_pressed = response.clicked() || response.dragged();
    if let Some(gate) = response.hover_pos().map(at).and_then(|index| scene.gate(index)) {
        response.on_hover_text(format!("{} mean {}", gate.frame.short(), value(gate.stats.mean)));
    }
    pointed.filter(|index| is_pressed && *index != chosen)
}
