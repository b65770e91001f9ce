//! What every page of the lab has: a title, a run's progress, a reading, a table of numbers.

use std::time::Duration;

use eframe::egui;
use egui::{Align, Button, CornerRadius, Label, Layout, Rect, RichText, Sense, Ui, Vec2, vec2};

use crate::desktop::document::{Command, LabPage, LabTask};
use crate::desktop::jobs::{Ending, Lab, LabRun};
use crate::desktop::ui::theme::{self, Palette, palette, size};
use crate::desktop::ui::{Outbox, widgets};

/// A page's title with its claim, and what can be done with it on the right.
pub(super) fn title(ui: &mut Ui, title: &str, claim: &str, actions: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.label(widgets::strong(title, size::TITLE));
        ui.with_layout(Layout::right_to_left(Align::Center), actions);
    });
    let colour = palette(ui).muted;
    ui.add(Label::new(RichText::new(claim).color(colour)).wrap());
    ui.add_space(size::GAP);
}

/// A button that starts a run; not while another is in progress.
pub(super) fn start(
    ui: &mut Ui,
    label: &str,
    lab: &Lab,
    task: impl FnOnce() -> Option<LabTask>,
    out: &mut Outbox,
) -> bool {
    let free = lab.running().is_none();
    let colours = palette(ui);
    let button = Button::new(RichText::new(label).color(colours.on_accent)).fill(colours.accent);
    let response = ui.add_enabled(free, button).on_disabled_hover_text("A run is in progress: stop it first");
    if response.clicked()
        && let Some(task) = task()
    {
        out.send(Command::StartLab(task));
        return true;
    }
    false
}

/// The button that writes what is shown into files.
pub(super) fn write_files(ui: &mut Ui, there: bool, out: &mut Outbox) {
    let button = ui.add_enabled(there, Button::new("Write files…"));
    if button.on_hover_text("CSV, JSON and PNG, into a folder").clicked() {
        out.send(Command::AskWriteLab);
    }
}

/// A run in progress: what it does, how far it is, how fast, how long still; pause and stop.
pub(super) fn progress(ui: &mut Ui, run: &LabRun, out: &mut Outbox) {
    let colours = palette(ui);
    let progress = &run.progress;
    let mut words = vec![progress.what.clone(), format!("{:.0} %", progress.fraction * 100.0)];
    if progress.images_per_second > 0.0 {
        words.push(format!("{:.0} images/s", progress.images_per_second));
    }
    match run.remaining() {
        _ if run.is_stopping() => words.push("stopping".to_owned()),
        _ if run.is_held() => words.push("paused".to_owned()),
        Some(left) => words.push(format!("{} left", duration(left))),
        None => {}
    }
    ui.horizontal(|ui| {
        ui.add(Label::new(words.join(" · ")).truncate());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.add_enabled(!run.is_stopping(), Button::new("Stop")).clicked() {
                out.send(Command::StopLab);
            }
            // Apart: the one ends what the other holds.
            ui.add_space(2.0 * size::PADDING);
            let (label, hold) = if run.is_held() { ("Resume", false) } else { ("Pause", true) };
            if ui.add_enabled(!run.is_stopping(), Button::new(label)).clicked() {
                out.send(Command::HoldLab(hold));
            }
        });
    });
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 6.0), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, "progress of the run"));
    ui.painter().rect_filled(rect, CornerRadius::same(3), colours.raised);
    let done = Rect::from_min_size(rect.min, vec2(rect.width() * progress.fraction.clamp(0.0, 1.0), rect.height()));
    let fill = if run.is_held() { colours.faint } else { colours.accent };
    ui.painter().rect_filled(done, CornerRadius::same(3), fill);
    ui.add_space(size::GAP);
}

