//! Binding a checkpoint to a graph, and saying what does not fit.

use candle_core::{Device, Tensor};

use super::checkpoint::fault::shown;
use super::{Checkpoint, LoadReport, Mismatch, WeightsError};
use crate::network::graph::{Graph, Op, Role};

/// Names shown of each kind before the message says how many there are.
const SHOWN: usize = 2;

/// Reads every tensor of the graph, or refuses the file as a whole.
pub(super) fn bind(graph: &Graph, file: &Checkpoint) -> Result<(Vec<Tensor>, LoadReport), WeightsError> {
    let mut report = compare(graph, file);
    if !(report.missing.is_empty() && report.unexpected.is_empty() && report.mismatched.is_empty()) {
        let message = message(graph, file, &report);
        return Err(WeightsError::Unfit { path: file.path().to_owned(), report: Box::new(report), message });
    }
    let mut tensors = Vec::with_capacity(graph.params.len());
    for param in &graph.params {
        // Present and of the right shape: `compare` found nothing else.
        let values = file.read(&param.name)?;
        if values.iter().any(|value| !value.is_finite()) {
            report.non_finite.push(param.name.clone());
        }
        let tensor = Tensor::from_vec(values, param.shape.as_slice(), &Device::Cpu).map_err(|error| {
            let reason = std::io::Error::other(format!("{}: {error}", param.name));
            WeightsError::Unreadable { path: file.path().to_owned(), reason }
        })?;
        tensors.push(tensor);
    }
    Ok((tensors, report))
}

/// Which tensors meet. `num_batches_tracked` is a counter of training steps: nothing reads it.
fn compare(graph: &Graph, file: &Checkpoint) -> LoadReport {
    let mut report = LoadReport::default();
    for param in &graph.params {
        match file.entry(&param.name) {
            None => report.missing.push(param.name.clone()),
            Some(entry) if entry.shape == param.shape => report.matched += 1,
            Some(entry) => report.mismatched.push(Mismatch {
                name: param.name.clone(),
                expected: param.shape.clone(),
                found: entry.shape.clone(),
            }),
        }
    }
    let known: std::collections::HashSet<&str> = graph.params.iter().map(|param| param.name.as_str()).collect();
    let unexpected = file.entries().iter().filter(|entry| !known.contains(entry.name.as_str()) && !entry.is_counter());
    report.unexpected = unexpected.map(|entry| entry.name.clone()).collect();
    report
}

/// One line: how many tensors do not fit, the first of them with their shapes, what to do.
fn message(graph: &Graph, file: &Checkpoint, report: &LoadReport) -> String {
    let mut parts = Vec::new();
    let shape_in_graph = |name: &String| graph.params.iter().find(|param| param.name == *name).map(|p| p.shape.clone());
    let shape_in_file = |name: &String| file.entry(name).map(|entry| entry.shape.clone());
    let with_shape =
        |name: &String, shape: Option<Vec<usize>>| format!("{} {:?}", shown(name), shape.unwrap_or_default());
    let missing = report.missing.iter().map(|name| with_shape(name, shape_in_graph(name)));
    let unexpected = report.unexpected.iter().map(|name| with_shape(name, shape_in_file(name)));
    let mismatched = report.mismatched.iter().map(|m| format!("{} is {:?}, not {:?}", m.name, m.found, m.expected));
    push(&mut parts, report.missing.len(), "missing", missing);
    push(&mut parts, report.unexpected.len(), "unexpected", unexpected);
    push(&mut parts, report.mismatched.len(), "of another shape", mismatched);
    format!("does not fit {}: {}; {}", graph.name, parts.join(", "), advice(graph, file, report))
}

fn push(parts: &mut Vec<String>, count: usize, what: &str, names: impl Iterator<Item = String>) {
    if count == 0 {
        return;
    }
    let mut shown: Vec<String> = names.take(SHOWN).collect();
    if count > SHOWN {
        shown.push("...".to_owned());
    }
    let tensors = if count == 1 { "tensor" } else { "tensors" };
    parts.push(format!("{count} {tensors} {what} ({})", shown.join(", ")));
}

/// What would most likely make the file fit.
fn advice(graph: &Graph, file: &Checkpoint, report: &LoadReport) -> String {
    let base = graph.name.split('+').next().unwrap_or_default();
    let in_file = attention_of(file.entries().iter().map(|entry| entry.name.as_str()));
    let in_graph = attention_of(graph.params.iter().map(|param| param.name.as_str()));
    if report.matched == 0 {
        return "no tensor has a name and shape of this network, give the network the file was saved from".to_owned();
    }
    if let Some(classes) = classes_in(graph, report) {
        return format!("the file has {classes} classes: set classes={classes}");
    }
    let is_attention = |name: &String| name.split('.').any(|module| matches!(module, "se" | "cbam"));
    match (in_file, in_graph) {
        (Some(found), wanted) if Some(found) != wanted => {
            format!("the file has attention tensors as {base}+{found} has: try that")
        }
        (None, Some(_)) => format!("the file has no attention tensors: try {base}"),
        (Some(_), _) if report.missing.iter().chain(&report.unexpected).all(is_attention) => {
            "its attention is in other blocks or of another size: check the places, r and k".to_owned()
        }
        _ => "give the network the file was saved from: depth, widths and attention must agree".to_owned(),
    }
}

/// The file's class count, if the classifier is all that differs.
fn classes_in(graph: &Graph, report: &LoadReport) -> Option<usize> {
    let classifier = graph.output();
    let is_classifier = |m: &Mismatch| graph.params.iter().any(|p| p.name == m.name && p.owner == classifier);
    let rest_fits = report.missing.is_empty() && report.unexpected.is_empty();
    let weight = graph.params.iter().find(|param| param.owner == classifier && param.role == Role::Weight)?;
    let mismatch = report.mismatched.iter().find(|mismatch| mismatch.name == weight.name)?;
    let is_linear = matches!(graph[classifier].op, Op::Linear { .. });
    let same_width = mismatch.found.get(1) == mismatch.expected.get(1);
    (is_linear && rest_fits && same_width && report.mismatched.iter().all(is_classifier))
        .then(|| mismatch.found.first().copied())
        .flatten()
}

/// The attention these tensor names speak of, as a spec would write it.
fn attention_of<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    const MARKS: [&str; 7] =
        [".ChannelGate.", ".SpatialGate.", ".se.channel.", ".se.spatial.", ".se.fc1.", ".se.fc.0.", ".se.conv.weight"];
    let mut seen = [false; MARKS.len()];
    for name in names {
        for (seen, mark) in seen.iter_mut().zip(MARKS) {
            *seen |= name.contains(mark);
        }
    }
    match seen {
        [true, true, ..] => Some("cbam"),
        [true, false, ..] => Some("cam"),
        [false, true, ..] => Some("sam"),
        [_, _, true, true, ..] => Some("cbam(variant=timm)"),
        [_, _, true, false, ..] => Some("cam(variant=timm)"),
        [_, _, false, true, ..] => Some("sam(variant=timm)"),
        [.., true, _, _] => Some("se"),
        [.., true, _] => Some("se(variant=nobias)"),
        [.., true] => Some("eca"),
        _ => None,
    }
}
