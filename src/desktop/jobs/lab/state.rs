//! What the lab is doing and what it has found, as views read it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use image::RgbImage;

use super::work::Trained;
use super::{Flags, LabEvent};
use crate::compute::lab::data::Source;
use crate::compute::lab::experiments::atlas::AtlasResult;
use crate::compute::lab::experiments::attention::AttentionResult;
use crate::compute::lab::experiments::degradation::DegradationResult;
use crate::compute::lab::experiments::{EpochPoint, Progress};
use crate::compute::lab::training::Interrupted;
use crate::desktop::document::{LabPage, LabTask, TrainTask};
use crate::network::Model;

/// From here on every second step of a training's curve is dropped: a screen shows no more.
const STEPS_KEPT: usize = 4000;

/// How many earlier trainings are kept to be compared with.
const EARLIER_KEPT: usize = 12;

/// The lab.
#[derive(Default)]
pub struct Lab {
    running: Option<LabRun>,
    runs: u64,
    training: Option<Training>,
    /// Trainings before that one, the newest first.
    earlier: VecDeque<Training>,
    degradation: LabShelf<DegradationResult>,
    attention: LabShelf<AttentionResult>,
    atlas: LabShelf<AtlasResult>,
    strip: Option<(Source, Strip)>,
    interrupted: Vec<Interrupted>,
    news: Vec<Result<String, String>>,
}

/// The run in progress.
pub struct LabRun {
    /// What it is.
    pub task: LabTask,
    /// How far it is.
    pub progress: Progress,
    id: u64,
    started: Instant,
    /// How long it has been held before, and since when it is held now.
    held: (Duration, Option<Instant>),
    pub(super) flags: Flags,
}

impl LabRun {
    /// Is it held?
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held.1.is_some()
    }

    /// Has it been asked to stop?
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.flags.cancelled.load(Ordering::Relaxed)
    }

    /// How long it will still take if it goes on as it has; nothing is said at the very start.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        let fraction = self.progress.fraction;
        let held = self.held.0 + self.held.1.map_or(Duration::ZERO, |since| since.elapsed());
        let worked = self.started.elapsed().saturating_sub(held).as_secs_f32();
        (fraction > 0.005 && worked > 1.0).then(|| Duration::from_secs_f32(worked * (1.0 - fraction) / fraction))
    }
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Not yet.
    #[default]
    Open,
    /// By itself.
    Done,
    /// By the user.
    Stopped,
    /// By an error, in words.
    Failed(String),
}

/// A result, as far as it has come, and how its last run ended.
pub struct LabShelf<R> {
    /// What there is.
    pub result: Option<Arc<R>>,
    /// How the last run ended.
    pub ending: Ending,
}

impl<R> Default for LabShelf<R> {
    fn default() -> Self {
        Self { result: None, ending: Ending::Open }
    }
}

/// A point of a training's curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepPoint {
    /// In epochs: 1.5 is the middle of the second.
    pub at: f64,
    /// Of the batch, label smoothing included.
    pub loss: f32,
    /// Of the batch, 0 to 1.
    pub accuracy: f32,
    /// Of the step.
    pub learning_rate: f32,
}

/// A network in training, or trained.
pub struct Training {
    /// What was asked for.
    pub task: TrainTask,
    /// Steps, thinned out.
    pub steps: Vec<StepPoint>,
    /// Epochs; `test_error` is that of the validation split here.
    pub epochs: Vec<EpochPoint>,
    /// What is to be known of its pictures: those left out, how the folder is read.
    pub notes: Vec<String>,
    /// How it ended.
    pub ending: Ending,
    /// Where the trained network is, as it is by the data.
    pub trained: Option<(Arc<Model>, PathBuf)>,
}

impl Training {
    fn add(&mut self, point: StepPoint) {
        self.steps.push(point);
        if self.steps.len() > STEPS_KEPT {
            let mut index = 0;
            self.steps.retain(|_| {
                index += 1;
                index & 1 == 0
            });
        }
    }
}

/// A training picture and its class.
#[derive(Clone)]
pub struct Thumbnail {
    /// The picture as the network takes it.
    pub image: RgbImage,
    /// Its class.
    pub class: String,
}

/// Thumbnails of a data set.
pub enum Strip {
    /// They are being made.
    Loading,
    /// They are there.
    Ready(Arc<Vec<Thumbnail>>),
    /// Why there are none.
    Failed(String),
}

impl Lab {
    /// The run in progress.
    #[must_use]
    pub fn running(&self) -> Option<&LabRun> {
        self.running.as_ref()
    }

    /// The run in progress, if it belongs to this page.
    #[must_use]
    pub fn running_on(&self, page: LabPage) -> Option<&LabRun> {
        self.running.as_ref().filter(|running| running.task.page() == page)
    }

    /// The last training.
    #[must_use]
    pub fn training(&self) -> Option<&Training> {
        self.training.as_ref()
    }

    /// The trainings before the last, the newest first.
    #[must_use]
    pub fn earlier(&self) -> impl ExactSizeIterator<Item = &Training> {
        self.earlier.iter()
    }

    /// Trainings that were stopped, or broke off, and can be continued; the newest first.
    #[must_use]
    pub fn interrupted(&self) -> &[Interrupted] {
        &self.interrupted
    }

    /// Plain against residual.
    #[must_use]
    pub fn degradation(&self) -> &LabShelf<DegradationResult> {
        &self.degradation
    }

    /// Every attention.
    #[must_use]
    pub fn attention(&self) -> &LabShelf<AttentionResult> {
        &self.attention
    }

