//! Paints the table: headings, the rows in sight, what the filter found, the total.

use eframe::egui;
use egui::{Color32, Rect, Sense, Ui, Vec2, pos2, vec2};

use super::columns::{Column, Columns, Has};
use super::model::{Row, Tree};
use super::shown::Sort;
use super::{CostsView, summary, written};
use crate::compute::engine::{Timing, gflops};
use crate::desktop::ui::metric::{Metric, milliseconds, percent, share};
use crate::desktop::ui::table::{self, INDENT, Side};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, Shared, widgets};
use crate::network::cost::Cost;

impl CostsView {
    /// The table: as high as there is room above the numbers written out.
    pub(super) fn table(&mut self, ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
        let foot = self.tree.as_ref().map_or(0.0, summary::foot);
        let height = (ui.available_height() - foot).max(size::ROW * 5.0);
        let available = ui.available_width();
        ui.allocate_ui(Vec2::new(available, height), |ui| {
            egui::ScrollArea::horizontal().id_salt("costs across").auto_shrink(false).show(ui, |ui| {
                // The scroll bar has its own room, so that rows end where the headings do.
                let bar = ui.spacing().scroll.allocated_width();
                let has = self.tree.as_ref().map(Has::of).unwrap_or_default();
                let columns = Columns::fit(ui.min_rect().left(), available - bar, has);
                ui.set_width(columns.width + bar);
                self.headings(ui, &columns);
                let footers = 1 + usize::from(self.shown.matching.is_some());
                let lines = ((height - 2.0) / size::ROW).floor() - (1 + footers) as f32;
                let body = lines.max(2.0) * size::ROW;
                self.body(ui, &columns, body, shared, out);
                self.totals(ui, &columns);
            });
        });
    }

    fn headings(&mut self, ui: &mut Ui, columns: &Columns) {
        let (row, _) = ui.allocate_exact_size(vec2(columns.width, size::ROW), Sense::hover());
        for (column, span) in &columns.list {
            let order = match (self.sort, column) {
                (Some(sort), column) if column.is_share() && Some(sort.key) == column.key() => None,
                (Some(sort), _) if Some(sort.key) == column.key() => Some(sort.descending),
                _ => None,
            };
            let id = ui.scope_id().with(("heading", column.title(), span.min as i32));
            let response = table::heading(ui, id, table::cell(row, *span), column.title(), column.side(), order);
            if response.clicked() {
                self.sort = column.key().and_then(|key| Sort::clicked(self.sort, key));
                self.stale = true;
            }
            let hint = match column {
                Column::Name => "The network's own order, as a tree",
                Column::Op => "Sort the layers by what they do",
                Column::Output => "Sort the layers by the size of their output, C×H×W",
                Column::Number(metric) | Column::Share(metric) => metric.counts(),
                Column::Time | Column::TimeShare => {
                    "Milliseconds, measured; layers that are computed in one pass have one time, at the first of them"
                }
                Column::Speed => "Billions of operations a second, a MAC counted as two",
            };
            response.on_hover_text(hint);
        }
        ui.painter().hline(row.x_range(), row.bottom(), (1.0, palette(ui).line));
    }

