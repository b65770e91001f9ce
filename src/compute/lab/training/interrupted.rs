//! Runs that are not over: what their checkpoints say of them, and where a run begins or goes on. Epochs that have been
//! trained are never overwritten unasked.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::checkpoint::{self, Progress, Saved};
use super::claim::Claim;
use super::{TrainingRecipe, checkpoint_of};
use crate::compute::lab::LabError;
use crate::compute::lab::data::Dataset;
use crate::compute::weights::{Checkpoint, keys};
use crate::network::Graph;

/// How the names of checkpoints end.
const ENDING: &str = ".training.safetensors";
/// A name is counted up to this when it is taken.
const MOST_NAMES: usize = 10_000;

/// A run that was stopped, or broken off, as its checkpoint tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Interrupted {
    /// The checkpoint.
    pub path: PathBuf,
    /// The file that the finished network will have.
    pub out: PathBuf,
    /// The network's spec, with the data's input and classes.
    pub network: String,
    /// The data set's name.
    pub dataset: String,
    /// The folder of its pictures; `None` for generated ones.
    pub folder: Option<PathBuf>,
    /// How it is trained.
    pub recipe: TrainingRecipe,
    /// Epochs that are done.
    pub epochs: usize,
    /// Steps of the next that are done.
    pub steps: usize,
}

impl Interrupted {
    /// Reads what a checkpoint says of its run.
    ///
    /// # Errors
    /// A file that cannot be read, or is no checkpoint of a training.
    pub fn read(path: &Path) -> Result<Self, LabError> {
        let saved = Saved { path, file: Checkpoint::open(path)? };
        let recipe = saved.json("recipe")?;
        let Progress { epochs, steps, .. } = saved.json("progress")?;
        let text = |key: &str| saved.file.metadata().get(key).map(str::to_owned);
        Ok(Self {
            path: path.to_owned(),
            out: out_of(path),
            network: text(keys::NETWORK).unwrap_or_default(),
            dataset: text(keys::DATASET).unwrap_or_default(),
            folder: text(checkpoint::FOLDER).map(PathBuf::from),
            recipe,
            epochs,
            steps,
        })
    }

    /// The runs of a folder that can be continued, the newest first.
    #[must_use]
    pub fn all_in(folder: &Path) -> Vec<Self> {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        let is_one = |path: &PathBuf| {
            path.to_string_lossy().ends_with(ENDING) && !out_of(path).exists() && !Claim::is_taken(&out_of(path))
        };
        let age = |path: &PathBuf| fs::metadata(path).and_then(|known| known.modified()).ok();
        let mut paths: Vec<PathBuf> = files.map(|entry| entry.path()).filter(is_one).collect();
        paths.sort_by_key(|path| std::cmp::Reverse(age(path)));
        paths.iter().filter_map(|path| Self::read(path).ok()).collect()
    }

    /// Is it this very run: the same network, recipe, classes and pictures?
    fn is_of(&self, graph: &Graph, dataset: &dyn Dataset, recipe: &TrainingRecipe) -> bool {
        let check = || Saved { path: &self.path, file: Checkpoint::open(&self.path)? }.check(graph, dataset, recipe);
        check().is_ok()
    }
}

impl fmt::Display for Interrupted {
    /// `after epoch 3 of 8`, `in epoch 1 of 8, after 12 of 100 steps`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epochs, steps, recipe, .. } = self;
        match steps {
            0 => write!(formatter, "after epoch {epochs} of {}", recipe.epochs),
            _ => write!(
                formatter,
                "in epoch {} of {}, after {steps} of {} steps",
                epochs + 1,
                recipe.epochs,
                recipe.steps()
            ),
        }
    }
}

/// The network's file that a checkpoint is on the way to.
fn out_of(checkpoint: &Path) -> PathBuf {
    let name = checkpoint.file_name().unwrap_or_default().to_string_lossy();
    checkpoint.with_file_name(format!("{}.safetensors", name.strip_suffix(ENDING).unwrap_or(&name)))
}

/// Refuses a target where epochs would be lost: a network that is there, or a run that is not over and not the one to
/// be continued.
///
/// # Errors
/// [`LabError::Kept`] with what is there and what can be done.
pub fn check_target(out: &Path, resume: Option<&Path>) -> Result<(), LabError> {
    let kept = |path: &Path, what: String| Err(LabError::Kept { path: path.to_owned(), what });
    if out.exists() {
        let what = match Checkpoint::open(out).is_ok_and(|file| file.metadata().contains_key(keys::VERSION)) {
            true => "a trained network is there already",
            false => "another file is there already",
        };
        return kept(out, what.to_owned());
    }
    let checkpoint = checkpoint_of(out);
    if !checkpoint.exists() || resume.is_some_and(|resume| is_same_file(resume, &checkpoint)) {
        return Ok(());
    }
    match Interrupted::read(&checkpoint) {
        Ok(run) => kept(&checkpoint, format!("a run of {} that stopped {run} is kept there", run.network)),
        Err(_) => kept(&checkpoint, "a file that is no checkpoint of a training is there".to_owned()),
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Where a run is written that nobody has named a free file for: `wanted`, or the same name with a number. With
/// `goes_on` it is where the same run stopped, if it did; the second path is then the checkpoint to continue.
#[must_use]
pub fn place(
    wanted: &Path,
    (graph, dataset, recipe): (&Graph, &dyn Dataset, &TrainingRecipe),
    goes_on: bool,
) -> (PathBuf, Option<PathBuf>) {
    let stem = wanted.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let numbered = |number: usize| match number {
        1 => wanted.to_path_buf(),
        _ => wanted.with_file_name(format!("{stem}-{number}.safetensors")),
    };
    let is_same = |checkpoint: &Path| Interrupted::read(checkpoint).is_ok_and(|run| run.is_of(graph, dataset, recipe));
    let mut free = None;
    for out in (1..MOST_NAMES).map(numbered) {
        if Claim::is_taken(&out) {
            continue;
        }
        let checkpoint = checkpoint_of(&out);
        match (out.exists(), checkpoint.exists()) {
            (false, false) => {
                free = Some(out);
                break;
            }
            (false, true) if goes_on && is_same(&checkpoint) => return (out, Some(checkpoint)),
            _ => {}
        }
    }
    (free.unwrap_or_else(|| numbered(MOST_NAMES)), None)
}
