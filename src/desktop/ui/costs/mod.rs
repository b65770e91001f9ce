//! The cost table of the active network: a tree of parts and layers with totals, shares and the numbers written out.

mod columns;
mod export;
mod model;
mod paint;
mod shares;
mod shown;
mod summary;
#[cfg(test)]
mod tests;
mod written;

use std::sync::Arc;

use eframe::egui;
use egui::{Key as Press, Ui};

use self::model::Tree;
use self::shown::{Base, Folds, Shown, Sort};
use super::theme::size;
use super::{Outbox, Shared, widgets};
use crate::desktop::document::Network;

/// In a lower window the view scrolls.
const LOWEST: f32 = 470.0;

/// The view's own state.
#[derive(Default)]
pub struct CostsView {
    tree: Option<Tree>,
    /// What is open in the tree, and in the tree of what the filter found.
    folds: Folds,
    found: Folds,
    sort: Option<Sort>,
    filter: String,
    shown: Shown,
    /// `shown` no longer follows from the rest.
    stale: bool,
    /// The selection of the last frame: a change from outside is scrolled into view.
    seen: Option<String>,
    reveal: Option<Reveal>,
    /// How many rows the last frame laid out.
    laid_out: usize,
    /// What has the keyboard while rows are walked.
    focus: Option<egui::Id>,
}

/// A row to scroll to: into the middle when it was chosen elsewhere, just into sight when the keyboard goes there.
struct Reveal {
    row: usize,
    centred: bool,
}

impl CostsView {
    /// Shows the view.
    pub fn ui(&mut self, ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
        let Some(network) = shared.active() else {
            return widgets::empty_state(ui, "No network to count", "Add one to see what every layer costs.");
        };
        self.follow(network, shared);
        if ui.available_height() >= LOWEST {
            return self.contents(ui, network, shared, out);
        }
        // A low window scrolls the whole view: nothing is out of reach.
        let room = egui::vec2(ui.available_width(), LOWEST);
        egui::ScrollArea::vertical().id_salt("costs in a low window").auto_shrink(false).show(ui, |ui| {
            ui.allocate_ui(room, |ui| self.contents(ui, network, shared, out));
        });
    }

    fn contents(&mut self, ui: &mut Ui, network: &Network, shared: &Shared, out: &mut Outbox) {
        egui::Frame::new().inner_margin(size::PADDING).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            self.title(ui, network, shared, out);
            ui.add_space(size::GAP * 1.5);
            self.attention(ui);
            ui.add_space(size::GAP * 1.5);
            self.tools(ui);
            ui.add_space(size::GAP);
            self.table(ui, shared, out);
            self.written(ui, shared);
        });
    }

    /// Brings the rows up to date with the network, its measurement and the selection.
    fn follow(&mut self, network: &Network, shared: &Shared) {
        let part = shared.selection.part.as_deref();
        if !self.tree.as_ref().is_some_and(|tree| Arc::ptr_eq(&tree.graph, network.graph())) {
            self.tree = Some(Tree::of(network.graph(), network.ledger()));
            self.stale = true;
        }
        let Some(tree) = &mut self.tree else { return };
        let measured = shared.jobs.measurement(network);
        if tree.measured.as_ref().map(Arc::as_ptr) != measured.map(Arc::as_ptr) {
            tree.measured = measured.cloned();
            self.stale = true;
        }
        if tree.measured.is_none() {
            self.sort = self.sort.filter(|sort| !sort.key.is_measured());
        }
        if self.seen.as_deref() != part {
            self.seen = part.map(ToOwned::to_owned);
            if let Some(row) = part.and_then(|part| tree.row_of(part)) {
                self.reveal = Some(Reveal { row, centred: true });
                let folds = if self.filter.is_empty() { &mut self.folds } else { &mut self.found };
                for ancestor in tree.ancestors(row) {
                    folds.set(&tree.rows[ancestor], true);
                }
                self.stale = true;
            }
        }
        if std::mem::take(&mut self.stale) {
            let folds = if self.filter.is_empty() { &self.folds } else { &self.found };
            self.shown = shown::shown(tree, folds, self.sort, &shown::words(&self.filter));
        }
    }

    fn folds(&mut self) -> &mut Folds {
        self.stale = true;
        if self.filter.is_empty() { &mut self.folds } else { &mut self.found }
    }

    fn is_open(&self, tree: &Tree, row: usize) -> bool {
        let folds = if self.filter.is_empty() { &self.folds } else { &self.found };
        folds.is_open(&tree.rows[row])
    }

    fn open(&mut self, row: usize, open: bool) {
        let Some(tree) = self.tree.take() else { return };
        self.folds().set(&tree.rows[row], open);
        self.tree = Some(tree);
    }

    /// Opens or closes every part.
    fn fold_all(&mut self, base: Base) {
        *self.folds() = Folds::all(base);
    }

    /// A row was chosen here: it is selected, but not scrolled to unless the keyboard went there.
    fn choose(&mut self, row: usize, scroll: bool, out: &mut Outbox) {
        let Some(tree) = &self.tree else { return };
        let path = tree.rows[row].path.clone();
        self.seen = Some(path.clone());
        self.reveal = scroll.then_some(Reveal { row, centred: false });
        out.select_part(path);
    }

    /// Arrow keys: up and down move the selection, right opens or goes in, left closes or goes out.
    fn keys(&mut self, ui: &Ui, page: usize, out: &mut Outbox) {
        let Some(tree) = &self.tree else { return };
        let Some(press) = pressed(ui) else { return };
        let last = self.shown.rows.len().saturating_sub(1);
        let row = self.seen.as_deref().and_then(|path| tree.row_of(path));
        let position = row.and_then(|row| self.shown.rows.iter().position(|shown| *shown == row));
        let Some((position, row)) = position.zip(row) else {
            if let Some(first) = self.shown.rows.first() {
                self.choose(*first, true, out);
            }
            return;
        };
        let is_part = self.sort.is_none() && !tree.rows[row].is_layer();
        let open = self.is_open(tree, row);
        let parent = tree.rows[row].parent.filter(|_| self.sort.is_none());
        let target = match press {
            Press::ArrowUp => position.saturating_sub(1),
            Press::ArrowDown => (position + 1).min(last),
            Press::PageUp => position.saturating_sub(page),
            Press::PageDown => (position + page).min(last),
            Press::Home => 0,
            Press::End => last,
            Press::ArrowRight if is_part && open => (position + 1).min(last),
            Press::ArrowRight | Press::Enter | Press::Space if is_part => {
                return self.open(row, press == Press::ArrowRight || !open);
            }
            Press::ArrowLeft if is_part && open => return self.open(row, false),
            Press::ArrowLeft => {
                let above = parent.and_then(|parent| self.shown.rows.iter().position(|shown| *shown == parent));
                above.unwrap_or(position)
            }
            _ => return,
        };
        self.choose(self.shown.rows[target], true, out);
    }
}

/// The key of the table that was pressed, if any.
fn pressed(ui: &Ui) -> Option<Press> {
    const KEYS: [Press; 10] = [
        Press::ArrowUp,
        Press::ArrowDown,
        Press::ArrowLeft,
        Press::ArrowRight,
        Press::PageUp,
        Press::PageDown,
        Press::Home,
        Press::End,
        Press::Enter,
        Press::Space,
    ];
    ui.input(|input| KEYS.into_iter().find(|key| input.key_pressed(*key) && input.modifiers.is_none()))
}
