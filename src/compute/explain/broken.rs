//! Where numbers that are none come from: the first layer whose output has NaN or infinity.

use crate::compute::engine::{Control, Plan, PlanOptions};
use crate::compute::weights::Weights;
use crate::network::graph::{Graph, NodeId};

/// The most numbers of outputs that are looked at in one run.
const MOST: usize = 16 << 20;

/// Outputs that are no numbers, and where that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// How many of the outputs are NaN or infinite.
    pub outputs: usize,
    /// How many outputs there are.
    pub of: usize,
    /// Is one of them NaN? Else they are infinite.
    pub is_nan: bool,
    /// The first layer whose output has such a value, in execution order.
    pub layer: String,
    /// Is that layer's NaN? Else its values are infinite.
    pub layer_is_nan: bool,
    /// That layer's tensors which have such values themselves.
    pub weights: Vec<String>,
}

impl Broken {
    /// Looks for the place, where an output is no number; the network is run again for it, on the processor.
    ///
    /// `image` is what it was run on.
    #[must_use]
    pub fn find(graph: &Graph, weights: &Weights, image: &[f32], outputs: &[f32]) -> Option<Self> {
        let broken = outputs.iter().filter(|value| !value.is_finite()).count();
        if broken == 0 {
            return None;
        }
        let (node, layer_is_nan) = first_layer(graph, weights, image).unwrap_or((graph.output(), has_nan(outputs)));
        let params = graph[node].params.iter();
        let bad = params.filter(|param| weights.values(**param).iter().any(|value| !value.is_finite()));
        Some(Self {
            outputs: broken,
            of: outputs.len(),
            is_nan: has_nan(outputs),
            layer: graph[node].name.clone(),
            layer_is_nan,
            weights: bad.map(|param| graph.params[param.0].name.clone()).collect(),
        })
    }

    /// What is the matter, and why there is no ranking.
    #[must_use]
    pub fn sentence(&self) -> String {
        let kind = |is_nan| if is_nan { "NaN" } else { "infinite" };
        let (outputs, of, layer) = (self.outputs, self.of, &self.layer);
        let start = format!(
            "No ranking: {outputs} of {of} outputs are {}; the first layer with {} values is {layer}",
            kind(self.is_nan),
            kind(self.layer_is_nan)
        );
        match self.weights[..] {
            [] => format!("{start}."),
            _ => format!("{start}, whose own weights have them ({}).", self.weights.join(", ")),
        }
    }
}

/// Runs the network with its outputs kept, as many layers at a time as fit, until one is no number.
fn first_layer(graph: &Graph, weights: &Weights, image: &[f32]) -> Option<(NodeId, bool)> {
    let mut waiting: Vec<NodeId> = graph.node_ids().collect();
    while !waiting.is_empty() {
        let mut room = MOST;
        let fits = |node: &&NodeId| {
            let size = graph[**node].shape.elements();
            let fits = size <= room;
            room = room.saturating_sub(size);
            fits
        };
        let count = waiting.iter().take_while(fits).count().max(1);
        let taps = waiting.drain(..count).collect();
        let options = PlanOptions { taps, batch: 1, ..PlanOptions::default() };
        let run =
            Plan::new(graph, weights, options).ok()?.run_with(image, &weights.holds(graph), &Control::none()).ok()?;
        let broken = run.taps.into_iter().find(|tap| tap.values.iter().any(|value| !value.is_finite()));
        if let Some(tap) = broken {
            return Some((tap.node, has_nan(&tap.values)));
        }
    }
    None
}

fn has_nan(values: &[f32]) -> bool {
    values.iter().any(|value| value.is_nan())
}
