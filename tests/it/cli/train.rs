//! `gatescope train`: a tiny run, its file, and what is refused before any work.

use std::fs;

use super::{folder, json, refused, run};
use serde_json::Value;

const TINY: &str = "resnet20(blocks=1,widths=8,stem=strided)+sam";
const BUDGET: [&str; 8] = ["--epochs", "2", "--samples", "32", "--batch", "16", "--validation", "10"];

#[test]
fn a_tiny_run_writes_a_network_that_knows_what_it_was_trained_on() {
    let root = folder();
    let out = root.path().join("tiny.safetensors");
    let out = out.to_str().expect("a path");
    let arguments = ["train", TINY, "--threads", "1", "--half", "--format", "json", "--out", out];
    let output = run(arguments.iter().chain(&BUDGET));
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert_eq!(log.lines().count(), 2, "one line an epoch where nobody watches: {log}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["network"], "resnet20(input=64,blocks=1,stem=strided,widths=8)+sam");
    assert_eq!(report["classes"].as_array().map(Vec::len), Some(10));
    assert_eq!(report["epochs"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["recipe"]["optimiser"]["name"], "sgd");
    assert!(report["test"]["accuracy"].as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)));
    assert_eq!(fs::read_dir(root.path()).expect("lists").count(), 1, "only the network stays");

    let weights = json(["weights", out, "--format", "json"]);
    assert_eq!(weights["network"], report["network"]);
    assert_eq!(weights["metadata"]["dataset"], report["dataset"]);
    assert!(weights["verdict"][0].as_str().is_some_and(|verdict| verdict.contains("trained by gatescope")));

    let picture = super::photo();
    let inspected = json(["inspect", out, "--format", "json", "--image", picture.to_str().expect("a path")]);
    let label = inspected["top"][0]["label"].as_str().expect("a class has a name").to_owned();
    assert!(report["classes"].as_array().is_some_and(|classes| classes.iter().any(|class| *class == label)));
}

#[test]
fn what_cannot_be_trained_is_refused_before_any_work() {
    let root = folder();
    let inside = |name: &str| root.path().join(name).display().to_string();
    let with = |extra: &[&str], words: &[&str]| {
        let arguments: Vec<&str> = ["train", TINY].iter().chain(extra).copied().collect();
        refused(arguments, words);
    };
    let kept = inside("kept.safetensors");
    with(&["--epochs", "0", "--out", &kept], &["epochs is 0"]);
    with(&["--lr", "NaN", "--out", &kept], &["learning rate is NaN"]);
    with(&["--lr", "-0.1", "--out", &kept], &["learning rate is -0.1"]);
    with(&["--batch", "0", "--out", &kept], &["batch is 0"]);
    with(&["--label-smoothing", "1", "--out", &kept], &["label smoothing is 1"]);
    with(&["--optimiser", "adam"], &["adam", "adamw"]);
    with(&["--threads", "0"], &["--threads 0"]);
    with(&["--data", &inside("none")], &["none", "no such folder"]);
    with(&["--out", &inside("none/net.safetensors")], &["--out", "no such folder"]);
    with(&["--out", &inside("net.pth")], &[".safetensors"]);
    with(&["--out", &root.path().display().to_string()], &["a folder"]);
    with(&["--half"], &["--out"]);
    with(&["--resume", &inside("none.safetensors"), "--out", &kept], &["none.safetensors"]);
    refused(["train", "resnet20(input=32x32x32)", "--out", &kept], &["input"]);
    refused(["train", "resnet20(classes=7)", "--out", &kept], &["7 classes", "has 10"]);
    assert_eq!(fs::read_dir(root.path()).expect("lists").count(), 0, "something was left behind");
}
