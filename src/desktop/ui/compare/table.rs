//! The table: parameters and MACs of every network by stage and block, and how far each is from A.

use eframe::egui;
use egui::{Rangef, Rect, Sense, Ui, pos2, vec2};

use super::CompareView;
use super::model::{Comparison, difference};
use crate::desktop::ui::metric::Metric;
use crate::desktop::ui::table::{self, INDENT, PAD, Side};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, Shared, widgets};
use crate::network::cost::Cost;
use crate::network::graph::ScopeKind;
use crate::network::number::signed;

/// Width of the column of names, which stays while the numbers are scrolled across.
const NAME: f32 = 96.0;
/// The metrics of the table, a group of columns each.
const GROUPS: [Metric; 2] = [Metric::Params, Metric::Macs];

/// A column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// A network's own number.
    Value(Metric, usize),
    /// A network's number less A's.
    Difference(Metric, usize),
}

impl Column {
    /// All of them, group by group: A, B, Δ B, C, Δ C.
    fn all(networks: usize) -> Vec<Self> {
        let of = |metric: Metric| {
            (0..networks).flat_map(move |network| {
                let difference = (network > 0).then_some(Self::Difference(metric, network));
                std::iter::once(Self::Value(metric, network)).chain(difference)
            })
        };
        GROUPS.into_iter().flat_map(of).collect()
    }

    fn metric(self) -> Metric {
        match self {
            Self::Value(metric, _) | Self::Difference(metric, _) => metric,
        }
    }

    /// What stands in a row of these costs.
    fn text(self, cells: &[Option<Cost>]) -> (String, i128) {
        let of = |metric: Metric, network: usize| cells[network].map_or(0, |cost| metric.of(cost));
        match self {
            Self::Value(metric, network) => match cells[network] {
                Some(cost) => (metric.exact(metric.of(cost)), i128::from(metric.of(cost))),
                None => ("–".to_owned(), 0),
            },
            Self::Difference(metric, network) => {
                let change = difference(of(metric, 0), of(metric, network));
                (signed(change), change)
            }
        }
    }
}

/// Widths of the columns of numbers, measured once a comparison: nothing moves when a stage is opened.
#[derive(Default)]
pub(super) struct Widths(Vec<f32>);

impl Widths {
    fn measure(&mut self, ui: &Ui, columns: &[Column], comparison: &Comparison, totals: &[Option<Cost>]) {
        if self.0.len() == columns.len() {
            return;
        }
        let widest = |column: &Column| {
            let rows = comparison.rows.iter().map(|row| row.cells.as_slice());
            let texts = rows.chain([totals]).map(|cells| column.text(cells).0);
            // Digits are nearly equally wide: the longest text is the widest but for a hair.
            let longest = texts.max_by_key(|text| text.chars().count()).unwrap_or_default();
            let galley = ui.painter().layout_no_wrap(longest, theme::semibold(size::TEXT), palette(ui).text);
            (galley.size().x + PAD * 2.0 + 2.0).max(44.0).ceil()
        };
        self.0 = columns.iter().map(widest).collect();
    }
}

/// One painted row: its place in both halves and its numbers.
struct Line<'a> {
    cells: &'a [Option<Cost>],
    bold: bool,
}

