//! What drawings say of layers, shapes and gates: one text for each length there is room for.

use crate::network::attention;
use crate::network::graph::{Conv2d, GateKind, Graph, NodeId, Op, Pool2d, Product, Shape, one_sided};

/// A layer in as few characters as a box has: `3×3, 256, /2`, `1×7, 192`, `3×3 dw, 96`.
#[must_use]
pub fn layer_text(graph: &Graph, id: NodeId) -> String {
    let node = &graph[id];
    match node.op {
        Op::Conv2d(conv) if conv.groups > 1 && conv.groups == graph[node.inputs[0]].shape.channels() => {
            let dense = Op::Conv2d(conv.groups(1)).detail();
            dense.replacen(',', " dw,", 1)
        }
        Op::MaxPool(pool) | Op::AvgPool(pool) if pool.stride == [1, 1] => {
            node.op.detail().trim_end_matches(", /1").to_owned()
        }
        op => op.detail(),
    }
}

/// `1024 × 14²`, `256 × 56 × 48`, `1000`.
#[must_use]
pub fn size_text(shape: Shape) -> String {
    match shape.dims() {
        [channels, height, width] if height == width => format!("{channels} × {height}²"),
        [channels, height, width] => format!("{channels} × {height} × {width}"),
        dims => dims.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × "),
    }
}

/// `1024 × 14 × 14`.
#[must_use]
pub fn shape_text(shape: Shape) -> String {
    shape.dims().iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
}

/// A layer in as few characters as its box has.
pub(super) fn title(graph: &Graph, id: NodeId) -> String {
    match &graph[id].op {
        Op::GlobalAvgPool => "avg".to_owned(),
        Op::GlobalMaxPool => "max".to_owned(),
        Op::ChannelMean => "mean C".to_owned(),
        Op::ChannelMax => "max C".to_owned(),
        Op::Concat => "|".to_owned(),
        Op::MatMul { .. } => "•".to_owned(),
        Op::Subsample { stride } => format!("1 of {stride}×{stride}"),
        _ => layer_text(graph, id),
    }
}

/// What a box says of a layer folded into it.
pub(super) fn note(op: &Op) -> Option<&'static str> {
    match op {
        Op::BatchNorm { .. } => Some("BN"),
        Op::Relu => Some("ReLU"),
        Op::Relu6 => Some("ReLU6"),
        Op::Silu => Some("SiLU"),
        Op::HardSwish => Some("h-swish"),
        Op::GroupNorm { .. } => Some("GN"),
        _ => None,
    }
}

/// What a layer does, in words: `Conv 3×3, 64`.
pub(super) fn in_words(graph: &Graph, node: NodeId) -> String {
    let before = graph[node].inputs.first().map_or(0, |input| graph[*input].shape.channels());
    match &graph[node].op {
        Op::Conv2d(conv) => convolution(conv, before),
        Op::Linear { out_features, .. } => format!("Linear, {out_features}"),
        Op::ChannelConv1d { kernel, .. } => format!("Conv over {kernel} channels"),
        Op::GlobalAvgPool => "mean over H, W".to_owned(),
        Op::GlobalMaxPool => "max over H, W".to_owned(),
        Op::MeanOverWidth => "mean over W".to_owned(),
        Op::MeanOverHeight => "mean over H".to_owned(),
        Op::SoftmaxPositions => "softmax over H, W".to_owned(),
        Op::SoftmaxPaths { paths } => format!("softmax over {paths}"),
        Op::MatMul { product: Product::Similarity } => "similarity".to_owned(),
        Op::MatMul { product: Product::Weighted } => "weighted sum".to_owned(),
        Op::ChannelMean => "mean over C".to_owned(),
        Op::ChannelMax => "max over C".to_owned(),
        Op::Concat => "join".to_owned(),
        Op::MaxPool(pool) => pooling("max", pool),
        Op::AvgPool(pool) => pooling("mean", pool),
        Op::BlurPool { stride: 1 } => "blur 3×3".to_owned(),
        Op::Renormalise { .. } => "scale and shift each channel".to_owned(),
        Op::BlurPool { stride } => format!("blur 3×3, /{stride}"),
        Op::ChannelShuffle { groups } => format!("shuffle, {groups} groups"),
        op => op.detail(),
    }
}

fn pooling(what: &str, pool: &Pool2d) -> String {
    let [height, width] = pool.kernel;
    let stride = if pool.stride == [1, 1] { String::new() } else { format!(", /{}", pool.stride[0]) };
    format!("{what} {height}×{width}{stride}{}", one_sided(pool.padding, pool.trailing))
}

fn convolution(conv: &Conv2d, before: usize) -> String {
    let [height, width] = conv.kernel;
    let stride = if conv.stride == [1, 1] { String::new() } else { format!(", /{}", conv.stride[0]) };
    let dilation = if conv.dilation == [1, 1] { String::new() } else { format!(", dilated {}", conv.dilation[0]) };
    let (out, groups) = (conv.out_channels, conv.groups);
    let rest = format!("{stride}{dilation}{}", one_sided(conv.padding, conv.trailing));
    match groups {
        1 => format!("Conv {height}×{width}, {out}{rest}"),
        _ if groups == before && out == before => format!("Depthwise {height}×{width}{rest}"),
        _ => format!("Conv {height}×{width}, {out} in {groups} groups{rest}"),
    }
}

/// What people call a gate: CBAM's two are the modules CAM and SAM.
#[must_use]
pub fn gate_title(kind: GateKind, attention: &str) -> &'static str {
    match (kind, attention) {
        (GateKind::Channel, "cbam") => "CAM",
        (GateKind::Spatial, "cbam") => "SAM",
        (GateKind::Rows, _) => "weights of rows",
        (GateKind::Columns, _) => "weights of columns",
        (kind, name) => match (attention::find(name), kind) {
            (Some(block), _) => block.card().title,
            (None, GateKind::Channel) => "channel gate",
            (None, GateKind::Spatial) => "spatial gate",
            (None, GateKind::Volume) => "volume gate",
            (None, GateKind::Paths { .. }) => "shares of paths",
            (None, GateKind::Matrix) => "matrix of positions",
            (None, GateKind::Rows | GateKind::Columns) => "strip gate",
        },
    }
}
