//! Training: a recipe, a button, and what the network learns while one watches.

use std::sync::Arc;

use eframe::egui;
use egui::{ComboBox, Label, RichText, Ui};

use super::{form, interrupted, live, parts, runs};
use crate::compute::lab::data::Source;
use crate::compute::lab::experiments::{ATTENTIONS, lab_network};
use crate::compute::lab::training::TrainingRecipe;
use crate::desktop::document::{Command, LabPage, LabTask, TrainTask};
use crate::desktop::jobs::{Ending, Training};
use crate::desktop::ui::theme::{palette, size};
use crate::desktop::ui::{Outbox, Shared, widgets};
use crate::network::Model;

const CLAIM: &str = "A network learns to tell objects apart in front of your eyes; then open it in Inspect and see where \
                     it looks.";
/// Layers of the lab's trunk.
const DEPTH: usize = 20;

/// Which network is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// The lab's trunk with the attention of this index.
    Preset(usize),
    /// The active network, from the beginning.
    Active,
}

/// The page's own state.
pub(super) struct TrainPage {
    choice: Choice,
    source: Source,
    recipe: TrainingRecipe,
    threads: usize,
    more: bool,
    live: live::Live,
    runs: runs::Runs,
}

impl Default for TrainPage {
    fn default() -> Self {
        Self {
            // CBAM: it has both kinds of gate.
            choice: Choice::Preset(ATTENTIONS.len() - 1),
            source: Source::Objects,
            recipe: TrainingRecipe { epochs: 8, samples: 6400, validation: 1000, ..TrainingRecipe::default() },
            threads: parts::spare_threads(),
            more: false,
            live: live::Live::default(),
            runs: runs::Runs::default(),
        }
    }
}

impl TrainPage {
    pub(super) fn set_source(&mut self, source: Source) {
        self.source = source;
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
        let lab = shared.jobs.lab();
        let model = self.model(shared);
        parts::title(ui, "Train", CLAIM, |ui| {
            parts::start(ui, "Start", lab, || model.clone().map(|model| self.task(model)), out);
            let stopped = model.as_ref().and_then(|model| interrupted::same(lab, model, &self.source, &self.recipe));
            if let (Some(_), Some(model), None) = (stopped, &model, lab.running())
                && ui.button("Start anew").on_hover_text("From the beginning, under a new name").clicked()
            {
                out.send(Command::StartLabAnew(self.task(model.clone())));
            }
            let words = if self.more { "Fewer options" } else { "More options" };
            if ui.button(words).clicked() {
                self.more = !self.more;
            }
        });
        ui.horizontal_wrapped(|ui| {
            self.network(ui, shared);
            form::source(ui, &mut self.source, out);
        });
        form::budget(ui, &mut self.recipe, None, &mut self.threads);
        if self.more {
            form::recipe(ui, &mut self.recipe);
        }
        self.cost(ui, model.as_deref());
        if lab.running().is_none() {
            let same = model.as_ref().and_then(|model| interrupted::same(lab, model, &self.source, &self.recipe));
            interrupted::ui(ui, lab, same, out);
        }
        ui.add_space(size::GAP);
        if let Some(run) = lab.running_on(LabPage::Train) {
            parts::progress(ui, run, out);
        }
        self.live.strip(ui, &self.source, lab, out);
        if let Some(training) = lab.training() {
            outcome(ui, training, out);
            live::curves(ui, training);
            self.runs.ui(ui, lab, out);
        } else {
            let hint = "Start trains on a thread of its own: you can go on working, pause it or stop it.";
            parts::nothing_yet(ui, LabPage::Train, hint);
        }
    }

    /// The network to be trained, if there is one; input and classes follow the data.
    fn model(&self, shared: &Shared) -> Option<Arc<Model>> {
        match self.choice {
            Choice::Active => shared.active().map(|network| network.model.clone()),
            Choice::Preset(index) => Model::of(lab_network(DEPTH, true, ATTENTIONS.get(index)?, 10).ok()?).ok(),
        }
    }

    fn task(&self, model: Arc<Model>) -> LabTask {
        let (source, recipe) = (self.source.clone(), self.recipe.clone());
        LabTask::Train(Box::new(TrainTask { model, source, recipe, threads: self.threads, out: None }))
    }

    fn network(&mut self, ui: &mut Ui, shared: &Shared) {
        let active =
            shared.active().map(|network| format!("{} {}, from the beginning", network.letter(), network.model));
        let name = |choice: Choice| match choice {
            Choice::Active => active.clone().unwrap_or_else(|| "no network".to_owned()),
            Choice::Preset(index) => match ATTENTIONS.get(index) {
                Some(&"none") | None => "lab trunk".to_owned(),
                Some(attention) => format!("trunk + {}", attention.to_uppercase()),
            },
        };
        form::field(ui, "Network", "The lab's small trunk with an attention, or the active network", |ui| {
            let combo =
                ComboBox::from_id_salt("network to train").selected_text(name(self.choice)).width(form::FIELD - 24.0);
            let shown = combo.truncate().show_ui(ui, |ui| {
                for index in 0..ATTENTIONS.len() {
                    let choice = Choice::Preset(index);
                    ui.selectable_value(&mut self.choice, choice, name(choice));
                }
                if active.is_some() {
                    ui.selectable_value(&mut self.choice, Choice::Active, name(Choice::Active));
                }
            });
            shown.response
        });
    }

    /// What the run comes to, in a line.
    fn cost(&self, ui: &mut Ui, model: Option<&Model>) {
        let Some((model, spec)) = model.and_then(|model| Some((model, model.spec()?))) else { return };
        let images = crate::network::number::grouped(self.recipe.samples * self.recipe.epochs as u64);
        let [_, height, width] = model.input();
        let seen = match self.source {
            Source::Objects => "64 × 64".to_owned(),
            Source::Folder(_) => format!("{height} × {width}"),
        };
        let text = format!("{} · {images} images of {seen} in all", spec.without_sizes());
        ui.add(Label::new(RichText::new(text).size(size::LABEL).color(palette(ui).muted)).truncate());
    }
}

/// How the training ended, and what to do with the network.
fn outcome(ui: &mut Ui, training: &Training, out: &mut Outbox) {
    for note in &training.notes {
        ui.add(Label::new(RichText::new(note).size(size::LABEL).color(palette(ui).muted)).wrap());
    }
    parts::ending(
        ui,
        &training.ending,
        "What has been trained is kept: Start with the same settings goes on where it was.",
    );
    let (Ending::Done, Some((model, path))) = (&training.ending, &training.trained) else { return };
    ui.horizontal_wrapped(|ui| {
        let right = training.epochs.last().map_or(0.0, |last| 100.0 - last.test_error * 100.0);
        ui.label(widgets::strong(format!("Trained: {right:.1} % of validation images are right"), size::TEXT));
        if ui.button("Open in Inspect").on_hover_text(path.display().to_string()).clicked() {
            out.send(Command::OpenTrained { model: model.clone(), path: path.clone() });
        }
    });
    ui.add_space(size::GAP);
}
