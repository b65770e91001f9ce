//! Where it looks: one trunk with none, SE, CAM, SAM and CBAM; how well each does, and whether it looks at the object.

mod budget;
mod measure;
mod page;
mod reading;
mod tables;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

pub use budget::CatchUp;

use super::runner::Runner;
use super::{ATTENTIONS, EpochPoint, RunInfo, Spread, Watch, files, lab_network};
use crate::compute::lab::LabError;
use crate::compute::lab::data::{Dataset, Split};
use crate::compute::lab::training::{TrainingRecipe, evaluate};
use crate::network::cost::Ledger;
use crate::network::{NetworkSpec, lower};

/// The part of a network's time that measuring takes, roughly: for the progress.
const MEASURING: f32 = 0.15;

/// What to run.
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionSettings {
    /// Layers of the trunk, 6n + 2.
    pub depth: usize,
    /// Which attentions; `none` is the trunk itself.
    pub attentions: Vec<String>,
    /// How many networks of each; seeds are the recipe's and those after it.
    pub seeds: usize,
    /// How each is trained; its `validation` is the number of test images by epoch.
    pub recipe: TrainingRecipe,
    /// Test images of the final accuracy.
    pub test: u64,
    /// Test images whose masks are looked at.
    pub masks: u64,
    /// Threads of the engine.
    pub threads: usize,
    /// Where trained networks are kept, so that the run can continue.
    pub out: Option<PathBuf>,
}

impl Default for AttentionSettings {
    /// The run that ships: a rate and a warm-up under which gated networks train as well as the trunk, for all alike.
    fn default() -> Self {
        Self {
            depth: 20,
            attentions: ATTENTIONS.map(str::to_owned).to_vec(),
            seeds: 3,
            recipe: TrainingRecipe { learning_rate: 0.3, warmup: 2.0, ..TrainingRecipe::default() },
            test: 2000,
            masks: 500,
            threads: crate::compute::engine::default_threads(),
            out: None,
        }
    }
}

/// How a kind of map lies on the objects, over all measured images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The share of images whose largest value lies on the object, 0 to 1.
    pub pointing: f64,
    /// The share of the map that lies on the object, averaged over images, 0 to 1.
    pub energy: f64,
}

/// The maps of one block's spatial gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockLook {
    /// The block: `layer3.2`.
    pub block: String,
    /// The gate's name.
    pub gate: String,
    /// How its maps lie.
    pub look: Look,
}

/// A block's maps over seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockSpread {
    /// The block.
    pub block: String,
    /// As [`Look::pointing`].
    pub pointing: Spread,
    /// As [`Look::energy`].
    pub energy: Spread,
}

/// One trained network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedResult {
    /// What it was drawn with.
    pub seed: u64,
    /// Its curve.
    pub epochs: Vec<EpochPoint>,
    /// What was measured when it had ended.
    pub measured: Option<Measured>,
}

/// What was measured of a trained network on test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Share of test images that are right, 0 to 1.
    pub accuracy: f64,
    /// Grad-CAM of the true class at the end of the last stage.
    pub grad_cam: Look,
    /// Every spatial gate, in depth order; empty where there is none.
    pub maps: Vec<BlockLook>,
}

/// One attention, over its seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttentionCurves {
    /// Its name in specs, or `none`.
    pub attention: String,
    /// The network's spec.
    pub spec: String,
    /// Its parameters.
    pub params: u64,
    /// Its MACs.
    pub macs: u64,
    /// The seeds so far.
    pub seeds: Vec<SeedResult>,
}

impl AttentionCurves {
    fn over_seeds(&self, of: impl Fn(&Measured) -> f64) -> Option<Spread> {
        Spread::of(self.measured().map(of))
    }

    /// The seeds that have been measured.
    pub fn measured(&self) -> impl Iterator<Item = &Measured> {
        self.seeds.iter().filter_map(|seed| seed.measured.as_ref())
    }

    /// Accuracy over seeds.
    #[must_use]
    pub fn accuracy(&self) -> Option<Spread> {
        self.over_seeds(|measured| measured.accuracy)
    }

    /// Grad-CAM's pointing game over seeds.
    #[must_use]
    pub fn pointing(&self) -> Option<Spread> {
        self.over_seeds(|measured| measured.grad_cam.pointing)
    }

    /// Grad-CAM's energy on the object over seeds.
    #[must_use]
    pub fn energy(&self) -> Option<Spread> {
        self.over_seeds(|measured| measured.grad_cam.energy)
    }

