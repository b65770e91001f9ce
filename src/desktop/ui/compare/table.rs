//! The table: parameters and MACs of every network by stage and block, and how far each is from the baseline.

use eframe::egui;
use egui::{Rangef, Rect, Sense, Ui, pos2, vec2};

use super::CompareView;
use super::columns::{Column, Digits};
use super::model::Comparison;
use crate::desktop::ui::metric::Metric;
use crate::desktop::ui::table::{self, INDENT, PAD, Side};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, Shared, widgets};
use crate::network::cost::{Cost, Row};
use crate::network::graph::ScopeKind;
use crate::network::number::percent_change;

/// Width of the column of names, which stays while the numbers are scrolled across.
const NAME: f32 = 96.0;
/// The rows being shown, for both halves of the table.
struct Sheet<'a> {
    columns: &'a [Column],
    digits: Digits,
    rows: &'a [&'a Row],
    selected: Option<&'a str>,
    /// The row under the pointer, in either half.
    hovered: Option<usize>,
}

impl Sheet<'_> {
    fn is_selected(&self, row: &Row) -> bool {
        self.selected == Some(row.name.as_str())
    }
}

impl CompareView {
    /// The aligned table.
    pub(super) fn show_table(&mut self, ui: &mut Ui, comparison: &Comparison, shared: &Shared, out: &mut Outbox) {
        self.title(ui, comparison);
        let columns = Column::all(comparison.columns.len(), comparison.base);
        let (widths, digits) = self.table.fit(ui, &columns, comparison, ui.available_width() - NAME);
        let open = self.open.clone();
        let rows: Vec<&Row> = comparison.shown(&open).collect();
        let full = widths.iter().sum::<f32>().min(ui.available_width() - NAME) + NAME;
        let first = ui.cursor().min + vec2(0.0, HEAD);
        let place = |row: usize| Rect::from_min_size(first + vec2(0.0, size::ROW * row as f32), vec2(full, size::ROW));
        let hovered = (0..rows.len()).find(|row| ui.rect_contains_pointer(place(*row)));
        let selected = shared.selection.part.as_deref();
        let sheet = Sheet { columns: &columns, digits, rows: &rows, selected, hovered };
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.vertical(|ui| {
                ui.set_width(NAME);
                self.names(ui, &sheet, out);
            });
            let across = egui::ScrollArea::horizontal().id_salt("compare across").auto_shrink([false, true]);
            across.show(ui, |ui| {
                ui.vertical(|ui| {
                    ui.set_width(widths.iter().sum());
                    let spans = table::spans(ui.min_rect().left(), &widths);
                    headings(ui, &columns, &spans, comparison);
                    for (index, row) in rows.iter().enumerate() {
                        if row_of_numbers(ui, &sheet, &spans, index, comparison) {
                            out.select_part(row.name.clone());
                        }
                    }
                    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
                    cells(ui, &sheet, &spans, rect, &comparison.totals(), &theme::semibold(size::TEXT));
                    ui.painter().hline(rect.x_range(), rect.top(), (1.0, palette(ui).line));
                });
            });
        });
    }

    fn title(&mut self, ui: &mut Ui, comparison: &Comparison) {
        ui.horizontal(|ui| {
            ui.set_height(size::ROW);
            widgets::section(ui, "Stage by stage").on_hover_text(format!(
                "Δ is the difference to {}, the baseline; a star in the legend chooses another",
                comparison.columns[comparison.base].letter
            ));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let is_open = comparison.stages().all(|stage| self.open.contains(&stage.name));
                if ui.button(if is_open { "Hide blocks" } else { "Show blocks" }).clicked() {
                    self.open = match is_open {
                        true => std::collections::HashSet::new(),
                        false => comparison.stages().map(|stage| stage.name.clone()).collect(),
                    };
                }
            });
        });
        ui.add_space(4.0);
    }

    /// The names of the parts, with triangles before stages.
    fn names(&mut self, ui: &mut Ui, sheet: &Sheet, out: &mut Outbox) {
        let (head, _) = ui.allocate_exact_size(vec2(NAME, HEAD), Sense::hover());
        let label = head.with_min_y(head.bottom() - size::ROW);
        table::text(ui, label, "part", theme::regular(size::LABEL), palette(ui).muted, Side::Left);
        ui.painter().hline(head.x_range(), head.bottom(), (1.0, palette(ui).line));
        for (index, row) in sheet.rows.iter().enumerate() {
            self.name(ui, row, sheet.is_selected(row), sheet.hovered == Some(index), out);
        }
        let (rect, _) = ui.allocate_exact_size(vec2(NAME, size::ROW), Sense::hover());
        let place = rect.with_min_x(rect.left() + HINGE);
        table::text(ui, place, "total", theme::semibold(size::TEXT), palette(ui).text, Side::Left);
        ui.painter().hline(rect.x_range(), rect.top(), (1.0, palette(ui).line));
    }

    /// One name. With the focus on it, + shows a stage's blocks and − hides them.
    fn name(&mut self, ui: &mut Ui, row: &Row, selected: bool, hovered: bool, out: &mut Outbox) {
        let colours = palette(ui);
        let (rect, _) = ui.allocate_exact_size(vec2(NAME, size::ROW), Sense::hover());
        let id = ui.scope_id().with(("part", &row.name));
        let response = ui.interact(rect, id, Sense::click());
        table::name(&response, egui::Role::TreeItem, selected, &row.name);
        table::row_background(ui, rect, selected, hovered, None);
        table::focus_ring(ui, rect, &response);
        if row.kind == ScopeKind::Stage {
            let hinge = Rect::from_min_size(rect.min, vec2(HINGE + PAD, rect.height()));
            let open = self.open.contains(&row.name);
            let triangle = table::triangle(ui, id.with("fold"), hinge, open, &row.name);
            let key = if open { egui::Key::Minus } else { egui::Key::Plus };
            let keyed = response.has_focus() && ui.input(|input| input.key_pressed(key));
            if (triangle.clicked() || response.double_clicked() || keyed) && !self.open.remove(&row.name) {
                self.open.insert(row.name.clone());
            }
        }
        let is_block = row.kind == ScopeKind::Block;
        let place = rect.with_min_x(rect.left() + HINGE + if is_block { INDENT } else { 0.0 });
        let colour = if is_block { colours.muted } else { colours.text };
        table::text(ui, place, &row.name, theme::regular(size::TEXT), colour, Side::Left);
        if response.clicked() {
            out.select_part(row.name.clone());
        }
    }
}

