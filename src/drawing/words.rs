//! What drawings say of layers, shapes and gates: one text for each length there is room for.

use crate::network::attention;
use crate::network::graph::{GateKind, Graph, NodeId, Op, Shape};

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
