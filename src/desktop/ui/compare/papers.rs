//! The papers' tables: what was printed beside what the networks cost, and those networks to open.

use std::cmp::Ordering;
use std::sync::Arc;

use eframe::egui;
use egui::{Align, Layout, Rect, Sense, Ui, pos2, vec2};

use crate::desktop::document::Command;
use crate::desktop::ui::table::{self, Side};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, widgets};
use crate::network::Model;
use crate::network::number::grouped;
use crate::network::papers::{Agreement, PaperTable, Printed, Reading, explanations, find, read, tables};

/// Height of a row: its name over its network.
const ROW: f32 = 38.0;
/// Room for the tick in front of a row.
const TICK: f32 = 22.0;
/// The narrowest and the widest column of names.
const NAME: [f32; 2] = [150.0, 470.0];
/// Tables with more rows begin with the first few ticked: so many networks are not compared at a glance.
const MANY: usize = 8;

/// Which table is shown, if one is.
#[derive(Default)]
pub(super) struct Papers {
    shown: Option<Shown>,
}

/// A table with everything that follows from it.
struct Shown {
    table: &'static PaperTable,
    readings: Vec<Reading>,
    ticked: Vec<bool>,
    columns: Vec<Column>,
    /// The lowest top-1 and top-5 error.
    best: [f64; 2],
}

/// A column of numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Error(usize),
    Params,
    Printed(usize),
    Difference(usize),
    Gflops,
}

/// How a number is written.
struct Text {
    words: String,
    is_strong: bool,
    is_faint: bool,
}

impl Papers {
    /// Is a table shown?
    pub(super) fn is_open(&self) -> bool {
        self.shown.is_some()
    }

    /// Shows the table of this name; of a name that is none, nothing changes.
    pub(super) fn open(&mut self, id: &str) {
        if let Ok(table) = find(id)
            && let Ok(readings) = read(table)
        {
            self.shown = Some(Shown::of(table, readings));
        }
    }

    /// Back to the networks.
    pub(super) fn close(&mut self) {
        self.shown = None;
    }

    /// Shows the table and the way to others.
    pub(super) fn ui(&mut self, ui: &mut Ui, out: &mut Outbox) {
        let Some(mut shown) = self.shown.take() else { return };
        let (mut other, mut leaves) = (None, false);
        egui::ScrollArea::vertical().id_salt("paper").auto_shrink(false).show(ui, |ui| {
            egui::Frame::new().inner_margin(size::PADDING).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 4.0;
                leaves = choose(ui, shown.table, &mut other);
                ui.add_space(size::PADDING);
                leaves |= shown.heading(ui, out);
                ui.add_space(size::GAP);
                shown.rows(ui);
                ui.add_space(size::PADDING);
                shown.notes(ui);
            });
        });
        if !leaves {
            self.shown = Some(shown);
        }
        if let Some(id) = other {
            self.open(id);
        }
    }
}

/// Every table by its number, a paper a line; says whether to go back.
fn choose(ui: &mut Ui, shown: &PaperTable, other: &mut Option<&'static str>) -> bool {
    let mut leaves = false;
    ui.horizontal(|ui| {
        ui.set_height(size::ROW);
        widgets::section(ui, "Paper tables");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            leaves = ui.button("Back to my networks").clicked();
        });
    });
    let mut paper = "";
    let all = tables();
    for first in &all {
        let (name, _) = first.place.split_once(", Table ").unwrap_or((first.place, ""));
        if std::mem::replace(&mut paper, name) == name {
            continue;
        }
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(size::ROW);
            ui.scope(|ui| {
                ui.set_width(52.0);
                widgets::muted(ui, name);
            });
            for table in &all {
                let Some((_, number)) = table.place.split_once(", Table ").filter(|(other, _)| *other == name) else {
                    continue;
                };
                let is_chosen = table.id == shown.id;
                let response = ui.selectable_label(is_chosen, number);
                let spoken = format!("{}: {}", table.place, table.title);
                response.widget_info(|| egui::WidgetInfo::selected(egui::Role::RadioButton, true, is_chosen, &spoken));
                if response.on_hover_text(table.title).clicked() {
                    *other = Some(table.id);
                }
            }
        });
    }
    leaves
}

