//! The Lab: what users do there, beside everything else they do.

use std::path::Path;
use std::time::{Duration, Instant};

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use gatescope::compute::lab::data::{Dataset, Objects, Source};
use gatescope::compute::lab::training::TrainingRecipe;
use gatescope::desktop::App;
use gatescope::desktop::document::{Command, LabPage, LabTask, ThemeChoice, TrainTask, View};
use gatescope::network::parse;

use crate::{PATIENCE, ctrl, settle, window};

const SIZE: [f32; 2] = [1440.0, 900.0];

/// A network that is trained in a moment, to no great success.
fn toy(epochs: usize, out: &Path) -> LabTask {
    LabTask::Train(Box::new(TrainTask {
        spec: parse("resnet20(blocks=1-1-1,stem=strided)+se").expect("parses"),
        source: Source::Objects,
        recipe: TrainingRecipe { epochs, samples: 32, validation: 16, batch: 16, ..TrainingRecipe::default() },
        threads: 1,
        out: Some(out.join("net.safetensors")),
    }))
}

/// Steps until something of the window is so.
fn wait(harness: &mut Harness<'static, App>, problem: &str, until: impl Fn(&App) -> bool) {
    let started = Instant::now();
    while !until(harness.state()) {
        harness.step();
        std::thread::sleep(Duration::from_millis(10));
        assert!(started.elapsed() < PATIENCE, "{problem}");
    }
}

#[test]
fn every_page_is_reached_by_the_palette_and_the_page_is_kept() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    for page in LabPage::ALL {
        harness.state_mut().send(Command::ShowLab(page));
        settle(&mut harness);
        assert_eq!(harness.state().view(), View::Lab);
        harness.get_by_label(&format!("Lab: {}", page.title()));
    }
    harness.state_mut().send(Command::Show(View::Network));
    settle(&mut harness);
    ctrl(&mut harness, egui::Key::K);
    harness.get_by_label("Search").type_text("degradation");
    harness.run_ok();
    harness.key_press(egui::Key::Enter);
    settle(&mut harness);
    assert_eq!(harness.state().view(), View::Lab);
    harness.get_by_label("Run");
}

#[test]
fn a_trained_network_is_opened_in_inspect_with_the_classes_it_learnt() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.state_mut().send(Command::ShowLab(LabPage::Train));
    harness.state_mut().send(Command::StartLab(toy(2, folder.path())));
    harness.step();
    wait(&mut harness, "the training does not end", |app| app.jobs().lab().running().is_none());
    settle(&mut harness);
    harness.get_by_label("Open in Inspect").click();
    settle(&mut harness);
    let app = harness.state();
    assert_eq!(app.view(), View::Inspect);
    let network = app.document().active().expect("the new one");
    assert!(network.weights.is_trained() && network.spec.to_string().ends_with("+se"), "{}", network.spec);
    let inspection = app.jobs().inspection(network, app.document()).expect("inspected");
    let objects = Objects::new(0);
    let label = inspection.reading.top[0].label.as_deref().expect("a name").to_owned();
    assert!(objects.classes().contains(&label), "{label}");
    assert_eq!(network.preparation().mean.map(f32::to_bits), objects.mean().map(f32::to_bits));
}

#[test]
fn training_holds_up_nothing_and_is_paused_and_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.state_mut().send(Command::ShowLab(LabPage::Train));
    harness.state_mut().send(Command::StartLab(toy(100_000, folder.path())));
    harness.step();
    wait(&mut harness, "no step is taken", |app| app.jobs().lab().training().is_some_and(|t| !t.steps.is_empty()));
    harness.state_mut().send(Command::AddNetwork(parse("resnet20+sam").expect("parses")));
    harness.state_mut().send(Command::HoldLab(true));
    harness.step();
    wait(&mut harness, "the inspection waits for the training", |app| {
        let network = app.document().active().expect("one");
        app.jobs().inspection(network, app.document()).is_some()
    });
    assert!(harness.state().jobs().lab().running().is_some_and(gatescope::desktop::jobs::LabRun::is_held));
    harness.get_by_label("Resume");
    harness.state_mut().send(Command::StopLab);
    harness.step();
    wait(&mut harness, "the training does not stop", |app| app.jobs().lab().running().is_none());
    settle(&mut harness);
    harness.get_by_label_contains("Stopped.");
    harness.get_by_label("Start");
}

#[test]
fn a_second_training_does_not_take_the_first_from_the_screen() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.state_mut().send(Command::ShowLab(LabPage::Train));
    for (run, epochs) in [("first", 1), ("second", 2)] {
        harness.state_mut().send(Command::StartLab(toy(epochs, &folder.path().join(run))));
        harness.step();
        wait(&mut harness, "the training does not end", |app| app.jobs().lab().running().is_none());
        settle(&mut harness);
    }
    harness.get_by_label_contains("after 1 of 1 epochs");
    harness.get_by_label_contains("after 2 of 2 epochs");
    harness.get_by_label("Validation accuracy of every run");
    harness.get_by_label("run 1").click();
    harness.run_ok();
    harness.get_by_label_contains("after 1 of 1 epochs");
    assert_eq!(
        harness.query_all_by_label("Open in Inspect").count(),
        3,
        "of each run, and of the last above its curves"
    );
}
