//! How the active network's pictures are prepared: resize, filter, mean, std. The crop is the network's input.

use eframe::egui;
use egui::{ComboBox, DragValue, RichText, Ui};

use super::labelled;
use crate::compute::imaging::{CropMode, Interpolation, MAX_RESIZE, Preprocessing};
use crate::desktop::document::{Command, Network, Stroke};
use crate::desktop::ui::Outbox;
use crate::desktop::ui::theme::{palette, size};

/// Width of a widget, and of one of three in a row.
const WIDGET: f32 = 96.0;
const THIRD: f32 = 48.0;

/// The group: closed until it is asked for.
#[derive(Default)]
pub(super) struct Group {
    open: bool,
    stroke: Option<Stroke>,
}

impl Group {
    pub(super) fn ui(&mut self, ui: &mut Ui, network: &Network, out: &mut Outbox) {
        let now = network.preparation();
        let colours = palette(ui);
        ui.horizontal(|ui| {
            let text = RichText::new("Preprocessing").size(size::LABEL).color(colours.muted);
            if ui.add(egui::Button::new(text).frame(false)).clicked() {
                self.open = !self.open;
            }
            let mut summary = format!("{} → {} {}", now.resize, now.crop[0], now.interpolation.as_str());
            if now.crop_mode != CropMode::Center {
                summary.push_str(&format!(" {}", now.crop_mode.as_str()));
            }
            if network.preprocessing.is_some() {
                summary.push_str(", not default");
            }
            let text = RichText::new(summary).size(size::LABEL).color(colours.muted);
            let whole = format!("{}; {}", now.words(), now.words_of_values());
            ui.add(egui::Label::new(text).truncate()).on_hover_text(format!(
                "{whole}. A network starts with torchvision's; a configuration beside its weights changes that."
            ));
        });
        if !self.open {
            return;
        }
        if ui.input(|input| input.pointer.any_pressed()) {
            self.stroke = Some(Stroke::begin());
        }
        let mut changed = now.clone();
        fields(ui, &mut changed);
        let mut chosen = (changed != now).then_some(Some(changed));
        if network.preprocessing.is_some() {
            let text = RichText::new("Use torchvision's").size(size::LABEL).color(colours.muted);
            if ui.add(egui::Button::new(text).frame(false)).clicked() {
                chosen = Some(None);
            }
        }
        if let Some(preprocessing) = chosen {
            out.send(Command::SetPreprocessing { network: network.id, preprocessing, stroke: self.stroke });
        }
    }
}

fn fields(ui: &mut Ui, value: &mut Preprocessing) {
    labelled(ui, "Resize", "The picture's shorter side before the crop, in pixels", |ui| {
        let drag = DragValue::new(&mut value.resize).range(1..=MAX_RESIZE).suffix(" px");
        ui.add_sized([WIDGET, size::ROW], drag)
    });
    let help = "How the picture comes to that size: its form kept and its sides cut (center, cover), kept with a border, \
                or lost (squash); none leaves its size";
    labelled(ui, "Crop mode", help, |ui| {
        let combo = ComboBox::from_id_salt("crop mode").selected_text(value.crop_mode.as_str()).width(WIDGET);
        let shown = combo.show_ui(ui, |ui| {
            for mode in CropMode::ALL {
                ui.selectable_value(&mut value.crop_mode, mode, mode.as_str());
            }
        });
        shown.response
    });
    labelled(ui, "Filter", "How pixels are resampled: torchvision's is bilinear, timm's bicubic", |ui| {
        let combo = ComboBox::from_id_salt("interpolation").selected_text(value.interpolation.as_str()).width(WIDGET);
        let shown = combo.show_ui(ui, |ui| {
            for filter in Interpolation::ALL {
                ui.selectable_value(&mut value.interpolation, filter, filter.as_str());
            }
        });
        shown.response
    });
    let channels = value.channels.min(3);
    colour(ui, "Mean", "Subtracted from each channel, on a 0..1 scale", &mut value.mean[..channels], -4.0);
    colour(ui, "Std", "Divides each channel after that", &mut value.std[..channels], 0.001);
}

/// One number a channel, red first; the label names the row, which is the first field's.
fn colour(ui: &mut Ui, label: &str, help: &str, values: &mut [f32], least: f32) {
    labelled(ui, label, help, |ui| {
        let drag = |ui: &mut Ui, value: &mut f32| {
            let drag = DragValue::new(value).range(least..=4.0).speed(0.002).fixed_decimals(3);
            ui.add_sized([THIRD, size::ROW], drag)
        };
        let Some((red, others)) = values.split_first_mut() else { return ui.label("") };
        // Right to left.
        for (value, name) in others.iter_mut().zip(["green", "blue"]).rev() {
            let name = format!("{label} {name}");
            drag(ui, value).widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, &name));
        }
        drag(ui, red)
    });
}
