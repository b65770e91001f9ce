//! Every operator against its definition, and what a caller can rely on.

mod naive;
mod plans;

use std::sync::Mutex;

use super::*;
use crate::compute::weights::{LoadReport, Source, Tensor};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, Op, Param, Pool2d, Product, Role};
use crate::network::{lower, parse};

/// A number in −1..1 that looks random.
pub(super) fn number(index: usize) -> f32 {
    let mixed = (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f32 / (1 << 23) as f32) - 1.0
}

/// Parameters without structure, scaled so that activations stay near 1; variances are positive.
pub(super) fn params(graph: &Graph) -> Vec<Vec<f32>> {
    let draw = |(at, param): (usize, &Param)| {
        let fan_in: usize = param.shape[1..].iter().product();
        let scale = if param.shape.len() > 1 { (3.0 / fan_in as f32).sqrt() } else { 1.0 };
        let shift = if param.role == Role::RunningVar { 1.5 } else { 0.0 };
        (0..param.elements()).map(|index| shift + scale * number(at * 7919 + index)).collect()
    };
    graph.params.iter().enumerate().map(draw).collect()
}

pub(super) fn weights(graph: &Graph, params: &[Vec<f32>]) -> Weights {
    let tensor =
        |(param, values): (&Param, &Vec<f32>)| Tensor::new(&param.shape, values.clone()).expect("shapes agree");
    let tensors = graph.params.iter().zip(params).map(tensor).collect();
    Weights::new(tensors, Source::Seeded(0), LoadReport::default())
}

pub(super) fn image(graph: &Graph) -> Vec<f32> {
    (0..graph.input().elements()).map(|index| number(index + 1_000_003)).collect()
}

fn close(found: &[f32], wanted: &[f64], what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (index, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        let error = (f64::from(*found) - wanted).abs() / wanted.abs().max(1.0);
        assert!(error < 1e-5, "{what}: [{index}] is {found}, not {wanted}");
    }
}

/// Runs a graph with every node kept and with none, and compares both with the definition.
fn agrees(graph: &Graph, what: &str) {
    let (params, image) = (params(graph), image(graph));
    let weights = weights(graph, &params);
    let wanted = naive::run(graph, &params, &image);
    let every: Vec<NodeId> = graph.node_ids().collect();
    let apart = run(graph, &weights, &image, &every, &Control::none()).expect(what);
    for tap in &apart.taps {
        let name = &graph[tap.node].name;
        assert_eq!(tap.shape, graph[tap.node].shape);
        close(&tap.values, &wanted[tap.node.0].values, &format!("{what}: {name}"));
    }
    let together = run(graph, &weights, &image, &[], &Control::none()).expect(what);
    close(&together.logits, &wanted[graph.output().0].values, what);
    for (gate, values) in graph.gates.iter().zip(&together.gates) {
        close(&values.values, &wanted[gate.node.0].values, &gate.name);
    }
}

pub(super) fn graph_of(input: Shape, build: impl FnOnce(&mut GraphBuilder, NodeId)) -> Graph {
    let mut builder = GraphBuilder::new("test".to_owned(), input);
    let image = builder.input();
    build(&mut builder, image);
    builder.finish().expect("shapes agree")
}

fn alone(op: Op, input: Shape) {
    let graph = graph_of(input, |b, image| {
        b.add("op", op, &[image]);
    });
    agrees(&graph, &format!("{op:?} on {input}"));
}

