//! Methods that say where the evidence for a class lies. Each is one file in `methods/` and a line in [`METHODS`].

use super::methods::{
    ablation_cam, cam, eigen_cam, grad_cam, grad_cam_plus_plus, hires_cam, input_gradient, integrated_gradients,
    layer_cam, score_cam, xgrad_cam,
};
use super::{Evidence, Layer, Look, Target};
use crate::compute::engine::EngineError;
use crate::network::suggest;

/// Every method, the one most people know first.
pub static METHODS: &[&dyn Explanation] = &[
    &grad_cam::GradCam,
    &hires_cam::HiResCam,
    &layer_cam::LayerCam,
    &grad_cam_plus_plus::GradCamPlusPlus,
    &xgrad_cam::XGradCam,
    &ablation_cam::AblationCam,
    &eigen_cam::EigenCam,
    &cam::Cam,
    &input_gradient::InputGradient,
    &integrated_gradients::IntegratedGradients,
    &score_cam::ScoreCam,
];

/// What there is to say about a method.
#[derive(Clone, Copy, Debug)]
pub struct MethodCard {
    /// The name it is asked for by: `gradcam`.
    pub name: &'static str,
    /// As people write it: `Grad-CAM`.
    pub title: &'static str,
    /// What it computes, as a formula.
    pub formula: &'static str,
    /// What it says, in a sentence.
    pub summary: &'static str,
    /// What to look out for, in a sentence.
    pub caution: &'static str,
    /// Where it was published.
    pub paper: &'static str,
    /// Is it of a layer's positions? Else it is of the pixels.
    pub is_of_layer: bool,
    /// Is it about a class?
    pub knows_class: bool,
    /// Does it run the network so often that it is asked for on purpose?
    pub is_slow: bool,
}

/// A method.
pub trait Explanation: Sync {
    /// What there is to say about it.
    fn card(&self) -> MethodCard;

    /// Why a layer cannot be looked at with it, if it cannot.
    fn refusal(&self, _look: &Look<'_>, _layer: &Layer) -> Option<String> {
        None
    }

    /// The map of a layer, or of the pixels, whatever the layer.
    ///
    /// # Errors
    /// As a run's.
    fn explain(&self, look: &mut Look<'_>, layer: &Layer, target: Target) -> Result<Evidence, EngineError>;
}

/// The method of this name.
///
/// # Errors
/// A sentence with the names there are.
pub fn method(name: &str) -> Result<&'static dyn Explanation, String> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "").replace("plusplus", "++");
    // As other tools call them.
    let name = match plain(name).as_str() {
        "integratedgradients" | "ig" => "integrated",
        "saliency" | "gradient" | "vanillagradient" => "inputgradient",
        _ => name,
    };
    let found = METHODS.iter().copied().find(|method| plain(method.card().name) == plain(name));
    found.ok_or_else(|| {
        let names: Vec<&str> = METHODS.iter().map(|method| method.card().name).collect();
        format!("{name}: no such method, {}", suggest::hint(name, &names))
    })
}

/// A map of a layer for a target.
pub(super) fn of_layer(card: MethodCard, look: &Look<'_>, layer: &Layer, target: Target, values: Vec<f32>) -> Evidence {
    let shape = look.shape(layer.node);
    Evidence {
        method: card.name,
        layer: Some(layer.clone()),
        target: card.knows_class.then_some(target),
        size: [shape.height(), shape.width()],
        values,
        done: 1.0,
        notes: Vec::new(),
    }
}

/// A map of the pixels for a target: the sum over the channels.
pub(super) fn of_pixels(card: MethodCard, look: &Look<'_>, target: Target, values: &[f32]) -> Evidence {
    let shape = look.graph().input();
    let mut sums = vec![0.0_f32; shape.positions()];
    for plane in values.chunks_exact(shape.positions().max(1)) {
        sums.iter_mut().zip(plane).for_each(|(sum, value)| *sum += value);
    }
    Evidence {
        method: card.name,
        layer: None,
        target: Some(target),
        size: [shape.height(), shape.width()],
        values: sums,
        done: 1.0,
        notes: Vec::new(),
    }
}

/// `Σ_k w_k A^k`, with one weight a channel.
pub(super) fn weighted(activation: &[f32], weights: &[f64], positions: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f64; positions];
    for (plane, weight) in activation.chunks_exact(positions.max(1)).zip(weights) {
        sums.iter_mut().zip(plane).for_each(|(sum, value)| *sum += weight * f64::from(*value));
    }
    sums.into_iter().map(|sum| sum as f32).collect()
}

/// `Σ_k w_k A^k`, where a channel's weight is made of its activations and their gradients.
pub(super) fn weighted_by(
    card: MethodCard,
    look: &mut Look<'_>,
    layer: &Layer,
    target: Target,
    weight: impl Fn(&[f32], &[f32]) -> f64,
) -> Result<Evidence, EngineError> {
    let (gradient, positions) = (look.gradient(layer.node, target)?, look.shape(layer.node).positions());
    let activation = look.activation(layer.node)?;
    let planes = activation.chunks_exact(positions).zip(gradient.chunks_exact(positions));
    let weights: Vec<f64> = planes.map(|(plane, gradient)| weight(plane, gradient)).collect();
    let values = weighted(activation, &weights, positions);
    Ok(of_layer(card, look, layer, target, values))
}

/// `Σ_k f(g^k) A^k`, position by position.
pub(super) fn products(activation: &[f32], gradient: &[f32], positions: usize, change: fn(f32) -> f32) -> Vec<f32> {
    let mut sums = vec![0.0_f64; positions];
    let planes = activation.chunks_exact(positions.max(1)).zip(gradient.chunks_exact(positions.max(1)));
    for (activation, gradient) in planes {
        for ((sum, value), gradient) in sums.iter_mut().zip(activation).zip(gradient) {
            *sum += f64::from(change(*gradient)) * f64::from(*value);
        }
    }
    sums.into_iter().map(|sum| sum as f32).collect()
}
