//! Files written by the real `torch.save`; `tests/reference/checkpoints/generate.py` says what is in them.

use gatescope::compute::weights::Checkpoint;
use gatescope::compute::weights::checkpoint::{Dtype, Format};

use super::{decode, fixture};

fn open(name: &str) -> Checkpoint {
    Checkpoint::open(&fixture(name)).expect(name)
}

/// `count` numbers from `start` on, over 4.
fn ramp(start: usize, count: usize) -> Vec<f32> {
    (start..start + count).map(|number| number as f32 / 4.0).collect()
}

/// Names, shapes and numbers of `network()`, whatever lay around them.
fn is_network(file: &Checkpoint, name: &str) {
    let entries: Vec<(&str, &[usize])> = file.entries().iter().map(|e| (e.name.as_str(), e.shape.as_slice())).collect();
    let want: [(&str, &[usize]); 8] = [
        ("conv1.weight", &[4, 3, 3, 3]),
        ("bn1.weight", &[4]),
        ("bn1.bias", &[4]),
        ("bn1.running_mean", &[4]),
        ("bn1.running_var", &[4]),
        ("bn1.num_batches_tracked", &[]),
        ("fc.weight", &[2, 4]),
        ("fc.bias", &[2]),
    ];
    assert_eq!(entries, want, "{name}");
    for (index, entry) in file.entries().iter().enumerate() {
        let want = if entry.is_counter() { vec![7.0] } else { ramp(10 * index, entry.elements) };
        assert_eq!(file.read(&entry.name).expect("read"), want, "{name}: {}", entry.name);
    }
}

#[test]
fn both_forms_and_other_protocols_are_read() {
    for (name, format) in [
        ("plain.zip.pth", Format::TorchZip),
        ("plain.protocol4.pth", Format::TorchZip),
        ("plain.legacy.pth", Format::TorchLegacy),
    ] {
        let file = open(name);
        assert_eq!(file.format(), format);
        assert!(file.wrappers().is_empty() && file.prefixes().is_empty() && file.metadata().is_empty());
        is_network(&file, name);
    }
}

#[test]
fn every_way_a_tensor_can_lie_is_followed() {
    let square = ramp(0, 12);
    let transposed: Vec<f32> = (0..12).map(|i| square[i % 3 * 4 + i / 3]).collect();
    let want: [(&str, Dtype, &[usize], Vec<f32>); 12] = [
        ("f64", Dtype::F64, &[3], ramp(0, 3)),
        ("f16", Dtype::F16, &[3], ramp(0, 3)),
        ("bf16", Dtype::BF16, &[3], ramp(0, 3)),
        ("scalar", Dtype::F32, &[], vec![2.5]),
        ("empty", Dtype::F32, &[0, 3], vec![]),
        ("transposed", Dtype::F32, &[4, 3], transposed),
        ("offset", Dtype::F32, &[4], ramp(20, 4)),
        ("every_other", Dtype::F32, &[12], (0..12).map(|i| i as f32 / 2.0).collect()),
        ("expanded", Dtype::F32, &[2, 3], vec![1.5; 6]),
        ("shared", Dtype::F32, &[3, 4], square),
        ("channels_last", Dtype::F32, &[1, 2, 2, 2], ramp(0, 8)),
        ("parameter", Dtype::F32, &[2], ramp(0, 2)),
    ];
    for form in ["kinds.zip.pth", "kinds.legacy.pth"] {
        let file = open(form);
        for (name, dtype, shape, values) in &want {
            let entry = file.entry(name).expect(name);
            assert_eq!((entry.dtype, entry.shape.as_slice(), entry.elements), (*dtype, *shape, values.len()), "{name}");
            assert_eq!(&file.read(name).expect(name), values, "{form}: {name}");
        }
        for (name, dtype) in [("i32", "int32"), ("flag", "bool")] {
            let refused = file.read(name).expect_err("integers").to_string();
            assert!(refused.contains(&format!("{name} holds {dtype} numbers")), "{refused}");
        }
    }
}

#[test]
fn a_training_script_s_checkpoint_is_unwrapped() {
    for form in ["training.zip.pth", "training.legacy.pth"] {
        let file = open(form);
        assert_eq!((file.wrappers(), file.prefixes()), (&["state_dict".to_owned()][..], &["module.".to_owned()][..]));
        assert_eq!(file.entries()[0].key, "module.conv1.weight");
        let metadata = file.metadata();
        for (key, want) in [
            ("epoch", "90"),
            ("arch", "resnet50"),
            ("args.arch", "resnet50"),
            ("args.lr", "0.1"),
            ("args.classes", r#"["cat","dog"]"#),
        ] {
            assert_eq!(metadata.get(key), Some(want), "{key} in {metadata:?}");
        }
        is_network(&file, form);
    }
}

#[test]
fn wrappers_and_prefixes_may_be_nested() {
    for form in ["nested.zip.pth", "nested.legacy.pth"] {
        let file = open(form);
        assert_eq!(file.wrappers(), ["model", "state_dict"]);
        assert_eq!(file.prefixes(), ["_orig_mod.", "model."]);
        is_network(&file, form);
    }
}

#[test]
fn a_whole_model_is_read_for_its_tensors() {
    for form in ["module.zip.pth", "module.legacy.pth"] {
        let file = open(form);
        is_network(&file, form);
    }
}

#[test]
fn a_file_that_ends_early_is_refused_wherever_it_ends() {
    for name in
        ["training.zip.pth", "kinds.legacy.pth", "plain.protocol4.pth", "../../corpus/safetensors/plain.safetensors"]
    {
        let bytes = std::fs::read(fixture(name)).expect(name);
        assert!(decode(bytes.clone()).is_ok());
        for length in 0..bytes.len() {
            let message = decode(bytes[..length].to_vec()).expect_err("cut").to_string();
            let is_clear = ["cut off", "empty", "damaged", "text", "missing", "no tensors", "not a checkpoint"];
            assert!(is_clear.iter().any(|part| message.contains(part)), "{name} at {length}: {message}");
            assert!(!message.contains('\n'));
        }
    }
}

#[test]
fn files_of_python_2_are_read() {
    let file = open("python2.legacy.pth");
    assert_eq!((file.wrappers(), file.prefixes()), (&["state_dict".to_owned()][..], &["module.".to_owned()][..]));
    assert_eq!(file.read("conv1.weight").expect("read"), ramp(0, 8));
    assert_eq!(file.read("fc.bias").expect("read"), [0.5, -1.0]);
    assert_eq!((file.metadata().get("arch"), file.metadata().get("best_prec1")), (Some("resnet50"), Some("77.5")));
}