#[test]
fn convolutions_of_every_geometry() {
    let base = Conv2d::new(6, 3);
    for conv in [
        base,
        base.stride(2).with_bias(),
        base.without_padding(),
        base.groups(2),
        base.groups(2).stride(3).with_bias(),
        Conv2d { dilation: [2, 2], padding: [2, 2], ..base },
        Conv2d { dilation: [1, 3], padding: [0, 4], stride: [2, 3], ..base },
        Conv2d { kernel: [1, 7], padding: [0, 3], ..base },
        Conv2d { kernel: [7, 1], padding: [3, 0], stride: [1, 2], ..base },
        Conv2d { kernel: [2, 4], padding: [3, 5], stride: [3, 1], ..base },
        Conv2d::new(6, 1),
        Conv2d::new(6, 1).stride(2),
        Conv2d { padding: [1, 2], ..Conv2d::new(6, 1).with_bias() },
        Conv2d::new(8, 3).groups(4),
        Conv2d::new(12, 5).groups(4).stride(2),
        Conv2d::new(4, 1).groups(4),
        Conv2d { trailing: [1, 1], padding: [0, 0], ..base.stride(2) },
        Conv2d { trailing: [1, 0], padding: [1, 1], ..Conv2d::new(4, 5).stride(2).groups(4) },
        Conv2d { trailing: [0, 1], ..base },
        base.dilated(2),
        base.dilated(4).with_bias(),
    ] {
        alone(Op::Conv2d(conv), Shape::map(4, 9, 11));
        alone(Op::Conv2d(conv), Shape::map(4, 7, 8));
    }
    alone(Op::Conv2d(base), Shape::map(1, 1, 1));
    alone(Op::Conv2d(Conv2d::new(5, 1).with_bias()), Shape::map(3, 1, 1));
    alone(Op::Conv2d(Conv2d::new(2, 7).stride(2)), Shape::map(3, 2, 1));
}

#[test]
fn pooling_of_every_geometry() {
    for (kernel, stride, padding) in [
        ([3, 3], [2, 2], [1, 1]),
        ([3, 3], [2, 2], [0, 0]),
        ([2, 2], [2, 2], [0, 0]),
        ([2, 3], [3, 1], [1, 1]),
        ([3, 2], [1, 2], [1, 0]),
        ([3, 3], [1, 1], [1, 1]),
        ([1, 1], [2, 2], [0, 0]),
    ] {
        for ceil_mode in [false, true] {
            let pool = Pool2d { kernel, stride, padding, ceil_mode, ..Pool2d::new(1, 1) };
            for input in [Shape::map(3, 8, 10), Shape::map(2, 7, 5), Shape::map(1, 3, 4)] {
                alone(Op::MaxPool(pool), input);
                alone(Op::AvgPool(pool), input);
                alone(Op::AvgPool(pool.without_padding_counted()), input);
            }
        }
    }
    let below = Pool2d { trailing: [1, 1], ..Pool2d::new(2, 1) };
    let uneven = Pool2d { padding: [0, 1], trailing: [1, 0], ..Pool2d::new(3, 2) };
    for input in [Shape::map(3, 8, 10), Shape::map(19, 7, 5), Shape::map(19, 8, 12)] {
        for pool in [below, uneven] {
            alone(Op::MaxPool(pool), input);
            alone(Op::AvgPool(pool), input);
            alone(Op::AvgPool(pool.without_padding_counted()), input);
        }
    }
    // A blocked map has a kernel of its own.
    alone(Op::AvgPool(Pool2d::new(3, 1).padded(1).without_padding_counted()), Shape::map(19, 5, 4));
    alone(Op::AvgPool(Pool2d::new(3, 2).padded(1).ceil().without_padding_counted()), Shape::map(19, 5, 4));
    let stem = Pool2d::new(3, 2).padded(1);
    let halving = Pool2d::new(2, 2).ceil();
    alone(Op::AvgPool(halving), Shape::map(5, 1, 7));
    alone(Op::MaxPool(stem), Shape::map(5, 1, 1));
    alone(Op::AvgPool(stem), Shape::map(5, 1, 1));
}

#[test]
fn what_stands_for_a_stride_and_for_another_normalisation() {
    for input in [Shape::map(5, 7, 9), Shape::map(19, 2, 4), Shape::map(3, 3, 2)] {
        for stride in [1, 2, 3] {
            alone(Op::BlurPool { stride }, input);
        }
    }
    alone(Op::Renormalise { scale: [0.458, 0.448, 0.45], shift: [-0.03, -0.088, -0.188] }, Shape::map(3, 5, 4));
}

