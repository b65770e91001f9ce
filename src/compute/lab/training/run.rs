//! The loop: epochs of steps, each epoch validated and written down.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::checkpoint::{self, checkpoint_of};
use super::claim::Claim;
use super::loss::cross_entropy;
use super::optimiser::Memory;
use super::schedule::learning_rate;
use super::validation::{measure, score};
use super::{EpochRecord, Score, Trained, TrainingControl, TrainingEvent, TrainingOptions, TrainingRecipe};
use super::{check_fit, check_target, health, save};
use crate::compute::engine::Holds;
use crate::compute::engine::tape::{Mode, Parameters, Tape, TapeOptions};
use crate::compute::files;
use crate::compute::lab::LabError;
use crate::compute::lab::data::{Batch, Batches, Dataset, Loading, Split};
use crate::compute::weights::checkpoint::Precision;
use crate::compute::weights::{Source, Weights};
use crate::network::Graph;

/// How often a paused run looks whether it may go on.
const NAP: Duration = Duration::from_millis(20);
/// Steps over which images a second are averaged.
const MEMORY: f64 = 10.0;

/// Where a run is: epochs that are done, and steps of the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) epoch: usize,
    pub(super) step: usize,
}

/// What has been seen of the unfinished epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) loss: f64,
    pub(super) right: u64,
    pub(super) images: u64,
    pub(super) seconds: f64,
}

/// Everything the next step depends on.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) parameters: Parameters,
    pub(super) memory: Memory,
    pub(super) position: Position,
    pub(super) sums: Sums,
    pub(super) history: Vec<EpochRecord>,
}

impl State {
    fn new(graph: &Graph, recipe: &TrainingRecipe) -> Self {
        Self {
            parameters: Parameters::seeded(graph, recipe.seed),
            memory: Memory::new(graph, recipe.optimiser),
            position: Position::default(),
            sums: Sums::default(),
            history: Vec::new(),
        }
    }
}

/// What stays the same during a run.
struct Session<'a> {
    graph: &'a Graph,
    dataset: &'a dyn Dataset,
    recipe: &'a TrainingRecipe,
    threads: usize,
    /// Where the state is written after each epoch.
    checkpoint: Option<PathBuf>,
    control: &'a TrainingControl<'a>,
}

/// Trains a network from the recipe's seed, or from a checkpoint on.
///
/// After each epoch the state is written beside `options.out`; the finished network replaces it. A run that is
/// cancelled, or killed, continues from there to the same result, to the last bit on the same kind of processor.
///
/// # Errors
/// A recipe, network, checkpoint or target that cannot be used, before anything is computed;
/// [`LabError::Diverged`] with the step and the layer when a number is none; [`LabError::Cancelled`].
pub fn train(
    graph: &Graph,
    dataset: &dyn Dataset,
    recipe: &TrainingRecipe,
    options: TrainingOptions,
    control: &TrainingControl,
) -> Result<Trained, LabError> {
    let TrainingOptions { threads, resume, out, replace } = options;
    recipe.check()?;
    check_fit(graph, dataset)?;
    for split in Split::ALL {
        Batches::new(dataset, loading(recipe, split, 0))?;
    }
    if let (Some(out), false) = (&out, replace) {
        check_target(out, resume.as_deref())?;
    }
    let checkpoint = out.as_deref().map(checkpoint_of);
    for path in out.iter().chain(&checkpoint) {
        files::probe(path).map_err(|reason| LabError::Write { path: path.clone(), reason })?;
    }
    let _claim = out.as_deref().map(Claim::take).transpose()?;
    let mut state = match &resume {
        Some(path) => checkpoint::load(path, graph, dataset, recipe)?,
        None => State::new(graph, recipe),
    };
    if resume.is_some() {
        (control.event)(TrainingEvent::Resumed { history: state.history.clone() });
    }
    let session = Session { graph, dataset, recipe, threads, checkpoint, control };
    session.run(&mut state)?;
    let (test, test_images) = session.test(&state)?;
    let trained = Trained { parameters: state.parameters, history: state.history, test, test_images };
    if let Some(out) = &out {
        save(out, graph, dataset, recipe, &trained, Precision::Full)?;
    }
    if let Some(checkpoint) = &session.checkpoint {
        // The finished file has everything; a checkpoint that cannot be taken away does no harm.
        let _ = std::fs::remove_file(checkpoint);
    }
    Ok(trained)
}

