//! The upper pane: the whole network, its stages and blocks, what is folded.

use eframe::egui;
use egui::{Align2, Rect, Response, Sense, Ui, pos2, vec2};

use super::gates::Gates;
use super::{Known, NetworkView, OVERVIEW, Subject, keys, reactive, tooltip};
use crate::desktop::ui::Outbox;
use crate::desktop::ui::canvas::Canvas;
use crate::desktop::ui::theme::{self, palette, size};
use crate::drawing::Pen;
use crate::drawing::overview::{Block, Group, Marks, PlacedGroup, draw, shown};
use crate::drawing::part::Part;
use crate::network::graph::ScopeId;

impl NetworkView {
    pub(super) fn upper_pane(
        &mut self,
        ui: &mut Ui,
        pane: Rect,
        subject: Subject,
        gates: &mut Gates,
        out: &mut Outbox,
    ) {
        let Some(known) = &self.known else { return };
        let Subject { network, part, .. } = subject;
        let bounds = known.placed.bounds;
        let background = ui.interact(pane, ui.scope_id().with("overview"), Sense::click_and_drag());
        if background.double_clicked() {
            self.overview.reset();
        }
        self.overview.follow(ui, &background, bounds, pane, OVERVIEW);
        let selected = part.and_then(|part| known.overview.holder(network.graph(), part).or(stage(part)));
        if std::mem::replace(&mut self.marked, selected) != selected
            && let Some(place) = known.blocks().find(|(group, place)| {
                group.blocks[place.run.clone()].iter().any(|block| Some(block.scope) == selected)
            })
        {
            self.overview.reveal(place.1.reach, pane);
        }
        let view = self.overview.transform(bounds, pane, OVERVIEW);
        let layer = part.and_then(|part| match part {
            Part::Layer(node) => Some(node),
            Part::Scope(_) => None,
        });
        let mut marks = Marks { selected, layer, ..Marks::default() };
        let mut enter = None;
        for (group, place) in known.blocks() {
            let block = shown(group, place, selected);
            let spoken = tooltip::spoken(block, place.run.len());
            let Some(response) = reactive(ui, pane, view * place.reach, ("block", block.scope.0), &spoken) else {
                continue;
            };
            block_response(ui, &response, block, &mut marks, out);
            if response.double_clicked() {
                enter = Some(place.reach);
            }
            tooltip::beside(&response, |ui| tooltip::block(ui, subject.shared, network, block));
        }
        side(ui, pane, known, view, subject, &mut marks, out);
        let folded = fold_controls(ui, pane, known, view);
        if let Some(part) = enter {
            self.overview.enter(part, pane);
        }
        let painter = ui.painter_at(pane);
        let canvas = Canvas { painter: &painter, view, colours: palette(ui) };
        let mut pen = Pen::new(canvas.sight());
        draw(&mut pen, &known.overview, &known.placed, marks);
        canvas.paint(&pen.finish(bounds), &mut |painter, rect, gate, kind, colour| {
            gates.paint(painter, rect, gate, kind, (palette(ui), colour))
        });
        if let Some(group) = folded {
            self.folds.toggle(&known.overview, &known.overview.groups[group]);
        }
        if fold_all(ui, pane, known) {
            self.folds.toggle_all(&known.overview);
        }
    }
}

/// A part that is a scope of its own: a stage is marked as a whole.
fn stage(part: Part) -> Option<ScopeId> {
    match part {
        Part::Scope(scope) => Some(scope),
        Part::Layer(_) => None,
    }
}

/// What a block does when it is pointed at, focused and clicked.
fn block_response(ui: &Ui, response: &Response, block: &Block, marks: &mut Marks, out: &mut Outbox) {
    marks.hovered = if response.hovered() { Some(block.scope) } else { marks.hovered };
    if response.has_focus() {
        marks.focused = Some(block.scope);
        keys::hold_arrows(ui, response);
    }
    if response.clicked() {
        out.select_part(block.name.as_str());
    }
}