impl CompareView {
    /// The aligned table.
    pub(super) fn show_table(&mut self, ui: &mut Ui, comparison: &Comparison, shared: &Shared, out: &mut Outbox) {
        self.title(ui, comparison);
        let totals: Vec<Option<Cost>> = comparison.columns.iter().map(|column| Some(column.total)).collect();
        let columns = Column::all(comparison.columns.len());
        self.table.measure(ui, &columns, comparison, &totals);
        let used: f32 = self.table.0.iter().sum::<f32>() + NAME;
        // Room to spare goes to the columns evenly, up to a point: numbers too far apart are hard to read across.
        let spare = ((ui.available_width() - used) / columns.len() as f32).clamp(0.0, 40.0);
        let widths: Vec<f32> = self.table.0.iter().map(|width| width + spare).collect();
        let open = self.open.clone();
        let rows: Vec<&crate::network::cost::Row> = comparison.shown(&open).collect();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.vertical(|ui| {
                ui.set_width(NAME);
                self.names(ui, &rows, shared, out);
            });
            let across = egui::ScrollArea::horizontal().id_salt("compare across").auto_shrink([false, true]);
            across.show(ui, |ui| {
                ui.vertical(|ui| {
                    ui.set_width(widths.iter().sum());
                    let spans = table::spans(ui.min_rect().left(), &widths);
                    headings(ui, &columns, &spans, comparison);
                    for row in &rows {
                        let selected = shared.selection.part.as_deref() == Some(row.name.as_str());
                        let line = Line { cells: &row.cells, bold: false };
                        if numbers(ui, &columns, &spans, &line, selected, &row.name) {
                            out.select_part(row.name.clone());
                        }
                    }
                    let top = ui.cursor().top();
                    numbers(ui, &columns, &spans, &Line { cells: &totals, bold: true }, false, "total");
                    ui.painter().hline(ui.min_rect().x_range(), top, (1.0, palette(ui).line));
                });
            });
        });
    }

    fn title(&mut self, ui: &mut Ui, comparison: &Comparison) {
        ui.horizontal(|ui| {
            ui.set_height(size::ROW);
            widgets::section(ui, "Stage by stage").on_hover_text("Δ is the difference to A");
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
    fn names(&mut self, ui: &mut Ui, rows: &[&crate::network::cost::Row], shared: &Shared, out: &mut Outbox) {
        let (head, _) = ui.allocate_exact_size(vec2(NAME, HEAD), Sense::hover());
        let label = head.with_min_y(head.bottom() - size::ROW);
        table::text(ui, label, "part", theme::regular(size::LABEL), palette(ui).muted, Side::Left);
        ui.painter().hline(head.x_range(), head.bottom(), (1.0, palette(ui).line));
        for row in rows {
            let (rect, _) = ui.allocate_exact_size(vec2(NAME, size::ROW), Sense::hover());
            let id = ui.scope_id().with(("part", &row.name));
            let response = ui.interact(rect, id, Sense::click());
            let selected = shared.selection.part.as_deref() == Some(row.name.as_str());
            table::name(&response, egui::Role::TreeItem, selected, &row.name);
            table::row_background(ui, rect, selected, response.hovered(), None);
            table::focus_ring(ui, rect, &response);
            let mut toggled = response.double_clicked();
            if row.kind == ScopeKind::Stage {
                let hinge = Rect::from_min_size(rect.min, vec2(18.0, rect.height()));
                let open = self.open.contains(&row.name);
                toggled |= table::triangle(ui, id.with("fold"), hinge, open, &row.name).clicked();
                let keyed = response.has_focus() && ui.input(|input| input.key_pressed(if open { egui::Key::Minus } else { egui::Key::Plus }));
                if (toggled || keyed) && !self.open.remove(&row.name) {
                    self.open.insert(row.name.clone());
                }
            }
            let indent = if row.kind == ScopeKind::Block { INDENT + 12.0 } else { 12.0 };
            let colour = if row.kind == ScopeKind::Block { palette(ui).muted } else { palette(ui).text };
            let place = rect.with_min_x(rect.left() + indent);
            if table::text(ui, place, &row.name, theme::regular(size::TEXT), colour, Side::Left) {
                response.clone().on_hover_text(row.name.as_str());
            }
            if response.clicked() {
                out.select_part(row.name.clone());
            }
        }
        let (rect, _) = ui.allocate_exact_size(vec2(NAME, size::ROW), Sense::hover());
        let place = rect.with_min_x(rect.left() + 12.0);
        table::text(ui, place, "total", theme::semibold(size::TEXT), palette(ui).text, Side::Left);
        ui.painter().hline(rect.x_range(), rect.top(), (1.0, palette(ui).line));
    }
}

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
            Column::Value(_, network) => (letter(*network).to_owned(), colours.network(*network)),
            Column::Difference(_, network) if comparison.columns.len() > 2 => {
                (format!("Δ {}", letter(*network)), colours.muted)
            }
            Column::Difference(..) => ("Δ".to_owned(), colours.muted),
        };
        table::text(ui, cell, &words, label.clone(), colour, Side::Right);
    }
    ui.painter().hline(head.x_range(), head.bottom(), (1.0, colours.line));
}

/// One row of numbers; says whether it was clicked.
fn numbers(ui: &mut Ui, columns: &[Column], spans: &[Rangef], line: &Line, selected: bool, name: &str) -> bool {
    let colours = palette(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return false;
    }
    let response = ui.interact(rect, ui.scope_id().with(("numbers", name)), Sense::CLICK);
    if !line.bold {
        let fill = match (selected, response.hovered()) {
            (true, _) => Some(colours.accent.gamma_multiply(colours.tint * 1.6)),
            (_, true) => Some(colours.raised.gamma_multiply(0.7)),
            _ => None,
        };
        if let Some(fill) = fill {
            ui.painter().rect_filled(rect, 0.0, fill);
        }
    }
    let font = if line.bold { theme::semibold(size::TEXT) } else { theme::regular(size::TEXT) };
    for (column, span) in columns.iter().zip(spans) {
        let (words, value) = column.text(line.cells);
        let colour = match column {
            _ if value == 0 => colours.faint,
            Column::Value(..) => colours.text,
            Column::Difference(..) => colours.difference,
        };
        table::text(ui, table::cell(rect, *span), &words, font.clone(), colour, Side::Right);
    }
    response.clicked() && !line.bold
}
