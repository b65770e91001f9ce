//! What weights come in: several state_dicts, several files, NumPy arrays, whole modules, TorchScript, gzip. The
//! logits are PyTorch's (`tests/corpus/bugs/expected.json`), the other files those of `tests/corpus/containers`.

mod hostile;
mod sentences;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gatescope::compute::weights::Checkpoint;
use safetensors::SafeTensors;

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name)
}

fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gatescope")).args(arguments).output().expect("the program starts")
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The logits that the program computes for the probe, and what it said on standard error.
fn logits(file: &Path, more: &[&str]) -> (Vec<f32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let (probe, out) = (corpus("bugs/probe.png"), folder.path().join("out.safetensors"));
    let mut arguments: Vec<&OsStr> = vec!["inspect".as_ref(), file.as_os_str(), "--image".as_ref(), probe.as_os_str()];
    arguments.extend(["--resize", "224", "--crop", "224", "--tensors"].map(OsStr::new));
    arguments.push(out.as_os_str());
    arguments.extend(more.iter().map(OsStr::new));
    let output = run(arguments);
    assert!(output.status.success(), "{}: {}", file.display(), complaint(&output));
    let bytes = std::fs::read(out).expect("written");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let data = tensors.tensor("logits").expect("logits").data();
    (data.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect(), complaint(&output))
}

/// PyTorch's for this file.
fn expected(name: &str) -> Vec<f32> {
    let text = std::fs::read_to_string(corpus("bugs/expected.json")).expect("there");
    let all: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let numbers = all[name]["torch_logits"].as_array().expect("logits");
    numbers.iter().map(|number| number.as_f64().expect("a number") as f32).collect()
}

fn assert_close(found: &[f32], want: &[f32], what: &str) {
    assert_eq!(found.len(), want.len(), "{what}");
    for (a, b) in found.iter().zip(want) {
        assert!((a - b).abs() < 1e-4, "{what}: {found:?}, not {want:?}");
    }
}

#[test]
fn every_container_gives_pytorchs_logits() {
    let plain = expected("plain.pth.gz");
    for (file, want) in [
        ("bugs/plain.pth.gz", plain.clone()),
        ("bugs/numpy_arrays.pth", expected("numpy_arrays.pth")),
        ("containers/whole.pth.gz", plain.clone()),
        ("containers/whole.legacy.pth.gz", plain.clone()),
        ("containers/scripted.pt.gz", plain.clone()),
        ("containers/traced.pt.gz", plain.clone()),
    ] {
        let (found, said) = logits(&corpus(file), &[]);
        assert_close(&found, &want, file);
        assert!(!said.contains("--which"), "{file}: {said}");
    }
}

#[test]
fn a_set_of_files_is_opened_through_index_folder_or_one_of_them() {
    let want = expected("sharded/model.safetensors.index.json");
    for entrance in ["", "model.safetensors.index.json", "model-00002-of-00002.safetensors"] {
        let path = corpus("bugs/sharded").join(entrance);
        assert_close(&logits(&path, &[]).0, &want, entrance);
    }
    let report = run([OsStr::new("weights"), corpus("bugs/sharded").as_os_str(), "--format".as_ref(), "json".as_ref()]);
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).expect("JSON");
    assert_eq!(report["files"].as_array().map(Vec::len), Some(2), "{report}");
    assert_eq!(report["format"], "safetensors, in 2 files");
}

#[test]
fn averaged_weights_are_taken_as_timm_does_and_the_others_on_request() {
    let file = corpus("bugs/state_dict_and_ema.pth");
    let want = expected("state_dict_and_ema.pth");
    let (found, said) = logits(&file, &[]);
    assert_close(&found, &want, "without --which");
    for words in ["state_dict_ema (", "also there: state_dict (", "--which state_dict takes"] {
        assert!(said.contains(words), "{said}");
    }
    assert_close(&logits(&file, &["--which", "state_dict_ema"]).0, &want, "the same by name");
    let (other, _) = logits(&file, &["--which", "state_dict"]);
    assert!(other.iter().zip(&want).any(|(a, b)| (a - b).abs() > 1e-3), "the other one is another: {other:?}");
    let named = PathBuf::from(format!("{}#state_dict", file.display()));
    assert_close(&logits(&named, &[]).0, &other, "a path that chooses");
}

