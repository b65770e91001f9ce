//! Nothing a user made is lost: what is at a target stays, what was trained goes on.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{folder, listing, photo, refused, run};

const TINY: &str = "resnet20(blocks=1,widths=8,stem=strided)+sam";

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

#[test]
fn a_report_never_replaces_a_file_that_it_did_not_write() {
    let root = folder();
    let (image, out) = (photo(), root.path().join("report"));
    let arguments = ["inspect", "resnet20+sam", "--image", text(&image), "--out", text(&out)];
    assert!(run(arguments).status.success() && run(arguments).status.success(), "its own report is replaced");
    let page = out.join("index.html");
    let mine = format!("{}<!-- a note of mine -->", fs::read_to_string(&page).expect("reads"));
    fs::write(&page, &mine).expect("writes");
    refused(arguments, &["index.html", "changed since gatescope wrote it"]);
    assert_eq!(fs::read_to_string(&page).expect("reads"), mine);

    let photos = root.path().join("photos");
    fs::create_dir(&photos).expect("a folder");
    fs::write(photos.join("photo.jpg"), "the only picture of it").expect("writes");
    let arguments = ["inspect", "resnet20+sam", "--image", text(&image), "--out", text(&photos)];
    refused(arguments, &["photo.jpg", "did not write", "choose another"]);
    assert_eq!(listing(&photos), ["photo.jpg"]);
    assert_eq!(fs::read_to_string(photos.join("photo.jpg")).expect("reads"), "the only picture of it");
}

#[test]
fn single_files_of_others_are_not_replaced_and_own_ones_are() {
    let root = folder();
    let (image, gates, sheet) = (photo(), root.path().join("gates.safetensors"), root.path().join("sheet.png"));
    let tensors = ["inspect", "resnet20+sam", "--image", text(&image), "--tensors", text(&gates)];
    let draw = ["lab", "sheet", "--rows", "1", "--out", text(&sheet)];
    for (arguments, path) in [(&tensors[..], &gates), (&draw[..], &sheet)] {
        fs::write(path, "mine").expect("writes");
        refused(arguments, &[text(path), "did not write"]);
        assert_eq!(fs::read_to_string(path).expect("reads"), "mine");
        fs::remove_file(path).expect("is there");
        assert!(run(arguments).status.success() && run(arguments).status.success(), "{}", text(path));
    }
    fs::copy(&image, root.path().join("attention.png")).expect("copies");
    let lab = ["lab", "attention", "--epochs", "1", "--samples", "64", "--out", text(root.path())];
    refused(lab, &["attention.png", "did not write"]);
}

#[test]
fn a_training_is_continued_or_replaced_only_when_that_is_said() {
    let root = folder();
    let out = root.path().join("net.safetensors");
    let with = |extra: &[&str]| {
        let budget = ["--epochs", "1", "--samples", "16", "--batch", "16", "--validation", "8", "--threads", "1"];
        ["train", TINY, "--out", text(&out)]
            .iter()
            .chain(&budget)
            .chain(extra)
            .map(|a| (*a).to_owned())
            .collect::<Vec<_>>()
    };
    refused(with(&["--resume"]), &["net.training.safetensors", "leave --resume out"]);
    assert!(run(with(&[])).status.success());
    let before = fs::read(&out).expect("reads");
    refused(with(&["--seed", "5"]), &["net.safetensors", "trained network is there", "--replace"]);
    refused(with(&["--resume"]), &["is finished"]);
    assert_eq!(fs::read(&out).expect("reads"), before);
    assert!(run(with(&["--seed", "5", "--replace"])).status.success());
    assert_ne!(fs::read(&out).expect("reads"), before);
    // What is no network stays as well.
    fs::write(&out, "my thesis").expect("writes");
    refused(with(&[]), &["another file is there"]);
    assert_eq!(fs::read_to_string(&out).expect("reads"), "my thesis");
}

#[test]
fn a_validation_that_is_no_number_ends_with_status_1() {
    let budget = ["--epochs", "3", "--samples", "16", "--batch", "16", "--validation", "8", "--warmup", "0"];
    let output = run(["train", TINY, "--lr", "1e38", "--threads", "1"].iter().chain(&budget));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("validation loss after epoch 1 is not a finite number"), "{said}");
}

#[test]
fn networks_of_another_run_are_not_trained_over() {
    let root = folder();
    let out = root.path().join("run");
    let arguments = |epochs: &'static str| {
        ["lab", "degradation", "--depths", "8", "--samples", "64", "--test", "16", "--threads", "1", "--epochs", epochs]
            .map(str::to_owned)
            .into_iter()
            .chain(["--out".to_owned(), out.display().to_string()])
    };
    assert!(run(arguments("1")).status.success());
    let before = listing(&out);
    refused(arguments("2"), &["plain8-seed0", "epochs is 1, not 2", "another --out"]);
    assert_eq!(listing(&out), before);
    assert!(run(arguments("1")).status.success(), "the same run goes on");
}

