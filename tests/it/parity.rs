//! Whole networks compute what PyTorch computes: gates, stage outputs, logits (`tests/reference/README.md`).

use gatescope::compute::engine::{self, Control};
use gatescope::compute::explain::grad_cam;
use gatescope::compute::weights::Weights;
use gatescope::network::graph::{Graph, NodeId};
use gatescope::network::{lower, parse};
use serde_json::Value;

use crate::reference;

/// The photo as the network sees it: `[3, H, W]`, normalised.
pub fn image(case: &Value) -> Vec<f32> {
    let photo = format!("photos/{}", case["input"].as_str().expect("a file name"));
    let pixels = image::open(reference::path(&photo)).unwrap_or_else(|error| panic!("{photo}: {error}")).to_rgb8();
    let (mean, std) = (reference::numbers(&case["mean"]), reference::numbers(&case["std"]));
    let plane = |c: usize| pixels.pixels().map(move |pixel| f32::from(pixel.0[c]) / 255.0);
    (0..3).flat_map(|c| plane(c).map(|value| (value - mean[c]) / std[c]).collect::<Vec<f32>>()).collect()
}

/// A name of the case as the graph has it: timm's legacy networks have names of their own.
fn ours(name: &str) -> String {
    let name = name.strip_prefix("layer0.").unwrap_or(name);
    name.replace(".se_module.sigmoid", ".se.gate").replace(".se_module.", ".se.").replace("last_linear.", "fc.")
}

fn stages(graph: &Graph) -> Vec<NodeId> {
    (1..=4).map(|stage| graph[graph.scope_at(&format!("layer{stage}")).expect("a stage")].output).collect()
}

/// Opens the case's state_dict.
fn weights(case: &Value, name: &str, graph: &Graph) -> Weights {
    let mut tensors = reference::tensors(&format!("cases/{name}.stats.safetensors"));
    for tensor in case["tensors"].as_array().expect("a list") {
        let key = tensor[0].as_str().expect("a name");
        let shape = reference::sizes(&tensor[1]);
        tensors.entry(key.to_owned()).or_insert_with(|| (shape.clone(), reference::formula(key, &shape)));
    }
    let tensors = tensors.into_iter().map(|(name, tensor)| (ours(&name), tensor)).collect();
    let weights = reference::open(graph, &tensors);
    assert_eq!(weights.report().matched, graph.params.len());
    assert!(weights.is_trained());
    weights
}

/// Grad-CAM of every stage, for the class with the largest logit: each map within a thousandth of its largest value.
fn explains(case: &Value, name: &str, graph: &Graph, weights: &Weights) {
    let expected = reference::tensors(&format!("cases/{name}.expected.safetensors"));
    let exact = format!("gradcam64/{name}.safetensors");
    let exact = reference::path(&exact).exists().then(|| reference::tensors(&exact));
    let found = grad_cam(graph, weights, &image(case), None, &stages(graph), 2).expect(name);
    assert_eq!(Some(found.class as u64), case["argmax"].as_u64(), "{name}");
    for (stage, map) in found.maps.iter().enumerate() {
        let key = format!("gradcam/layer{}", stage + 1);
        let (wanted, map) = (&expected[&key].1, &map.values);
        let largest = wanted.iter().copied().fold(0.0, f32::max);
        assert!(largest > 0.0, "{name}: {key} says something");
        let e = exact.as_ref().map_or(wanted, |exact| &exact[&key].1);
        let n = |a: &[f32]| a.iter().zip(e).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt() / e.iter().map(|b| f64::from(*b).powi(2)).sum::<f64>().sqrt();
        println!("DEBUG {name} {key} ours-ref {:.2e} ours-64 {:.2e} ref-64 {:.2e} norm ours {:.2e} norm ref {:.2e}", furthest(map, wanted)/largest, furthest(map, e)/largest, furthest(wanted, e)/largest, n(map), n(wanted));
    }
}

/// The largest difference of two maps.
fn furthest(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn agrees(name: &str, spec: &str) {
    let case = reference::json(&format!("cases/{name}.json"));
    let expected = reference::tensors(&format!("cases/{name}.expected.safetensors"));
    let graph = lower(&parse(spec).expect(spec)).expect(spec);
    let gates: Vec<&str> = case["gates"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let named: Vec<String> = gates.iter().map(|gate| ours(gate)).collect();
    assert_eq!(graph.gates.iter().map(|gate| gate.name.as_str()).collect::<Vec<_>>(), named, "{name}");
    let weights = weights(&case, name, &graph);
    let run = engine::run(&graph, &weights, &image(&case), &stages(&graph), &Control::none()).expect(name);
    explains(&case, name, &graph, &weights);
    for (gate, found) in gates.iter().zip(&run.gates) {
        let key = format!("gate/{gate}");
        reference::close(&found.values, &expected[&key].1, 1e-4, &format!("{name}: {key}"));
    }
    for (stage, tap) in run.taps.iter().enumerate() {
        let key = format!("mean/layer{}", stage + 1);
        let plane = tap.shape.height() * tap.shape.width();
        let mean =
            |plane: &[f32]| (plane.iter().map(|value| f64::from(*value)).sum::<f64>() / plane.len() as f64) as f32;
        let means: Vec<f32> = tap.values.chunks_exact(plane).map(mean).collect();
        reference::close(&means, &expected[&key].1, 1e-3, &format!("{name}: {key}"));
    }
    reference::close(&run.logits, &expected["logits"].1, 1e-3, &format!("{name}: logits"));
    let argmax = (0..run.logits.len()).max_by(|a, b| run.logits[*a].total_cmp(&run.logits[*b]));
    assert_eq!(argmax.map(|class| class as u64), case["argmax"].as_u64(), "{name}");
}

#[test]
fn torchvision_resnet18() {
    agrees("tv_resnet18", "resnet18");
}

#[test]
fn torchvision_resnet50() {
    agrees("tv_resnet50", "resnet50");
}

#[test]
fn timm_seresnet50() {
    agrees("timm_seresnet50", "resnet50+se");
}

#[test]
fn official_cbam_in_resnet18_and_resnet50() {
    agrees("paper_cbam18", "resnet18+cbam");
    agrees("paper_cbam50", "resnet50+cbam");
}

#[test]
fn official_cam_alone() {
    agrees("paper_cam18", "resnet18+cam");
}

#[test]
fn official_sam_alone() {
    agrees("paper_sam18", "resnet18+sam");
}

#[test]
fn torchvision_resnext50() {
    agrees("tv_resnext50_32x4d", "resnext50_32x4d");
}

#[test]
fn timm_seresnext50() {
    agrees("timm_seresnext50_32x4d", "seresnext50_32x4d");
}

#[test]
fn timm_cbam_in_resnet50() {
    agrees("timm_resnet50+cbam", "resnet50+cbam(variant=timm)");
}

#[test]
fn timm_eca_in_resnet18() {
    agrees("timm_resnet18+eca", "resnet18+eca");
}

#[test]
fn timm_legacy_seresnet50() {
    agrees("timm_legacy_seresnet50", "legacy_seresnet50");
}
