//! Binding a checkpoint to a graph, and saying what does not fit.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::checkpoint::fault::shown;
use super::recognise::beside::{is_beside, top};
use super::recognise::view::{Named, views};
use super::recognise::{Recognised, fits_by_graft, same_shape, same_tensors, sizes};
use super::{Checkpoint, Graft, LoadReport, Mapped, Mismatch, Tensor, WeightsError, init};
use crate::network::graph::{Graph, Op, Param, Role, ScopeId, ScopeKind};

/// Names shown of each kind before the message says how many there are.
const SHOWN: usize = 2;

/// Where a parameter of the graph is in the file.
type Names<'a> = dyn Fn(&'a str) -> Option<&'a str> + 'a;

/// Reads every tensor of the graph, or refuses the file as a whole. Names are the graph's, with or without what
/// wrappers put in front, or those of a dialect under which the file is recognised as this very network.
pub(super) fn bind(
    graph: &Graph,
    file: &Checkpoint,
    recognised: Option<&Recognised>,
) -> Result<(Vec<Tensor>, LoadReport), WeightsError> {
    let direct = compare(graph, file, &|name| Some(name), "");
    if direct.fits() {
        return read_as(graph, file, &|name| Some(name), ("", direct), recognised);
    }
    if let Some(found) = recognised.filter(|found| same_tensors(&found.graph, graph)) {
        let names = |name: &str| found.names.get(name).map(String::as_str);
        let report = compare(graph, file, &names, &found.prefix);
        return read_as(graph, file, &names, (&found.prefix, report), Some(found));
    }
    for (prefix, wrapped) in readings(graph, file) {
        let names = |name: &str| wrapped.get(name).map(String::as_str);
        let report = compare(graph, file, &names, &prefix);
        if report.fits() {
            return read_as(graph, file, &names, (&prefix, report), recognised);
        }
    }
    let message = message(graph, file, &direct, recognised);
    Err(WeightsError::Unfit { path: file.path().to_owned(), report: Box::new(direct), message })
}

/// Where the graph's parameters would be in the file behind each prefix that most of its tensors share.
fn readings(graph: &Graph, file: &Checkpoint) -> Vec<(String, BTreeMap<String, String>)> {
    let named: Vec<Named> = file.entries().iter().map(|entry| (entry.name.as_str(), entry.shape.as_slice())).collect();
    let mut prefixes: Vec<String> = views(&named).into_iter().map(|view| view.prefix).collect();
    prefixes.dedup();
    let place = |prefix: &str, name: &str| {
        let wrapped = format!("{prefix}{name}");
        if file.entry(&wrapped).is_some() { wrapped } else { name.to_owned() }
    };
    let names = |prefix: String| {
        let places = graph.params.iter().map(|param| (param.name.clone(), place(&prefix, &param.name))).collect();
        (prefix, places)
    };
    prefixes.into_iter().filter(|prefix| !prefix.is_empty()).map(names).collect()
}

/// Reads a file whose tensors fit, and says what it is.
fn read_as<'a>(
    graph: &'a Graph,
    file: &Checkpoint,
    names: &Names<'a>,
    (prefix, mut report): (&str, LoadReport),
    found: Option<&Recognised>,
) -> Result<(Vec<Tensor>, LoadReport), WeightsError> {
    let is_said = found.is_some();
    report.verdict = found.map(|found| verdict(graph, found)).unwrap_or_default();
    if let ([first, ..], false) = (report.left_over.as_slice(), is_said) {
        let count = report.left_over.len();
        report.verdict.push(format!("{count} tensors are no part of the network: {}, ...", shown(first)));
    }
    read(graph, file, names, (prefix, report))
}