    /// The rows in sight.
    fn body(&mut self, ui: &mut Ui, columns: &Columns, height: f32, shared: &Shared, out: &mut Outbox) {
        let rows = self.shown.rows.len();
        let id = ui.scope_id().with("rows");
        self.focus = Some(id);
        let top = ui.cursor().min;
        let area = Rect::from_min_size(top, vec2(columns.width, height));
        // One tab stop for the whole table; the arrow keys walk its rows.
        let focus = ui.interact(area, id, Sense::FOCUSABLE);
        table::name(&focus, egui::Role::Tree, true, "Cost table: arrow keys walk, left and right fold");
        if focus.has_focus() {
            let filter = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
            self.keys(ui, (height / size::ROW) as usize, out);
        }
        let visible = (height / size::ROW) as usize;
        let mut down = egui::ScrollArea::vertical().id_salt("costs down").auto_shrink(false).max_height(height);
        // A scroll area pulls an offset past its last known end back: new rows are laid out before one is scrolled to.
        let is_laid_out = std::mem::replace(&mut self.laid_out, rows) == rows;
        let reveal = self.reveal.take_if(|_| is_laid_out);
        if self.reveal.is_some() {
            ui.ctx().request_repaint();
        }
        let target = reveal.as_ref().and_then(|reveal| self.shown.rows.iter().position(|shown| *shown == reveal.row));
        if let Some(position) = target.filter(|_| reveal.as_ref().is_some_and(|reveal| reveal.centred)) {
            let top = position.saturating_sub(visible / 2).min(rows.saturating_sub(visible));
            down = down.vertical_scroll_offset(size::ROW * top as f32);
        }
        // A faded first or last row reads as disabled.
        ui.spacing_mut().scroll.fade.strength = 0.0;
        down.show_viewport(ui, |ui, viewport| {
            ui.set_height(size::ROW * rows as f32);
            let origin = ui.max_rect().min;
            let place = |position: usize| {
                let corner = pos2(origin.x, origin.y + size::ROW * position as f32);
                Rect::from_min_size(corner, vec2(columns.width, size::ROW))
            };
            if let Some(position) = target {
                ui.scroll_to_rect_animation(place(position), None, egui::style::ScrollAnimation::none());
            }
            let first = (viewport.top() / size::ROW).max(0.0) as usize;
            let last = ((viewport.bottom() / size::ROW).ceil().max(0.0) as usize).min(rows);
            for position in first..last {
                self.row(ui, columns, place(position), position, shared, out);
            }
        });
        if rows == 0 {
            let line = area.with_max_y(area.top() + size::ROW * 2.0);
            let words = format!("No layer matches \"{}\".", self.filter.trim());
            table::text(ui, line, &words, theme::regular(size::TEXT), palette(ui).muted, Side::Left);
        }
        table::focus_ring(ui, area.expand(1.0), &focus);
    }

    fn row(&mut self, ui: &Ui, columns: &Columns, rect: Rect, position: usize, shared: &Shared, out: &mut Outbox) {
        let Some(tree) = &self.tree else { return };
        let Some(row) = self.shown.rows.get(position).copied() else { return };
        let entry = &tree.rows[row];
        let id = ui.scope_id().with(("row", &entry.path));
        let response = ui.interact(rect, id, Sense::CLICK);
        let selected = shared.selection.part.as_deref() == Some(entry.path.as_str());
        table::name(&response, egui::Role::TreeItem, selected, &entry.path);
        let hue = entry.attention.map(|kind| palette(ui).attention(kind));
        table::row_background(ui, rect, selected, response.hovered(), hue);
        let flat = self.sort.is_some();
        let is_part = !entry.is_layer() && !flat;
        let mut toggled = is_part && response.double_clicked();
        for (column, span) in &columns.list {
            let cell = table::cell(rect, *span);
            if *column == Column::Name {
                let indent = if flat { 0.0 } else { INDENT * entry.depth as f32 + 16.0 };
                if is_part {
                    let hinge =
                        Rect::from_min_size(pos2(cell.left() + indent - 14.0, cell.top()), vec2(18.0, cell.height()));
                    let triangle = table::triangle(ui, id.with("fold"), hinge, self.is_open(tree, row), &entry.path);
                    toggled |= triangle.clicked();
                }
                name(ui, cell.with_min_x(cell.left() + indent), entry, flat);
            } else {
                value(ui, columns, *column, cell, tree, row);
            }
        }
        let (clicked, open) = (response.clicked(), self.is_open(tree, row));
        response.on_hover_ui(|ui| hover(ui, tree, row));
        if toggled {
            self.open(row, !open);
        }
        if clicked {
            if let Some(table) = self.focus {
                ui.memory_mut(|memory| memory.request_focus(table));
            }
            self.choose(row, false, out);
        }
    }

    /// The sum of what the filter found, and the whole network.
    fn totals(&self, ui: &mut Ui, columns: &Columns) {
        let Some(tree) = &self.tree else { return };
        let font = theme::semibold(size::TEXT);
        let whole = tree.timing().map(Timing::total);
        let mut line = |title: &str, cost: Cost, time: Option<u64>| {
            let (row, _) = ui.allocate_exact_size(vec2(columns.width, size::ROW), Sense::hover());
            for (column, span) in &columns.list {
                let cell = table::cell(row, *span);
                let words = match column {
                    Column::Name => title.to_owned(),
                    Column::Op | Column::Output => continue,
                    Column::Number(metric) => columns.number(ui, cell, *metric, metric.of(cost), &font),
                    Column::Share(metric) => percent(metric.of(cost), metric.of(tree.total)),
                    Column::Time => time.map(milliseconds).unwrap_or_default(),
                    Column::TimeShare => time.zip(whole).map(|(time, whole)| percent(time, whole)).unwrap_or_default(),
                    Column::Speed => time.map(|time| format!("{:.1}", gflops(cost.macs, time))).unwrap_or_default(),
                };
                table::text(ui, cell, &words, font.clone(), palette(ui).text, column.side());
            }
            row
        };
        if let Some(matching) = self.shown.matching {
            let layers = if matching.layers == 1 { "layer" } else { "layers" };
            line(&format!("{} matching {layers}", matching.layers), matching.cost, matching.time);
        }
        let row = line("total", tree.total, whole);
        ui.painter().hline(row.x_range(), row.top(), (1.0, palette(ui).line));
    }
}

