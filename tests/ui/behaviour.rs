//! What users do, and what must then be so.

use std::path::PathBuf;

use eframe::egui;
use egui_kittest::kittest::Queryable;
use gatescope::compute::engine::DeviceKind;
use gatescope::desktop::document::{Command, Document, PictureChoice, Project, SavedNetwork, ThemeChoice, View};
use gatescope::desktop::session::Session;
use gatescope::network::{Model, parse};

use crate::{ctrl, settle, window, window_with};

const SIZE: [f32; 2] = [1440.0, 900.0];

fn specs(document: &Document) -> Vec<String> {
    document.networks().iter().map(|network| network.model.to_string()).collect()
}

#[test]
fn first_start_shows_networks_that_have_learnt_and_says_what() {
    let harness = window_with(&Session::default(), SIZE, ThemeChoice::Dark);
    let document = harness.state().document();
    assert_eq!(document.networks().len(), 2);
    let [trunk, cbam] = document.networks() else { unreachable!("two") };
    assert!(trunk.graph().gates.is_empty() && !cbam.graph().gates.is_empty());
    assert_eq!(document.active().map(|network| network.id), Some(cbam.id));
    for network in [trunk, cbam] {
        let inspection = harness.state().jobs().inspection(network).expect("inspected");
        let trained = inspection.trained_on.as_ref().expect("it says what it was trained on");
        assert_eq!((trained.dataset.as_str(), trained.classes.len()), ("objects", 10));
        assert_eq!(inspection.prepared.crop.dimensions(), (64, 64));
        assert!(inspection.reading.top.iter().all(|guess| guess.label.is_some()), "classes have names");
    }
    assert!(harness.query_by_label("untrained weights").is_none());
}

#[test]
fn two_untrained_networks_are_inspected_and_say_so() {
    let harness = window(SIZE, ThemeChoice::Dark);
    let app = harness.state();
    assert_eq!(specs(app.document()), ["resnet50", "resnet50+cbam"]);
    for network in app.document().networks() {
        let inspection = app.jobs().inspection(network).expect("inspected");
        assert_eq!(inspection.reading.top.len(), 5);
        assert_eq!(inspection.run.gates.len(), network.graph().gates.len());
    }
    assert!(harness.query_all_by_label("untrained weights").count() > 0, "untrained is said in plain sight");
    harness.get_by_label("A resnet50");
    for view in View::ALL {
        harness.get_by_label(view.title());
    }
}

#[test]
fn a_click_in_the_matrix_changes_the_network_and_undo_takes_it_back() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.get_by_label("se at layer1.0").click();
    harness.run_ok();
    assert_eq!(specs(harness.state().document())[1], "resnet50+cbam+se@layer1.0");
    harness.get_by_label("no attention anywhere").click();
    harness.run_ok();
    assert_eq!(specs(harness.state().document())[1], "resnet50");
    ctrl(&mut harness, egui::Key::Z);
    assert_eq!(specs(harness.state().document())[1], "resnet50+cbam+se@layer1.0");
    ctrl(&mut harness, egui::Key::Z);
    assert_eq!(specs(harness.state().document())[1], "resnet50+cbam");
    harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::Z);
    harness.run_ok();
    assert_eq!(specs(harness.state().document())[1], "resnet50+cbam+se@layer1.0");
}

#[test]
fn the_costs_of_a_toggle_are_there_in_the_same_frame() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.get_by_label("28,089,624");
    harness.get_by_label("no attention anywhere").click();
    harness.run_ok();
    assert!(harness.query_by_label("28,089,624").is_none());
    harness.get_by_label("25,557,032");
}

#[test]
fn the_palette_adds_any_network_by_its_text() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    ctrl(&mut harness, egui::Key::K);
    harness.get_by_label("Search").type_text("resnet18+se(r=8)@layer2");
    harness.run_ok();
    harness.key_press(egui::Key::Enter);
    harness.run_ok();
    assert_eq!(specs(harness.state().document())[2], "resnet18+se(r=8)@layer2");
    assert!(harness.query_by_label("Search").is_none(), "the palette closes");
}

