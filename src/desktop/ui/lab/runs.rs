//! The trainings of this sitting: the one on the screen does not replace those before it.

use std::collections::BTreeSet;

use eframe::egui;
use egui::{Align, Label, Layout, Rect, RichText, Sense, Ui, vec2};

use super::curves::{self, Axes, Curve};
use crate::desktop::document::Command;
use crate::desktop::jobs::{Ending, Lab, Training};
use crate::desktop::ui::theme::{palette, size};
use crate::desktop::ui::{Outbox, widgets};

/// Which of them are left out of the picture, by their age: 1 is the first of this sitting.
#[derive(Default)]
pub(super) struct Runs {
    hidden: BTreeSet<usize>,
}

impl Runs {
    /// Their curves over each other and a line on each; nothing while there is but one.
    pub(super) fn ui(&mut self, ui: &mut Ui, lab: &Lab, out: &mut Outbox) {
        let earlier = lab.earlier();
        if earlier.len() == 0 {
            return;
        }
        let count = earlier.len() + usize::from(lab.training().is_some());
        let runs: Vec<(usize, &Training)> =
            lab.training().into_iter().chain(earlier).enumerate().map(|(index, run)| (count - index, run)).collect();
        ui.add_space(size::PADDING);
        widgets::section(ui, "Runs of this sitting");
        ui.add_space(4.0);
        self.curves(ui, &runs);
        for (number, run) in &runs {
            self.line(ui, *number, run, out);
        }
    }

    fn curves(&self, ui: &mut Ui, runs: &[(usize, &Training)]) {
        let colours = palette(ui);
        let curve = |(number, run): &(usize, &Training)| {
            let right = |epoch: &crate::compute::lab::experiments::EpochPoint| {
                [epoch.epoch as f64, 100.0 - f64::from(epoch.test_error) * 100.0]
            };
            Curve {
                name: format!("run {number}"),
                label: Some(number.to_string()),
                colour: colours.series(*number),
                dashed: false,
                points: run.epochs.iter().map(right).collect(),
            }
        };
        let shown: Vec<Curve> = runs.iter().filter(|(number, _)| !self.hidden.contains(number)).map(curve).collect();
        let axes = Axes {
            name: "Validation accuracy of every run",
            height: 150.0,
            up: Some((0.0, 100.0)),
            unit: " %",
            ..Axes::default()
        };
        curves::show(ui, &axes, &shown);
    }

    /// A run: shown or not, what it was, how far it came, and its network.
    fn line(&mut self, ui: &mut Ui, number: usize, run: &Training, out: &mut Outbox) {
        let colours = palette(ui);
        ui.horizontal(|ui| {
            let (square, _) = ui.allocate_exact_size(vec2(10.0, size::ROW), Sense::hover());
            let square = Rect::from_center_size(square.center(), vec2(9.0, 9.0));
            ui.painter().rect_filled(square, 2.0, colours.series(number));
            let mut is_shown = !self.hidden.contains(&number);
            if ui.checkbox(&mut is_shown, format!("run {number}")).changed() && !self.hidden.remove(&number) {
                self.hidden.insert(number);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some((model, path)) = &run.trained
                    && ui.button("Open in Inspect").on_hover_text(path.display().to_string()).clicked()
                {
                    out.send(Command::OpenTrained { model: model.clone(), path: path.clone() });
                }
                ui.label(result(run));
                let text = RichText::new(run.task.model.name()).color(colours.muted);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(text).truncate()).on_hover_text(recipe(run));
                });
            });
        });
    }
}

/// `61.3 % after 8 of 8 epochs`, and how it ended where that has to be said.
fn result(run: &Training) -> String {
    let right = run.epochs.last().map_or(0.0, |last| 100.0 - last.test_error * 100.0);
    let ending = match &run.ending {
        Ending::Stopped => ", stopped",
        Ending::Failed(_) => ", failed",
        Ending::Open | Ending::Done => "",
    };
    format!("{right:.1} % after {} of {} epochs{ending}", run.epochs.len(), run.task.recipe.epochs)
}

/// What is needed to tell two runs of one network apart.
fn recipe(run: &Training) -> String {
    let recipe = &run.task.recipe;
    format!(
        "{} images an epoch, batches of {}, learning rate {}, seed {}",
        recipe.samples, recipe.batch, recipe.learning_rate, recipe.seed
    )
}