fn loading(recipe: &TrainingRecipe, split: Split, epoch: usize) -> Loading {
    let batch = recipe.batch_size();
    match split {
        Split::Train => Loading {
            split,
            samples: (recipe.steps() * batch) as u64,
            batch,
            seed: recipe.seed,
            epoch: epoch as u64,
            augment: Some(recipe.augment),
        },
        _ => Loading { split, samples: recipe.validation, batch, seed: 0, epoch: 0, augment: None },
    }
}

impl Session<'_> {
    fn run(&self, state: &mut State) -> Result<(), LabError> {
        if state.position.epoch == self.recipe.epochs {
            return Ok(());
        }
        while state.position.epoch < self.recipe.epochs {
            let epoch = self.epoch(state);
            if matches!(epoch, Err(LabError::Cancelled)) {
                self.store(state)?;
            }
            epoch?;
        }
        Ok(())
    }

    /// The rest of an epoch, its validation, its record.
    fn epoch(&self, state: &mut State) -> Result<(), LabError> {
        self.learn(state)?;
        let epoch = state.position.epoch;
        let train = score(state.sums.loss, state.sums.right, state.sums.images);
        let validation = self.measure(&state.parameters, Split::Validation, epoch + 1)?;
        let learning_rate = learning_rate(self.recipe, (epoch + 1) * self.recipe.steps() - 1);
        let seconds = state.sums.seconds as f32;
        state.history.push(EpochRecord { epoch: epoch + 1, train, validation, learning_rate, seconds });
        state.position = Position { epoch: epoch + 1, step: 0 };
        state.sums = Sums::default();
        self.store(state)?;
        (self.control.event)(TrainingEvent::Epoch { epoch: epoch + 1, train, validation });
        Ok(())
    }

    /// The steps of the rest of an epoch. Gradients, activations and packed weights are let go of at its end: where
    /// it is validated, the network is in memory once more.
    fn learn(&self, state: &mut State) -> Result<(), LabError> {
        let options = TapeOptions {
            batch: self.recipe.batch_size(),
            threads: self.threads,
            mode: Mode::Train,
            ..TapeOptions::default()
        };
        let mut tape = Tape::new(self.graph, options)?;
        let Position { epoch, step } = state.position;
        let batches = Batches::new(self.dataset, loading(self.recipe, Split::Train, epoch))?;
        let batches = batches.starting_at(step as u64);
        thread::scope(|scope| {
            let mut speed = Speed::new(self.recipe.batch_size());
            for batch in batches.ahead(scope)? {
                let batch = batch?;
                if self.wait()? {
                    speed.start();
                }
                self.step(&mut tape, state, &batch, &mut speed)?;
            }
            Ok::<(), LabError>(())
        })
    }

    fn step(&self, tape: &mut Tape, state: &mut State, batch: &Batch, speed: &mut Speed) -> Result<(), LabError> {
        let Self { graph, recipe, .. } = self;
        let Position { epoch, step } = state.position;
        let rate = learning_rate(recipe, epoch * recipe.steps() + step);
        let logits = tape.forward(&mut state.parameters, &batch.images, &Holds::none())?;
        let classes = self.dataset.classes().len();
        let loss = cross_entropy(&logits, &batch.labels, classes, recipe.label_smoothing);
        let diverged = |what: &'static str, layer: String| LabError::Diverged {
            network: graph.name.clone(),
            epoch: epoch + 1,
            step: step + 1,
            what,
            layer,
        };
        if !loss.sum.is_finite() {
            return Err(diverged("loss", health::broken_layer(graph, &state.parameters, &batch.images)));
        }
        tape.backward(&state.parameters, &loss.gradient)?;
        if let Some(param) = health::broken_gradient(graph, tape) {
            return Err(diverged("gradient", param.to_owned()));
        }
        state.memory.step(graph, recipe, rate, &mut state.parameters, &|param| tape.gradient(param));
        let images = batch.labels.len() as u64;
        let seconds = speed.stop();
        state.sums.loss += loss.sum;
        state.sums.right += loss.right;
        state.sums.images += images;
        state.sums.seconds += seconds;
        state.position.step += 1;
        let Score { loss, accuracy } = score(loss.sum, loss.right, images);
        (self.control.event)(TrainingEvent::Step {
            epoch: epoch + 1,
            step: step + 1,
            steps: recipe.steps(),
            loss,
            accuracy,
            learning_rate: rate,
            images_per_second: speed.images_per_second(),
        });
        Ok(())
    }

    /// Waits while the run is held; was it?
    fn wait(&self) -> Result<bool, LabError> {
        let mut held = false;
        loop {
            if (self.control.cancelled)() {
                return Err(LabError::Cancelled);
            }
            if !(self.control.paused)() {
                return Ok(held);
            }
            held = true;
            thread::sleep(NAP);
        }
    }

    /// The numbers as they are now, to be run.
    fn weights(&self, parameters: &Parameters) -> Weights {
        parameters.weights(self.graph, Source::Seeded(self.recipe.seed))
    }

    /// A score, which is one: a loss that is none stops the run before its state is written.
    fn measure(&self, parameters: &Parameters, split: Split, epoch: usize) -> Result<Score, LabError> {
        let Self { graph, dataset, recipe, threads, control, .. } = self;
        let (count, cancelled) = (recipe.validation, control.cancelled);
        let score = measure(graph, &self.weights(parameters), *dataset, split, count, *threads, cancelled)?;
        if score.loss.is_finite() {
            return Ok(score);
        }
        let images = Batches::new(*dataset, loading(recipe, split, 0))?.next().transpose()?;
        let images = images.map(|batch| batch.images).unwrap_or_default();
        let layer = health::broken_layer(graph, parameters, &images);
        Err(LabError::NoScore { network: graph.name.clone(), split, epoch, layer })
    }

    fn test(&self, state: &State) -> Result<(Score, u64), LabError> {
        let images = self.dataset.len(Split::Test).unwrap_or(u64::MAX).min(self.recipe.validation);
        Ok((self.measure(&state.parameters, Split::Test, state.position.epoch)?, images))
    }

    fn store(&self, state: &State) -> Result<(), LabError> {
        let Some(path) = &self.checkpoint else { return Ok(()) };
        checkpoint::store(path, self.graph, self.dataset, self.recipe, state)
    }
}

/// Images a second, over the last steps. Waiting for a batch counts, a pause does not.
struct Speed {
    batch: usize,
    before: Instant,
    seconds: Option<f64>,
}

impl Speed {
    fn new(batch: usize) -> Self {
        Self { batch, before: Instant::now(), seconds: None }
    }

    /// Starts the clock anew.
    fn start(&mut self) {
        self.before = Instant::now();
    }

    /// Ends a step; its seconds. The next one begins.
    fn stop(&mut self) -> f64 {
        let seconds = self.before.elapsed().as_secs_f64();
        self.start();
        self.seconds = Some(self.seconds.map_or(seconds, |mean| mean + (seconds - mean) / MEMORY));
        seconds
    }

    fn images_per_second(&self) -> f32 {
        self.seconds.map_or(0.0, |seconds| (self.batch as f64 / seconds.max(1e-9)) as f32)
    }
}
