//! Arithmetic that tensors do not show: the same names and shapes, computed otherwise. Options of every family that
//! has what they change; the builder follows them wherever a layer is added.

use super::{Family, shared};
use crate::network::graph::{HeadPool, Numerics, Op};
use crate::network::options::{Declared, Field, Kind, Options};

/// What a model computes with when nothing is said; what it does not have is empty or false.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each says whether a model has one option")]
pub struct Arithmetic {
    /// What every BatchNorm adds to the variance: `1e-5`.
    pub eps: &'static str,
    /// The activation, by its name in [`ACTIVATIONS`].
    pub act: &'static str,
    /// Can strided convolutions be padded as TensorFlow does?
    pub pads: bool,
    /// Does it end with a global pooling?
    pub pools: bool,
    /// Can it dilate instead of striding, by [`Lowering::strided`](super::Lowering)? ResNets have an option of their own.
    pub dilates: bool,
    /// Has it been published with an image that is normalised a second time?
    pub renormalises: bool,
}

impl Arithmetic {
    /// A global mean at the end, BatchNorms with this epsilon, this activation.
    pub(super) const fn of(eps: &'static str, act: &'static str) -> Self {
        Self { eps, act, pads: false, pools: true, dilates: false, renormalises: false }
    }

    /// The same where TensorFlow's weights are published too.
    pub(super) const fn padded(self) -> Self {
        Self { pads: true, ..self }
    }

    /// The same where the last stages can be dilated.
    pub(super) const fn dilated(self) -> Self {
        Self { dilates: true, ..self }
    }

    /// The same with torchvision's `transform_input`.
    pub(super) const fn renormalised(self) -> Self {
        Self { renormalises: true, ..self }
    }
}

/// Activations by the names people type.
const ACTIVATIONS: [(&str, Op); 4] =
    [("relu", Op::Relu), ("relu6", Op::Relu6), ("silu", Op::Silu), ("hardswish", Op::HardSwish)];

const PADDING: Field = Field {
    key: "padding",
    long: "padding",
    help: "of convolutions that stride: symmetric (PyTorch), same (TensorFlow: the odd zero below and on the right)",
    kind: Kind::Word(&["symmetric", "same"]),
};
const EPS: Field = Field {
    key: "eps",
    long: "batch_norm_eps",
    help: "what BatchNorm adds to the variance: 1e-5 (PyTorch), 1e-3 (TensorFlow)",
    kind: Kind::Small,
};
const ACTIVATION: Field = Field {
    key: "act",
    long: "activation",
    help: "the activation everywhere but in attention that was added: no tensor shows it",
    kind: Kind::Word(&["relu", "relu6", "silu", "hardswish"]),
};
const HEAD: Field = Field {
    key: "head",
    long: "head_pooling",
    help: "pooling before the classifier: avg, max, avgmax (half their sum), catavgmax (both, twice as long)",
    kind: Kind::Word(&["avg", "max", "avgmax", "catavgmax"]),
};
/// What keeps the last map large, as segmentation backbones have it.
pub(super) const OUTPUT_STRIDE: Field = Field {
    key: "output_stride",
    long: "output_stride",
    help: "pixels between two positions of the last map: 32; 16 and 8 dilate the last stages instead of striding",
    kind: Kind::OneOf(&[32, 16, 8]),
};
const TRANSFORM: Field = Field {
    key: "transform_input",
    long: "transform_input",
    help: "yes: a picture normalised with ImageNet's mean and deviation becomes one with 0.5 and 0.5 (torchvision's \
           published weights)",
    kind: Kind::Word(&["no", "yes"]),
};

/// ImageNet's mean and deviation by channel, and what the network wants instead.
const IMAGENET: [(f32, f32); 3] = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)];
const HALF: f32 = 0.5;

