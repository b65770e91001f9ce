//! What is kept of an inspected image.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Setting;
use crate::compute::engine::{Run, Tap};
use crate::compute::explain::{Broken, Stats};
use crate::compute::imaging::{Change, Picture, Prepared};
use crate::compute::labels::Reading;
use crate::network::graph::Gate;

/// How many guesses are reported.
const GUESSES: usize = 5;

/// One image and what the network made of it.
pub(super) struct Inspected {
    /// The path as given.
    pub path: PathBuf,
    /// A name that is unique among the images and can be a folder's.
    pub short_name: String,
    /// Width and height of the picture, upright, in pixels.
    pub size: [u32; 2],
    /// What decoding changed of the file.
    pub changes: Vec<Change>,
    /// One logit a class; features where there is no classifier.
    pub logits: Vec<f32>,
    /// What they say.
    pub reading: Reading,
    /// Gates, in execution order.
    pub gates: Vec<GateResult>,
    /// Outputs of the blocks asked for, in execution order.
    pub blocks: Vec<Tap>,
    /// How long the network took.
    pub elapsed: Duration,
}

/// One gate's values.
pub(super) struct GateResult {
    /// Raw values, row-major.
    pub values: Vec<f32>,
    /// `[C]` of a channel gate, `[H, W]` of a spatial one, as [`crate::network::Graph::gate_shape`] of the others.
    pub shape: Vec<usize>,
    /// The values' statistics.
    pub stats: Stats,
}

impl Inspected {
    /// Takes what a run found.
    pub(super) fn new(
        setting: &Setting,
        path: &Path,
        short_name: String,
        (picture, prepared): (&Picture, &Prepared),
        run: Run,
    ) -> Self {
        let gate = |(gate, found): (&Gate, crate::compute::engine::GateValues)| GateResult {
            shape: setting.graph.gate_shape(gate).dims().to_vec(),
            stats: Stats::of(&found.values),
            values: found.values,
        };
        let broken = Broken::find(&setting.graph, &setting.weights, &prepared.tensor, &run.logits);
        Self {
            path: path.to_owned(),
            short_name,
            size: [picture.pixels.width(), picture.pixels.height()],
            changes: picture.changes.clone(),
            reading: Reading::of(&run.logits, setting.classes, setting.labels.as_ref(), GUESSES, broken),
            gates: setting.graph.gates.iter().zip(run.gates).map(gate).collect(),
            logits: run.logits,
            blocks: run.taps,
            elapsed: run.elapsed,
        }
    }
}
