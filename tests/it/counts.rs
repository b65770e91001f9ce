//! Element-wise operations, output bytes, receptive field and stride of every operator, counted by hand; receptive
//! fields of whole networks as Araujo et al. published them (Distill 2019, "Computing Receptive Fields of
//! Convolutional Neural Networks").

use gatescope::network::cost::Ledger;
use gatescope::network::graph::{
    Conv2d, Graph, GraphBuilder, NodeId, Op, Pool2d, Product, ScopeKind, Shape, receptive,
};
use gatescope::network::{lower, parse};

/// What an operator is counted on.
#[derive(Clone, Copy)]
enum On {
    /// The picture, `3×12×16`: nothing before it.
    Nothing,
    /// The picture itself: 576 numbers.
    Image,
    /// `4×6×8`, 192 numbers, after a 3×3 with stride 2: receptive field 3, stride 2.
    Map,
    /// The same, with other nodes after it.
    And(&'static [Other]),
    /// `4×1×1`, the map's mean: it sees 13 × 17.
    Mean,
}

/// A second input.
#[derive(Clone, Copy)]
enum Other {
    /// The map again.
    Same,
    /// `4×1×1`.
    Mean,
    /// `4×3×2`: every second row, every fourth column.
    Thinned,
    /// `48×6×8`: how alike its positions are.
    Alike,
}

/// Element-wise operations, bytes of the output, receptive field and stride, rows first.
type Counts = (u64, u64, [usize; 2], [usize; 2]);

const LOCAL: [usize; 2] = [3, 3];
/// 3 and five steps of 2 along the rows, seven along the columns.
const WHOLE: [usize; 2] = [13, 17];
const STEP: [usize; 2] = [2, 2];

/// Counted by hand. There is no other case: an operator that is new has to be counted here.
fn by_hand(op: &Op) -> (On, Counts) {
    match op {
        Op::Input => (On::Nothing, (0, 0, [1, 1], [1, 1])),
        // 5·6·8 outputs, one bias each; 3 + 2 steps of 2.
        Op::Conv2d(Conv2d { bias: true, .. }) => (On::Map, (240, 960, [7, 7], STEP)),
        // 1×7, dilated by 2, every row and every second column: 5·6·4 outputs; 3 + 12 steps of 2 along the columns.
        Op::Conv2d(_) => (On::Map, (0, 480, [3, 27], [2, 4])),
        Op::Linear { bias: true, .. } => (On::Map, (336, 1344, LOCAL, STEP)),
        Op::Linear { .. } => (On::Mean, (0, 28, WHOLE, STEP)),
        Op::ChannelConv1d { bias: true, .. } => (On::Mean, (4, 16, WHOLE, STEP)),
        Op::ChannelConv1d { .. } => (On::Mean, (0, 16, WHOLE, STEP)),
        Op::BatchNorm { .. } => (On::Map, (384, 768, LOCAL, STEP)),
        Op::GroupNorm { .. } => (On::Map, (960, 768, WHOLE, STEP)),
        Op::Relu | Op::Relu6 | Op::Sigmoid | Op::Tanh | Op::HardSigmoid | Op::Times { .. } => {
            (On::Map, (192, 768, LOCAL, STEP))
        }
        // A gate of its own, and a product with it.
        Op::Silu | Op::HardSwish => (On::Map, (384, 768, LOCAL, STEP)),
        // 4·3·4 outputs of 9 numbers each.
        Op::MaxPool(_) => (On::Map, (432, 192, [7, 7], [4, 4])),
        // 4·3·4 outputs of 4 numbers each.
        Op::AvgPool(_) => (On::Map, (192, 192, [5, 5], [4, 4])),
        // 4·3·4 outputs of 9 numbers each.
        Op::BlurPool { .. } => (On::Map, (432, 192, [7, 7], [4, 4])),
        // A product and a sum each.
        Op::Renormalise { .. } => (On::Image, (1152, 2304, [1, 1], [1, 1])),
        // Rows 2 + 2 + 2, columns 3 + 4 + 3: 4·6·10 numbers are read.
        Op::AdaptiveAvgPool { .. } => (On::Map, (240, 144, [5, 9], [4, 4])),
        Op::GlobalAvgPool | Op::GlobalMaxPool => (On::Map, (192, 16, WHOLE, STEP)),
        Op::MeanOverWidth => (On::Map, (192, 96, [3, 17], STEP)),
        Op::MeanOverHeight => (On::Map, (192, 128, [13, 3], STEP)),
        Op::SoftmaxPositions => (On::Map, (576, 768, WHOLE, STEP)),
        // Mean, difference, square, sum, quotient, a half: 6 times 192.
        Op::Energy { .. } => (On::Map, (1152, 768, WHOLE, STEP)),
        // Mean, difference, square, sum: 4 times 192; both numbers of a channel see the whole map.
        Op::StylePool { .. } => (On::Map, (768, 32, WHOLE, [2, 0])),
        // Rows or columns are channels now: each position sees all of them, and its neighbours the same.
        Op::Transpose { axis: 1 } => (On::Map, (0, 768, [13, 3], [0, 2])),
        Op::Transpose { .. } => (On::Map, (0, 768, [3, 17], [2, 0])),
        Op::SoftmaxPaths { .. } => (On::Mean, (12, 16, WHOLE, STEP)),
        Op::MatMul { product: Product::Similarity } => (On::And(&[Other::Thinned]), (0, 48 * 6 * 4, WHOLE, [4, 8])),
        // The second has seen the whole map already and is summed over it once more.
        Op::MatMul { product: Product::Weighted } => (On::And(&[Other::Alike]), (0, 768, [23, 31], STEP)),
        Op::ChannelMean | Op::ChannelMax => (On::Map, (192, 192, LOCAL, STEP)),
        Op::Concat => (On::And(&[Other::Same]), (0, 1536, LOCAL, STEP)),
        Op::ChannelSlice { .. } => (On::Map, (0, 384, LOCAL, STEP)),
        Op::ChannelShuffle { .. } => (On::Map, (0, 768, LOCAL, STEP)),
        Op::Add => (On::And(&[Other::Same, Other::Mean]), (384, 768, WHOLE, STEP)),
        // What is weighed keeps its own field, whatever its gate has seen.
        Op::Scale => (On::And(&[Other::Mean]), (192, 768, LOCAL, STEP)),
        Op::Flatten => (On::Map, (0, 0, WHOLE, STEP)),
        Op::Subsample { .. } => (On::Map, (0, 192, LOCAL, [4, 4])),
        Op::PadChannels { .. } => (On::Map, (0, 1344, LOCAL, STEP)),
    }
}

fn every_operator() -> Vec<Op> {
    let strip = Conv2d { dilation: [2, 2], stride: [1, 2], padding: [0, 6], ..Conv2d::oblong(5, 1, 7) };
    let along = |bias| Op::ChannelConv1d { inputs: 1, outputs: 1, kernel: 3, circular: false, bias };
    vec![
        Op::Input,
        Op::Conv2d(Conv2d::new(5, 3).with_bias()),
        Op::Conv2d(strip),
        Op::Linear { out_features: 7, bias: true },
        Op::Linear { out_features: 7, bias: false },
        along(true),
        along(false),
        Op::BatchNorm { eps: 1e-5 },
        Op::GroupNorm { groups: 2, eps: 1e-5 },
        Op::Relu,
        Op::Relu6,
        Op::Sigmoid,
        Op::Tanh,
        Op::HardSigmoid,
        Op::Times { factor: 0.5 },
        Op::Silu,
        Op::HardSwish,
        Op::MaxPool(Pool2d::new(3, 2).padded(1)),
        Op::AvgPool(Pool2d::new(2, 2)),
        Op::BlurPool { stride: 2 },
        Op::Renormalise { scale: [0.5; 3], shift: [0.1; 3] },
        Op::AdaptiveAvgPool { size: 3 },
        Op::GlobalAvgPool,
        Op::GlobalMaxPool,
        Op::MeanOverWidth,
        Op::MeanOverHeight,
        Op::SoftmaxPositions,
        Op::Energy { lambda: 1e-4 },
        Op::StylePool { eps: 1e-5 },
        Op::Transpose { axis: 1 },
        Op::Transpose { axis: 2 },
        Op::SoftmaxPaths { paths: 2 },
        Op::MatMul { product: Product::Similarity },
        Op::MatMul { product: Product::Weighted },
        Op::ChannelMean,
        Op::ChannelMax,
        Op::Concat,
        Op::ChannelSlice { start: 1, length: 2 },
        Op::ChannelShuffle { groups: 2 },
        Op::Add,
        Op::Scale,
        Op::Flatten,
        Op::Subsample { stride: 2 },
        Op::PadChannels { before: 1, after: 2 },
    ]
}

fn graph_of(op: Op, on: On) -> (Graph, NodeId) {
    let mut builder = GraphBuilder::new("one operator".to_owned(), Shape::map(3, 12, 16));
    let image = builder.input();
    let mut node = image;
    builder.scope(ScopeKind::Block, "block", "block", |b| {
        let map = b.add("map", Op::Conv2d(Conv2d::new(4, 3).stride(2)), &[image]);
        let mean = b.add("mean", Op::GlobalAvgPool, &[map]);
        let mut other = |which: &Other| match which {
            Other::Same => map,
            Other::Mean => mean,
            Other::Thinned => b.add("thinned", Op::Conv2d(Conv2d { stride: [2, 4], ..Conv2d::new(4, 1) }), &[map]),
            Other::Alike => b.add("alike", Op::MatMul { product: Product::Similarity }, &[map, map]),
        };
        let inputs: Vec<NodeId> = match on {
            On::Nothing => Vec::new(),
            On::Image => vec![image],
            On::Map => vec![map],
            On::Mean => vec![mean],
            On::And(others) => std::iter::once(map).chain(others.iter().map(&mut other)).collect(),
        };
        if !inputs.is_empty() {
            node = b.add("counted", op, &inputs);
        }
        node
    });
    (builder.finish().expect("fits"), node)
}

#[test]
fn every_operator_costs_and_sees_what_is_counted_by_hand() {
    for op in every_operator() {
        let (on, (elementwise, bytes, field, stride)) = by_hand(&op);
        let (graph, node) = graph_of(op, on);
        assert_eq!(graph[node].op, op);
        let cost = Ledger::of(&graph).layer(node);
        assert_eq!(cost.elementwise, elementwise, "element-wise operations of {op:?}");
        assert_eq!(cost.activation_bytes, bytes, "bytes of {op:?}");
        let seen = receptive(&graph)[node.0];
        assert_eq!((seen.field, seen.stride), (field, stride), "receptive field and stride of {op:?}");
    }
}

/// The map that the head pools.
fn last_map(graph: &Graph) -> NodeId {
    let is_head = |id: &NodeId| graph.enclosing(graph[*id].scope, ScopeKind::Head).is_some();
    let pools = |id: &NodeId| matches!(graph[*id].op, Op::GlobalAvgPool | Op::AdaptiveAvgPool { .. });
    let pool = graph.node_ids().find(|id| is_head(id) && pools(id)).expect("a head that pools");
    graph[pool].inputs[0]
}

#[test]
fn networks_see_what_was_published() {
    for (spec, field) in [
        ("vgg16", 212),
        ("mobilenet_v1", 315),
        ("resnet50(stride=v1)", 483),
        ("resnet101(stride=v1)", 1027),
        ("resnet152(stride=v1)", 1507),
        ("inception_v3", 1311),
        ("inception_v4", 2071),
        ("inception_resnet_v2", 3039),
    ] {
        let graph = lower(&parse(spec).expect(spec)).expect(spec);
        let seen = receptive(&graph)[last_map(&graph).0];
        assert_eq!((seen.field, seen.stride), ([field; 2], [32; 2]), "{spec}");
    }
}

#[test]
fn what_follows_the_whole_map_sees_it() {
    let graph = lower(&parse("vgg16").expect("parses")).expect("lowers");
    let seen = receptive(&graph);
    // 7 × 7 positions, 32 apart: more than the picture.
    assert_eq!(seen[graph.output().0].field, [212 + 6 * 32; 2]);
    let graph = lower(&parse("resnet50+se(r=16)").expect("parses")).expect("lowers");
    let with = receptive(&graph)[last_map(&graph).0];
    let plain = lower(&parse("resnet50").expect("parses")).expect("lowers");
    assert_eq!(with, receptive(&plain)[last_map(&plain).0], "a gate widens nothing of what it weighs");
}
