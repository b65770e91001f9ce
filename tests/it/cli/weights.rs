//! Checkpoints in the place of a spec, what `gatescope weights` says of them, and grafts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gatescope::network::{lower, parse};
use serde_json::Value;

use super::{folder, json, photo, refused, run, success};
use crate::reference::{self, Array};

/// Saves the state_dict of a network under changed names.
fn save(folder: &Path, spec: &str, rename: impl Fn(&str) -> String) -> PathBuf {
    let graph = lower(&parse(spec).expect(spec)).expect(spec);
    let tensors: BTreeMap<String, Array> =
        reference::state_dict(&graph).into_iter().map(|(name, tensor)| (rename(&name), tensor)).collect();
    let file = folder.join("weights.safetensors");
    reference::save(&file, &tensors);
    file
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

#[test]
fn a_checkpoint_is_costed_and_inspected_like_a_spec() {
    let root = folder();
    let file = save(root.path(), "resnet18+cbam@layer4", |name| format!("module.{name}"));
    let report = json(["cost", text(&file), "--format", "json"]);
    assert_eq!(report["networks"][0]["name"], "resnet18+cbam@layer4");
    let report = json(["inspect", text(&file), "--image", text(&photo()), "--format", "json"]);
    assert_eq!(report["network"], "resnet18+cbam@layer4");
    assert_eq!(report["weights"]["source"], text(&file));
    assert!(report["weights"]["verdict"][1].as_str().expect("a sentence").contains("CBAM"), "{report}");
    let same = json([
        "inspect",
        "resnet18+cbam@layer4",
        "--weights",
        text(&file),
        "--image",
        text(&photo()),
        "--format",
        "json",
    ]);
    assert_eq!(same["gates"], report["gates"]);
}

#[test]
fn weights_tells_what_was_recognised_and_how_names_were_mapped() {
    let root = folder();
    let legacy = |name: &str| match name.split_once('.') {
        Some(("fc", rest)) => format!("last_linear.{rest}"),
        Some(("conv1" | "bn1", _)) => format!("layer0.{name}"),
        _ => name.replace(".se.", ".se_module."),
    };
    let file = save(root.path(), "legacy_seresnet50", legacy);
    let report = json(["weights", text(&file), "--format", "json"]);
    assert_eq!(report["network"], "resnet50(pool=ceil,stride=v1)+se(variant=floor)");
    assert_eq!(report["dialect"], "timm legacy");
    assert_eq!(report["load"]["missing"], serde_json::json!([]));
    let tensors = report["tensors"].as_array().expect("a list");
    let stem = tensors.iter().find(|tensor| tensor["key"] == "layer0.conv1.weight").expect("the stem");
    assert_eq!((&stem["name"], &stem["dtype"]), (&"conv1.weight".into(), &"float32".into()));
    let page = success(["weights", text(&file)]);
    for words in ["timm legacy", "(v1)", "float32", "matched", "layer0.conv1.weight", "--tensors"] {
        assert!(page.contains(words), "{page} does not say {words}");
    }
}

#[test]
fn what_is_not_recognised_is_listed_and_refused_elsewhere() {
    let root = folder();
    let file = root.path().join("vgg.safetensors");
    let tensors = [("features.0.weight", vec![64, 3, 3, 3]), ("classifier.6.bias", vec![1000])];
    let tensors = tensors.map(|(name, shape)| (name.to_owned(), (shape.clone(), reference::formula(name, &shape))));
    reference::save(&file, &tensors.into_iter().collect());
    let page = success(["weights", text(&file)]);
    assert!(page.contains("VGG") && page.contains("64×3×3×3"), "{page}");
    refused(["cost", text(&file)], &["VGG", "gatescope weights"]);
}

#[test]
fn what_a_file_leaves_open_is_said_once_and_can_be_set() {
    let root = folder();
    let file = save(root.path(), "resnet50+eca", |name| name.replace(".se.", ".eca."));
    let output = run(["cost", text(&file)]);
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success() && said.contains("stride=v1.5") && said.contains("--set stride=v1"), "{said}");
    let set = json(["cost", text(&file), "--set", "stride=v1", "--format", "json"]);
    assert_eq!(set["networks"][0]["name"], "resnet50(stride=v1)+eca");
    refused(["cost", text(&file), "--set", "strid=v1"], &["strid=v1", "did you mean stride?"]);
    refused(["cost", text(&file), "--set", "stride"], &["OPTION=VALUE"]);
}

#[test]
fn weights_without_attention_are_grafted_on_request_and_marked() {
    let root = folder();
    let file = save(root.path(), "resnet18", str::to_owned);
    let photo = photo();
    let inspect = |more: &[&str]| {
        let mut words =
            vec!["inspect", "resnet18+cbam", "--weights", text(&file), "--image", text(&photo), "--format", "json"];
        words.extend(more);
        words.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    refused(inspect(&[]), &["resnet18", "--graft"]);
    let identity = json(inspect(&["--graft", "identity"]));
    for gate in identity["gates"].as_array().expect("gates") {
        assert_eq!((&gate["min"], &gate["grafted"]), (&1.0.into(), &true.into()), "{gate}");
    }
    assert_eq!(identity["weights"]["grafted"].as_array().map(Vec::len), Some(8));
    let plain = json(["inspect", text(&file), "--image", text(&photo), "--format", "json"]);
    let classes = |report: &Value| {
        report["top"].as_array().expect("a list").iter().map(|guess| guess["class"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(classes(&plain), classes(&identity));
    let seeded = json(inspect(&["--graft", "seeded", "--seed", "4"]));
    assert_ne!(seeded["gates"], identity["gates"]);
    refused(["inspect", "resnet18", "--image", text(&photo), "--graft", "identity"], &["--graft", "--weights"]);
}
