//! The Network view: above, the whole network with its gates; below, one block opened up.

mod camera;
pub mod gates;
mod keys;
mod layout;
pub mod model;
pub mod opened;
mod opened_layout;
mod paint;
mod paint_opened;
mod pen;
mod tooltip;

use std::sync::Arc;

use eframe::egui;
use egui::{Align2, Rect, Response, RichText, Sense, Ui, pos2, vec2};

use self::camera::Camera;
use self::gates::Gates;
use self::layout::Placed;
use self::model::Overview;
use self::opened::Opened;
use self::opened_layout::PlacedOpened;
use self::paint::Marks;
use self::pen::Pen;
use super::selection::part::{Part, scope_name};
use super::textures::GateTextures;
use super::theme::{self, palette, size};
use super::{Outbox, Shared};
use crate::desktop::document::Network;
use crate::network::graph::{Graph, ScopeId};

/// Small contents are not blown up beyond this to fit.
const CLOSEST_FIT: f32 = 1.6;
/// An opened block has text that is large enough earlier.
const CLOSEST_FIT_OPENED: f32 = 1.2;
/// The overview's share of the height.
const UPPER: f32 = 0.56;

/// The view's own state.
#[derive(Default)]
pub struct NetworkView {
    known: Option<Known>,
    overview: Camera,
    detail: Camera,
    /// What was marked last: a new selection is brought into view.
    marked: Option<ScopeId>,
}

/// What is being looked at.
#[derive(Clone, Copy)]
struct Subject<'a> {
    shared: &'a Shared<'a>,
    network: &'a Network,
    part: Option<Part>,
}

/// What follows from a graph, kept as long as it is shown.
struct Known {
    graph: Arc<Graph>,
    overview: Overview,
    placed: Placed,
    open: Option<(ScopeId, Opened, PlacedOpened)>,
}

impl Known {
    /// Blocks with their geometry.
    fn blocks(&self) -> impl Iterator<Item = (&model::Block, &layout::PlacedBlock)> {
        self.overview.blocks().zip(self.placed.groups.iter().flat_map(|group| &group.blocks))
    }
}

impl NetworkView {
    /// Shows the view.
    pub fn ui(&mut self, ui: &mut Ui, shared: &Shared, textures: &mut GateTextures, out: &mut Outbox) {
        let Some(network) = shared.active() else {
            super::widgets::empty_state(ui, "No networks", "Add one with Ctrl+N, or open a file with Ctrl+O.");
            return;
        };
        let part = shared.selection.part.as_deref().and_then(|name| Part::find(&network.graph, name));
        self.know(network, part);
        let (rect, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
        let inner = rect.shrink2(vec2(size::PADDING, size::GAP));
        let hint_top = inner.bottom() - size::ROW;
        let split = inner.top() + (hint_top - inner.top()) * UPPER;
        let upper = Rect::from_min_max(inner.min, pos2(inner.right(), split));
        let lower = Rect::from_min_max(pos2(inner.left(), split), pos2(inner.right(), hint_top - size::GAP));
        let subject = Subject { shared, network, part };
        let mut gates = Gates { inspection: shared.inspection(network), textures };
        self.upper_pane(ui, upper, subject, &mut gates, out);
        self.lower_pane(ui, lower, subject, &mut gates, out);
        hint(ui, Rect::from_min_max(pos2(inner.left(), hint_top), inner.max));
        let bounds = self.known.as_ref().map_or(Rect::ZERO, |known| known.placed.bounds);
        if keys::may_take(ui) {
            if let Some(known) = &self.known {
                keys::selection(ui, &known.overview, network, part, out);
            }
            keys::camera(ui, &mut self.overview, &mut self.detail, bounds, upper, CLOSEST_FIT);
        }
    }

    /// Lays out the graph again only when it is another, and the opened block when that changes.
    fn know(&mut self, network: &Network, part: Option<Part>) {
        let is_same = self.known.as_ref().is_some_and(|known| Arc::ptr_eq(&known.graph, &network.graph));
        if !is_same {
            let overview = Overview::of(&network.graph);
            let placed = layout::place(&overview);
            self.known = Some(Known { graph: network.graph.clone(), overview, placed, open: None });
        }
        let Some(known) = &mut self.known else { return };
        let wanted = open_scope(&known.overview, &network.graph, part);
        let is_open = known.open.as_ref().map(|(scope, ..)| *scope) == wanted;
        if !is_open {
            known.open = wanted.map(|scope| {
                let opened = Opened::of(&network.graph, &network.ledger, scope);
                let placed = opened_layout::place(&opened);
                (scope, opened, placed)
            });
            self.detail.reset();
        }
    }

    fn upper_pane(
        &mut self,
        ui: &mut Ui,
        pane: Rect,
        Subject { shared, network, part }: Subject,
        gates: &mut Gates,
        out: &mut Outbox,
    ) {
        let Some(known) = &self.known else { return };
        let bounds = known.placed.bounds;
        let background = ui.interact(pane, ui.scope_id().with("overview"), Sense::click_and_drag());
        if background.double_clicked() {
            self.overview.reset();
        }
        self.overview.follow(ui, &background, bounds, pane, CLOSEST_FIT);
        let selected = marked(&network.graph, part);
        if std::mem::replace(&mut self.marked, selected) != selected
            && let Some(place) = known.blocks().find(|(block, _)| Some(block.scope) == selected).map(|(_, place)| place)
        {
            self.overview.reveal(place.reach, pane);
        }
        let view = self.overview.transform(bounds, pane, CLOSEST_FIT);
        let mut marks = Marks { selected, ..Marks::default() };
        let mut enter = None;
        for (block, place) in known.blocks() {
            let reach = (view * place.reach).intersect(pane);
            if !reach.is_positive() {
                continue;
            }
            let response = ui.interact(reach, ui.scope_id().with(("block", block.scope.0)), Sense::click());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, tooltip::spoken(block)));
            marks.hovered = if response.hovered() { Some(block.scope) } else { marks.hovered };
            if response.has_focus() {
                marks.focused = Some(block.scope);
                keys::hold_arrows(ui, &response);
            }
            if response.clicked() {
                out.select_part(block.name.as_str());
            }
            if response.double_clicked() {
                enter = Some(place.reach);
            }
            response.on_hover_ui(|ui| tooltip::block(ui, shared, network, block));
        }
        if let Some(part) = enter {
            self.overview.enter(part, pane);
        }
        let painter = ui.painter_at(pane);
        let pen = Pen { painter: &painter, view, colours: palette(ui) };
        paint::overview(&pen, &known.overview, &known.placed, gates, marks);
    }

    fn lower_pane(
        &mut self,
        ui: &mut Ui,
        pane: Rect,
        Subject { shared, network, part }: Subject,
        gates: &mut Gates,
        out: &mut Outbox,
    ) {
        let Some((scope, opened, placed)) = self.known.as_ref().and_then(|known| known.open.as_ref()) else { return };
        let heading = Rect::from_min_size(pane.min, vec2(pane.width(), size::ROW));
        ui.scope_builder(egui::UiBuilder::new().max_rect(heading), |ui| {
            ui.horizontal_centered(|ui| {
                super::widgets::section(ui, &tooltip::title(&network.graph, *scope));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| status(ui, shared, network));
            });
        });
        let pane = Rect::from_min_max(pos2(pane.left(), heading.bottom()), pane.max);
        let background = ui.interact(pane, ui.scope_id().with("opened"), Sense::click_and_drag());
        if background.double_clicked() {
            self.detail.reset();
        }
        self.detail.follow(ui, &background, placed.bounds, pane, CLOSEST_FIT_OPENED);
        let view = self.detail.transform(placed.bounds, pane, CLOSEST_FIT_OPENED);
        let mut hovered = None;
        for (index, layer) in opened.boxes.iter().enumerate() {
            let node = &network.graph[layer.node];
            let spoken = format!("{}, {}", node.name, node.op.name());
            let Some(response) = reactive(ui, pane, view * placed.rects[index], ("layer", layer.node.0), &spoken)
            else {
                continue;
            };
            hovered = if response.hovered() || response.has_focus() { Some(index) } else { hovered };
            if response.clicked() {
                out.select_part(node.name.as_str());
            }
            response.on_hover_ui(|ui| tooltip::layer(ui, network, layer));
        }
        for (frame, (_, values)) in opened.frames.iter().zip(&placed.frames) {
            let gate = &network.graph.gates[frame.gate];
            let Some(response) = reactive(ui, pane, view * *values, ("gate", frame.gate), &gate.name) else { continue };
            if response.clicked() {
                out.select_gate(scope_name(&network.graph, *scope), gate.name.as_str());
            }
            response.on_hover_ui(|ui| tooltip::gate(ui, shared, network, frame.gate));
        }
        let selected = part.and_then(|part| match part {
            Part::Layer(node) => Some(node),
            Part::Scope(_) => None,
        });
        let gate = selected_gate(&network.graph, shared);
        let scene =
            paint_opened::Scene { graph: &network.graph, scope: *scope, opened, placed, selected, gate, hovered };
        let painter = ui.painter_at(pane);
        let pen = Pen { painter: &painter, view, colours: palette(ui) };
        paint_opened::opened(&pen, &scene, gates);
    }
}

