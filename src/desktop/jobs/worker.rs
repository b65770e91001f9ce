//! What happens on the worker thread: picture, weights, inference.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender};

use super::{Event, Inspection, InspectionKey, Phase, Request};
use crate::compute::config::ModelConfig;
use crate::compute::engine::{Control, EngineError, Plan, PlanOptions};
use crate::compute::explain::Stats;
use crate::compute::imaging::{self, Picture};
use crate::compute::lab::data::object_sample;
use crate::compute::labels::{self, Labels};
use crate::compute::weights::{Checkpoint, TrainedOn, Weights, WeightsError};
use crate::desktop::document::{PictureChoice, WeightsChoice};
use crate::network::{Graph, NetworkSpec};

/// How many classes a prediction lists.
const TOP: usize = 5;
/// How many networks are kept ready to run; a hundred megabytes of weights each for resnet50.
const PLANS_KEPT: usize = 2;

/// A network ready to run, and which of its gates were grafted.
#[derive(Clone)]
struct Ready {
    plan: Arc<Plan>,
    grafted: Arc<[bool]>,
}

/// What was used last, to be used again.
#[derive(Default)]
struct Cache {
    plans: Vec<(NetworkSpec, WeightsChoice, Ready)>,
    picture: Option<(PictureChoice, Arc<Picture>)>,
}

/// Works off requests until the window is gone.
pub(super) fn run(inbox: &Receiver<Request>, outbox: &Sender<Event>, wake: &(dyn Fn() + Sync)) {
    let mut cache = Cache::default();
    while let Ok(request) = inbox.recv() {
        let key = request.key.clone();
        let outcome =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| inspect(&request, &mut cache, outbox, wake)));
        let event = match outcome {
            Ok(Ok(inspection)) => Event::Done(Box::new(inspection)),
            Ok(Err(None)) => Event::Cancelled(key),
            Ok(Err(Some(message))) => Event::Failed { key, message },
            Err(_) => {
                Event::Failed { key, message: "the inspection broke off unexpectedly; please report it".to_owned() }
            }
        };
        if outbox.send(event).is_err() {
            return;
        }
        wake();
    }
}

/// One inspection; `Err(None)` when it was cancelled.
fn inspect(
    request: &Request,
    cache: &mut Cache,
    outbox: &Sender<Event>,
    wake: &(dyn Fn() + Sync),
) -> Result<Inspection, Option<String>> {
    let Request { key, graph, cancelled, fresh } = request;
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
    let ready = cache.ready(key, graph)?;
    let reported = AtomicU32::new(0);
    let progress = |fraction: f32| {
        let percent = (fraction * 100.0) as u32;
        if reported.swap(percent, Ordering::Relaxed) != percent {
            say(Phase::Inference, fraction);
        }
    };
    say(Phase::Inference, 0.0);
    let control = Control { progress: &progress, cancelled: &is_cancelled };
    let run = ready.plan.run_with(&prepared.tensor, &control).map_err(|error| match error {
        EngineError::Cancelled => None,
        other => Some(other.to_string()),
    })?;
    let stats = run.gates.iter().map(|gate| Stats::of(&gate.values)).collect();
    let top = labels::top(&run.logits, own_labels(&key.weights, run.logits.len()).as_ref(), TOP);
    let grafted = ready.grafted.to_vec();
    let trained_on = key.weights.path().and_then(|path| TrainedOn::of(&Checkpoint::open(path).ok()?));
    Ok(Inspection { key: key.clone(), graph: graph.clone(), run, stats, top, picture, prepared, trained_on, grafted })
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

    /// The network ready to run. Its weights are packed for this machine and not kept otherwise.
    fn ready(&mut self, key: &InspectionKey, graph: &Graph) -> Result<Ready, Option<String>> {
        let known = self.plans.iter().position(|(spec, choice, _)| *spec == key.spec && *choice == key.weights);
        let entry = match known {
            Some(position) => self.plans.remove(position),
            None => {
                // Makes room first: two networks of a hundred megabytes are enough in memory.
                self.plans.truncate(PLANS_KEPT - 1);
                let weights = match &key.weights {
                    WeightsChoice::Seeded(seed) => Weights::seeded(graph, *seed),
                    WeightsChoice::File(path) => said(Weights::open(graph, path))?,
                    WeightsChoice::Grafted(path, graft) => said(Weights::graft(graph, path, *graft))?,
                };
                let plan = Plan::new(graph, &weights, PlanOptions::default());
                let plan = plan.map_err(|error| Some(error.to_string()))?;
                let ready = Ready { plan: Arc::new(plan), grafted: weights.grafted().into() };
                (key.spec.clone(), key.weights.clone(), ready)
            }
        };
        let ready = entry.2.clone();
        self.plans.insert(0, entry);
        Ok(ready)
    }
}

fn said(opened: Result<Weights, WeightsError>) -> Result<Weights, Option<String>> {
    opened.map_err(|error| Some(error.to_string()))
}

/// The class names that go with a checkpoint, if they are for that many classes.
fn own_labels(weights: &WeightsChoice, classes: usize) -> Option<Labels> {
    let config = ModelConfig::of_checkpoint(weights.path()?);
    let config = config.inspect_err(|error| log::warn!("no class names: {error}")).ok()??;
    config.labels.filter(|labels| labels.check(classes).is_ok())
}

fn sample(name: &str) -> Result<Picture, Option<String>> {
    if let Some(picture) = object_sample(name) {
        return Ok(picture);
    }
    let sample = imaging::samples().iter().find(|sample| sample.name == name);
    let sample = sample.ok_or_else(|| Some(format!("{name}: no such sample picture; open one with Ctrl+O")))?;
    imaging::decode(sample.name, sample.bytes).map_err(|error| Some(error.to_string()))
}
