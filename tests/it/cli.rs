//! The program as people run it: the real binary, its output, its exit status, the files it leaves.

mod asking;
mod cost;
mod draw;
mod experiments;
mod files;
mod inspect;
mod lab;
mod list;
mod lost;
mod outputs;
mod paper;
mod preparing;
mod profile;
mod train;
mod usage;
mod weights;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The widest line a table may print.
const WIDTH: usize = 80;

/// The binary with these arguments.
fn gatescope<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatescope"));
    command.args(arguments);
    command
}

fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    gatescope(arguments).output().expect("the program starts")
}

/// Standard output of a run that must succeed without a word on standard error.
fn success<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> String {
    let output = run(arguments);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{complaint}");
    assert_eq!(complaint, "");
    String::from_utf8(output.stdout).expect("text")
}

fn json<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Value {
    serde_json::from_str(&success(arguments)).expect("JSON")
}

/// The one line on standard error of a run that must end with this status and print nothing else.
fn refusal(output: &Output, status: i32) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("gatescope: "), "{stderr}");
    stderr
}

/// A run that must be refused as bad usage or input, with words that say why.
fn refused<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>, words: &[&str]) {
    let message = refusal(&run(arguments), 2);
    for word in words {
        assert!(message.contains(word), "{message} does not say {word}");
    }
}

fn assert_narrow(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= WIDTH, "{} characters: {line}", line.chars().count());
    }
}

/// The sample photo in the repository.
fn photo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/cat.png")
}

/// A folder of its own for a test.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Everything in a folder and below it, hidden files included, as paths relative to it.
fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).expect("lists") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path.clone());
            }
            found.push(path.strip_prefix(folder).expect("inside").display().to_string());
        }
    }
    found.sort();
    found
}
