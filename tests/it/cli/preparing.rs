//! How `gatescope inspect` prepares pictures: files beside a checkpoint, flags, and what is said of it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use gatescope::compute::weights::Weights;
use gatescope::network::graph::ParamId;
use gatescope::network::{lower, parse};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize_to_file};
use serde_json::{Value, json};

use super::{assert_narrow, folder, photo, refusal, refused, run, success};

pub(super) const SPEC: &str = "resnet20+se";

/// Saves a network's seeded numbers; `change` may change a tensor's.
pub(super) fn save(path: &Path, spec: &str, change: impl Fn(&str, &mut Vec<f32>)) {
    let graph = lower(&parse(spec).expect(spec)).expect(spec);
    let weights = Weights::seeded(&graph, 3);
    let numbers = |(id, name): (usize, &str)| {
        let mut values = weights.values(ParamId(id));
        change(name, &mut values);
        values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>()
    };
    let names = graph.params.iter().enumerate().map(|(id, param)| (id, param.name.as_str()));
    let bytes: Vec<Vec<u8>> = names.map(numbers).collect();
    let views = graph.params.iter().zip(&bytes).map(|(param, bytes)| {
        (param.name.clone(), TensorView::new(Dtype::F32, param.shape.clone(), bytes).expect("a tensor"))
    });
    serialize_to_file(views, None, path).expect("saves");
}

/// A run on the sample photo with weights from a file: standard output and standard error.
fn inspected(weights: &Path, more: &[&str]) -> (String, String) {
    let image = photo();
    let mut arguments: Vec<OsString> = ["inspect", SPEC, "--weights"].map(OsString::from).to_vec();
    arguments.extend([weights.as_os_str().to_owned(), "--image".into(), image.into_os_string()]);
    arguments.extend(more.iter().map(OsString::from));
    let output = run(arguments);
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(0), "{said}");
    (String::from_utf8(output.stdout).expect("text"), said)
}

/// The report, the logits behind it, and what was said.
fn reported(weights: &Path, more: &[&str]) -> (Value, Vec<u8>, String) {
    let tensors = folder();
    let file = tensors.path().join("all.safetensors");
    let all = [&["--format", "json", "--tensors", file.to_str().expect("a path")], more].concat();
    let (text, said) = inspected(weights, &all);
    let bytes = fs::read(&file).expect("written");
    let logits = SafeTensors::deserialize(&bytes).expect("tensors").tensor("logits").expect("there").data().to_vec();
    (serde_json::from_str(&text).expect("JSON"), logits, said)
}

fn trained(root: &Path) -> PathBuf {
    let weights = root.join("weights.safetensors");
    save(&weights, SPEC, |_, _| ());
    weights
}

/// What a person who has only the JSON does: the flags are built from its numbers.
fn flags(report: &Value) -> Vec<String> {
    let prepared = &report["preprocessing"];
    let list = |key: &str| {
        let values = prepared[key].as_array().expect(key).iter();
        values.map(ToString::to_string).collect::<Vec<_>>()
    };
    let text = |key: &str| prepared[key].as_str().expect(key).to_owned();
    [
        ("--config", "none".to_owned()),
        ("--set", format!("input={}", list("input_size").join("x"))),
        ("--resize", prepared["resize"].to_string()),
        ("--crop-mode", text("crop_mode")),
        ("--interpolation", text("interpolation")),
        ("--mean", list("mean").join(",")),
        ("--std", list("std").join(",")),
    ]
    .into_iter()
    .flat_map(|(flag, value)| [flag.to_owned(), value])
    .collect()
}

