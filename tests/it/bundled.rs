//! The networks that come with the program are what their record says, and know what they were taught.

use std::fmt::Write as _;
use std::path::Path;

use gatescope::compute::lab::data::{Objects, Split};
use gatescope::compute::lab::training::evaluate;
use gatescope::compute::weights::{Checkpoint, TrainedOn, Weights, bundled};
use gatescope::network::{lower, parse};

/// Test images of the check: each network is run on as many.
const IMAGES: u64 = 500;

/// SHA-256 and the share of the first 1,000 test images that is right, as `assets/models/README.md` has them.
fn record(name: &str) -> (String, f32) {
    let text = std::fs::read_to_string("assets/models/README.md").expect("the record");
    let row = text.lines().find(|line| line.starts_with(&format!("| `{name}.safetensors`"))).expect("a row");
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    let accuracy = cells[4].trim_end_matches(" %").parse::<f32>().expect("a number") / 100.0;
    (cells[cells.len() - 2].trim_matches('`').to_owned(), accuracy)
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn every_bundled_network_is_the_one_on_record() {
    assert_eq!(bundled().len(), 5);
    for network in bundled() {
        assert!(network.bytes.len() < 1_000_000, "{}: {} bytes", network.name, network.bytes.len());
        assert_eq!(sha256(network.bytes), record(network.name).0, "{}", network.name);
    }
}

#[test]
fn every_bundled_network_recognises_what_it_was_trained_on() {
    let objects = Objects::new(0);
    for network in bundled() {
        let path = network.path();
        let trained = TrainedOn::of(&Checkpoint::open(&path).expect(network.name)).expect("says what it is");
        let graph = lower(&parse(&trained.spec).expect(&trained.spec)).expect(&trained.spec);
        let weights = Weights::open(&graph, &path).expect(network.name);
        let score = evaluate(&graph, &weights, &objects, Split::Test, IMAGES, 2).expect(network.name);
        let recorded = record(network.name).1;
        assert!(recorded >= 0.92, "{}: {recorded}", network.name);
        // The record is of 1,000 images: of 500, one standard error is about 1 %.
        assert!((score.accuracy - recorded).abs() < 0.03, "{}: {} of {IMAGES}", network.name, score.accuracy);
        assert!((trained.accuracy - recorded).abs() < 0.001, "{}: the file says {}", network.name, trained.accuracy);
        assert_eq!(trained.dataset, "objects");
        assert_eq!(graph.gates.is_empty(), network.name == "none");
    }
}

#[test]
fn a_bundled_network_that_is_not_there_names_those_that_are() {
    let Err(refusal) = Checkpoint::open(Path::new("bundled:cbma")) else { panic!("there is no such network") };
    let message = refusal.to_string();
    assert!(message.contains("bundled:cbma") && message.contains("none, se, cam, sam, cbam"), "{message}");
}
