//! Choosing a model, and the cards of families and blocks.

use eframe::egui;
use egui_kittest::kittest::Queryable;
use egui_kittest::{Harness, SnapshotOptions};
use gatescope::desktop::App;
use gatescope::desktop::document::{Command, ThemeChoice};

use crate::{ctrl, has_vulkan, settle, window};

const SIZE: [f32; 2] = [1280.0, 800.0];

fn models(harness: &Harness<'static, App>) -> Vec<String> {
    harness.state().document().networks().iter().map(|network| network.model.to_string()).collect()
}

fn press(harness: &mut Harness<'static, App>, key: egui::Key) {
    harness.key_press(key);
    harness.run_ok();
}

#[test]
fn a_network_is_found_and_added_by_keyboard_alone() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    ctrl(&mut harness, egui::Key::N);
    harness.get_by_role_and_label(egui::Role::TextInput, "Add a network").type_text("mobilenet_v");
    harness.run_ok();
    // Down to the next family, one to the right.
    press(&mut harness, egui::Key::ArrowDown);
    press(&mut harness, egui::Key::ArrowDown);
    press(&mut harness, egui::Key::ArrowRight);
    press(&mut harness, egui::Key::Enter);
    assert_eq!(models(&harness)[2], "mobilenet_v3_large");
    assert!(harness.query_by_label("Add a network").is_none(), "it closes");
}

#[test]
fn another_model_keeps_the_attention_and_escape_keeps_everything() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    let before = models(&harness);
    harness.get_by_label("Model: resnet50").click();
    harness.run_ok();
    harness.get_by_role_and_label(egui::Role::TextInput, "Choose the model");
    press(&mut harness, egui::Key::Escape);
    assert_eq!(models(&harness), before);
    assert!(harness.query_by_label("Choose the model").is_none(), "it closes");

    harness.get_by_label("Model: resnet50").click();
    harness.run_ok();
    harness.get_by_role_and_label(egui::Role::TextInput, "Choose the model").type_text("wide 101");
    harness.run_ok();
    harness.get_by_label("Use wide_resnet101_2").click();
    harness.run_ok();
    assert_eq!(models(&harness)[1], "wide_resnet101_2+cbam");
    ctrl(&mut harness, egui::Key::Z);
    assert_eq!(models(&harness), before);
}

#[test]
fn sizes_come_with_what_they_cost_and_nothing_found_says_what_to_type() {
    let mut harness = window(SIZE, ThemeChoice::Light);
    ctrl(&mut harness, egui::Key::N);
    settle(&mut harness);
    harness.get_by_role_and_label(egui::Role::TextInput, "Add a network").type_text("vgg16_bn");
    settle(&mut harness);
    harness.get_by_label("138,365,992");
    harness.get_by_role_and_label(egui::Role::TextInput, "Add a network").type_text("x");
    harness.run_ok();
    harness.get_by_label_contains("Type a part of a name");
    press(&mut harness, egui::Key::Enter);
    assert_eq!(models(&harness).len(), 2, "nothing is added");
    harness.get_by_role_and_label(egui::Role::TextInput, "Add a network");
}

#[test]
fn cards_open_from_the_matrix_the_palette_and_the_picker() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.get_by_label("About SE").click();
    harness.run_ok();
    harness.get_by_label_contains("The block itself: 256 × 14 × 14; ├─ mean over H, W");
    harness.get_by_label_contains("arXiv 1709.01507");
    press(&mut harness, egui::Key::Escape);
    assert!(harness.query_by_label_contains("The block itself").is_none(), "Esc closes");

    ctrl(&mut harness, egui::Key::K);
    harness.get_by_label("Search").type_text("about shufflenetv2");
    harness.run_ok();
    press(&mut harness, egui::Key::Enter);
    harness.get_by_label_contains("A block of shufflenet_v2_x1_0: ");
    press(&mut harness, egui::Key::Escape);

    ctrl(&mut harness, egui::Key::N);
    harness.get_by_role_and_label(egui::Role::TextInput, "Add a network").type_text("efficientnet_b3");
    harness.run_ok();
    harness.get_by_label("About EfficientNet").click();
    harness.run_ok();
    harness.get_by_label("Close the card");
    press(&mut harness, egui::Key::Escape);
    assert!(harness.query_by_label("Close the card").is_none());
    harness.get_by_role_and_label(egui::Role::TextInput, "Add a network");
    press(&mut harness, egui::Key::Escape);
    assert!(harness.query_by_label("Add a network").is_none());
}

fn snapshot(harness: &mut Harness<'static, App>, name: &str) {
    if has_vulkan() {
        harness.snapshot_options(name, &SnapshotOptions::new().threshold(1.0).max_failed_pixels(200_usize));
    }
}

/// The status bar behind says how long inference took, another number each time.
fn hide_times(harness: &mut Harness<'static, App>, [width, height]: [f32; 2]) {
    let corner = |x: f32, y: f32| egui::pos2(x, y);
    harness.mask(egui::Rect::from_min_max(corner(440.0, height - 30.0), corner(width - 140.0, height - 2.0)));
}

#[test]
fn the_picker_looks_as_it_did() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    ctrl(&mut harness, egui::Key::N);
    settle(&mut harness);
    harness.get_by_role_and_label(egui::Role::TextInput, "Add a network").type_text("inception");
    settle(&mut harness);
    // The text cursor blinks.
    let field = harness.get_by_role_and_label(egui::Role::TextInput, "Add a network").rect();
    harness.mask(field);
    hide_times(&mut harness, SIZE);
    snapshot(&mut harness, "picker-dark-1280");
}

#[test]
fn a_card_looks_as_it_did() {
    let mut harness = window(SIZE, ThemeChoice::Light);
    harness.state_mut().send(Command::ShowCard("cbam"));
    settle(&mut harness);
    hide_times(&mut harness, SIZE);
    snapshot(&mut harness, "card-light-1280");
}
