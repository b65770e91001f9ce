//! Degradation: plain networks get worse with depth where residual ones do not (He et al., CVPR 2016, figures 1 and 6).

mod page;
mod reading;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::runner::Runner;
use super::{EpochPoint, RunInfo, Spread, Watch, files, lab_network};
use crate::compute::lab::LabError;
use crate::compute::lab::data::Dataset;
use crate::compute::lab::training::TrainingRecipe;
use crate::network::cost::Ledger;
use crate::network::lower;

/// The depths of the paper's figure, as far as the lab's pictures carry them.
pub const DEPTHS: [usize; 4] = [8, 20, 32, 56];

/// What to run.
#[derive(Clone, Debug, PartialEq)]
pub struct DegradationSettings {
    /// Layers, 6n + 2 each.
    pub depths: Vec<usize>,
    /// How many networks of each kind; seeds are the recipe's and those after it.
    pub seeds: usize,
    /// How each is trained; its `validation` is the number of test images.
    pub recipe: TrainingRecipe,
    /// Threads of the engine.
    pub threads: usize,
    /// Where trained networks are kept, so that the run can continue.
    pub out: Option<PathBuf>,
}

impl Default for DegradationSettings {
    /// A budget for a coffee break, without augmentation: training error is then comparable with test error.
    fn default() -> Self {
        let mut recipe = TrainingRecipe { epochs: 10, samples: 4000, validation: 1000, ..TrainingRecipe::default() };
        recipe.label_smoothing = 0.0;
        Self {
            depths: DEPTHS.to_vec(),
            seeds: 1,
            recipe,
            threads: crate::compute::engine::default_threads(),
            out: None,
        }
    }
}

/// With or without shortcuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Layers in a row.
    Plain,
    /// The same with shortcuts.
    Residual,
}

impl Kind {
    /// Both, plain first.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Residual];

    /// `plain`, `residual`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Residual => "residual",
        }
    }
}

/// One network and its curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DepthCurve {
    /// With or without shortcuts.
    pub kind: Kind,
    /// Layers with weights.
    pub depth: usize,
    /// What it was drawn with.
    pub seed: u64,
    /// The network's spec.
    pub spec: String,
    /// Its parameters.
    pub params: u64,
    /// Its epochs so far.
    pub epochs: Vec<EpochPoint>,
}

impl DepthCurve {
    /// What its network is called: `plain20`.
    fn name(&self) -> String {
        format!("{}{}", self.kind.as_str(), self.depth)
    }

    /// The last epoch.
    #[must_use]
    pub fn last(&self) -> Option<&EpochPoint> {
        self.epochs.last()
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DegradationResult {
    /// What was run.
    pub run: RunInfo,
    /// The depths asked for.
    pub depths: Vec<usize>,
    /// Every network, in the order it was trained.
    pub curves: Vec<DepthCurve>,
}

impl DegradationResult {
    /// The curves of a kind and depth, one a seed.
    pub fn of(&self, kind: Kind, depth: usize) -> impl Iterator<Item = &DepthCurve> {
        self.curves.iter().filter(move |curve| curve.kind == kind && curve.depth == depth)
    }

    /// A kind's and depth's curve, averaged over its seeds as far as all have come.
    #[must_use]
    pub fn mean_curve(&self, kind: Kind, depth: usize) -> Vec<EpochPoint> {
        let curves: Vec<&DepthCurve> = self.of(kind, depth).filter(|curve| !curve.epochs.is_empty()).collect();
        let epochs = curves.iter().map(|curve| curve.epochs.len()).min().unwrap_or(0);
        let mean = |index: usize, of: fn(&EpochPoint) -> f32| {
            curves.iter().map(|curve| of(&curve.epochs[index])).sum::<f32>() / curves.len() as f32
        };
        let point = |index: usize| EpochPoint {
            epoch: curves[0].epochs[index].epoch,
            train_error: mean(index, |point| point.train_error),
            test_error: mean(index, |point| point.test_error),
            train_loss: mean(index, |point| point.train_loss),
            test_loss: mean(index, |point| point.test_loss),
            learning_rate: mean(index, |point| point.learning_rate),
            seconds: mean(index, |point| point.seconds),
        };
        (0..epochs).map(point).collect()
    }

    /// Test error of the last epoch over seeds; none while no network has come to its end.
    #[must_use]
    pub fn test_error(&self, kind: Kind, depth: usize) -> Option<Spread> {
        self.at_end(kind, depth, |point| point.test_error)
    }

    /// Training error of the last epoch over seeds.
    #[must_use]
    pub fn train_error(&self, kind: Kind, depth: usize) -> Option<Spread> {
        self.at_end(kind, depth, |point| point.train_error)
    }

    fn at_end(&self, kind: Kind, depth: usize, of: fn(&EpochPoint) -> f32) -> Option<Spread> {
        let ended = self.of(kind, depth).filter(|curve| curve.epochs.len() >= self.run.recipe.epochs);
        Spread::of(ended.filter_map(DepthCurve::last).map(|point| f64::from(of(point))))
    }

    /// Did the training error of these networks fall by less than five points from the first epoch to the last?
    fn has_hardly_learnt(&self, kind: Kind, depth: usize) -> bool {
        self.of(kind, depth).all(|curve| match (curve.epochs.first(), curve.epochs.last()) {
            (Some(first), Some(last)) => first.train_error - last.train_error < 0.05,
            _ => true,
        })
    }

    /// Is every network at its end?
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.curves.len() == self.depths.len() * Kind::ALL.len() * self.run.seeds.len()
            && self.curves.iter().all(|curve| curve.epochs.len() >= self.run.recipe.epochs)
    }

    /// What the numbers say, in sentences.
    #[must_use]
    pub fn reading(&self) -> Vec<String> {
        reading::of(self)
    }

    /// The curves as a page.
    #[must_use]
    pub fn page(&self) -> crate::compute::imaging::chart::Page {
        page::of(self)
    }

    /// The files that [`Self::write`] writes.
    pub const FILES: [&str; 3] = ["degradation.csv", "degradation.json", "degradation.png"];

    /// Writes `degradation.csv`, `.json` and `.png` into a folder.
    ///
    /// # Errors
    /// The file and what the system said.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, LabError> {
        let header = [
            "kind",
            "depth",
            "seed",
            "epoch",
            "train_error",
            "test_error",
            "train_loss",
            "test_loss",
            "learning_rate",
            "seconds",
        ];
        let rows = self.curves.iter().flat_map(|curve| {
            curve.epochs.iter().map(|point| {
                vec![
                    curve.kind.as_str().to_owned(),
                    curve.depth.to_string(),
                    curve.seed.to_string(),
                    point.epoch.to_string(),
                    point.train_error.to_string(),
                    point.test_error.to_string(),
                    point.train_loss.to_string(),
                    point.test_loss.to_string(),
                    point.learning_rate.to_string(),
                    point.seconds.to_string(),
                ]
            })
        });
        let files = vec![
            ("degradation.csv".to_owned(), files::csv(&header, rows)),
            ("degradation.json".to_owned(), files::json(self)),
            ("degradation.png".to_owned(), files::png(&self.page().draw())),
        ];
        files::write_all(folder, &files)
    }
}

