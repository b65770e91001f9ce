//! What happens on the worker thread: picture, weights, inference, measuring.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::inspection::means;
use super::measuring::{Measure, Measurement};
use super::{Event, Inspect, Inspection, Phase, Request};
use crate::compute::config::ModelConfig;
use crate::compute::engine::{self, Control, DeviceKind, Effort, EngineError, Holds, PlanOptions, Runner, Timing};
use crate::compute::explain::{Broken, Stats};
use crate::compute::imaging::{self, Picture};
use crate::compute::lab::data::object_sample;
use crate::compute::labels::{Labels, Reading};
use crate::compute::weights::{Checkpoint, TrainedOn, Weights, WeightsError};
use crate::desktop::document::{PictureChoice, WeightsChoice};
use crate::network::{Graph, NetworkSpec, zoo};

/// How many classes a prediction lists.
const TOP: usize = 5;
/// How many networks are kept ready to run; a hundred megabytes of weights each for resnet50.
const PLANS_KEPT: usize = 2;
/// A measurement is of this many runs, or of as many as there is patience for.
const EFFORT: Effort = Effort { runs: 25, patience: Duration::from_millis(1500) };
/// How often a measurement says how far it is: a window that repaints takes time from what is measured.
const SAY_EVERY: Duration = Duration::from_millis(250);

/// A network ready to run, which of its gates were grafted, and what its file says it was trained on.
#[derive(Clone)]
struct Ready {
    runner: Arc<Runner>,
    grafted: Arc<[bool]>,
    /// Gates that are held because their attention is not there.
    holds: Arc<Holds>,
    trained_on: Option<TrainedOn>,
}

/// What was used last, to be used again.
#[derive(Default)]
struct Cache {
    device: DeviceKind,
    plans: Vec<(NetworkSpec, WeightsChoice, Ready)>,
    picture: Option<(PictureChoice, Arc<Picture>)>,
}

/// Works off requests until the window is gone.
pub(super) fn run(inbox: &Receiver<Request>, outbox: &Sender<Event>, wake: &(dyn Fn() + Sync)) {
    let mut cache = Cache::default();
    while let Ok(request) = inbox.recv() {
        let event = match request {
            Request::Inspect(request) => {
                let key = request.key.clone();
                match guarded("inspection", || inspect(&request, &mut cache, outbox, wake)) {
                    Ok(inspection) => Event::Done(Box::new(inspection)),
                    Err(None) => Event::Cancelled(key),
                    Err(Some(message)) => Event::Failed { key, message },
                }
            }
            Request::Measure(request) => {
                let outcome = guarded("measurement", || measure(&request, &mut cache, outbox, wake));
                Event::Measured(outcome.map(Box::new))
            }
        };
        if outbox.send(event).is_err() {
            return;
        }
        wake();
    }
}

/// Does something that must not take the worker down with it.
fn guarded<T>(what: &str, work: impl FnOnce() -> Result<T, Option<String>>) -> Result<T, Option<String>> {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    outcome.unwrap_or_else(|_| Err(Some(format!("the {what} broke off unexpectedly; please report it"))))
}

/// One measurement; `Err(None)` when it was cancelled.
fn measure(
    request: &Measure,
    cache: &mut Cache,
    outbox: &Sender<Event>,
    wake: &(dyn Fn() + Sync),
) -> Result<Measurement, Option<String>> {
    let Measure { key, graph, cancelled } = request;
    let Ready { runner, .. } = cache.ready(key.device, (&key.spec, None), graph, outbox)?;
    let said = Mutex::new(Instant::now());
    let progress = |fraction: f32| {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.elapsed() >= SAY_EVERY {
            *said = Instant::now();
            // The window may be closing: nobody is left to tell.
            let _ = outbox.send(Event::Measuring(fraction));
            wake();
        }
    };
    let control = Control { progress: &progress, cancelled: &|| cancelled.load(Ordering::Relaxed) };
    let times = engine::measure(&runner, graph, EFFORT, &control).map_err(told)?;
    let key = super::MeasureKey { device: runner.device(), ..key.clone() };
    Ok(Measurement { key, timing: Timing::of(graph, &runner, &times) })
}

/// What is said of a run that did not end; nothing of one that was cancelled.
fn told(error: EngineError) -> Option<String> {
    match error {
        EngineError::Cancelled => None,
        other => Some(other.to_string()),
    }
}

