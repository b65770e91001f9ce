//! What is kept of an inspected image.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Setting;
use crate::compute::engine::{Run, Tap};
use crate::compute::explain::{Broken, Stats};
use crate::compute::imaging::{Change, Picture, Prepared};
use crate::compute::labels::Reading;
use crate::compute::weights::Source;
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

/// Where the weights come from, in the words every output uses.
pub(super) fn source(setting: &Setting) -> String {
    match setting.weights.source() {
        Source::Seeded(seed) => format!("seeded (untrained, seed {seed})"),
        Source::File(path) => path.display().to_string(),
    }
}

/// Which tensors of the file have values that are no numbers, if any.
pub(super) fn non_finite(setting: &Setting) -> Option<String> {
    const NAMED: usize = 3;
    let names = &setting.weights.report().non_finite;
    let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    (!names.is_empty()).then(|| format!("{} of them have NaN or infinite values: {shown}{more}", names.len()))
}

/// A short name for each path: its file stem in harmless characters, numbered where two are alike.
pub(super) fn short_names(paths: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(paths.len());
    for path in paths {
        let stem = path.file_stem().map_or_else(|| "image".into(), |stem| stem.to_string_lossy());
        let base = harmless(&stem);
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let free = std::iter::once(base.clone()).chain(numbered).find(|name| !is_taken(&names, name));
        names.push(free.unwrap_or(base));
    }
    names
}

/// Some file systems do not tell upper case from lower case.
fn is_taken(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Letters, digits, `-`, `_` and inner dots; everything else becomes `_`.
pub(super) fn harmless(name: &str) -> String {
    let name: String = name
        .chars()
        .take(100)
        .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' })
        .collect();
    let name = name.trim_matches('.');
    if name.is_empty() { "image".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_stay_in_their_folder() {
        let paths = ["a/cat.png", "b/Cat.jpg", "b/cat.png", "..", "a/..b/x y.png"].map(PathBuf::from);
        assert_eq!(short_names(&paths), ["cat", "Cat-2", "cat-3", "image", "x_y"]);
        assert_eq!(harmless("../../etc"), "_.._etc");
    }
}