/// Trains plain and residual networks at every depth on every seed.
///
/// # Errors
/// Settings that cannot be, what training says, [`LabError::Cancelled`].
pub fn run(
    dataset: &dyn Dataset,
    settings: &DegradationSettings,
    watch: &Watch<DegradationResult>,
) -> Result<DegradationResult, LabError> {
    check_kept(dataset, settings)?;
    let plan = plan(dataset, settings)?;
    let total: f64 = plan.iter().map(|entry| entry.macs).sum();
    let result = Mutex::new(empty(dataset, settings));
    let update = |change: &dyn Fn(&mut DegradationResult)| {
        let mut result = result.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut result);
        (watch.partial)(&result);
    };
    let out = settings.out.as_deref();
    let runner = Runner { dataset, recipe: &settings.recipe, threads: settings.threads, out, watch };
    let mut done = 0.0;
    for Entry { curve, spec, macs } in plan {
        let share = ((done / total) as f32, ((done + macs) / total) as f32);
        done += macs;
        let (name, seed) = (curve.name(), curve.seed);
        update(&|result| result.curves.push(curve.clone()));
        let learnt = runner.network(&name, &spec, seed, share, &|epochs| {
            update(&|result| {
                if let Some(last) = result.curves.last_mut() {
                    last.epochs.clone_from(&epochs);
                }
            });
        })?;
        update(&|result| {
            result.run.seconds += learnt.seconds;
            result.run.finished = files::today();
        });
    }
    Ok(result.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Refuses a folder that keeps networks of a run with other settings.
///
/// # Errors
/// [`LabError::OtherRun`]; settings that cannot be.
pub fn check_kept(dataset: &dyn Dataset, settings: &DegradationSettings) -> Result<(), LabError> {
    let DegradationSettings { recipe, threads, .. } = settings;
    let watch = &Watch::<()>::none();
    let runner = Runner { dataset, recipe, threads: *threads, out: settings.out.as_deref(), watch };
    let plan = plan(dataset, settings)?;
    plan.iter().try_for_each(|entry| runner.check_kept(&entry.curve.name(), &entry.spec, entry.curve.seed))
}

/// A network still to be trained, and how much work it is.
struct Entry {
    curve: DepthCurve,
    spec: crate::network::NetworkSpec,
    macs: f64,
}

/// Every network of the run, seed by seed, shallow first: the first curves are there soon.
fn plan(dataset: &dyn Dataset, settings: &DegradationSettings) -> Result<Vec<Entry>, LabError> {
    if settings.depths.is_empty() || settings.seeds == 0 {
        return Err(LabError::Setting("nothing to run: give at least one depth and one seed".to_owned()));
    }
    let mut plan = Vec::new();
    for seed in seeds(settings) {
        for depth in &settings.depths {
            for kind in Kind::ALL {
                let spec = lab_network(*depth, kind == Kind::Residual, "none", dataset.classes().len())?;
                let graph = lower(&spec).map_err(|error| LabError::Setting(error.to_string()))?;
                let cost = Ledger::of(&graph).total();
                let curve = DepthCurve {
                    kind,
                    depth: *depth,
                    seed,
                    spec: spec.to_string(),
                    params: cost.params,
                    epochs: Vec::new(),
                };
                plan.push(Entry { curve, spec, macs: cost.macs as f64 });
            }
        }
    }
    Ok(plan)
}

fn seeds(settings: &DegradationSettings) -> impl Iterator<Item = u64> {
    let first = settings.recipe.seed;
    (0..settings.seeds as u64).map(move |index| first.wrapping_add(index))
}

fn empty(dataset: &dyn Dataset, settings: &DegradationSettings) -> DegradationResult {
    let run = RunInfo {
        gatescope: env!("CARGO_PKG_VERSION").to_owned(),
        finished: files::today(),
        seconds: 0.0,
        threads: settings.threads,
        dataset: dataset.name().to_owned(),
        input: dataset.input()[1],
        seeds: seeds(settings).collect(),
        test_images: settings.recipe.validation,
        recipe: settings.recipe.clone(),
    };
    DegradationResult { run, depths: settings.depths.clone(), curves: Vec::new() }
}

#[cfg(test)]
pub(crate) mod tests;