    /// The spatial gates in depth order, over seeds.
    #[must_use]
    pub fn maps(&self) -> Vec<BlockSpread> {
        let Some(first) = self.measured().next() else { return Vec::new() };
        let at = |index: usize, of: fn(&Look) -> f64| {
            Spread::of(self.measured().filter_map(|measured| measured.maps.get(index)).map(|map| of(&map.look)))
        };
        let rows = first.maps.iter().enumerate().filter_map(|(index, map)| {
            let (pointing, energy) = (at(index, |look| look.pointing)?, at(index, |look| look.energy)?);
            Some(BlockSpread { block: map.block.clone(), pointing, energy })
        });
        rows.collect()
    }

    /// Test error by epoch, averaged over the seeds that have come that far.
    #[must_use]
    pub fn mean_test_error(&self) -> Vec<(usize, f64)> {
        let longest = self.seeds.iter().map(|seed| seed.epochs.len()).max().unwrap_or(0);
        let at = |index: usize| {
            let points = self.seeds.iter().filter_map(|seed| seed.epochs.get(index));
            let mean = Spread::of(points.map(|point| f64::from(point.test_error)))?.mean;
            Some((index + 1, mean))
        };
        (0..longest).filter_map(at).collect()
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttentionResult {
    /// What was run.
    pub run: RunInfo,
    /// Test images whose masks were looked at.
    pub masks: u64,
    /// The share of the picture that the objects cover on average, 0 to 1: what chance gives either measure.
    pub chance: f64,
    /// Every attention, in the order asked for.
    pub attentions: Vec<AttentionCurves>,
}

impl AttentionResult {
    /// An attention by its name.
    #[must_use]
    pub fn of(&self, attention: &str) -> Option<&AttentionCurves> {
        self.attentions.iter().find(|known| known.attention == attention)
    }

    /// Is every network measured?
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.attentions.iter().all(|known| known.measured().count() == self.run.seeds.len())
    }

    /// At which training budget each attention is level with the trunk, if it is.
    #[must_use]
    pub fn catch_ups(&self) -> Vec<CatchUp> {
        budget::catch_ups(self)
    }

    /// The result with what follows from it, as it is written: `catching_up` and `reading` beside its own fields.
    #[must_use]
    pub fn with_reading(&self) -> impl Serialize + '_ {
        #[derive(Serialize)]
        struct Read<'a> {
            #[serde(flatten)]
            result: &'a AttentionResult,
            catching_up: Vec<CatchUp>,
            reading: Vec<String>,
        }
        Read { result: self, catching_up: self.catch_ups(), reading: self.reading() }
    }

    /// What the numbers say, in sentences.
    #[must_use]
    pub fn reading(&self) -> Vec<String> {
        reading::of(self)
    }

    /// Bars and curves as a page.
    #[must_use]
    pub fn page(&self) -> crate::compute::imaging::chart::Page {
        page::of(self)
    }

    /// The files that [`Self::write`] writes.
    pub const FILES: [&str; 4] = ["attention.csv", "attention-maps.csv", "attention.json", "attention.png"];

    /// Writes `attention.csv` (a row a network), `attention-maps.csv` (a row a spatial gate), `.json` and `.png`.
    ///
    /// # Errors
    /// The file and what the system said.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, LabError> {
        let files = vec![
            ("attention.csv".to_owned(), tables::networks(self)),
            ("attention-maps.csv".to_owned(), tables::maps(self)),
            ("attention.json".to_owned(), files::json(&self.with_reading())),
            ("attention.png".to_owned(), files::png(&self.page().draw())),
        ];
        files::write_all(folder, &files)
    }
}

