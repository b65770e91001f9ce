//! The attention matrix: a row a block, a column a kind. Click, drag to paint, click a header or a stage's cell
//! to set them all; hovering says what a cell would cost.

use eframe::egui;
use egui::{Align2, PointerButton, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2};

use super::brush::{brush, reach};
use super::columns::{self, Columns};
use crate::desktop::document::{Command, Network};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, cards, widgets};
use crate::network::attention::{self, Attention};
use crate::network::cost::Ledger;
use crate::network::spec::Place;
use crate::network::zoo::{self, Stage, Subject};
use crate::network::{NetworkSpec, lower, number};

/// Height of a block's row and of the cell in it.
const ROW: f32 = 24.0;
const CELL_HEIGHT: f32 = 18.0;
/// Width of the block names.
const NAMES: f32 = 40.0;

/// The gesture in progress.
#[derive(Default)]
pub(super) struct Matrix {
    stroke: u64,
    /// The column being painted while the button is down.
    painting: Option<usize>,
    columns: Columns,
}

/// What a cell sets.
#[derive(Clone, PartialEq)]
enum Target {
    All,
    Place(Place),
}

/// The matrix of one frame.
struct Grid<'a> {
    network: &'a Network,
    stages: Vec<Stage>,
    /// `None` first, then attention blocks.
    columns: Vec<Option<&'static str>>,
    left: f32,
    cell: f32,
    /// Has the network attention of its own where nothing is chosen?
    is_built_in: bool,
}

