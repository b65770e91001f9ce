//! How much of the image a node's output can see along the feature path.

use super::{Graph, Op};

/// The side length of each node's receptive field, in input pixels along the height.
///
/// Follows the features: a gate sees the whole map through its pooling, but what it scales keeps the
/// receptive field of its first input. Formula: `r' = r + (k − 1)·d·j`, `j' = j·s` (Araujo et al., Distill 2019).
#[must_use]
pub fn receptive_fields(graph: &Graph) -> Vec<usize> {
    let mut fields: Vec<(usize, usize)> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let inputs: Vec<(usize, usize)> = node.inputs.iter().map(|id| fields[id.0]).collect();
        let (field, jump) = match node.op {
            Op::Input => (1, 1),
            Op::Scale => inputs[0],
            _ => inputs.iter().copied().max().unwrap_or((1, 1)),
        };
        let window =
            |kernel: usize, stride: usize, dilation: usize| (field + (kernel - 1) * dilation * jump, jump * stride);
        fields.push(match &node.op {
            Op::Conv2d(conv) => window(conv.kernel[0], conv.stride[0], conv.dilation[0]),
            Op::MaxPool(pool) | Op::AvgPool(pool) => window(pool.kernel[0], pool.stride[0], 1),
            Op::GlobalAvgPool
            | Op::GlobalMaxPool
            | Op::MeanOverHeight
            | Op::MatMul { .. }
            | Op::SoftmaxPositions
            | Op::GroupNorm { .. } => window(graph[node.inputs[0]].shape.height().max(1), 1, 1),
            // The windows of the whole map, as large as they get.
            Op::AdaptiveAvgPool { size } => {
                let length = graph[node.inputs[0]].shape.height();
                let widest = super::adaptive_windows(length, *size).map(|window| window.len()).max().unwrap_or(1);
                window(widest, (length / size).max(1), 1)
            }
            Op::Subsample { stride } => (field, jump * stride),
            _ => (field, jump),
        });
    }
    fields.into_iter().map(|(field, _)| field).collect()
}
