//! The lab's experiments without a window, on toy budgets.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{folder, refused, run};

/// Standard output of an experiment, which says on standard error how far it is.
fn experiment(arguments: &[&str]) -> String {
    let output = run(["lab"].iter().chain(arguments));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("reads")).expect("JSON")
}

const TOY: [&str; 8] = ["--epochs", "1", "--samples", "64", "--test", "16", "--threads", "2"];

#[test]
fn degradation_writes_what_it_prints_and_goes_on_where_it_was() {
    let root = folder();
    let out = root.path().join("run").display().to_string();
    let arguments = ["degradation", "--depths", "8,14", "--out", &out];
    let text = experiment(&[&arguments[..], &TOY].concat());
    assert!(text.contains("Plain against residual") && text.contains("One seed"), "{text}");
    for name in ["degradation.csv", "degradation.json", "degradation.png"] {
        assert!(text.contains(name) && Path::new(&out).join(name).is_file(), "{text}");
    }
    let result = read(&Path::new(&out).join("degradation.json"));
    assert_eq!(result["curves"].as_array().expect("curves").len(), 4);
    assert_eq!(result["run"]["recipe"]["samples"], 64);
    let again: Value =
        serde_json::from_str(&experiment(&[&arguments[..], &TOY, &["--format", "json"]].concat())).expect("JSON");
    assert_eq!(again["curves"], result["curves"]);
    assert_eq!(again["run"]["seconds"], 0.0, "nothing is trained twice");
}

#[test]
fn attention_measures_every_network_and_says_how_few_seeds_there_are() {
    let root = folder();
    let out = root.path().display().to_string();
    let arguments =
        ["attention", "--attentions", "none,sam", "--depth", "8", "--seeds", "1", "--accuracy", "16", "--masks", "8"];
    let text = experiment(&[&arguments[..], &TOY, &["--out", &out]].concat());
    assert!(text.contains("sam layer3.0") && text.contains("1 seed: too few"), "{text}");
    let result = read(&root.path().join("attention.json"));
    let chance = result["chance"].as_f64().expect("a number");
    assert!(chance > 0.0 && chance < 0.5, "{chance}");
    assert!(result["attentions"][1]["seeds"][0]["measured"]["maps"].as_array().expect("maps").len() == 3);
    assert!(root.path().join("attention-maps.csv").is_file() && root.path().join("attention.png").is_file());
}

#[test]
fn an_atlas_is_of_any_network_with_channel_gates() {
    let root = folder();
    let out = root.path().display().to_string();
    let arguments =
        ["atlas", "resnet20(stem=strided,input=64)+cbam", "--images", "24", "--threads", "2", "--out", &out];
    let text = experiment(&arguments);
    assert!(text.contains("untrained") && text.contains("layer3.2"), "{text}");
    let result = read(&root.path().join("atlas.json"));
    assert_eq!(result["gates"].as_array().expect("gates").len(), 9);
    assert_eq!(result["images"].as_array().expect("images").iter().filter_map(Value::as_u64).sum::<u64>(), 24);
}

#[test]
fn budgets_that_cannot_be_are_refused() {
    let root = folder();
    let file = root.path().join("a file");
    fs::write(&file, "x").expect("writes");
    let file = file.display().to_string();
    refused(["lab", "degradation", "--depths", "9"], &["9 layers", "6n + 2"]);
    refused(["lab", "degradation", "--epochs", "0"], &["epochs", "0"]);
    refused(["lab", "attention", "--seeds", "0"], &["--seeds", "0"]);
    refused(["lab", "attention", "--attentions", "none,cbm"], &["cbm"]);
    refused(["lab", "degradation", "--out", &file], &["a file", "not a folder"]);
    refused(["lab", "atlas", "resnet20+sam"], &["no channel gates", "+se"]);
}