/// Reads what the file has and leaves whole attention blocks out where it has nothing of them.
/// The third part says of each of the graph's gates whether it was left out.
pub(super) fn graft(
    graph: &Graph,
    file: &Checkpoint,
    recognised: Option<&Recognised>,
    graft: Graft,
) -> Result<(Vec<Tensor>, LoadReport, Vec<bool>), WeightsError> {
    let names = |name| match (file.entry(name), recognised) {
        (None, Some(found)) => found.names.get(name).map(String::as_str),
        _ => Some(name),
    };
    let prefix = recognised.map_or("", |found| found.prefix.as_str());
    let mut report = compare(graph, file, &names, prefix);
    let missing: HashSet<&str> = report.missing.iter().map(String::as_str).collect();
    let absent: HashSet<ScopeId> = graph
        .scope_ids()
        .filter(|id| matches!(graph[*id].kind, ScopeKind::Attention(_)))
        .filter(|id| params_in(graph, *id).all(|param| missing.contains(&*param.name)))
        .collect();
    let is_absent = |param: &Param| graph.ancestors(graph[param.owner].scope).any(|id| absent.contains(&id));
    let fresh: Vec<bool> = graph.params.iter().map(is_absent).collect();
    let excused: HashSet<&str> =
        graph.params.iter().zip(&fresh).filter(|(_, fresh)| **fresh).map(|(param, _)| &*param.name).collect();
    report.missing.retain(|name| !excused.contains(&**name));
    if !report.fits() {
        let message = message(graph, file, &report, None);
        return Err(WeightsError::Unfit { path: file.path().to_owned(), report: Box::new(report), message });
    }
    report.grafted = graph.scope_ids().filter(|id| absent.contains(id)).map(|id| graph[id].path.clone()).collect();
    report.verdict = recognised.map(|found| found.verdict.clone()).unwrap_or_default();
    report.seed = if let Graft::Seeded(seed) = graft { seed } else { 0 };
    report.verdict.push(grafted_sentence(graph, &report, graft));
    let (mut tensors, report) = read(graph, file, &names, (prefix, report))?;
    if graft == Graft::Identity
        && let Err(reason) = silence(graph, &absent, &mut tensors)
    {
        return Err(WeightsError::Unfit { path: file.path().to_owned(), report: Box::new(report), message: reason });
    }
    let gates = graph.gates.iter().map(|gate| graph.ancestors(gate.scope).any(|id| absent.contains(&id))).collect();
    Ok((tensors, report, gates))
}

fn params_in(graph: &Graph, scope: ScopeId) -> impl Iterator<Item = &Param> {
    graph.params.iter().filter(move |param| graph.is_within(graph[param.owner].scope, scope))
}

fn grafted_sentence(graph: &Graph, report: &LoadReport, graft: Graft) -> String {
    let blocks = match report.grafted.len() {
        0 => return format!("the file has every tensor of {}: nothing was grafted", graph.name),
        1 => "1 attention block".to_owned(),
        several => format!("{several} attention blocks"),
    };
    match graft {
        Graft::Identity => format!("grafted: {}, the network computes as without", at_rest(graph, &blocks)),
        Graft::Seeded(seed) => format!("grafted: {blocks} untrained, random numbers of seed {seed}"),
    }
}

/// How blocks are kept from changing anything: gates at 1 where all multiply.
fn at_rest(graph: &Graph, blocks: &str) -> String {
    match graph.gates.iter().all(|gate| gate.neutral == Some(1.0)) {
        true => format!("the gates of {blocks} are 1 everywhere"),
        false => format!("{blocks} held where nothing changes"),
    }
}

/// Attention that no gate can turn off: nothing is added if its last layer with parameters gives zeros. What takes a
/// convolution's place cannot be turned off at all.
fn silence(graph: &Graph, absent: &HashSet<ScopeId>, tensors: &mut [Tensor]) -> Result<(), String> {
    for scope in graph.scope_ids().filter(|id| absent.contains(id)) {
        if graph.gates_in(scope).any(|(_, gate)| gate.neutral.is_some()) {
            continue;
        }
        let last = graph.nodes_in(scope).filter(|id| !graph[*id].params.is_empty()).last();
        let (part, output) = (&graph[scope], &graph[graph[scope].output]);
        let is_added = output.op == Op::Add && part.input.is_some_and(|input| output.inputs.contains(&input));
        let Some(last) = last.filter(|_| is_added) else {
            return Err(format!("nothing makes {} at {} the identity, graft it untrained", part.label, part.path));
        };
        for param in graph[last].params.iter().filter(|param| graph[**param].role.is_parameter()) {
            let values = &mut tensors[param.0].values;
            *values = Arc::new(vec![0.0; values.len()]);
        }
    }
    Ok(())
}

/// Reads every parameter that has a name in the file; the others get their seeded numbers.
fn read<'a>(
    graph: &'a Graph,
    file: &Checkpoint,
    names: &Names<'a>,
    (prefix, mut report): (&str, LoadReport),
) -> Result<(Vec<Tensor>, LoadReport), WeightsError> {
    let mut tensors = Vec::with_capacity(graph.params.len());
    let mut dtypes: BTreeMap<String, usize> = BTreeMap::new();
    for param in &graph.params {
        // `compare` found no other shape under this name.
        let Some(entry) = names(&param.name).and_then(|name| file.entry(name)) else {
            tensors.push(init::tensor(graph, param, report.seed));
            continue;
        };
        let values = file.read(&entry.name)?;
        if values.iter().any(|value| !value.is_finite()) {
            report.non_finite.push(param.name.clone());
        }
        *dtypes.entry(entry.dtype.to_string()).or_default() += 1;
        let is_renamed = entry.name != param.name && entry.name.strip_prefix(prefix) != Some(param.name.as_str());
        report.mapped.push(Mapped { file: entry.key.clone(), name: param.name.clone(), is_renamed });
        let tensor = Tensor::new(&param.shape, values).ok_or_else(|| {
            let reason = std::io::Error::other(format!("{}: another length than its shape", param.name));
            WeightsError::Unreadable { path: file.path().to_owned(), reason }
        })?;
        tensors.push(tensor);
    }
    report.dtypes = dtypes.into_iter().collect();
    Ok((tensors, report))
}

