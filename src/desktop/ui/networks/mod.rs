//! The left panel: the list of networks, the design of the active one, its attention matrix.

pub(super) mod brush;
mod columns;
mod design;
mod matrix;
mod preprocessing;

use eframe::egui;
use egui::{Align, Align2, Button, Layout, Response, RichText, ScrollArea, Sense, Ui, Vec2};

use self::design::Edited;
use super::theme::{self, palette, size};
use super::{Outbox, Shared, widgets};
use crate::compute::weights::bundled::is_bundled;
use crate::desktop::document::{Command, Network};
use crate::network::number;

/// Width of the baseline's star at the end of a row.
const STAR: f32 = 24.0;

/// The panel's own state.
#[derive(Default)]
pub struct NetworksPanel {
    matrix: matrix::Matrix,
    design: design::Design,
    preprocessing: preprocessing::Group,
    /// Height of what stands above the matrix.
    above: f32,
}

impl NetworksPanel {
    /// Shows the panel.
    pub fn ui(&mut self, ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
        ScrollArea::vertical().id_salt("networks-panel").auto_shrink(false).show(ui, |ui| {
            ui.add_space(size::PADDING);
            widgets::section(ui, "Networks");
            ui.add_space(4.0);
            for network in shared.document.networks() {
                row(ui, shared, network, out);
            }
            let add = RichText::new("+  Add network…").color(palette(ui).muted);
            if ui.add(Button::new(add).frame(false)).clicked() {
                out.send(Command::AskSpec);
            }
            let open = RichText::new("+  Open weights or a photo…").color(palette(ui).muted);
            let hover = "or drop them anywhere in the window: checkpoints, pictures, specs, projects";
            if ui.add(Button::new(open).frame(false)).on_hover_text(hover).clicked() {
                out.send(Command::AskOpen);
            }
            let Some(network) = shared.active() else { return };
            if network.weights.path().is_some_and(is_bundled) {
                let letter = network.letter();
                widgets::caption(ui, format!("{letter} has learnt to tell ten generated shapes apart"));
            }
            ui.add_space(size::PADDING);
            match network.model.spec() {
                Some(spec) => {
                    self.above_the_matrix(ui, Edited { network, spec }, out);
                    self.matrix.ui(ui, network, spec, out);
                }
                None => self.as_it_is(ui, network, out),
            }
            ui.add_space(size::PADDING);
        });
    }
}

impl NetworksPanel {
    /// A network that was read from a file: nothing of it can be edited but how its pictures are prepared.
    fn as_it_is(&mut self, ui: &mut Ui, network: &Network, out: &mut Outbox) {
        widgets::section(ui, &format!("{} · Read from a file", network.letter()));
        widgets::caption(ui, "It is shown, costed and run as it is in the file; its attention cannot be edited here.");
        self.preprocessing.ui(ui, network, out);
    }

    /// What stands above the matrix keeps its height while one paints in it.
    fn above_the_matrix(&mut self, ui: &mut Ui, edited: Edited, out: &mut Outbox) {
        let kinds = self.matrix.kinds(edited.network, edited.spec);
        let mut fill = |ui: &mut Ui| {
            self.design.ui(ui, edited, &kinds, out);
            self.preprocessing.ui(ui, edited.network, out);
            ui.add_space(size::PADDING);
        };
        if !self.matrix.is_painting() {
            self.above = ui.scope(fill).response.rect.height();
            return;
        }
        let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), self.above), Sense::hover());
        let mut child = ui.new_child(egui::UiBuilder::new().id_salt("above the matrix").max_rect(rect));
        child.shrink_clip_rect(rect);
        fill(&mut child);
    }
}

