//! Seeded initialisation: random numbers made with integers only, so that every platform draws the same.

use std::sync::Arc;

use super::Tensor;
use crate::compute::random::{SplitMix64, fnv1a};
use crate::network::graph::{Graph, Op, Param, Role, ScopeKind};

/// How a parameter is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Law {
    Constant(f32),
    /// Zero mean, this standard deviation.
    Normal(f64),
    /// Between minus and plus this bound.
    Uniform(f64),
}

/// Draws every parameter of a graph.
pub(super) fn tensors(graph: &Graph, seed: u64) -> Vec<Tensor> {
    graph.params.iter().map(|param| tensor(graph, param, seed)).collect()
}

/// Draws one parameter.
pub(super) fn tensor(graph: &Graph, param: &Param, seed: u64) -> Tensor {
    let mut stream = SplitMix64(seed ^ fnv1a(&param.name));
    let law = law(graph, param);
    let values = (0..param.elements()).map(|_| draw(&mut stream, law)).collect();
    Tensor { shape: param.shape.clone(), values: Arc::new(values) }
}

/// The initialisation PyTorch would give: torchvision's `ResNet.__init__` for convolutions, the defaults of
/// `nn.Linear` and `nn.Conv1d`.
fn law(graph: &Graph, param: &Param) -> Law {
    let node = &graph[param.owner];
    let in_attention = || graph.ancestors(node.scope).any(|id| matches!(graph[id].kind, ScopeKind::Attention(_)));
    match (&node.op, param.role) {
        (_, Role::RunningMean) => Law::Constant(0.0),
        (_, Role::RunningVar) => Law::Constant(1.0),
        (Op::BatchNorm { .. } | Op::GroupNorm { .. }, Role::Weight) => Law::Constant(1.0),
        (Op::Conv2d(conv), Role::Weight) => {
            let fan_out = conv.out_channels * conv.kernel[0] * conv.kernel[1];
            Law::Normal((2.0 / fan_out as f64).sqrt())
        }
        (Op::Linear { .. }, Role::Bias) if in_attention() => Law::Constant(0.0),
        (Op::Linear { .. }, _) => {
            let fan_in = graph[node.inputs[0]].shape.channels();
            Law::Uniform((1.0 / fan_in as f64).sqrt())
        }
        (Op::ChannelConv1d { inputs, kernel, .. }, _) => Law::Uniform((1.0 / (inputs * kernel) as f64).sqrt()),
        (Op::Conv2d(_) | Op::BatchNorm { .. } | Op::GroupNorm { .. }, Role::Bias) => Law::Constant(0.0),
        (op, Role::Weight | Role::Bias) => {
            unreachable!("{} says of no {} how it begins", op.name(), param.role.suffix())
        }
    }
}

/// Draws one number.
fn draw(stream: &mut SplitMix64, law: Law) -> f32 {
    match law {
        Law::Constant(value) => value,
        Law::Normal(std) => (stream.normal() * std) as f32,
        Law::Uniform(bound) => {
            let unit = (stream.next_u64() >> 40) as f64 / f64::from(1 << 24);
            ((2.0 * unit - 1.0) * bound) as f32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::explain::Stats;
    use crate::compute::weights::Weights;
    use crate::network::graph::ParamId;
    use crate::network::{lower, parse};

    fn graph(text: &str) -> Graph {
        lower(&parse(text).expect(text)).expect(text)
    }

    fn named(graph: &Graph, weights: &Weights, name: &str) -> Vec<f32> {
        let index = graph.params.iter().position(|param| param.name == name).expect(name);
        weights.values(ParamId(index))
    }

    #[test]
    fn convolutions_are_he_normal_and_linear_layers_uniform() {
        let graph = graph("resnet18+cbam");
        let weights = Weights::seeded(&graph, 7);
        let conv = named(&graph, &weights, "layer4.1.conv2.weight");
        let want = (2.0_f32 / (512.0 * 9.0)).sqrt();
        let stats = Stats::of(&conv);
        assert!((stats.std / want - 1.0).abs() < 0.005 && (stats.mean / want).abs() < 0.005, "{stats:?}");
        let beyond = |k: f32| conv.iter().filter(|value| value.abs() > k * want).count() as f32 / conv.len() as f32;
        assert!((beyond(1.0) - 0.317).abs() < 0.01 && (beyond(2.0) - 0.0455).abs() < 0.005);
        let fc = Stats::of(&named(&graph, &weights, "fc.weight"));
        let bound = 1.0 / 512.0_f32.sqrt();
        assert!(fc.max <= bound && fc.min >= -bound && (fc.std - bound / 3.0_f32.sqrt()).abs() < 1e-3);
        assert!(Stats::of(&named(&graph, &weights, "fc.bias")).std > 0.0);
        assert_eq!(named(&graph, &weights, "layer1.0.cbam.ChannelGate.mlp.1.bias"), [0.0; 4]);
        assert_eq!(named(&graph, &weights, "layer1.0.cbam.SpatialGate.spatial.bn.weight"), [1.0]);
        assert!(!weights.is_trained());
    }

    #[test]
    fn a_layer_keeps_its_numbers_when_others_change() {
        let (plain, attended) = (graph("resnet18"), graph("resnet18+cbam"));
        let (a, b) = (Weights::seeded(&plain, 3), Weights::seeded(&attended, 3));
        let name = "layer3.1.conv1.weight";
        assert_eq!(named(&plain, &a, name), named(&attended, &b, name));
        assert_ne!(named(&plain, &a, name), named(&plain, &Weights::seeded(&plain, 4), name));
    }
}