/// `40 s`, `12 min`, `2 h 5 min`.
pub(super) fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..90 => format!("{seconds} s"),
        seconds @ 90..5400 => format!("{} min", (seconds + 30) / 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// What is said of an experiment that was stopped.
pub(super) const GOES_ON: &str = "What has been trained is kept: Run with the same settings goes on where it was.";

/// How the last run ended, where that has to be said, and where it goes on.
pub(super) fn ending(ui: &mut Ui, ending: &Ending, goes_on: &str) {
    let colours = palette(ui);
    match ending {
        Ending::Failed(problem) => {
            ui.add(Label::new(RichText::new(problem).color(colours.error)).wrap().selectable(true));
        }
        Ending::Stopped => {
            widgets::muted(ui, format!("Stopped. {goes_on}"));
        }
        Ending::Open | Ending::Done => return,
    }
    ui.add_space(size::GAP);
}

/// What the numbers say.
pub(super) fn reading(ui: &mut Ui, sentences: &[String]) {
    ui.add_space(size::PADDING);
    widgets::section(ui, "Reading");
    ui.add_space(4.0);
    // Lines as long as one reads with ease.
    let width = ui.available_width().min(760.0);
    for sentence in sentences {
        ui.allocate_ui(vec2(width, 0.0), |ui| {
            ui.set_max_width(width);
            ui.add(Label::new(sentence).wrap());
        });
    }
}

/// What is said where there is no result yet.
pub(super) fn nothing_yet(ui: &mut Ui, page: LabPage, hint: &str) {
    let colours = palette(ui);
    ui.vertical_centered(|ui| {
        ui.add_space(48.0);
        ui.label(widgets::strong(format!("{}: no run yet", page.title()), size::TITLE).color(colours.text));
        ui.add_space(4.0);
        ui.label(RichText::new(hint).color(colours.muted));
        ui.add_space(48.0);
    });
}

/// A table of numbers: the first column on the left, the others right-aligned, colours by row.
pub(super) fn table(ui: &mut Ui, header: &[&str], rows: &[(egui::Color32, Vec<String>)]) {
    let colours = palette(ui);
    let width = ui.available_width().min(760.0);
    let line = |ui: &mut Ui, cells: &[String], mark: Option<egui::Color32>, font: egui::FontId, colour| {
        let (rect, response) = ui.allocate_exact_size(vec2(width, size::ROW), Sense::hover());
        let spoken = cells.join(", ");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
        let first = 96.0;
        let column = (width - first) / (cells.len() as f32 - 1.0).max(1.0);
        if let Some(mark) = mark {
            let square = Rect::from_center_size(rect.left_center() + vec2(4.5, 0.0), Vec2::splat(9.0));
            ui.painter().rect_filled(square, 2.0, mark);
        }
        for (index, cell) in cells.iter().enumerate() {
            let (at, align) = match index {
                0 => (rect.left_center() + vec2(16.0, 0.0), egui::Align2::LEFT_CENTER),
                _ => (rect.left_center() + vec2(first + column * index as f32, 0.0), egui::Align2::RIGHT_CENTER),
            };
            ui.painter().text(at, align, cell, font.clone(), colour);
        }
        rect
    };
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let cells: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
        let rect = line(ui, &cells, None, theme::regular(size::LABEL), colours.muted);
        ui.painter().hline(rect.x_range(), rect.bottom(), egui::Stroke::new(1.0, colours.line));
        for (mark, cells) in rows {
            line(ui, cells, Some(*mark), theme::regular(size::TEXT), colours.text);
        }
    });
}

/// Threads for a run that leave the window one.
pub(in crate::desktop) fn spare_threads() -> usize {
    crate::compute::engine::default_threads().saturating_sub(1).max(1)
}

/// The colour of an attention, that of the trunk alone included.
pub(super) fn kind(colours: &Palette, name: &str) -> egui::Color32 {
    if name == "none" { colours.muted } else { colours.attention(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        let words = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!([words(40), words(700), words(7500)], ["40 s", "12 min", "2 h 5 min"]);
    }
}
