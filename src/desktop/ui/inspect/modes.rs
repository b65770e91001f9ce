//! Which of the four questions fills the view, and the keys that all of them have.

use eframe::egui;
use egui::Ui;

use super::super::theme::size;
use super::super::widgets::muted;
use super::asks::{Asks, Mode};
use super::{Inspection, Shown, classes, effect};

/// What fills the view, and what is asked.
pub(super) fn show(ui: &mut Ui, inspection: &Inspection, asks: &mut Asks) {
    let count = asks.changed(&inspection.graph);
    egui::Sides::new().height(size::ROW).shrink_right().truncate().show(
        ui,
        |ui| {
            for mode in Mode::ALL {
                let text = format!("{}  {}", mode.title(), mode.key().name());
                let hover = format!("{} ({})", mode.question(), mode.key().name());
                let response = ui.selectable_label(asks.mode == mode, text).on_hover_text(hover);
                let is_chosen = asks.mode == mode;
                response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Tab, true, is_chosen, mode.title()));
                if response.clicked() {
                    asks.mode = mode;
                }
            }
        },
        |ui| {
            if count > 0 {
                muted(ui, format!("{count} of {} gates replaced", inspection.graph.gates.len()));
            }
        },
    );
}

/// The keys of all modes; none while a field has them.
pub(super) fn keys(ui: &Ui, inspection: &Inspection, shown: Option<&Shown>, asks: &mut Asks) {
    if ui.ctx().egui_wants_keyboard_input() {
        return;
    }
    let pressed = |key: egui::Key| ui.input(|input| input.key_pressed(key) && !input.modifiers.any());
    for mode in Mode::ALL {
        if pressed(mode.key()) {
            asks.mode = mode;
        }
    }
    if pressed(egui::Key::L) {
        (asks.mode, asks.is_beside) = (Mode::Evidence, asks.mode != Mode::Evidence || !asks.is_beside);
    }
    if pressed(egui::Key::X) {
        asks.swap(inspection);
    }
    if pressed(egui::Key::Slash) && asks.mode != Mode::Gate {
        classes::focus(ui);
    }
    if asks.mode == Mode::Effect {
        effect::keys(ui, shown.map(|shown| shown.frame.gate.as_str()), asks);
    }
}