/// Room for a triangle.
const HINGE: f32 = 12.0;
/// Height of both lines of headings.
const HEAD: f32 = size::ROW + 18.0;

/// Two lines of headings: the metric over its group, then each network's letter.
fn headings(ui: &mut Ui, columns: &[Column], spans: &[Rangef], comparison: &Comparison) {
    let colours = palette(ui);
    let (head, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEAD), Sense::hover());
    let label = theme::semibold(size::LABEL);
    let lower = head.with_min_y(head.bottom() - size::ROW);
    for (index, (column, span)) in columns.iter().zip(spans).enumerate() {
        let cell = table::cell(lower, *span);
        let is_first = index == 0 || columns[index - 1].metric() != column.metric();
        if is_first {
            let group = columns.iter().zip(spans).filter(|(other, _)| other.metric() == column.metric());
            let right = group.map(|(_, span)| span.max).fold(span.max, f32::max);
            let over = Rect::from_min_max(pos2(span.min, head.top()), pos2(right, head.top() + 18.0));
            table::text(ui, over, column.metric().title(), theme::regular(size::LABEL), colours.muted, Side::Left);
            if index > 0 {
                ui.painter().vline(span.min, head.y_range().shrink(3.0), (1.0, colours.line));
            }
        }
        let letter = |network: usize| comparison.columns[network].letter.as_str();
        let (words, colour) = match column {
            Column::Value(_, network) => {
                (letter(*network).to_owned(), colours.network(comparison.columns[*network].slot))
            }
            Column::Difference { network, .. } if comparison.columns.len() > 2 => {
                (format!("Δ {}", letter(*network)), colours.muted)
            }
            Column::Difference { .. } => ("Δ".to_owned(), colours.muted),
        };
        table::text(ui, cell, &words, label.clone(), colour, Side::Right);
    }
    ui.painter().hline(head.x_range(), head.bottom(), (1.0, colours.line));
}

/// One row of numbers; says whether it was clicked.
fn row_of_numbers(ui: &mut Ui, sheet: &Sheet, spans: &[Rangef], index: usize, comparison: &Comparison) -> bool {
    let colours = palette(ui);
    let row = sheet.rows[index];
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return false;
    }
    // The name is the row's tab stop and accessible name; the numbers only widen what can be clicked.
    let response = ui.interact(rect, ui.scope_id().with(("numbers", &row.name)), Sense::CLICK);
    let fill = match (sheet.is_selected(row), sheet.hovered == Some(index)) {
        (true, _) => Some(colours.accent.gamma_multiply(colours.tint * 1.6)),
        (_, true) => Some(colours.raised.gamma_multiply(0.7)),
        _ => None,
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, 0.0, fill);
    }
    cells(ui, sheet, spans, rect, &row.cells, &theme::regular(size::TEXT));
    let clicked = response.clicked();
    response.on_hover_ui(|ui| hover(ui, row, comparison));
    clicked
}

/// The numbers of one row; zeros and differences step back: a sign says enough.
fn cells(ui: &Ui, sheet: &Sheet, spans: &[Rangef], row: Rect, costs: &[Option<Cost>], font: &egui::FontId) {
    let colours = palette(ui);
    for (column, span) in sheet.columns.iter().zip(spans) {
        let (words, value) = column.text(costs, sheet.digits);
        let colour = match column {
            _ if value == 0 => colours.muted,
            Column::Value(..) => colours.text,
            Column::Difference { .. } => colours.muted,
        };
        table::text(ui, table::cell(row, *span), &words, font.clone(), colour, Side::Right);
    }
}

/// A part in every network, to the last digit, with how much more than the baseline it is.
fn hover(ui: &mut Ui, row: &Row, comparison: &Comparison) {
    ui.label(widgets::strong(row.name.as_str(), size::TEXT));
    let base = row.cells[comparison.base].unwrap_or_default();
    for (network, column) in comparison.columns.iter().enumerate() {
        let Some(cost) = row.cells[network] else {
            widgets::muted(ui, format!("{}: has no such part", column.letter));
            continue;
        };
        let more = |metric: Metric| {
            let change = percent_change(metric.of(base), metric.of(cost)).filter(|_| network != comparison.base);
            let change = change.map(|change| format!(" ({change})")).unwrap_or_default();
            format!("{}{change}", metric.exact(metric.of(cost)))
        };
        let words = format!("{}: {} params, {} MACs", column.letter, more(Metric::Params), more(Metric::Macs));
        widgets::muted(ui, words);
    }
}
