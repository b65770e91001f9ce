//! Grad-CAM: where the evidence for a class lies.
//!
//! Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017.

use crate::compute::engine::EngineError;
use crate::compute::engine::tape::{Mode, Parameters, Tape, TapeOptions};
use crate::compute::weights::Weights;
use crate::network::graph::{Graph, NodeId, Shape};

/// The class activation map of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassMap {
    /// The layer whose output was looked at.
    pub node: NodeId,
    /// `[H, W]`.
    pub shape: Shape,
    /// `ReLU(Σ_c α_c A_c)`, `α_c` the mean gradient of the class's logit over channel `c`; row-major, not normalised.
    pub values: Vec<f32>,
}

/// The maps of one image for one class.
#[derive(Clone, Debug, PartialEq)]
pub struct GradCam {
    /// The class they are for.
    pub class: usize,
    /// The logits, `[classes]`.
    pub logits: Vec<f32>,
    /// One for each node asked for, in the order asked.
    pub maps: Vec<ClassMap>,
}

/// Maps for several nodes from one pass forward and one back.
///
/// `image` is `[C, H, W]`, normalised as the network was trained; the class is the one with the largest logit unless
/// another is named.
///
/// # Errors
/// When image, weights, nodes or class do not belong to the graph.
pub fn grad_cam(
    graph: &Graph,
    weights: &Weights,
    image: &[f32],
    class: Option<usize>,
    nodes: &[NodeId],
    threads: usize,
) -> Result<GradCam, EngineError> {
    let options = eval_options(nodes, threads);
    let mut tape = Tape::new(graph, options)?;
    let mut parameters = Parameters::of(graph, weights);
    let logits = tape.forward(&mut parameters, image, &weights.holds(graph))?;
    let class = class.unwrap_or_else(|| largest(&logits));
    let mut gradient = vec![0.0; logits.len()];
    match gradient.get_mut(class) {
        Some(gradient) => *gradient = 1.0,
        None => return Err(EngineError::Class { network: graph.name.clone(), class, classes: logits.len() }),
    }
    tape.backward(&parameters, &gradient)?;
    let map = |node: &NodeId| class_map(graph, &tape, *node);
    Ok(GradCam { class, logits, maps: nodes.iter().map(map).collect() })
}

/// A tape for one image that learns nothing.
fn eval_options(nodes: &[NodeId], threads: usize) -> TapeOptions {
    TapeOptions { batch: 1, threads, mode: Mode::Eval, learns: false, taps: nodes.to_vec(), gates: true }
}

fn largest(logits: &[f32]) -> usize {
    let better = |best: usize, index: usize| if logits[index] > logits[best] { index } else { best };
    (0..logits.len()).reduce(better).unwrap_or(0)
}

fn class_map(graph: &Graph, tape: &Tape, node: NodeId) -> ClassMap {
    let shape = graph[node].shape;
    let plane = (shape.height() * shape.width()).max(1);
    let (activation, gradient) = (tape.activation(node, 0), tape.tap_gradient(node, 0));
    let mut values = vec![0.0_f32; plane];
    for (activation, gradient) in activation.chunks_exact(plane).zip(gradient.chunks_exact(plane)) {
        let weight = gradient.iter().sum::<f32>() / plane as f32;
        values.iter_mut().zip(activation).for_each(|(value, activation)| *value += weight * activation);
    }
    for value in &mut values {
        *value = value.max(0.0);
    }
    ClassMap { node, shape: Shape::plane(shape.height(), shape.width()), values }
}
