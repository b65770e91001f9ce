//! A plan in words.

use std::fmt;

use super::slots::Slots;
use super::work::{Fused, Work};
use super::{Plan, Prepared, Step};
use crate::compute::engine::kernels::conv::Algorithm;
use crate::compute::engine::kernels::pool::Reduction;
use crate::network::cost::Ledger;
use crate::network::graph::{Graph, NodeId, Op, ScopeKind};

/// What people see of a step.
pub(super) fn step(
    graph: &Graph,
    ledger: &Ledger,
    fused: &Fused,
    prepared: &Prepared,
    batch: usize,
    slots: &Slots,
) -> Step {
    let slot = |node: &NodeId| slots.of[node.0];
    let inputs = fused.work.inputs(graph);
    let numbers = |nodes: &[NodeId]| nodes.iter().map(|node| graph[*node].shape.elements() * batch).sum::<usize>();
    let weight_bytes = match prepared {
        Prepared::Conv(conv) => conv.bytes(),
        Prepared::Pair(pair) => pair.bytes(),
        Prepared::Affine(affine) => size_of_val(affine.as_slice()),
        Prepared::Planar { weight, bias, .. } | Prepared::Plain { weight, bias } => {
            (weight.len() + bias.len()) * size_of::<f32>()
        }
        Prepared::Nothing => 0,
    };
    let mut reads: Vec<usize> = inputs.iter().filter_map(slot).collect();
    reads.sort_unstable();
    reads.dedup();
    Step {
        name: name(graph, fused),
        kernel: kernel(graph, fused, prepared),
        shape: graph[fused.outputs[0]].shape,
        macs: fused.nodes.iter().map(|node| ledger.layer(*node).macs).sum::<u64>() * batch as u64,
        bytes: ((numbers(&inputs) + numbers(&fused.outputs)) * size_of::<f32>() + weight_bytes) as u64,
        weight_bytes: weight_bytes as u64,
        is_attention: is_attention(graph, fused.nodes[0]),
        reads,
        writes: fused.outputs.iter().filter_map(slot).collect(),
        nodes: fused.nodes.clone(),
    }
}

/// Does a layer belong to an attention block?
pub(in crate::compute::engine) fn is_attention(graph: &Graph, node: NodeId) -> bool {
    graph.ancestors(graph[node].scope).any(|scope| matches!(graph[scope].kind, ScopeKind::Attention(_)))
}

/// The first layer's full name; of the others, what they do not share with it.
fn name(graph: &Graph, fused: &Fused) -> String {
    let first = graph[fused.nodes[0]].name.as_str();
    let scope = first.rfind('.').map_or("", |dot| &first[..=dot]);
    let others = fused.nodes[1..].iter().map(|node| {
        let name = graph[*node].name.as_str();
        let short = || name.rsplit('.').next().unwrap_or(name);
        name.strip_prefix(scope).filter(|rest| !rest.contains('.')).unwrap_or_else(short)
    });
    std::iter::once(first).chain(others).collect::<Vec<_>>().join(" + ")
}

fn kernel(graph: &Graph, fused: &Fused, prepared: &Prepared) -> String {
    let statistics = |reductions: &[Reduction]| {
        let words: Vec<&str> =
            reductions.iter().map(|reduction| if *reduction == Reduction::Max { "max" } else { "mean" }).collect();
        words.join(" and ")
    };
    match &fused.work {
        Work::Input => "image".to_owned(),
        Work::Conv { part, .. } => convolution(&graph[part.layer].op, prepared),
        Work::Pair { parts, .. } => {
            let [first, second] = parts.map(|part| convolution(&graph[part.layer].op, prepared));
            format!("{first}, {second} grouped")
        }
        Work::Gating { map, spatial, residual, relu } => {
            let parts = [
                (map.gate.is_some(), "channel gate"),
                (spatial.is_some(), "spatial gate"),
                (residual.is_some(), "add"),
                (*relu, "relu"),
            ];
            let words: Vec<&str> = parts.iter().filter(|(is_there, _)| *is_there).map(|(_, word)| *word).collect();
            if words.is_empty() { "copy".to_owned() } else { words.join(", ") }
        }
        Work::OverPositions { reductions, .. } => format!("{} over positions", statistics(reductions)),
        Work::OverChannels { map, reductions } => {
            let gate = if map.gate.is_some() { "channel gate, " } else { "" };
            format!("{gate}{} over channels", statistics(reductions))
        }
        Work::Pool { layer, .. } => graph[*layer].op.detail(),
        Work::Activation { activation, .. } => activation.name().to_owned(),
        Work::Channels { .. } => "channels".to_owned(),
        Work::Plain { layer } => format!("{} (plain)", graph[*layer].op.name()),
    }
}

fn convolution(op: &Op, prepared: &Prepared) -> String {
    let kernel = match op {
        Op::Conv2d(conv) => format!("conv {}×{}", conv.kernel[0], conv.kernel[1]),
        _ => "linear".to_owned(),
    };
    match prepared {
        Prepared::Planar { .. } => format!("{kernel} planar"),
        Prepared::Conv(conv) if conv.algorithm() != Algorithm::Direct => format!("{kernel} {}", conv.algorithm()),
        _ => kernel,
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let images = if self.batch == 1 { "image" } else { "images" };
        let threads = if self.threads() == 1 { "thread" } else { "threads" };
        writeln!(f, "{}: {} {images}, {} {threads}, {}", self.network, self.batch, self.threads(), self.isa())?;
        for step in &self.steps {
            writeln!(f, "{:60} {:28} {:>14} {:>13} MACs", step.name, step.kernel, step.shape.to_string(), step.macs)?;
        }
        write!(f, "{} bytes of weights, {} of buffers", self.weight_bytes(), self.buffer_bytes().iter().sum::<u64>())
    }
}
