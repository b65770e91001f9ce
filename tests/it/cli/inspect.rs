//! `gatescope inspect`: numbers, pages, tensors.

use std::fs;
use std::path::Path;

use gatescope::compute::weights::Weights;
use gatescope::network::graph::{Graph, ParamId};
use gatescope::network::{lower, parse};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize_to_file};
use serde_json::Value;

use super::{assert_narrow, folder, json, listing, photo, refused, success};

/// A small network with every kind of gate.
const SPEC: &str = "resnet20+se@layer1+cbam@layer2+sam@layer3";

fn graph() -> Graph {
    lower(&parse(SPEC).expect("parses")).expect("lowers")
}

fn inspect<'a>(images: &[&'a Path], more: &[&'a str]) -> Vec<&'a std::ffi::OsStr> {
    let mut arguments: Vec<&std::ffi::OsStr> = vec!["inspect".as_ref(), SPEC.as_ref(), "--image".as_ref()];
    arguments.extend(images.iter().map(|image| image.as_os_str()));
    arguments.extend(more.iter().map(|word| std::ffi::OsStr::new(*word)));
    arguments
}

/// Saves the numbers a seed gives as a checkpoint, without one tensor if asked.
fn save_seeded(path: &Path, seed: u64, without: Option<&str>) {
    let graph = graph();
    let weights = Weights::seeded(&graph, seed);
    let numbers: Vec<Vec<u8>> = (0..graph.params.len())
        .map(|id| weights.values(ParamId(id)).iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let tensors = graph.params.iter().zip(&numbers).filter(|(param, _)| Some(param.name.as_str()) != without);
    let views = tensors.map(|(param, bytes)| {
        (param.name.clone(), TensorView::new(Dtype::F32, param.shape.clone(), bytes).expect("a tensor"))
    });
    serialize_to_file(views, None, path).expect("saves");
}

#[test]
fn json_lists_every_gate_in_execution_order() {
    let image = photo();
    let report = json(inspect(&[&image], &["--format", "json"]));
    assert_eq!(report["network"], SPEC);
    assert_eq!(report["image"], image.to_str().expect("a path"));
    assert_eq!(report["weights"]["source"], "seeded (untrained, seed 0)");
    for list in ["missing", "unexpected", "mismatched"] {
        assert!(report["weights"][list].is_array(), "{list}");
    }
    let gates = report["gates"].as_array().expect("a list");
    let graph = graph();
    assert_eq!(gates.len(), graph.gates.len());
    for (found, gate) in gates.iter().zip(&graph.gates) {
        assert_eq!(found["name"], gate.name.as_str());
        assert_eq!(found["kind"], gate.kind.as_str());
        let number = |key: &str| found[key].as_f64().expect("a number");
        assert!(0.0 <= number("min") && number("min") <= number("mean") && number("mean") <= number("max"), "{found}");
        assert!(number("max") <= 1.0 && number("std") >= 0.0, "{found}");
    }
    assert_eq!(gates[0]["shape"], serde_json::json!([16]));
    assert_eq!(gates.last().expect("a gate")["shape"], serde_json::json!([8, 8]));
    let top = report["top"].as_array().expect("a list");
    assert_eq!(top.len(), 5);
    assert!(top[0]["probability"].as_f64() >= top[1]["probability"].as_f64());
    assert!(top[0]["class"].is_u64() && top[0]["logit"].is_f64() && top[0].get("label").is_some());
}

#[test]
fn several_images_give_an_array_in_their_order() {
    let root = folder();
    let copy = root.path().join("copy.png");
    fs::copy(photo(), &copy).expect("copies");
    let image = photo();
    let reports = json(inspect(&[&copy, &image], &["--format", "json"]));
    assert_eq!(reports[0]["image"], copy.to_str().expect("a path"));
    assert_eq!(reports[1]["image"], image.to_str().expect("a path"));
    assert_eq!(reports[0]["gates"], reports[1]["gates"]);
}

#[test]
fn the_table_fits_and_says_untrained_in_plain_sight() {
    let image = photo();
    let text = success(inspect(&[&image], &[]));
    assert!(text.contains("UNTRAINED"), "{text}");
    assert!(text.contains("layer2.0.cbam.SpatialGate.gate"), "{text}");
    assert_narrow(&text.lines().skip(1).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_seed_is_repeatable_and_matters() {
    let image = photo();
    let gates = |seed: &str| json(inspect(&[&image], &["--format", "json", "--seed", seed]))["gates"].clone();
    assert_eq!(gates("3"), gates("3"));
    assert_ne!(gates("3"), gates("4"));
}

#[test]
fn weights_from_a_file_are_used_and_reported() {
    let root = folder();
    let file = root.path().join("seven.safetensors");
    save_seeded(&file, 7, None);
    let (image, file) = (photo(), file.to_str().expect("a path").to_owned());
    let trained = json(inspect(&[&image], &["--format", "json", "--weights", &file]));
    let seeded = json(inspect(&[&image], &["--format", "json", "--seed", "7"]));
    assert_eq!(trained["gates"], seeded["gates"]);
    assert_eq!(trained["weights"]["source"], file.as_str());
    assert_eq!(trained["weights"]["matched"], graph().params.len());
    assert!(!success(inspect(&[&image], &["--weights", &file])).contains("UNTRAINED"));
    refused(inspect(&[&image], &["--weights", &file, "--seed", "1"]), &["--seed"]);
}

#[test]
fn weights_that_do_not_fit_are_refused_by_name() {
    let root = folder();
    let (short, text) = (root.path().join("short.safetensors"), root.path().join("text.safetensors"));
    save_seeded(&short, 0, Some("layer2.0.conv1.weight"));
    fs::write(&text, "these are no weights").expect("writes");
    let image = photo();
    let weights = |path: &Path| path.to_str().expect("a path").to_owned();
    refused(inspect(&[&image], &["--weights", &weights(&short)]), &["short.safetensors", "layer2.0.conv1.weight"]);
    refused(inspect(&[&image], &["--weights", &weights(&text)]), &["text.safetensors"]);
    refused(inspect(&[&image], &["--weights", &weights(root.path())]), &["folder"]);
    refused(inspect(&[&image], &["--weights", "none.safetensors"]), &["none.safetensors"]);
}

#[test]
fn a_picture_that_cannot_be_used_is_refused() {
    let root = folder();
    let empty = root.path().join("empty.png");
    fs::write(&empty, "").expect("writes");
    refused(inspect(&[&empty], &[]), &["empty.png", "empty"]);
    refused(inspect(&[root.path()], &[]), &["empty.png", "empty"]);
    refused(inspect(&[Path::new("none.png")], &[]), &["none.png", "no such file"]);
}

#[test]
fn crop_and_resize_decide_what_the_network_sees() {
    let image = photo();
    let report = json(inspect(&[&image], &["--format", "json", "--crop", "64", "--resize", "80"]));
    let last = report["gates"].as_array().expect("a list").last().expect("a gate").clone();
    assert_eq!(last["shape"], serde_json::json!([16, 16]));
    let text = success(inspect(&[&image], &["--crop", "64", "--resize", "80"]));
    assert!(text.contains("shorter side to 80, centre crop 64×64"), "{text}");
    refused(inspect(&[&image], &["--resize", "16"]), &["--resize 16", "32"]);
    refused(inspect(&[&image], &["--crop", "0"]), &["--crop 0"]);
    refused(inspect(&[&image], &["--resize", "1000000"]), &["--resize"]);
}

#[test]
fn tensors_hold_the_raw_values_behind_the_statistics() {
    let root = folder();
    let file = root.path().join("gates.safetensors");
    let image = photo();
    let path = file.to_str().expect("a path");
    let report = json(inspect(&[&image], &["--format", "json", "--tensors", path]));
    let bytes = fs::read(&file).expect("is there");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    assert_eq!(tensors.tensor("logits").expect("logits").shape(), [10]);
    let gates = report["gates"].as_array().expect("a list");
    assert_eq!(tensors.len(), gates.len() + 1);
    for gate in gates {
        let name = format!("gate/{}", gate["name"].as_str().expect("a name"));
        let tensor = tensors.tensor(&name).expect("a tensor for every gate");
        assert_eq!(serde_json::json!(tensor.shape()), gate["shape"], "{name}");
        let values = tensor.data().chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
        let highest = values.fold(f32::MIN, f32::max);
        assert!((f64::from(highest) - gate["max"].as_f64().expect("a number")).abs() < 1e-7, "{name}");
    }
    assert_eq!(listing(root.path()), ["gates.safetensors"]);
}

/// Every file a page shows or links to, as written in it.
fn references(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in ["src=\"", "href=\""] {
        found.extend(html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned));
    }
    found
}

#[test]
fn a_report_has_one_picture_a_gate_and_a_page_that_shows_them_in_order() {
    let root = folder();
    let (image, out) = (photo(), root.path().join("deep/report"));
    success(inspect(&[&image], &["--out", out.to_str().expect("a path")]));
    let files = listing(&out);
    let pictures: Vec<&String> =
        files.iter().filter(|file| Path::new(file).extension().is_some_and(|e| e == "png")).collect();
    let graph = graph();
    assert_eq!(pictures.len(), graph.gates.len());
    assert!(files.iter().all(|file| !file.starts_with('.') || file == ".gatescope-files"), "{files:?}");
    let page = fs::read_to_string(out.join("index.html")).expect("a page");
    let mut after = 0;
    for (picture, gate) in pictures.iter().zip(&graph.gates) {
        assert!(picture.contains(&gate.name), "{picture} is not {}", gate.name);
        let drawn = image::open(out.join(picture)).expect("a picture");
        assert!(drawn.width() >= 448 && drawn.height() >= 448, "{picture}");
        let at = page[after..].find(picture.as_str()).expect("shown after the one before");
        after += at;
    }
    for reference in references(&page) {
        assert!(out.join(&reference).is_file(), "{reference}");
    }
    for word in ["Untrained weights", "prefers-color-scheme: dark", "Prediction", "photo.jpg"] {
        assert!(page.contains(word), "{word}");
    }
}

#[test]
fn several_images_get_a_folder_each_and_hostile_names_stay_text() {
    let root = folder();
    let odd = root.path().join("<script>&\"x'.png");
    fs::copy(photo(), &odd).expect("copies");
    let (image, out) = (photo(), root.path().join("report"));
    success(inspect(&[&odd, &image, &image], &["--out", out.to_str().expect("a path")]));
    let page = fs::read_to_string(out.join("index.html")).expect("a page");
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("&lt;script&gt;"), "{page}");
    let links = references(&page);
    assert!(links.iter().any(|link| link == "cat-2/index.html"), "{links:?}");
    for link in links {
        assert!(out.join(&link).is_file(), "{link}");
    }
    let inner: Vec<String> = listing(&out).into_iter().filter(|file| file.ends_with("/index.html")).collect();
    assert_eq!(inner.len(), 3);
    let odd_page = fs::read_to_string(out.join(&inner[0])).expect("a page");
    assert!(!odd_page.contains("<script"), "{odd_page}");
}

#[test]
fn a_network_without_attention_is_still_inspected() {
    let (root, image) = (folder(), photo());
    let out = root.path().join("report");
    let arguments = ["inspect", "plain20", "--image", image.to_str().expect("a path"), "--out"];
    let text = success(arguments.into_iter().chain([out.to_str().expect("a path")]));
    assert!(text.contains("no attention"), "{text}");
    assert_eq!(listing(&out), [".gatescope-files", "index.html", "photo.jpg"]);
    let report: Value = json(["inspect", "plain20", "--image", image.to_str().expect("a path"), "--format", "json"]);
    assert_eq!(report["gates"], serde_json::json!([]));
}

#[test]
fn block_outputs_are_written_on_request_for_one_image() {
    let root = folder();
    let (image, file) = (photo(), root.path().join("blocks.safetensors"));
    let file = file.to_str().expect("a path");
    success(inspect(&[&image], &["--tensors", file, "--blocks"]));
    let bytes = fs::read(file).expect("reads");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let graph = graph();
    for block in graph.scopes_of(gatescope::network::graph::ScopeKind::Block) {
        let view = tensors.tensor(&format!("block/{}", graph[block].path)).expect("written");
        assert_eq!(view.shape(), graph[graph[block].output].shape.dims());
    }
    refused(inspect(&[&image, &image], &["--tensors", file, "--blocks"]), &["--blocks", "one image"]);
    refused(inspect(&[&image], &["--blocks"]), &["--tensors"]);
}

#[test]
fn strips_paths_and_matrices_have_pictures_of_their_own() {
    let (root, image) = (folder(), photo());
    let (out, file) = (root.path().join("report"), root.path().join("gates.safetensors"));
    let spec = "resnet20+bam@layer2+coord@layer1.0+sk@layer2.0+nl@layer3.0";
    let mut arguments = vec!["inspect", spec, "--image", image.to_str().expect("a path"), "--format", "json"];
    arguments.extend(["--out", out.to_str().expect("a path"), "--tensors", file.to_str().expect("a path")]);
    let report = json(arguments);
    let gates = report["gates"].as_array().expect("a list");
    let kind = |wanted: &str| {
        let place = gates.iter().position(|gate| gate["kind"] == wanted);
        place.unwrap_or_else(|| panic!("no gate of kind {wanted}"))
    };
    let files = listing(&out);
    for (wanted, suffixes) in [
        ("rows", &["", "-channels"][..]),
        ("columns", &["", "-channels"]),
        ("paths", &[""]),
        ("matrix", &["", "-centre"]),
        ("volume", &["", "-channels"]),
    ] {
        let index = kind(wanted);
        for suffix in suffixes {
            let name = format!("{:02}-{}{suffix}.png", index + 1, gates[index]["name"].as_str().expect("a name"));
            assert!(files.contains(&name), "{name} is not among {files:?}");
        }
    }
    assert_eq!(files.iter().filter(|file| file.ends_with("-together.png")).count(), 1);
    let page = fs::read_to_string(out.join("index.html")).expect("a page");
    for reference in references(&page) {
        assert!(out.join(&reference).is_file(), "{reference}");
    }
    for words in ["what multiplies the features", "the uniform one is", "where the position in the middle looks"] {
        assert!(page.contains(words), "{words}");
    }
    let paths = gates[kind("paths")]["paths"].as_array().expect("paths");
    let sum: f64 = paths.iter().map(|path| path["mean"].as_f64().expect("a number")).sum();
    assert!((sum - 1.0).abs() < 1e-5 && paths[0]["path"] == "3×3", "{paths:?}");
    let bytes = fs::read(&file).expect("reads");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let matrix = format!("gate/{}", gates[kind("matrix")]["name"].as_str().expect("a name"));
    assert_eq!(tensors.tensor(&matrix).expect("written").shape(), [64, 8, 8]);
}
