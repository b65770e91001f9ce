//! One network of an experiment: trained, or taken from a run before.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{EpochPoint, Progress, Watch, files};
use crate::compute::lab::LabError;
use crate::compute::lab::data::{Dataset, Example, Split};
use crate::compute::lab::training::{
    EpochRecord, Finished, Interrupted, TrainingControl, TrainingEvent, TrainingOptions, TrainingRecipe, checkpoint_of,
    difference, finished, train,
};
use crate::compute::weights::{Source, Weights};
use crate::network::{Graph, NetworkSpec, lower};

/// Where trained networks are kept below a run's folder.
const NETWORKS: &str = "networks";
/// Progress is said at most this often.
const SAID_EVERY: Duration = Duration::from_millis(200);

/// What all networks of an experiment share.
pub(super) struct Runner<'a, R> {
    pub(super) dataset: &'a dyn Dataset,
    pub(super) recipe: &'a TrainingRecipe,
    pub(super) threads: usize,
    pub(super) out: Option<&'a Path>,
    pub(super) watch: &'a Watch<'a, R>,
}

/// A network that has learnt.
pub(super) struct Learnt {
    pub(super) graph: Graph,
    pub(super) weights: Weights,
    /// Seconds spent now; a network from a run before cost nothing.
    pub(super) seconds: f64,
}

/// What is kept beside a network's weights: what they were trained with, and how it went.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    gatescope: String,
    spec: String,
    dataset: String,
    recipe: TrainingRecipe,
    history: Vec<EpochRecord>,
}

impl<R> Runner<'_, R> {
    /// Trains a network on one seed; `epoch` is told its curve after each epoch, `share` is the network's part of the
    /// whole: from, to.
    ///
    /// # Errors
    /// What training says; [`LabError::Cancelled`] when the caller asked to stop.
    pub(super) fn network(
        &self,
        name: &str,
        spec: &NetworkSpec,
        seed: u64,
        share: (f32, f32),
        epoch: &(dyn Fn(Vec<EpochPoint>) + Sync),
    ) -> Result<Learnt, LabError> {
        let graph = lower(spec).map_err(|error| LabError::Setting(error.to_string()))?;
        let recipe = TrainingRecipe { seed, ..self.recipe.clone() };
        let place = self.out.map(|out| out.join(NETWORKS).join(format!("{name}-seed{seed}")));
        let what = format!("{name}, seed {seed}");
        if let Some(learnt) = place.as_deref().and_then(|place| self.kept(place, &graph, spec, &recipe, epoch)) {
            (self.watch.progress)(Progress { what, fraction: share.1, images_per_second: 0.0 });
            return Ok(learnt);
        }
        let started = Instant::now();
        let notes = EpochNotes::default();
        let said = Mutex::new(None::<Instant>);
        let event = |event: TrainingEvent| {
            if let Some(history) = notes.take(&event) {
                epoch(history);
            }
            let TrainingEvent::Step { epoch, step, steps, images_per_second, .. } = event else { return };
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            if said.is_some_and(|last| last.elapsed() < SAID_EVERY) {
                return;
            }
            *said = Some(Instant::now());
            let done = (epoch.saturating_sub(1) as f32 + step as f32 / steps.max(1) as f32) / recipe.epochs as f32;
            let fraction = share.0 + (share.1 - share.0) * done.clamp(0.0, 1.0);
            (self.watch.progress)(Progress { what: what.clone(), fraction, images_per_second });
        };
        let control = TrainingControl { event: &event, cancelled: self.watch.cancelled, paused: self.watch.paused };
        let out = place.as_deref().map(weights_file);
        if let Some(folder) = out.as_deref().and_then(Path::parent) {
            std::fs::create_dir_all(folder).map_err(|reason| LabError::Write { path: folder.to_path_buf(), reason })?;
        }
        // A run that was interrupted goes on where it was; another one's epochs stay what they are.
        let resume = out.as_deref().map(checkpoint_of).filter(|path| path.is_file());
        let options = TrainingOptions { threads: self.threads, resume, out, replace: false };
        let trained = train(&graph, &TestEachEpoch(self.dataset), &recipe, options, &control)?;
        let weights = trained.parameters.weights(&graph, Source::Seeded(seed));
        epoch(trained.history.iter().map(EpochPoint::of).collect());
        if let Some(place) = &place {
            let kept = self.kept_form(spec, recipe, trained.history);
            files::write_whole(&record_file(place), &files::json(&kept))?;
        }
        Ok(Learnt { graph, weights, seconds: started.elapsed().as_secs_f64() })
    }

    fn kept_form(&self, spec: &NetworkSpec, recipe: TrainingRecipe, history: Vec<EpochRecord>) -> Kept {
        let gatescope = env!("CARGO_PKG_VERSION").to_owned();
        Kept { gatescope, spec: spec.to_string(), dataset: self.dataset.name().to_owned(), recipe, history }
    }

    /// The network of a run before, if it was trained in just this way.
    fn kept(
        &self,
        place: &Path,
        graph: &Graph,
        spec: &NetworkSpec,
        recipe: &TrainingRecipe,
        epoch: &dyn Fn(Vec<EpochPoint>),
    ) -> Option<Learnt> {
        let kept = Kept::at(place)?;
        let is_it = self.kept_form(spec, recipe.clone(), Vec::new()).difference(&kept).is_none();
        let weights = is_it.then(|| Weights::open(graph, &weights_file(place)).ok()).flatten()?;
        epoch(kept.history.iter().map(EpochPoint::of).collect());
        Some(Learnt { graph: graph.clone(), weights, seconds: 0.0 })
    }

    /// Refuses a folder that keeps networks of another run under these names: they would be lost.
    ///
    /// # Errors
    /// [`LabError::OtherRun`] with the first of them and what differs.
    pub(super) fn check_kept(&self, name: &str, spec: &NetworkSpec, seed: u64) -> Result<(), LabError> {
        let Some(out) = self.out else { return Ok(()) };
        let place = out.join(NETWORKS).join(format!("{name}-seed{seed}"));
        let wanted = self.kept_form(spec, TrainingRecipe { seed, ..self.recipe.clone() }, Vec::new());
        let other = |path: PathBuf, differs: String| Err(LabError::OtherRun { path, differs });
        let weights = weights_file(&place);
        if weights.exists() {
            return match Kept::at(&place).map(|kept| wanted.difference(&kept)) {
                Some(None) => Ok(()),
                Some(Some(differs)) => other(weights, differs),
                None => other(weights, "it does not say how it was trained".to_owned()),
            };
        }
        let checkpoint = checkpoint_of(&weights);
        if !checkpoint.exists() {
            return Ok(());
        }
        let Ok(run) = Interrupted::read(&checkpoint) else {
            return other(checkpoint, "it is no checkpoint of a training".to_owned());
        };
        let (gatescope, history) = (wanted.gatescope.clone(), Vec::new());
        let kept = Kept { gatescope, spec: run.network, dataset: run.dataset, recipe: run.recipe, history };
        wanted.difference(&kept).map_or(Ok(()), |differs| other(checkpoint, differs))
    }
}

