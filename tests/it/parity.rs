//! Whole networks compute what PyTorch computes: gates, stage outputs, logits (`tests/reference/README.md`).

use gatescope::compute::engine::{self, Control};
use gatescope::compute::explain::{Layer, Subject, Target, method};
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
pub fn weights(case: &Value, name: &str, graph: &Graph) -> Weights {
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

/// Grad-CAM of every stage, for the class with the largest logit: each map within a thousandth of its largest value
/// of PyTorch's, or [as near to float64 as PyTorch's](is_as_near).
fn explains(case: &Value, name: &str, graph: &Graph, weights: &Weights) {
    let expected = reference::tensors(&format!("cases/{name}.expected.safetensors"));
    let exact = format!("gradcam64/{name}.safetensors");
    let exact = reference::path(&exact).exists().then(|| reference::tensors(&exact));
    let layers: Vec<Layer> =
        (1..=4).map(|stage| Layer::named(graph, &format!("layer{stage}")).expect("a stage")).collect();
    let mut subject = Subject::new(std::sync::Arc::new(graph.clone()), weights.clone(), 2);
    let (image, control) = (image(case), Control::none());
    let mut look = subject.look(&image, &layers, &control).expect(name);
    let target = Target::largest(look.logits());
    assert_eq!(target.to_string(), case["argmax"].to_string(), "{name}");
    for (stage, layer) in layers.iter().enumerate() {
        let map = method("gradcam").expect("there").explain(&mut look, layer, target).expect(name);
        // As the reference was kept: without what speaks against the class.
        let values: Vec<f32> = map.values.iter().map(|value| value.max(0.0)).collect();
        let key = format!("gradcam/layer{}", stage + 1);
        let (wanted, what) = (&expected[&key].1, format!("{name}: {key}"));
        let largest = wanted.iter().copied().fold(0.0, f32::max);
        assert!(largest > 0.0, "{what} says something");
        match exact.as_ref().filter(|_| stage < 3) {
            None => reference::close(&values, wanted, 1e-3 * largest, &what),
            Some(exact) => is_as_near(&values, wanted, &exact[&key].1, &what),
        }
    }
}

/// Stages 1 to 3, mostly of bottleneck networks: a ReLU whose input is within rounding of zero opens or stays shut by
/// chance, and the map changes with it. PyTorch's float32 maps are up to 3.0e-2 of their largest value away from
/// float64 (tv_resnet50, layer 2), these up to 2.1e-2 (timm_seresnext50_32x4d, layer 2, where PyTorch is 2.4e-2 away).
/// So a map must be no further from float64 than a thousandth or twice PyTorch's distance.
///
/// Where PyTorch had luck, its distance is no measure, and the map as a whole must agree with float64, within a
/// hundredth in norm. That is timm_seresnet50 on the machine this was measured on: layers 1 to 3 are 6.4e-3, 5.4e-3
/// and 1.9e-3 away (in norm 4.4e-3, 4.2e-3 and 2.0e-3) and the reference 2.0e-3, 7.2e-4 and 7.4e-6; PyTorch
/// itself, run on one thread, is 3.5e-3, 4.3e-3 and 1.9e-3 from the reference.
///
/// So it is with timm_resnet18+eca: layer 4's map is 1.8e-6 of its largest value away, but a ReLU in its blocks lies
/// within rounding of zero, and layers 1 to 3 are 1.3e-3, 5.0e-4 and 6.0e-4 away (in norm 1.2e-3 and less), while
/// PyTorch's are 1e-6 from float64. The other 18-layer cases are within 1.3e-5.
fn is_as_near(found: &[f32], wanted: &[f32], exact: &[f32], what: &str) {
    let largest = exact.iter().copied().fold(0.0, f32::max);
    let [ours, theirs] = [found, wanted].map(|map| furthest(map, exact) / largest);
    let apart = norm(found.iter().zip(exact).map(|(a, b)| a - b)) / norm(exact.iter().copied());
    let is_near = ours <= (2.0 * theirs).max(1e-3);
    assert!(
        is_near || apart <= 1e-2,
        "{what}: {ours:e} of the largest from float64, PyTorch {theirs:e}, norm {apart:e}"
    );
}

fn norm(values: impl Iterator<Item = f32>) -> f64 {
    values.map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt()
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