/// Classifiers on the side, and layers of no block.
fn side(
    ui: &Ui,
    pane: Rect,
    known: &Known,
    view: emath::TSTransform,
    Subject { shared, network, .. }: Subject,
    marks: &mut Marks,
    out: &mut Outbox,
) {
    for (side, (rect, _)) in known.overview.side.iter().zip(&known.placed.side) {
        let spoken = format!("{}, on the side", side.block.name);
        let Some(response) = reactive(ui, pane, view * *rect, ("side", side.block.scope.0), &spoken) else { continue };
        block_response(ui, &response, &side.block, marks, out);
        tooltip::beside(&response, |ui| tooltip::block(ui, shared, network, &side.block));
    }
    let groups = known.overview.groups.iter().zip(&known.placed.groups);
    for ((_, id), rect) in groups.flat_map(|(group, place)| group.loose.iter().zip(&place.loose)) {
        let node = &network.graph()[*id];
        let spoken = format!("{}, {}", node.name, node.op.name());
        let Some(response) = reactive(ui, pane, view * rect.expand(2.0), ("loose", id.0), &spoken) else { continue };
        if response.clicked() {
            out.select_part(node.name.as_str());
        }
        tooltip::beside(&response, |ui| tooltip::loose(ui, network, *id));
    }
}

/// A stage's name folds and unfolds it, and so does the number on a folded run; gives the stage.
fn fold_controls(ui: &Ui, pane: Rect, known: &Known, view: emath::TSTransform) -> Option<usize> {
    let groups = known.overview.groups.iter().zip(&known.placed.groups).enumerate();
    let mut turned = None;
    for (index, (group, place)) in groups.filter(|(_, (group, _))| group.repeats()) {
        let is_folded = known.folds.is_folded(&known.overview, group);
        let alike: usize = group.runs.iter().map(|run| run.len() - 1).sum::<usize>() + 1;
        let words = match is_folded {
            true => format!("Unfold {}: {} blocks", group.name, group.blocks.len()),
            false => format!("Fold {}: {alike} of {} blocks are alike", group.name, group.blocks.len()),
        };
        let name = name_rect(place, view);
        if let Some(response) = reactive(ui, pane, name, ("fold", group.scope.0), &words) {
            if response.hovered() || response.has_focus() {
                turn_mark(ui, pane, name, group, is_folded);
            }
            turned = if response.clicked() { Some(index) } else { turned };
            response.on_hover_text(&words);
        }
        for (badge, run) in place.blocks.iter().filter_map(|block| Some((block.badge?, &block.run))) {
            let first = &group.blocks[run.start];
            let words = format!("Unfold {} and {} alike", first.name, run.len() - 1);
            let Some(response) = reactive(ui, pane, view * badge, ("badge", first.scope.0), &words) else {
                continue;
            };
            turned = if response.clicked() { Some(index) } else { turned };
            response.on_hover_text("Unfold (F)");
        }
    }
    turned
}

/// Where a stage's name stands, on the screen.
fn name_rect(place: &PlacedGroup, view: emath::TSTransform) -> Rect {
    let frame = view * place.frame;
    Rect::from_min_max(pos2(frame.left(), frame.top() - 18.0), pos2(frame.right(), frame.top() - 1.0))
}

/// Behind a stage's name under the pointer: which way a click turns it.
fn turn_mark(ui: &Ui, pane: Rect, name: Rect, group: &Group, is_folded: bool) {
    let painter = ui.painter_at(pane);
    let colours = palette(ui);
    // The name is drawn larger as one comes nearer: measured at its largest, the word never touches it.
    let title = painter.layout_no_wrap(group.name.clone(), theme::semibold(size::TEXT), colours.muted);
    let word = if is_folded { "unfold" } else { "fold" };
    let at = pos2(name.left() + title.size().x + size::GAP, name.bottom() - 3.0);
    painter.text(at, Align2::LEFT_BOTTOM, word, theme::regular(size::LABEL), colours.accent);
}

/// In the corner: folds everything there is to fold, or unfolds it.
fn fold_all(ui: &mut Ui, pane: Rect, known: &Known) -> bool {
    if !known.overview.groups.iter().any(Group::repeats) {
        return false;
    }
    let is_folded = known.folds.any_folded(&known.overview);
    let words = if is_folded { "Unfold all" } else { "Fold repeated blocks" };
    let corner = Rect::from_min_size(pos2(pane.right() - 160.0, pane.top()), vec2(160.0, size::ROW));
    let mut clicked = false;
    ui.scope_builder(egui::UiBuilder::new().max_rect(corner), |ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let link = ui.link(egui::RichText::new(words).size(size::LABEL).color(palette(ui).muted));
            clicked = link.clicked();
            link.on_hover_text("Shift+F; F turns the selected stage");
        });
    });
    clicked
}
