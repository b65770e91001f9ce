//! The view, driven as a user drives it.

use std::time::{Duration, Instant};

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::LabView;
use crate::compute::lab::data::Source;
use crate::compute::lab::experiments::degradation::DegradationSettings;
use crate::compute::lab::training::TrainingRecipe;
use crate::desktop::document::{
    AtlasTask, Command, Document, LabPage, LabTask, PictureChoice, Project, SavedNetwork, Selection, ThemeChoice, View,
    WeightsChoice,
};
use crate::desktop::jobs::{Ending, Jobs};
use crate::desktop::ui::{Outbox, Shared, theme};
use crate::network::Model;

struct Stage {
    view: LabView,
    document: Document,
    jobs: Jobs,
    selection: Selection,
    sent: Vec<Command>,
}

/// The view on a page, with this network in the document.
fn lab(page: LabPage, spec: &str) -> Harness<'static, Stage> {
    let networks = vec![SavedNetwork::untrained(Model::parse(spec).expect(spec))];
    let picture = PictureChoice::Sample("cat.png".to_owned());
    let document = Document::of(&Project { networks, active: 0, picture });
    let mut view = LabView::default();
    view.open(page);
    let jobs = Jobs::start(|| ()).expect("a thread");
    let stage = Stage { view, document, jobs, selection: Selection::default(), sent: Vec::new() };
    let builder = Harness::builder().with_size([760.0, 1400.0]).with_max_steps(64).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(frame, stage);
    harness.run();
    harness
}

fn frame(ui: &mut egui::Ui, stage: &mut Stage) {
    let mut out = Outbox::default();
    let shared = Shared {
        document: &stage.document,
        jobs: &stage.jobs,
        selection: &stage.selection,
        view: View::Lab,
        theme: ThemeChoice::Dark,
        pictures: &[],
        can_undo: false,
        can_redo: false,
    };
    stage.view.ui(ui, &shared, &mut out);
    for command in out.take() {
        match command {
            Command::ShowLab(page) => stage.view.open(page),
            Command::PreviewLab(source) => stage.jobs.preview_lab(source),
            Command::HoldLab(hold) => stage.jobs.hold_lab(hold),
            Command::StopLab => stage.jobs.stop_lab(),
            other => stage.sent.push(other),
        }
    }
}

/// Steps until the run of the lab has ended.
fn end(harness: &mut Harness<Stage>) {
    wait(harness, "the run does not end", |stage| stage.jobs.lab().running().is_none());
}

fn wait(harness: &mut Harness<Stage>, problem: &str, until: impl Fn(&Stage) -> bool) {
    let started = Instant::now();
    while !until(harness.state()) {
        let stage = harness.state_mut();
        let document = Document::of(&Project { networks: Vec::new(), ..stage.document.project() });
        stage.jobs.tend(&document);
        harness.step();
        std::thread::sleep(Duration::from_millis(5));
        assert!(started.elapsed() < Duration::from_mins(2), "{problem}");
    }
    harness.run();
}

/// The smallest recipe there is.
fn toy() -> TrainingRecipe {
    TrainingRecipe { epochs: 2, samples: 16, validation: 8, batch: 8, warmup: 0.0, ..TrainingRecipe::default() }
}

#[test]
fn start_sends_the_recipe_as_it_stands_and_pages_are_reached_by_their_tabs() {
    let mut harness = lab(LabPage::Train, "resnet20+se");
    harness.get_by_label("Start").click();
    harness.run();
    let Some(Command::StartLab(LabTask::Train(task))) = harness.state().sent.last() else {
        panic!("no run was asked for")
    };
    assert!(task.model.name().contains("+cbam") && task.source == Source::Objects, "{}", task.model);
    for page in LabPage::ALL {
        harness.get_by_label(&format!("Lab: {}", page.title())).click();
        harness.run();
        assert_eq!(harness.state().view.page(), page);
    }
}

