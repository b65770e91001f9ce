//! The attention matrix: a row a block, a column a kind. Click, drag to paint, click a header or a stage's cell
//! to set them all; hovering says what a cell would cost.

use eframe::egui;
use egui::{Align2, PointerButton, Pos2, Rangef, Rect, ScrollArea, Sense, StrokeKind, Ui, Vec2};

use super::brush::{brush, reach};
use super::columns::{self, Columns};
use crate::desktop::document::{Command, Network, Stroke};
use crate::desktop::ui::metric::Metric;
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, cards, table, widgets};
use crate::network::attention::{self, Attention};
use crate::network::cost::Cost;
use crate::network::graph::ScopeKind;
use crate::network::spec::Place;
use crate::network::zoo::{self, Stage, Subject};
use crate::network::{Model, NetworkSpec, number};

/// Height of a block's row and of the cell in it.
const ROW: f32 = 24.0;
const CELL_HEIGHT: f32 = 18.0;
/// Height of a stage's cell.
const STAGE_HEIGHT: f32 = 10.0;
/// Least and largest width of the names of stages and blocks.
const NAMES: (f32, f32) = (40.0, 84.0);
/// The narrowest column, and what a title needs around it.
const LEAST: f32 = 24.0;
const AROUND: f32 = 6.0;
/// The widest cell.
const WIDEST: f32 = 34.0;

/// The gesture in progress.
#[derive(Default)]
pub(super) struct Matrix {
    stroke: Option<Stroke>,
    /// The column being painted while the button is down.
    painting: Option<usize>,
    /// Where the pointer was a frame ago: what lies between is painted too.
    before: Option<f32>,
    /// What this frame paints, to be sent as one edit.
    strokes: Vec<Place>,
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
    spec: &'a NetworkSpec,
    stages: Vec<Stage>,
    /// `None` first, then attention blocks.
    columns: Vec<Option<&'static str>>,
    /// By column, from the left edge of the panel.
    spans: Vec<Rangef>,
    names: f32,
    /// Has the network attention of its own where nothing is chosen?
    is_built_in: bool,
}

impl Matrix {
    /// Is a stroke being painted? What stands above then keeps its height, so that nothing moves under the pointer.
    pub(super) fn is_painting(&self) -> bool {
        self.painting.is_some()
    }