/// Trains the trunk with every attention on every seed, and measures where each network looks.
///
/// # Errors
/// Settings that cannot be, data without masks, what training says, [`LabError::Cancelled`].
pub fn run(
    dataset: &dyn Dataset,
    settings: &AttentionSettings,
    watch: &Watch<AttentionResult>,
) -> Result<AttentionResult, LabError> {
    check_kept(dataset, settings)?;
    let plan = plan(dataset, settings)?;
    let chance = measure::chance(dataset, settings.masks)?;
    let result = Mutex::new(empty(dataset, settings, &plan, chance));
    let update = |change: &dyn Fn(&mut AttentionResult)| {
        let mut result = result.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut result);
        (watch.partial)(&result);
    };
    let out = settings.out.as_deref();
    let runner = Runner { dataset, recipe: &settings.recipe, threads: settings.threads, out, watch };
    let of = (plan.len() * settings.seeds) as f32;
    // Seed by seed, so that the first comparison is there after one network of each kind.
    for (round, seed) in seeds(settings).enumerate() {
        for (index, (attention, spec)) in plan.iter().enumerate() {
            let position = (round * plan.len() + index) as f32;
            let (from, to) = (position / of, (position + 1.0) / of);
            let trained = to - (to - from) * MEASURING;
            update(&|result| {
                result.attentions[index].seeds.push(SeedResult { seed, epochs: Vec::new(), measured: None });
            });
            let last = |result: &mut AttentionResult, change: &dyn Fn(&mut SeedResult)| {
                if let Some(seed) = result.attentions[index].seeds.last_mut() {
                    change(seed);
                }
            };
            let learnt = runner.network(attention, spec, seed, (from, trained), &|epochs| {
                update(&|result| last(result, &|seed| seed.epochs.clone_from(&epochs)));
            })?;
            let started = std::time::Instant::now();
            let score =
                evaluate(&learnt.graph, &learnt.weights, dataset, Split::Test, settings.test, settings.threads)?;
            let say = |share: f32| {
                let fraction = trained + (to - trained) * share;
                let what = format!("{attention}, seed {seed}: where it looks");
                (watch.progress)(super::Progress { what, fraction, images_per_second: 0.0 });
            };
            let maps = measure::look(&learnt, dataset, settings, &say, &|| watch.wait())?;
            let measured = Measured { accuracy: f64::from(score.accuracy), grad_cam: maps.0, maps: maps.1 };
            update(&|result| {
                last(result, &|seed| seed.measured = Some(measured.clone()));
                result.run.seconds += learnt.seconds + started.elapsed().as_secs_f64();
                result.run.finished = files::today();
            });
        }
    }
    Ok(result.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Refuses a folder that keeps networks of a run with other settings.
///
/// # Errors
/// [`LabError::OtherRun`]; settings that cannot be.
pub fn check_kept(dataset: &dyn Dataset, settings: &AttentionSettings) -> Result<(), LabError> {
    let AttentionSettings { recipe, threads, .. } = settings;
    let watch = &Watch::<()>::none();
    let runner = Runner { dataset, recipe, threads: *threads, out: settings.out.as_deref(), watch };
    let plan = plan(dataset, settings)?;
    let mut networks = seeds(settings).flat_map(|seed| plan.iter().map(move |(name, spec)| (name, spec, seed)));
    networks.try_for_each(|(name, spec, seed)| runner.check_kept(name, spec, seed))
}

fn plan(dataset: &dyn Dataset, settings: &AttentionSettings) -> Result<Vec<(String, NetworkSpec)>, LabError> {
    if settings.attentions.is_empty() || settings.seeds == 0 || settings.masks == 0 {
        return Err(LabError::Setting(
            "nothing to run: give at least one attention, one seed and one image".to_owned(),
        ));
    }
    let network = |attention: &String| {
        Ok((attention.clone(), lab_network(settings.depth, true, attention, dataset.classes().len())?))
    };
    settings.attentions.iter().map(network).collect()
}

fn seeds(settings: &AttentionSettings) -> impl Iterator<Item = u64> {
    let first = settings.recipe.seed;
    (0..settings.seeds as u64).map(move |index| first.wrapping_add(index))
}

fn empty(
    dataset: &dyn Dataset,
    settings: &AttentionSettings,
    plan: &[(String, NetworkSpec)],
    chance: f64,
) -> AttentionResult {
    let run = RunInfo {
        gatescope: env!("CARGO_PKG_VERSION").to_owned(),
        finished: files::today(),
        seconds: 0.0,
        threads: settings.threads,
        dataset: dataset.name().to_owned(),
        input: dataset.input()[1],
        seeds: seeds(settings).collect(),
        test_images: settings.test,
        recipe: settings.recipe.clone(),
    };
    let curves = |(attention, spec): &(String, NetworkSpec)| {
        let cost = lower(spec).map(|graph| Ledger::of(&graph).total()).unwrap_or_default();
        AttentionCurves {
            attention: attention.clone(),
            spec: spec.to_string(),
            params: cost.params,
            macs: cost.macs,
            seeds: Vec::new(),
        }
    };
    AttentionResult { run, masks: settings.masks, chance, attentions: plan.iter().map(curves).collect() }
}

#[cfg(test)]
pub(crate) mod tests;
