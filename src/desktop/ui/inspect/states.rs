//! What is said while there is nothing to look at: still inferring, stopped, failed, nothing there.

use std::sync::Arc;

use eframe::egui;
use egui::{CornerRadius, Label, Rect, RichText, Sense, Ui, vec2};

use super::super::theme::{palette, size};
use super::super::widgets::{caption, empty_state, muted, strong};
use super::super::{Outbox, Shared};
use super::asks::Asks;
use crate::compute::imaging;
use crate::compute::question::Question;
use crate::desktop::document::{Command, Network, PictureChoice, WeightsChoice};
use crate::desktop::jobs::{Asked, Explained, Inspection, Running};

/// The width of what is said in the middle of the view.
const COLUMN: f32 = 360.0;
/// What takes longer is worked on when it is asked for, in seconds.
const PATIENCE: f64 = 5.0;

pub(super) fn no_networks(ui: &mut Ui, out: &mut Outbox) {
    empty_state(ui, "No network to inspect", "Add one on the left, by its name: resnet50+cbam");
    ui.vertical_centered(|ui| {
        ui.add_space(size::GAP);
        if ui.button("Add network…").clicked() {
            out.send(Command::AskSpec);
        }
    });
}

pub(super) fn no_attention(ui: &mut Ui) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::ROW);
        let text = "This network has no attention: paint some in the matrix on the left";
        ui.add(Label::new(RichText::new(text).color(palette(ui).muted)).truncate());
    });
}

/// A network without an inspection: why, how far, and what can be done.
pub(super) fn not_inspected(ui: &mut Ui, network: &Network, shared: &Shared, out: &mut Outbox) {
    let room = ui.available_rect_before_wrap();
    let width = COLUMN.min(room.width());
    let top = room.top() + room.height() * 0.3;
    let column = Rect::from_min_max(
        egui::pos2(room.center().x - width / 2.0, top),
        egui::pos2(room.center().x + width / 2.0, room.bottom()),
    );
    super::within(ui, column, |ui| {
        if let Some(message) = shared.jobs.failure(network) {
            failed(ui, message, network, shared, out);
        } else if shared.jobs.is_stopped(network) {
            stopped(ui, out);
        } else if let Some(running) = shared.jobs.running() {
            in_progress(ui, running, network, out);
        } else {
            ui.label(strong("Waiting to start", size::TITLE));
        }
    });
}

/// The answer to a question that takes so many forward passes; what takes long is worked on when the button is
/// pressed. `None`: it is said why there is none.
pub(super) fn worked_on(
    ui: &mut Ui,
    (inspection, asks, shared): (&Inspection, &mut Asks, &Shared),
    question: Question,
    (passes, button): (usize, &str),
    out: &mut Outbox,
) -> Option<Arc<Explained>> {
    let seconds = inspection.run.elapsed.as_secs_f64() * passes as f64;
    if seconds > PATIENCE && !asks.consents(&question) && shared.jobs.explained(&question).is_none() {
        caption(ui, format!("{passes} forward passes, at most {seconds:.0} s"));
        if ui.button(button).clicked() {
            asks.consent(question);
        }
        return None;
    }
    out.ask(question.clone());
    let answer = shared.jobs.explained(&question).cloned();
    if answer.is_none() {
        not_explained(ui, shared, shared.jobs.unexplained(&question));
    }
    answer
}

/// What an explanation is waiting for, or why there is none.
pub(super) fn not_explained(ui: &mut Ui, shared: &Shared, problem: Option<&str>) {
    let colours = palette(ui);
    if let Some(problem) = problem {
        ui.add(Label::new(RichText::new(problem).color(colours.difference)).wrap());
        return;
    }
    match shared.jobs.explaining() {
        Some(running) => muted(ui, format!("working it out, {:.0} %", running.fraction * 100.0)),
        None => muted(ui, "waiting; stopped work starts again when something is chosen"),
    };
}

fn failed(ui: &mut Ui, message: &str, network: &Network, shared: &Shared, out: &mut Outbox) {
    let colours = palette(ui);
    ui.label(strong("The inspection failed", size::TITLE).color(colours.error));
    ui.add(Label::new(message).wrap().selectable(true));
    ui.add_space(size::GAP);
    ui.horizontal_wrapped(|ui| {
        if ui.button("Run again").clicked() {
            out.send(Command::RunAgain);
        }
        if network.weights.is_trained() && ui.button("Use untrained weights").clicked() {
            out.send(Command::SetWeights(network.id, WeightsChoice::Seeded(0)));
        }
        let sample = imaging::samples().first().filter(|_| matches!(shared.document.picture(), PictureChoice::File(_)));
        if let Some(sample) = sample
            && ui.button(format!("Use {}", sample.name)).clicked()
        {
            out.send(Command::SetPicture(PictureChoice::Sample(sample.name.to_owned())));
        }
        if ui.button("Open…").clicked() {
            out.send(Command::AskOpen);
        }
    });
}

fn stopped(ui: &mut Ui, out: &mut Outbox) {
    ui.label(strong("Stopped", size::TITLE));
    muted(ui, "You stopped this inspection. It starts again when the network or the picture changes.");
    ui.add_space(size::GAP);
    if ui.button("Run it now").clicked() {
        out.send(Command::RunAgain);
    }
}

fn in_progress(ui: &mut Ui, running: &Running<Asked>, network: &Network, out: &mut Outbox) {
    let is_ours = running.question.is_of(network);
    let name = running.question.question.asked().model.name();
    ui.add(Label::new(strong(name, size::TITLE)).truncate());
    egui::Sides::new().show(
        ui,
        |ui| muted(ui, running.phase.label()),
        |ui| ui.label(format!("{:.0} %", running.fraction * 100.0)),
    );
    bar(ui, running.fraction);
    ui.add_space(size::GAP);
    ui.horizontal(|ui| {
        if ui.button("Cancel").clicked() {
            out.send(Command::Cancel);
        }
        if !is_ours {
            muted(ui, "this network is next");
        }
    });
}

fn bar(ui: &mut Ui, fraction: f32) {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 6.0), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, "progress"));
    ui.painter().rect_filled(rect, CornerRadius::same(3), colours.raised);
    let done = Rect::from_min_size(rect.min, vec2(rect.width() * fraction.clamp(0.0, 1.0), rect.height()));
    ui.painter().rect_filled(done, CornerRadius::same(3), colours.accent);
}
