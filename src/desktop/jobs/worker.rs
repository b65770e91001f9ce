//! What happens on the worker thread: picture, weights, inference, measuring.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::explained::{self, Asker};
use super::inspection::means;
use super::{Asked, Event, Inspection, Phase, Reporter, Ticket};
use crate::compute::config::ModelConfig;
use crate::compute::engine::{self, Control, DeviceKind, Effort, EngineError, PlanOptions, Runner, Timing};
use crate::compute::explain::{Broken, Stats};
use crate::compute::holds::Holds;
use crate::compute::imaging::Picture;
use crate::compute::labels::{Labels, Reading};
use crate::compute::question::PictureChoice;
use crate::compute::weights::{Checkpoint, Opened, TrainedOn, WeightsChoice};
use crate::network::{Graph, Print};

/// How many classes a prediction lists.
const TOP: usize = 5;
/// How many networks are kept ready to run; a hundred megabytes of weights each for resnet50.
const PLANS_KEPT: usize = 2;
/// A measurement is of this many runs, or of as many as there is patience for.
const EFFORT: Effort = Effort { runs: 25, patience: Duration::from_millis(1500) };
/// How often a measurement says how far it is: a window that repaints takes time from what is measured.
const SAY_EVERY: Duration = Duration::from_millis(250);

/// A question for the worker.
pub(in crate::desktop) struct Request {
    pub(super) asked: Asked,
    pub(super) ticket: Ticket,
    /// Files may have changed: read them again.
    pub(super) fresh: bool,
    /// The file of the weights, where it is open already.
    pub(super) opened: Option<Arc<Opened>>,
}

impl Request {
    pub(super) fn is_cancelled(&self) -> bool {
        self.ticket.cancelled.load(Ordering::Relaxed)
    }
}

/// A network ready to run, and what the file of its weights says.
#[derive(Clone)]
struct Ready {
    print: Print,
    weights: WeightsChoice,
    runner: Arc<Runner>,
    /// By gate: its attention is not from the file.
    grafted: Arc<[bool]>,
    /// Gates that are held because their attention is not there.
    holds: Arc<Holds>,
    trained_on: Option<TrainedOn>,
    /// What its classes are called.
    labels: Option<Labels>,
}

/// What was used last, to be used again.
#[derive(Default)]
pub(super) struct Cache {
    /// What explanations are asked of.
    pub(super) asker: Option<Asker>,
    device: DeviceKind,
    plans: Vec<Ready>,
    picture: Option<(PictureChoice, Arc<Picture>)>,
}

/// Works off requests until the window is gone.
pub(super) fn run(inbox: &Receiver<Request>, reporter: &Reporter) {
    let mut cache = Cache::default();
    while let Ok(request) = inbox.recv() {
        let (ticket, asked) = (request.ticket.number, request.asked.clone());
        let of = request.asked.question.asked();
        let event = match of.picture {
            Some(_) if of.explanation.is_some() => {
                let outcome = guarded("explanation", || explained::explain(&request, &mut cache, reporter));
                Event::Explained { ticket, asked, outcome: outcome.map(Box::new) }
            }
            Some(_) => {
                let outcome = guarded("inspection", || inspect(&request, &mut cache, reporter));
                Event::Inspected { ticket, asked: cache.placed(asked, &outcome), outcome: outcome.map(Box::new) }
            }
            None => {
                let outcome = guarded("measurement", || measure(&request, &mut cache, reporter));
                Event::Measured { ticket, asked: cache.placed(asked, &outcome), outcome: outcome.map(Box::new) }
            }
        };
        reporter.say(event);
    }
}

/// Does something that must not take the worker down with it.
fn guarded<T>(what: &str, work: impl FnOnce() -> Result<T, Option<String>>) -> Result<T, Option<String>> {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    outcome.unwrap_or_else(|_| Err(Some(format!("the {what} broke off unexpectedly; please report it"))))
}

/// One measurement; `Err(None)` when it was cancelled.
fn measure(request: &Request, cache: &mut Cache, reporter: &Reporter) -> Result<Timing, Option<String>> {
    let asked = request.asked.question.asked();
    let graph = asked.model.graph();
    let Ready { runner, .. } = cache.ready(request, None, reporter)?;
    let said = Mutex::new(Instant::now());
    let progress = |fraction: f32| {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.elapsed() >= SAY_EVERY {
            *said = Instant::now();
            reporter.say(Event::Progress { ticket: request.ticket.number, phase: Phase::Measuring, fraction });
        }
    };
    let control = Control { progress: &progress, cancelled: &|| request.is_cancelled() };
    let times = engine::measure(&runner, graph, EFFORT, &control).map_err(told)?;
    Ok(Timing::of(graph, &runner, &times))
}

/// What is said of a run that did not end; nothing of one that was cancelled.
pub(super) fn told(error: EngineError) -> Option<String> {
    match error {
        EngineError::Cancelled => None,
        other => Some(other.to_string()),
    }
}

/// What went wrong, for people.
fn said<T, E: ToString>(outcome: Result<T, E>) -> Result<T, Option<String>> {
    outcome.map_err(|error| Some(error.to_string()))
}