/// Which tensors meet. `num_batches_tracked` is a counter of training steps: nothing reads it. What is behind no
/// prefix while the network is behind one, and what is no weight, is left over.
fn compare<'a>(graph: &'a Graph, file: &Checkpoint, names: &Names<'a>, prefix: &str) -> LoadReport {
    let mut report = LoadReport::default();
    let mut known: HashSet<&str> = HashSet::new();
    for param in &graph.params {
        let name = names(&param.name);
        known.extend(name);
        // Under another name a linear layer may be a 1×1 convolution.
        let may_differ = name.is_some_and(|name| name != param.name);
        match name.and_then(|name| file.entry(name)) {
            None => report.missing.push(param.name.clone()),
            Some(entry) if entry.shape == param.shape => report.matched += 1,
            Some(entry) if may_differ && same_shape(&entry.shape, &param.shape) => report.matched += 1,
            Some(entry) => report.mismatched.push(Mismatch {
                name: param.name.clone(),
                expected: param.shape.clone(),
                found: entry.shape.clone(),
            }),
        }
    }
    let inside = |name: &'a str| name.strip_prefix(prefix).unwrap_or(name);
    let tops: BTreeSet<&str> =
        graph.params.iter().filter_map(|param| names(&param.name)).map(|name| top(inside(name))).collect();
    for entry in file.entries().iter().filter(|entry| !known.contains(entry.name.as_str()) && !entry.is_counter()) {
        let is_outside = !entry.name.starts_with(prefix) && !tops.contains(top(&entry.name));
        let name = entry.name.strip_prefix(prefix).unwrap_or(&entry.name);
        match is_outside || is_beside(name, &entry.shape, &tops) {
            true => report.left_over.push(entry.name.clone()),
            false => report.unexpected.push(entry.name.clone()),
        }
    }
    report
}

/// What the file is, and under which network it was loaded if that is another.
fn verdict(graph: &Graph, found: &Recognised) -> Vec<String> {
    let mut sentences = found.verdict.clone();
    if found.graph.name != graph.name {
        sentences.push(format!("loaded as {}; the file alone reads as {}", graph.name, found.graph.name));
    }
    sentences
}

/// One line: how many tensors do not fit, the first of them with their shapes, what to do.
fn message(graph: &Graph, file: &Checkpoint, report: &LoadReport, recognised: Option<&Recognised>) -> String {
    let mut parts = Vec::new();
    let shape_in_graph = |name: &String| graph.params.iter().find(|param| param.name == *name).map(|p| p.shape.clone());
    let shape_in_file = |name: &String| file.entry(name).map(|entry| entry.shape.clone());
    let with_shape =
        |name: &String, shape: Option<Vec<usize>>| format!("{} {}", shown(name), sizes(&shape.unwrap_or_default()));
    let missing = report.missing.iter().map(|name| with_shape(name, shape_in_graph(name)));
    let unexpected = report.unexpected.iter().map(|name| with_shape(name, shape_in_file(name)));
    let other = |m: &Mismatch| format!("{} is {}, not {}", shown(&m.name), sizes(&m.found), sizes(&m.expected));
    let mismatched = report.mismatched.iter().map(other);
    push(&mut parts, report.missing.len(), "missing", missing);
    push(&mut parts, report.unexpected.len(), "unexpected", unexpected);
    push(&mut parts, report.mismatched.len(), "of another shape", mismatched);
    format!("does not fit {}: {}; {}", graph.name, parts.join(", "), advice(graph, report, recognised))
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
fn advice(graph: &Graph, report: &LoadReport, recognised: Option<&Recognised>) -> String {
    if let Some(classes) = classes_in(graph, report) {
        return format!("the file has {classes} classes: set classes={classes}");
    }
    match recognised {
        Some(found) if fits_by_graft(&found.graph, graph) => {
            format!("the file is {}: try that, or graft it under this network (--graft)", found.spec)
        }
        Some(found) => format!("the file is {}: try that", found.spec),
        None if report.matched == 0 => {
            "no tensor has a name and shape of this network, give the network the file was saved from".to_owned()
        }
        None => "give the network the file was saved from: depth, widths and attention must agree".to_owned(),
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
