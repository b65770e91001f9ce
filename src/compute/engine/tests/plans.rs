//! What plans promise: the same bits on any number of threads, on every instruction set the same numbers, batches
//! that are their images, taps that change nothing.

use super::*;
use crate::compute::engine::kernels::Isa;

/// Small networks whose layers still are cut into tasks, tiled and gated in every way.
const NETWORKS: [&str; 12] = [
    "resnet18(input=97x80,blocks=1-1-1-1,widths=32-48-64-64)+cbam(r=4)",
    "resnet50(input=90,blocks=1-1-1-1,widths=32-32-40-48)+se",
    "resnet18(input=96,blocks=1-1-1-1,widths=64-64-64-64)+cam(r=4)@layer1,layer2+sam@layer3",
    "resnet20(input=40,blocks=1-2-1)+cbam(r=4)",
    "resnet50(input=70,blocks=1-2-1,widths=32-32-40)+cbam(r=4,order=parallel,at=pre)+cbam(order=sc,at=post)@layer2",
    "resnet50(input=70,blocks=1-1-1,widths=32-32-40)+se(gate=tanh,at=3x3)+se(squeeze=none,at=identity)@layer2",
    "resnet18(input=70,blocks=1-1-1,widths=32-48-64)+se(squeeze=both,variant=nobias)+sam(map=conv,k=3)@layer2",
    "resnet18(input=70,blocks=1-1-1,widths=32-48-64)+se(squeeze=none,variant=nobias,gate=relu)",
    "mobilenet_v2(input=64,width=35)",
    "mobilenet_v3_small(input=64)+cbam(r=4)",
    "shufflenet_v2_x0_5(input=64)+se(r=4)@stage2",
    "googlenet(input=40)",
];

fn network(text: &str) -> (Graph, Weights) {
    let graph = lower(&parse(text).expect(text)).expect(text);
    let params = params(&graph);
    let weights = weights(&graph, &params);
    (graph, weights)
}

fn options(threads: usize) -> PlanOptions {
    PlanOptions { threads, ..PlanOptions::default() }
}

fn logits(plan: &Plan, image: &[f32]) -> Vec<f32> {
    plan.run(image).expect("runs").logits
}

#[test]
fn threads_do_not_change_a_bit() {
    for text in NETWORKS {
        let (graph, weights) = network(text);
        let image = image(&graph);
        let run = |threads| Plan::new(&graph, &weights, options(threads)).expect(text).run(&image).expect(text);
        let one = run(1);
        for threads in [2, 3, 8] {
            let many = run(threads);
            assert_eq!(one.logits, many.logits, "{text} on {threads} threads");
            assert_eq!(one.gates, many.gates, "{text} on {threads} threads");
        }
    }
}

#[test]
fn every_instruction_set_agrees() {
    for text in NETWORKS {
        let (graph, weights) = network(text);
        let image = image(&graph);
        let params = params(&graph);
        let wanted = naive::run(&graph, &params, &image);
        for isa in Isa::available() {
            let plan = Plan::on(isa, &graph, &weights, options(2)).expect(text);
            let run = plan.run(&image).expect(text);
            let what = format!("{text} on {}", isa.name());
            for (gate, found) in graph.gates.iter().zip(&run.gates) {
                for (found, wanted) in found.values.iter().zip(&wanted[gate.node.0].values) {
                    assert!((f64::from(*found) - wanted).abs() < 1e-4, "{what}: {}", gate.name);
                }
            }
            for (found, wanted) in run.logits.iter().zip(&wanted[graph.output().0].values) {
                assert!((f64::from(*found) - wanted).abs() < 1e-4 * wanted.abs().max(1.0), "{what}: {found} {wanted}");
            }
        }
    }
}

#[test]
fn a_batch_is_its_images() {
    for text in NETWORKS {
        let (graph, weights) = network(text);
        let size = graph.input().elements();
        let images: Vec<f32> = (0..3 * size).map(|index| number(index + 77)).collect();
        let single = Plan::new(&graph, &weights, options(2)).expect(text);
        let batch = Plan::new(&graph, &weights, PlanOptions { batch: 3, ..options(2) }).expect(text);
        let runs = batch.run_batch(&images, &Holds::none(), &Control::none()).expect(text);
        assert_eq!(runs.len(), 3);
        for (run, image) in runs.iter().zip(images.chunks_exact(size)) {
            let alone = single.run(image).expect(text);
            assert_eq!(run.logits, alone.logits, "{text}");
            assert_eq!(run.gates, alone.gates, "{text}");
        }
        let error = batch.run(&images[..size]).expect_err("one image where three are due");
        assert!(matches!(error, EngineError::Image { .. }));
    }
}

