//! What is seen of a training: some of the pictures, and the curves.

use std::sync::Arc;

use eframe::egui;
use egui::{Align2, Color32, ColorImage, Label, Pos2, Rect, RichText, Sense, TextureHandle, Ui, pos2, vec2};

use super::curves::{self, Axes, Curve};
use crate::compute::lab::data::Source;
use crate::desktop::document::Command;
use crate::desktop::jobs::{Lab, StepPoint, Strip, Thumbnail, Training};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, table, widgets};

/// Side of a thumbnail, in points.
const SIDE: f32 = 64.0;
/// Steps that are averaged for the drawn curve.
const SMOOTHED: usize = 25;

/// Textures of the strip.
#[derive(Default)]
pub(super) struct Live {
    textures: Option<(Arc<Vec<Thumbnail>>, Vec<TextureHandle>)>,
}

impl Live {
    /// Pictures of the training split; asks for them when they have not been asked for.
    pub(super) fn strip(&mut self, ui: &mut Ui, source: &Source, lab: &Lab, out: &mut Outbox) {
        widgets::section(ui, "What it learns from");
        match lab.strip(source) {
            None => out.send(Command::PreviewLab(source.clone())),
            Some(Strip::Loading) => {}
            Some(Strip::Failed(problem)) => {
                let colour = palette(ui).error;
                ui.add(Label::new(RichText::new(problem).color(colour)).wrap().selectable(true));
            }
            Some(Strip::Ready(thumbnails)) => return self.pictures(ui, thumbnails),
        }
        ui.allocate_space(vec2(ui.available_width(), SIDE + 16.0));
        ui.add_space(size::GAP);
    }

    fn pictures(&mut self, ui: &mut Ui, thumbnails: &Arc<Vec<Thumbnail>>) {
        if !self.textures.as_ref().is_some_and(|(of, _)| Arc::ptr_eq(of, thumbnails)) {
            let texture = |(index, thumbnail): (usize, &Thumbnail)| {
                let sides = [thumbnail.image.width() as usize, thumbnail.image.height() as usize];
                let image = ColorImage::from_rgb(sides, thumbnail.image.as_raw());
                ui.ctx().load_texture(format!("thumbnail {index}"), image, egui::TextureOptions::LINEAR)
            };
            let textures = thumbnails.iter().enumerate().map(texture).collect();
            self.textures = Some((thumbnails.clone(), textures));
        }
        let Some((_, textures)) = &self.textures else { return };
        let colours = palette(ui);
        let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), SIDE + 16.0), Sense::hover());
        let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
        for (index, (thumbnail, texture)) in thumbnails.iter().zip(textures).enumerate() {
            let left = row.left() + (SIDE + 8.0) * index as f32;
            if left + SIDE > row.right() {
                break;
            }
            let rect = Rect::from_min_size(pos2(left, row.top()), egui::Vec2::splat(SIDE));
            ui.painter().image(texture.id(), rect, whole, Color32::WHITE);
            let name = table::elided(ui, &thumbnail.class, theme::regular(size::LABEL), colours.muted, SIDE);
            ui.painter().galley(pos2(left, rect.bottom() + 2.0), name, colours.muted);
            let response = ui.interact(rect, ui.scope_id().with(("thumbnail", index)), Sense::hover());
            let spoken = format!("training picture: {}", thumbnail.class);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &spoken));
        }
        ui.add_space(size::GAP);
    }
}

/// Loss, accuracy and learning rate of a training.
pub(super) fn curves(ui: &mut Ui, training: &Training) {
    let colours = palette(ui);
    let across = Some((0.0, training.task.recipe.epochs.max(1) as f64));
    let steps = &training.steps;
    let series = |name: &str, label: &str, colour, dashed, points: Vec<[f64; 2]>| Curve {
        name: name.to_owned(),
        label: Some(label.to_owned()),
        colour,
        dashed,
        points,
    };
    let epochs = |of: fn(f32, f32) -> f32, which: fn(&crate::compute::lab::experiments::EpochPoint) -> (f32, f32)| {
        let point = |epoch: &crate::compute::lab::experiments::EpochPoint| {
            let (loss, error) = which(epoch);
            [epoch.epoch as f64, f64::from(of(loss, error))]
        };
        training.epochs.iter().map(point).collect::<Vec<_>>()
    };
    ui.columns(2, |columns| {
        let ui = &mut columns[0];
        widgets::section(ui, "Loss");
        let losses = smoothed(steps, |step| f64::from(step.loss));
        let test = epochs(|loss, _| loss, |epoch| (epoch.test_loss, epoch.test_error));
        let highest =
            losses.iter().chain(&test).map(|point| point[1]).filter(|loss| loss.is_finite()).fold(0.1, f64::max);
        // From nothing: a loss that only trembles is not made to look like one that falls.
        let axes = Axes { name: "Loss by epoch", across, up: Some((0.0, highest * 1.05)), ..Axes::default() };
        let learnt = series("training", "train", colours.accent, true, losses);
        curves::show(ui, &axes, &[learnt, series("validation", "valid.", colours.series(1), false, test)]);
        let ui = &mut columns[1];
        widgets::section(ui, "Accuracy");
        let axes = Axes { name: "Accuracy by epoch", across, up: Some((0.0, 100.0)), unit: " %", ..Axes::default() };
        let percent = smoothed(steps, |step| f64::from(step.accuracy) * 100.0);
        let learnt = series("training", "train", colours.accent, true, percent);
        let test = epochs(|_, error| 100.0 - error * 100.0, |epoch| (epoch.test_loss, epoch.test_error));
        curves::show(ui, &axes, &[learnt, series("validation", "valid.", colours.series(1), false, test)]);
    });
    ui.add_space(size::GAP);
    widgets::section(ui, "Learning rate");
    let axes = Axes { name: "Learning rate by epoch", height: 110.0, across, ..Axes::default() };
    let rate = steps.iter().map(|step| [step.at, f64::from(step.learning_rate)]).collect();
    let curve =
        Curve { name: "learning rate".to_owned(), label: None, colour: colours.muted, dashed: false, points: rate };
    curves::show(ui, &axes, &[curve]);
    if steps.is_empty() {
        let at = ui.min_rect().center();
        ui.painter().text(
            at,
            Align2::CENTER_CENTER,
            "the first steps are on their way",
            theme::regular(size::LABEL),
            colours.muted,
        );
    }
}

/// Batches are noisy: each point is the mean of the steps around it.
fn smoothed(steps: &[StepPoint], of: impl Fn(&StepPoint) -> f64) -> Vec<[f64; 2]> {
    let half = SMOOTHED.min(steps.len() / 8) / 2;
    let mean = |index: usize| {
        let around = &steps[index.saturating_sub(half)..(index + half + 1).min(steps.len())];
        [steps[index].at, around.iter().map(&of).sum::<f64>() / around.len() as f64]
    };
    (0..steps.len()).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_the_ends_and_the_level() {
        let steps: Vec<StepPoint> = (0..200)
            .map(|index| StepPoint {
                at: f64::from(index),
                loss: if index % 2 == 0 { 1.0 } else { 3.0 },
                accuracy: 0.5,
                learning_rate: 0.1,
            })
            .collect();
        let curve = smoothed(&steps, |step| f64::from(step.loss));
        assert_eq!(curve.len(), steps.len());
        assert!(curve.iter().all(|point| (point[1] - 2.0).abs() < 0.2));
        assert!(smoothed(&[], |_| 0.0).is_empty());
    }
}