#[test]
fn everything_that_takes_one_input() {
    for input in [Shape::map(5, 7, 9), Shape::map(1, 1, 1), Shape::map(19, 3, 1)] {
        for op in [
            Op::BatchNorm { eps: 1e-3 },
            Op::Relu,
            Op::Relu6,
            Op::Sigmoid,
            Op::Tanh,
            Op::HardSigmoid,
            Op::Silu,
            Op::HardSwish,
            Op::Times { factor: 0.17 },
            Op::AdaptiveAvgPool { size: 2 },
            Op::AdaptiveAvgPool { size: 7 },
            Op::GlobalAvgPool,
            Op::GlobalMaxPool,
            Op::MeanOverWidth,
            Op::MeanOverHeight,
            Op::SoftmaxPositions,
            Op::GroupNorm { groups: 1, eps: 1e-5 },
            Op::GroupNorm { groups: input.channels(), eps: 1e-3 },
            Op::ChannelMean,
            Op::ChannelMax,
            Op::Flatten,
            Op::Subsample { stride: 2 },
            Op::Subsample { stride: 3 },
            Op::PadChannels { before: 2, after: 3 },
            Op::PadChannels { before: 0, after: 1 },
        ] {
            alone(op, input);
        }
    }
    // It compares positions: one alone is refused.
    alone(Op::Energy { lambda: 1e-2 }, Shape::map(3, 5, 4));
    alone(Op::Energy { lambda: 1e-2 }, Shape::map(20, 1, 9));
    alone(Op::StylePool { eps: 1e-2 }, Shape::map(3, 5, 4));
    alone(Op::StylePool { eps: 1e-2 }, Shape::map(20, 1, 9));
    for axis in [1, 2] {
        alone(Op::Transpose { axis }, Shape::map(3, 5, 4));
        alone(Op::Transpose { axis }, Shape::map(20, 1, 9));
    }
    for (kernel, circular) in [(3, false), (5, false), (3, true), (9, true)] {
        for input in [Shape::map(12, 1, 1), Shape::map(2, 1, 1), Shape::vector(7)] {
            alone(Op::ChannelConv1d { inputs: 1, outputs: 1, kernel, circular, bias: false }, input);
            along_channels(input, kernel, circular);
        }
    }
    for bias in [false, true] {
        let graph = graph_of(Shape::map(3, 2, 5), |b, image| {
            let flat = b.add("flat", Op::Flatten, &[image]);
            let hidden = b.add("fc1", Op::Linear { out_features: 7, bias }, &[flat]);
            let hidden = b.add("relu", Op::Relu, &[hidden]);
            b.add("fc2", Op::Linear { out_features: 4, bias }, &[hidden]);
        });
        agrees(&graph, "linear layers");
    }
}

/// Through several numbers a channel and back to one.
fn along_channels(input: Shape, kernel: usize, circular: bool) {
    let layer = |inputs, outputs| Op::ChannelConv1d { inputs, outputs, kernel, circular, bias: true };
    let graph = graph_of(input, |b, image| {
        let many = b.add("many", layer(1, 10), &[image]);
        let others = b.add("others", layer(10, 3), &[many]);
        b.add("one", layer(3, 1), &[others]);
    });
    assert_eq!(graph[NodeId(2)].shape, Shape::map(3, input.channels(), 1));
    agrees(&graph, &format!("along the channels of {input}"));
}

