//! Gradients against finite differences, whole networks and every operator, and their independence of threads.

use super::{Mode, Parameters, Tape, TapeOptions};
use crate::compute::engine::kernels::Isa;
use crate::compute::engine::tests::attending;
use crate::compute::engine::{Hold, Holds};
use crate::network::graph::{Conv2d, Graph, GraphBuilder, NodeId, Op, ParamId, Role, Shape};
use crate::network::{lower, parse};

fn graph(text: &str) -> Graph {
    lower(&parse(text).expect(text)).expect(text)
}

/// Numbers between −1 and 1, the same every time.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// A loss with a known gradient: the sum of logits times fixed numbers.
fn loss(logits: &[f32], weights: &[f32]) -> f64 {
    logits.iter().zip(weights).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn options(batch: usize, threads: usize, mode: Mode) -> TapeOptions {
    TapeOptions { batch, threads, mode, ..TapeOptions::default() }
}

fn check(text: &str, batch: usize, mode: Mode) {
    check_graph(&graph(text), text, batch, mode, &Holds::none());
}

/// Compares the gradient along a direction with the difference of two losses, parameter by parameter.
fn check_graph(graph: &Graph, text: &str, batch: usize, mode: Mode, holds: &Holds) {
    let images = numbers(batch * graph.input().elements(), 7);
    let mut parameters = Parameters::seeded(graph, 3);
    // BatchNorm away from the identity, so that nothing hides behind ones and zeros.
    for (param, values) in graph.params.iter().zip(&mut parameters.values) {
        if matches!(param.role, Role::Bias) || values.iter().all(|value| (value - 1.0).abs() < f32::EPSILON) {
            let noise = numbers(values.len(), 11);
            values.iter_mut().zip(noise).for_each(|(value, noise)| *value += 0.3 * noise);
        }
    }
    let weights = numbers(batch * graph[graph.output()].shape.elements(), 5);
    let options = TapeOptions { gates: !holds.is_empty(), ..options(batch, 2, mode) };
    let mut tape = Tape::new(graph, options.clone()).expect("a tape");
    tape.forward(&mut parameters.clone(), &images, holds).expect("forward");
    tape.backward(&parameters, &weights).expect("backward");
    let length_of = |gradient: &[f32]| gradient.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    let largest = (0..graph.params.len()).map(|index| length_of(tape.gradient(ParamId(index)))).fold(0.0, f64::max);
    for (index, param) in graph.params.iter().enumerate().filter(|(_, param)| param.role.is_parameter()) {
        let gradient = tape.gradient(ParamId(index)).to_vec();
        let length = length_of(&gradient);
        assert!(length.is_finite() && length > 0.0, "{text}: {} has a gradient", param.name);
        if length < 1e-6 * largest {
            // Rounding: the next BatchNorm takes away what this shift adds.
            continue;
        }
        let size = parameters.values[index].iter().map(|value| value.abs()).fold(0.0, f32::max).max(0.1);
        let along = |step: f64| {
            let mut moved = parameters.clone();
            for (value, gradient) in moved.values[index].iter_mut().zip(&gradient) {
                *value += (step * f64::from(*gradient) / length) as f32;
            }
            let mut tape = Tape::new(graph, options.clone()).expect("a tape");
            loss(&tape.forward(&mut moved, &images, holds).expect("forward"), &weights)
        };
        // A large step passes the kinks of ReLUs and maxima, a small one drowns in rounding: one of them must agree.
        let errors = [1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5].map(|part| {
            let step = f64::from(size) * part;
            ((along(step) - along(-step)) / (2.0 * step) - length).abs() / length
        });
        let error = errors.into_iter().fold(f64::INFINITY, f64::min);
        assert!(error < 0.02, "{text}: {} differs by {errors:?} of {length}", param.name);
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for text in ["resnet8(input=16)", "resnet8(input=16)+se", "resnet8(input=16)+cbam(r=4)", "resnet8(input=16)+eca"] {
        check(text, 3, Mode::Train);
        check(text, 2, Mode::Eval);
    }
}

/// The papers' variants: other gates, other positions, other arrangements.
#[test]
fn gradients_of_variants_are_those_of_finite_differences() {
    for text in [
        "resnet8(input=16)+se(gate=tanh,at=pre)",
        "resnet8(input=16)+se(squeeze=none,at=post)",
        "resnet8(input=16)+se(squeeze=both,gate=hardsigmoid,at=identity)",
        "resnet8(input=16)+cbam(r=4,order=parallel)",
        "resnet8(input=16)+cbam(r=4,order=sc,map=conv,k=3)",
        "resnet8(input=16)+simam(lambda=0.1)",
        "resnet8(input=16)+srm",
        // As far back as there are hardly any ReLUs: in front of many, this gate's small gradient drowns in their kinks.
        "resnet8(input=16)+triplet(k=3)@layer3",
    ] {
        check(text, 3, Mode::Train);
    }
}

/// Behind a convolution and in front of a linear layer, without a ReLU: nothing hides in kinks.
#[test]
fn gradients_of_styles_and_exchanged_axes_are_those_of_finite_differences() {
    let graph = |add: fn(&mut GraphBuilder, NodeId) -> NodeId| {
        let mut builder = GraphBuilder::new("one operator".to_owned(), Shape::map(3, 5, 4));
        let image = builder.input();
        let mixed = builder.add("conv", Op::Conv2d(Conv2d::new(6, 3).with_bias()), &[image]);
        let found = add(&mut builder, mixed);
        let squashed = builder.add("tanh", Op::Tanh, &[found]);
        let flat = builder.add("flat", Op::Flatten, &[squashed]);
        builder.add("fc", Op::Linear { out_features: 4, bias: true }, &[flat]);
        builder.finish().expect("a graph")
    };
    let styles = graph(|b, x| b.add("style", Op::StylePool { eps: 1e-5 }, &[x]));
    let turned = graph(|b, x| {
        let rows = b.add("rows", Op::Transpose { axis: 1 }, &[x]);
        let mixed = b.add("mix", Op::Conv2d(Conv2d::new(7, 3)), &[rows]);
        b.add("columns", Op::Transpose { axis: 2 }, &[mixed])
    });
    for graph in [styles, turned] {
        check_graph(&graph, "one operator", 2, Mode::Eval, &Holds::none());
    }
}

/// A gate at twice its values and one at its mean: what its attention learns follows.
#[test]
fn gradients_through_held_gates_are_those_of_finite_differences() {
    let text = "resnet8(input=16)+cbam(r=4)";
    let mut holds = Holds::none();
    holds.set(0, Hold::Scaled(2.0));
    holds.set(3, Hold::Mean);
    check_graph(&graph(text), text, 2, Mode::Eval, &holds);
}

#[test]
fn gradients_of_strips_products_and_softmax_are_those_of_finite_differences() {
    check_graph(&attending(Shape::map(3, 5, 4)), "attention", 2, Mode::Train, &Holds::none());
}

#[test]
fn gradients_of_every_attention_block_are_those_of_finite_differences() {
    for blocks in [
        "gc@layer1+gca@layer2+nl@layer3",
        "coord@layer1+coord(variant=simple)@layer2+ela@layer3",
        "strip@layer1+sk@layer2+splat@layer3",
        "lcbam(r=4)@layer1+eca(mlp=yes)@layer2+ese@layer3",
        "sk(site=conv)@layer1+splat(site=conv)@layer2+ge(r=4)@layer3",
        // Wide and late: a few ReLUs over a small gradient drown in their kinks.
        "bam(d=1,r=2)@layer3",
        "bam(d=1,form=sum,r=2)@layer3",
    ] {
        check(&format!("resnet8(input=16)+{blocks}"), 3, Mode::Train);
    }
}

#[test]
fn gradients_of_other_arithmetic_are_those_of_finite_differences() {
    for text in [
        "resnet8(input=16,padding=same,head=max)",
        "resnet8(input=18,aa=blur,head=avgmax)",
        "resnet8(input=16,aa=avg,head=catavgmax,act=silu)",
        "resnet18(input=33,classes=4,blocks=1-1-1-1,widths=8-8-8-8,output_stride=8,shortcut=pool)",
        "resnet18(input=32,classes=4,blocks=1-1-1-1,widths=8-8-8-8,aa=blur,output_stride=16)",
        "efficientnet_lite0(input=40,width=8,depth=30,classes=4,padding=same,eps=1e-3)",
    ] {
        check(text, 3, Mode::Train);
    }
}

#[test]
fn gradients_of_every_family_are_those_of_finite_differences() {
    // MobileNet v3 is not among them: untrained, its gradients drown in rounding.
    for text in ["efficientnet_b0(input=32,width=8,depth=30,classes=4)", "shufflenet_v2_x0_5(input=64,classes=4)"] {
        // With the batch's statistics: untrained, these networks fade to nothing over the running ones.
        check(text, 3, Mode::Train);
    }
}

#[test]
fn gradients_do_not_depend_on_the_number_of_threads() {
    let graph = graph("resnet8(input=32)+cbam");
    let images = numbers(4 * graph.input().elements(), 1);
    let weights = numbers(40, 2);
    let gradients = |isa: Isa, threads: usize| {
        let mut tape = Tape::on(isa, &graph, options(4, threads, Mode::Train)).expect("a tape");
        let mut parameters = Parameters::seeded(&graph, 1);
        let logits = tape.forward(&mut parameters, &images, &Holds::none()).expect("forward");
        tape.backward(&parameters, &weights).expect("backward");
        let all = (0..graph.params.len()).flat_map(|index| tape.gradient(ParamId(index)).to_vec());
        (logits, all.collect::<Vec<f32>>(), parameters)
    };
    for isa in Isa::available() {
        let one = gradients(isa, 1);
        assert!(one == gradients(isa, 2) && one == gradients(isa, 3), "{}", isa.name());
    }
}
