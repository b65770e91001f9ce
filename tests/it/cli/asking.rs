//! `explain`, `whatif`, `rank` and `trust`: what they print and write is what the library computes, and what the
//! reference says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde_json::Value;

use super::{json, refusal, run, success};
use crate::reference::{self, number};

/// The picture and the network of the reference whose numbers are compared.
fn object() -> String {
    reference::path("explain/object64.png").display().to_string()
}

fn told() -> Value {
    reference::json("explain/bundled_cbam.json")
}

fn tensors(path: &Path) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let bytes = fs::read(path).expect("written");
    let file = SafeTensors::deserialize(&bytes).expect("safetensors");
    let values = |data: &[u8]| data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    file.iter().map(|(name, tensor)| (name.to_owned(), (tensor.shape().to_vec(), values(tensor.data())))).collect()
}

#[test]
fn maps_are_written_signed_under_method_layer_and_class() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, out) = (folder.path().join("maps.safetensors"), folder.path().join("report"));
    let (file_name, out_name) = (file.display().to_string(), out.display().to_string());
    let told = told();
    let classes = reference::sizes(&told["classes"]);
    let (one, other) = (classes[0].to_string(), classes[1].to_string());
    let arguments = ["explain", "bundled:cbam", "--image", &object(), "--method", "gradcam,layercam,eigencam"];
    let more = ["--layer", "layer3,layer2", "--class", &one, "--class", &other, "--tensors", &file_name];
    let all = [&arguments[..], &more[..], &["--out", &out_name, "--format", "json"]].concat();
    let report = json(all);
    let wanted = reference::tensors("explain/bundled_cbam.safetensors");
    let found = tensors(&file);
    for layer in ["layer3", "layer2"] {
        for key in [format!("gradcam/{layer}/{one}"), format!("layercam/{layer}/{other}"), format!("eigencam/{layer}")]
        {
            let ((shape, values), (_, wanted)) = (&found[&key], &wanted[&key]);
            assert_eq!(shape.len(), 2, "{key}");
            let largest = wanted.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            for (a, b) in values.iter().zip(wanted) {
                assert!((a - b).abs() <= 1e-3 * largest, "{key}: {a} is not {b}");
            }
        }
    }
    assert!(found["gradcam/layer3/5"].1.iter().any(|value| *value < 0.0), "the sign is kept");
    let maps = report["maps"].as_array().expect("a list");
    assert_eq!(maps.len(), 2 * (2 + 2 + 1));
    assert_eq!(maps[0]["tensor"], format!("gradcam/layer3/{one}"));
    let page = fs::read_to_string(out.join("index.html")).expect("a page");
    let pictures: Vec<PathBuf> = fs::read_dir(&out).expect("lists").map(|entry| entry.expect("one").path()).collect();
    let drawn = pictures.iter().filter(|path| path.extension().is_some_and(|ending| ending == "png")).count();
    assert_eq!(drawn, maps.len());
    assert_eq!(page.matches("<figure>").count(), maps.len());
}

#[test]
fn a_changed_gate_does_what_the_reference_says() {
    let told = told();
    let gates: Vec<String> = told["gate_order"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|gate| gate.as_str().expect("a name").to_owned())
        .collect();
    let gate = gates.last().expect("gates");
    let first = reference::sizes(&told["classes"])[0];
    for (written, kind) in [("mean", "mean"), ("ones", "ones"), ("zeros", "zeros"), ("invert", "inverted")] {
        let change = format!("{gate}={written}");
        let report = json(["whatif", "bundled:cbam", "--image", &object(), "--gate", &change, "--format", "json"]);
        let wanted = &told["gates"][gate][kind];
        let delta = number(&report["delta"][first]);
        assert!((delta - number(&wanted["delta_logit"][0])).abs() < 1e-3, "{written}: {delta}");
        let before = number(&report["before"]["logits"][first]);
        assert!((number(&report["after"]["logits"][first]) - before - delta).abs() < 1e-4);
        let kl = number(&report["kl"]);
        assert!((kl - number(&wanted["kl"])).abs() < 1e-3 * kl + 1e-6, "{written}: KL {kl}");
        assert_eq!(report["gates"].as_array().map(Vec::len), Some(gates.len()));
        assert_eq!(report["before"]["top"].as_array().map(Vec::len), Some(5));
    }
}

#[test]
fn gates_are_ranked_by_their_means_and_do_not_add() {
    let report = json(["rank", "bundled:cbam", "--image", &object(), "--format", "json"]);
    let told = told();
    let gates = report["gates"].as_array().expect("a list");
    let mut last = f64::INFINITY;
    for gate in gates {
        let wanted = &told["gates"][gate["name"].as_str().expect("a name")]["mean"];
        let kl = number(&gate["kl"]);
        assert!((kl - number(&wanted["kl"])).abs() < 1e-3 * kl + 1e-6, "{gate}");
        assert!((number(&gate["delta_logit"]) - number(&wanted["delta_logit"][0])).abs() < 1e-3, "{gate}");
        assert!(kl <= last, "the one that changes most is first");
        last = kl;
    }
    let together = number(&report["together"]["kl"]);
    assert!((together - number(&told["gates"]["all"]["mean"]["kl"])).abs() < 1e-3 * together);
    let text = success(["rank", "bundled:cbam", "--image", &object()]);
    assert!(text.contains("all at once") && text.contains("they do not add"), "{text}");
}