/// Every operator of attention that is more than a pool, a small network and a product.
pub(super) fn attending(input: Shape) -> Graph {
    graph_of(input, |b, image| {
        let [a, c] = ["a", "c"].map(|name| b.add(name, Op::Conv2d(Conv2d::new(8, 1).with_bias()), &[image]));
        let rows = b.add("rows", Op::MeanOverWidth, &[a]);
        let columns = b.add("columns", Op::MeanOverHeight, &[c]);
        let strips = b.add("strips", Op::Scale, &[rows, columns]);
        let sum = b.add("sum", Op::Add, &[rows, strips, columns]);
        let norm = b.add("norm", Op::GroupNorm { groups: 2, eps: 1e-5 }, &[sum]);
        let tanh = b.add("tanh", Op::Tanh, &[norm]);
        let alike = b.add("alike", Op::MatMul { product: Product::Similarity }, &[a, c]);
        let gate = b.add("look.gate", Op::SoftmaxPositions, &[alike]);
        let mixed = b.add("mixed", Op::MatMul { product: Product::Weighted }, &[tanh, gate]);
        b.register(GateKind::Matrix, gate, mixed, None);
        let where_ = b.add("where", Op::Conv2d(Conv2d::new(1, 1)), &[mixed]);
        let where_ = b.add("where.gate", Op::SoftmaxPositions, &[where_]);
        let context = b.add("context", Op::MatMul { product: Product::Weighted }, &[mixed, where_]);
        let along = |inputs, outputs| Op::ChannelConv1d { inputs, outputs, kernel: 3, circular: false, bias: true };
        let many = b.add("many", along(1, 3), &[context]);
        let many = b.add("many.tanh", Op::Tanh, &[many]);
        let one = b.add("one", along(3, 1), &[many]);
        let one = b.add("one.gate", Op::Sigmoid, &[one]);
        let weighed = b.gate(GateKind::Channel, mixed, one);
        let paths = b.add("paths.gate", Op::SoftmaxPaths { paths: 2 }, &[context]);
        let weighed = b.gate(GateKind::Paths { paths: 2 }, weighed, paths);
        let weighed = b.gate(GateKind::Rows, weighed, rows);
        let sum = b.add("over", Op::Add, &[weighed, context]);
        let pooled = b.add("pool", Op::GlobalAvgPool, &[sum]);
        let flat = b.add("flat", Op::Flatten, &[pooled]);
        let joined = b.add("joined", Op::Scale, &[flat, sum]);
        let pooled = b.add("pool2", Op::GlobalMaxPool, &[joined]);
        let flat = b.add("flat2", Op::Flatten, &[pooled]);
        b.add("fc", Op::Linear { out_features: 3, bias: true }, &[flat]);
    })
}

#[test]
fn strips_products_softmax_and_what_is_repeated() {
    for input in [Shape::map(3, 5, 4), Shape::map(2, 1, 6), Shape::map(2, 1, 1)] {
        agrees(&attending(input), &format!("attention on {input}"));
    }
    for paths in [1, 2, 3] {
        alone(Op::SoftmaxPaths { paths }, Shape::map(12, 1, 1));
    }
}

#[test]
fn channels_are_joined_split_and_shuffled() {
    for (channels, groups) in [(12, 2), (40, 4), (36, 3), (64, 2), (116, 2)] {
        let graph = graph_of(Shape::map(channels, 3, 5), |b, image| {
            let half = channels / 2;
            let first = b.add("first", Op::ChannelSlice { start: 0, length: half }, &[image]);
            let second = b.add("second", Op::ChannelSlice { start: half, length: channels - half }, &[image]);
            let relu = b.add("relu", Op::Relu, &[second]);
            let joined = b.add("joined", Op::Concat, &[first, relu, second]);
            let pool = b.add("pool", Op::Concat, &[relu, first]);
            let shuffled = b.add("shuffled", Op::ChannelShuffle { groups }, &[pool]);
            let part = b.add("part", Op::ChannelSlice { start: 1, length: channels - 3 }, &[shuffled]);
            b.add("all", Op::Concat, &[part, joined]);
        });
        agrees(&graph, &format!("{channels} channels in {groups} groups"));
    }
}

#[test]
fn a_convolution_takes_along_what_follows_it() {
    for op in [Op::Relu6, Op::HardSwish, Op::Silu, Op::HardSigmoid, Op::Sigmoid, Op::Tanh, Op::Times { factor: 0.1 }] {
        for (from, conv) in [(19, Conv2d::new(21, 3)), (16, Conv2d::new(16, 5).groups(16)), (8, Conv2d::new(5, 1))] {
            let graph = graph_of(Shape::map(from, 6, 7), |b, image| {
                let conv = b.add("conv", Op::Conv2d(conv.with_bias()), &[image]);
                let norm = b.add("bn", Op::BatchNorm { eps: 1e-3 }, &[conv]);
                let times = b.add("times", Op::Times { factor: 0.5 }, &[norm]);
                let relu = b.add("relu", Op::Relu, &[times]);
                let sum = b.add("sum", Op::Add, &[relu, times]);
                b.add("act", op, &[sum]);
            });
            agrees(&graph, &format!("{op:?} after {conv:?}"));
        }
    }
}

