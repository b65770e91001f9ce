//! Running a graph on an image: logits, every gate, and the outputs asked for.
//!
//! The graph says what to compute, a [`Plan`] in which steps, `kernels` how. A plan is made once for a graph and its
//! weights, and run as often as there are images; [`run`] does both for a caller who has one image.

mod control;
pub mod device;
mod held;
pub mod kernels;
mod plain;
mod plan;
mod profile;
mod share;
pub mod tape;
mod timing;

pub use control::Control;
pub use device::{DeviceError, DeviceKind, Runner};
pub use kernels::default_threads;
pub use kernels::threads::MAX_THREADS;
pub use plan::{Changes, KeptRun, Plan, PlanOptions, Step};
pub use profile::{Effort, Profile, profile};
pub use share::{AttentionShare, Part};
pub use timing::{Timing, gflops, measure};

use std::time::Duration;

pub use super::holds::{Hold, Holds};
use super::weights::Weights;
use crate::network::graph::{Graph, NodeId, Shape};

/// What a run gives.
#[derive(Clone, Debug)]
pub struct Run {
    /// The last node's output, `[classes]`, before any softmax.
    pub logits: Vec<f32>,
    /// What every gate multiplied with, in the order of the graph's gates.
    pub gates: Vec<GateValues>,
    /// The outputs asked for, in the order asked.
    pub taps: Vec<Tap>,
    /// How long it took.
    pub elapsed: Duration,
}

/// One gate's values, raw, 0..1.
#[derive(Clone, Debug, PartialEq)]
pub struct GateValues {
    /// Its own shape, see [`Graph::gate_shape`].
    pub shape: Shape,
    /// Row-major.
    pub values: Vec<f32>,
}

/// The output of a node that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Tap {
    /// Whose output it is.
    pub node: NodeId,
    /// `[C, H, W]` or `[C]`.
    pub shape: Shape,
    /// Row-major.
    pub values: Vec<f32>,
}

/// Why a run did not end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The image is not the network's input.
    #[error("{network} takes an image of {expected} ({} numbers) and got {found} numbers: prepare it for this input", expected.elements())]
    Image {
        /// The network.
        network: String,
        /// Its input, `[C, H, W]`.
        expected: Shape,
        /// How many numbers there were.
        found: usize,
    },
    /// The weights belong to another graph.
    #[error(
        "these weights were made for another network than {network} ({param} does not fit): make or open them for it"
    )]
    Weights {
        /// The network.
        network: String,
        /// The first parameter that does not fit.
        param: String,
    },
    /// A tap that is not in the graph.
    #[error("{network} has {nodes} nodes, there is no node {tap} to tap")]
    Tap {
        /// The network.
        network: String,
        /// The index asked for.
        tap: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// A class the network has not got.
    #[error("{network} has {classes} classes, there is no class {class}: name one below {classes}")]
    Class {
        /// The network.
        network: String,
        /// The class asked for.
        class: usize,
        /// How many there are.
        classes: usize,
    },
    /// A gradient that is not the logits'.
    #[error("{network} takes the gradient of {} logits and got {found} numbers", expected.elements())]
    Gradient {
        /// The network.
        network: String,
        /// The logits' shape.
        expected: Shape,
        /// How many numbers there were.
        found: usize,
    },
    /// A layer could not be computed.
    #[error("{network}: {node} ({op}): {reason}")]
    Node {
        /// The network.
        network: String,
        /// The layer's name.
        node: String,
        /// Its operator.
        op: &'static str,
        /// What went wrong.
        reason: String,
    },
    /// A gate that cannot be held so.
    #[error("{network}: {problem}")]
    Hold {
        /// The network.
        network: String,
        /// What is wrong.
        problem: String,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Runs a network on one image and keeps its logits, its gates and the outputs of `taps`.
///
/// `image` is `[C, H, W]`, row-major, normalised as the network was trained. Everything else is freed after its
/// last use.
///
/// # Errors
/// When image, weights or taps do not belong to the graph, a layer fails, or the caller cancels.
pub fn run(
    graph: &Graph,
    weights: &Weights,
    image: &[f32],
    taps: &[NodeId],
    control: &Control,
) -> Result<Run, EngineError> {
    if image.len() != graph.input().elements() {
        let network = graph.name.clone();
        return Err(EngineError::Image { network, expected: graph.input(), found: image.len() });
    }
    let plan = Plan::new(graph, weights, PlanOptions { taps: taps.to_vec(), ..PlanOptions::default() })?;
    plan.run_with(image, &weights.holds(graph), control)
}

#[cfg(test)]
mod tests;