#[test]
fn a_paper_s_networks_take_the_place_of_mine_and_undo_brings_those_back() {
    let mut harness = window([1280.0, 800.0], ThemeChoice::Dark);
    let before = specs(harness.state().document());
    let table = gatescope::network::papers::find("senet-12").expect("a table");
    harness.state_mut().send(Command::ShowPaper(Some(table.id)));
    settle(&mut harness);
    assert_eq!(harness.state().view(), View::Compare);
    harness.get_by_label("Open these networks").click();
    settle(&mut harness);
    let wanted: Vec<&str> = table.rows.iter().map(|row| row.spec).collect();
    assert_eq!(specs(harness.state().document()), wanted);
    harness.state_mut().send(Command::Undo);
    harness.run_ok();
    assert_eq!(specs(harness.state().document()), before, "in one step");
}

#[test]
fn a_spec_that_cannot_be_says_so_and_adds_nothing() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    ctrl(&mut harness, egui::Key::N);
    let field = harness.get_by_role_and_label(egui::Role::TextInput, "Add a network");
    field.type_text("resnet51");
    harness.run_ok();
    harness.get_by_label("resnet51: unknown network, did you mean resnet50?");
    harness.key_press(egui::Key::Enter);
    harness.run_ok();
    assert_eq!(harness.state().document().networks().len(), 2);
}

#[test]
fn a_picture_that_is_none_is_explained_and_the_document_is_kept() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("not-a-picture.png");
    std::fs::write(&path, "hello").expect("writes");
    harness.state_mut().send(Command::Open(vec![path.clone()]));
    settle(&mut harness);
    assert!(harness.query_all_by_label_contains("not-a-picture.png").next().is_some(), "it is said");
    let app = harness.state();
    let network = app.document().active().expect("one");
    assert!(app.jobs().inspection(network).is_some(), "the gates that were there stay");
    assert_eq!(*app.document().picture(), PictureChoice::Sample("cat.png".to_owned()));
}

#[test]
fn alike_blocks_are_folded_and_selecting_goes_into_them() {
    let networks = vec![SavedNetwork::untrained(Model::parse("resnet110+se").expect("parses"))];
    let picture = PictureChoice::Sample("cat.png".to_owned());
    let document = Document::of(&Project { networks, active: 0, picture });
    let mut harness = window_with(&Session::beginning_with(document), SIZE, ThemeChoice::Dark);
    harness.get_by_label("layer1.0, SE, one of 18 alike, folded").click();
    harness.run_ok();
    harness.get_by_label("layer1.0.conv1, Conv2d");
    // The arrows go through the folded blocks one by one.
    harness.key_press(egui::Key::ArrowRight);
    harness.run_ok();
    harness.get_by_label("layer1.1, SE, one of 18 alike, folded");
    harness.get_by_label("layer1.1.conv1, Conv2d");
    // F unfolds the stage around the selection, Shift and F everything.
    harness.key_press(egui::Key::F);
    harness.run_ok();
    harness.get_by_label("layer1.17, SE");
    harness.get_by_label("layer2.1, SE, one of 17 alike, folded");
    harness.get_by_label("Unfold layer3: 18 blocks").click();
    harness.run_ok();
    harness.get_by_label("layer3.17, SE");
    harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::F);
    harness.run_ok();
    harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::F);
    harness.run_ok();
    // A block that is another one stands alone.
    harness.get_by_label("Unfold all").click();
    harness.run_ok();
    harness.get_by_label("cbam at layer1.4").click();
    harness.run_ok();
    harness.get_by_label("Fold repeated blocks").click();
    harness.run_ok();
    harness.get_by_label("layer1.0, SE, one of 4 alike, folded");
    harness.get_by_label("layer1.4, CBAM");
    harness.get_by_label("layer1.5, SE, one of 13 alike, folded");
}

#[test]
fn weights_that_cannot_be_opened_are_explained_and_change_nothing() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.state_mut().send(Command::Open(vec![PathBuf::from("/nowhere/weights.safetensors")]));
    settle(&mut harness);
    harness.get_by_label_contains("/nowhere/weights.safetensors");
    let app = harness.state();
    assert_eq!(app.document().networks().len(), 2);
    assert!(app.document().networks().iter().all(|network| !network.weights.is_trained()));
}

#[test]
fn every_view_is_reached_by_mouse_and_by_keyboard() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    let keys = [egui::Key::Num1, egui::Key::Num2, egui::Key::Num3, egui::Key::Num4, egui::Key::Num5];
    for (view, key) in View::ALL.into_iter().zip(keys) {
        harness.get_by_label(view.title()).click();
        harness.run_ok();
        assert_eq!(harness.state().view(), view);
        harness.state_mut().send(Command::Show(View::Network));
        harness.run_ok();
        ctrl(&mut harness, key);
        assert_eq!(harness.state().view(), view);
    }
}

