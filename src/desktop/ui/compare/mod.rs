//! Placeholder until the view lands.
use super::{Outbox, Shared};
use eframe::egui;

/// The view's own state.
#[derive(Default)]
pub struct CompareView {}

impl CompareView {
    /// Shows the view.
    pub fn ui(&mut self, ui: &mut egui::Ui, shared: &Shared, out: &mut Outbox) {
        let _ = (ui, shared, out);
    }
}
