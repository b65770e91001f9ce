//! What happens on the lab's thread.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Begin, Flags, LabEvent, StepPoint, Thumbnail};
use crate::compute::lab::LabError;
use crate::compute::lab::data::{Objects, OpenedData, Source, Split};
use crate::compute::lab::experiments::atlas::{self, AtlasSettings};
use crate::compute::lab::experiments::{EpochNotes, Progress, Watch, attention, degradation};
use crate::compute::lab::training::{TrainingControl, TrainingEvent, TrainingOptions, fitted, place, train};
use crate::compute::weights::{Opened, WeightsError};
use crate::desktop::document::{AtlasTask, LabTask, TrainTask};
use crate::network::Model;

/// The window is told of steps at most this often.
const TOLD_EVERY: Duration = Duration::from_millis(100);
/// How many files that are left out are named.
const NAMED: usize = 5;
/// How many thumbnails a strip has.
const THUMBNAILS: u64 = 20;

/// A network that has been trained, and its file.
pub(in crate::desktop) struct Trained {
    pub(super) model: Arc<Model>,
    pub(super) path: PathBuf,
}

/// Says something to the window.
type Say<'a> = &'a (dyn Fn(LabEvent) + Sync);

/// Works a task off; `Err(None)` when it was stopped.
pub(super) fn run(
    id: u64,
    task: &LabTask,
    begin: &Begin,
    flags: &Flags,
    say: Say,
) -> Result<Option<Trained>, Option<String>> {
    let outcome = match task {
        LabTask::Train(task) => training(id, task, begin, flags, say).map(Some),
        LabTask::Degradation(settings) => {
            let partial = |result: &_| say(LabEvent::Degradation { id, result: Arc::new(Clone::clone(result)) });
            watched(id, flags, say, &partial, |watch| degradation::run(&Objects::new(0), settings, watch))
                .map(|()| None)
        }
        LabTask::Attention(settings) => {
            let partial = |result: &_| say(LabEvent::Attention { id, result: Arc::new(Clone::clone(result)) });
            watched(id, flags, say, &partial, |watch| attention::run(&Objects::new(0), settings, watch)).map(|()| None)
        }
        LabTask::Atlas(task) => atlas(id, task, flags, say).map(|()| None),
    };
    outcome.map_err(|error| match error {
        LabError::Cancelled => None,
        other => Some(other.to_string()),
    })
}

/// Runs an experiment that is watched by the window; its last result is told too.
fn watched<R>(
    id: u64,
    flags: &Flags,
    say: Say,
    partial: &(dyn Fn(&R) + Sync),
    run: impl FnOnce(&Watch<R>) -> Result<R, LabError>,
) -> Result<(), LabError> {
    let watch = Watch {
        progress: &|progress| say(LabEvent::Progress { id, progress }),
        partial,
        cancelled: &|| flags.cancelled.load(Ordering::Relaxed),
        paused: &|| flags.held.load(Ordering::Relaxed),
    };
    partial(&run(&watch)?);
    Ok(())
}

/// A data set, and the network with the input and classes that it asks for.
fn prepared(source: &Source, model: &Model) -> Result<(OpenedData, Arc<Model>), LabError> {
    let spec = model.editable("training").map_err(LabError::Setting)?;
    let opened = source.open(model.input(), 0)?;
    // The form says that both follow the data, so what the spec says of them does not stand in the way.
    let fitted = Model::of(fitted(&spec.without_sizes(), &*opened.dataset)?);
    Ok((opened, fitted.map_err(|error| LabError::Setting(error.to_string()))?))
}

/// What is to be known of a training's pictures, in lines.
fn notes(opened: &OpenedData) -> Vec<String> {
    let named = opened.skipped.iter().take(NAMED).map(|skipped| format!("Left out: {}", skipped.reason));
    let more = opened.skipped.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("Left out: {more} more"));
    named.chain(more).chain(opened.notes.iter().cloned()).collect()
}

