//! Panels at the sides, letters for life, the baseline, and painting in the matrix.

use eframe::egui;
use egui_kittest::kittest::Queryable;
use gatescope::desktop::document::{Command, Document, PictureChoice, Project, SavedNetwork, ThemeChoice, View};
use gatescope::desktop::session::Session;
use gatescope::network::Model;

use crate::{ctrl, settle, window, window_with};

const SIZE: [f32; 2] = [1280.0, 800.0];

fn specs(document: &Document) -> Vec<String> {
    document.networks().iter().map(|network| network.model.to_string()).collect()
}

fn letters(document: &Document) -> String {
    document.networks().iter().map(gatescope::desktop::document::Network::letter).collect()
}

fn alone(spec: &str) -> Session {
    let networks = vec![SavedNetwork::untrained(Model::parse(spec).expect(spec))];
    let picture = PictureChoice::Sample("cat.png".to_owned());
    Session::beginning_with(Document::of(&Project { networks, active: 0, picture }))
}

#[test]
fn a_drag_over_a_network_without_attention_paints_the_blocks_it_went_over() {
    let mut harness = window_with(&alone("resnet34"), SIZE, ThemeChoice::Dark);
    let place = |harness: &egui_kittest::Harness<'static, gatescope::desktop::App>, block: &str| {
        harness.get_by_role_and_label(egui::accesskit::Role::Button, &format!("cbam at {block}")).rect().center()
    };
    let (from, to) = (place(&harness, "layer1.0"), place(&harness, "layer1.2"));
    harness.hover_at(from);
    harness.run_ok();
    harness.drag_at(from);
    harness.run_ok();
    // Slowly at first, then over two rows at once.
    for y in [from.y + 8.0, from.y + 12.0, to.y] {
        harness.hover_at(egui::pos2(from.x, y));
        harness.run_ok();
        assert_eq!(place(&harness, "layer1.0"), from, "nothing moves under the pointer");
    }
    harness.drop_at(to);
    harness.run_ok();
    assert_eq!(specs(harness.state().document()), ["resnet34+cbam@layer1"]);
    assert_eq!(place(&harness, "layer1.0"), from, "nor afterwards");
    ctrl(&mut harness, egui::Key::Z);
    assert_eq!(specs(harness.state().document()), ["resnet34"], "in one step");
}

#[test]
fn letters_stay_and_one_that_is_free_is_not_given_again_at_once() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    let add = |spec: &str| Command::AddNetwork(Model::parse(spec).expect(spec));
    harness.state_mut().send(add("resnet18"));
    harness.run_ok();
    let first = harness.state().document().networks()[0].id;
    harness.state_mut().send(Command::RemoveNetwork(first));
    harness.run_ok();
    assert_eq!(letters(harness.state().document()), "BC");
    harness.state_mut().send(add("resnet34"));
    harness.run_ok();
    assert_eq!(letters(harness.state().document()), "BCD");
    let project = harness.state().document().project();
    assert_eq!(letters(&Document::of(&project)), "BCD", "a project keeps them");
    ctrl(&mut harness, egui::Key::Z);
    ctrl(&mut harness, egui::Key::Z);
    assert_eq!(letters(harness.state().document()), "ABC", "undo does");
}

#[test]
fn the_baseline_is_chosen_by_its_star_and_kept() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.get_by_label_contains("Δ to A");
    harness.get_by_label("A is the baseline");
    harness.get_by_label("Make B the baseline").click();
    harness.run_ok();
    harness.get_by_label("B is the baseline");
    assert!(harness.query_by_label_contains("Δ to ").is_none(), "the active one is the baseline");
    let saved = harness.state().document().project();
    let read = Document::of(&saved);
    assert_eq!(read.baseline().map(gatescope::desktop::document::Network::letter).as_deref(), Some("B"));
    ctrl(&mut harness, egui::Key::Z);
    harness.get_by_label("A is the baseline");
}

#[test]
fn panels_are_dragged_hidden_and_fold_in_narrow_windows() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.get_by_label("+  Add network…");
    ctrl(&mut harness, egui::Key::B);
    assert!(harness.query_by_label("+  Add network…").is_none());
    harness.get_by_label("Show the networks").click();
    harness.run_ok();
    harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::ALT, egui::Key::B);
    harness.run_ok();
    harness.get_by_label("Show the selection");
    harness.set_size(egui::vec2(640.0, 480.0));
    harness.run_ok();
    harness.get_by_label("Show the networks").click();
    harness.run_ok();
    harness.get_by_label("Show the selection").click();
    harness.run_ok();
    harness.get_by_label("Show the networks");
    for view in View::ALL {
        harness.state_mut().send(Command::Show(view));
        settle(&mut harness);
        let tab = harness.get_by_label(view.title()).rect();
        assert!(tab.right() <= 640.0 && tab.bottom() <= 480.0, "{}", view.title());
        let has_switch = harness.query_by_label_contains(" the selection").is_some();
        assert_eq!(has_switch, view.has_selection(), "{}", view.title());
    }
}