/// The options of a model: its family's, and those of its arithmetic.
#[must_use]
pub fn options(family: &dyn Family, model: &str) -> Vec<Declared> {
    let Arithmetic { eps, act, pads, pools, dilates, renormalises } = family.arithmetic(model);
    let word = |is_there: bool, field, default: &str| is_there.then(|| shared::word(field, default));
    let arithmetic = [
        word(!act.is_empty(), ACTIVATION, act),
        word(!eps.is_empty(), EPS, eps),
        word(pads, PADDING, "symmetric"),
        word(pools, HEAD, "avg"),
        dilates.then(|| shared::number(OUTPUT_STRIDE, 32)),
        word(renormalises, TRANSFORM, "no"),
    ];
    family.options(model).into_iter().chain(arithmetic.into_iter().flatten()).collect()
}

fn activation(name: &str) -> Option<Op> {
    ACTIVATIONS.iter().find(|(known, _)| *known == name).map(|(_, op)| *op)
}

/// The activation that is chosen where `usual` is the usual one.
pub(super) fn chosen_activation(usual: &str, options: &Options) -> Option<Op> {
    activation(options.word(ACTIVATION.key, usual))
}

/// What the builder has to do for a model's options.
pub(super) fn numerics(family: &dyn Family, model: &str, options: &Options) -> Numerics {
    let usual = family.arithmetic(model).act;
    let chosen = chosen_activation(usual, options);
    let head = match options.word(HEAD.key, "avg") {
        "max" => HeadPool::Max,
        "avgmax" => HeadPool::MeanOfBoth,
        "catavgmax" => HeadPool::Both,
        _ => HeadPool::Avg,
    };
    Numerics {
        eps: options.get(EPS.key).and_then(|value| value.to_string().parse().ok()),
        activation: activation(usual).zip(chosen).filter(|(from, to)| from != to),
        same: options.word(PADDING.key, "symmetric") == "same",
        head,
    }
}

/// The most pixels between two positions of the last map.
pub(super) fn output_stride(options: &Options) -> usize {
    options.number(OUTPUT_STRIDE.key, 32)
}

/// The layer that normalises the image a second time, if one is asked for.
pub(super) fn renormalise(options: &Options) -> Option<Op> {
    let scale = IMAGENET.map(|(_, deviation)| deviation / HALF);
    let shift = IMAGENET.map(|(mean, _)| (mean - HALF) / HALF);
    (options.word(TRANSFORM.key, "no") == "yes").then_some(Op::Renormalise { scale, shift })
}

/// Options that only some models have, and what there is to say of the others.
const ELSEWHERE: &[(&str, &str)] = &[
    ("eps", "it has no BatchNorm"),
    ("padding", "no weights of it are published that TensorFlow pads"),
    ("head", "its head does not pool to one number a channel"),
    ("aa", "it has no residual branch with a 3×3 that strides; ResNets have"),
    ("output_stride", "ResNets, RegNets, MobileNets and EfficientNets dilate here instead of striding"),
    ("transform_input", "only googlenet and inception_v3 are published with it"),
];

/// Why a model lacks an option that others have.
pub(super) fn refusal(model: &str, name: &str) -> Option<String> {
    let (_, reason) = ELSEWHERE.iter().find(|(key, _)| *key == name)?;
    Some(format!("{model} does not have it: {reason}"))
}

/// A value in our word for it.
pub(super) fn spelled<'a>(name: &str, value: &'a str) -> &'a str {
    match value {
        "swish" if ACTIVATION.is_called(name) => "silu",
        "hard_swish" | "h-swish" if ACTIVATION.is_called(name) => "hardswish",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::zoo::FAMILIES;
    use crate::network::{NetworkSpec, lower};

    #[test]
    fn what_is_said_to_be_usual_is_what_the_network_computes_with() {
        for family in FAMILIES {
            for model in family.models() {
                let usual = family.arithmetic(model.name);
                let graph = lower(&NetworkSpec::of(model.name)).expect(model.name);
                let ops = || graph.nodes.iter().map(|node| node.op);
                let epsilons = ops().filter_map(|op| match op {
                    Op::BatchNorm { eps } => Some(format!("{eps:e}")),
                    _ => None,
                });
                assert!(epsilons.into_iter().all(|eps| eps == usual.eps), "{}: eps", model.name);
                let has = activation(usual.act).is_none_or(|wanted| ops().any(|op| op == wanted));
                assert!(has, "{}: {}", model.name, usual.act);
            }
        }
    }
}
