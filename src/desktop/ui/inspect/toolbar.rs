//! Above everything: which picture, which weights, run again; and what the last run was.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use eframe::egui;
use egui::containers::menu::MenuButton;
use egui::{Align, Button, Label, Layout, RichText, Ui};

use super::super::scripts::visual;
use super::super::theme::{palette, size};
use super::super::{Outbox, Shared};
use crate::compute::imaging;
use crate::compute::lab::data::object_samples;
use crate::compute::weights::bundled;
use crate::compute::weights::bundled::Bundled;
use crate::compute::weights::recognise::same_tensors;
use crate::desktop::document::{Command, Network, PictureChoice, SavedNetwork, WeightsChoice};
use crate::desktop::jobs::Inspection;
use crate::network::Model;

/// Longer file names are cut on buttons.
const NAME_LENGTH: usize = 22;
/// Below this width the buttons take two rows; with those of a tray below so much more.
const WRAPPED_BELOW: f32 = 580.0;
const TRAY: f32 = 130.0;

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
    let tray = if shared.pictures.len() > 1 { TRAY } else { 0.0 };
    if ui.available_width() < WRAPPED_BELOW + tray {
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
    tray(ui, shared, out);
    if ui.button("Open weights…").on_hover_text("safetensors with PyTorch's names, or drop the file here").clicked() {
        out.send(Command::AskOpen);
    }
    let name = weights_name(&network.weights);
    menu(ui, &format!("Weights: {}", visual(&name)), |ui| weights(ui, network, out));
    if ui.button("Run again").on_hover_text("reads the files again").clicked() {
        out.send(Command::RunAgain);
    }
}

/// A button with a small triangle that opens a menu.
fn menu(ui: &mut Ui, title: &str, contents: impl FnOnce(&mut Ui)) {
    let triangle = RichText::new("▼").size(size::MENU_MARK).color(palette(ui).muted);
    MenuButton::from_button(Button::new((title, triangle))).ui(ui, contents);
}

/// The pictures that were given together: which one is shown, the one before and the next.
fn tray(ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
    let pictures = shared.pictures;
    if pictures.len() < 2 {
        return;
    }
    for (mark, name, step) in [("‹", "Previous picture", -1), ("›", "Next picture", 1)] {
        let key = if step < 0 { "Page Up" } else { "Page Down" };
        let response = ui.button(mark).on_hover_text(format!("{name} ({key})"));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
        if response.clicked() {
            out.send(Command::StepPicture(step));
        }
    }
    let shown = |path: &std::path::PathBuf| *shared.document.picture() == PictureChoice::File(path.clone());
    let place = pictures.iter().position(shown);
    let title =
        place.map_or_else(|| format!("{} pictures", pictures.len()), |at| format!("{} of {}", at + 1, pictures.len()));
    menu(ui, &title, |ui| {
        egui::ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
            for (index, path) in pictures.iter().enumerate() {
                let name = PictureChoice::File(path.clone()).name();
                let line = ui.selectable_label(place == Some(index), visual(&name).into_owned());
                if line.on_hover_text(visual(&path.display().to_string()).into_owned()).clicked() {
                    out.send(Command::SetPicture(PictureChoice::File(path.clone())));
                    ui.close();
                }
            }
        });
    });
}

/// `cat.png · 451 × 300 · input 224 × 224 · 37 ms`; sizes are width × height.
fn facts(inspection: &Inspection) -> String {
    let (width, height) = inspection.picture.pixels.dimensions();
    let input = inspection.graph.input();
    format!(
        "{} · {width} × {height} · input {} × {} · {}",
        visual(&cut(&inspection.picture.name)),
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
    if network.weights.is_trained() && ui.button("What was recognised…").clicked() {
        out.send(Command::ShowRecognised(network.id));
        ui.close();
    }
    let (fitting, others): (Vec<&Bundled>, Vec<&Bundled>) =
        bundled().iter().partition(|bundled| fits(network, bundled));
    for (heading, hover, bundled) in [
        ("come with gatescope and fit this network", "sets the weights of this network", fitting),
        ("add another network, with its weights", "this network stays as it is", others),
    ] {
        if bundled.is_empty() {
            continue;
        }
        ui.separator();
        ui.label(RichText::new(heading).color(palette(ui).muted));
        for bundled in bundled {
            if ui.button(bundled.title).on_hover_text(hover).clicked() {
                out.send(Command::Open(vec![bundled.path()]));
                ui.close();
            }
        }
    }
    ui.separator();
    if ui.button("Open weights…").clicked() {
        out.send(Command::AskOpen);
        ui.close();
    }
}

/// Has the network the tensors of this bundled one?
fn fits(network: &Network, candidate: &Bundled) -> bool {
    static MODELS: LazyLock<BTreeMap<&str, Arc<Model>>> = LazyLock::new(|| {
        let model = |known: &Bundled| Some((known.name, SavedNetwork::bundled(known.name)?.model));
        bundled().iter().filter_map(model).collect()
    });
    MODELS.get(candidate.name).is_some_and(|own| same_tensors(network.graph(), own.graph()))
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

/// A long name without its extension and with its middle left out: its start and its end tell files apart.
fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_LENGTH {
        return name.to_owned();
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let letters: Vec<char> = stem.chars().collect();
    if letters.len() < NAME_LENGTH {
        return format!("{stem}…");
    }
    let tail = 9;
    let head: String = letters[..NAME_LENGTH - tail - 1].iter().collect();
    let end: String = letters[letters.len() - tail..].iter().collect();
    format!("{head}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn long_names_keep_what_tells_them_apart() {
        assert_eq!(cut("cat.png"), "cat.png");
        assert_eq!(cut("cbam_resnet50.safetensors"), "cbam_resnet50…");
        assert_eq!(cut("resnet50_cbam_imagenet_epoch_100.safetensors"), "resnet50_cba…epoch_100");
    }

    #[test]
    fn times_read_well() {
        assert_eq!(duration(Duration::from_micros(37_400)), "37 ms");
        assert_eq!(duration(Duration::from_millis(12_340)), "12.3 s");
    }
}
