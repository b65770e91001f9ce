//! The file of a finished network: its numbers, and in the metadata what it was trained on and how.

use std::collections::BTreeMap;
use std::path::Path;

use super::{EpochRecord, Trained, TrainingRecipe};
use crate::compute::engine::tape::Parameters;
use crate::compute::files;
use crate::compute::lab::LabError;
use crate::compute::lab::data::Dataset;
use crate::compute::weights::checkpoint::{Precision, Written, encode_into};
use crate::compute::weights::{Checkpoint, TrainedOn, json, keys, parsed};
use crate::network::Graph;

/// Writes a finished network. The same run gives the same bytes.
///
/// # Errors
/// [`LabError::Write`] with what the system said; an older file of that name stays then.
pub fn save(
    path: &Path,
    graph: &Graph,
    dataset: &dyn Dataset,
    recipe: &TrainingRecipe,
    trained: &Trained,
    precision: Precision,
) -> Result<(), LabError> {
    let mut metadata = BTreeMap::new();
    let about = TrainedOn {
        spec: graph.name.clone(),
        dataset: dataset.name().to_owned(),
        classes: dataset.classes().to_vec(),
        accuracy: trained.test.accuracy,
        test_images: trained.test_images,
        mean: dataset.mean(),
        std: dataset.std(),
    };
    about.write(&mut metadata);
    let history: Vec<EpochRecord> =
        trained.history.iter().map(|record| EpochRecord { seconds: 0.0, ..*record }).collect();
    metadata.insert("recipe".to_owned(), json(recipe));
    metadata.insert("history".to_owned(), json(&history));
    write(path, &tensors(graph, &trained.parameters), &metadata, precision)
}

/// Parameters as they are read again from a file of this precision.
#[must_use]
pub fn rounded(graph: &Graph, parameters: &Parameters, precision: Precision) -> Parameters {
    let round = |(index, values): (usize, &Vec<f32>)| precision.rounded(&graph.params[index].shape, values);
    Parameters { values: parameters.values.iter().enumerate().map(round).collect() }
}

/// What a file says it was trained on; `None` for a file that was not trained by this program.
///
/// # Errors
/// A file that cannot be read as a checkpoint.
pub fn trained_on(path: &Path) -> Result<Option<TrainedOn>, LabError> {
    Ok(TrainedOn::of(&Checkpoint::open(path)?))
}

/// A finished run, as its network's file tells it.
pub(in crate::compute::lab) struct Finished {
    /// The version that wrote it.
    pub gatescope: String,
    /// The network's spec.
    pub network: String,
    /// The data set's name.
    pub dataset: String,
    /// How it was trained.
    pub recipe: TrainingRecipe,
    /// Its epochs, without their times.
    pub history: Vec<EpochRecord>,
}

/// What a network's file says of the run it is from; `None` for a file that is not of a finished run.
pub(in crate::compute::lab) fn finished(path: &Path) -> Option<Finished> {
    let file = Checkpoint::open(path).ok()?;
    let metadata = file.metadata();
    let text = |key: &str| metadata.get(key).map(str::to_owned);
    Some(Finished {
        gatescope: text(keys::VERSION)?,
        network: text(keys::NETWORK)?,
        dataset: text(keys::DATASET)?,
        recipe: parsed(metadata, "recipe")?,
        history: parsed(metadata, "history")?,
    })
}

/// The network's tensors by their names.
pub(super) fn tensors<'a>(graph: &'a Graph, parameters: &'a Parameters) -> Vec<Written<'a>> {
    let tensors = graph.params.iter().zip(&parameters.values);
    tensors.map(|(param, values)| Written { name: &param.name, shape: &param.shape, values }).collect()
}

/// Writes a file whole or not at all.
pub(super) fn write(
    path: &Path,
    tensors: &[Written],
    metadata: &BTreeMap<String, String>,
    precision: Precision,
) -> Result<(), LabError> {
    let written = files::replace_with(path, &|to| encode_into(to, tensors, metadata, precision));
    written.map_err(|reason| LabError::Write { path: path.to_owned(), reason })
}