#[test]
fn one_of_two_equals_must_be_chosen() {
    let file = corpus("bugs/student_teacher.pth");
    let refused =
        run([OsStr::new("inspect"), file.as_os_str(), "--image".as_ref(), corpus("bugs/probe.png").as_os_str()]);
    assert_eq!(refused.status.code(), Some(2));
    let message = complaint(&refused);
    for words in ["2 state_dicts", "student (", "teacher (", "62 tensors", "--which student"] {
        assert!(message.contains(words), "{words}: {message}");
    }
    assert_eq!(message.lines().count(), 1, "{message}");
    let (student, said) = logits(&file, &["--which", "student"]);
    assert_close(&student, &expected("student_teacher.pth"), "the student");
    assert!(said.contains("student (") && said.contains("--which teacher"), "{said}");
    let (teacher, _) = logits(&file, &["--which", "teacher"]);
    assert!(teacher.iter().zip(&student).any(|(a, b)| (a - b).abs() > 1e-3), "{teacher:?}");
    let wrong = run([OsStr::new("weights"), file.as_os_str(), "--which".as_ref(), "pupil".as_ref()]);
    let message = complaint(&wrong);
    assert!(message.contains("no state_dict named pupil") && message.contains("teacher ("), "{message}");
}

#[test]
fn every_command_that_takes_a_file_takes_which() {
    let file = corpus("bugs/student_teacher.pth");
    for command in ["weights", "cost", "plan"] {
        let output = run([OsStr::new(command), file.as_os_str(), "--which".as_ref(), "teacher".as_ref()]);
        assert!(output.status.success(), "{command}: {}", complaint(&output));
    }
    let spec = "resnet18(classes=5,blocks=1-1-1-1,widths=8-8-8-8,input=32)";
    let profile = |more: &[&str]| {
        let mut arguments = vec!["profile", spec, "--runs", "1"];
        arguments.extend(more);
        run(arguments)
    };
    let path = file.display().to_string();
    let output = profile(&["--weights", &path, "--which", "teacher"]);
    assert!(output.status.success(), "{}", complaint(&output));
    assert!(complaint(&output).contains("teacher ("), "{}", complaint(&output));
    assert!(complaint(&profile(&["--which", "teacher"])).contains("no checkpoint file is given"));
}

#[test]
fn what_is_taken_and_what_else_there_is() {
    let open = |name: &str| Checkpoint::open(&corpus("containers").join(name));
    let large = open("one_large.pth").expect("a loss of one tensor is no network beside twenty");
    assert_eq!((large.wrappers(), large.entries().len()), (&["encoder".to_owned()][..], 20));
    assert_eq!(large.alternatives().collect::<Vec<_>>(), ["loss"]);
    // timm knows model and model_ema; what is called ema it does not take.
    let both = open("model_and_ema.pth").expect("opens");
    assert_eq!((both.wrappers(), both.alternatives().collect::<Vec<_>>()), (&["model".to_owned()][..], vec!["ema"]));
    let counts: Vec<_> = both.state_dicts().iter().map(|one| (one.tensors, one.parameters)).collect();
    assert_eq!(counts, [(20, 120), (1, 6)]);
    let message = open("pair.pth").expect_err("neither goes first").to_string();
    assert!(
        message.contains("generator (1 tensor, 6 parameters), discriminator (2 tensors, 8 parameters)"),
        "{message}"
    );
}

#[test]
fn arrays_are_read_however_they_lie() {
    let ramp: Vec<f32> = (0..12).map(|number| number as f32 / 4.0).collect();
    for form in ["arrays.pth", "arrays.2.pkl", "arrays.3.pkl", "arrays.4.pkl", "arrays.5.pkl"] {
        let file = Checkpoint::open(&corpus("containers").join(form)).expect(form);
        for name in ["rows", "columns", "big", "half", "double", "shared"] {
            assert_eq!(file.entry(name).expect(name).shape, [3, 4], "{form}: {name}");
            assert_eq!(file.read(name).expect(name), ramp, "{form}: {name}");
        }
        assert_eq!((file.read("scalar").expect(form), file.read("empty").expect(form)), (vec![2.5], Vec::new()));
        assert_eq!(file.read("bn.num_batches_tracked").expect("a counter"), [7.0], "{form}");
    }
}

#[test]
fn a_buffer_that_a_state_dict_leaves_out_is_left_out() {
    for form in ["whole.pth.gz", "whole.legacy.pth.gz"] {
        let file = Checkpoint::open(&corpus("containers").join(form)).expect(form);
        let plain = Checkpoint::open(&corpus("bugs/plain.pth.gz")).expect("opens");
        let names = |file: &Checkpoint| file.entries().iter().map(|entry| entry.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&file), names(&plain), "{form}");
    }
}
