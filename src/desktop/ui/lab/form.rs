//! Fields of a run's budget and recipe.

use std::ops::RangeInclusive;

use eframe::egui;
use egui::{ComboBox, DragValue, Response, Ui};

use crate::compute::lab::data::Source;
use crate::compute::lab::training::{Optimiser, TrainingRecipe};
use crate::desktop::document::Command;
use crate::desktop::ui::theme::size;
use crate::desktop::ui::{Outbox, widgets};

/// Width of a field with its label.
pub(super) const FIELD: f32 = 136.0;
/// Width of the widget in it.
const WIDGET: f32 = 112.0;

/// A label with a widget below it, of a fixed width so that fields stand in columns.
pub(super) fn field(ui: &mut Ui, label: &str, hint: &str, add: impl FnOnce(&mut Ui) -> Response) {
    ui.allocate_ui_with_layout(egui::vec2(FIELD, 46.0), egui::Layout::top_down(egui::Align::Min), |ui| {
        ui.set_min_size(egui::vec2(FIELD, 46.0));
        ui.spacing_mut().item_spacing.y = 2.0;
        let name = widgets::caption(ui, label).on_hover_text(hint);
        add(ui).labelled_by(name.id).on_hover_text(hint);
    });
}

/// A whole number.
pub(super) fn whole<N: emath::Numeric>(
    ui: &mut Ui,
    label: &str,
    hint: &str,
    value: &mut N,
    range: RangeInclusive<N>,
    speed: f64,
) {
    field(ui, label, hint, |ui| {
        ui.add_sized([WIDGET, size::ROW], DragValue::new(value).range(range).speed(speed).custom_formatter(grouped))
    });
}

fn grouped(value: f64, _: RangeInclusive<usize>) -> String {
    crate::network::number::grouped(value.max(0.0) as u64)
}

/// A number with decimals.
pub(super) fn real(ui: &mut Ui, label: &str, hint: &str, value: &mut f32, range: RangeInclusive<f32>, speed: f64) {
    field(ui, label, hint, |ui| {
        let drag = DragValue::new(value).range(range).speed(speed).min_decimals(0).max_decimals(6);
        ui.add_sized([WIDGET, size::ROW], drag)
    });
}

/// Epochs, images of an epoch, the test's images, seeds, threads: what a run costs.
pub(super) fn budget(ui: &mut Ui, recipe: &mut TrainingRecipe, seeds: Option<&mut usize>, threads: &mut usize) {
    ui.horizontal_wrapped(|ui| {
        whole(ui, "Epochs", "How often the images are gone through", &mut recipe.epochs, 1..=1000, 0.1);
        // No run is warmed up for longer than it is.
        recipe.warmup = recipe.warmup.min(recipe.epochs as f32);
        whole(ui, "Images an epoch", "New ones each time", &mut recipe.samples, 64..=10_000_000, 64.0);
        whole(ui, "Test images", "Looked at after each epoch", &mut recipe.validation, 16..=100_000, 16.0);
        if let Some(seeds) = seeds {
            whole(
                ui,
                "Seeds",
                "Networks of each kind: the spread over them says what chance does",
                seeds,
                1..=20,
                0.05,
            );
        }
        whole(ui, "Threads", "The window keeps what is left", threads, 1..=64, 0.05);
    });
}

/// Everything else of a recipe.
pub(super) fn recipe(ui: &mut Ui, recipe: &mut TrainingRecipe) {
    ui.horizontal_wrapped(|ui| {
        field(ui, "Optimiser", "What turns gradients into steps", |ui| {
            let shown = if matches!(recipe.optimiser, Optimiser::Sgd { .. }) { "SGD, Nesterov" } else { "AdamW" };
            let combo = ComboBox::from_id_salt("optimiser").selected_text(shown).width(WIDGET).show_ui(ui, |ui| {
                ui.selectable_value(&mut recipe.optimiser, Optimiser::SGD, "SGD, Nesterov");
                ui.selectable_value(&mut recipe.optimiser, Optimiser::ADAMW, "AdamW");
            });
            combo.response
        });
        real(ui, "Learning rate", "The largest, after the warm-up", &mut recipe.learning_rate, 1e-6..=10.0, 0.001);
        real(
            ui,
            "Warm-up, epochs",
            "The learning rate rises from 0",
            &mut recipe.warmup,
            0.0..=recipe.epochs as f32,
            0.05,
        );
        real(ui, "Weight decay", "Not on BatchNorm and biases", &mut recipe.weight_decay, 0.0..=1.0, 0.0001);
        let smoothing = "The share of the target that all classes share";
        real(ui, "Label smoothing", smoothing, &mut recipe.label_smoothing, 0.0..=0.9, 0.005);
        whole(ui, "Batch", "Images of a step", &mut recipe.batch, 1..=1024, 1.0);
        whole(ui, "Seed", "Decides weights, images and their order", &mut recipe.seed, 0..=u64::from(u32::MAX), 0.05);
        let padding = "Pictures are moved by up to this many pixels";
        whole(ui, "Crop padding", padding, &mut recipe.augment.crop_padding, 0..=64, 0.05);
        field(ui, "Flips", "Half of the pictures are mirrored", |ui| {
            let words = if recipe.augment.flip { "on" } else { "off" };
            ui.checkbox(&mut recipe.augment.flip, words)
        });
    });
}

/// Generated objects, or a folder of the user's.
pub(super) fn source(ui: &mut Ui, source: &mut Source, out: &mut Outbox) {
    let shown = match source {
        Source::Objects => "objects".to_owned(),
        Source::Folder(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
    };
    field(ui, "Data", "Generated objects on clutter, or a folder with one sub-folder of pictures a class", |ui| {
        let combo = ComboBox::from_id_salt("data").selected_text(shown).width(WIDGET).truncate().show_ui(ui, |ui| {
            if ui.selectable_label(*source == Source::Objects, "objects").clicked() {
                *source = Source::Objects;
            }
            if ui.selectable_label(matches!(source, Source::Folder(_)), "Folder…").clicked() {
                out.send(Command::AskLabFolder);
            }
        });
        combo.response
    });
}
