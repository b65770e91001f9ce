//! Above and below the table: which network, what attention takes of it, filter and folding, the numbers written out.

use eframe::egui;
use egui::{Align, Layout, RichText, Ui, Vec2};

use super::CostsView;
use super::model::Tree;
use super::shown::{Base, Folds};
use super::{export, written};
use crate::desktop::document::{Document, Network};
use crate::desktop::ui::metric::{Metric, percent, share};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Shared, table, widgets};
use crate::network::attention;

/// Height of one line of a written-out number.
const LINE: f32 = 20.0;
/// Height of everything below the table.
pub(super) const FOOT: f32 = size::GAP * 3.0 + LINE * 3.0 + size::LABEL + 4.0;

impl CostsView {
    /// The network's letter and name, and the table as text.
    pub(super) fn title(&self, ui: &mut Ui, network: &Network, shared: &Shared) {
        let position = shared.position(network);
        ui.horizontal(|ui| {
            ui.set_height(size::ROW);
            widgets::dot(ui, palette(ui).network(position));
            ui.label(widgets::strong(Document::letter(position), size::TITLE));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.copy_buttons(ui);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let name = widgets::strong(network.graph.name.as_str(), size::TITLE);
                    ui.add(egui::Label::new(name).truncate()).on_hover_text(network.graph.name.as_str());
                });
            });
        });
    }

    fn copy_buttons(&self, ui: &mut Ui) {
        let Some(tree) = &self.tree else { return };
        let markdown = ui.button("Copy as Markdown").on_hover_text("The rows as they are shown, with the total");
        if markdown.clicked() {
            ui.copy_text(export::markdown(tree, &self.shown, self.sort.is_some()));
        }
        let csv = ui.button("Copy as CSV").on_hover_text("One line a layer, folded or not; filter and order are kept");
        if csv.clicked() {
            // Folding hides nothing from a spreadsheet.
            let everything = Folds::all(Base::All);
            let all = super::shown::shown(tree, &everything, self.sort, &super::shown::words(&self.filter));
            let layers: Vec<usize> = all.rows.into_iter().filter(|row| tree.rows[*row].is_layer()).collect();
            ui.copy_text(export::csv(tree, &layers));
        }
    }

    /// What attention takes of each number, with its exact cost.
    pub(super) fn attention(&self, ui: &mut Ui) {
        let Some(tree) = &self.tree else { return };
        let height = 52.0;
        let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), egui::Sense::hover());
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect).layout(Layout::top_down(Align::Min)));
        let titles: Vec<&str> =
            tree.kinds.iter().map(|kind| attention::find(kind).map_or(*kind, |block| block.card().title)).collect();
        if titles.is_empty() {
            widgets::section(&mut ui, "Attention");
            ui.add_space(size::GAP);
            widgets::muted(
                &mut ui,
                "This network has none: set it in the attention matrix, and its share appears here.",
            );
            return;
        }
        widgets::section(&mut ui, &format!("Attention's share · {}", titles.join(", ")));
        ui.add_space(6.0);
        let gap = size::PADDING;
        let width = (rect.width() - 3.0 * gap) / 4.0;
        for (index, metric) in Metric::ALL.into_iter().enumerate() {
            let left = rect.left() + (width + gap) * index as f32;
            let cell = egui::Rect::from_min_size([left, rect.top() + 20.0].into(), Vec2::new(width, height - 20.0));
            stat(&ui, cell, tree, metric);
        }
    }

    /// Filter, what order the rows are in, folding.
    pub(super) fn tools(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.set_height(size::ROW);
            let field = egui::TextEdit::singleline(&mut self.filter)
                .hint_text("Filter layers: conv2, sigmoid, cbam")
                .desired_width(250.0);
            let field = ui.add(field);
            field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Filter layers"));
            if field.changed() {
                self.found = Folds::all(Base::All);
                self.stale = true;
            }
            if !self.filter.is_empty() && ui.button("Clear").clicked() {
                self.filter.clear();
                self.stale = true;
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| match self.sort {
                Some(sort) => {
                    if ui.button("Back to the tree").clicked() {
                        self.sort = None;
                        self.stale = true;
                    }
                    let words = RichText::new(format!("Layers {}", sort.words())).color(palette(ui).accent);
                    ui.add(egui::Label::new(words).truncate());
                }
                None => {
                    if ui.button("Collapse all").clicked() {
                        self.fold_all(Base::None);
                    }
                    if ui.button("Expand all").clicked() {
                        self.fold_all(Base::All);
                    }
                }
            });
        });
    }

    /// The selected row's numbers written out, and what is counted. Its height never changes.
    pub(super) fn written(&self, ui: &mut Ui, shared: &Shared) {
        let Some(tree) = &self.tree else { return };
        let colours = palette(ui);
        ui.add_space(size::GAP);
        let selected = shared.selection.part.as_deref().and_then(|part| tree.row_of(part));
        let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), LINE * 3.0), egui::Sense::hover());
        let line = |index: usize, half: usize| {
            let width = rect.width() / 2.0;
            let corner = rect.min + Vec2::new(width * half as f32, LINE * index as f32);
            egui::Rect::from_min_size(corner, Vec2::new(width - table::PAD, LINE))
        };
        let whole = line(0, 0).with_max_x(rect.right());
        match selected {
            Some(row) => {
                let words = format!("{}  {}", tree.rows[row].path, tree.rows[row].long);
                flush(ui, whole, 0.0, &words, theme::semibold(size::TEXT), colours.text);
                for (index, text) in written::written(tree, row).iter().enumerate() {
                    let place = line(1 + index / 2, index % 2);
                    flush(ui, place, 0.0, LABELS[index], theme::regular(size::LABEL), colours.muted);
                    flush(ui, place, 84.0, text, theme::mono(size::MONO), colours.text);
                }
            }
            None => {
                let hint = "Select a row to see its numbers written out.";
                flush(ui, whole, 0.0, hint, theme::regular(size::TEXT), colours.muted);
            }
        }
        ui.add_space(size::GAP);
        let counted = "MACs: convolution + linear, no bias, one image. Activations: f32, every layer's output.";
        widgets::caption(ui, counted).on_hover_text(Metric::Elementwise.counts());
    }
}

