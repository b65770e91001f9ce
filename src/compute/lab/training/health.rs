//! Numbers that are none stop a run; this finds where they came from.

use crate::compute::engine::tape::{Parameters, Tape};
use crate::compute::engine::{Control, Holds, Plan, PlanOptions};
use crate::compute::weights::Source;
use crate::network::graph::{Graph, ParamId};

/// The first parameter with a gradient that is infinite or not a number.
pub(super) fn broken_gradient<'a>(graph: &'a Graph, tape: &Tape) -> Option<&'a str> {
    let broken = |index: &usize| !all_finite(tape.gradient(ParamId(*index)));
    (0..graph.params.len()).find(broken).map(|index| &*graph.params[index].name)
}

/// Where a loss that is none comes from: a parameter that is none, else the first layer whose output is none for one
/// of the images, else the classifier.
pub(super) fn broken_layer(graph: &Graph, parameters: &Parameters, images: &[f32]) -> String {
    let broken = |(_, values): &(usize, &Vec<f32>)| !all_finite(values);
    if let Some((index, _)) = parameters.values.iter().enumerate().find(broken) {
        return graph.params[index].name.clone();
    }
    let taps = graph.node_ids().collect();
    let options = PlanOptions { taps, batch: 1, threads: 1, keeps: false };
    let plan = Plan::new(graph, &parameters.weights(graph, Source::Seeded(0)), options).ok();
    let first = |image: &[f32]| {
        let run = plan.as_ref()?.run_with(image, &Holds::none(), &Control::none()).ok()?;
        run.taps.into_iter().find(|tap| !all_finite(&tap.values)).map(|tap| tap.node)
    };
    let node = images.chunks_exact(graph.input().elements()).find_map(first).unwrap_or(graph.output());
    graph[node].name.clone()
}

/// Without a branch a number: a gradient is looked at in every step.
fn all_finite(values: &[f32]) -> bool {
    values.iter().fold(0, |most, value| most.max(value.to_bits() & 0x7FFF_FFFF)) < 0x7F80_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_and_infinity_are_seen_anywhere() {
        assert!(all_finite(&[f32::MAX, -0.0, f32::MIN_POSITIVE]) && all_finite(&[]));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -f32::NAN] {
            assert!(!all_finite(&[0.0, 1.0, bad, 2.0]));
        }
    }
}
