//! candle's operators on its CPU device against the kernels: what a graphics card runs is the same graph.

use candle_core::Device;

use super::*;
use crate::compute::engine::tests::{attending, graph_of, image, number, params, weights};
use crate::compute::engine::{Control, EngineError, Hold, Holds, Plan, PlanOptions, Run};
use crate::network::graph::{Conv2d, GateKind, Graph, NodeId, Op, Pool2d, Shape};
use crate::network::{lower, parse};

/// The tolerance for the two ways to run a graph.
const TOLERANCE: f32 = 1e-4;

fn close(found: &[f32], wanted: &[f32], what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (index, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert!((found - wanted).abs() <= TOLERANCE * wanted.abs().max(1.0), "{what} [{index}]: {found}, not {wanted}");
    }
}

fn agree(found: &Run, wanted: &Run, graph: &Graph, what: &str) {
    close(&found.logits, &wanted.logits, what);
    assert_eq!(found.gates.len(), wanted.gates.len(), "{what}");
    for (gate, (found, wanted)) in graph.gates.iter().zip(found.gates.iter().zip(&wanted.gates)) {
        assert_eq!(found.shape, wanted.shape, "{what}: {}", gate.name);
        close(&found.values, &wanted.values, &format!("{what}: {}", gate.name));
    }
    for (found, wanted) in found.taps.iter().zip(&wanted.taps) {
        assert_eq!((found.node, found.shape), (wanted.node, wanted.shape), "{what}");
        close(&found.values, &wanted.values, &format!("{what}: {}", graph[found.node].name));
    }
}

/// Every node of a graph, on both, two images at a time.
fn agrees(graph: &Graph, what: &str) {
    let weights = weights(graph, &params(graph));
    let images: Vec<f32> = (0..2 * graph.input().elements()).map(|index| number(index + 31)).collect();
    let options = PlanOptions { taps: graph.node_ids().collect(), batch: 2, ..PlanOptions::default() };
    let device = DevicePlan::on(Device::Cpu, DeviceKind::Cpu, graph, &weights, &options).expect(what);
    let plan = Plan::new(graph, &weights, options).expect(what);
    let found = device.run_batch(&images, &Holds::none(), &Control::none()).expect(what);
    let wanted = plan.run_batch(&images, &Holds::none(), &Control::none()).expect(what);
    assert_eq!(found.len(), 2, "{what}");
    found.iter().zip(&wanted).for_each(|(found, wanted)| agree(found, wanted, graph, what));
}

#[test]
fn held_gates_are_the_same_on_both() {
    let graph = lower(&parse("resnet20(blocks=1-1-1)+cbam").expect("parses")).expect("lowers");
    let weights = weights(&graph, &params(&graph));
    let mut holds = Holds::none();
    for (gate, hold) in [(0, Hold::Value(0.25)), (1, Hold::Scaled(0.5)), (2, Hold::Mean)] {
        holds.set(gate, hold);
    }
    let options = PlanOptions::default();
    let device = DevicePlan::on(Device::Cpu, DeviceKind::Cpu, &graph, &weights, &options).expect("a device");
    let plan = Plan::new(&graph, &weights, options).expect("plans");
    let found = device.run_batch(&image(&graph), &holds, &Control::none()).expect("runs");
    let wanted = plan.run_batch(&image(&graph), &holds, &Control::none()).expect("runs");
    agree(&found[0], &wanted[0], &graph, "held");
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
        base.groups(2).stride(3).with_bias(),
        Conv2d { dilation: [2, 2], padding: [2, 2], ..base },
        Conv2d { dilation: [1, 3], padding: [0, 4], stride: [2, 3], ..base },
        Conv2d { kernel: [1, 7], padding: [0, 3], ..base },
        Conv2d { kernel: [7, 1], padding: [3, 0], stride: [1, 2], ..base },
        Conv2d::new(6, 1).stride(2),
        Conv2d::new(8, 3).groups(4),
        Conv2d { padding: [0, 1], trailing: [1, 0], ..base.stride(2) },
        Conv2d { padding: [1, 1], trailing: [1, 1], ..Conv2d::new(8, 5).groups(4).stride(2) },
    ] {
        alone(Op::Conv2d(conv), Shape::map(4, 9, 11));
    }
    alone(Op::Conv2d(base), Shape::map(1, 1, 1));
}

