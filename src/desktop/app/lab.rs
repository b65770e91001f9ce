//! Carrying out what the lab is asked to do.

use std::path::{Path, PathBuf};

use eframe::egui;

use super::App;
use super::opened::configuration;
use crate::compute::lab::data::{Objects, Source};
use crate::compute::lab::experiments::attention::{self, AttentionSettings};
use crate::compute::lab::experiments::degradation::{self, DegradationSettings};
use crate::compute::lab::training::Interrupted;
use crate::desktop::dialogs::Purpose;
use crate::desktop::document::{Command, LabTask, TrainTask, View, WeightsChoice};
use crate::desktop::jobs::{Begin, LabRun};
use crate::desktop::ui::choice::{Answer, Question};
use crate::desktop::ui::lab::spare_threads;
use crate::network::Model;

impl App {
    /// Commands of the lab; true if the command was one of them.
    pub(super) fn perform_lab(&mut self, ctx: &egui::Context, command: &Command) -> bool {
        match command {
            Command::StartLab(task) => {
                let task = self.placed(task.clone());
                self.jobs.start_lab(task);
            }
            Command::StartLabAnew(task) => {
                let task = self.placed(task.clone());
                self.jobs.begin_lab(task, Begin::Anew);
            }
            Command::ContinueTraining(run) => self.continue_training(run),
            Command::HoldLab(hold) => self.jobs.hold_lab(*hold),
            Command::StopLab => self.jobs.stop_lab(),
            Command::PreviewLab(source) => self.jobs.preview_lab(source.clone()),
            Command::AskLabFolder => self.ask_dialog(ctx, Purpose::LabFolder, String::new()),
            Command::SetLabSource(source) => self.views.lab.set_source(source.clone()),
            Command::AskWriteLab => match self.views.lab.writable(self.jobs.lab()) {
                Some(_) => self.ask_dialog(ctx, Purpose::WriteLab, String::new()),
                None => self.notices.error("There is no result on this page of the lab to write"),
            },
            Command::WriteLab(folder) => {
                if let Some(result) = self.views.lab.writable(self.jobs.lab()) {
                    self.jobs.write_lab(result, folder.clone());
                }
            }
            Command::OpenTrained { model, path } => {
                let weights = WeightsChoice::File(path.clone());
                self.change(&Command::AddCheckpoint { model: model.clone(), weights });
                self.configure(configuration(path));
                self.view = View::Inspect;
            }
            _ => return false,
        }
        true
    }

    /// Goes on with a training that was stopped, whatever the form says now.
    fn continue_training(&mut self, run: &Interrupted) {
        let source = run.folder.clone().map_or(Source::Objects, Source::Folder);
        match Model::parse(&run.network) {
            Ok(model) => {
                let (recipe, out) = (run.recipe.clone(), Some(run.out.clone()));
                let task = TrainTask { model, source, recipe, threads: spare_threads(), out };
                self.jobs.begin_lab(LabTask::Train(Box::new(task)), Begin::With(run.path.clone()));
            }
            Err(problem) => self.notices.error(format!("{}: {problem}", run.path.display())),
        }
    }

    /// Finds the trainings that earlier sittings left off.
    pub(super) fn look_for_interrupted(&mut self) {
        if let Some(folder) = self.session.folder() {
            self.jobs.look_for_interrupted(folder.join("trained"));
        }
    }

    /// A run in progress is not ended by the window's close button without a word.
    pub(super) fn guard_closing(&mut self, ctx: &egui::Context) {
        let Some(run) = self.jobs.lab().running() else {
            if std::mem::take(&mut self.is_closing) {
                self.keep();
                ctx.send_viewport_cmd(egui::ViewportCommand::Close);
            }
            return;
        };
        if !ctx.input(|input| input.viewport().close_requested()) {
            return;
        }
        ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
        if !self.is_closing && !self.views.choices.is_open() {
            let question = closing_question(run);
            self.views.choices.ask(question);
        }
    }

    /// A task that knows where its networks are kept: in the session's folder, so that runs go on after a restart.
    fn placed(&self, mut task: LabTask) -> LabTask {
        let root = self.session.folder().map_or_else(|| std::env::temp_dir().join("gatescope"), Path::to_path_buf);
        match &mut task {
            LabTask::Train(task) => {
                let name = format!("{}-seed{}", harmless(task.model.name()), task.recipe.seed);
                // The run itself finds out whether it goes on there or takes the first free name.
                task.out.get_or_insert_with(|| root.join("trained").join(format!("{name}.safetensors")));
            }
            LabTask::Degradation(settings) if settings.out.is_none() => {
                let fits = |out: &Path| {
                    let settings = DegradationSettings { out: Some(out.to_path_buf()), ..(**settings).clone() };
                    degradation::check_kept(&Objects::new(0), &settings).is_ok()
                };
                settings.out = Some(fitting(&root.join("lab"), "degradation", fits));
            }
            LabTask::Attention(settings) if settings.out.is_none() => {
                let fits = |out: &Path| {
                    let settings = AttentionSettings { out: Some(out.to_path_buf()), ..(**settings).clone() };
                    attention::check_kept(&Objects::new(0), &settings).is_ok()
                };
                settings.out = Some(fitting(&root.join("lab"), "attention", fits));
            }
            LabTask::Degradation(_) | LabTask::Attention(_) => {}
            LabTask::Atlas(_) => {}
        }
        task
    }

    /// What the lab has written, or could not.
    pub(super) fn take_lab_news(&mut self) {
        for said in self.jobs.take_lab_news() {
            match said {
                Ok(done) => self.notices.done(done),
                Err(problem) => self.notices.error(problem),
            }
        }
    }
}

/// What closing does to a run in progress, and where it continues.
fn closing_question(run: &LabRun) -> Question {
    let (what, reason) = match &run.task {
        LabTask::Train(_) => (
            "A training",
            "It is written down before the window closes. Lab, Train shows it next time: Continue goes on from there, \
             and so does Start with the same settings.",
        ),
        LabTask::Degradation(_) => (
            "Degradation",
            "What is trained is written down before the window closes. Lab, Degradation goes on from there: Run with \
             the same settings.",
        ),
        LabTask::Attention(_) => (
            "Where it looks",
            "What is trained is written down before the window closes. Lab, Where it looks goes on from there: Run \
             with the same settings.",
        ),
        LabTask::Atlas(_) => {
            ("The excitation atlas", "It does not take long and keeps nothing: it begins again next time.")
        }
    };
    let answer =
        |label: &str, note: &str, commands| Answer { label: label.to_owned(), note: note.to_owned(), commands };
    Question {
        title: format!("{what} is in progress: {}", run.progress.what),
        reason: reason.to_owned(),
        answers: vec![
            answer("Keep it running", "The window stays open", Vec::new()),
            answer("Stop it and close", "The window closes as soon as it is written", vec![Command::StopAndQuit]),
        ],
    }
}

/// A spec as a file's name.
fn harmless(spec: &str) -> String {
    spec.chars().map(|c| if c.is_ascii_alphanumeric() || "+-".contains(c) { c } else { '_' }).collect()
}

/// The first folder of this name, or with a number, that keeps no networks of a run with other settings.
fn fitting(root: &Path, name: &str, fits: impl Fn(&Path) -> bool) -> PathBuf {
    let numbered = |number: usize| match number {
        1 => root.join(name),
        _ => root.join(format!("{name}-{number}")),
    };
    (1..1000).map(numbered).find(|folder| fits(folder)).unwrap_or_else(|| numbered(1000))
}
