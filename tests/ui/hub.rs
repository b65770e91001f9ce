//! Opening from the Hub, and how pictures are prepared.

use eframe::egui;
use egui_kittest::kittest::Queryable;
use gatescope::compute::imaging::{Interpolation, Preprocessing};
use gatescope::desktop::document::{Command, ThemeChoice};

use crate::{ctrl, settle, window};

const SIZE: [f32; 2] = [1440.0, 900.0];

#[test]
fn a_reference_is_checked_while_it_is_typed() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::H);
    harness.run_ok();
    let title = "Open from the Hugging Face Hub";
    harness.get_by_role_and_label(egui::Role::TextInput, title).type_text("timm");
    harness.run_ok();
    harness.get_by_label(
        "hf:timm: the owner is missing, as in hf:timm/resnet50.a1_in1k; write hf:OWNER/NAME[@REVISION][/FILE]",
    );
    harness.get_by_role_and_label(egui::Role::TextInput, title).type_text("/resnet50@v1");
    harness.run_ok();
    harness.get_by_label("Fetches the weights of timm/resnet50, v1");
    harness.get_by_label("Cancel").click();
    harness.run_ok();
    assert!(harness.state().jobs().download().is_none());
}

#[test]
fn preprocessing_belongs_to_the_network_and_is_undone() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.get_by_label("Preprocessing").click();
    harness.run_ok();
    harness.get_by_label("Std green");
    let network = harness.state().document().active().expect("one").id;
    let timm =
        Preprocessing { resize: 235, interpolation: Interpolation::Bicubic, ..Preprocessing::for_input([3, 224, 224]) };
    let preprocessing = Some(timm.clone());
    harness.state_mut().send(Command::SetPreprocessing { network, preprocessing, stroke: None });
    settle(&mut harness);
    harness.get_by_label("235 → 224 bicubic, not default");
    harness.get_by_label("Use torchvision's");
    let app = harness.state();
    let inspection = app.jobs().inspection(app.document().active().expect("one")).expect("inspected");
    let (_, preparation) = inspection.question.asked().picture.as_ref().expect("a picture");
    assert_eq!(*preparation, timm);

    let impossible = Some(Preprocessing { std: [f32::NAN; 3], ..timm });
    harness.state_mut().send(Command::SetPreprocessing { network, preprocessing: impossible, stroke: None });
    settle(&mut harness);
    harness.get_by_label("235 → 224 bicubic, not default");
    ctrl(&mut harness, egui::Key::Z);
    harness.get_by_label("256 → 224 bilinear");
}
