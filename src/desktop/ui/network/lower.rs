//! The lower pane: one block opened up.

use eframe::egui;
use egui::{Rect, RichText, Sense, Ui, pos2, vec2};

use super::gates::Gates;
use super::{NetworkView, OPENED, Subject, reactive, tooltip};
use crate::desktop::document::Network;
use crate::desktop::ui::canvas::Canvas;
use crate::desktop::ui::theme::{palette, size};
use crate::desktop::ui::{Outbox, Shared, widgets};
use crate::drawing::Pen;
use crate::drawing::opened::{Marks, draw};
use crate::drawing::part::{Part, scope_name};
use crate::network::graph::Graph;

impl NetworkView {
    pub(super) fn lower_pane(
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
                ui.label(widgets::strong(tooltip::title(network.graph(), *scope), size::TEXT));
                if let Some(notes) = &placed.common {
                    widgets::caption(ui, format!("every convolution with {notes}"));
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| status(ui, shared, network));
            });
        });
        let pane = Rect::from_min_max(pos2(pane.left(), heading.bottom()), pane.max);
        let background = ui.interact(pane, ui.scope_id().with("opened"), Sense::click_and_drag());
        if background.double_clicked() {
            self.detail.reset();
        }
        self.detail.follow(ui, &background, placed.bounds, pane, OPENED);
        let view = self.detail.transform(placed.bounds, pane, OPENED);
        let mut hovered = None;
        for (index, layer) in opened.boxes.iter().enumerate() {
            let node = &network.graph()[layer.node];
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
        let frames = opened.frames.iter().zip(&placed.frames);
        for (framed, values) in frames.flat_map(|(frame, placed)| frame.gates.iter().zip(&placed.values)) {
            let gate = &network.graph().gates[framed.gate];
            let Some(response) = reactive(ui, pane, view * *values, ("gate", framed.gate), &gate.name) else {
                continue;
            };
            if response.clicked() {
                out.select_gate(scope_name(network.graph(), *scope), gate.name.as_str());
            }
            response.on_hover_ui(|ui| tooltip::gate(ui, shared, network, framed.gate));
        }
        let selected = part.and_then(|part| match part {
            Part::Layer(node) => Some(node),
            Part::Scope(_) => None,
        });
        let gate = selected_gate(network.graph(), shared);
        let marks = Marks { selected, gate, hovered };
        let painter = ui.painter_at(pane);
        let canvas = Canvas { painter: &painter, view, colours: palette(ui) };
        let mut pen = Pen::new(canvas.sight());
        draw(&mut pen, network.graph(), *scope, (opened, placed), marks);
        canvas.paint(&pen.finish(placed.bounds), &mut |painter, rect, gate, kind, colour| {
            gates.paint(painter, rect, gate, kind, (palette(ui), colour))
        });
        self.detail.scroll_bar(ui, placed.bounds, pane, OPENED);
    }
}

fn selected_gate(graph: &Graph, shared: &Shared) -> Option<usize> {
    let name = shared.selection.gate.as_deref()?;
    graph.gates.iter().position(|gate| gate.name == name)
}

/// What the gates are waiting for, or that they have learnt nothing.
fn status(ui: &mut Ui, shared: &Shared, network: &Network) {
    let (text, colour) = tooltip::gates_status(ui, shared, network);
    let label = egui::Label::new(RichText::new(&text).size(size::LABEL).color(colour)).truncate();
    ui.add(label).on_hover_text(text);
}