/// Something on a pane that can be clicked.
fn reactive(ui: &Ui, pane: Rect, rect: Rect, id: (&str, usize), spoken: &str) -> Option<Response> {
    let rect = rect.intersect(pane);
    rect.is_positive().then(|| {
        let response = ui.interact(rect, ui.scope_id().with(id), Sense::click());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, spoken));
        response
    })
}

/// The block to open: around the selection, the first of a selected stage, else the network's showpiece.
fn open_scope(overview: &Overview, graph: &Graph, part: Option<Part>) -> Option<ScopeId> {
    let Some(part) = part else { return overview.showpiece() };
    part.block(graph).or_else(|| {
        let stage = overview.groups.iter().find(|group| part == Part::Scope(group.scope));
        stage.and_then(|group| group.blocks.first()).map(|block| block.scope)
    })
}

/// What is marked in the overview: the block around the selection, or the selected stage.
fn marked(graph: &Graph, part: Option<Part>) -> Option<ScopeId> {
    let part = part?;
    part.block(graph).or(Some(part.scope(graph)))
}

fn selected_gate(graph: &Graph, shared: &Shared) -> Option<usize> {
    let name = shared.selection.gate.as_deref()?;
    graph.gates.iter().position(|gate| gate.name == name)
}

/// How to move about, as long as there is room to say it.
fn hint(ui: &Ui, rect: Rect) {
    let painter = ui.painter_at(rect);
    let colour = palette(ui).faint;
    for text in keys::hints() {
        let galley = painter.layout_no_wrap(text, theme::regular(size::LABEL), colour);
        if galley.size().x <= rect.width() {
            let at = Align2::LEFT_CENTER.anchor_size(rect.left_center(), galley.size());
            painter.galley(at.min, galley, colour);
            return;
        }
    }
}

/// What the gates are waiting for, or that they have learnt nothing.
fn status(ui: &mut Ui, shared: &Shared, network: &Network) {
    let (text, colour) = tooltip::gates_status(ui, shared, network);
    let label = egui::Label::new(RichText::new(&text).size(size::LABEL).color(colour)).truncate();
    ui.add(label).on_hover_text(text);
}