/// One inspection; `Err(None)` when it was cancelled.
fn inspect(request: &Request, cache: &mut Cache, reporter: &Reporter) -> Result<Inspection, Option<String>> {
    if request.fresh {
        *cache = Cache::default();
    }
    let question = request.asked.question.clone();
    let asked = question.asked();
    let (model, graph) = (&asked.model, asked.model.graph());
    let Some((choice, preparation)) = &asked.picture else { return Err(None) };
    let say = |phase, fraction| reporter.say(Event::Progress { ticket: request.ticket.number, phase, fraction });
    say(Phase::Picture, 0.0);
    let picture = cache.picture(choice)?;
    let prepared = said(preparation.prepare(&picture))?;
    if request.is_cancelled() {
        return Err(None);
    }
    say(Phase::Weights, 0.0);
    let Ready { runner, grafted, holds, trained_on, labels, .. } =
        cache.ready(request, Some(&asked.weights), reporter)?;
    let reported = AtomicU32::new(0);
    let progress = |fraction: f32| {
        let percent = (fraction * 100.0) as u32;
        if reported.swap(percent, Ordering::Relaxed) != percent {
            say(Phase::Inference, fraction);
        }
    };
    say(Phase::Inference, 0.0);
    let control = Control { progress: &progress, cancelled: &|| request.is_cancelled() };
    let run = runner.run_with(&prepared.tensor, &holds.and(&asked.holds), &control).map_err(told)?;
    let stats = run.gates.iter().map(|gate| Stats::of(&gate.values)).collect();
    let means = means(graph, &run);
    let broken = broken(graph, &asked.weights, &prepared.tensor, &run.logits)?;
    let labels = labels.and_then(|labels| labels.fitted(model.classes()).ok());
    let reading = Reading::of(&run.logits, model.classes(), labels.as_ref(), TOP, broken);
    let (device, graph, grafted) = (runner.device(), graph.clone(), grafted.to_vec());
    Ok(Inspection {
        question,
        device,
        graph,
        run,
        stats,
        means,
        labels,
        reading,
        picture,
        prepared,
        trained_on,
        grafted,
    })
}

impl Cache {
    pub(super) fn picture(&mut self, choice: &PictureChoice) -> Result<Arc<Picture>, Option<String>> {
        if let Some((known, picture)) = &self.picture
            && known == choice
        {
            return Ok(picture.clone());
        }
        let picture = Arc::new(choice.read().map_err(Some)?);
        self.picture = Some((choice.clone(), picture.clone()));
        Ok(picture)
    }

    /// The question where it was answered: on the device that was there.
    fn placed<T>(&self, asked: Asked, outcome: &Result<T, Option<String>>) -> Asked {
        match outcome {
            Ok(_) => Asked { device: self.device, ..asked },
            Err(_) => asked,
        }
    }

    /// The network ready to run, with any weights where none are named. They are packed for the device and not kept
    /// otherwise.
    fn ready(
        &mut self,
        request: &Request,
        weights: Option<&WeightsChoice>,
        reporter: &Reporter,
    ) -> Result<Ready, Option<String>> {
        let (device, model) = (request.asked.device, &request.asked.question.asked().model);
        if std::mem::replace(&mut self.device, device) != device {
            self.plans.clear();
        }
        let is_it =
            |known: &Ready| known.print == model.print() && weights.is_none_or(|weights| *weights == known.weights);
        let ready = match self.plans.iter().position(is_it) {
            Some(position) => self.plans.remove(position),
            None => {
                // Makes room first: two networks of a hundred megabytes are enough in memory.
                self.plans.truncate(PLANS_KEPT - 1);
                let choice = weights.cloned().unwrap_or(WeightsChoice::Seeded(0));
                let ready = Ready::of(request, choice, reporter)?;
                self.device = ready.runner.device();
                ready
            }
        };
        self.plans.insert(0, ready.clone());
        Ok(ready)
    }
}

impl Ready {
    fn of(request: &Request, choice: WeightsChoice, reporter: &Reporter) -> Result<Self, Option<String>> {
        let model = &request.asked.question.asked().model;
        let graph = model.graph();
        let opened = match &request.opened {
            Some(opened) if choice.path() == Some(opened.file().path()) => Some(opened.clone()),
            _ => said(choice.opened())?.map(Arc::new),
        };
        let weights = said(choice.weights(graph, opened.as_deref()))?;
        let (runner, missing) = said(Runner::new(request.asked.device, graph, &weights, PlanOptions::default()))?;
        if let Some(missing) = missing {
            reporter.say(Event::NoDevice(missing.to_string()));
        }
        let file = opened.as_ref().map(|opened| opened.file());
        Ok(Self {
            print: model.print(),
            runner: Arc::new(runner),
            grafted: weights.grafted().into(),
            holds: Arc::new(weights.holds(graph)),
            trained_on: file.and_then(TrainedOn::of),
            labels: file.and_then(own_labels),
            weights: choice,
        })
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
    Ok(Broken::find(graph, &said(choice.weights(graph, None))?, image, outputs))
}

/// The class names that go with a checkpoint.
fn own_labels(file: &Checkpoint) -> Option<Labels> {
    let config = ModelConfig::of_checkpoint(file);
    config.inspect_err(|error| log::warn!("no class names: {error}")).ok()??.labels
}
