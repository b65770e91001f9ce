//! The cost table as users drive it.

use eframe::egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::desktop::document::{Command, View};
use crate::desktop::ui::drive::{Stage, show};

fn press(harness: &mut Harness<'static, Stage>, keys: &[Key]) {
    for key in keys {
        harness.key_press(*key);
        harness.run();
    }
}

fn selected<'a>(harness: &'a Harness<'static, Stage>) -> &'a str {
    harness.state().selection.part.as_deref().unwrap_or_default()
}

fn click(harness: &mut Harness<'static, Stage>, label: &str) {
    harness.get_by_label(label).click();
    harness.run();
}

#[test]
fn arrow_keys_walk_the_rows_and_fold_them() {
    let mut harness = show(&["resnet18+cbam"], View::Costs);
    harness.run();
    click(&mut harness, "layer1.0");
    assert_eq!(selected(&harness), "layer1.0");
    press(&mut harness, &[Key::ArrowRight]);
    harness.get_by_label("Collapse layer1.0");
    press(&mut harness, &[Key::ArrowRight, Key::ArrowDown]);
    assert_eq!(selected(&harness), "layer1.0.bn1");
    press(&mut harness, &[Key::ArrowLeft]);
    assert_eq!(selected(&harness), "layer1.0");
    press(&mut harness, &[Key::ArrowLeft]);
    harness.get_by_label("Expand layer1.0");
    press(&mut harness, &[Key::ArrowLeft, Key::ArrowUp]);
    assert_eq!(selected(&harness), "stem");
    press(&mut harness, &[Key::End]);
    assert_eq!(selected(&harness), "head");
}

#[test]
fn a_part_selected_elsewhere_is_opened_and_scrolled_to() {
    let mut harness = show(&["resnet152+cbam"], View::Costs);
    harness.run();
    harness.state_mut().selection.part = Some("layer3.30.conv2".to_owned());
    harness.run();
    harness.get_by_label("layer3.30.conv2");
    harness.get_by_label("Collapse layer3.30");
    assert!(harness.query_by_label("stem").is_none(), "only rows in sight are shown");
}

#[test]
fn measuring_is_asked_for_by_a_button() {
    let mut harness = show(&["resnet18+cbam"], View::Costs);
    harness.run();
    assert!(harness.query_by_label("Sort by ms").is_none(), "nothing is measured yet");
    click(&mut harness, "Measure time");
    assert!(matches!(harness.state().sent[..], [Command::Measure(_)]));
}

#[test]
fn a_click_on_a_heading_sorts_and_a_filter_keeps_what_matches() {
    let mut harness = show(&["resnet18+cbam"], View::Costs);
    harness.run();
    click(&mut harness, "Sort by MACs");
    harness.get_by_label("Sort by MACs, largest first");
    assert!(harness.query_by_label("layer1").is_none(), "a sorted list has layers only");
    harness.get_by_label("Filter layers").focus();
    harness.run();
    harness.get_by_label("Filter layers").type_text("shortcut conv");
    harness.run();
    harness.get_by_label("layer2.0.downsample.0");
    assert!(harness.query_by_label("layer2.0.conv1").is_none());
    click(&mut harness, "Back to the tree");
    harness.get_by_label("layer2.0.downsample");
}
