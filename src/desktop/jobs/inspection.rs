//! What an inspection found.

use std::borrow::Cow;
use std::sync::Arc;

use super::Answer;
use crate::compute::engine::{DeviceKind, GateValues, Run};
use crate::compute::explain::{GateMap, Lens, Slice, Stats};
use crate::compute::imaging::{Picture, Prepared};
use crate::compute::labels::{Labels, Reading};
use crate::compute::question::{PictureChoice, Question};
use crate::compute::weights::{TrainedOn, WeightsChoice};
use crate::network::Graph;
use crate::network::graph::Gate;

/// What a network did with a picture.
pub struct Inspection {
    /// What was asked.
    pub question: Question,
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
    /// What its classes are called, where its weights say so.
    pub labels: Option<Labels>,
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
    /// The weights it ran with.
    #[must_use]
    pub fn weights(&self) -> &WeightsChoice {
        &self.question.asked().weights
    }

    /// The picture it was asked about.
    #[must_use]
    pub fn asked_picture(&self) -> Option<&PictureChoice> {
        self.question.asked().picture.as_ref().map(|(picture, _)| picture)
    }

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
}

impl Answer for Inspection {
    /// Its gates and what was made of them, and its pictures, though others may share them.
    fn bytes(&self) -> usize {
        let gates: usize = self.run.gates.iter().map(|gate| size_of_val(&gate.values[..])).sum();
        let means: usize = self.means.iter().flatten().map(|mean| size_of_val(&mean.values[..])).sum();
        let seen = size_of_val(&self.prepared.tensor[..]) + self.prepared.crop.as_raw().len();
        gates + means + seen + self.picture.pixels.as_raw().len()
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
