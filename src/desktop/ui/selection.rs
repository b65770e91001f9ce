//! Placeholder until the panel lands.
use super::{Outbox, Shared};
use eframe::egui;

/// The panel's own state.
#[derive(Default)]
pub struct SelectionPanel {}

impl SelectionPanel {
    /// Shows the panel.
    pub fn ui(&mut self, ui: &mut egui::Ui, shared: &Shared, out: &mut Outbox) {
        let _ = (ui, shared, out);
    }
}
