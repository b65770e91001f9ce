//! The bar at the bottom: totals, the difference to the baseline, and the work in progress.

use eframe::egui;
use egui::{Align, Button, Layout, ProgressBar, RichText, Ui, Vec2};

use super::theme::{self, palette, size};
use super::{Outbox, Shared, scripts, widgets};
use crate::desktop::document::{Command, Network};
use crate::desktop::jobs::Asked;
use crate::network::number;

/// Below this width numbers are short and only parameters and MACs are there.
const NARROW: f32 = 900.0;
/// The difference needs this much.
const DIFFERENCE: f32 = 480.0;

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
    let total = network.ledger().total();
    let letter = network.letter();
    let is_narrow = ui.available_width() < NARROW;
    let time = shared.jobs.measurement(network).map(|measured| measured.median.as_secs_f64() * 1e3);
    let time = time.map(|time| ("time".to_owned(), format!("{time:.1} ms")));
    let counted = [
        (
            format!("{letter}  params"),
            if is_narrow { number::short(total.params) } else { number::grouped(total.params) },
        ),
        ("MACs".to_owned(), number::short(total.macs)),
        ("activations".to_owned(), number::bytes(total.activation_bytes)),
    ];
    let shown = if is_narrow { 2 } else { counted.len() };
    for (label, value) in counted.into_iter().take(shown).chain(time.filter(|_| !is_narrow)) {
        widgets::muted(ui, label);
        ui.label(widgets::strong(value, size::TEXT));
        ui.add_space(size::GAP);
    }
}

fn difference(ui: &mut Ui, shared: &Shared, network: &Network) {
    let Some(base) = shared.document.baseline().filter(|base| base.id != network.id) else { return };
    if ui.available_width() < DIFFERENCE {
        return;
    }
    let (a, b) = (base.ledger().total(), network.ledger().total());
    let part = |label: &str, from: u64, to: u64| {
        let change = number::percent_change(from, to).map(|change| format!(" ({change})")).unwrap_or_default();
        format!("{}{label}{change}", number::short_signed(i128::from(to) - i128::from(from)))
    };
    let letter = base.letter();
    let text = format!("Δ to {letter}  {} · {}", part("", a.params, b.params), part(" MACs", a.macs, b.macs));
    ui.add(egui::Label::new(RichText::new(text).color(palette(ui).muted)).truncate()).on_hover_text(format!(
        "Parameters and MACs of this network less those of the baseline, {letter} {}. The star in the list of networks \
         chooses another.",
        base.title()
    ));
}

/// Right to left: weights, then what the worker does or did.
fn work(ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
    if let Some(download) = shared.jobs.download() {
        let what = format!("downloading {}", download.reference.repository);
        return progress(ui, &what, download.fraction, Command::Cancel, out);
    }
    if let Some(measuring) = shared.jobs.measuring() {
        let letter = letter_of(shared, &measuring.question);
        return progress(ui, &format!("{letter} measuring"), measuring.fraction, Command::Cancel, out);
    }
    if let Some(explaining) = shared.jobs.explaining() {
        return progress(ui, "explaining", explaining.fraction, Command::Cancel, out);
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
        let letter = letter_of(shared, &running.question);
        progress(ui, &format!("{letter} {}", running.phase.label()), running.fraction, Command::Cancel, out);
    } else if let Some(inspection) = shared.inspection(network) {
        let input = network.graph().input();
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
    } else if let Some(message) = shared.jobs.failure(network) {
        ui.add(egui::Label::new(RichText::new(message).color(colours.error)).truncate()).on_hover_text(message);
    } else if shared.jobs.is_stopped(network) {
        if ui.add(Button::new("run again").small()).clicked() {
            out.send(Command::RunAgain);
        }
        widgets::muted(ui, "stopped");
    }
}

fn letter_of(shared: &Shared, asked: &Asked) -> String {
    let network = shared.document.networks().iter().find(|network| asked.is_of(network));
    network.map(Network::letter).unwrap_or_default()
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