    /// Every kind of attention that can be painted here.
    pub(super) fn kinds(&mut self, network: &Network, spec: &NetworkSpec) -> Vec<&'static str> {
        self.columns.shown(network.id, spec).into_iter().flatten().collect()
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, network: &Network, spec: &NetworkSpec, out: &mut Outbox) {
        widgets::section(ui, "Attention matrix");
        ui.add_space(4.0);
        let columns = self.columns.shown(network.id, spec);
        let stages = zoo::stages(spec).unwrap_or_default();
        let is_built_in = zoo::has_built_in(spec);
        let names = names_width(ui, &stages);
        let (spans, width) = spans(ui, &columns, is_built_in, names, ui.available_width());
        let grid = Grid { network, spec, stages, columns, spans, names, is_built_in };
        if !ui.input(|input| input.pointer.button_down(PointerButton::Primary)) {
            self.painting = None;
        }
        let was_painting = self.painting.is_some();
        ui.spacing_mut().item_spacing.y = 0.0;
        if grid.is_built_in {
            let note = "own: as it is built, with its own SE; off takes that out, anything else takes its place.";
            widgets::caption(ui, note);
        }
        // More columns than there is room for are scrolled across: no title is cut.
        ScrollArea::horizontal().id_salt("matrix across").auto_shrink([false, true]).show(ui, |ui| {
            ui.set_width(width);
            self.rows(ui, &grid, out);
        });
        // A stroke that has just begun still has its first points to paint: from where it was pressed.
        if was_painting || self.painting.is_none() {
            self.before = ui.input(|input| input.pointer.latest_pos()).map(|pointer| pointer.y);
        }
    }

    fn rows(&mut self, ui: &mut Ui, grid: &Grid, out: &mut Outbox) {
        self.header(ui, grid, out);
        for (stage, blocks) in &grid.stages {
            self.stage_row(ui, grid, stage, blocks, out);
            for block in blocks {
                self.block_row(ui, grid, block, out);
            }
            ui.add_space(4.0);
        }
        let strokes = std::mem::take(&mut self.strokes);
        if let Some(column) = self.painting.filter(|_| !strokes.is_empty()) {
            let spec = strokes.into_iter().fold(grid.spec.clone(), |spec, place| {
                painted(&spec, &grid.stages, grid.columns[column], &Target::Place(place))
            });
            self.send(grid, spec, out);
        }
    }

    fn header(&mut self, ui: &mut Ui, grid: &Grid, out: &mut Outbox) {
        let colours = palette(ui);
        let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::hover());
        for (column, name) in grid.columns.iter().enumerate() {
            let rect = grid.rect(row, column, row.height());
            let colour = name.map_or(colours.muted, |name| colours.attention(name));
            let title = title(*name, grid.is_built_in);
            let spoken = match name {
                Some(_) => format!("{title} everywhere"),
                None if grid.is_built_in => "the network's own attention everywhere".to_owned(),
                None => "no attention anywhere".to_owned(),
            };
            let response = ui.interact(rect, ui.scope_id().with(("header", column)), Sense::click());
            let font = if response.hovered() { theme::semibold(size::LABEL) } else { theme::regular(size::LABEL) };
            let text = ui.painter().layout_no_wrap(title.to_owned(), font, colour);
            ui.painter().galley(Align2::CENTER_CENTER.anchor_size(rect.center(), text.size()).min, text, colour);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &spoken));
            if response.clicked() {
                self.stroke = Some(Stroke::begin());
                self.paint(grid, column, &Target::All, out);
            }
            response.on_hover_text(spoken);
        }
        let more = Rect::from_min_max(Pos2::new(row.right() - columns::MORE, row.top()), row.max);
        self.columns.more(ui, more, &grid.columns);
        let row = about(ui, grid, out);
        ui.painter().hline(row.x_range(), row.bottom(), egui::Stroke::new(1.0, colours.line));
    }

    fn stage_row(&mut self, ui: &mut Ui, grid: &Grid, stage: &Place, blocks: &[Place], out: &mut Outbox) {
        let colours = palette(ui);
        let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::hover());
        if !ui.is_rect_visible(row) {
            return;
        }
        let font = theme::regular(size::LABEL);
        let name = table::elided(ui, stage.path(), font, colours.muted, grid.names - 4.0);
        let at = Align2::LEFT_CENTER.anchor_size(row.left_center(), name.size());
        ui.painter().galley(at.min, name, colours.muted);
        for (column, name) in grid.columns.iter().enumerate() {
            let place = grid.rect(row, column, ROW);
            let response = ui.interact(place, ui.scope_id().with((stage.path(), column)), Sense::click());
            let set = blocks.iter().filter(|block| grid.kind_at(block) == *name).count();
            let spoken = format!("{} for all of {stage}", name.unwrap_or(grid.nothing()));
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, set == blocks.len(), &spoken));
            let hue = name.map_or(colours.muted, |name| colours.attention(name));
            draw_share(
                ui,
                grid.rect(row, column, STAGE_HEIGHT),
                &response,
                set as f32 / blocks.len().max(1) as f32,
                hue,
            );
            if response.clicked() {
                self.stroke = Some(Stroke::begin());
                self.paint(grid, column, &Target::Place(stage.clone()), out);
            }
            response.on_hover_text(format!("{spoken}: {set} of {} blocks have it", blocks.len()));
        }
    }

    fn block_row(&mut self, ui: &mut Ui, grid: &Grid, block: &Place, out: &mut Outbox) {
        let colours = palette(ui);
        let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::hover());
        if !ui.is_rect_visible(row) {
            return;
        }
        let name = block.path().rsplit_once('.').map_or(block.path(), |(_, index)| index);
        let names = Pos2::new(row.left() + grid.names - 12.0, row.center().y);
        ui.painter().text(names, Align2::RIGHT_CENTER, format!(".{name}"), theme::mono(size::LABEL), colours.muted);
        let current = grid.kind_at(block);
        let own = current.is_none().then(|| grid.own_at(block)).flatten();
        for (column, kind) in grid.columns.iter().enumerate() {
            let is_set = *kind == current;
            let rect = grid.rect(row, column, CELL_HEIGHT);
            let response = ui.interact(
                grid.rect(row, column, ROW),
                ui.scope_id().with((block.path(), column)),
                Sense::click_and_drag(),
            );
            draw_cell(ui, rect, &response, is_set, kind.or(own.filter(|_| is_set)));
            let spoken = format!("{} at {block}", kind.unwrap_or(grid.nothing()));
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_set, &spoken));
            let cell = Cell { column, is_set, response };
            self.gesture(ui, grid, block, &cell, out);
            cell.response.on_hover_ui(|ui| hint(ui, grid, block, *kind));
        }
    }

    /// A press begins a stroke in its column; the pointer paints every row it comes over.
    fn gesture(&mut self, ui: &Ui, grid: &Grid, block: &Place, cell: &Cell, out: &mut Outbox) {
        let Cell { column, is_set, response } = cell;
        if response.drag_started_by(PointerButton::Primary) {
            self.stroke = Some(Stroke::begin());
            self.painting = Some(*column);
            self.strokes.push(block.clone());
            // A drag is known as one only after some points: where it was pressed counts.
            self.before = ui.input(|input| input.pointer.press_origin()).map(|origin| origin.y);
            out.select_part(block.path());
        } else if response.clicked() {
            self.stroke = Some(Stroke::begin());
            self.paint(grid, *column, &Target::Place(block.clone()), out);
            out.select_part(block.path());
        } else if self.painting == Some(*column) && !is_set {
            let Some(now) = ui.input(|input| input.pointer.latest_pos()).map(|pointer| pointer.y) else { return };
            let before = self.before.unwrap_or(now);
            let way = Rangef::new(now.min(before), now.max(before));
            if way.intersects(response.rect.y_range()) {
                self.strokes.push(block.clone());
            }
        }
    }

    fn paint(&self, grid: &Grid, column: usize, target: &Target, out: &mut Outbox) {
        self.send(grid, painted(grid.spec, &grid.stages, grid.columns[column], target), out);
    }

    fn send(&self, grid: &Grid, spec: NetworkSpec, out: &mut Outbox) {
        out.send(Command::Edit { network: grid.network.id, spec, stroke: self.stroke });
    }
}