impl Matrix {
    pub(super) fn ui(&mut self, ui: &mut Ui, network: &Network, out: &mut Outbox) {
        widgets::section(ui, "Attention matrix");
        ui.add_space(4.0);
        let columns = self.columns.shown(&network.spec);
        let left = ui.cursor().left() + NAMES;
        let cell = (ui.available_width() - NAMES - columns::MORE) / columns.len() as f32;
        let stages = zoo::stages(&network.spec).unwrap_or_default();
        let is_built_in = zoo::has_built_in(&network.spec);
        let grid = Grid { network, stages, columns, left, cell, is_built_in };
        if !ui.input(|input| input.pointer.button_down(PointerButton::Primary)) {
            self.painting = None;
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        if grid.is_built_in {
            let note = "own: as it is built, with its own SE; off takes that out, anything else takes its place.";
            widgets::caption(ui, note);
        }
        self.header(ui, &grid, out);
        for (stage, blocks) in &grid.stages {
            self.stage_row(ui, &grid, stage, blocks.len(), out);
            for block in blocks {
                self.block_row(ui, &grid, block, out);
            }
            ui.add_space(4.0);
        }
    }

    fn header(&mut self, ui: &mut Ui, grid: &Grid, out: &mut Outbox) {
        let colours = palette(ui);
        let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::hover());
        for (column, name) in grid.columns.iter().enumerate() {
            let rect = grid.rect(row, column, row.height());
            let colour = name.map_or(colours.muted, |name| colours.attention(name));
            let (title, spoken) = match name {
                Some(name) => {
                    let title = attention::find(name).map_or(*name, |block| block.card().title);
                    (title, format!("{title} everywhere"))
                }
                None if grid.is_built_in => ("own", "the network's own attention everywhere".to_owned()),
                None => ("–", "no attention anywhere".to_owned()),
            };
            let response = ui.interact(rect, ui.scope_id().with(("header", column)), Sense::click());
            let font = if response.hovered() { theme::semibold(size::LABEL) } else { theme::regular(size::LABEL) };
            let mut text = egui::text::LayoutJob::simple_singleline(title.to_owned(), font, colour);
            text.wrap = egui::text::TextWrapping::truncate_at_width(grid.cell - 2.0);
            let text = ui.painter().layout_job(text);
            ui.painter().galley(Align2::CENTER_CENTER.anchor_size(rect.center(), text.size()).min, text, colour);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &spoken));
            if response.clicked() {
                self.stroke += 1;
                self.paint(grid, column, &Target::All, out);
            }
            response.on_hover_text(spoken);
        }
        let more = Rect::from_min_max(Pos2::new(row.right() - columns::MORE, row.top()), row.max);
        self.columns.more(ui, more, &grid.columns);
        let row = about(ui, grid, out);
        ui.painter().hline(row.x_range(), row.bottom(), Stroke::new(1.0, colours.line));
    }

    fn stage_row(&mut self, ui: &mut Ui, grid: &Grid, stage: &Place, blocks: usize, out: &mut Outbox) {
        let colours = palette(ui);
        let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::hover());
        if !ui.is_rect_visible(row) {
            return;
        }
        let plural = if blocks == 1 { "block" } else { "blocks" };
        let text = format!("{stage} · {blocks} {plural}");
        let hovered = ui.rect_contains_pointer(row);
        let width = ui
            .painter()
            .text(row.left_center(), Align2::LEFT_CENTER, text, theme::regular(size::LABEL), colours.muted)
            .right();
        for (column, name) in grid.columns.iter().enumerate() {
            let cell = grid.rect(row, column, 6.0);
            let response =
                ui.interact(grid.rect(row, column, ROW), ui.scope_id().with((stage.path(), column)), Sense::click());
            let spoken = format!("{} for all of {stage}", name.unwrap_or(grid.nothing()));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &spoken));
            // Drawn only under the pointer: the rows below already say what is set.
            if (hovered || response.has_focus()) && cell.left() > width + 4.0 {
                let colour = name.map_or(colours.faint, |name| colours.attention(name));
                ui.painter().rect_filled(cell, 3.0, colour.gamma_multiply(if response.hovered() { 1.0 } else { 0.4 }));
            }
            if response.clicked() {
                self.stroke += 1;
                self.paint(grid, column, &Target::Place(stage.clone()), out);
            }
            response.on_hover_text(spoken);
        }
    }

    fn block_row(&mut self, ui: &mut Ui, grid: &Grid, block: &Place, out: &mut Outbox) {
        let colours = palette(ui);
        let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::hover());
        if !ui.is_rect_visible(row) {
            return;
        }
        let name = block.path().rsplit_once('.').map_or(block.path(), |(_, index)| index);
        let names = Pos2::new(row.left() + NAMES - 12.0, row.center().y);
        ui.painter().text(names, Align2::RIGHT_CENTER, format!(".{name}"), theme::mono(size::LABEL), colours.muted);
        let current = grid.network.spec.attention.at(block).map(Attention::name);
        for (column, kind) in grid.columns.iter().enumerate() {
            let is_set = *kind == current;
            let rect = grid.rect(row, column, CELL_HEIGHT);
            let response = ui.interact(
                grid.rect(row, column, ROW),
                ui.scope_id().with((block.path(), column)),
                Sense::click_and_drag(),
            );
            draw_cell(ui, rect, &response, is_set, *kind);
            let spoken = format!("{} at {block}", kind.unwrap_or(grid.nothing()));
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_set, &spoken));
            let cell = Cell { column, is_set, response };
            self.gesture(ui, grid, block, &cell, out);
            cell.response.on_hover_ui(|ui| hint(ui, grid.network, block, *kind));
        }
    }

    /// A press begins a stroke in its column; the pointer paints every row it comes over.
    fn gesture(&mut self, ui: &Ui, grid: &Grid, block: &Place, cell: &Cell, out: &mut Outbox) {
        let Cell { column, is_set, response } = cell;
        if response.drag_started_by(PointerButton::Primary) || response.clicked() {
            self.stroke += 1;
            self.painting = response.dragged().then_some(*column);
            self.paint(grid, *column, &Target::Place(block.clone()), out);
            out.select_part(block.path());
        } else if self.painting == Some(*column) && !is_set {
            let pointer = ui.input(|input| input.pointer.latest_pos());
            let row = response.rect.y_range();
            if pointer.is_some_and(|pointer| row.contains(pointer.y)) {
                self.paint(grid, *column, &Target::Place(block.clone()), out);
            }
        }
    }

    fn paint(&self, grid: &Grid, column: usize, target: &Target, out: &mut Outbox) {
        let spec = painted(&grid.network.spec, &grid.stages, grid.columns[column], target);
        // Odd numbers are the design's.
        out.send(Command::Edit { network: grid.network.id, spec, stroke: Some(self.stroke * 2) });
    }
}

/// Below each block's title, what there is to read about it.
fn about(ui: &mut Ui, grid: &Grid, out: &mut Outbox) -> Rect {
    let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), size::INFO + 4.0), Sense::hover());
    for (column, name) in grid.columns.iter().enumerate() {
        let Some(block) = name.filter(|name| *name != attention::OFF).and_then(attention::find) else { continue };
        let center = grid.rect(row, column, row.height()).center() - Vec2::new(0.0, 2.0);
        let rect = Rect::from_center_size(center, Vec2::splat(size::INFO));
        cards::button_in(ui, rect, &Subject::Block(block), out);
    }
    row
}

