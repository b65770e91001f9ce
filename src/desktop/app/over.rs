//! What lies over everything: the ring around what has the keyboard, the keys of the views; and what must not.

use eframe::egui;
use egui::{Id, LayerId, Order, Stroke, StrokeKind};

use crate::desktop::ui::theme::{palette_of, size};

/// Keys that belong to a view and are no action of the menus.
pub(super) static VIEW_KEYS: &[(&str, &str)] = &[
    ("Network: select blocks", "arrow keys"),
    ("Network: set the attention of what is selected", "1 … 9"),
    ("Network: fold a stage", "F"),
    ("Network: zoom, fit", "+  −  0"),
    ("Inspect: step through the gates", "←  →"),
    ("Inspect: the photo without the map", "hold Space"),
    ("Close what lies on top, dismiss messages", "Esc"),
    ("Move on to the next control", "Tab"),
];

/// Takes the tooltips from what is about to be covered: one that is open would stay open on top of the cover. A frame
/// without it is enough, from then on nothing below the cover is pointed at.
pub(super) fn close_tooltips(ui: &mut egui::Ui, is_covered: bool) {
    let id = Id::unique("was-covered");
    let was = ui.ctx().data_mut(|data| std::mem::replace(data.get_temp_mut_or(id, false), is_covered));
    if is_covered && !was {
        // It only looks as it did: what is disabled has no tooltips.
        ui.visuals_mut().disabled_alpha = 1.0;
        ui.disable();
    }
}

/// A ring around what has the keyboard, once Tab has been used and until the pointer is.
pub(super) fn focus_ring(ctx: &egui::Context) {
    let id = Id::unique("focus-ring");
    let was = ctx.data(|data| data.get_temp::<bool>(id)).unwrap_or(false);
    let is_shown = ctx.input(|input| match (input.key_pressed(egui::Key::Tab), input.pointer.any_pressed()) {
        (true, _) => true,
        (_, true) => false,
        _ => was,
    });
    ctx.data_mut(|data| data.insert_temp(id, is_shown));
    let focused = ctx.memory(egui::Memory::focused).filter(|_| is_shown);
    let Some(response) = focused.and_then(|focused| ctx.read_response(focused)) else { return };
    let rect = response.interact_rect;
    if !rect.is_positive() {
        return;
    }
    let colours = palette_of(ctx.global_style().visuals.dark_mode);
    let painter = ctx.layer_painter(LayerId::new(Order::Tooltip, id));
    let window = ctx.content_rect().shrink(1.0);
    let ring = rect.expand(3.0).intersect(window);
    painter.rect_stroke(ring, f32::from(size::CELL_CORNER) + 2.0, Stroke::new(2.0, colours.accent), StrokeKind::Inside);
}