impl Shown {
    fn of(table: &'static PaperTable, readings: Vec<Reading>) -> Self {
        let few = if readings.len() > MANY { 3 } else { readings.len() };
        let [prints_params, prints_gflops] = table.prints_costs();
        let mut columns = vec![Column::Error(0), Column::Error(1), Column::Params];
        columns.extend([Column::Printed(0), Column::Difference(0)].into_iter().filter(|_| prints_params));
        columns.push(Column::Gflops);
        columns.extend([Column::Printed(1), Column::Difference(1)].into_iter().filter(|_| prints_gflops));
        let lowest = |which: usize| {
            let errors = table.rows.iter().map(|row| row.errors[which].value());
            errors.min_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal)).unwrap_or(0.0)
        };
        let ticked = (0..readings.len()).map(|row| row < few).collect();
        Self { table, readings, ticked, columns, best: [lowest(0), lowest(1)] }
    }

    fn models(&self) -> Vec<Arc<Model>> {
        let ticked = self.readings.iter().zip(&self.ticked).filter(|(_, ticked)| **ticked);
        ticked.map(|(reading, _)| reading.model.clone()).collect()
    }

    /// What it compares, who says so, and the networks to open; says whether they were.
    fn heading(&self, ui: &mut Ui, out: &mut Outbox) -> bool {
        let models = self.models();
        let mut opened = false;
        ui.horizontal(|ui| {
            ui.set_height(size::ROW);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let is_any = !models.is_empty();
                let add = ui.add_enabled(is_any, egui::Button::new("Add to mine"));
                if add.on_hover_text("After the networks that are open").clicked() {
                    out.send(Command::AddNetworks(models.clone()));
                    opened = true;
                }
                let open = ui.add_enabled(is_any, egui::Button::new("Open these networks"));
                let hint = "The ticked rows, in place of the networks that are open; Undo brings those back";
                if open.on_hover_text(hint).clicked() {
                    out.send(Command::OpenNetworks(models.clone()));
                    opened = true;
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let title = widgets::strong(self.table.title, size::TITLE);
                    ui.add(egui::Label::new(title).truncate()).on_hover_text(self.table.title);
                });
            });
        });
        widgets::muted(ui, format!("{}. {}.", self.table.place, self.table.citation));
        widgets::caption(ui, format!("{}.", self.table.setting));
        opened
    }

    fn widths(&self, room: f32) -> (f32, Vec<f32>) {
        let least: Vec<f32> = self.columns.iter().map(|column| column.width()).collect();
        let numbers: f32 = least.iter().sum();
        let name = (room - numbers).clamp(NAME[0], NAME[1]);
        // Numbers too far apart are hard to read across.
        let spare = ((room - numbers - name) / least.len() as f32).clamp(0.0, 24.0);
        (name, least.into_iter().map(|width| width + spare).collect())
    }

    fn rows(&mut self, ui: &mut Ui) {
        let (name, widths) = self.widths(ui.available_width());
        ui.spacing_mut().item_spacing.y = 0.0;
        egui::ScrollArea::horizontal().id_salt("paper across").auto_shrink([false, true]).show(ui, |ui| {
            let full = name + widths.iter().sum::<f32>();
            ui.vertical(|ui| {
                ui.set_width(full);
                let (head, _) = ui.allocate_exact_size(vec2(full, size::ROW), Sense::hover());
                let spans = table::spans(head.left() + name, &widths);
                for (column, span) in self.columns.iter().zip(&spans) {
                    let font = theme::regular(size::LABEL);
                    table::text(ui, table::cell(head, *span), column.title(), font, palette(ui).muted, Side::Right);
                }
                ui.painter().hline(head.x_range(), head.bottom(), (1.0, palette(ui).line));
                for index in 0..self.readings.len() {
                    self.row(ui, index, name, &spans);
                }
            });
        });
        ui.spacing_mut().item_spacing.y = 4.0;
    }

    /// One row; a click ticks it.
    fn row(&mut self, ui: &mut Ui, index: usize, name: f32, spans: &[egui::Rangef]) {
        let colours = palette(ui);
        let right = spans.last().map_or(0.0, |span| span.max);
        let (place, _) = ui.allocate_exact_size(vec2(right - ui.cursor().left(), ROW), Sense::hover());
        let (reading, is_ticked) = (&self.readings[index], self.ticked[index]);
        let response = ui.interact(place, ui.scope_id().with(("paper row", index)), Sense::click());
        table::name(&response, egui::Role::CheckBox, is_ticked, reading.row.label);
        table::row_background(ui, place, false, response.hovered(), None);
        let tick = Rect::from_center_size(pos2(place.left() + TICK / 2.0, place.center().y), vec2(13.0, 13.0));
        paint_tick(ui, tick, is_ticked);
        let words =
            Rect::from_min_max(pos2(place.left() + TICK, place.top()), pos2(place.left() + name, place.bottom()));
        let (upper, lower) = words.split_top_bottom_at_y(words.center().y + 1.0);
        let label = theme::semibold(size::TEXT);
        table::text(ui, upper.translate(vec2(0.0, 1.0)), reading.row.label, label, colours.text, Side::Left);
        let mono = theme::mono(size::LABEL);
        table::text(ui, lower.translate(vec2(0.0, -1.0)), reading.row.spec, mono, colours.muted, Side::Left);
        for (column, span) in self.columns.iter().zip(spans) {
            let text = self.text(*column, reading);
            let font = if text.is_strong { theme::semibold(size::TEXT) } else { theme::regular(size::TEXT) };
            let colour = if text.is_faint { colours.muted } else { colours.text };
            table::text(ui, table::cell(place, *span), &text.words, font, colour, Side::Right);
        }
        ui.painter().hline(place.x_range(), place.bottom(), (1.0, colours.line.gamma_multiply(0.5)));
        table::focus_ring(ui, place, &response);
        if response.on_hover_text(reading.row.spec).clicked() {
            self.ticked[index] = !is_ticked;
        }
    }

    fn text(&self, column: Column, reading: &Reading) -> Text {
        let verified = self.table.verified;
        let plain = |words: String| Text { words, is_strong: false, is_faint: false };
        let starred = |number: Option<Printed>, verified: bool, is_best: bool| match number {
            Some(Printed(digits)) if verified => Text { is_strong: is_best, ..plain(digits.to_owned()) },
            Some(Printed(digits)) => Text { is_faint: true, ..plain(format!("{digits}*")) },
            None => plain(String::new()),
        };
        match column {
            Column::Error(which) => {
                let error = reading.row.errors[which];
                starred(Some(error), verified.errors, error.value() <= self.best[which])
            }
            Column::Params => plain(grouped(reading.params)),
            Column::Gflops => plain(format!("{:.3}", reading.billions())),
            Column::Printed(0) => starred(reading.row.params, verified.params, false),
            Column::Printed(_) => starred(reading.row.gflops, verified.gflops, false),
            Column::Difference(which) => {
                let which = which.min(1);
                let printed = [reading.row.params, reading.row.gflops][which];
                let digits = printed.map_or(0, Printed::decimals) + 1;
                match (reading.differences()[which], reading.agreements()[which]) {
                    (Some(_), Some(Agreement::Rounds)) => Text { is_faint: true, ..plain("=".to_owned()) },
                    (Some(by), _) => plain(format!("{by:+.digits$}").replace('-', "−")),
                    (None, _) => plain(String::new()),
                }
            }
        }
    }

    /// Why numbers differ, what is not verified, what is counted.
    fn notes(&self, ui: &mut Ui) {
        widgets::section(ui, "Notes");
        let explained = explanations(self.table, &self.readings);
        for (reason, rows) in &explained {
            ui.label(format!("{}: {reason}.", rows.join(", ")));
        }
        let [prints_params, prints_gflops] = self.table.prints_costs();
        let is_met = (prints_params && self.table.verified.params) || (prints_gflops && self.table.verified.gflops);
        if explained.is_empty() && is_met {
            ui.label("Every computed cost rounds to what is printed (=).");
        }
        for remark in self.table.remarks {
            ui.label(*remark);
        }
        if self.table.has_unverified() {
            widgets::muted(
                ui,
                "* not verified: neither read in the paper itself nor reproduced by counting; nothing is held to it.",
            );
        }
        widgets::muted(
            ui,
            "Parameters and GFLOPs are computed from the networks: multiply-accumulates of convolution and linear \
             layers, no bias, one image, as the papers count. Errors are the paper's; nothing was trained here.",
        );
    }
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Error(0) => "top-1 %",
            Self::Error(_) => "top-5 %",
            Self::Params => "parameters",
            Self::Printed(0) => "paper, M",
            Self::Printed(_) => "paper, G",
            Self::Difference(_) => "Δ",
            Self::Gflops => "GFLOPs",
        }
    }

    fn width(self) -> f32 {
        match self {
            Self::Params => 88.0,
            Self::Printed(_) => 64.0,
            _ => 58.0,
        }
    }
}

fn paint_tick(ui: &Ui, rect: Rect, is_ticked: bool) {
    let colours = palette(ui);
    let corner = 3.0;
    if !is_ticked {
        ui.painter().rect_stroke(rect, corner, (1.0, colours.outline), egui::StrokeKind::Inside);
        return;
    }
    ui.painter().rect_filled(rect, corner, colours.accent);
    let at = |x: f32, y: f32| rect.min + vec2(rect.width() * x, rect.height() * y);
    let stroke = egui::Stroke::new(1.6, colours.on_accent);
    ui.painter().line(vec![at(0.22, 0.52), at(0.43, 0.72), at(0.78, 0.3)], stroke);
}
