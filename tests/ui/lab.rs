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
use gatescope::network::Model;

use crate::{PATIENCE, ctrl, settle, window};

const SIZE: [f32; 2] = [1440.0, 900.0];

/// A network that is trained in a moment, to no great success.
fn toy(epochs: usize, out: &Path) -> LabTask {
    LabTask::Train(Box::new(TrainTask {
        model: Model::parse("resnet20(blocks=1-1-1,stem=strided)+se").expect("parses"),
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
    assert!(network.weights.is_trained() && network.model.to_string().ends_with("+se"), "{}", network.model);
    let inspection = app.jobs().inspection(network).expect("inspected");
    let objects = Objects::new(0);
    let label = inspection.reading.top[0].label.as_deref().expect("a name").to_owned();
    assert!(objects.classes().contains(&label), "{label}");
    assert_eq!(network.preparation().mean.map(f32::to_bits), objects.mean().map(f32::to_bits));
}

/// A window in which a long training has taken its first step.
fn training(folder: &Path) -> Harness<'static, App> {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.state_mut().send(Command::ShowLab(LabPage::Train));
    harness.state_mut().send(Command::StartLab(toy(100_000, folder)));
    harness.step();
    wait(&mut harness, "no step is taken", |app| app.jobs().lab().training().is_some_and(|t| !t.steps.is_empty()));
    harness
}

#[test]
fn training_holds_up_nothing_and_is_paused_and_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut harness = training(folder.path());
    harness.state_mut().send(Command::AddNetwork(Model::parse("resnet20+sam").expect("parses")));
    harness.state_mut().send(Command::HoldLab(true));
    harness.step();
    wait(&mut harness, "the inspection waits for the training", |app| {
        let network = app.document().active().expect("one");
        app.jobs().inspection(network).is_some()
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
fn start_after_stop_goes_on_and_start_anew_takes_a_new_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.state_mut().send(Command::ShowLab(LabPage::Train));
    let task = toy(100_000, folder.path());
    let epochs = |app: &App| app.jobs().lab().training().map_or(0, |training| training.epochs.len());
    let start = |harness: &mut Harness<'static, App>, command: Command, least: usize| {
        harness.state_mut().send(command);
        harness.step();
        wait(harness, "no epoch is done", |app| epochs(app) >= least);
        harness.state_mut().send(Command::StopLab);
        harness.step();
        wait(harness, "the training does not stop", |app| app.jobs().lab().running().is_none());
        settle(harness);
    };
    start(&mut harness, Command::StartLab(task.clone()), 2);
    let before = epochs(harness.state());
    wait(&mut harness, "the stopped run is not found", |app| app.jobs().lab().interrupted().len() == 1);
    start(&mut harness, Command::StartLab(task.clone()), before + 1);
    assert!(epochs(harness.state()) > before, "the curve begins again");
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder).expect("lists").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(folder.path()), ["net.training.safetensors"]);
    let kept = std::fs::read(folder.path().join("net.training.safetensors")).expect("reads");
    start(&mut harness, Command::StartLabAnew(task), 1);
    assert_eq!(names(folder.path()), ["net-2.training.safetensors", "net.training.safetensors"]);
    assert_eq!(std::fs::read(folder.path().join("net.training.safetensors")).expect("reads"), kept);
    // What the form does not say is listed, and goes on by its button.
    settle(&mut harness);
    let listed = harness.query_all_by_label("Continue").count();
    assert_eq!(listed, 2);
}

#[test]
fn closing_during_a_training_asks_and_says_where_it_continues() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut harness = training(folder.path());
    let close = |harness: &mut Harness<'static, App>| {
        let viewport = harness.input_mut().viewports.entry(egui::ViewportId::ROOT).or_default();
        viewport.events.push(egui::ViewportEvent::Close);
        harness.step();
        harness.step();
    };
    close(&mut harness);
    harness.get_by_label_contains("A training is in progress");
    harness.get_by_label_contains("goes on from there");
    harness.get_by_label("Keep it running").click();
    harness.step();
    harness.step();
    assert!(harness.state().jobs().lab().running().is_some(), "it was stopped all the same");
    close(&mut harness);
    harness.get_by_label("Stop it and close").click();
    harness.step();
    wait(&mut harness, "the training does not stop", |app| app.jobs().lab().running().is_none());
    assert!(folder.path().join("net.training.safetensors").is_file(), "what was trained is lost");
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