fn training(id: u64, task: &TrainTask, begin: &Begin, flags: &Flags, say: Say) -> Result<Trained, LabError> {
    let (opened, model) = prepared(&task.source, &task.model)?;
    say(LabEvent::Notes { id, notes: notes(&opened) });
    let dataset = opened.dataset;
    let graph = model.graph();
    let wanted = task.out.clone().unwrap_or_else(|| std::env::temp_dir().join("gatescope-trained.safetensors"));
    if let Some(folder) = wanted.parent() {
        std::fs::create_dir_all(folder).map_err(|reason| LabError::Write { path: folder.to_path_buf(), reason })?;
    }
    let (path, resume) = match begin {
        Begin::With(checkpoint) => (wanted, Some(checkpoint.clone())),
        begin => place(&wanted, (graph, &*dataset, &task.recipe), *begin == Begin::GoesOn),
    };
    let told = Mutex::new(None::<Instant>);
    let epochs = task.recipe.epochs as f32;
    let notes = EpochNotes::default();
    let event = |event: TrainingEvent| {
        if let Some(epochs) = notes.take(&event) {
            say(LabEvent::Epochs { id, epochs });
        }
        let TrainingEvent::Step { epoch, step, steps, loss, accuracy, learning_rate, images_per_second } = event else {
            return;
        };
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|last| last.elapsed() < TOLD_EVERY) {
            return;
        }
        *told = Some(Instant::now());
        let at = (epoch as f64 - 1.0) + step as f64 / (steps as f64).max(1.0);
        let fraction = at as f32 / epochs;
        let what = format!("epoch {epoch} of {}", task.recipe.epochs);
        say(LabEvent::Step { id, point: StepPoint { at, loss, accuracy, learning_rate } });
        say(LabEvent::Progress { id, progress: Progress { what, fraction, images_per_second } });
    };
    let control = TrainingControl {
        event: &event,
        cancelled: &|| flags.cancelled.load(Ordering::Relaxed),
        paused: &|| flags.held.load(Ordering::Relaxed),
    };
    let options = TrainingOptions { threads: task.threads, resume, out: Some(path.clone()), replace: false };
    train(graph, &*dataset, &task.recipe, options, &control)?;
    Ok(Trained { model, path })
}

fn atlas(id: u64, task: &AtlasTask, flags: &Flags, say: Say) -> Result<(), LabError> {
    let said = |error: WeightsError| LabError::Setting(error.to_string());
    let (graph, input) = (task.model.graph(), task.model.input());
    let opened = task.weights.opened().map_err(said)?;
    let weights = task.weights.weights(graph, opened.as_ref()).map_err(said)?;
    let dataset = task.source.open(input, 0)?.dataset;
    let mut settings = AtlasSettings::of(&*dataset);
    settings.prepare_for(input, opened.as_ref().map(Opened::file))?;
    settings.images = task.images;
    settings.threads = task.threads;
    if matches!(task.source, Source::Folder(_)) {
        settings.splits = Split::ALL.to_vec();
    }
    let partial = |result: &_| say(LabEvent::Atlas { id, result: Arc::new(Clone::clone(result)) });
    watched(id, flags, say, &partial, |watch| atlas::run(graph, &weights, &*dataset, &settings, watch))
}

/// The first training pictures of a data set.
pub(super) fn thumbnails(source: &Source) -> Result<Vec<Thumbnail>, LabError> {
    let dataset = source.open([3, 64, 64], 0)?.dataset;
    let count = dataset.len(Split::Train).unwrap_or(u64::MAX).min(THUMBNAILS);
    let thumbnail = |index: u64| {
        let example = dataset.example(Split::Train, index)?;
        let class = dataset.classes().get(example.label).cloned().unwrap_or_default();
        Ok(Thumbnail { image: example.image, class })
    };
    (0..count).map(thumbnail).collect()
}
