//! What is kept of finished inspections, and what is read again.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{InspectionKey, Jobs};
use crate::desktop::document::{Command, Document, PictureChoice, WeightsChoice};
use crate::network::parse;

fn document() -> Document {
    let mut document = Document::first_start();
    let spec = parse("resnet8(blocks=1-1-1,input=16)").expect("parses");
    document.apply(&Command::OpenNetworks(vec![spec])).expect("valid");
    document
}

/// Tends until everything the document wants has been found or has failed.
fn settle(jobs: &mut Jobs, document: &Document) {
    let patience = Instant::now() + Duration::from_mins(1);
    loop {
        jobs.tend(document);
        let found = document.networks().iter().all(|network| !jobs.lacks(&InspectionKey::of(network, document)));
        if found && jobs.running.is_none() {
            return;
        }
        assert!(Instant::now() < patience, "the worker does not answer");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn twelve_inspections_are_kept_for_going_back() {
    let mut document = document();
    let mut jobs = Jobs::start(|| {}).expect("a thread");
    let id = document.networks()[0].id;
    let mut keys = Vec::new();
    for seed in 0..15 {
        document.apply(&Command::SetWeights(id, WeightsChoice::Seeded(seed))).expect("valid");
        settle(&mut jobs, &document);
        keys.push(InspectionKey::of(&document.networks()[0], &document));
    }
    assert_eq!(jobs.finished.len(), 12);
    let kept: Vec<bool> = keys.iter().map(|key| !jobs.lacks(key)).collect();
    assert_eq!(kept, [[false; 3].as_slice(), &[true; 12]].concat(), "the latest are");
}

fn paint(path: &Path, gray: u8) {
    image::GrayImage::from_pixel(16, 16, image::Luma([gray])).save(path).expect("written");
}

#[test]
fn run_again_reads_a_changed_file_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("picture.png");
    paint(&path, 10);
    let mut document = document();
    document.apply(&Command::SetPicture(PictureChoice::File(path.clone()))).expect("valid");
    let mut jobs = Jobs::start(|| {}).expect("a thread");
    let mut seen = |document: &Document, again: bool| {
        let network = &document.networks()[0];
        if again {
            jobs.rerun(network, document);
        }
        settle(&mut jobs, document);
        jobs.inspection(network, document).expect("found").prepared.tensor.clone()
    };
    let dark = seen(&document, false);
    paint(&path, 240);
    let light = seen(&document, true);
    assert_ne!(dark, light, "the picture is the new one");
}