/// The labels of a row's written-out numbers, in the order of [`Metric::ALL`].
const LABELS: [&str; 4] = ["params", "MACs", "element-wise", "activations"];

/// Text in a rect, `indent` from its left edge; shortened with a hover that says it all.
fn flush(ui: &mut Ui, rect: egui::Rect, indent: f32, text: &str, font: egui::FontId, colour: egui::Color32) {
    let room = rect.with_min_x(rect.left() + indent - table::PAD);
    if table::text(ui, room, text, font, colour, table::Side::Left) {
        ui.interact(room, ui.scope_id().with((text, indent as u32)), egui::Sense::hover()).on_hover_text(text);
    }
}

/// One number's share: percent, exact cost, and a thin bar whose parts are the attention kinds.
fn stat(ui: &Ui, cell: egui::Rect, tree: &Tree, metric: Metric) {
    let colours = palette(ui);
    let (part, whole) = (metric.of(tree.attention), metric.of(tree.total));
    let line = cell.with_max_y(cell.top() + 20.0).expand2(Vec2::new(table::PAD, 0.0));
    let value = percent(part, whole);
    let galley = table::elided(ui, &value, theme::semibold(size::TEXT), colours.text, cell.width());
    let used = galley.size().x;
    ui.painter().galley(egui::pos2(cell.left(), line.center().y - galley.size().y / 2.0), galley, colours.text);
    let rest = line.with_min_x(cell.left() + used);
    let title = format!(
        "of {}",
        metric.title().replace("Parameters", "params").replace("Element", "element").replace("Act", "act")
    );
    table::text(ui, rest, &title, theme::regular(size::TEXT), colours.muted, table::Side::Left);
    let track = egui::Rect::from_min_size([cell.left(), line.bottom() + 3.0].into(), Vec2::new(cell.width(), 4.0));
    ui.painter().rect_filled(track, 2.0, colours.raised);
    let mut left = track.left();
    for kind in &tree.kinds {
        let of_kind: u64 = tree.kind_total(kind).map(|cost| metric.of(cost)).sum();
        if of_kind == 0 {
            continue;
        }
        let width = track.width() * share(of_kind, whole);
        let bar = egui::Rect::from_min_size([left, track.top()].into(), Vec2::new(width.max(1.0), track.height()));
        ui.painter().rect_filled(bar, 2.0, colours.attention(kind));
        left += width;
    }
    let hover = ui.interact(cell, ui.scope_id().with(("attention's share", metric)), egui::Sense::hover());
    table::name(&hover, egui::Role::Label, false, &format!("attention: {value} of {}", metric.title()));
    hover.on_hover_text(format!("{} of {}\n{}", metric.exact(part), metric.exact(whole), metric.counts()));
}