#[test]
fn networks_are_removed_down_to_none_and_come_back() {
    let mut harness = window(SIZE, ThemeChoice::Light);
    for _ in 0..2 {
        let id = harness.state().document().active().expect("one").id;
        harness.state_mut().send(Command::RemoveNetwork(id));
        harness.run_ok();
    }
    harness.get_by_label("No networks");
    for view in View::ALL {
        harness.state_mut().send(Command::Show(view));
        harness.run_ok();
    }
    ctrl(&mut harness, egui::Key::Z);
    ctrl(&mut harness, egui::Key::Z);
    assert_eq!(specs(harness.state().document()), ["resnet50", "resnet50+cbam"]);
}

#[test]
fn times_are_measured_when_asked_and_belong_to_the_network() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    let network = harness.state().document().networks()[0].id;
    harness.state_mut().send(Command::SelectNetwork(network));
    harness.state_mut().send(Command::Edit { network, spec: parse("resnet18+se").expect("parses"), stroke: None });
    harness.state_mut().send(Command::Show(View::Costs));
    settle(&mut harness);
    assert!(harness.query_by_label("Sort by ms").is_none());
    harness.get_by_label("Measure time").click();
    settle(&mut harness);
    let app = harness.state();
    let measured = app.jobs().measurement(&app.document().networks()[0]).expect("measured");
    assert!(measured.total() > 0 && measured.runs >= 3);
    assert!(app.jobs().measurement(&app.document().networks()[1]).is_none());
    let shown = format!("{:.1} ms", measured.median.as_secs_f64() * 1e3);
    assert!(harness.query_all_by_label(&shown).count() > 0, "the status bar shows {shown}");
    assert_eq!(measured.total(), measured.median.as_nanos() as u64, "the table's total is the run's");
    harness.get_by_label_contains("of Bytes moved");
    harness.get_by_label("Sort by ms").click();
    harness.run_ok();
    harness.get_by_label("Sort by ms, largest first");

    // Another network has no times yet; undo finds them again.
    harness.state_mut().send(Command::Edit { network, spec: parse("resnet18").expect("parses"), stroke: None });
    settle(&mut harness);
    assert!(harness.query_by_label("Sort by ms").is_none());
    harness.get_by_label("Measure time");
    ctrl(&mut harness, egui::Key::Z);
    settle(&mut harness);
    harness.get_by_label("Sort by ms");
    harness.get_by_label("Measure again");
}

#[test]
fn measuring_can_be_stopped_and_leaves_nothing() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.key_press(egui::Key::F6);
    harness.step();
    while harness.state().jobs().measuring().is_none() {
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    harness.state_mut().send(Command::Cancel);
    settle(&mut harness);
    let app = harness.state();
    let network = app.document().active().expect("one");
    assert!(app.jobs().measurement(network).is_none());
    assert!(app.jobs().inspection(network).is_some(), "what was inspected stays");
}

#[test]
fn a_device_that_is_missing_is_said_and_the_processor_runs() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.state_mut().send(Command::SetDevice(DeviceKind::Metal));
    // A notice leaves by itself: it is looked for while the network runs.
    let mut is_said = false;
    for _ in 0..2000 {
        harness.step();
        is_said = harness.query_by_label_contains("metal: ").is_some();
        if is_said {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    settle(&mut harness);
    let app = harness.state();
    let network = app.document().active().expect("one");
    assert!(app.jobs().inspection(network).is_some(), "the network runs");
    assert!(is_said || app.jobs().device() == DeviceKind::Metal, "what is missing is said");
}

#[test]
fn a_run_can_be_cancelled_and_taken_up_again() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.state_mut().send(Command::SetPicture(PictureChoice::Sample("coffee.png".to_owned())));
    harness.step();
    while harness.state().jobs().running().is_none() {
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    harness.state_mut().send(Command::Cancel);
    settle(&mut harness);
    let app = harness.state();
    assert!(app.document().networks().iter().any(|network| app.jobs().inspection(network).is_none()));
    let active = app.document().active().expect("one").id;
    harness.state_mut().send(Command::RunAgain);
    settle(&mut harness);
    let app = harness.state();
    let network = app.document().network(active).expect("still there");
    assert!(app.jobs().inspection(network).is_some());
}