#[test]
fn a_run_can_be_repeated_from_its_report() {
    let root = folder();
    let weights = trained(root.path());
    for config in [
        json!({"pretrained_cfg": {"input_size": [3, 40, 40], "crop_pct": 0.9, "mean": [0.47, 0.45, 0.41], "std": 0.22}}),
        json!({"pretrained_cfg": {"input_size": [3, 48, 32], "interpolation": "lanczos", "mean": 123.675, "std": 58.395}}),
        json!({"pretrained_cfg": {"input_size": [3, 32, 32], "crop_mode": "border", "crop_pct": 1.0}}),
        json!({"image_mean": 0.5, "image_std": 0.3, "size": {"height": 36, "width": 36}, "resample": 0}),
        json!({"image_mean": 0.5, "image_std": 0.3, "size": {"shortest_edge": 20}, "crop_size": 32, "do_center_crop": true}),
        json!({"image_mean": 0.1, "image_std": 0.3, "do_resize": false, "crop_size": {"height": 33, "width": 40}}),
    ] {
        let path = root.path().join("config.json");
        fs::write(&path, config.to_string()).expect("written");
        let (report, logits, _) = reported(&weights, &[]);
        assert_eq!(report["preprocessing"]["source"], path.to_str().expect("a path"), "{config}");
        let flags = flags(&report);
        assert_eq!(json!(flags), report["preprocessing"]["flags"], "the report's own flags, {config}");
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let (again, same, _) = reported(&weights, &flags);
        assert!(logits == same, "{config}: {} against {}", report["top"], again["top"]);
        assert_eq!(report["picture"], again["picture"]);
        let (_, other, _) = reported(&weights, &["--config", "none"]);
        assert!(logits != other, "{config} changes something");
    }
}

#[test]
fn files_beside_a_checkpoint_count_like_the_flag_and_none_leaves_them() {
    let (root, elsewhere) = (folder(), folder());
    let (weights, alone) = (trained(root.path()), trained(elsewhere.path()));
    let text = r#"{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25], "resample": 3, "size": {"shortest_edge": 32},
        "crop_pct": 0.875, "do_pad": true}"#;
    let path = root.path().join("preprocessor_config.json");
    fs::write(&path, text).expect("written");
    let (beside, logits, said) = reported(&weights, &[]);
    assert!(said.contains("do_pad") && said.lines().count() == 1, "{said}");
    let prepared = &beside["preprocessing"];
    assert_eq!((&prepared["resize"], &prepared["mean"]), (&json!(36), &json!([0.5, 0.5, 0.5])));
    assert_eq!((&prepared["interpolation"], &prepared["crop"]), (&json!("bicubic"), &json!([32, 32])));
    let (_, named, _) = reported(&alone, &["--config", path.to_str().expect("a path")]);
    assert!(logits == named, "beside and by flag are the same");
    let (none, without, said) = reported(&weights, &["--config", "none"]);
    let (_, plain, _) = reported(&alone, &[]);
    assert!(without == plain && without != logits && said.is_empty(), "{said}");
    assert_eq!(none["preprocessing"]["source"], "torchvision's defaults");
    // A flag goes before the file.
    let (flagged, _, _) = reported(&weights, &["--interpolation", "bilinear"]);
    assert_eq!(flagged["preprocessing"]["interpolation"], "bilinear");
    assert!(flagged["preprocessing"]["source"].as_str().expect("words").ends_with(", and flags"));
    let (set, _, _) = reported(&weights, &["--set", "input=40"]);
    assert_eq!(set["preprocessing"]["crop"], json!([40, 40]), "what is set goes before the file");
}