impl Kept {
    /// What is kept beside a network, or in its file: a run may have ended between the two.
    fn at(place: &Path) -> Option<Self> {
        let record = || serde_json::from_slice(&std::fs::read(record_file(place)).ok()?).ok();
        let own = || {
            let Finished { gatescope, network, dataset, recipe, history } = finished(&weights_file(place))?;
            Some(Self { gatescope, spec: network, dataset, recipe, history })
        };
        record().or_else(own)
    }

    /// The first thing in which another network differs, in words.
    fn difference(&self, other: &Self) -> Option<String> {
        let texts = [
            ("version", &other.gatescope, &self.gatescope),
            ("network", &other.spec, &self.spec),
            ("data set", &other.dataset, &self.dataset),
        ];
        let text = texts.into_iter().find(|(_, theirs, ours)| theirs != ours);
        let text = text.map(|(what, theirs, ours)| (what.to_owned(), theirs.clone(), ours.clone()));
        let (what, theirs, ours) = text.or_else(|| difference(&other.recipe, &self.recipe))?;
        Some(format!("its {what} is {theirs}, not {ours}"))
    }
}

/// Gathers a training's events into points of its curve.
#[derive(Default)]
pub struct EpochNotes(Mutex<Notes>);

#[derive(Default)]
struct Notes {
    points: Vec<EpochPoint>,
    learning_rate: f32,
    since: Option<Instant>,
}

impl EpochNotes {
    /// Takes an event in; the curve so far when it has grown.
    pub fn take(&self, event: &TrainingEvent) -> Option<Vec<EpochPoint>> {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            TrainingEvent::Resumed { history } => notes.points = history.iter().map(EpochPoint::of).collect(),
            TrainingEvent::Step { learning_rate, .. } => {
                notes.learning_rate = *learning_rate;
                notes.since.get_or_insert_with(Instant::now);
                return None;
            }
            TrainingEvent::Epoch { epoch, train, validation } => {
                let seconds = notes.since.take().map_or(0.0, |since| since.elapsed().as_secs_f32());
                let (learning_rate, train, validation) = (notes.learning_rate, *train, *validation);
                let record = EpochRecord { epoch: *epoch, train, validation, learning_rate, seconds };
                notes.points.push(EpochPoint::of(&record));
            }
        }
        Some(notes.points.clone())
    }
}

fn record_file(place: &Path) -> PathBuf {
    place.with_extension("json")
}

fn weights_file(place: &Path) -> PathBuf {
    place.with_extension("safetensors")
}

/// A data set whose validation is its test split. No choice is made by looking at it, so the error by epoch may be
/// the test's: as in the paper's figures.
struct TestEachEpoch<'a>(&'a dyn Dataset);

impl Dataset for TestEachEpoch<'_> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn classes(&self) -> &[String] {
        self.0.classes()
    }

    fn input(&self) -> [usize; 3] {
        self.0.input()
    }

    fn len(&self, split: Split) -> Option<u64> {
        self.0.len(shown(split))
    }

    fn example(&self, split: Split, index: u64) -> Result<Example, LabError> {
        self.0.example(shown(split), index)
    }

    fn mean(&self) -> [f32; 3] {
        self.0.mean()
    }

    fn std(&self) -> [f32; 3] {
        self.0.std()
    }
}

fn shown(split: Split) -> Split {
    match split {
        Split::Validation => Split::Test,
        other => other,
    }
}