    /// Channel gates by class.
    #[must_use]
    pub fn atlas(&self) -> &LabShelf<AtlasResult> {
        &self.atlas
    }

    /// The thumbnails of a data set, if they have been asked for.
    #[must_use]
    pub fn strip(&self, source: &Source) -> Option<&Strip> {
        self.strip.as_ref().filter(|(of, _)| of == source).map(|(_, strip)| strip)
    }

    /// Are thumbnails being made?
    #[must_use]
    pub fn is_reading(&self) -> bool {
        matches!(self.strip, Some((_, Strip::Loading)))
    }

    pub(super) fn begin(&mut self, task: &LabTask, goes_on: bool) -> (u64, Flags) {
        self.runs += 1;
        let flags = Flags::default();
        match task {
            LabTask::Train(task) if goes_on && self.has_stopped(task) => {
                // It goes on, and so do its curves.
                if let Some(training) = &mut self.training {
                    training.ending = Ending::Open;
                }
            }
            LabTask::Train(task) => {
                self.set_by();
                self.training = Some(Training {
                    task: (**task).clone(),
                    steps: Vec::new(),
                    epochs: Vec::new(),
                    notes: Vec::new(),
                    ending: Ending::Open,
                    trained: None,
                });
            }
            LabTask::Degradation(_) => self.degradation = LabShelf::default(),
            LabTask::Attention(_) => self.attention = LabShelf::default(),
            LabTask::Atlas(_) => self.atlas = LabShelf::default(),
        }
        self.running = Some(LabRun {
            task: task.clone(),
            progress: Progress { what: "starting".to_owned(), fraction: 0.0, images_per_second: 0.0 },
            id: self.runs,
            started: Instant::now(),
            held: (Duration::ZERO, None),
            flags: flags.clone(),
        });
        (self.runs, flags)
    }

    /// Is the training on the screen this one, stopped?
    fn has_stopped(&self, task: &TrainTask) -> bool {
        let free = |model: &Model| Some(model.spec()?.without_sizes());
        self.training.as_ref().is_some_and(|last| {
            last.ending == Ending::Stopped
                && free(&last.task.model) == free(&task.model)
                && last.task.source == task.source
                && last.task.recipe == task.recipe
        })
    }

    /// The training that has been is kept beside the one that begins, if it came to anything.
    fn set_by(&mut self) {
        let Some(training) = self.training.take().filter(|training| !training.epochs.is_empty()) else { return };
        self.earlier.push_front(training);
        self.earlier.truncate(EARLIER_KEPT);
    }

    pub(super) fn hold(&mut self, hold: bool) {
        let Some(running) = &mut self.running else { return };
        running.flags.held.store(hold, Ordering::Relaxed);
        match (hold, running.held.1.take()) {
            (true, None) => running.held.1 = Some(Instant::now()),
            (true, since) => running.held.1 = since,
            (false, Some(since)) => running.held.0 += since.elapsed(),
            (false, None) => {}
        }
    }

    pub(super) fn await_strip(&mut self, source: Source) {
        self.strip = Some((source, Strip::Loading));
    }

    pub(super) fn take_news(&mut self) -> Vec<Result<String, String>> {
        std::mem::take(&mut self.news)
    }

    /// Takes in what the thread says; a run that is no longer the current one is not listened to.
    pub(super) fn take(&mut self, event: LabEvent) {
        let current = self.running.as_ref().map(|running| running.id);
        match event {
            LabEvent::Strip { source, outcome } => {
                if let Some((_, strip)) = self.strip.as_mut().filter(|(of, _)| *of == source) {
                    *strip = match outcome {
                        Ok(thumbnails) => Strip::Ready(Arc::new(thumbnails)),
                        Err(problem) => Strip::Failed(problem),
                    };
                }
            }
            LabEvent::Written(said) => self.news.push(said),
            LabEvent::Interrupted(runs) => self.interrupted = runs,
            LabEvent::Notes { id, notes } if current == Some(id) => {
                if let Some(training) = &mut self.training {
                    training.notes = notes;
                }
            }
            LabEvent::Progress { id, progress } if current == Some(id) => {
                if let Some(running) = &mut self.running {
                    running.progress = progress;
                }
            }
            LabEvent::Step { id, point } if current == Some(id) => {
                if let Some(training) = &mut self.training {
                    training.add(point);
                }
            }
            LabEvent::Epochs { id, epochs } if current == Some(id) => {
                if let Some(training) = &mut self.training {
                    training.epochs = epochs;
                }
            }
            LabEvent::Degradation { id, result } if current == Some(id) => self.degradation.result = Some(result),
            LabEvent::Attention { id, result } if current == Some(id) => self.attention.result = Some(result),
            LabEvent::Atlas { id, result } if current == Some(id) => self.atlas.result = Some(result),
            LabEvent::Ended { id, outcome } if current == Some(id) => self.end(outcome),
            _ => {}
        }
    }

    fn end(&mut self, outcome: Result<Option<Trained>, Option<String>>) {
        let Some(running) = self.running.take() else { return };
        let ending = match &outcome {
            Ok(_) => Ending::Done,
            Err(None) => Ending::Stopped,
            Err(Some(problem)) => Ending::Failed(problem.clone()),
        };
        match running.task.page() {
            LabPage::Train => {
                if let Some(training) = &mut self.training {
                    training.ending = ending;
                    training.trained = outcome.ok().flatten().map(|trained| (trained.model, trained.path));
                }
            }
            LabPage::Degradation => self.degradation.ending = ending,
            LabPage::Attention => self.attention.ending = ending,
            LabPage::Atlas => self.atlas.ending = ending,
        }
    }
}
