//! Under the picture: the colour map with its ends and the range of what is drawn on it, the scale, the numbers.

use eframe::egui;
use egui::{Color32, Label, Rect, RichText, Sense, Stroke, Ui, vec2};

use super::super::textures::{Face, GateTextures, Scale};
use super::super::theme::{palette, size};
use super::channels::WIDENED;
use super::picture::UV;
use super::{Scene, Settings, Shown, range_text, within};
use crate::compute::explain::{GateMap, Slice, Stats};
use crate::network::graph::GateKind;
use crate::network::number::value;

/// The height of the colour bar.
const BAR: f32 = 10.0;
/// The width of a printed value with its gap.
const NUMBER: f32 = 46.0;

/// What is drawn, in numbers.
pub(super) struct Drawn {
    face: Face,
    /// The ends of the colour map.
    range: (f32, f32),
    /// Of the values drawn.
    stats: Stats,
    /// The share of them above the colour map's end.
    beyond: f32,
}

impl Drawn {
    pub(super) fn new(scene: Scene, shown: &Shown, settings: &Settings, face: Face, map: &GateMap) -> Self {
        let range = settings.scale.range(scene.inspection, shown.index, face, map);
        let beyond = map.values.iter().filter(|value| **value > range.1).count();
        let beyond = beyond as f32 / map.values.len().max(1) as f32;
        Self { face, range, stats: Stats::of(&map.values), beyond }
    }

    /// What is drawn, in words; empty of a plain map.
    fn note(&self, shown: &Shown, scale: Scale) -> String {
        let channels = shown.lens.channels();
        let of = |slice: Slice| match slice {
            Slice::Mean => format!("mean of {channels} channels"),
            Slice::Channel(channel) => format!("channel {channel} of {channels}"),
            Slice::Query(_) => String::new(),
        };
        let what = match (shown.frame.kind, self.face) {
            _ if shown.lens.uniform().is_some() => return self.shares(shown, scale),
            (_, Face::Together(slice)) => {
                format!("rows × columns, {}: what multiplies the features", of(slice))
            }
            (_, Face::Table) => "every value; a click shows its channel over the picture".to_owned(),
            (GateKind::Rows | GateKind::Columns | GateKind::Volume, Face::Own(slice)) => {
                let whole = format!("whole gate {} to {}", value(shown.stats.min), value(shown.stats.max));
                format!("{} · {whole}", of(slice))
            }
            (GateKind::Channel | GateKind::Spatial | GateKind::Paths { .. } | GateKind::Matrix, Face::Own(_)) => {
                String::new()
            }
        };
        match (shown.is_widened(), what.is_empty()) {
            (true, true) => WIDENED.to_owned(),
            (true, false) => format!("{what} · {WIDENED}"),
            (false, _) => what,
        }
    }

    /// The scale of shares: they are small by nature.
    fn shares(&self, shown: &Shown, scale: Scale) -> String {
        let whose = match self.face {
            _ if shown.frame.kind != GateKind::Matrix => "shares, they sum to 1",
            Face::Own(Slice::Query(_)) => "of one position, sums to 1",
            _ => "mean of all positions, sums to 1",
        };
        let Some(uniform) = shown.lens.uniform() else { return whose.to_owned() };
        let positions = shown.lens.shape.height() * shown.lens.shape.width();
        let end = match scale {
            Scale::Absolute => format!(", colours end at {:.0} ×", self.range.1 / uniform),
            Scale::Stretched => String::new(),
        };
        let beyond = match self.beyond {
            0.0 => String::new(),
            share => format!(", {:.0} % above", (share * 100.0).max(1.0)),
        };
        format!("{whose} · uniform 1/{positions} = {}{end}{beyond}", value(uniform))
    }
}

/// The legend of what is drawn in colours; `pointed` is the value under the pointer.
pub(super) fn show(
    ui: &mut Ui,
    rect: Rect,
    shown: &Shown,
    settings: &mut Settings,
    textures: &mut GateTextures,
    drawn: &Drawn,
    pointed: Option<f32>,
) {
    let ramp = textures.ramp(ui.ctx());
    let absolute = match shown.scale() {
        (0.0, 1.0) => "colours from 0 to 1".to_owned(),
        (low, high) => format!("colours from {} to {}, the same for the whole gate", value(low), value(high)),
    };
    within(ui, rect, |ui| {
        ui.add_space(size::GAP);
        ui.horizontal(|ui| {
            ui.set_min_height(size::ROW - 4.0);
            ui.label(value(drawn.range.0));
            let width = ui.available_width() - NUMBER;
            bar(ui, width.max(NUMBER), ramp, drawn, pointed);
            ui.label(value(drawn.range.1));
        });
        egui::Sides::new().height(size::ROW).shrink_right().truncate().show(
            ui,
            |ui| {
                ui.radio_value(&mut settings.scale, Scale::Absolute, "absolute").on_hover_text(absolute);
                ui.radio_value(&mut settings.scale, Scale::Stretched, "stretched")
                    .on_hover_text("colours from the smallest to the largest value shown");
            },
            |ui| ui.label(range_text(&drawn.stats)),
        );
        let note = drawn.note(shown, settings.scale);
        if !note.is_empty() {
            let text = RichText::new(&note).size(size::LABEL).color(palette(ui).muted);
            ui.add(Label::new(text).truncate()).on_hover_text(note);
        }
    });
}

/// The colour map with marks at the smallest, mean and largest value drawn, and at the value under the pointer.
fn bar(ui: &mut Ui, width: f32, ramp: egui::TextureId, drawn: &Drawn, pointed: Option<f32>) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, BAR + 8.0), Sense::hover());
    let band = rect.shrink2(vec2(0.0, 4.0));
    let colours = palette(ui);
    let painter = ui.painter();
    painter.image(ramp, band, UV, Color32::WHITE);
    let (low, high) = drawn.range;
    let x = |number: f32| band.left() + band.width() * ((number - low) / (high - low)).clamp(0.0, 1.0);
    let (stats, is_scale) = (drawn.stats, high > low);
    if !is_scale {
        return;
    }
    // What the gate does not reach of the colour map steps back.
    let veil = colours.canvas.gamma_multiply(0.6);
    painter.rect_filled(Rect::from_x_y_ranges(band.left()..=x(stats.min), band.y_range()), 0.0, veil);
    painter.rect_filled(Rect::from_x_y_ranges(x(stats.max)..=band.right(), band.y_range()), 0.0, veil);
    for number in [stats.min, stats.max] {
        painter.vline(x(number), rect.y_range(), Stroke::new(1.0, colours.text));
    }
    painter.circle(egui::pos2(x(stats.mean), band.bottom()), 3.0, colours.text, Stroke::new(1.5, colours.canvas));
    if let Some(number) = pointed {
        painter.vline(x(number), rect.y_range(), Stroke::new(2.0, colours.accent));
    }
}
