//! What is kept of finished inspections, and what is read again.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Jobs;
use crate::desktop::document::{Command, Document, PictureChoice, WeightsChoice};
use crate::network::Model;

fn document() -> Document {
    let mut document = Document::first_start();
    let model = Model::parse("resnet8(blocks=1-1-1,input=16)").expect("parses");
    document.apply(&Command::OpenNetworks(vec![model])).expect("valid");
    document
}

/// Tends until everything the document wants has been found or has failed.
fn settle(jobs: &mut Jobs, document: &Document) {
    let patience = Instant::now() + Duration::from_mins(1);
    loop {
        jobs.tend(document);
        if jobs.is_idle(document) {
            return;
        }
        assert!(Instant::now() < patience, "the worker does not answer");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn inspections_are_kept_for_going_back_and_shown_for_their_own_question_only() {
    let mut document = document();
    let mut jobs = Jobs::start(|| {}).expect("a thread");
    let id = document.networks()[0].id;
    let mut logits = Vec::new();
    for seed in 0..15 {
        document.apply(&Command::SetWeights(id, WeightsChoice::Seeded(seed))).expect("valid");
        assert!(jobs.inspection(&document.networks()[0]).is_none(), "another seed's");
        settle(&mut jobs, &document);
        logits.push(jobs.inspection(&document.networks()[0]).expect("found").run.logits.clone());
    }
    for seed in (0..15).rev() {
        document.apply(&Command::SetWeights(id, WeightsChoice::Seeded(seed))).expect("valid");
        let known = jobs.inspection(&document.networks()[0]).expect("kept");
        assert_eq!(known.run.logits, logits[seed as usize], "seed {seed}");
    }
}

/// Equal networks are asked the same, whatever they are called: nothing runs twice.
#[test]
fn a_question_that_was_answered_is_not_asked_again() {
    let mut document = document();
    let mut jobs = Jobs::start(|| {}).expect("a thread");
    settle(&mut jobs, &document);
    document.apply(&Command::DuplicateNetwork(document.networks()[0].id)).expect("valid");
    assert_eq!(document.networks().len(), 2);
    assert!(jobs.is_idle(&document), "the copy's answer is there");
    jobs.measure(&document.networks()[0]);
    settle(&mut jobs, &document);
    assert!(jobs.measurement(&document.networks()[1]).is_some());
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
            jobs.rerun(network);
        }
        settle(&mut jobs, document);
        jobs.inspection(network).expect("found").prepared.tensor.clone()
    };
    let dark = seen(&document, false);
    paint(&path, 240);
    let light = seen(&document, true);
    assert_ne!(dark, light, "the picture is the new one");
}