#[test]
fn pooling_of_every_geometry() {
    for (kernel, stride, padding) in
        [([3, 3], [2, 2], [1, 1]), ([3, 3], [2, 2], [0, 0]), ([2, 3], [3, 1], [1, 1]), ([1, 1], [2, 2], [0, 0])]
    {
        for ceil_mode in [false, true] {
            for counts_padding in [false, true] {
                let pool = Pool2d { kernel, stride, padding, ceil_mode, counts_padding, ..Pool2d::new(1, 1) };
                for input in [Shape::map(3, 8, 10), Shape::map(2, 7, 5)] {
                    alone(Op::MaxPool(pool), input);
                    alone(Op::AvgPool(pool), input);
                }
            }
        }
    }
}

#[test]
fn padding_below_and_to_the_right_and_blurring() {
    for input in [Shape::map(3, 8, 10), Shape::map(2, 7, 5)] {
        for pool in [
            Pool2d { trailing: [1, 1], ..Pool2d::new(2, 1) },
            Pool2d { padding: [0, 1], trailing: [1, 0], ..Pool2d::new(3, 2) },
        ] {
            alone(Op::MaxPool(pool), input);
            alone(Op::AvgPool(pool), input);
            alone(Op::AvgPool(pool.without_padding_counted()), input);
        }
        alone(Op::BlurPool { stride: 1 }, input);
        alone(Op::BlurPool { stride: 2 }, input);
    }
    alone(Op::Renormalise { scale: [0.5, -2.0, 3.0], shift: [1.0, 0.25, 0.0] }, Shape::map(3, 5, 4));
}

#[test]
fn everything_else() {
    let input = Shape::map(5, 7, 9);
    for op in [
        Op::BatchNorm { eps: 1e-3 },
        Op::Relu,
        Op::Relu6,
        Op::Sigmoid,
        Op::Tanh,
        Op::HardSigmoid,
        Op::Silu,
        Op::HardSwish,
        Op::Times { factor: 0.3 },
        Op::AdaptiveAvgPool { size: 4 },
        Op::ChannelSlice { start: 1, length: 3 },
        Op::GlobalAvgPool,
        Op::GlobalMaxPool,
        Op::MeanOverWidth,
        Op::MeanOverHeight,
        Op::SoftmaxPositions,
        Op::Energy { lambda: 1e-2 },
        Op::StylePool { eps: 1e-2 },
        Op::Transpose { axis: 1 },
        Op::Transpose { axis: 2 },
        Op::GroupNorm { groups: 5, eps: 1e-5 },
        Op::ChannelMean,
        Op::ChannelMax,
        Op::Flatten,
        Op::Subsample { stride: 2 },
        Op::PadChannels { before: 2, after: 3 },
    ] {
        alone(op, input);
    }
    alone(Op::ChannelShuffle { groups: 3 }, Shape::map(6, 4, 5));
    for (kernel, circular) in [(3, false), (3, true), (9, true)] {
        let along = Op::ChannelConv1d { inputs: 1, outputs: 1, kernel, circular, bias: false };
        alone(along, Shape::map(2, 1, 1));
        alone(along, Shape::vector(7));
    }
    agrees(&attending(Shape::map(3, 5, 4)), "attention");
    let graph = graph_of(Shape::map(3, 4, 5), |b, image| {
        let twice = b.add("twice", Op::Add, &[image, image, image]);
        let both = b.add("concat", Op::Concat, &[twice, image]);
        let each = b.add("gate", Op::Sigmoid, &[both]);
        b.add("scale", Op::Scale, &[both, each]);
    });
    agrees(&graph, "several inputs");
    for pool in [Op::GlobalMaxPool, Op::ChannelMax] {
        let graph = graph_of(Shape::map(4, 5, 6), |b, image| {
            let pooled = b.add("pool", pool, &[image]);
            let gate = b.add("gate", Op::Sigmoid, &[pooled]);
            b.gate(GateKind::Channel, image, gate);
        });
        agrees(&graph, &format!("{pool:?}"));
    }
}