/// A row's name; where it does not fit, the middle of it is left out first.
fn name(ui: &Ui, cell: Rect, entry: &Row, flat: bool) {
    let colour = palette(ui).text;
    let font = if entry.is_layer() { theme::regular(size::TEXT) } else { theme::semibold(size::TEXT) };
    let full = if flat { &entry.path } else { &entry.label };
    let fits = !table::elided(ui, full, font.clone(), colour, cell.width() - 2.0 * table::PAD).elided;
    let words = if fits { full.clone() } else { entry.brief(flat) };
    table::text(ui, cell, &words, font, colour, Side::Left);
}

/// One cell that is not the name.
fn value(ui: &Ui, columns: &Columns, column: Column, cell: Rect, tree: &Tree, row: usize) {
    let (entry, total) = (&tree.rows[row], tree.total);
    let colours = palette(ui);
    let font = theme::regular(size::TEXT);
    let hue = entry.attention.map_or(colours.faint, |kind| colours.attention(kind));
    match column {
        Column::Name => {}
        Column::Op => {
            let words = if cell.width() > 100.0 { &entry.long } else { &entry.detail };
            table::text(ui, cell, words, font, colours.muted, Side::Left);
        }
        Column::Output => {
            table::text(ui, cell, &entry.output, font, colours.muted, Side::Right);
        }
        Column::Number(metric) => {
            let value = metric.of(entry.cost);
            let words = columns.number(ui, cell, metric, value, &font);
            table::text(ui, cell, &words, font, table::number_colour(colours, value), Side::Right);
            let is_share = matches!(metric, Metric::Params | Metric::Macs) && !columns.has_shares();
            if is_share && value > 0 {
                table::share_bar(ui, cell, share(value, metric.of(total)), hue);
            }
        }
        Column::Share(metric) => share_cell(ui, cell, metric.of(entry.cost), metric.of(total), hue),
        Column::Time | Column::TimeShare => time_cell(ui, columns, column, cell, (tree, row), hue),
        Column::Speed => {
            let words = tree.speed(row).map(|speed| format!("{speed:.1}")).unwrap_or_default();
            table::text(ui, cell, &words, font, colours.muted, Side::Right);
        }
    }
}

/// Milliseconds or their share; where a layer is computed with one before it, that.
fn time_cell(ui: &Ui, columns: &Columns, column: Column, cell: Rect, (tree, row): (&Tree, usize), hue: Color32) {
    let colours = palette(ui);
    let Some(whole) = tree.timing().map(Timing::total) else { return };
    let Some(time) = tree.time(row) else {
        if column == Column::Time {
            table::text(ui, cell, "fused", theme::regular(size::LABEL), colours.muted, Side::Right);
        }
        return;
    };
    if column == Column::TimeShare {
        return share_cell(ui, cell, time, whole, hue);
    }
    table::text(ui, cell, &milliseconds(time), theme::regular(size::TEXT), colours.text, Side::Right);
    if !columns.has_shares() && time > 0 {
        table::share_bar(ui, cell, share(time, whole), hue);
    }
}

/// Everything about a row to the last digit.
fn hover(ui: &mut Ui, tree: &Tree, row: usize) {
    let entry = &tree.rows[row];
    ui.label(widgets::strong(entry.path.as_str(), size::TEXT));
    if !entry.long.is_empty() {
        widgets::muted(ui, format!("{} → {}", entry.long, entry.output));
    }
    for metric in Metric::of_network(tree.total) {
        widgets::muted(ui, format!("{}: {}", metric.title(), metric.exact(metric.of(entry.cost))));
    }
    if let Some(words) = written::time(tree, row) {
        widgets::muted(ui, format!("Time: {words}"));
    }
}

/// Percent over a thin bar.
fn share_cell(ui: &Ui, cell: Rect, part: u64, whole: u64, hue: Color32) {
    let colours = palette(ui);
    table::text(ui, cell, &percent(part, whole), theme::regular(size::LABEL), colours.muted, Side::Right);
    if part > 0 {
        table::share_bar(ui, cell, share(part, whole), hue);
    }
}
