//! Files that this program wrote after a training: their metadata names the network, their tensors must agree.

use std::collections::BTreeMap;

use super::{Dialect, Recognised};
use crate::compute::weights::{Checkpoint, TrainedOn};
use crate::network::graph::Graph;
use crate::network::{lower, parse};

/// The network a file says it is of, if that is so.
pub(super) fn recognise(file: &Checkpoint) -> Option<Recognised> {
    let trained = TrainedOn::of(file)?;
    let spec = parse(&trained.spec).ok()?;
    let graph = lower(&spec).ok()?;
    let names: BTreeMap<String, String> =
        graph.params.iter().map(|param| (param.name.clone(), param.name.clone())).collect();
    agrees(&graph, file).then(|| Recognised {
        names,
        verdict: vec![trained.sentence()],
        ..Recognised::of(spec, graph, Dialect::Own)
    })
}

fn agrees(graph: &Graph, file: &Checkpoint) -> bool {
    let tensors = file.entries().iter().filter(|entry| !entry.is_counter()).count();
    let has = |(name, shape): (&str, &[usize])| file.entry(name).is_some_and(|entry| entry.shape == shape);
    tensors == graph.params.len() && graph.params.iter().all(|param| has((&param.name, &param.shape)))
}