#[test]
fn outputs_read_more_than_once_are_not_overwritten() {
    let graph = graph_of(Shape::map(4, 5, 6), |b, image| {
        let conv = b.add("conv", Op::Conv2d(Conv2d::new(4, 3)), &[image]);
        let bn = b.add("bn", Op::BatchNorm { eps: 1e-5 }, &[conv]);
        let relu = b.add("relu", Op::Relu, &[bn]);
        let twice = b.add("twice", Op::Add, &[relu, relu]);
        let three = b.add("three", Op::Add, &[bn, twice, relu]);
        let flat = b.add("flat", Op::Flatten, &[three]);
        let flat = b.add("flat.relu", Op::Relu, &[flat]);
        let head = b.add("fc", Op::Linear { out_features: 4, bias: true }, &[flat]);
        let gate = b.add("gate", Op::Sigmoid, &[head]);
        let scaled = b.gate(GateKind::Channel, three, gate);
        let image = b.add("image.relu", Op::Relu, &[image]);
        b.add("concat", Op::Concat, &[scaled, three, image]);
    });
    agrees(&graph, "shared outputs");
}

#[test]
fn gates_broadcast_over_channels_positions_and_both() {
    for (kind, pool) in [(GateKind::Channel, Op::GlobalMaxPool), (GateKind::Spatial, Op::ChannelMax)] {
        for input in [Shape::map(4, 5, 6), Shape::map(4, 1, 1), Shape::map(1, 3, 3), Shape::map(2, 2, 1)] {
            let graph = graph_of(input, |b, image| {
                let pooled = b.add("pool", pool, &[image]);
                let gate = b.add("gate", Op::Sigmoid, &[pooled]);
                b.gate(kind, image, gate);
            });
            agrees(&graph, &format!("{kind:?} over {input}"));
        }
    }
    let graph = graph_of(Shape::map(3, 4, 5), |b, image| {
        let gate = b.add("gate", Op::Sigmoid, &[image]);
        b.add("scale", Op::Scale, &[image, gate]);
    });
    agrees(&graph, "a gate of every value");
}

#[test]
fn whole_small_networks_with_every_block() {
    for text in [
        "resnet20(input=17x13,blocks=1-1-1)+cbam(r=4)",
        "resnet20(input=16,blocks=1-1-1)+se",
        "resnet18(input=33x40,blocks=1-1-1-1,widths=8-8-16-16)+cam(r=4)",
        "resnet50(input=31,blocks=1-1-1-1,widths=4-4-8-8)+sam(k=3)",
        "plain20(blocks=1-1-1)+se(variant=nobias)",
        "resnext50_32x4d(input=31,blocks=1-1-1-1,groups=4,widths=16-16-32-32,stem=deep,shortcut=pool)+eca",
        "resnet18(input=35,blocks=1-1-1-1,widths=8-8-16-16,branch=relu,pool=ceil,stem=tiered)+eca(pad=circular)",
        "vgg11_bn(input=32,blocks=1-1,widths=8-20,classes=5)+se(variant=floor,r=4)",
        "mobilenet_v1(input=32,width=13,attend=both)+cbam(r=2)",
        "mobilenet_v2(input=32,width=10)+se(r=4)@stage3",
        "mobilenet_v3_small(input=33,width=25)+cbam(r=4)@stage2",
        "mobilenet_v3_large(input=32,width=20,se=none)",
        "shufflenet_v1_g3(input=32,width=30)+se(variant=floor,r=8)",
        "shufflenet_v2_x0_5(input=33)+eca",
        "efficientnet_b0(input=32,width=20,depth=30)",
        "regnet_y_400mf(input=32,blocks=1-2,widths=16-24)",
        "regnet_x_400mf(input=32,blocks=1-2,widths=16-32,shortcut=none)+se",
        "resnet20(input=16x13,blocks=1-1-1)+gc@layer1+gca@layer2+nl@layer3",
        "resnet20(input=16x13,blocks=1-1-1)+coord@layer1+coord(variant=simple)@layer2+ela@layer3",
        "resnet20(input=16x13,blocks=1-1-1)+strip@layer1+sk@layer2+splat(radix=4)@layer3",
        "resnet20(input=16x13,blocks=1-1-1)+lcbam(r=4)@layer1+eca(mlp=yes)@layer2+ese@layer3",
        "resnet20(input=17,blocks=1-1-1)+bam(r=4)",
        "resnet20(input=17,blocks=1-1-1)+ge(r=4)@layer1+bam(form=sum,d=2,r=4)@layer3",
        "resnext50_32x4d(input=31,blocks=1-1,groups=4,base_width=16,widths=16-32)+splat(site=conv)@layer1+sk(site=conv)@layer2",
        "senet154_trunk(input=33,blocks=1-1-1-1,widths=8-8-16-16,base_width=16,groups=2,stem_width=12)+se",
    ] {
        let graph = lower(&parse(text).expect(text)).expect(text);
        agrees(&graph, text);
    }
}

