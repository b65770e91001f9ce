//! What of a gate is shown, where it has more than one picture.

use eframe::egui;
use egui::{DragValue, Ui};

use super::super::widgets::muted;
use super::{Look, Settings, Shown};
use crate::network::graph::GateKind;

pub(super) fn show(ui: &mut Ui, shown: &Shown, settings: &mut Settings) {
    ui.horizontal(|ui| match shown.frame.kind {
        GateKind::Rows => strip(ui, shown, settings, "rows"),
        GateKind::Columns => strip(ui, shown, settings, "columns"),
        GateKind::Volume => {
            // A look that a volume has not got is shown as its own.
            if settings.look == Look::Together {
                settings.look = Look::Own;
            }
            look(ui, settings, Look::Own, "over the picture", "one map, of all channels or of one");
            look(ui, settings, Look::Channels, "by channel", "each channel's mean over its positions");
            channel(ui, shown, settings);
        }
        GateKind::Matrix => matrix(ui, settings),
        GateKind::Channel | GateKind::Spatial | GateKind::Paths { .. } => {}
    });
}

fn strip(ui: &mut Ui, shown: &Shown, settings: &mut Settings, own: &str) {
    look(ui, settings, Look::Own, own, "this gate alone, over the picture");
    if shown.frame.counterpart.is_some() {
        let hover = "rows × columns over the picture: their product multiplies the features";
        look(ui, settings, Look::Together, "together", hover);
    }
    look(ui, settings, Look::Channels, "all values", "every channel, nothing averaged");
    channel(ui, shown, settings);
}

fn look(ui: &mut Ui, settings: &mut Settings, look: Look, text: &str, hover: &str) {
    ui.selectable_value(&mut settings.look, look, text).on_hover_text(hover);
}

/// All channels on average, or one of them.
fn channel(ui: &mut Ui, shown: &Shown, settings: &mut Settings) {
    let count = shown.lens.channels();
    if settings.look == Look::Channels || count < 2 {
        return;
    }
    ui.separator();
    let chosen = settings.channel_of(shown);
    if ui.selectable_label(chosen.is_none(), "mean").on_hover_text("of all channels").clicked() {
        settings.channel = None;
    }
    let mut number = chosen.unwrap_or(0);
    let one = ui.selectable_label(chosen.is_some(), "channel");
    let drag = ui.add(DragValue::new(&mut number).range(0..=count - 1).speed(0.2));
    let drag = drag.labelled_by(one.id).on_hover_text(format!("0 to {}", count - 1));
    if one.clicked() || drag.changed() {
        settings.channel = Some(number);
    }
}

fn matrix(ui: &mut Ui, settings: &mut Settings) {
    let is_mean = settings.from.is_none();
    let mean = ui.selectable_label(is_mean, "all positions");
    if mean.on_hover_text("where all positions look, on average").clicked() {
        settings.from = None;
    }
    let centre = Some([0.5, 0.5]);
    let from = ui.selectable_label(settings.from == centre, "the centre");
    if from.on_hover_text("where the position in the middle looks").clicked() {
        settings.from = centre;
    }
    if settings.from.is_some() && settings.from != centre {
        let _ = ui.selectable_label(true, "chosen");
    }
    muted(ui, "point, click, arrow keys").on_hover_text(
        "Point at a position to see where it looks, click to keep it; the arrow keys move it, Escape lets go.",
    );
}
