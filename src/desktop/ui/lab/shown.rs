//! Which result a page shows: the user's own run, or the one that ships with the program.

use std::sync::Arc;

use eframe::egui;
use egui::Ui;

use crate::desktop::jobs::LabShelf;
use crate::desktop::ui::theme::palette;
use crate::desktop::ui::widgets;

/// The choice between two results.
pub(super) struct Shown<R> {
    precomputed: Option<Arc<R>>,
    /// The precomputed one, though there is one of the user's own.
    prefers_precomputed: bool,
}

impl<R> Shown<R> {
    pub(super) fn new(precomputed: Option<R>) -> Self {
        Self { precomputed: precomputed.map(Arc::new), prefers_precomputed: false }
    }

    /// The result to show: the user's own as soon as there is one, else the one that ships, if any does.
    pub(super) fn result(&self, shelf: &LabShelf<R>) -> Option<Arc<R>> {
        let (own, shipped) = (shelf.result.as_ref(), self.precomputed.as_ref());
        let (first, second) = if self.prefers_precomputed { (shipped, own) } else { (own, shipped) };
        first.or(second).cloned()
    }

    /// Is it the one that ships?
    pub(super) fn is_precomputed(&self, shelf: &LabShelf<R>) -> bool {
        self.precomputed.is_some() && (self.prefers_precomputed || shelf.result.is_none())
    }

    /// A new run is of interest as soon as it starts.
    pub(super) fn prefer_own(&mut self) {
        self.prefers_precomputed = false;
    }

    /// Whose result it is; where there are two, a switch.
    pub(super) fn ui(&mut self, ui: &mut Ui, shelf: &LabShelf<R>, budget: &str) {
        ui.horizontal_wrapped(|ui| {
            if self.precomputed.is_some() && shelf.result.is_some() {
                ui.selectable_value(&mut self.prefers_precomputed, false, "your run");
                ui.selectable_value(&mut self.prefers_precomputed, true, "precomputed");
            } else if self.is_precomputed(shelf) {
                widgets::pill(ui, "precomputed", palette(ui).accent)
                    .on_hover_text("Ships with gatescope. Run it yourself to see it happen.");
            } else {
                widgets::pill(ui, "your run", palette(ui).accent);
            }
            widgets::caption(ui, budget);
        });
    }
}