/// One inspection; `Err(None)` when it was cancelled.
fn inspect(
    request: &Inspect,
    cache: &mut Cache,
    outbox: &Sender<Event>,
    wake: &(dyn Fn() + Sync),
) -> Result<Inspection, Option<String>> {
    let Inspect { key, device, graph, cancelled, fresh } = request;
    if *fresh {
        *cache = Cache::default();
    }
    let say = |phase, fraction| {
        // The window may be closing: nobody is left to tell.
        let _ = outbox.send(Event::Progress { key: key.clone(), phase, fraction });
        wake();
    };
    let is_cancelled = || cancelled.load(Ordering::Relaxed);
    say(Phase::Picture, 0.0);
    let picture = cache.picture(&key.picture)?;
    let prepared = key.preprocessing.prepare(&picture).map_err(|error| Some(error.to_string()))?;
    if is_cancelled() {
        return Err(None);
    }
    say(Phase::Weights, 0.0);
    let ready = cache.ready(*device, (&key.spec, Some(&key.weights)), graph, outbox)?;
    let reported = AtomicU32::new(0);
    let progress = |fraction: f32| {
        let percent = (fraction * 100.0) as u32;
        if reported.swap(percent, Ordering::Relaxed) != percent {
            say(Phase::Inference, fraction);
        }
    };
    say(Phase::Inference, 0.0);
    let control = Control { progress: &progress, cancelled: &is_cancelled };
    let run = ready.runner.run_with(&prepared.tensor, &ready.holds, &control).map_err(told)?;
    let stats = run.gates.iter().map(|gate| Stats::of(&gate.values)).collect();
    let means = means(graph, &run);
    let classes = zoo::classes_of(&key.spec);
    let broken = broken(graph, &key.weights, &prepared.tensor, &run.logits)?;
    let reading = Reading::of(&run.logits, classes, own_labels(&key.weights, classes).as_ref(), TOP, broken);
    let grafted = ready.grafted.to_vec();
    let (key, device, graph) = (key.clone(), ready.runner.device(), graph.clone());
    let trained_on = ready.trained_on;
    Ok(Inspection { key, device, graph, run, stats, means, reading, picture, prepared, trained_on, grafted })
}

impl Cache {
    fn picture(&mut self, choice: &PictureChoice) -> Result<Arc<Picture>, Option<String>> {
        if let Some((known, picture)) = &self.picture
            && known == choice
        {
            return Ok(picture.clone());
        }
        let picture = match choice {
            PictureChoice::File(path) => imaging::open(path).map_err(|error| Some(error.to_string()))?,
            PictureChoice::Sample(name) => sample(name)?,
        };
        let picture = Arc::new(picture);
        self.picture = Some((choice.clone(), picture.clone()));
        Ok(picture)
    }

    /// The network ready to run, with any weights where none are named. They are packed for the device and not kept
    /// otherwise.
    fn ready(
        &mut self,
        device: DeviceKind,
        (spec, weights): (&NetworkSpec, Option<&WeightsChoice>),
        graph: &Graph,
        outbox: &Sender<Event>,
    ) -> Result<Ready, Option<String>> {
        if std::mem::replace(&mut self.device, device) != device {
            self.plans.clear();
        }
        let is_it = |known: &WeightsChoice| weights.is_none_or(|weights| weights == known);
        let known = self.plans.iter().position(|(other, choice, _)| other == spec && is_it(choice));
        let entry = match known {
            Some(position) => self.plans.remove(position),
            None => {
                // Makes room first: two networks of a hundred megabytes are enough in memory.
                self.plans.truncate(PLANS_KEPT - 1);
                let choice = weights.cloned().unwrap_or(WeightsChoice::Seeded(0));
                let weights = opened(graph, &choice)?;
                let runner = Runner::new(device, graph, &weights, PlanOptions::default());
                let (runner, missing) = runner.map_err(|error| Some(error.to_string()))?;
                if let Some(missing) = missing {
                    self.device = runner.device();
                    // The window may be closing: nobody is left to tell.
                    let _ = outbox.send(Event::NoDevice(missing.to_string()));
                }
                let trained_on = choice.path().and_then(|path| TrainedOn::of(&Checkpoint::open(path).ok()?));
                let holds = Arc::new(weights.holds(graph));
                let ready = Ready { runner: Arc::new(runner), grafted: weights.grafted().into(), holds, trained_on };
                (spec.clone(), choice, ready)
            }
        };
        let ready = entry.2.clone();
        self.plans.insert(0, entry);
        Ok(ready)
    }
}

/// Makes or reads weights.
fn opened(graph: &Graph, choice: &WeightsChoice) -> Result<Weights, Option<String>> {
    match choice {
        WeightsChoice::Seeded(seed) => Ok(Weights::seeded(graph, *seed)),
        WeightsChoice::File(path) => said(Weights::open(graph, path)),
        WeightsChoice::Grafted(path, graft) => said(Weights::graft(graph, path, *graft)),
    }
}

/// Where outputs that are no numbers come from. The weights are read again for it: only the packed ones are kept.
fn broken(
    graph: &Graph,
    choice: &WeightsChoice,
    image: &[f32],
    outputs: &[f32],
) -> Result<Option<Broken>, Option<String>> {
    if outputs.iter().all(|value| value.is_finite()) {
        return Ok(None);
    }
    Ok(Broken::find(graph, &opened(graph, choice)?, image, outputs))
}

fn said(opened: Result<Weights, WeightsError>) -> Result<Weights, Option<String>> {
    opened.map_err(|error| Some(error.to_string()))
}

/// The class names that go with a checkpoint, if they are for that many classes.
fn own_labels(weights: &WeightsChoice, classes: usize) -> Option<Labels> {
    let config = ModelConfig::of_checkpoint(weights.path()?);
    let config = config.inspect_err(|error| log::warn!("no class names: {error}")).ok()??;
    config.labels.and_then(|labels| labels.fitted(classes).ok())
}

fn sample(name: &str) -> Result<Picture, Option<String>> {
    if let Some(picture) = object_sample(name) {
        return Ok(picture);
    }
    let sample = imaging::samples().iter().find(|sample| sample.name == name);
    let sample = sample.ok_or_else(|| Some(format!("{name}: no such sample picture; open one with Ctrl+O")))?;
    imaging::decode(sample.name, sample.bytes).map_err(|error| Some(error.to_string()))
}
