//! Checkpoint files: what PyTorch and safetensors write is read to the last number, and nothing else does harm.

mod fuzz;
mod hostile;
mod metadata;
mod speed;
mod torch;
pub mod write;

use std::path::{Path, PathBuf};

use gatescope::compute::weights::checkpoint::{Dtype, Format};
use gatescope::compute::weights::{Checkpoint, Weights, WeightsError};
use gatescope::network::graph::ParamId;
use gatescope::network::{Graph, lower, parse};

use write::{four, legacy, safetensors, state_dict, untyped, whole, zip};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/checkpoints").join(name)
}

fn decode(bytes: Vec<u8>) -> Result<Checkpoint, WeightsError> {
    Checkpoint::decode(Path::new("w.pth"), bytes)
}

/// The message of a refusal: one line that begins with the file's name.
fn refusal(bytes: Vec<u8>) -> String {
    let message = decode(bytes).expect_err("should be refused").to_string();
    assert!(message.starts_with("w.pth: ") && !message.contains('\n'), "{message}");
    message
}

fn graph(text: &str) -> Graph {
    lower(&parse(text).expect(text)).expect(text)
}

#[test]
fn safetensors_are_listed_with_their_metadata_and_read() {
    let header = r#"{"__metadata__":{"arch":"resnet50"},"module.b":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},
        "module.a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"module.n":{"dtype":"I32","shape":[],"data_offsets":[12,16]}}"#;
    let data = [1.5_f32.to_le_bytes(), (-2.0_f32).to_le_bytes(), [0, 0x3C, 0, 0xC0], [9, 0, 0, 0]].concat();
    let file = decode(safetensors(header, &data)).expect("sound");
    let entries: Vec<_> = file.entries().iter().map(|entry| (&*entry.name, &*entry.shape, entry.dtype)).collect();
    assert_eq!(entries, [("a", &[1, 2][..], Dtype::F32), ("b", &[2], Dtype::F16), ("n", &[], Dtype::I32)]);
    assert_eq!((file.format(), file.metadata().get("arch")), (Format::Safetensors, Some("resnet50")));
    assert_eq!((file.entries()[0].key.as_str(), file.prefixes()), ("module.a", &["module.".to_owned()][..]));
    assert_eq!((file.read("a").expect("f32"), file.read("b").expect("f16")), (vec![1.5, -2.0], vec![1.0, -2.0]));
    let refused = file.read("n").expect_err("int32").to_string();
    assert!(refused.contains("n holds int32 numbers, save it as float32"), "{refused}");
    assert!(file.read("x").expect_err("absent").to_string().contains("no tensor named x"));
}

#[test]
fn weights_bind_from_every_form() {
    let graph = graph("resnet20+cbam");
    let seeded = Weights::seeded(&graph, 5);
    let tensors: Vec<(String, Vec<usize>, Vec<f32>)> = graph
        .params
        .iter()
        .enumerate()
        .map(|(index, param)| (format!("module.{}", param.name), param.shape.clone(), seeded.values(ParamId(index))))
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in [("w.zip.pth", whole(&tensors, true)), ("w.legacy.pth", whole(&tensors, false))] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        let weights = Weights::open(&graph, &path).expect(name);
        assert_eq!(weights.report().matched, graph.params.len());
        for index in 0..graph.params.len() {
            assert_eq!(weights.values(ParamId(index)), seeded.values(ParamId(index)), "{name} {index}");
        }
    }
}

#[test]
fn numbers_that_are_none_are_reported() {
    let graph = graph("resnet20");
    let zeros = |index: usize| vec![if index == 3 { f32::NAN } else { 0.5 }; graph.params[index].elements()];
    let tensors: Vec<_> =
        graph.params.iter().enumerate().map(|(i, param)| (param.name.clone(), param.shape.clone(), zeros(i))).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("nan.pth");
    std::fs::write(&path, whole(&tensors, false)).expect("written");
    let weights = Weights::open(&graph, &path).expect("loads all the same");
    assert_eq!(weights.report().non_finite, [graph.params[3].name.clone()]);
}

#[test]
fn what_is_no_checkpoint_is_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let message = |path: &Path| Checkpoint::open(path).expect_err("no checkpoint").to_string();
    assert!(message(folder.path()).contains("a folder, give the checkpoint file in it"));
    assert!(message(&folder.path().join("absent.pth")).contains("cannot be read"));
    let cases: [(&[u8], &str); 6] = [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><title>404</title>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "Git LFS pointer"),
        (b"epoch,loss\n1,0.5\n2,0.25\n", "a text file"),
        (b"PK", "text"),
        (&[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3], "not a checkpoint this program knows"),
    ];
    for (bytes, want) in cases {
        let path = folder.path().join("w.pth");
        std::fs::write(&path, bytes).expect("written");
        assert!(message(&path).contains(want), "{}", message(&path));
    }
}

#[test]
fn a_python_pickle_without_storages_is_explained() {
    assert!(refusal(b"\x80\x02}q\x00.".to_vec()).contains("not one of torch.save's"));
    assert!(refusal(zip(&[("archive/data.pkl", b"\x80\x02]q\x00.")])).contains("holds a list, not a state_dict"));
    assert!(refusal(zip(&[("archive/data.pkl", b"\x80\x02}q\x00.")])).contains("holds no tensors"));
    assert!(refusal(legacy(&state_dict(&[]), &[])).contains("holds no tensors"));
}

#[test]
fn other_byte_orders_and_untyped_storages_are_read() {
    let numbers: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.5].iter().flat_map(|number| number.to_be_bytes()).collect();
    let pickle = state_dict(&[four()]);
    let file = decode(zip(&[("a/data.pkl", &pickle), ("a/byteorder", b"big"), ("a/data/0", &numbers)])).expect("sound");
    assert_eq!(file.read("w").expect("w"), [1.0, 2.0, 3.0, 4.5]);
    let storage = [1_u16, 2, 3].map(u16::to_le_bytes).concat();
    let file = decode(zip(&[("a/data.pkl", &untyped("uint16", 6, &[3])), ("a/data/0", &storage)])).expect("sound");
    assert_eq!((file.entries()[0].dtype, file.entries()[0].elements), (Dtype::U16, 3));
    assert!(
        refusal(zip(&[("a/data.pkl", &untyped("uint16", 6, &[4])), ("a/data/0", &storage)])).contains("past the end")
    );
}
