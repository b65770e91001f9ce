//! The checkpoint of a run that is not over: everything its next step depends on.
//!
//! A safetensors file: parameters by their names, the optimiser's moments as `optimiser.MOMENT/NAME`, and a metadata
//! block that people can read. Numbers that must come back to the last bit are tensors or whole numbers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::optimiser::{Memory, learnt, moment_names};
use super::run::{Position, State, Sums};
use super::saved::{tensors, write};
use super::{EpochRecord, TrainingRecipe};
use crate::compute::engine::tape::Parameters;
use crate::compute::lab::LabError;
use crate::compute::lab::data::{Dataset, Split};
use crate::compute::random::mix;
use crate::compute::weights::checkpoint::{Precision, Written};
use crate::compute::weights::{Checkpoint, json, keys, parsed};
use crate::network::Graph;

/// The metadata's key of [`fingerprint`].
const PICTURES: &str = "pictures";
/// The metadata's key of the folder the pictures are from.
pub(super) const FOLDER: &str = "folder";

/// The checkpoint's name while `out` is being trained: `net.safetensors` has `net.training.safetensors`.
#[must_use]
pub fn checkpoint_of(out: &Path) -> PathBuf {
    let stem = out.file_stem().unwrap_or(out.as_os_str()).to_string_lossy();
    out.with_file_name(format!("{stem}.training.safetensors"))
}

/// The recipe a checkpoint is of, to continue with it.
///
/// # Errors
/// A file that cannot be read, or is no checkpoint of a training.
pub fn recipe_of(path: &Path) -> Result<TrainingRecipe, LabError> {
    Saved { path, file: Checkpoint::open(path)? }.json("recipe")
}

/// Where a run is, as it is written.
#[derive(Serialize, Deserialize)]
pub(super) struct Progress {
    /// Epochs that are done.
    pub(super) epochs: usize,
    /// Steps of the next that are done.
    pub(super) steps: usize,
    /// Steps the optimiser has taken.
    updates: u64,
    /// Images of the unfinished epoch, and how many were right.
    images: u64,
    right: u64,
    /// The sum of their losses: the bits of an f64, which decimal digits might not bring back.
    loss_bits: u64,
    /// Milliseconds spent on the unfinished epoch.
    milliseconds: u64,
}

/// Writes a run's state.
pub(super) fn store(
    path: &Path,
    graph: &Graph,
    dataset: &dyn Dataset,
    recipe: &TrainingRecipe,
    state: &State,
) -> Result<(), LabError> {
    let moments = moment_names(recipe.optimiser).iter().zip(&state.memory.moments);
    let named: Vec<(String, usize, &[f32])> = moments
        .flat_map(|(moment, values)| values.iter().enumerate().map(move |(index, values)| (moment, index, values)))
        .filter(|(_, index, _)| graph.params[*index].role.is_parameter())
        .map(|(moment, index, values)| (moment_name(moment, &graph.params[index].name), index, &values[..]))
        .collect();
    let mut written = tensors(graph, &state.parameters);
    for (name, index, values) in &named {
        written.push(Written { name, shape: &graph.params[*index].shape, values });
    }
    let mut metadata = metadata(graph, dataset, recipe, state);
    metadata.insert(PICTURES.to_owned(), fingerprint(dataset)?);
    if let Some(folder) = dataset.folder() {
        metadata.insert(FOLDER.to_owned(), folder.to_string_lossy().into_owned());
    }
    write(path, &written, &metadata, Precision::Full)
}

/// Tells data sets of the same name apart (another seed, a folder that has changed): how many training pictures there
/// are, and the first one's hash.
fn fingerprint(dataset: &dyn Dataset) -> Result<String, LabError> {
    let first = dataset.example(Split::Train, 0)?;
    let hash = first.image.as_raw().iter().fold(first.label as u64, |hash, byte| mix(hash ^ u64::from(*byte)));
    let count = dataset.len(Split::Train).map_or_else(|| "endless".to_owned(), |count| count.to_string());
    Ok(format!("{count} {hash:016x}"))
}

fn moment_name(moment: &str, param: &str) -> String {
    format!("optimiser.{moment}/{param}")
}

fn metadata(graph: &Graph, dataset: &dyn Dataset, recipe: &TrainingRecipe, state: &State) -> BTreeMap<String, String> {
    let progress = Progress {
        epochs: state.position.epoch,
        steps: state.position.step,
        updates: state.memory.steps,
        images: state.sums.images,
        right: state.sums.right,
        loss_bits: state.sums.loss.to_bits(),
        milliseconds: (state.sums.seconds * 1e3) as u64,
    };
    let lines = [
        (keys::VERSION, env!("CARGO_PKG_VERSION").to_owned()),
        (keys::NETWORK, graph.name.clone()),
        (keys::DATASET, dataset.name().to_owned()),
        (keys::CLASSES, json(&dataset.classes())),
        ("recipe", json(recipe)),
        ("history", json(&state.history)),
        ("progress", json(&progress)),
    ];
    lines.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// An open checkpoint.
pub(super) struct Saved<'a> {
    pub(super) path: &'a Path,
    pub(super) file: Checkpoint,
}

