//! One bad file, one sentence, whatever opens it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{complaint, corpus, run};

/// What a command says of a file: without the program's name.
fn said(command: &[&str], file: &Path, more: &[&OsStr]) -> String {
    let mut arguments: Vec<&OsStr> = command.iter().map(OsStr::new).collect();
    arguments.push(file.as_os_str());
    arguments.extend(more);
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(2), "{command:?} {}: {}", file.display(), complaint(&output));
    let message = complaint(&output);
    assert_eq!(message.lines().count(), 1, "{message}");
    message.trim_start_matches("gatescope: ").trim_end().to_owned()
}

fn bad_files(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let sound = std::fs::read(corpus("bugs/numpy_arrays.pth")).expect("there");
    let zip = |names: &[&str]| {
        let members: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &b"{}"[..])).collect();
        crate::checkpoints::write::zip(&members)
    };
    let index = |map: &str| format!("{{\"metadata\": {{}}, \"weight_map\": {map}}}").into_bytes();
    let contents: Vec<(&str, Vec<u8>, &str)> = vec![
        ("page.pth", b"<!DOCTYPE html><title>404</title>".to_vec(), "a web page"),
        (
            "pointer.safetensors",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n".to_vec(),
            "git lfs pull",
        ),
        ("empty.pth", Vec::new(), "an empty file"),
        ("notes.txt", b"accuracy, loss\n0.5, 0.1".to_vec(), "neither weights"),
        ("data.json", b"{\"a\": 1}".to_vec(), "this is JSON"),
        ("model.onnx", b"\x08\x08\x12\x07pytorch\x1a\x05".to_vec(), "an ONNX file"),
        ("model.h5", b"\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0".to_vec(), "HDF5"),
        ("model.keras", zip(&["metadata.json", "config.json", "model.weights.h5"]), "a Keras model"),
        ("model.pt2", zip(&["m/archive_format", "m/models/model.json"]), "torch.export.load"),
        ("model.npz", zip(&["conv1.weight.npy"]), "numpy.load"),
        ("model.gguf", b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0".to_vec(), "GGUF"),
        ("model.tflite", b"\x1c\0\0\0TFL3\0\0\0\0\0\0\0\0".to_vec(), "TensorFlow Lite"),
        ("half.pth", sound[..sound.len() / 2].to_vec(), "cut off"),
        ("half.pth.gz", std::fs::read(corpus("bugs/plain.pth.gz")).expect("there")[..9_000].to_vec(), "cut off"),
        ("noise", vec![7; 64], "not a checkpoint this program knows"),
        ("x.safetensors.index.json", index("{\"a\": \"gone-00001-of-00002.safetensors\"}"), "gone-00001-of-00002"),
        ("y.safetensors.index.json", index("{\"a\": \"../w.safetensors\"}"), "outside its folder"),
        ("z.safetensors.index.json", index("{\"a\": 3}"), "weight_map"),
    ];
    let written = contents.into_iter().map(|(name, bytes, words)| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("written");
        (path, words)
    });
    let mut all: Vec<_> = written.collect();
    all.push((corpus("bugs/probe.png"), "a picture"));
    all.push((corpus("bugs/student_teacher.pth"), "--which student"));
    all.push((folder.join("absent.pth"), "cannot be read"));
    std::fs::create_dir(folder.join("folder")).expect("made");
    all.push((folder.join("folder"), "a folder"));
    all
}

#[test]
fn every_command_says_the_same_of_a_bad_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let probe = corpus("bugs/probe.png");
    for (file, words) in bad_files(folder.path()) {
        let message = said(&["weights"], &file, &[]);
        assert!(message.contains(words), "{message}");
        for command in [&["cost"][..], &["profile"], &["plan"], &["train"], &["lab", "atlas"]] {
            assert_eq!(said(command, &file, &[]), message, "{command:?}");
        }
        let image: [&OsStr; 2] = ["--image".as_ref(), probe.as_os_str()];
        assert_eq!(said(&["inspect"], &file, &image), message);
        let under = ["--weights".as_ref(), file.as_os_str(), "--image".as_ref(), probe.as_os_str()];
        assert_eq!(said(&["inspect"], Path::new("resnet20"), &under), message);
    }
}

#[test]
fn weights_in_the_place_of_a_network_to_train_are_said_to_be_some() {
    let message = said(&["train"], &corpus("bugs/plain.pth.gz"), &[]);
    for words in ["training starts from random", "gatescope train \"resnet18(classes=5"] {
        assert!(message.contains(words), "{message}");
    }
}
