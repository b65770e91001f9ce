//! What an inspection found, and what it belongs to.

use std::sync::Arc;

use crate::compute::engine::{DeviceKind, Run};
use crate::compute::explain::Stats;
use crate::compute::imaging::{Picture, Prepared, Preprocessing};
use crate::compute::labels::Guess;
use crate::compute::weights::TrainedOn;
use crate::desktop::document::{Document, Network, PictureChoice, WeightsChoice};
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
    /// The five most probable classes.
    pub top: Vec<Guess>,
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
}
