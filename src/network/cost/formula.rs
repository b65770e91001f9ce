//! Parameters and MACs written out with their numbers: `3·3·256·256 = 589,824`.

use super::layer;
use crate::network::graph::{Graph, NodeId, Op, Product};

/// One line of a calculation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The product as people write it: `3·3·256·256`.
    pub expression: String,
    /// What it comes to.
    pub value: u64,
}

/// How a layer's parameters and MACs come about; `None` where it has none.
#[must_use]
pub fn formula(graph: &Graph, id: NodeId) -> (Option<Term>, Option<Term>) {
    let node = &graph[id];
    let cost = layer(graph, id);
    let input = node.inputs.first().map_or(node.shape, |first| graph[*first].shape);
    let output = node.shape;
    let (params, macs) = match &node.op {
        Op::Conv2d(conv) => {
            let inner = input.channels() / conv.groups;
            let weights = product(&[conv.kernel[0], conv.kernel[1], inner, conv.out_channels]);
            let bias = if conv.bias { format!(" + {}", conv.out_channels) } else { String::new() };
            (format!("{weights}{bias}"), format!("{weights}·{}", product(&[output.height(), output.width()])))
        }
        Op::Linear { out_features, bias } => {
            let weights = product(&[input.channels(), *out_features]);
            let bias = if *bias { format!(" + {out_features}") } else { String::new() };
            let macs = match output.height() * output.width() {
                1 => weights.clone(),
                positions => format!("{weights}·{positions}"),
            };
            (format!("{weights}{bias}"), macs)
        }
        Op::ChannelConv1d { inputs, outputs, kernel, bias, .. } => {
            let weights = along(&[*inputs, *outputs], *kernel);
            let channels = output.elements() / outputs;
            let bias = if *bias { format!(" + {outputs}") } else { String::new() };
            (format!("{weights}{bias}"), format!("{weights}·{channels}"))
        }
        Op::BatchNorm { .. } | Op::GroupNorm { .. } => (product(&[2, input.channels()]), String::new()),
        Op::MatMul { product: Product::Similarity } => {
            (String::new(), product(&[input.channels(), output.channels(), output.height(), output.width()]))
        }
        Op::MatMul { product: Product::Weighted } => {
            let positions = input.height() * input.width();
            (String::new(), product(&[output.channels(), output.height() * output.width(), positions]))
        }
        Op::Input
        | Op::Relu
        | Op::Relu6
        | Op::Sigmoid
        | Op::Tanh
        | Op::HardSigmoid
        | Op::Silu
        | Op::HardSwish
        | Op::Times { .. }
        | Op::MaxPool(_)
        | Op::AvgPool(_)
        | Op::BlurPool { .. }
        | Op::Renormalise { .. }
        | Op::AdaptiveAvgPool { .. }
        | Op::GlobalAvgPool
        | Op::GlobalMaxPool
        | Op::MeanOverWidth
        | Op::MeanOverHeight
        | Op::SoftmaxPositions
        | Op::SoftmaxPaths { .. }
        | Op::ChannelMean
        | Op::ChannelMax
        | Op::Concat
        | Op::ChannelSlice { .. }
        | Op::ChannelShuffle { .. }
        | Op::Add
        | Op::Scale
        | Op::Flatten
        | Op::Subsample { .. }
        | Op::PadChannels { .. } => Default::default(),
    };
    let term = |expression: String, value: u64| (value > 0).then_some(Term { expression, value });
    (term(params, cost.params), term(macs, cost.macs + cost.products))
}

/// The weights of a convolution along the channels, ones left out.
fn along(features: &[usize], kernel: usize) -> String {
    let factors: Vec<usize> = std::iter::once(kernel).chain(features.iter().copied().filter(|n| *n > 1)).collect();
    product(&factors)
}

fn product(factors: &[usize]) -> String {
    factors.iter().map(ToString::to_string).collect::<Vec<_>>().join("·")
}
