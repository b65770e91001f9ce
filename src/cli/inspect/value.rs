//! The JSON form of an inspection: an object for one image, an array for several.

use serde::Serialize;

use super::Setting;
use super::result::{self, Inspected};
use crate::cli::error::CliError;
use crate::cli::{mismatch, output};
use crate::compute::explain::{Lens, path_names};
use crate::network::graph::Gate;

#[derive(Serialize)]
struct Report<'a> {
    network: &'a str,
    image: String,
    weights: Loaded<'a>,
    top: Vec<GuessEntry<'a>>,
    gates: Vec<GateEntry<'a>>,
}

#[derive(Serialize)]
struct Loaded<'a> {
    source: String,
    matched: usize,
    missing: &'a [String],
    unexpected: &'a [String],
    mismatched: Vec<mismatch::MismatchEntry<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    verdict: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    non_finite: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    grafted: &'a [String],
}

#[derive(Serialize)]
struct GuessEntry<'a> {
    class: usize,
    label: Option<&'a str>,
    logit: f32,
    probability: f32,
}

#[derive(Serialize)]
struct GateEntry<'a> {
    name: &'a str,
    kind: &'static str,
    shape: &'a [usize],
    mean: f32,
    std: f32,
    min: f32,
    max: f32,
    /// Only of a gate over paths: what they are, and how much each has on average.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    paths: Vec<PathEntry>,
    /// Only there when true: the gate's attention is not from the file.
    #[serde(skip_serializing_if = "is_false")]
    grafted: bool,
}

#[derive(Serialize)]
struct PathEntry {
    path: String,
    mean: f32,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde passes references
fn is_false(value: &bool) -> bool {
    !value
}

/// Prints the reports.
///
/// # Errors
/// Standard output that cannot be written.
pub(super) fn print(setting: &Setting, results: &[Inspected]) -> Result<(), CliError> {
    match results {
        [one] => output::print_json(&report(setting, one)),
        several => output::print_json(&several.iter().map(|result| report(setting, result)).collect::<Vec<_>>()),
    }
}

fn paths(setting: &Setting, gate: &Gate, found: &result::GateResult) -> Vec<PathEntry> {
    let shares = Lens::of(&setting.graph, gate, &found.values).shares();
    path_names(&setting.graph, gate).into_iter().zip(shares).map(|(path, mean)| PathEntry { path, mean }).collect()
}

fn report<'a>(setting: &'a Setting, result: &'a Inspected) -> Report<'a> {
    let loaded = setting.weights.report();
    let gate = |(index, (gate, found)): (usize, (&'a Gate, &'a result::GateResult))| GateEntry {
        grafted: setting.is_grafted(index),
        name: &gate.name,
        kind: gate.kind.as_str(),
        shape: &found.shape,
        mean: found.stats.mean,
        std: found.stats.std,
        min: found.stats.min,
        max: found.stats.max,
        paths: paths(setting, gate, found),
    };
    Report {
        network: &setting.graph.name,
        image: result.path.display().to_string(),
        weights: Loaded {
            source: result::source(setting),
            matched: loaded.matched,
            missing: &loaded.missing,
            unexpected: &loaded.unexpected,
            mismatched: mismatch::entries(loaded),
            verdict: &loaded.verdict,
            non_finite: &loaded.non_finite,
            grafted: &loaded.grafted,
        },
        top: result
            .top
            .iter()
            .map(|guess| GuessEntry {
                class: guess.class,
                label: guess.label.as_deref(),
                logit: guess.logit,
                probability: guess.probability,
            })
            .collect(),
        gates: setting.graph.gates.iter().zip(&result.gates).enumerate().map(gate).collect(),
    }
}
