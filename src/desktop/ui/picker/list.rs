//! The list: a heading a family, a chip a model with its parameters and MACs.

use eframe::egui;
use egui::{Align2, Rect, Response, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2};

use super::model::{self, Choice};
use super::{LIST, Open};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Shared, table, widgets};
use crate::network::cost::Cost;
use crate::network::number;

/// Chips in a line.
pub(super) const PER_LINE: usize = 4;
const GAP: f32 = 8.0;
/// Letters that fit a chip.
const SHORT: usize = 13;
const CHIP: Vec2 = Vec2::new((LIST - GAP * (PER_LINE as f32 - 1.0)) / PER_LINE as f32, 40.0);

impl Open {
    /// True when a choice has been clicked twice.
    pub(super) fn list(&mut self, ui: &mut Ui, shared: &Shared, height: f32) -> bool {
        if self.choices.is_empty() {
            ui.add_space(size::PADDING);
            ui.add(egui::Label::new(egui::RichText::new(self.nothing()).color(palette(ui).muted)).wrap());
            widgets::muted(ui, "Type a part of a name, for example res, mobile or inception.");
            return false;
        }
        let mut taken = false;
        let area = ScrollArea::vertical().id_salt("picker-list").max_height(height).auto_shrink(false);
        area.show(ui, |ui| {
            ui.spacing_mut().item_spacing = Vec2::splat(GAP);
            let mut before: Option<usize> = None;
            for line in model::lines(&self.choices, PER_LINE) {
                headings(ui, before.map(|index| &self.choices[index]), &self.choices[line.start]);
                before = Some(line.start);
                let (row, _) = ui.allocate_exact_size(Vec2::new(LIST, CHIP.y), Sense::hover());
                // A long name that stands alone has the room of two.
                let is_alone = line.len() == 1 && self.choices[line.start].label.chars().count() > SHORT;
                let size = if is_alone { Vec2::new(2.0 * CHIP.x + GAP, CHIP.y) } else { CHIP };
                for (column, index) in line.enumerate() {
                    let left = row.left() + (CHIP.x + GAP) * column as f32;
                    let rect = Rect::from_min_size(egui::pos2(left, row.top()), size);
                    let response = self.chip(ui, shared, index, rect);
                    if index == self.chosen && std::mem::take(&mut self.follows) {
                        response.scroll_to_me(None);
                    }
                    if response.clicked() {
                        self.chosen = index;
                    }
                    taken |= response.double_clicked();
                }
            }
        });
        taken
    }

    fn chip(&self, ui: &Ui, shared: &Shared, index: usize, rect: Rect) -> Response {
        let choice = &self.choices[index];
        let is_chosen = index == self.chosen;
        let response = ui.interact(rect, ui.scope_id().with(("chip", &choice.name)), Sense::click());
        let spoken = format!("{}, {}", choice.name, choice.summary);
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_chosen, &spoken));
        if !ui.is_rect_visible(rect) {
            return response;
        }
        let colours = palette(ui);
        let corner = f32::from(size::CELL_CORNER);
        let fill = if is_chosen || response.hovered() { colours.raised } else { colours.sunken };
        let border = if is_chosen || response.has_focus() { colours.accent } else { colours.line };
        ui.painter().rect_filled(rect, corner, fill);
        ui.painter().rect_stroke(rect, corner, Stroke::new(1.0, border), StrokeKind::Inside);
        let painter = ui.painter_at(rect.shrink(2.0));
        let (x, middle) = (rect.left() + 10.0, rect.center().y);
        let title = theme::semibold(size::TEXT);
        let label = table::elided(ui, &choice.label, title, colours.text, rect.width() - 20.0);
        let is_cut = label.elided;
        let at = Align2::LEFT_CENTER.anchor_size(egui::pos2(x, middle - 8.0), label.size());
        painter.galley(at.min, label, colours.text);
        let costs = match cost(shared, choice) {
            Some(cost) => format!("{} · {}", number::short(cost.params), number::short(cost.macs)),
            None => "…".to_owned(),
        };
        let small = theme::regular(size::LABEL);
        painter.text(egui::pos2(x, middle + 9.0), Align2::LEFT_CENTER, costs, small, colours.muted);
        if is_cut { response.on_hover_text(&choice.name) } else { response }
    }
}

/// What a model costs, once it has been counted.
pub(super) fn cost(shared: &Shared, choice: &Choice) -> Option<Cost> {
    choice
        .model
        .as_ref()
        .map(|model| model.ledger().total())
        .or_else(|| shared.jobs.catalogue()?.get(choice.name.as_str()).copied())
}

/// The family's title and what the next names share, where they differ from those before.
fn headings(ui: &mut Ui, before: Option<&Choice>, next: &Choice) {
    let title = |choice: &Choice| if choice.name.contains(['+', '(']) { "" } else { choice.family.card().title };
    let is_new = before.is_none_or(|before| title(before) != title(next));
    if is_new {
        if before.is_some() {
            ui.add_space(size::GAP);
        }
        widgets::section(ui, if title(next).is_empty() { "As typed" } else { title(next) });
    }
    let shared = |choice: &Choice| if choice.is_model { choice.group.clone() } else { "other names".to_owned() };
    let is_new = is_new || before.is_none_or(|before| shared(before) != shared(next));
    if is_new && !shared(next).is_empty() && !title(next).is_empty() {
        widgets::caption(ui, shared(next));
    }
}
