//! Configurations beside checkpoints, class labels, and bicubic resizing as Pillow does it.

use std::path::{Path, PathBuf};

use gatescope::compute::config::{ConfigError, ModelConfig};
use gatescope::compute::imaging::{Interpolation, Preprocessing, open};
use gatescope::compute::labels::{Labels, top};

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

fn parsed(text: &str) -> ModelConfig {
    ModelConfig::parse("config.json", text).expect(text)
}

/// timm/seresnet50.a1_in1k's, shortened.
const SERESNET50: &str = r#"{
    "architecture": "seresnet50", "num_classes": 1000, "num_features": 2048, "global_pool": "avg",
    "pretrained_cfg": {
        "tag": "a1_in1k", "custom_load": false, "input_size": [3, 224, 224], "test_input_size": [3, 288, 288],
        "fixed_input_size": false, "interpolation": "bicubic", "crop_pct": 0.95, "test_crop_pct": 1.0,
        "crop_mode": "center", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
        "num_classes": 1000, "pool_size": [7, 7], "first_conv": "conv1", "classifier": "fc"
    }
}"#;

#[test]
fn timms_configuration_is_read_as_timm_does() {
    let config = parsed(SERESNET50);
    assert_eq!(config.architecture.as_deref(), Some("seresnet50"));
    assert_eq!((config.num_classes, &config.labels), (Some(1000), &None));
    let expected = Preprocessing {
        resize: 235, // floor(224 / 0.95)
        interpolation: Interpolation::Bicubic,
        ..Preprocessing::for_input([3, 224, 224])
    };
    assert_eq!(config.preprocessing, Some(expected));
    assert!(config.notes.is_empty());
}

#[test]
fn sizes_are_timms_for_its_usual_shares() {
    // math.floor(input / crop_pct) in Python
    for (input, share, resize) in
        [(224, 0.875, 256), (299, 0.875, 341), (299, 0.8975, 333), (256, 0.887, 288), (288, 1.0, 288)]
    {
        let text = format!("{{\"pretrained_cfg\": {{\"input_size\": [3, {input}, {input}], \"crop_pct\": {share}}}}}");
        let preprocessing = parsed(&text).preprocessing.expect("some");
        assert_eq!((preprocessing.resize, preprocessing.crop), (resize, [input, input]), "{input} {share}");
    }
}

#[test]
fn what_is_left_out_is_timms_default() {
    let preprocessing = parsed("{\"pretrained_cfg\": {\"mean\": 0.5, \"std\": [0.5]}}").preprocessing.expect("some");
    assert_eq!((preprocessing.mean, preprocessing.std), ([0.5; 3], [0.5; 3]));
    assert_eq!((preprocessing.resize, preprocessing.interpolation), (256, Interpolation::Bicubic));
    // Older files have everything at the top; others say nothing about pictures.
    assert_eq!(parsed("{\"input_size\": [3, 96, 96], \"crop_pct\": 1}").preprocessing.expect("some").resize, 96);
    assert_eq!(parsed("{\"architecture\": \"resnet18\"}").preprocessing, None);
    assert_eq!(parsed("{\"pretrained_cfg\": {\"mean\": null}}").preprocessing, None);
}

#[test]
fn what_is_done_otherwise_is_said() {
    let text = "{\"pretrained_cfg\": {\"interpolation\": \"sinc\", \"crop_mode\": \"spiral\"}}";
    let notes = parsed(text).notes.join("\n");
    assert!(notes.contains("sinc") && notes.contains("spiral"), "{notes}");
}

#[test]
fn labels_come_from_either_librarys_fields() {
    let names = |text: &str| -> Vec<String> {
        let labels = parsed(text).labels.expect("some");
        (0..labels.len()).filter_map(|class| labels.get(class)).map(|name| name.to_string()).collect()
    };
    assert_eq!(names("{\"label_names\": [\"cat\", \"dog\"], \"num_classes\": 2}"), ["cat", "dog"]);
    assert_eq!(
        names("{\"id2label\": {\"0\": \"cat\", \"1\": \"dog\"}, \"architectures\": [\"ResNet\"]}"),
        ["cat", "dog"]
    );
    let described =
        "{\"pretrained_cfg\": {\"label_names\": [\"n1\", \"n2\"], \"label_descriptions\": {\"n1\": \"tench\"}}}";
    assert_eq!(names(described), ["tench", "n2"]);
    assert_eq!(parsed("{\"id2label\": {\"0\": \"cat\", \"1\": \"dog\"}}").num_classes, Some(2));
}

