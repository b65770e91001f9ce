//! How much of the image a node's output can see along the feature path, and how far apart its positions are.

use super::{Graph, Node, Op, Pool2d, Shape};

/// What one position of a map sees of the image; pairs are `[vertical, horizontal]`, in input pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receptive {
    /// The side lengths of the receptive field; it may be larger than the image.
    pub field: [usize; 2],
    /// How far apart the fields of two neighbouring positions are: the product of all strides so far.
    pub stride: [usize; 2],
}

impl Receptive {
    /// A pixel of the image.
    const PIXEL: Self = Self { field: [1; 2], stride: [1; 2] };

    /// The longer side of the field.
    #[must_use]
    pub fn side(&self) -> usize {
        self.field[0].max(self.field[1])
    }

    /// The larger of the two strides.
    #[must_use]
    pub fn step(&self) -> usize {
        self.stride[0].max(self.stride[1])
    }

    /// After a window: `r' = r + (k − 1)·d·j`, `j' = j·s` on each axis.
    fn window(self, kernel: [usize; 2], dilation: [usize; 2], stride: [usize; 2]) -> Self {
        let grown = |axis: usize| self.field[axis] + (kernel[axis].max(1) - 1) * dilation[axis] * self.stride[axis];
        Self { field: [grown(0), grown(1)], stride: [self.stride[0] * stride[0], self.stride[1] * stride[1]] }
    }

    fn pooled(self, pool: &Pool2d) -> Self {
        self.window(pool.kernel, [1; 2], pool.stride)
    }

    /// After something that reads all rows, all columns, or both.
    fn over(self, shape: Shape, [rows, columns]: [bool; 2]) -> Self {
        let kernel = [if rows { shape.height() } else { 1 }, if columns { shape.width() } else { 1 }];
        self.window(kernel, [1; 2], [1; 2])
    }
}

/// The receptive field and stride of each node's output.
///
/// Follows the features: a gate sees the whole map through its pooling, but what it scales keeps the
/// receptive field of its first input. Where paths meet, the largest field counts. Formula: `r' = r + (k − 1)·d·j`,
/// `j' = j·s` (Araujo et al., Distill 2019).
#[must_use]
pub fn receptive(graph: &Graph) -> Vec<Receptive> {
    let mut known: Vec<Receptive> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let seen = of_node(graph, node, &known);
        known.push(seen);
    }
    known
}

/// The longer side of each node's receptive field, in input pixels.
#[must_use]
pub fn receptive_fields(graph: &Graph) -> Vec<usize> {
    receptive(graph).iter().map(Receptive::side).collect()
}

fn of_node(graph: &Graph, node: &Node, known: &[Receptive]) -> Receptive {
    let Some(first) = node.inputs.first() else { return Receptive::PIXEL };
    let (seen, shape) = (known[first.0], graph[*first].shape);
    match &node.op {
        Op::Input => Receptive::PIXEL,
        Op::Conv2d(conv) => seen.window(conv.kernel, conv.dilation, conv.stride),
        Op::MaxPool(pool) | Op::AvgPool(pool) => seen.pooled(pool),
        Op::BlurPool { stride } => seen.window([3; 2], [1; 2], [*stride; 2]),
        // A flat vector has one position, and that holds all of the map's.
        Op::GlobalAvgPool | Op::GlobalMaxPool | Op::SoftmaxPositions | Op::GroupNorm { .. } | Op::Flatten => {
            seen.over(shape, [true; 2])
        }
        Op::MeanOverWidth => seen.over(shape, [false, true]),
        Op::MeanOverHeight => seen.over(shape, [true, false]),
        Op::AdaptiveAvgPool { size } => adaptive(seen, shape, *size),
        Op::Subsample { stride } => seen.window([1; 2], [1; 2], [*stride; 2]),
        Op::MatMul { .. } => {
            let whole = |id: &super::NodeId| known[id.0].over(graph[*id].shape, [true; 2]);
            together(graph, node, node.inputs.iter().map(whole))
        }
        Op::Add | Op::Concat => together(graph, node, node.inputs.iter().map(|id| known[id.0])),
        Op::Scale
        | Op::Linear { .. }
        | Op::ChannelConv1d { .. }
        | Op::BatchNorm { .. }
        | Op::Relu
        | Op::Relu6
        | Op::Sigmoid
        | Op::Tanh
        | Op::HardSigmoid
        | Op::Silu
        | Op::HardSwish
        | Op::Times { .. }
        | Op::Renormalise { .. }
        | Op::SoftmaxPaths { .. }
        | Op::ChannelMean
        | Op::ChannelMax
        | Op::ChannelSlice { .. }
        | Op::ChannelShuffle { .. }
        | Op::PadChannels { .. } => seen,
    }
}

/// The windows of an adaptive pooling, as large as they get.
fn adaptive(seen: Receptive, shape: Shape, size: usize) -> Receptive {
    let sides = [shape.height(), shape.width()];
    let widest = |length: usize| super::adaptive_windows(length, size).map(|window| window.len()).max().unwrap_or(1);
    seen.window(sides.map(widest), [1; 2], sides.map(|length| (length / size).max(1)))
}

/// What several inputs see together: the largest field, and the stride of those that are as large as the output (a
/// gate or a context that is repeated over it has none of its own).
fn together(graph: &Graph, node: &Node, seen: impl Iterator<Item = Receptive>) -> Receptive {
    let mut all = Receptive::PIXEL;
    let output = [node.shape.height(), node.shape.width()];
    for (id, input) in node.inputs.iter().zip(seen) {
        let shape = graph[*id].shape;
        let sides = [shape.height(), shape.width()];
        for axis in 0..2 {
            all.field[axis] = all.field[axis].max(input.field[axis]);
            if sides[axis] == output[axis] {
                all.stride[axis] = all.stride[axis].max(input.stride[axis]);
            }
        }
    }
    all
}