#[test]
fn a_folder_is_inspected_without_its_bad_picture_unless_strict() {
    let root = folder();
    let photos = root.path().join("photos");
    fs::create_dir(&photos).expect("a folder");
    for index in 0..3 {
        image::RgbImage::from_pixel(32, 32, image::Rgb([60 * index as u8; 3]))
            .save(photos.join(format!("{index}.png")))
            .expect("writes");
    }
    let whole = fs::read(photos.join("1.png")).expect("reads");
    fs::write(photos.join("1.png"), &whole[..whole.len() / 2]).expect("writes");
    let arguments = ["inspect", "resnet20+se", "--format", "json", "--image", text(&photos)];
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("left out") && said.contains("1.png"), "{said}");
    let list: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let list = list.as_array().expect("a list");
    let inspected = |entry: &&Value| entry["gates"].is_array();
    assert_eq!((list.len(), list.iter().filter(inspected).count()), (3, 2));
    assert!(list[2]["left_out"].as_str().is_some_and(|why| why.contains("1.png")), "{}", list[2]);
    refused(arguments.iter().chain(&["--strict"]), &["--strict", "1.png"]);
}

#[test]
fn a_folder_of_splits_is_trained_on_at_the_size_the_network_names() {
    let root = folder();
    for (split, count) in [("train", 6), ("val", 3)] {
        for (class, level) in [("cat", 20), ("dog", 220)] {
            let folder = root.path().join("pets").join(split).join(class);
            fs::create_dir_all(&folder).expect("a folder");
            for index in 0..count {
                let picture = image::RgbImage::from_pixel(40, 40, image::Rgb([level, index, 9]));
                picture.save(folder.join(format!("{index}.png"))).expect("writes");
            }
        }
    }
    let pets = root.path().join("pets");
    let train = |spec: &str, extra: &[&str]| {
        let budget = ["--epochs", "1", "--batch", "4", "--threads", "1", "--format", "json"];
        let arguments = ["train", spec, "--data", text(&pets)];
        run(arguments.iter().chain(&budget).chain(extra))
    };
    // 32 is the model's own size, which a spec does not keep.
    let output = train("resnet20(blocks=1,widths=8,input=32)", &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("val/ is validated on"), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["input"], serde_json::json!([3, 32, 32]));
    assert_eq!(report["splits"], serde_json::json!({ "train": 12, "validation": 6, "test": 6 }));
    assert!(report["notes"][0].as_str().is_some_and(|note| note.contains("there is no test/")));
    let output = train("resnet20(blocks=1,widths=8)", &[]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("64x64"), "the size taken is said");
    refused(["train", "resnet20(blocks=1,widths=8,input=32)"], &["input", "64"]);
    fs::write(pets.join("train/cat/notes.txt"), "text").expect("writes");
    let output = train("resnet20(blocks=1,widths=8)", &["--strict"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("notes.txt"));
}

#[cfg(unix)]
#[test]
fn a_target_without_permission_is_refused_before_any_work() {
    use std::os::unix::fs::PermissionsExt;
    let root = folder();
    let locked = root.path().join("locked");
    fs::create_dir(&locked).expect("a folder");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).expect("sets");
    if fs::write(locked.join("probe"), "x").is_ok() {
        return; // The superuser may write anywhere.
    }
    let out = locked.join("run");
    refused(["lab", "attention", "--out", text(&out)], &["cannot be written"]);
    let network = locked.join("net.safetensors");
    refused(["train", TINY, "--out", text(&network)], &["cannot be written"]);
    let image = photo();
    refused(["inspect", "no such network", "--image", text(&image), "--out", text(&out)], &["written"]);
}

#[test]
fn the_reading_of_a_run_says_at_which_budget_an_attention_is_level() {
    let root = folder();
    let toy =
        ["--epochs", "1", "--samples", "64", "--test", "16", "--accuracy", "16", "--masks", "4", "--threads", "1"];
    let arguments = ["lab", "attention", "--attentions", "none,se", "--depth", "8", "--seeds", "2", "--format", "json"];
    let out = ["--out", text(root.path())];
    let output = run(arguments.iter().chain(&toy).chain(&out));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let written: Value =
        serde_json::from_slice(&fs::read(root.path().join("attention.json")).expect("reads")).expect("JSON");
    assert_eq!(printed["catching_up"], written["catching_up"]);
    let known = &written["catching_up"][0];
    assert_eq!((&known["attention"], &known["of_images"]), (&"se".into(), &64.into()));
    // By hand, from the epochs that are written.
    let error = |of: usize, seed: usize| written["attentions"][of]["seeds"][seed]["epochs"][0]["test_error"].as_f64();
    let differences: Vec<f64> =
        (0..2).map(|seed| error(0, seed).expect("a number") - error(1, seed).expect("a number")).collect();
    let mean = f64::midpoint(differences[0], differences[1]);
    let std = (differences[0] - differences[1]).abs() / 2f64.sqrt();
    assert!((known["at_end"]["mean"].as_f64().expect("a number") - mean).abs() < 1e-9);
    assert_eq!(known["epoch"].is_null(), mean + std < 0.0, "{known}");
}