#[test]
fn whole_networks_with_every_block() {
    for text in [
        "resnet20(input=17x13,blocks=1-1-1)+cbam(r=4)",
        "resnet18(input=33x40,blocks=1-1-1-1,widths=8-8-16-16)+cam(r=4)",
        "resnet50(input=31,blocks=1-1-1-1,widths=4-4-8-8)+sam(k=3)",
        "plain20(blocks=1-1-1)+se(variant=nobias)",
        "resnet20(input=16,blocks=1-1-1)+gc@layer1+gca@layer2+nl@layer3",
        "resnet20(input=16,blocks=1-1-1)+coord@layer1+coord(variant=simple)@layer2+ela@layer3",
        "resnet20(input=16,blocks=1-1-1)+strip@layer1+sk@layer2+splat@layer3",
        "resnet20(input=16,blocks=1-1-1)+lcbam@layer1+eca(mlp=yes)@layer2+bam@layer3",
        "resnext50_32x4d(input=31,blocks=1-1-1-1,groups=4,widths=16-16-32-32,stem=deep,shortcut=pool)+eca",
        "resnet18(input=35,blocks=1-1-1-1,widths=8-8-16-16,branch=relu,pool=ceil,stem=tiered)+eca(pad=circular)",
    ] {
        agrees(&lower(&parse(text).expect(text)).expect(text), text);
    }
}

fn on_cpu(text: &str) -> (Graph, DevicePlan) {
    let graph = lower(&parse(text).expect(text)).expect(text);
    let weights = weights(&graph, &params(&graph));
    let plan = DevicePlan::on(Device::Cpu, DeviceKind::Cpu, &graph, &weights, &PlanOptions::default()).expect(text);
    (graph, plan)
}

#[test]
fn steps_count_the_network_and_clocks_cover_them() {
    let (graph, plan) = on_cpu("resnet20(blocks=1-1-1)+se");
    let (runs, times) = plan.run_timed(&image(&graph), &Control::none()).expect("runs");
    assert_eq!((runs.len(), times.len(), plan.steps().len()), (1, graph.nodes.len(), graph.nodes.len()));
    let macs: u64 = plan.steps().iter().map(|step| step.macs).sum();
    assert_eq!(macs, crate::network::cost::Ledger::of(&graph).total().macs);
}

#[test]
fn what_does_not_belong_together_is_refused_and_a_run_can_be_stopped() {
    let (graph, plan) = on_cpu("resnet20(blocks=1-1-1)+se");
    let image = image(&graph);
    assert!(matches!(plan.run_batch(&image[1..], &Holds::none(), &Control::none()), Err(EngineError::Image { .. })));
    let stop = Control { progress: &|_| (), cancelled: &|| true };
    assert_eq!(plan.run_batch(&image, &Holds::none(), &stop).expect_err("stopped"), EngineError::Cancelled);
    let weights = weights(&graph, &params(&graph));
    let options = PlanOptions { taps: vec![NodeId(9999)], ..PlanOptions::default() };
    let refused = DevicePlan::on(Device::Cpu, DeviceKind::Cpu, &graph, &weights, &options);
    assert!(matches!(refused.err(), Some(EngineError::Tap { .. })));
}

#[test]
fn devices_have_names_and_one_that_is_missing_leaves_the_processor() {
    for kind in DeviceKind::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    let error = "gpu".parse::<DeviceKind>().expect_err("no such device").to_string();
    assert!(error.contains("gpu") && error.contains("cpu, cuda or metal"), "{error}");
    let graph = lower(&parse("resnet20(blocks=1-1-1)").expect("parses")).expect("lowers");
    let weights = weights(&graph, &params(&graph));
    for kind in [DeviceKind::Cuda, DeviceKind::Metal] {
        let (runner, missing) = Runner::new(kind, &graph, &weights, PlanOptions::default()).expect("runs");
        match missing {
            Some(reason) => {
                let reason = reason.to_string();
                assert_eq!(runner.device(), DeviceKind::Cpu);
                assert!(
                    reason.starts_with(kind.name()) && reason.contains("CPU") && !reason.contains('\n'),
                    "{reason}"
                );
            }
            None => assert_eq!(runner.device(), kind),
        }
    }
}
