//! The bar at the bottom: totals, the difference to network A, and the work in progress.

use eframe::egui;
use egui::{Align, Button, Layout, ProgressBar, RichText, Ui, Vec2};

use super::theme::{self, palette, size};
use super::{Outbox, Shared, scripts, widgets};
use crate::desktop::document::{Command, Document, Network};
use crate::network::{NetworkSpec, number};

/// The status bar.
pub fn ui(ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
    ui.horizontal_centered(|ui| {
        if let Some(network) = shared.active() {
            totals(ui, shared, network);
            difference(ui, shared, network);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| work(ui, shared, out));
    });
}

fn totals(ui: &mut Ui, shared: &Shared, network: &Network) {
    let total = network.ledger.total();
    let letter = Document::letter(shared.position(network));
    let time = shared.jobs.measurement(network).map(|measured| measured.timing.median.as_secs_f64() * 1e3);
    let time = time.map(|time| ("time".to_owned(), format!("{time:.1} ms")));
    let counted = [
        (format!("{letter}  params"), number::grouped(total.params)),
        ("MACs".to_owned(), number::short(total.macs)),
        ("activations".to_owned(), number::bytes(total.activation_bytes)),
    ];
    for (label, value) in counted.into_iter().chain(time) {
        widgets::muted(ui, label);
        ui.label(widgets::strong(value, size::TEXT));
        ui.add_space(size::GAP);
    }
}

fn difference(ui: &mut Ui, shared: &Shared, network: &Network) {
    let Some(first) = shared.document.networks().first().filter(|first| first.id != network.id) else { return };
    let (a, b) = (first.ledger.total(), network.ledger.total());
    let part = |label: &str, from: u64, to: u64| {
        let change = number::percent_change(from, to).map(|change| format!(" ({change})")).unwrap_or_default();
        format!("{}{label}{change}", number::short_signed(i128::from(to) - i128::from(from)))
    };
    let text = format!("Δ vs A  {} · {}", part("", a.params, b.params), part(" MACs", a.macs, b.macs));
    let colour = if a == b { palette(ui).muted } else { palette(ui).difference };
    ui.add(egui::Label::new(RichText::new(text).color(colour)).truncate())
        .on_hover_text("Parameters and MACs of this network less those of network A");
}

/// Right to left: weights, then what the worker does or did.
fn work(ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
    if let Some(download) = shared.jobs.download() {
        let what = format!("downloading {}", download.reference.repository);
        return progress(ui, &what, download.fraction, Command::Cancel, out);
    }
    if let Some(measuring) = shared.jobs.measuring() {
        let letter = letter_of(shared, &measuring.key.spec);
        return progress(ui, &format!("{letter} measuring"), measuring.fraction, Command::Cancel, out);
    }
    if let Some(run) = shared.jobs.lab().running().filter(|_| shared.jobs.running().is_none()) {
        let what = if run.is_held() { "paused" } else { run.task.page().title() };
        return progress(ui, &format!("lab: {what}"), run.progress.fraction, Command::StopLab, out);
    }
    let Some(network) = shared.active() else { return };
    let colours = palette(ui);
    if !network.weights.is_trained() {
        widgets::pill(ui, "untrained weights", colours.difference).on_hover_text(
            "Seeded He initialisation: the gates are real, but nothing has been learnt. Open weights with Ctrl+O.",
        );
    }
    ui.add_space(size::GAP);
    if let Some(running) = shared.jobs.running() {
        let letter = letter_of(shared, &running.key.spec);
        progress(ui, &format!("{letter} {}", running.phase.label()), running.fraction, Command::Cancel, out);
    } else if let Some(inspection) = shared.inspection(network) {
        let input = network.graph.input();
        let milliseconds = inspection.run.elapsed.as_secs_f64() * 1000.0;
        let digits = usize::from(milliseconds < 10.0);
        let name = shared.document.picture().name();
        let text = format!(
            "picture {} at {} × {}, run in {milliseconds:.digits$} ms",
            scripts::visual(&name),
            input.height(),
            input.width()
        );
        let whole = text.clone();
        ui.add(egui::Label::new(RichText::new(text).color(colours.muted)).truncate()).on_hover_text(whole);
    } else if let Some(message) = shared.jobs.failure(network, shared.document) {
        ui.add(egui::Label::new(RichText::new(message).color(colours.error)).truncate()).on_hover_text(message);
    } else if shared.jobs.is_stopped(network, shared.document) {
        if ui.add(Button::new("run again").small()).clicked() {
            out.send(Command::RunAgain);
        }
        widgets::muted(ui, "stopped");
    }
}

fn letter_of(shared: &Shared, spec: &NetworkSpec) -> String {
    let position = shared.document.networks().iter().position(|network| network.spec == *spec);
    position.map(Document::letter).unwrap_or_default()
}

/// Right to left: how to stop it, how far it is, what it is.
fn progress(ui: &mut Ui, what: &str, fraction: f32, stop: Command, out: &mut Outbox) {
    // As the lab's own button calls it.
    let name = if stop == Command::StopLab { "stop" } else { "cancel" };
    if ui.add(Button::new(name).small()).clicked() {
        out.send(stop);
    }
    ui.add_sized(Vec2::new(96.0, 6.0), ProgressBar::new(fraction).desired_height(6.0));
    let percent = (fraction * 100.0).round();
    ui.label(RichText::new(format!("{what} {percent:>3} %")).font(theme::mono(size::LABEL)));
}
