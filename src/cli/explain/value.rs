//! The JSON form: an object for one picture, a list for several.

use serde::Serialize;

use super::{Explained, card};
use crate::cli::asking::{Asking, GuessEntry, Reports};
use crate::cli::images::Skipped;
use crate::compute::explain::{Evidence, Target};

/// One picture.
#[derive(Serialize)]
pub(super) struct Report {
    network: String,
    image: String,
    trained: bool,
    top: Vec<GuessEntry>,
    targets: Vec<TargetEntry>,
    maps: Vec<MapEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<String>,
}

#[derive(Serialize)]
struct TargetEntry {
    class: String,
    name: String,
    logit: f32,
}

#[derive(Serialize)]
struct MapEntry {
    /// Its tensor's name in `--tensors`.
    tensor: String,
    method: &'static str,
    formula: &'static str,
    layer: Option<String>,
    class: Option<String>,
    size: [usize; 2],
    largest: Option<f32>,
    /// Row and column of the largest value.
    peak: Option<[usize; 2]>,
    /// Sums of the positive and of the negative values.
    positive: f64,
    negative: f64,
    sum: f64,
    done: f32,
    said: Vec<String>,
    /// Row-major; of a layer only, pixels are in `--tensors`.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<f32>>,
}

/// All pictures.
pub(super) fn reports(asking: &Asking, results: &[Explained], skipped: &[Skipped]) -> Reports<Report> {
    Reports::of(asking, results.iter().map(|result| report(asking, result)).collect(), skipped)
}

fn report(asking: &Asking, result: &Explained) -> Report {
    let labels = asking.labels();
    let target = |target: &Target| TargetEntry {
        class: target.to_string(),
        name: target.named(labels.as_ref()),
        logit: target.value(&result.logits),
    };
    Report {
        network: asking.setting.graph.name.clone(),
        image: result.image.clone(),
        trained: asking.setting.weights.is_trained(),
        top: asking.top(&result.logits),
        targets: result.targets.iter().map(target).collect(),
        maps: result.maps.iter().zip(&result.said).map(|(map, said)| entry(map, said)).collect(),
        refused: result.refused.clone(),
    }
}

fn entry(map: &Evidence, said: &[String]) -> MapEntry {
    let [positive, negative] = map.sides();
    let peak = map.peak();
    MapEntry {
        tensor: map.key(),
        method: map.method,
        formula: card(map).map_or("", |card| card.formula),
        layer: map.layer.as_ref().map(|layer| layer.name.clone()),
        class: map.target.map(|target| target.to_string()),
        size: map.size,
        largest: peak.map(|(value, _)| value),
        peak: peak.map(|(_, place)| place),
        positive,
        negative,
        sum: map.sum(),
        done: map.done,
        said: said.to_vec(),
        values: map.layer.as_ref().map(|_| map.values.clone()),
    }
}
