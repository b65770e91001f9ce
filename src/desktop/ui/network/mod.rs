//! The Network view: above, the whole network with its gates; below, one block opened up.

mod camera;
pub mod gates;
mod keys;
mod lower;
mod tooltip;
mod upper;

use std::sync::Arc;

use eframe::egui;
use egui::{Align2, Rect, Response, Sense, Ui, pos2, vec2};

use self::camera::{Camera, Fit};
use self::gates::Gates;
use super::textures::GateTextures;
use super::theme::{self, palette, size};
use super::{Outbox, Shared};
use crate::desktop::document::Network;
use crate::drawing::opened::{Opened, PlacedOpened};
use crate::drawing::overview::{Block, Folds, Group, Overview, Placed, PlacedBlock, Wiring};
use crate::drawing::part::Part;
use crate::drawing::{opened, overview};
use crate::network::graph::{Graph, ScopeId};

/// The overview shows everything.
const OVERVIEW: Fit = Fit { closest: 1.6, least: 0.0 };
/// An opened block has text, which is large enough earlier and stays readable.
const OPENED: Fit = Fit { closest: 1.2, least: 0.86 };
/// The overview's share of the height, and where modules of many lanes need more room below.
const UPPER: f32 = 0.56;
const UPPER_OF_LANES: f32 = 0.46;

/// The view's own state.
#[derive(Default)]
pub struct NetworkView {
    known: Option<Known>,
    overview: Camera,
    detail: Camera,
    folds: Folds,
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
    /// What was folded when it was placed.
    folds: Folds,
    placed: Placed,
    open: Option<(ScopeId, Opened, PlacedOpened)>,
}

impl Known {
    /// What is drawn of the blocks, each with its group.
    fn blocks(&self) -> impl Iterator<Item = (&Group, &PlacedBlock)> {
        let groups = self.overview.groups.iter().zip(&self.placed.groups);
        groups.flat_map(|(group, place)| place.blocks.iter().map(move |place| (group, place)))
    }

    /// The overview's share of the height: the same for all blocks of a network, so that nothing moves.
    fn upper(&self) -> f32 {
        let has_lanes = self.overview.blocks().any(|block| matches!(block.wiring, Wiring::Lanes(3..)));
        if has_lanes { UPPER_OF_LANES } else { UPPER }
    }
}

impl NetworkView {
    /// Shows the view.
    pub fn ui(&mut self, ui: &mut Ui, shared: &Shared, textures: &mut GateTextures, out: &mut Outbox) {
        let Some(network) = shared.active() else {
            super::widgets::empty_state(ui, "No networks", "Add one with Ctrl+N, or open a file with Ctrl+O.");
            return;
        };
        let part = shared.selection.part.as_deref().and_then(|name| Part::find(network.graph(), name));
        self.know(network, part);
        let (rect, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
        let inner = rect.shrink2(vec2(size::PADDING, size::GAP));
        let hint_top = inner.bottom() - size::ROW;
        let share = self.known.as_ref().map_or(UPPER, Known::upper);
        let split = inner.top() + (hint_top - inner.top()) * share;
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
                keys::folds(ui, &mut self.folds, &known.overview, network, part);
            }
            keys::camera(ui, &mut self.overview, &mut self.detail, bounds, upper, OVERVIEW);
        }
    }

    /// Lays out the graph again only when it is another, and the opened block when that changes.
    fn know(&mut self, network: &Network, part: Option<Part>) {
        let is_same = self.known.as_ref().is_some_and(|known| Arc::ptr_eq(&known.graph, network.graph()));
        if !is_same {
            let overview = Overview::of(network.graph());
            let placed = overview::place(&overview, &self.folds);
            let folds = self.folds.clone();
            self.known = Some(Known { graph: network.graph().clone(), overview, folds, placed, open: None });
        }
        let Some(known) = &mut self.known else { return };
        if known.folds != self.folds {
            known.placed = overview::place(&known.overview, &self.folds);
            known.folds = self.folds.clone();
        }
        let wanted = open_scope(&known.overview, network.graph(), part);
        let is_open = known.open.as_ref().map(|(scope, ..)| *scope) == wanted;
        if !is_open {
            known.open = wanted.map(|scope| {
                let opened = Opened::of(network.graph(), network.ledger(), scope);
                let placed = opened::place(&opened);
                (scope, opened, placed)
            });
            self.detail.reset();
        }
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

/// The block to open: around the selection, the first of a selected stage, else the network's showpiece. A layer
/// between blocks opens the one it reads.
fn open_scope(overview: &Overview, graph: &Graph, part: Option<Part>) -> Option<ScopeId> {
    let Some(part) = part else { return overview.showpiece() };
    overview.holder(graph, part).or_else(|| {
        let around = |group: &&Group| graph.is_within(part.scope(graph), group.scope);
        let group = overview.groups.iter().find(around)?;
        let before = |block: &&Block| matches!(part, Part::Layer(node) if graph[block.scope].output < node);
        group.blocks.iter().rfind(before).or(group.blocks.first()).map(|block| block.scope)
    })
}

/// How to move about, as long as there is room to say it.
fn hint(ui: &Ui, rect: Rect) {
    let painter = ui.painter_at(rect);
    let colour = palette(ui).muted;
    for text in keys::hints() {
        let galley = painter.layout_no_wrap(text, theme::regular(size::LABEL), colour);
        if galley.size().x <= rect.width() {
            let at = Align2::LEFT_CENTER.anchor_size(rect.left_center(), galley.size());
            painter.galley(at.min, galley, colour);
            return;
        }
    }
}
