//! Above and below the table: which network, what attention takes of it, filter and folding, the numbers written out.

use eframe::egui;
use egui::{Align, Layout, RichText, Ui, Vec2};

use super::CostsView;
use super::columns::Column;
use super::model::Tree;
use super::shares::{shares, stat};
use super::shown::{Base, Folds};
use super::{export, written};
use crate::compute::engine::Timing;
use crate::desktop::document::{Command, Network};
use crate::desktop::ui::metric::Metric;
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, Shared, table, widgets};
use crate::network::attention;

/// Height of one number's share, and the width from which all of them stand in one row.
const STAT: f32 = 32.0;
const ONE_ROW: f32 = 960.0;
/// Height of one line of a written-out number.
const LINE: f32 = 20.0;
/// Height of everything below the table: two numbers a line.
pub(super) fn foot(tree: &Tree) -> f32 {
    size::GAP * 3.0 + LINE * lines(tree) + size::LABEL + 4.0
}

/// The lines of a row written out, its name's among them.
fn lines(tree: &Tree) -> f32 {
    1.0 + Metric::of_network(tree.total).count().div_ceil(2) as f32
}

impl CostsView {
    /// The network's letter and name, measuring, and the table as text.
    pub(super) fn title(&self, ui: &mut Ui, network: &Network, shared: &Shared, out: &mut Outbox) {
        ui.horizontal(|ui| {
            ui.set_height(size::ROW);
            widgets::dot(ui, palette(ui).network(network.slot));
            ui.label(widgets::strong(network.letter(), size::TITLE));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.copy_buttons(ui);
                measure_button(ui, network, shared, out);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let name = widgets::strong(network.graph().name.as_str(), size::TITLE);
                    ui.add(egui::Label::new(name).truncate()).on_hover_text(network.graph().name.as_str());
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
        let shares = shares(tree);
        // In one row where there is room for their words.
        let columns = if ui.available_width() < ONE_ROW && shares.len() > 4 { 3 } else { shares.len() };
        let height = 20.0 + STAT * shares.len().div_ceil(columns.max(1)) as f32;
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
        let width = (rect.width() - (columns - 1) as f32 * gap) / columns as f32;
        for (index, share) in shares.iter().enumerate() {
            let left = rect.left() + (width + gap) * (index % columns) as f32;
            let top = rect.top() + 20.0 + STAT * (index / columns) as f32;
            stat(&ui, egui::Rect::from_min_size([left, top].into(), Vec2::new(width, STAT)), share);
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
        let (rect, _) =
            ui.allocate_exact_size(Vec2::new(ui.available_width(), LINE * lines(tree)), egui::Sense::hover());
        let line = |index: usize, half: usize| {
            let width = rect.width() / 2.0;
            let corner = rect.min + Vec2::new(width * half as f32, LINE * index as f32);
            egui::Rect::from_min_size(corner, Vec2::new(width - table::PAD, LINE))
        };
        let whole = line(0, 0).with_max_x(rect.right());
        match selected {
            Some(row) => {
                let time = written::time(tree, row).map(|time| format!("  ·  {time}")).unwrap_or_default();
                let words = format!("{}  {}{time}", tree.rows[row].path, tree.rows[row].long);
                flush(ui, whole, 0.0, &words, theme::semibold(size::TEXT), colours.text);
                let heading = ui.interact(whole, ui.scope_id().with("written out"), egui::Sense::hover());
                table::name(&heading, egui::Role::Label, false, &format!("Written out: {words}"));
                for (index, (metric, text)) in written::written(tree, row).iter().enumerate() {
                    let place = line(1 + index / 2, index % 2);
                    flush(ui, place, 0.0, Column::Number(*metric).title(), theme::regular(size::LABEL), colours.muted);
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
        let words =
            tree.timing().map_or_else(|| counted.to_owned(), |timing| format!("{} {counted}", measured(timing)));
        let caption = RichText::new(&words).size(size::LABEL).color(palette(ui).muted);
        let hover = format!("{words}\n{}", Metric::Elementwise.counts());
        ui.add(egui::Label::new(caption).truncate()).on_hover_text(hover);
    }
}

/// Text in a rect, `indent` from its left edge; where it is shortened, hovering says it all and a click copies it.
fn flush(ui: &mut Ui, rect: egui::Rect, indent: f32, text: &str, font: egui::FontId, colour: egui::Color32) {
    let room = rect.with_min_x(rect.left() + indent - table::PAD);
    if table::text(ui, room, text, font, colour, table::Side::Left) {
        let cut = ui.interact(room, ui.scope_id().with((text, indent as u32)), egui::Sense::click());
        cut.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Copy {text}")));
        if cut.clicked() {
            ui.copy_text(text.to_owned());
        }
        cut.on_hover_text(format!("{text}\nA click copies it"));
    }
}

/// How the times were measured, in a sentence.
fn measured(timing: &Timing) -> String {
    let threads = if timing.threads == 1 { "thread" } else { "threads" };
    let milliseconds = timing.median.as_secs_f64() * 1e3;
    format!(
        "Time: {milliseconds:.1} ms a run, the middle of {}, {} {threads}, {}; its steps, timed in runs of their own that took {:.2} times as long, are scaled to it and stand at their first layer.",
        timing.runs, timing.threads, timing.processor, timing.clocked
    )
}

/// Starts a measurement, or stops the one there is.
fn measure_button(ui: &mut Ui, network: &Network, shared: &Shared, out: &mut Outbox) {
    if !shared.jobs.is_measured_soon(network) {
        let label = if shared.jobs.measurement(network).is_some() { "Measure again" } else { "Measure time" };
        let hint = "How long every layer takes on this machine: some seconds in which nothing else runs (F6)";
        if ui.button(label).on_hover_text(hint).clicked() {
            out.send(Command::Measure(network.id));
        }
        return;
    }
    if ui.button("Stop measuring").clicked() {
        out.send(Command::Cancel);
    }
}