#[test]
fn a_plan_runs_again_and_taps_change_nothing() {
    for text in NETWORKS {
        let (graph, weights) = network(text);
        let (first, second) = (image(&graph), (0..graph.input().elements()).map(|i| number(i + 5)).collect::<Vec<_>>());
        let plan = Plan::new(&graph, &weights, options(2)).expect(text);
        let before = logits(&plan, &first);
        let other = logits(&plan, &second);
        assert_ne!(before, other);
        assert_eq!(logits(&plan, &first), before, "{text}: nothing of a run is left for the next");
        let every: Vec<NodeId> = graph.node_ids().collect();
        let tapped = Plan::new(&graph, &weights, PlanOptions { taps: every, ..options(2) }).expect(text);
        let run = tapped.run(&first).expect(text);
        for (one, two) in run.logits.iter().zip(&before) {
            assert!((one - two).abs() < 1e-4 * two.abs().max(1.0), "{text}: {one} {two}");
        }
        assert_eq!(run.taps.len(), graph.nodes.len());
        assert_eq!(run.taps[0].values, first);
    }
}

#[test]
fn a_gate_is_held_in_one_run_and_not_in_the_next() {
    let (graph, weights) = network("resnet20(blocks=1-1-1)+cbam");
    let (plan, image) = (Plan::new(&graph, &weights, options(2)).expect("plans"), image(&graph));
    let usual = plan.run(&image).expect("runs");
    let with = |gate: usize, hold: Hold| {
        let mut holds = Holds::none();
        holds.set(gate, hold);
        plan.run_with(&image, &holds, &Control::none())
    };
    // What a gate does by itself, said aloud.
    let own: Vec<f32> = usual.gates[1].values.clone();
    assert_eq!(with(1, Hold::Values(own.clone().into())).expect("runs").logits, usual.logits);
    let half: Vec<f32> = own.iter().map(|value| value * 0.5).collect();
    let mean = own.iter().map(|value| f64::from(*value)).sum::<f64>() / own.len() as f64;
    for (hold, same) in [(Hold::Scaled(0.5), half), (Hold::Mean, vec![mean as f32; own.len()])] {
        let held = with(1, hold).expect("runs");
        assert_ne!(held.logits, usual.logits);
        assert_eq!(held.gates[1].values, same, "the run says what the gate was held at");
        assert_eq!(held.gates[0], usual.gates[0], "what comes before is as it was");
        assert_eq!(with(1, Hold::Values(same.into())).expect("runs").logits, held.logits);
    }
    assert_eq!(plan.run(&image).expect("runs").logits, usual.logits);
    for (gate, hold) in [(graph.gates.len(), Hold::Mean), (0, Hold::Values([1.0].into()))] {
        assert!(matches!(with(gate, hold), Err(EngineError::Hold { .. })));
    }
}

#[test]
fn a_plan_can_be_read() {
    let graph = lower(&parse("resnet50+cbam").expect("parses")).expect("lowers");
    let plan = Plan::new(&graph, &Weights::seeded(&graph, 0), PlanOptions::default()).expect("plans");
    let text = plan.to_string();
    assert!(text.contains("layer1.0.conv2 + bn2 + relu2") && text.contains("winograd"), "{text}");
    let macs: u64 = plan.steps().iter().map(|step| step.macs).sum();
    assert_eq!(macs, crate::network::cost::Ledger::of(&graph).total().macs);
    let buffers: u64 = plan.buffer_bytes().iter().sum();
    assert!(buffers < 16 << 20, "buffers are used again: {buffers} bytes");
    let attention = plan.steps().iter().filter(|step| step.is_attention).count();
    assert!(attention > 16 * 4 && attention < plan.steps().len(), "{attention}");
}

#[test]
fn clocks_change_nothing_but_time() {
    let (graph, weights) = network(NETWORKS[0]);
    let plan = Plan::new(&graph, &weights, options(2)).expect("plans");
    let (runs, times) = plan.run_timed(&image(&graph), &Control::none()).expect("runs");
    assert_eq!(runs[0].logits, logits(&plan, &image(&graph)));
    assert_eq!(times.len(), plan.steps().len());
    let profile = profile(&Runner::from(plan), &image(&graph), Effort::runs(3), &Control::none()).expect("runs");
    assert!(profile.totals.len() == 3 && profile.min() <= profile.median());
}
