//! What `gatescope inspect` makes of outputs: one alone, none that are numbers, no classes at all.

use std::fs;
use std::path::Path;

use safetensors::SafeTensors;
use serde_json::{Value, json};

use super::preparing::save;
use super::{folder, photo, success};

/// A run on weights: the table, the report's page, the JSON, the tensors.
fn everything(spec: &str, weights: &Path, root: &Path) -> (String, String, Value, Vec<u8>) {
    let image = photo();
    let (out, file) = (root.join("report"), root.join("tensors.safetensors"));
    let start = ["inspect", spec, "--weights", weights.to_str().expect("a path"), "--image"];
    let start: Vec<&str> = start.into_iter().chain([image.to_str().expect("a path")]).collect();
    let (out_text, file_text) = (out.to_str().expect("a path"), file.to_str().expect("a path"));
    let table = success([&start[..], &["--out", out_text, "--tensors", file_text]].concat());
    let page = fs::read_to_string(out.join("index.html")).expect("a page");
    let report = super::json([&start[..], &["--format", "json"]].concat());
    (table, page, report, fs::read(file).expect("written"))
}

fn numbers(bytes: &[u8], name: &str) -> Vec<f32> {
    let tensors = SafeTensors::deserialize(bytes).expect("tensors");
    let data = tensors.tensor(name).expect(name).data().to_vec();
    data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A softmax of one output is 1 for every picture.
#[test]
fn one_output_has_the_probability_of_its_sigmoid() {
    let root = folder();
    let (spec, weights) = ("resnet20(classes=1)+se", root.path().join("one.safetensors"));
    save(&weights, spec, |_, _| ());
    let (table, page, report, tensors) = everything(spec, &weights, root.path());
    let logit = numbers(&tensors, "logits")[0];
    let sigmoid = 1.0 / (1.0 + f64::from(-logit).exp());
    assert!(sigmoid < 0.999, "a test of nothing");
    assert_eq!(report["activation"], "sigmoid");
    let found = report["top"][0]["probability"].as_f64().expect("a number");
    assert!((found - sigmoid).abs() < 1e-6, "{found} is not {sigmoid}");
    for text in [&table, &page] {
        assert!(words(text).contains("sigmoid of the logit, not a softmax"), "{text}");
    }
    assert!(table.contains(&format!("{sigmoid:.4}")), "{table}");
    let several =
        super::json(["inspect", "resnet20", "--image", photo().to_str().expect("a path"), "--format", "json"]);
    assert_eq!((&several["activation"], several.get("nan")), (&json!("softmax"), None));
}

#[test]
fn outputs_that_are_no_numbers_are_not_ranked_and_their_layer_is_named() {
    let spec = "resnet20+se";
    for (tensor, value, layer, kind) in [
        ("layer2.1.conv2.weight", f32::NAN, "layer2.1.conv2", "NaN"),
        ("layer1.0.bn1.weight", f32::INFINITY, "layer1.0.bn1", "NaN"),
        ("fc.bias", f32::INFINITY, "fc", "infinity"),
    ] {
        let root = folder();
        let weights = root.path().join("broken.safetensors");
        save(&weights, spec, |name, values| {
            if name == tensor {
                values[0] = value;
            }
        });
        let (table, page, report, tensors) = everything(spec, &weights, root.path());
        assert_eq!(report["top"], json!([]), "{tensor}");
        assert_eq!(report.get("activation"), None);
        assert_eq!((&report["nan"]["layer"], &report["nan"]["kind"]), (&json!(layer), &json!(kind)), "{tensor}");
        assert_eq!(report["nan"]["weights"], json!([tensor]));
        assert_eq!(report["weights"]["non_finite"], json!([tensor]));
        let bad = numbers(&tensors, "logits").iter().filter(|logit| !logit.is_finite()).count();
        assert_eq!(report["nan"]["outputs"], bad);
        for text in [&table, &page] {
            let text = words(text);
            assert!(text.contains("No ranking") && text.contains(&format!("values is {layer}")), "{text}");
            assert!(text.contains(&format!("have NaN or infinite values: {tensor}")), "{text}");
            assert!(!text.contains("probability") && !text.contains("class 0"), "{text}");
        }
    }
}

/// Weights that are numbers can overflow: the layer where it begins is named, without a tensor.
#[test]
fn an_overflow_is_found_where_it_begins() {
    let root = folder();
    let (spec, weights) = ("resnet20", root.path().join("large.safetensors"));
    save(&weights, spec, |name, values| {
        if name == "layer3.0.bn2.weight" {
            values.fill(3e38);
        }
    });
    let (table, _, report, _) = everything(spec, &weights, root.path());
    assert_eq!((&report["nan"]["layer"], &report["nan"]["weights"]), (&json!("layer3.0.bn2"), &json!([])));
    assert!(words(&table).contains("infinite values is layer3.0.bn2."), "{table}");
}

#[test]
fn a_network_without_classifier_gives_features() {
    let root = folder();
    let (spec, weights) = ("resnet20(classes=0)+se", root.path().join("headless.safetensors"));
    save(&weights, spec, |_, _| ());
    let (table, page, report, tensors) = everything(spec, &weights, root.path());
    let features = numbers(&tensors, "features");
    assert_eq!(features.len(), 64);
    assert_eq!((&report["top"], report.get("activation")), (&json!([]), None));
    let found = &report["features"];
    let mean = features.iter().map(|value| f64::from(*value)).sum::<f64>() / 64.0;
    assert_eq!(found["count"], 64);
    assert!((found["mean"].as_f64().expect("a number") - mean).abs() < 1e-5);
    assert_eq!(found["zeros"], features.iter().filter(|value| **value == 0.0).count());
    for text in [&table, &page] {
        assert!(words(text).contains("No classifier: 64 features, mean "), "{text}");
        assert!(!text.contains("probability") && !text.contains("Prediction"), "{text}");
    }
}