#[test]
fn training_shows_what_it_learns_from_its_curves_and_the_way_to_inspect() {
    let mut harness = lab(LabPage::Train, "resnet20+se");
    let folder = tempfile::tempdir().expect("a folder");
    let task = crate::desktop::document::TrainTask {
        model: Model::parse("resnet20(blocks=1-1-1,stem=strided)+se").expect("parses"),
        source: Source::Objects,
        recipe: toy(),
        threads: 1,
        out: Some(folder.path().join("net.safetensors")),
    };
    harness.state_mut().jobs.start_lab(LabTask::Train(Box::new(task)));
    end(&mut harness);
    let training = harness.state().jobs.lab().training().expect("there");
    assert_eq!(training.ending, Ending::Done);
    assert_eq!(training.epochs.len(), 2);
    wait(&mut harness, "no thumbnails", |stage| {
        matches!(stage.jobs.lab().strip(&Source::Objects), Some(crate::desktop::jobs::Strip::Ready(_)))
    });
    assert!(harness.query_all_by_label_contains("training picture").count() > 3);
    harness.get_by_label("Loss by epoch");
    harness.get_by_label("Open in Inspect").click();
    harness.run();
    let Some(Command::OpenTrained { model, path }) = harness.state().sent.last() else { panic!("nothing was opened") };
    assert!(path.is_file(), "the weights are there");
    assert!(crate::compute::weights::Weights::open(model.graph(), path).is_ok(), "and are the network's");
}

#[test]
fn an_experiment_is_held_goes_on_and_is_read() {
    let mut harness = lab(LabPage::Degradation, "resnet20");
    harness.get_by_label("Run");
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings =
        DegradationSettings { depths: vec![8], threads: 1, recipe: toy(), ..DegradationSettings::default() };
    settings.out = Some(folder.path().to_path_buf());
    harness.state_mut().jobs.start_lab(LabTask::Degradation(Box::new(settings.clone())));
    harness.state_mut().jobs.hold_lab(true);
    harness.run();
    assert!(harness.query_by_label_contains("paused").is_some());
    harness.get_by_label("Resume").click();
    harness.run();
    end(&mut harness);
    harness.get_by_label("READING");
    assert!(harness.query_all_by_label_contains("test error").count() > 0);
    assert!(harness.state().jobs.lab().degradation().result.as_ref().is_some_and(|result| result.is_complete()));
    harness.get_by_label("Write files…").click();
    harness.run();
    assert_eq!(harness.state().sent.last(), Some(&Command::AskWriteLab));
}

#[test]
fn a_run_that_cannot_be_says_why() {
    let mut harness = lab(LabPage::Degradation, "resnet20");
    let settings = DegradationSettings { depths: vec![9], ..DegradationSettings::default() };
    harness.state_mut().jobs.start_lab(LabTask::Degradation(Box::new(settings)));
    end(&mut harness);
    harness.get_by_label_contains("9 layers: give a depth of 6n + 2");
}

#[test]
fn the_atlas_shows_the_gate_that_is_clicked_and_hides_classes() {
    let mut harness = lab(LabPage::Atlas, "resnet20(blocks=1-1-1,stem=strided,input=64)+se");
    harness.get_by_label("Run").click();
    harness.run();
    let Some(Command::StartLab(task)) = harness.state().sent.last().cloned() else { panic!("no run was asked for") };
    let LabTask::Atlas(task) = task else { panic!("another run") };
    assert_eq!(task.weights, WeightsChoice::Seeded(0));
    let task = AtlasTask { images: 20, threads: 1, ..*task };
    harness.state_mut().jobs.start_lab(LabTask::Atlas(Box::new(task)));
    end(&mut harness);
    harness.get_by_label("untrained weights");
    harness.get_by_label("layer3.0");
    harness.get_by_label_contains("layer1.0: classes").click();
    harness.run();
    harness.get_by_label("layer1.0");
    let class = harness.state().jobs.lab().atlas().result.as_ref().expect("there").classes[0].clone();
    harness.get_by_label(&format!("class {class}")).click();
    harness.run();
    assert!(harness.state().view.atlas.hidden.contains(&0));
}

#[test]
fn a_network_without_channel_gates_is_told_what_to_paint() {
    let harness = lab(LabPage::Atlas, "resnet20+sam");
    harness.get_by_label_contains("has no channel gates");
}
