//! Painting on a gate: cells of a map, bars of channels.

use eframe::egui;
use egui::{CursorIcon, DragValue, Rect, Sense, Ui};

use super::super::theme::size;
use super::super::widgets::muted;
use super::asks::Asks;
use super::layout::cell_at;
use super::picture::Placed;
use super::{Scene, Shown};
use crate::network::graph::GateKind;

/// The widest brush, cells on either side.
const WIDEST: usize = 8;

/// What the brush paints, where a gate can be painted.
pub(super) fn controls(ui: &mut Ui, shown: &Shown, asks: &mut Asks) {
    match shown.frame.kind {
        GateKind::Spatial => {
            let label = muted(ui, "or paint on the changed map: value");
            let value = ui.add(DragValue::new(&mut asks.brush.0).range(0.0..=1.0).speed(0.01).max_decimals(2));
            value.labelled_by(label.id).on_hover_text("the value the brush paints on the changed gate");
            let label = muted(ui, "size");
            let value = ui.add(DragValue::new(&mut asks.brush.1).range(0..=WIDEST).speed(0.1));
            value.labelled_by(label.id).on_hover_text("cells on either side of the pointer");
        }
        GateKind::Channel => {
            muted(ui, "or drag the bars at the right").on_hover_text("a channel takes the value where you point");
        }
        _ => {}
    }
}

/// Paints where the pointer is pressed; `values` are those that stand there now.
pub(super) fn on(ui: &Ui, room: Rect, scene: Scene, shown: &Shown, values: &[f32], asks: &mut Asks) {
    if !matches!(shown.frame.kind, GateKind::Spatial | GateKind::Channel) {
        return;
    }
    let response = ui.interact(room, ui.scope_id().with("brush"), Sense::CLICK | Sense::DRAG);
    let name = format!("paint {}", shown.frame.short());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, &name));
    if response.hovered() {
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
    }
    let is_pressed = response.dragged() || response.clicked();
    let Some(pointer) = response.interact_pointer_pos().filter(|_| is_pressed) else { return };
    let gate = &shown.frame.gate;
    if shown.frame.kind == GateKind::Spatial {
        let (height, width) = (shown.lens.shape.height(), shown.lens.shape.width());
        let crop = Placed::within(room, scene.inspection).crop();
        let Some((row, column)) = cell_at(crop, [height, width], pointer) else { return };
        let (painted, reach) = asks.brush;
        asks.paint(gate, values, |values| {
            for y in row.saturating_sub(reach)..=(row + reach).min(height - 1) {
                for x in column.saturating_sub(reach)..=(column + reach).min(width - 1) {
                    values[y * width + x] = painted;
                }
            }
        });
        return;
    }
    let plot = room.shrink(size::GAP);
    let order = shown.frame.order(shown.lens.values);
    if !plot.contains(pointer) || order.is_empty() {
        return;
    }
    let rank = ((pointer.x - plot.left()) / plot.width() * order.len() as f32) as usize;
    let (low, high) = shown.scale();
    let value = low + (plot.bottom() - pointer.y) / plot.height() * (high - low);
    if let Some(channel) = order.get(rank.min(order.len() - 1)).copied() {
        asks.paint(gate, values, |values| values[channel] = value.clamp(low, high));
    }
}