#[test]
fn wrong_values_are_named_with_their_field() {
    for (text, wanted) in [
        ("", "not valid JSON"),
        ("{\"pretrained_cfg\": ", "not valid JSON"),
        ("[1, 2]", "the file is a list"),
        ("{\"pretrained_cfg\": 5}", "pretrained_cfg is a number"),
        ("{\"architecture\": 5}", "architecture is 5; it must be a text"),
        ("{\"num_classes\": -1}", "num_classes is -1"),
        ("{\"pretrained_cfg\": {\"input_size\": [224, 224]}}", "pretrained_cfg.input_size is a list; it must be three"),
        ("{\"pretrained_cfg\": {\"input_size\": [3, 0, 0]}}", "0"),
        ("{\"pretrained_cfg\": {\"input_size\": [3, 1e9, 7]}}", "input_size"),
        ("{\"pretrained_cfg\": {\"input_size\": [3, 4000000000, 4000000000]}}", "4000000000"),
        ("{\"pretrained_cfg\": {\"mean\": [1, 2]}}", "pretrained_cfg.mean is a list; it must be one or three"),
        ("{\"pretrained_cfg\": {\"std\": [0, 1, 1]}}", "std 0"),
        ("{\"pretrained_cfg\": {\"std\": 1e999}}", "config.json"),
        ("{\"pretrained_cfg\": {\"crop_pct\": \"0.9\"}}", "pretrained_cfg.crop_pct is a text"),
        ("{\"pretrained_cfg\": {\"crop_pct\": 0}}", "give a share like 0.875"),
        ("{\"pretrained_cfg\": {\"crop_pct\": 1e-9}}", "give a share like 0.875"),
        ("{\"pretrained_cfg\": {\"crop_pct\": -1}}", "give a share like 0.875"),
        ("{\"pretrained_cfg\": {\"interpolation\": 3}}", "pretrained_cfg.interpolation is 3"),
        ("{\"num_classes\": 3, \"label_names\": [\"cat\"]}", "names 1 classes and the network has 3"),
        ("{\"id2label\": {\"a\": \"cat\"}}", "\"a\" is not a class number"),
    ] {
        let message = ModelConfig::parse("config.json", text).expect_err(text).to_string();
        assert!(message.contains(wanted), "{text}: {message}");
    }
}

#[test]
fn files_that_are_none_are_refused_before_they_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.json");
    let message = |path: &Path| ModelConfig::open(path).expect_err("refused").to_string();
    assert!(message(&path).contains("no such file"));
    assert!(message(folder.path()).contains("not a regular file"));
    std::fs::write(&path, [0x80, 2, b'}', 0xFF]).expect("writes");
    assert!(message(&path).contains("not UTF-8"));
    let huge = std::fs::File::create(&path).expect("creates");
    huge.set_len(1 << 40).expect("sparse");
    assert!(matches!(ModelConfig::open(&path), Err(ConfigError::Text(_))) && message(&path).contains("16 MiB"));
    std::fs::write(&path, format!("\u{feff}{SERESNET50}")).expect("writes");
    let read = ModelConfig::open(&path).expect("reads");
    assert_eq!((read.path.as_path(), &read.architecture), (path.as_path(), &parsed(SERESNET50).architecture));
    assert_eq!(read.preprocessing, parsed(SERESNET50).preprocessing);
    let beside = ModelConfig::beside(&folder.path().join("model.safetensors")).expect("reads");
    assert_eq!(beside, Some(read));
}

#[test]
fn own_labels_go_before_the_built_in_ones() {
    let names: Vec<String> = (0..1000).map(|class| format!("name {class}")).collect();
    let labels = Labels::parse("names.txt", &names.join("\n")).expect("parses");
    let mut logits = vec![0.0; 1000];
    logits[281] = 9.0;
    assert_eq!(top(&logits, Some(&labels), 1)[0].label.as_deref(), Some("name 281"));
    assert_eq!(top(&logits, None, 1)[0].label.as_deref(), Some("tabby"));
}

/// `tests/reference/bicubic/make.py`: photo, crop, crop_pct.
const BICUBIC: &[(&str, usize, f64)] =
    &[("cat", 224, 0.95), ("coffee", 160, 0.875), ("cat", 320, 1.0), ("astronaut224", 96, 0.5)];

#[test]
fn bicubic_is_pillows() {
    for &(name, side, share) in BICUBIC {
        let picture = open(&reference(&format!("photos/{name}.png"))).expect("a photo");
        let expected = open(&reference(&format!("bicubic/{name}-{side}.png"))).expect("a reference");
        let mut preprocessing = Preprocessing::for_input([3, side, side]);
        preprocessing.interpolation = Interpolation::Bicubic;
        preprocessing.set_crop_share(share).expect("a share");
        let found = preprocessing.prepare(&picture).expect("prepared").crop;
        let differences: Vec<u8> =
            found.as_raw().iter().zip(expected.pixels.as_raw()).map(|(a, b)| a.abs_diff(*b)).collect();
        let share = |most: u8| differences.iter().filter(|&&d| d <= most).count() as f64 / differences.len() as f64;
        let largest = differences.iter().max().expect("pixels");
        // As for bilinear, per value; the library's weights have 16 bits where Pillow's have 22.
        let said = format!("{name}-{side}: equal {}, within one {}, largest difference {largest}", share(0), share(1));
        println!("{said}");
        assert!(share(0) >= 0.99 && share(1) >= 0.999 && *largest <= 2, "{said}");
    }
}

#[test]
fn a_network_of_another_size_keeps_the_share_of_its_margin() {
    let mut preprocessing = Preprocessing::for_input([3, 224, 224]);
    preprocessing.set_crop_share(0.95).expect("a share");
    let larger = preprocessing.fitted([3, 448, 448]);
    assert_eq!((larger.resize, larger.crop), (470, [448, 448]));
    assert_eq!(preprocessing.fitted([3, 224, 224]), preprocessing);
}
