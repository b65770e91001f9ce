//! Above everything: which picture, which weights, run again; and what the last run was.

use eframe::egui;
use egui::containers::menu::MenuButton;
use egui::{Align, Button, Label, Layout, RichText, Ui};

use super::super::theme::{palette, size};
use super::super::{Outbox, Shared};
use crate::compute::imaging;
use crate::compute::lab::data::object_samples;
use crate::compute::weights::bundled;
use crate::desktop::document::{Command, Network, PictureChoice, WeightsChoice};
use crate::desktop::jobs::Inspection;

/// Longer file names are cut on buttons.
const NAME_LENGTH: usize = 22;
/// Below this width the buttons take two rows.
const WRAPPED_BELOW: f32 = 580.0;

pub(super) fn show(ui: &mut Ui, network: &Network, inspection: Option<&Inspection>, shared: &Shared, out: &mut Outbox) {
    let facts = inspection.map(|inspection| {
        let text = RichText::new(facts(inspection)).size(size::LABEL).color(palette(ui).muted);
        let galley = egui::WidgetText::from(text.clone()).into_galley(
            ui,
            Some(egui::TextWrapMode::Extend),
            f32::INFINITY,
            egui::TextStyle::Small,
        );
        (text, galley.size().x)
    });
    if ui.available_width() < WRAPPED_BELOW {
        ui.horizontal_wrapped(|ui| buttons(ui, network, shared, out));
    } else {
        let beside = ui.horizontal(|ui| {
            buttons(ui, network, shared, out);
            let (text, _) = facts.as_ref().filter(|(_, width)| *width <= ui.available_width())?;
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(text.clone()));
            Some(())
        });
        if beside.inner.is_some() {
            return;
        }
    }
    if let Some((text, _)) = facts {
        ui.add(Label::new(text).truncate());
    }
}

fn buttons(ui: &mut Ui, network: &Network, shared: &Shared, out: &mut Outbox) {
    if ui.button("Open picture…").on_hover_text("or drop one here, or paste it").clicked() {
        out.send(Command::AskOpen);
    }
    menu(ui, "Samples", |ui| samples(ui, shared.document.picture(), out));
    if ui.button("Open weights…").on_hover_text("safetensors with PyTorch's names, or drop the file here").clicked() {
        out.send(Command::AskOpen);
    }
    menu(ui, &format!("Weights: {}", weights_name(&network.weights)), |ui| weights(ui, network, out));
    if ui.button("Run again").on_hover_text("reads the files again").clicked() {
        out.send(Command::RunAgain);
    }
}

/// A button with a small triangle that opens a menu.
fn menu(ui: &mut Ui, title: &str, contents: impl FnOnce(&mut Ui)) {
    let triangle = RichText::new("▼").size(size::MENU_MARK).color(palette(ui).muted);
    MenuButton::from_button(Button::new((title, triangle))).ui(ui, contents);
}

/// `cat.png · 451 × 300 · input 224 × 224 · 37 ms`; sizes are width × height.
fn facts(inspection: &Inspection) -> String {
    let (width, height) = inspection.picture.pixels.dimensions();
    let input = inspection.graph.input();
    format!(
        "{} · {width} × {height} · input {} × {} · {}",
        cut(&inspection.picture.name),
        input.width(),
        input.height(),
        duration(inspection.run.elapsed)
    )
}

fn duration(elapsed: std::time::Duration) -> String {
    let millis = elapsed.as_secs_f64() * 1000.0;
    if millis < 9_999.5 { format!("{millis:.0} ms") } else { format!("{:.1} s", millis / 1000.0) }
}

fn samples(ui: &mut Ui, picture: &PictureChoice, out: &mut Outbox) {
    ui.label(RichText::new("generated, from the test split").color(palette(ui).muted));
    for sample in object_samples() {
        one_sample(ui, picture, (&sample.name, &sample.title), "no bundled network has learnt from it", out);
    }
    ui.separator();
    ui.label(RichText::new("photos").color(palette(ui).muted));
    for sample in imaging::samples() {
        one_sample(ui, picture, (sample.name, sample.title), sample.credit, out);
    }
}

fn one_sample(ui: &mut Ui, picture: &PictureChoice, (name, title): (&str, &str), hover: &str, out: &mut Outbox) {
    let choice = PictureChoice::Sample(name.to_owned());
    let is_shown = *picture == choice;
    if ui.selectable_label(is_shown, title).on_hover_text(hover).clicked() {
        if !is_shown {
            out.send(Command::SetPicture(choice));
        }
        ui.close();
    }
}

fn weights(ui: &mut Ui, network: &Network, out: &mut Outbox) {
    if let Some(path) = network.weights.path() {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        if ui.selectable_label(true, cut(&name)).on_hover_text(path.display().to_string()).clicked() {
            ui.close();
        }
    }
    let is_seeded = !network.weights.is_trained();
    let seeded = ui.selectable_label(is_seeded, "Untrained: He initialisation, seed 0");
    if seeded.on_hover_text("what the network is before any training").clicked() {
        if !is_seeded {
            out.send(Command::SetWeights(network.id, WeightsChoice::Seeded(0)));
        }
        ui.close();
    }
    ui.separator();
    ui.label(RichText::new("come with gatescope").color(palette(ui).muted));
    for bundled in bundled() {
        let path = bundled.path();
        if ui.button(bundled.title).on_hover_text("adds the network with its weights").clicked() {
            out.send(Command::Open(vec![path]));
            ui.close();
        }
    }
    ui.separator();
    if ui.button("Open weights…").clicked() {
        out.send(Command::AskOpen);
        ui.close();
    }
}

/// The weights in a word or a file name.
pub(super) fn weights_name(weights: &WeightsChoice) -> String {
    match weights {
        WeightsChoice::Seeded(_) => "untrained".to_owned(),
        WeightsChoice::File(path) => cut(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()),
        WeightsChoice::Grafted(path, _) => {
            format!("{}, grafted", cut(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()))
        }
    }
}

/// A name with its middle left out when it is long: the start and the extension tell files apart.
fn cut(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= NAME_LENGTH {
        return name.to_owned();
    }
    let tail = 10;
    let head: String = letters[..NAME_LENGTH - tail - 1].iter().collect();
    let end: String = letters[letters.len() - tail..].iter().collect();
    format!("{head}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn long_names_keep_their_start_and_extension() {
        assert_eq!(cut("cat.png"), "cat.png");
        let name = cut("resnet50_cbam_imagenet_epoch_100.safetensors");
        assert_eq!(name.chars().count(), NAME_LENGTH);
        assert!(name.starts_with("resnet50") && name.ends_with("afetensors"), "{name}");
    }

    #[test]
    fn times_read_well() {
        assert_eq!(duration(Duration::from_micros(37_400)), "37 ms");
        assert_eq!(duration(Duration::from_millis(12_340)), "12.3 s");
    }
}