/// The channel alone at 0, as the reference set it.
#[test]
fn channels_of_a_gate_are_ranked_alone() {
    let told = told();
    let gate = told["gate_channels"]["gate"].as_str().expect("a gate").to_owned();
    let report = json(["rank", "bundled:cbam", "--image", &object(), "--channels", &gate, "--format", "json"]);
    let wanted = reference::tensors("explain/bundled_cbam.safetensors");
    let (shape, wanted) = &wanted["gate-channels"];
    let channels = report["channels"].as_array().expect("a list");
    assert_eq!(channels.len(), shape[0]);
    for channel in channels {
        let index = channel["channel"].as_u64().expect("a channel") as usize;
        let told = f64::from(wanted[3 * index]);
        assert!((number(&channel["delta_logit"]) - told).abs() < 1e-3, "{channel} is not {told}");
        let change = format!("{gate}=zeros:channel={index}");
        if index == 3 {
            let one = json(["whatif", "bundled:cbam", "--image", &object(), "--gate", &change, "--format", "json"]);
            assert!((number(&one["delta_logit"]) - told).abs() < 1e-3);
        }
    }
}

#[test]
fn a_map_is_tried_against_random_orders() {
    let report = json(["trust", "bundled:cbam", "--image", &object(), "--format", "json"]);
    let map = &report["images"][0]["maps"][0];
    // The numbers that EXPLAIN's authors measured for this picture, by their orders.
    assert!((number(&map["p_picture"]) - 0.957).abs() < 2e-3 && (number(&map["p_baseline"]) - 0.036).abs() < 2e-3);
    assert!((number(&map["deletion"]) - 0.328).abs() < 2e-3 && (number(&map["insertion"]) - 0.812).abs() < 2e-3);
    assert_eq!(map["random"].as_array().map(Vec::len), Some(5));
    assert_eq!(map["cascade"].as_array().map(Vec::len), Some(1));
    let blurred = success(["trust", "bundled:cbam", "--image", &object(), "--baseline", "blur"]);
    assert!(blurred.contains("leaves the evidence in"), "{blurred}");
}

/// What another network wrote, what NumPy saves, what another picture has.
#[test]
fn gates_come_from_files_and_pictures() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let gate = "layer3.2.cbam.SpatialGate.gate";
    success(["inspect", "bundled:cbam", "--image", &object(), "--tensors", &path("gates.safetensors")]);
    let own = tensors(&folder.path().join("gates.safetensors"));
    let (shape, values) = &own[&format!("gate/{gate}")];
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}\n", shape[0], shape[1]);
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    fs::write(path("gate.npy"), bytes).expect("writes");
    // Its own values change nothing, wherever they come from.
    for source in [path("gates.safetensors"), path("gate.npy"), object()] {
        let change = format!("{gate}={source}");
        let report = json(["whatif", "bundled:cbam", "--image", &object(), "--gate", &change, "--format", "json"]);
        assert!(number(&report["kl"]) < 1e-9, "{source}: {}", report["kl"]);
    }
    let change = format!("layer1.0.cbam.SpatialGate.gate={}", path("gate.npy"));
    let refused = refusal(&run(["whatif", "bundled:cbam", "--image", &object(), "--gate", &change]), 2);
    assert!(refused.contains(&format!("{}×{}", shape[0], shape[1])), "both shapes are named: {refused}");
}

#[test]
fn what_cannot_be_asked_is_one_message_with_a_way_out() {
    let object = object();
    let asked = |arguments: &[&str]| {
        let (command, rest) = arguments.split_first().expect("a command");
        let all = [&[*command, "bundled:cbam", "--image", &object], rest].concat();
        refusal(&run(all), 2)
    };
    assert!(asked(&["explain", "--class", "sqare"]).contains("square"));
    assert!(asked(&["explain", "--class", "10"]).contains("0 to 9"));
    assert!(asked(&["explain", "--layer", "layr3"]).contains("layer3"));
    assert!(asked(&["explain", "--method", "gradcm"]).contains("gradcam"));
    assert!(asked(&["whatif", "--gate", "layer3.2.cbam.SpatialGat.gate=mean"]).contains("SpatialGate"));
    assert!(asked(&["whatif", "--gate", "layer3.2.cbam.SpatialGate.gate=meen"]).contains("mean"));
    assert!(asked(&["whatif", "--gate", "layer3.2.cbam.SpatialGate.gate=zeros:channel=3"]).contains("no channels"));
    assert!(asked(&["whatif", "--gate", "layer3.2.cbam.ChannelGate.gate=zeros:channel=999"]).contains("are 0 to"));
    assert!(asked(&["rank", "--channels", "layer3.2.cbam.SpatialGate.gate"]).contains("channel gate"));
    assert!(asked(&["trust", "--method", "inputgradient"]).contains("pixels"));
    let plain = refusal(&run(["rank", "resnet20", "--image", &object, "--seed", "1"]), 2);
    assert!(plain.contains("no attention"), "{plain}");
    let features = refusal(&run(["explain", "resnet20(classes=0)", "--image", &object]), 2);
    assert!(features.contains("features"), "{features}");
}

#[test]
fn a_picture_that_cannot_be_read_is_named_and_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(object(), folder.path().join("a.png")).expect("copies");
    fs::write(folder.path().join("b.png"), b"no picture").expect("writes");
    let output = run(["rank", "bundled:cbam", "--image", &folder.path().display().to_string(), "--format", "json"]);
    assert!(output.status.success());
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["images"].as_array().map(Vec::len), Some(1));
    assert!(report["left_out"][0]["image"].as_str().expect("a name").ends_with("b.png"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("b.png"));
}
