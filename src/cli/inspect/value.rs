//! The JSON form of an inspection: an object for one image, an array for several.

use serde::Serialize;

use super::result::{self, Inspected};
use super::{All, Setting};
use crate::cli::error::CliError;
use crate::cli::images::Skipped;
use crate::cli::{doubts, mismatch, output};
use crate::compute::explain::{Lens, Stats, path_names};
use crate::compute::imaging::{Change, Preprocessing};
use crate::compute::labels::{Activation, Features};
use crate::network::graph::Gate;

#[derive(Serialize)]
struct Report<'a> {
    network: &'a str,
    image: String,
    picture: PictureEntry,
    preprocessing: Prepared<'a>,
    weights: Loaded<'a>,
    /// What the file leaves open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    doubts: Vec<doubts::DoubtEntry<'a>>,
    /// What makes probabilities of logits; only where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    activation: Option<&'static str>,
    top: Vec<GuessEntry<'a>>,
    /// Only there when outputs are no numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    nan: Option<NanEntry<'a>>,
    /// Only of a network without classifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<FeaturesEntry>,
    gates: Vec<GateEntry<'a>>,
}

/// The picture as it was decoded.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "what happened or did not, by its name in the JSON")]
struct PictureEntry {
    width: u32,
    height: u32,
    orientation_applied: bool,
    transparency_dropped: bool,
    first_frame_of_several: bool,
    reduced_to_8_bits: bool,
}

/// Everything that was done to the picture; `flags` do it again.
#[derive(Serialize)]
struct Prepared<'a> {
    source: &'a str,
    input_size: [usize; 3],
    resize: usize,
    crop_mode: &'static str,
    /// The picture's height and width after resizing.
    resized: [usize; 2],
    /// Height and width.
    crop: [usize; 2],
    interpolation: &'static str,
    rescale_factor: f64,
    mean: [f32; 3],
    std: [f32; 3],
    flags: Vec<String>,
}

#[derive(Serialize)]
struct NanEntry<'a> {
    /// The first layer whose output is no number.
    layer: &'a str,
    /// That layer's tensors which are none themselves.
    weights: &'a [String],
    outputs: usize,
    of: usize,
    kind: &'static str,
    sentence: String,
}

#[derive(Serialize)]
struct FeaturesEntry {
    count: usize,
    zeros: usize,
    mean: f32,
    std: f32,
    min: f32,
    max: f32,
}

#[derive(Serialize)]
struct Loaded<'a> {
    source: String,
    matched: usize,
    missing: &'a [String],
    unexpected: &'a [String],
    mismatched: Vec<mismatch::MismatchEntry<'a>>,
    /// Tensors of the file that are none of the network's.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    left_over: &'a [String],
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
pub(super) fn print(setting: &Setting, all: &All) -> Result<(), CliError> {
    let reports = all.results.iter().map(|result| Entry::Report(Box::new(report(setting, result))));
    let left_out = |skipped: &Skipped| Entry::LeftOut {
        image: skipped.path.display().to_string(),
        left_out: skipped.reason.clone(),
    };
    match (all.results, all.are_several) {
        ([one], false) => output::print_json(&report(setting, one)),
        _ => output::print_json(&reports.chain(all.skipped.iter().map(left_out)).collect::<Vec<_>>()),
    }
}

/// What stands for an image in the list: what was found, or at the end of the list why it is left out.
#[derive(Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    Report(Box<Report<'a>>),
    LeftOut { image: String, left_out: String },
}

fn paths(setting: &Setting, gate: &Gate, found: &result::GateResult) -> Vec<PathEntry> {
    let shares = Lens::of(&setting.graph, gate, &found.values).shares();
    path_names(&setting.graph, gate).into_iter().zip(shares).map(|(path, mean)| PathEntry { path, mean }).collect()
}

fn picture(result: &Inspected) -> PictureEntry {
    let [width, height] = result.size;
    let has = |change: Change| result.changes.contains(&change);
    PictureEntry {
        width,
        height,
        orientation_applied: has(Change::Oriented),
        transparency_dropped: has(Change::TransparencyDropped),
        first_frame_of_several: has(Change::FirstFrame),
        reduced_to_8_bits: has(Change::Depth),
    }
}

fn prepared<'a>(setting: &'a Setting, result: &Inspected) -> Prepared<'a> {
    let Preprocessing { resize, crop_mode, crop, channels, interpolation, mean, std } = setting.preprocessing;
    let [width, height] = result.size.map(|side| side as usize);
    let numbers = |values: [f32; 3]| values.map(|value| value.to_string()).join(",");
    let flags = [
        ("--config", "none".to_owned()),
        ("--set", format!("input={channels}x{}x{}", crop[0], crop[1])),
        ("--resize", resize.to_string()),
        ("--crop-mode", crop_mode.as_str().to_owned()),
        ("--interpolation", interpolation.as_str().to_owned()),
        ("--mean", numbers(mean)),
        ("--std", numbers(std)),
    ];
    Prepared {
        source: &setting.prepared_by,
        input_size: [channels, crop[0], crop[1]],
        resize,
        crop_mode: crop_mode.as_str(),
        resized: setting.preprocessing.resized([height, width]),
        crop,
        interpolation: interpolation.as_str(),
        rescale_factor: 1.0 / 255.0,
        mean,
        std,
        flags: flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect(),
    }
}

fn nan(activation: &Activation) -> Option<NanEntry<'_>> {
    let Activation::Broken(broken) = activation else { return None };
    Some(NanEntry {
        layer: &broken.layer,
        weights: &broken.weights,
        outputs: broken.outputs,
        of: broken.of,
        kind: if broken.is_nan { "NaN" } else { "infinity" },
        sentence: broken.sentence(),
    })
}

fn features(activation: &Activation) -> Option<FeaturesEntry> {
    let Activation::Features(Features { count, zeros, stats }) = *activation else { return None };
    let Stats { mean, std, min, max } = stats;
    Some(FeaturesEntry { count, zeros, mean, std, min, max })
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
            source: setting.source(),
            matched: loaded.matched,
            missing: &loaded.missing,
            unexpected: &loaded.unexpected,
            mismatched: mismatch::entries(loaded),
            left_over: &loaded.left_over,
            verdict: &loaded.verdict,
            non_finite: &loaded.non_finite,
            grafted: &loaded.grafted,
        },
        doubts: doubts::entries(&setting.doubts),
        picture: picture(result),
        preprocessing: prepared(setting, result),
        activation: result.reading.activation_name(),
        nan: nan(&result.reading.activation),
        features: features(&result.reading.activation),
        top: result
            .reading
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