#[test]
fn a_configuration_that_merely_lies_there_does_not_refuse_for_its_labels() {
    let root = folder();
    let weights = trained(root.path());
    let path = root.path().join("config.json");
    fs::write(&path, r#"{"id2label": {"0": "cat", "1": "dog"}}"#).expect("written");
    let (report, _, said) = reported(&weights, &[]);
    assert!(said.contains("names 2 classes and the network has 10"), "{said}");
    assert_eq!(report["top"][0]["label"], Value::Null);
    let image = photo();
    let (image, weights) = (image.to_str().expect("a path"), weights.to_str().expect("a path"));
    let arguments =
        ["inspect", SPEC, "--weights", weights, "--image", image, "--config", path.to_str().expect("a path")];
    refused(arguments, &["names 2 classes"]);
    fs::write(&path, "{\"mean\": ").expect("written");
    let message = refusal(&run(["inspect", SPEC, "--weights", weights, "--image", image]), 2);
    assert!(message.contains("config.json") && message.contains("--config none"), "{message}");
}

#[test]
fn shares_filters_and_scales_that_cannot_be_are_refused() {
    let image = photo();
    let image = image.to_str().expect("a path");
    let with = |more: &[&'static str]| [&["inspect", "resnet20", "--image", image], more].concat();
    for share in ["0", "1.01", "-1", "nan", "87.5"] {
        refused(with(&["--crop-pct", share]), &["--crop-pct", "above 0 and up to 1"]);
    }
    success(with(&["--crop-pct", "1"]));
    refused(with(&["--interpolation", "bicubik"]), &["did you mean bicubic"]);
    refused(with(&["--crop-mode", "squish"]), &["did you mean squash"]);
    refused(with(&["--mean", "123,116,103", "--std", "0.2"]), &["--mean", "0..255", "0..1"]);
    let output = run(with(&["--mean", "127.5", "--std", "127.5", "--format", "json"]));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("divided by 255"), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["preprocessing"]["mean"], json!([0.5, 0.5, 0.5]));
}

#[test]
fn the_whole_preparation_stands_in_table_report_and_json() {
    let root = folder();
    let picture = root.path().join("disc.png");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/bugs/img-black-on-transparent.png");
    fs::copy(source, &picture).expect("copies");
    let out = root.path().join("report");
    let path = picture.to_str().expect("a path");
    let arguments = ["inspect", SPEC, "--image", path, "--crop-mode", "squash", "--mean", "0.5"];
    let text = success(arguments.iter().copied().chain(["--out", out.to_str().expect("a path")]));
    assert_narrow(&text.lines().filter(|line| !line.contains('/')).collect::<Vec<_>>().join("\n"));
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let page = fs::read_to_string(out.join("index.html")).expect("a page");
    for wanted in [
        "squashed to 32×32, centre crop 32×32, bilinear",
        "values over 255, minus mean 0.5, over std 0.229, 0.224, 0.225",
        "transparency was dropped",
        "torchvision&#39;s defaults, and flags",
    ] {
        assert!(page.contains(wanted), "the report does not say {wanted}");
        let plain = wanted.replace("&#39;", "'");
        assert!(words.contains(&plain), "the table does not say {plain}: {text}");
    }
    let report = super::json(arguments.iter().copied().chain(["--format", "json"]));
    assert_eq!(report["picture"]["transparency_dropped"], true);
    assert_eq!(report["picture"]["first_frame_of_several"], false);
    assert_eq!(report["preprocessing"]["rescale_factor"], 1.0 / 255.0);
    assert_eq!(report["preprocessing"]["resized"], json!([32, 32]));
}

#[test]
fn a_name_in_any_script_is_kept_and_one_that_turns_the_line_is_written_out() {
    let root = folder();
    let out = root.path().join("report");
    for (name, shown) in [("猫の写真 🐱 قطة.png", "猫の写真 🐱 قطة.png"), ("a\u{202e}gnp.png", "a\\u{202e}gnp.png")]
    {
        let picture = root.path().join(name);
        fs::copy(photo(), &picture).expect("copies");
        let picture = picture.to_str().expect("a path");
        let text = success(["inspect", SPEC, "--image", picture, "--out", out.to_str().expect("a path")]);
        let page = fs::read_to_string(out.join("index.html")).expect("a page");
        let printed = success(["inspect", SPEC, "--image", picture, "--format", "json"]);
        assert!(text.contains(shown) && page.contains(shown), "{text}");
        for output in [&text, &page, &printed] {
            assert!(!output.contains('\u{202e}'), "{name}: what follows would be turned");
        }
        let report: Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(report["image"], picture, "JSON's values are the names themselves");
    }
}