#[test]
fn gates_have_their_own_shape() {
    let graph = lower(&parse("resnet20(blocks=1-1-1)+cbam").expect("parses")).expect("lowers");
    let weights = Weights::seeded(&graph, 1);
    let run = run(&graph, &weights, &image(&graph), &[], &Control::none()).expect("runs");
    assert_eq!(run.gates[0].shape, Shape::vector(16));
    assert_eq!(run.gates[1].shape.dims(), [32, 32]);
    assert_eq!(run.gates[1].shape.height(), 32);
    assert!(run.gates.iter().all(|gate| gate.values.len() == gate.shape.elements()));
}

#[test]
fn progress_grows_to_one_and_cancelling_stops() {
    let graph = lower(&parse("resnet20").expect("parses")).expect("lowers");
    let weights = Weights::seeded(&graph, 0);
    let seen = Mutex::new(Vec::new());
    let note = |share: f32| seen.lock().expect("not poisoned").push(share);
    let control = Control { progress: &note, cancelled: &|| false };
    run(&graph, &weights, &image(&graph), &[], &control).expect("runs");
    let shares = seen.lock().expect("not poisoned").clone();
    assert!(shares.len() > 20 && shares.windows(2).all(|pair| pair[0] <= pair[1]), "{shares:?}");
    assert_eq!(shares.last(), Some(&1.0));
    let stop = || seen.lock().expect("not poisoned").len() > shares.len() + 5;
    let control = Control { progress: &note, cancelled: &stop };
    let error = run(&graph, &weights, &image(&graph), &[], &control).expect_err("was cancelled");
    assert_eq!(error, EngineError::Cancelled);
    assert_eq!(seen.lock().expect("not poisoned").len(), shares.len() + 6);
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let graph = |text: &str| lower(&parse(text).expect(text)).expect(text);
    let (small, other) = (graph("resnet20"), graph("resnet20(classes=7)"));
    let (weights, image) = (Weights::seeded(&small, 0), image(&small));
    let error = run(&small, &weights, &image[1..], &[], &Control::none()).expect_err("too short").to_string();
    assert_eq!(
        error,
        "resnet20 takes an image of 3×32×32 (3072 numbers) and got 3071 numbers: prepare it for this input"
    );
    let error = run(&other, &weights, &image, &[], &Control::none()).expect_err("other classes").to_string();
    assert!(error.contains("resnet20(classes=7)") && error.contains("fc.weight"), "{error}");
    let error = run(&small, &weights, &image, &[NodeId(9999)], &Control::none()).expect_err("no such node");
    assert!(error.to_string().contains("no node 9999"), "{error}");
    let uneven = graph_of(Shape::map(4, 3, 3), |b, image| {
        b.add("conv9", Op::Conv2d(Conv2d::new(6, 1).groups(4)), &[image]);
    });
    let weights = Weights::seeded(&uneven, 0);
    let error = run(&uneven, &weights, &[0.5; 36], &[], &Control::none()).expect_err("6 into 4 groups").to_string();
    assert!(error.starts_with("test: conv9 (Conv2d): ") && !error.contains('\n'), "{error}");
}
