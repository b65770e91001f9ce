//! Networks side by side: bars by stage, an aligned table, parameters against MACs, and the lesson.

mod bars;
mod columns;
mod lesson;
mod model;
mod papers;
mod scatter;
mod table;
#[cfg(test)]
mod tests;
mod ticks;

use std::collections::HashSet;

use eframe::egui;
use egui::Ui;

use self::model::Comparison;
use super::metric::Metric;
use super::theme::{self, palette, size};
use super::{Outbox, Shared, widgets};
use crate::desktop::document::{Command, Network};
use crate::network::attention;
use crate::network::cost::Cost;

/// Longest name in the legend, in points.
const LEGEND_NAME: f32 = 200.0;

/// The table shown first: where in a block the SE goes.
const FIRST_PAPER: &str = "senet-14";

/// The view's own state.
#[derive(Default)]
pub struct CompareView {
    comparison: Option<Comparison>,
    metric: Metric,
    /// The stages whose blocks are shown.
    open: HashSet<String>,
    table: columns::Widths,
    lesson: lesson::Card,
    papers: papers::Papers,
}

impl CompareView {
    /// Shows a paper's table; without a name the one shown last, or the first.
    pub fn open_paper(&mut self, id: Option<&str>) {
        match id {
            Some(id) => self.papers.open(id),
            None if self.papers.is_open() => {}
            None => self.papers.open(FIRST_PAPER),
        }
    }

    /// Back from a paper's table to the networks.
    pub fn close_paper(&mut self) {
        self.papers.close();
    }

    /// Shows the view.
    pub fn ui(&mut self, ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
        if self.papers.is_open() {
            return self.papers.ui(ui, out);
        }
        let networks = shared.document.networks();
        let Some(first) = networks.first() else {
            widgets::empty_state(ui, "Nothing to compare", "Add two networks to see them side by side.");
            ui.add_space(size::PADDING);
            ui.vertical_centered(|ui| self.paper_button(ui));
            return;
        };
        let baseline = shared.document.baseline().map_or(first.id, |base| base.id);
        if !self.comparison.as_ref().is_some_and(|comparison| comparison.is_of(networks, baseline)) {
            self.comparison = Some(Comparison::of(networks, baseline));
            self.table = columns::Widths::default();
        }
        // Taken out so that the sections below may change the rest.
        let Some(comparison) = self.comparison.take() else { return };
        egui::ScrollArea::vertical().id_salt("compare").auto_shrink(false).show(ui, |ui| {
            egui::Frame::new().inner_margin(size::PADDING).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                if networks.len() == 1 {
                    alone(ui, first, out);
                }
                self.switch(ui, comparison.sum());
                ui.add_space(size::GAP);
                legend(ui, &comparison, networks, out);
                ui.add_space(size::GAP);
                bars::show(ui, &comparison, self.metric);
                ui.add_space(size::PADDING);
                self.show_table(ui, &comparison, shared, out);
                ui.add_space(size::PADDING * 1.5);
                self.lesson.show(ui);
                ui.add_space(size::PADDING * 1.5);
                scatter::show(ui, &comparison);
            });
        });
        self.comparison = Some(comparison);
    }

    /// The metric of the bars.
    fn switch(&mut self, ui: &mut Ui, sum: Cost) {
        let metrics: Vec<Metric> = Metric::of_network(sum).collect();
        if !metrics.contains(&self.metric) {
            self.metric = Metric::default();
        }
        ui.horizontal(|ui| {
            ui.set_height(size::ROW);
            widgets::section(ui, "By stage");
            ui.add_space(size::GAP);
            for metric in metrics {
                let response = ui.selectable_label(self.metric == metric, metric.title());
                if response.clicked() {
                    self.metric = metric;
                }
                response.on_hover_text(metric.counts());
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| self.paper_button(ui));
        });
    }

    fn paper_button(&mut self, ui: &mut Ui) {
        let hint = "The ablations of the SENet and CBAM papers: what was printed beside what the networks cost";
        if ui.button("Paper tables").on_hover_text(hint).clicked() {
            self.open_paper(None);
        }
    }
}

/// With one network there is nothing to compare yet: what to do about it.
fn alone(ui: &mut Ui, network: &Network, out: &mut Outbox) {
    ui.horizontal(|ui| {
        ui.set_height(size::ROW);
        widgets::muted(ui, "One network so far. To compare it:");
        if ui.button("Duplicate it").on_hover_text("Adds a copy that you can then give attention").clicked() {
            out.send(Command::DuplicateNetwork(network.id));
        }
        if ui.button("Add another…").on_hover_text("By its name: resnet50+cbam").clicked() {
            out.send(Command::AskSpec);
        }
    });
    ui.add_space(size::PADDING);
}

/// Which colour is which network, which hue which attention, and the star of the one the others are compared with.
fn legend(ui: &mut Ui, comparison: &Comparison, networks: &[Network], out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(size::PADDING, 4.0);
        let colours = palette(ui);
        for (position, column) in comparison.columns.iter().enumerate() {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                if networks.len() > 1 && widgets::star(ui, &column.letter, position == comparison.base).clicked() {
                    out.send(Command::SetBaseline(networks[position].id));
                }
                entry(ui, colours.network(column.slot), &column.letter, &column.name);
            });
        }
        for kind in &comparison.kinds {
            let title = attention::find(kind).map_or(*kind, |block| block.card().title);
            entry(ui, colours.attention(kind), "", title);
        }
    });
}

/// One entry of the legend, never broken across lines: a square, a letter, a name.
fn entry(ui: &mut Ui, colour: egui::Color32, letter: &str, name: &str) {
    let text = palette(ui).text;
    let letter = super::table::elided(ui, letter, theme::semibold(size::TEXT), text, LEGEND_NAME);
    let short = widgets::brief(name);
    let words = super::table::elided(ui, &short, theme::regular(size::TEXT), text, LEGEND_NAME);
    let shortened = words.elided || short != name;
    let gap = if letter.size().x > 0.0 { 6.0 } else { 0.0 };
    let width = 15.0 + letter.size().x + gap + words.size().x;
    let (rect, response) = ui.allocate_exact_size(egui::vec2(width, words.size().y), egui::Sense::hover());
    let square = egui::Rect::from_center_size(rect.left_center() + egui::vec2(4.5, 0.0), egui::Vec2::splat(9.0));
    ui.painter().rect_filled(square, 2.0, colour);
    let left = rect.left() + 15.0;
    let after = left + letter.size().x + gap;
    ui.painter().galley(egui::pos2(left, rect.top()), letter, text);
    ui.painter().galley(egui::pos2(after, rect.top()), words, text);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, name));
    if shortened {
        response.on_hover_text(name);
    }
}
