//! Trainings that were stopped or broke off: where each goes on.

use eframe::egui;
use egui::{Align, Label, Layout, RichText, Ui};

use crate::compute::lab::data::Source;
use crate::compute::lab::training::{Interrupted, TrainingRecipe};
use crate::desktop::document::Command;
use crate::desktop::jobs::Lab;
use crate::desktop::ui::theme::palette;
use crate::desktop::ui::{Outbox, widgets};
use crate::network::{Model, parse};

/// How many are listed.
const LISTED: usize = 6;

/// The one that is the run of this form.
pub(super) fn same<'a>(
    lab: &'a Lab,
    model: &Model,
    source: &Source,
    recipe: &TrainingRecipe,
) -> Option<&'a Interrupted> {
    // Input and classes follow the data.
    let own = model.spec()?.without_sizes();
    let folder = match source {
        Source::Objects => None,
        Source::Folder(path) => Some(std::path::absolute(path).unwrap_or_else(|_| path.clone())),
    };
    let is_same = |run: &&Interrupted| {
        run.recipe == *recipe
            && run.folder == folder
            && parse(&run.network).is_ok_and(|spec| spec.without_sizes() == own)
    };
    lab.interrupted().iter().find(is_same)
}

/// What Start does, and the others with a way to go on.
pub(super) fn ui(ui: &mut Ui, lab: &Lab, same: Option<&Interrupted>, out: &mut Outbox) {
    if let Some(run) = same {
        widgets::muted(ui, format!("Start goes on where this run stopped, {run}."));
    }
    let others: Vec<&Interrupted> = lab.interrupted().iter().filter(|run| Some(*run) != same).collect();
    if others.is_empty() {
        return;
    }
    widgets::section(ui, "Stopped trainings");
    for run in others.iter().take(LISTED) {
        line(ui, run, out);
    }
    if others.len() > LISTED {
        let folder = others[LISTED].path.parent().map(|folder| folder.display().to_string()).unwrap_or_default();
        widgets::muted(ui, format!("and {} more in {folder}", others.len() - LISTED));
    }
}

fn line(ui: &mut Ui, run: &Interrupted, out: &mut Outbox) {
    let colour = palette(ui).muted;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Continue").on_hover_text(run.path.display().to_string()).clicked() {
                out.send(Command::ContinueTraining(Box::new(run.clone())));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = format!("{} on {}, stopped {run}", run.network, run.dataset);
                ui.add(Label::new(RichText::new(text).color(colour)).truncate());
            });
        });
    });
}