impl Saved<'_> {
    fn refuse(&self, problem: impl Into<String>) -> LabError {
        LabError::Resume { path: self.path.to_owned(), problem: problem.into() }
    }

    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<T, LabError> {
        let metadata = self.file.metadata();
        match metadata.contains_key("progress") {
            false => Err(self.refuse(
                "no checkpoint of a training that can be continued; give the file that ends in \
                                      .training.safetensors",
            )),
            true => parsed(metadata, key).ok_or_else(|| {
                self.refuse(format!("its {key} cannot be read, another version may have written it; train anew"))
            }),
        }
    }

    /// Refuses a checkpoint of another run.
    pub(super) fn check(&self, graph: &Graph, dataset: &dyn Dataset, recipe: &TrainingRecipe) -> Result<(), LabError> {
        let theirs: TrainingRecipe = self.json("recipe")?;
        let text = |key: &str| self.file.metadata().get(key).unwrap_or_default();
        if text(keys::NETWORK) != graph.name {
            return Err(self.refuse(format!("it is of {}, not of {}", text(keys::NETWORK), graph.name)));
        }
        let classes: Vec<String> = self.json(keys::CLASSES)?;
        let is_other = |pictures: &str| fingerprint(dataset).is_ok_and(|own| own != pictures);
        let differs = self.file.metadata().get(PICTURES).is_some_and(is_other);
        if text(keys::DATASET) != dataset.name() || classes != dataset.classes() || differs {
            return Err(
                self.refuse(format!("it was trained on {} with other classes or pictures", text(keys::DATASET)))
            );
        }
        match difference(&theirs, recipe) {
            Some((field, theirs, ours)) => {
                Err(self.refuse(format!("its {field} is {theirs}, not {ours}; continue with the same or train anew")))
            }
            None => Ok(()),
        }
    }

    fn tensor(&self, name: &str, length: usize) -> Result<Vec<f32>, LabError> {
        let values = self.file.read(name)?;
        match values.len() == length {
            true => Ok(values),
            false => Err(self.refuse(format!("{name} has {} numbers and needs {length}", values.len()))),
        }
    }
}

/// The first field in which two recipes differ, with both values.
pub(in crate::compute::lab) fn difference(
    theirs: &TrainingRecipe,
    ours: &TrainingRecipe,
) -> Option<(String, String, String)> {
    let fields = |recipe: &TrainingRecipe| serde_json::to_value(recipe).ok()?.as_object().cloned();
    let (theirs, ours) = (fields(theirs)?, fields(ours)?);
    let (field, value) = theirs.iter().find(|(field, value)| ours.get(*field) != Some(value))?;
    let ours = ours.get(field).map(ToString::to_string).unwrap_or_default();
    Some((field.replace('_', " "), value.to_string(), ours))
}

/// Reads the state of this very run.
pub(super) fn load(
    path: &Path,
    graph: &Graph,
    dataset: &dyn Dataset,
    recipe: &TrainingRecipe,
) -> Result<State, LabError> {
    let saved = Saved { path, file: Checkpoint::open(path)? };
    saved.check(graph, dataset, recipe)?;
    let progress: Progress = saved.json("progress")?;
    let history: Vec<EpochRecord> = saved.json("history")?;
    let position = Position { epoch: progress.epochs, step: progress.steps };
    if history.len() != position.epoch || position.epoch > recipe.epochs || position.step > recipe.steps() {
        return Err(saved.refuse("it contradicts itself about how far it is; train anew"));
    }
    let params = || graph.params.iter();
    let values = params().map(|param| saved.tensor(&param.name, param.elements())).collect::<Result<_, _>>()?;
    let moment = |moment: &&str| {
        let one = |param: &crate::network::graph::Param| match learnt(param.role, param.elements()) {
            0 => Ok(Vec::new()),
            length => saved.tensor(&moment_name(moment, &param.name), length),
        };
        params().map(one).collect::<Result<Vec<_>, _>>()
    };
    let moments = moment_names(recipe.optimiser).iter().map(moment).collect::<Result<_, _>>()?;
    let sums = Sums {
        loss: f64::from_bits(progress.loss_bits),
        right: progress.right,
        images: progress.images,
        seconds: progress.milliseconds as f64 / 1e3,
    };
    let memory = Memory { steps: progress.updates, moments };
    Ok(State { parameters: Parameters { values }, memory, position, sums, history })
}
