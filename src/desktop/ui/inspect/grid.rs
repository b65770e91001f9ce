//! Every value of a strip: rows downwards and channels to the right, or columns to the right and channels downwards.

use eframe::egui;
use egui::{Align2, Color32, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use super::super::textures::{Detail, Face, GateTextures};
use super::super::theme::{self, palette, size};
use super::layout::{Areas, cell_at, cell_rect};
use super::legend::{self, Drawn};
use super::picture::{UV, stage};
use super::{Look, Scene, Settings, Shown, readout};
use crate::network::graph::GateKind;
use crate::network::number::value;

/// Room for the names of the axes.
const AXIS: f32 = 56.0;

/// The map of channels, the value under the pointer, the legend. A click shows that channel over the picture.
pub(super) fn show(
    ui: &mut Ui,
    areas: &Areas,
    scene: Scene,
    shown: &Shown,
    settings: &mut Settings,
    textures: &mut GateTextures,
) {
    let response = stage(ui, areas.stage, egui::Sense::click());
    let name = format!("{} {}, every channel: {}", shown.frame.block, shown.frame.tag, shown.extent());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    let Some(map) = textures.map(scene.inspection, shown.index, Face::Table) else { return };
    let plot = Rect::from_min_max(
        areas.stage.min + vec2(AXIS, 1.5 * size::PADDING),
        areas.stage.max - vec2(size::PADDING, size::PADDING),
    );
    let texture = textures.face(ui.ctx(), scene.inspection, shown.index, Face::Table, settings.scale, Detail::Exact);
    let Some(texture) = texture.filter(|_| plot.is_positive()) else { return };
    ui.painter().image(texture, plot, UV, Color32::WHITE);
    axes(ui, plot, shown.frame.kind, map.size);
    let pointed = response.hover_pos().and_then(|pointer| cell_at(plot, map.size, pointer));
    let drawn = Drawn::new(scene, shown, settings, Face::Table, &map);
    let number = pointed.and_then(|cell| map.at(cell));
    legend::show(ui, areas.legend, shown, settings, textures, &drawn, number);
    if let (Some(pointer), Some(cell), Some(number)) = (response.hover_pos(), pointed, number) {
        let rect = cell_rect(plot, map.size, cell);
        ui.painter().rect_stroke(rect, 0.0, Stroke::new(1.0, palette(ui).text), StrokeKind::Outside);
        let (place, channel) = match shown.frame.kind {
            GateKind::Rows => (format!("row {}", cell.0), cell.1),
            _ => (format!("column {}", cell.1), cell.0),
        };
        readout(ui, areas.stage, pointer, &format!("channel {channel}, {place}: {}", value(number)));
        if response.clicked() {
            (settings.channel, settings.look) = (Some(channel), Look::Own);
        }
    }
}

/// What runs along the edges, with its first and last number.
fn axes(ui: &Ui, plot: Rect, kind: GateKind, [height, width]: [usize; 2]) {
    let (down, across) = match kind {
        GateKind::Rows => ("row", "channel"),
        _ => ("channel", "column"),
    };
    let (font, colour) = (theme::regular(size::LABEL), palette(ui).muted);
    let text = |at, anchor, text: String| {
        ui.painter().text(at, anchor, text, font.clone(), colour);
    };
    let (left, top) = (plot.left() - size::GAP, plot.top() - size::GAP / 2.0);
    text(pos2(plot.left(), top), Align2::LEFT_BOTTOM, format!("{across} 0"));
    text(pos2(plot.right(), top), Align2::RIGHT_BOTTOM, format!("{}", width.saturating_sub(1)));
    text(pos2(left, plot.top()), Align2::RIGHT_TOP, format!("{down} 0"));
    text(pos2(left, plot.bottom()), Align2::RIGHT_BOTTOM, format!("{}", height.saturating_sub(1)));
}