/// One cell of a block's row.
struct Cell {
    column: usize,
    is_set: bool,
    response: egui::Response,
}

impl Grid<'_> {
    /// What choosing nothing leaves.
    fn nothing(&self) -> &'static str {
        if self.is_built_in { "its own attention" } else { "no attention" }
    }

    /// The place of a column in a row, at most `height` high.
    fn rect(&self, row: Rect, column: usize, height: f32) -> Rect {
        let center = Pos2::new(self.left + self.cell * (column as f32 + 0.5), row.center().y);
        Rect::from_center_size(center, Vec2::new(self.cell - if self.cell < 36.0 { 6.0 } else { 12.0 }, height))
    }
}

/// The spec with one target painted, in its shortest form.
fn painted(spec: &NetworkSpec, stages: &[Stage], kind: Option<&str>, target: &Target) -> NetworkSpec {
    let choice = kind.and_then(|name| brush(spec, name));
    let mut painted = spec.clone();
    match target {
        Target::All => painted.attention.set_all(choice),
        Target::Place(place) => painted.attention.set(reach(choice.as_ref(), place), choice),
    }
    painted.attention = painted.attention.simplified(stages);
    painted
}

fn draw_cell(ui: &Ui, rect: Rect, response: &egui::Response, is_set: bool, kind: Option<&str>) {
    let colours = palette(ui);
    let corner = f32::from(size::CELL_CORNER);
    let fill = match (is_set, kind) {
        (true, Some(name)) => colours.attention(name),
        (true, None) => colours.line,
        (false, _) => colours.sunken,
    };
    ui.painter().rect_filled(rect, corner, fill);
    if !is_set {
        ui.painter().rect_stroke(rect, corner, Stroke::new(1.0, colours.outline), StrokeKind::Inside);
    }
    if response.hovered() || response.has_focus() {
        let colour = kind.map_or(colours.faint, |name| colours.attention(name));
        ui.painter().rect_stroke(rect, corner, Stroke::new(1.0, colour), StrokeKind::Inside);
    }
}

/// What the cell would cost here, against no attention.
fn hint(ui: &mut Ui, network: &Network, block: &Place, kind: Option<&str>) {
    let choice = kind.and_then(|name| brush(&network.spec, name));
    let place = reach(choice.as_ref(), block);
    let (mut bare, mut with) = (network.spec.clone(), network.spec.clone());
    bare.attention.set(place.clone(), None);
    let title = choice.as_ref().map_or_else(|| "no attention".to_owned(), ToString::to_string);
    ui.label(widgets::strong(format!("{title} at {place}"), size::TEXT));
    with.attention.set(place, choice);
    match (lower(&bare), lower(&with)) {
        (Ok(bare), Ok(with)) => {
            let (bare, with) = (Ledger::of(&bare).total(), Ledger::of(&with).total());
            let added = |a: u64, b: u64| number::signed(i128::from(b) - i128::from(a));
            widgets::muted(ui, format!("{} parameters", added(bare.params, with.params)));
            widgets::muted(ui, format!("{} MACs", added(bare.macs, with.macs)));
            if with.products > bare.products {
                let products = added(bare.products, with.products);
                widgets::muted(ui, format!("{products} MACs of products of activations"));
            }
            widgets::muted(ui, format!("{} element-wise operations", added(bare.elementwise, with.elementwise)));
        }
        (_, Err(problem)) | (Err(problem), _) => {
            widgets::muted(ui, problem.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parse;

    #[test]
    fn painting_keeps_the_shortest_form() {
        let spec = parse("resnet18").expect("parses");
        let stages = zoo::stages(&spec).expect("stages");
        let one = painted(&spec, &stages, Some("se"), &Target::Place(Place::new("layer1.0")));
        assert_eq!(one.to_string(), "resnet18+se@layer1.0");
        let both = painted(&one, &stages, Some("se"), &Target::Place(Place::new("layer1.1")));
        assert_eq!(both.to_string(), "resnet18+se@layer1");
        let all = painted(&both, &stages, Some("cbam"), &Target::All);
        assert_eq!(all.to_string(), "resnet18+cbam");
        let hole = painted(&all, &stages, None, &Target::Place(Place::new("layer4.1")));
        assert_eq!(hole.to_string(), "resnet18+cbam+none@layer4.1");
    }
}
