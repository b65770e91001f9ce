//! What an inspection found, and what it belongs to.

use std::borrow::Cow;
use std::sync::Arc;

use crate::compute::engine::{DeviceKind, GateValues, Run};
use crate::compute::explain::{GateMap, Lens, Slice, Stats};
use crate::compute::imaging::{Picture, Prepared, Preprocessing};
use crate::compute::labels::Reading;
use crate::compute::weights::TrainedOn;
use crate::desktop::document::{Document, Network, PictureChoice, WeightsChoice};
use crate::network::graph::Gate;
use crate::network::{Graph, NetworkSpec};

/// What an inspection belongs to: it is valid for exactly this spec, these weights, this picture and its preparation.
#[derive(Clone, Debug, PartialEq)]
pub struct InspectionKey {
    /// The network.
    pub spec: NetworkSpec,
    /// Its weights.
    pub weights: WeightsChoice,
    /// The picture it saw.
    pub picture: PictureChoice,
    /// How the picture was prepared.
    pub preprocessing: Preprocessing,
}

impl InspectionKey {
    /// The key of a network in a document.
    #[must_use]
    pub fn of(network: &Network, document: &Document) -> Self {
        Self {
            spec: network.spec.clone(),
            weights: network.weights.clone(),
            picture: document.picture().clone(),
            preprocessing: network.preparation(),
        }
    }
}

/// What a network did with a picture.
pub struct Inspection {
    /// What it belongs to.
    pub key: InspectionKey,
    /// Where it ran.
    pub device: DeviceKind,
    /// The network that ran.
    pub graph: Arc<Graph>,
    /// Logits, gates, time.
    pub run: Run,
    /// Statistics by gate, in the graph's gate order.
    pub stats: Vec<Stats>,
    /// By gate: its mean over the picture, where that has to be worked out (a matrix has millions of values).
    pub means: Vec<Option<GateMap<'static>>>,
    /// What its outputs say: the five most probable classes, or why there are none.
    pub reading: Reading,
    /// The whole picture.
    pub picture: Arc<Picture>,
    /// What the network saw of it.
    pub prepared: Prepared,
    /// What the weights say they were trained on, if they do.
    pub trained_on: Option<TrainedOn>,
    /// By gate: its attention is not from the weights' file. Empty where everything is.
    pub grafted: Vec<bool>,
}

impl Inspection {
    /// Is this gate's attention not from the weights' file?
    #[must_use]
    pub fn is_grafted(&self, gate: usize) -> bool {
        self.grafted.get(gate).copied().unwrap_or(false)
    }

    /// A gate's values as what they are.
    #[must_use]
    pub fn lens(&self, gate: usize) -> Option<Lens<'_>> {
        Some(Lens::of(&self.graph, self.graph.gates.get(gate)?, &self.run.gates.get(gate)?.values))
    }

    /// A map or strip of a gate; the mean is not worked out again.
    #[must_use]
    pub fn map(&self, gate: usize, slice: Slice) -> Option<GateMap<'_>> {
        let known = self.means.get(gate).and_then(Option::as_ref).filter(|_| slice == Slice::Mean);
        match known {
            Some(mean) => Some(GateMap { size: mean.size, values: Cow::Borrowed(&mean.values) }),
            None => self.lens(gate)?.map(slice),
        }
    }

    /// How much memory its gates take, in bytes.
    #[must_use]
    pub fn gate_bytes(&self) -> usize {
        self.run.gates.iter().map(|gate| size_of_val(&gate.values[..])).sum()
    }
}

/// The means over the picture that are not the gates themselves.
pub(super) fn means(graph: &Graph, run: &Run) -> Vec<Option<GateMap<'static>>> {
    let mean = |(gate, found): (&Gate, &GateValues)| {
        let map = Lens::of(graph, gate, &found.values).map(Slice::Mean)?;
        matches!(map.values, Cow::Owned(_)).then(|| map.into_owned())
    };
    graph.gates.iter().zip(&run.gates).map(mean).collect()
}
