use super::*;
use crate::compute::lab::data::Objects;
use crate::compute::lab::experiments::lab_network;
use crate::network::{lower, parse};

/// An atlas of nine gates of 32 channels whose classes lie `apart(block)` of each other.
pub(crate) fn atlas(apart: impl Fn(usize) -> f32) -> AtlasResult {
    let classes: Vec<String> = ["disc", "ring", "star", "heart"].map(str::to_owned).to_vec();
    let gate = |block: usize| {
        let mean = |class: usize, channel: usize| {
            let wave = (channel * 7 % 32) as f32 / 32.0;
            (0.2 + 0.6 * wave
                + apart(block) * (class as f32 - 1.5) * if channel.is_multiple_of(2) { 1.0 } else { -1.0 })
            .clamp(0.0, 1.0)
        };
        AtlasGate {
            gate: format!("layer{}.{}.se.gate", 1 + block / 3, block % 3),
            block: format!("layer{}.{}", 1 + block / 3, block % 3),
            attention: "se".to_owned(),
            means: (0..classes.len()).map(|class| (0..32).map(|channel| mean(class, channel)).collect()).collect(),
        }
    };
    AtlasResult {
        gatescope: "0.1.0".to_owned(),
        finished: "2026-11-24".to_owned(),
        seconds: 1.0,
        network: "resnet20+se".to_owned(),
        weights: "se.safetensors".to_owned(),
        trained: true,
        dataset: "objects".to_owned(),
        images: vec![25; classes.len()],
        classes: classes.clone(),
        gates: (0..9).map(gate).collect(),
    }
}

#[test]
fn the_reading_follows_the_numbers_either_way() {
    let text = |apart: fn(usize) -> f32| atlas(apart).reading().join("\n");
    let late = text(|block| 0.01 * block as f32);
    assert!(late.contains("Late gates tell classes apart more"), "{late}");
    assert!(late.contains("furthest apart in layer3.2") && late.contains("closest in layer1.0"), "{late}");
    let early = text(|block| 0.01 * (8 - block) as f32);
    assert!(early.contains("Early gates tell classes apart more"), "{early}");
    assert!(early.contains("In layer3.2 32 of 32 channels hardly differ"), "{early}");
    assert!(text(|_| 0.03).contains("about equally"));
}

#[test]
fn channels_are_sorted_by_their_mean() {
    let gate = &atlas(|_| 0.0).gates[0];
    let sorted: Vec<f32> = gate.order(Order::Sorted).iter().map(|channel| gate.means[0][*channel]).collect();
    assert!(sorted.is_sorted_by(|a, b| a >= b));
    assert_eq!(gate.order(Order::Index), (0..32).collect::<Vec<_>>());
}

#[test]
fn an_atlas_is_written_whole_and_read_again() {
    let result = atlas(|block| 0.01 * block as f32);
    let folder = tempfile::tempdir().expect("a folder");
    result.write(folder.path(), Order::Sorted).expect("writes");
    let json = std::fs::read(folder.path().join("atlas.json")).expect("reads");
    assert_eq!(serde_json::from_slice::<AtlasResult>(&json).expect("parses"), result);
    let csv = std::fs::read_to_string(folder.path().join("atlas.csv")).expect("reads");
    assert_eq!(csv.lines().count(), 1 + 9 * 4 * 32);
}

#[test]
fn a_network_is_averaged_by_class_as_its_own_runs_say() {
    let data = Objects::new(0);
    let graph = lower(&lab_network(8, true, "cbam", 10).expect("a network")).expect("lowers");
    let weights = Weights::seeded(&graph, 1);
    let settings = AtlasSettings { images: 30, threads: 1, ..AtlasSettings::of(&data) };
    let result = run(&graph, &weights, &data, &settings, &Watch::none()).expect("runs");
    assert_eq!(result.images.iter().sum::<u64>(), 30);
    assert_eq!(result.gates.len(), 3, "three blocks, a channel gate each");
    let class = data.example(Split::Test, 0).expect("an image").label;
    let plan = Plan::new(&graph, &weights, PlanOptions { threads: 1, ..PlanOptions::default() }).expect("plans");
    let (mut sum, mut count) = (0.0, 0.0);
    for index in 0..30 {
        let example = data.example(Split::Test, index).expect("an image");
        if example.label == class {
            let picture = Picture::new(String::new(), example.image);
            let prepared = settings.preprocessing.prepare(&picture).expect("prepares");
            sum += plan.run(&prepared.tensor).expect("runs").gates[0].values[5];
            count += 1.0;
        }
    }
    assert!((result.gates[0].means[class][5] - sum / count).abs() < 1e-5);
    assert!(!result.trained && result.reading()[0].contains("untrained"));
}

#[test]
fn a_network_without_channel_gates_is_told_what_to_do() {
    let graph = lower(&parse("resnet20+sam").expect("parses")).expect("lowers");
    let data = Objects::new(0);
    let outcome = run(&graph, &Weights::seeded(&graph, 0), &data, &AtlasSettings::of(&data), &Watch::none());
    assert!(outcome.expect_err("no gates").to_string().contains("no channel gates"));
}