/// One network: dot, letter, name, parameters, the baseline's star. A click makes it active.
fn row(ui: &mut Ui, shared: &Shared, network: &Network, out: &mut Outbox) {
    let colours = palette(ui);
    let is_active = shared.active().is_some_and(|active| active.id == network.id);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 28.0), Sense::click());
    if is_active || response.hovered() {
        let fill = if is_active { colours.raised } else { colours.sunken };
        ui.painter().rect_filled(rect, f32::from(size::CELL_CORNER), fill);
    }
    if response.has_focus() {
        let stroke = egui::Stroke::new(1.0, colours.accent);
        ui.painter().rect_stroke(rect, f32::from(size::CELL_CORNER), stroke, egui::StrokeKind::Inside);
    }
    let mut inner = rect.shrink2(Vec2::new(8.0, 0.0));
    if shared.document.networks().len() > 1 {
        inner.max.x -= STAR;
    }
    let painter = ui.painter_at(rect);
    painter.circle_filled(inner.left_center() + Vec2::new(5.0, 0.0), 5.0, colours.network(network.slot));
    let letter = network.letter();
    painter.text(
        inner.left_center() + Vec2::new(20.0, 0.0),
        Align2::LEFT_CENTER,
        &letter,
        theme::semibold(size::TEXT),
        colours.text,
    );
    let params = number::short(network.ledger().total().params);
    let params =
        painter.text(inner.right_center(), Align2::RIGHT_CENTER, params, theme::regular(size::TEXT), colours.muted);
    let name = network.model.to_string();
    let room = params.left() - inner.left() - 48.0;
    let galley = elided(ui, &widgets::brief(&network.title()), room, colours.text);
    painter.galley(egui::pos2(inner.left() + 40.0, rect.center().y - galley.size().y / 2.0), galley, colours.text);
    let known = known_classes(shared, network);
    let label = format!("{letter} {name}");
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_active, &label));
    if response.clicked() {
        out.send(Command::SelectNetwork(network.id));
    }
    if inner.right() < rect.right() - STAR {
        let place = egui::Rect::from_min_max(egui::pos2(rect.right() - STAR, rect.top()), rect.max);
        let star = ui.interact(place, ui.scope_id().with(("star", network.id)), Sense::click());
        let is_baseline = shared.document.baseline().is_some_and(|base| base.id == network.id);
        if widgets::star_in(ui, place, star, &letter, is_baseline).clicked() {
            out.send(Command::SetBaseline(network.id));
        }
    }
    response.context_menu(|ui| row_menu(ui, network, out));
    response.on_hover_text(match known {
        Some(known) => format!("{name}\nhas learnt to tell {known} apart"),
        None => name,
    });
}

/// `ten shapes`: what a network was trained on, as far as that is known.
fn known_classes(shared: &Shared, network: &Network) -> Option<String> {
    if network.weights.path().is_some_and(is_bundled) {
        return Some("ten shapes".to_owned());
    }
    let trained = shared.inspection(network)?.trained_on.as_ref()?;
    Some(format!("{} classes", trained.classes.len()))
}

fn row_menu(ui: &mut Ui, network: &Network, out: &mut Outbox) {
    for (label, command) in [
        ("Make it the baseline", Command::SetBaseline(network.id)),
        ("Duplicate", Command::DuplicateNetwork(network.id)),
        ("Remove", Command::RemoveNetwork(network.id)),
    ] {
        if ui.button(label).clicked() {
            out.send(command);
            ui.close();
        }
    }
}

/// One line of text, cut with an ellipsis where it would not fit.
fn elided(ui: &Ui, text: &str, width: f32, colour: egui::Color32) -> std::sync::Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), theme::regular(size::TEXT), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(0.0));
    ui.painter().layout_job(job)
}

/// A row with a label on the left and a widget on the right, which takes the label as its accessible name.
fn labelled(ui: &mut Ui, label: &str, help: &str, widget: impl FnOnce(&mut Ui) -> Response) {
    ui.horizontal(|ui| {
        let label = widgets::muted(ui, label).on_hover_text(help).id;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| widget(ui).labelled_by(label));
    });
}
