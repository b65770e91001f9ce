//! `gatescope plan` and `gatescope profile`.

use super::{assert_narrow, gatescope, json, refusal, refused, success};

#[test]
fn a_plan_lists_every_step_once() {
    let plan = json(["plan", "resnet50+cbam", "--threads", "2", "--format", "json"]);
    assert_eq!((&plan["network"], &plan["threads"]), (&"resnet50+cbam".into(), &2.into()));
    let steps = plan["steps"].as_array().expect("a list");
    let macs: u64 = steps.iter().map(|step| step["macs"].as_u64().expect("a number")).sum();
    assert_eq!(macs, 4_095_573_110);
    let kernels: Vec<&str> = steps.iter().filter_map(|step| step["kernel"].as_str()).collect();
    assert!(kernels.iter().any(|kernel| kernel.contains("winograd")), "{kernels:?}");
    let text = success(["plan", "resnet50+cbam"]);
    assert_narrow(&text);
    assert!(text.contains("layer1.0.conv1") && text.contains("winograd"), "{text}");
}

#[test]
fn a_profile_has_totals_layers_and_attentions_ledger() {
    let arguments = ["profile", "resnet18(input=64)+se", "--runs", "2", "--threads", "1", "--batch", "2"];
    let profile = json(arguments.into_iter().chain(["--format", "json"]));
    assert_eq!((&profile["threads"], &profile["batch"], &profile["runs"]), (&1.into(), &2.into(), &2.into()));
    let total = |key: &str| profile["total_ms"][key].as_f64().expect("a number");
    assert!(total("min") > 0.0 && total("min") <= total("median"));
    let layers = profile["layers"].as_array().expect("a list");
    assert!(layers[0]["name"].as_str().is_some_and(|name| name.starts_with("conv1")));
    assert!(layers.iter().all(|layer| layer["ms"].as_f64().is_some() && layer["kernel"].is_string()));
    assert!(layers[0]["gflops"].as_f64().is_some_and(|gflops| gflops > 0.0));
    let attention = &profile["attention"];
    assert_eq!(attention["params"]["attention"], 90_112);
    for key in ["params", "macs", "elementwise", "bytes", "ms"] {
        let percent = attention[key]["percent"].as_f64().expect("a number");
        assert!(percent > 0.0 && percent < 100.0, "{key}: {percent}");
    }
    let text = success(arguments);
    assert_narrow(&text);
    assert!(text.contains("bytes moved") && text.contains("1 thread, 2 images"), "{text}");
    assert!(success(["profile", "resnet20", "--runs", "1"]).contains("Attention: none."));
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    refused(["profile", "resnet18", "--threads", "0"], &["--threads 0", "1 to 256"]);
    refused(["profile", "resnet18", "--batch", "0"], &["--batch 0", "1 to 1024"]);
    refused(["profile", "resnet18", "--runs", "0"], &["--runs 0"]);
    refused(["plan", "resnet51"], &["resnet51", "resnet50"]);
}

#[test]
fn a_device_is_chosen_and_one_that_is_missing_is_said_once() {
    let small = ["profile", "resnet20", "--runs", "1", "--format", "json"];
    assert_eq!(json(small.into_iter().chain(["--device", "cpu"]))["device"], "cpu");
    refused(["profile", "resnet20", "--device", "gpu"], &["--device", "gpu", "cpu, cuda or metal"]);
    for device in ["cuda", "metal"] {
        let output = gatescope(small).env("GATESCOPE_DEVICE", device).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(0));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match report["device"].as_str() {
            Some("cpu") => {
                assert_eq!(said.lines().count(), 1, "{said}");
                assert!(said.contains(device) && said.contains("running on the CPU"), "{said}");
            }
            other => assert_eq!(other, Some(device)),
        }
    }
    let output = gatescope(small).env("GATESCOPE_DEVICE", "gpu").output().expect("the program starts");
    let message = refusal(&output, 2);
    assert!(message.contains("GATESCOPE_DEVICE=gpu"), "{message}");
}