/// What a column is called.
fn title(name: Option<&'static str>, is_built_in: bool) -> &'static str {
    match name {
        Some(name) => attention::find(name).map_or(name, |block| block.card().title),
        None if is_built_in => "own",
        None => "–",
    }
}

/// Room for the names of the stages.
fn names_width(ui: &Ui, stages: &[Stage]) -> f32 {
    let width = |(stage, _): &Stage| text_width(ui, stage.path(), theme::regular(size::LABEL)) + 8.0;
    stages.iter().map(width).fold(NAMES.0, f32::max).min(NAMES.1)
}

fn text_width(ui: &Ui, text: &str, font: egui::FontId) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), font, palette(ui).text).size().x
}

/// Where the columns are, from the left edge: as wide as their titles need, and what is left over shared out; and the
/// width of everything.
fn spans(
    ui: &Ui,
    columns: &[Option<&'static str>],
    is_built_in: bool,
    names: f32,
    available: f32,
) -> (Vec<Rangef>, f32) {
    let need = |name: Option<&'static str>| {
        // In the bolder face, which a title has under the pointer.
        (text_width(ui, title(name, is_built_in), theme::semibold(size::LABEL)) + AROUND).max(LEAST)
    };
    let widths: Vec<f32> = columns.iter().copied().map(need).collect();
    let whole = names + widths.iter().sum::<f32>() + columns::MORE;
    let spare = ((available - whole) / columns.len().max(1) as f32).max(0.0);
    let widths: Vec<f32> = widths.iter().map(|width| width + spare).collect();
    (table::spans(names, &widths), whole.max(available))
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

    /// The kind chosen for a block.
    fn kind_at(&self, block: &Place) -> Option<&str> {
        self.spec.attention.at(block).map(Attention::name)
    }

    /// The kind a block has by its own design.
    fn own_at(&self, block: &Place) -> Option<&'static str> {
        let graph = &self.network.graph();
        let scope = graph.scope_at(block.path()).filter(|_| self.is_built_in)?;
        match graph[graph.attention_of(scope)?].kind {
            ScopeKind::Attention(name) => Some(name),
            _ => None,
        }
    }

    /// The place of a column in a row, at most `height` high.
    fn rect(&self, row: Rect, column: usize, height: f32) -> Rect {
        let span = self.spans[column];
        let center = Pos2::new(row.left() + span.center(), row.center().y);
        Rect::from_center_size(center, Vec2::new((span.span() - 4.0).min(WIDEST), height))
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

/// One block's cell: its kind's hue where it has it, else an outline that shows where one can press.
fn draw_cell(ui: &Ui, rect: Rect, response: &egui::Response, is_set: bool, kind: Option<&str>) {
    let colours = palette(ui);
    let corner = f32::from(size::CELL_CORNER);
    let hue = kind.map_or(colours.muted, |name| colours.attention(name));
    if is_set {
        let fill = if kind.is_some() { hue } else { colours.line };
        ui.painter().rect_filled(rect, corner, fill);
    }
    let edge = match (response.hovered() || response.has_focus(), is_set) {
        (true, _) => Some(egui::Stroke::new(2.0, hue)),
        (false, true) if kind.is_some() => None,
        _ => Some(egui::Stroke::new(1.0, colours.outline)),
    };
    if let Some(edge) = edge {
        ui.painter().rect_stroke(rect, corner, edge, StrokeKind::Inside);
    }
}

/// A stage's cell: filled as far as its blocks have it.
fn draw_share(ui: &Ui, rect: Rect, response: &egui::Response, share: f32, hue: egui::Color32) {
    let colours = palette(ui);
    let filled = rect.with_max_x(rect.left() + rect.width() * share);
    if share > 0.0 {
        ui.painter().rect_filled(filled, 3.0, hue);
    }
    let is_marked = response.hovered() || response.has_focus();
    let edge = if is_marked { egui::Stroke::new(2.0, hue) } else { egui::Stroke::new(1.0, colours.outline) };
    ui.painter().rect_stroke(rect, 3.0, edge, StrokeKind::Inside);
}

/// What the cell would cost here, against nothing and against what is there now.
fn hint(ui: &mut Ui, grid: &Grid, block: &Place, kind: Option<&str>) {
    let (network, spec) = (grid.network, grid.spec);
    let choice = kind.and_then(|name| brush(spec, name));
    let place = reach(choice.as_ref(), block);
    let (mut bare, mut with) = (spec.clone(), spec.clone());
    let nothing = grid.is_built_in.then(|| Attention::named(attention::OFF).ok()).flatten();
    bare.attention.set(place.clone(), nothing.clone());
    let left = if nothing.is_some() { "its own attention" } else { "no attention" };
    let title = choice.as_ref().map_or_else(|| left.to_owned(), ToString::to_string);
    ui.label(widgets::strong(format!("{title} at {place}"), size::TEXT));
    with.attention.set(place, choice);
    match (Model::of(bare), Model::of(with)) {
        (Ok(bare), Ok(with)) => {
            let costs = [bare.ledger().total(), network.ledger().total(), with.ledger().total()];
            for line in price(costs) {
                widgets::muted(ui, line);
            }
        }
        (_, Err(problem)) | (Err(problem), _) => {
            widgets::muted(ui, problem.to_string());
        }
    }
}

/// `8,464 parameters here · −100 against now`, from the network without attention there, as it is and as it would be.
fn price([bare, now, with]: [Cost; 3]) -> Vec<String> {
    let less = |a: u64, b: u64| i128::from(b) - i128::from(a);
    let line = |metric: Metric| {
        let of = |cost| metric.of(cost);
        let (here, change) = (less(of(bare), of(with)), less(of(now), of(with)));
        let what = match metric {
            Metric::Params => "parameters",
            Metric::Macs => "MACs",
            Metric::Products if here == 0 && change == 0 => return None,
            Metric::Products => "MACs of products of activations",
            Metric::Elementwise => "element-wise operations",
            // A layer more or less says nothing of the memory that is in use at one time.
            Metric::Activations => return None,
        };
        let here = number::signed(here);
        let against = if change == 0 { "as now".to_owned() } else { format!("{} against now", number::signed(change)) };
        Some(format!("{} {what} here · {against}", here.trim_start_matches('+')))
    };
    Metric::ALL.into_iter().filter_map(line).collect()
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

    #[test]
    fn a_price_says_what_it_costs_here_and_what_changes() {
        let total = |text: &str| Model::parse(text).expect(text).ledger().total();
        let costs = [total("resnet50+cbam+none@layer1.0"), total("resnet50+cbam"), total("resnet50+cbam+se@layer1.0")];
        // SE of 256 channels, r = 16: 2·256·16 + 16 + 256. CBAM there: 8,464 + 7·7·2 + 2.
        assert_eq!(price(costs)[0], "8,464 parameters here · −100 against now");
        assert_eq!(price([costs[0], costs[1], costs[1]])[0], "8,564 parameters here · as now");
    }
}
