//! Gates drawn small: the outline of a channel gate, the map of a spatial one.

use std::sync::Arc;

use eframe::egui;
use egui::{Color32, Mesh, Painter, Rect, pos2};

use crate::desktop::jobs::Inspection;
use crate::desktop::ui::textures::{Detail, GateTextures, Scale};
use crate::network::graph::GateKind;

/// The gates of the network being shown.
pub struct Gates<'a> {
    /// What it did; none as long as it has not run.
    pub inspection: Option<&'a Arc<Inspection>>,
    /// What they look like.
    pub textures: &'a mut GateTextures,
}

impl Gates<'_> {
    /// Paints a gate's values into a rectangle; false while there is nothing to paint.
    pub fn paint(&mut self, painter: &Painter, rect: Rect, gate: usize, kind: GateKind, colour: Color32) -> bool {
        let Some(inspection) = self.inspection else { return false };
        match kind {
            GateKind::Channel => {
                let outline = self.textures.outline(inspection, gate);
                painter.add(area(rect, outline, colour));
            }
            _ => {
                let map = self.textures.gate(painter.ctx(), inspection, gate, Scale::Absolute, Detail::Exact);
                let Some(map) = map else { return false };
                painter.image(map, rect, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)), Color32::WHITE);
            }
        }
        true
    }
}

/// The area under an outline on a 0..1 scale.
fn area(rect: Rect, outline: &[f32], colour: Color32) -> egui::Shape {
    let mut mesh = Mesh::default();
    let last = outline.len().saturating_sub(1).max(1) as f32;
    for (index, value) in outline.iter().enumerate() {
        let x = rect.left() + rect.width() * index as f32 / last;
        let value = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
        mesh.colored_vertex(pos2(x, rect.bottom()), colour);
        mesh.colored_vertex(pos2(x, rect.bottom() - (rect.height() * value).max(1.0)), colour);
    }
    for index in 1..outline.len() as u32 {
        let (a, b) = (2 * index - 2, 2 * index);
        mesh.add_triangle(a, a + 1, b);
        mesh.add_triangle(a + 1, b, b + 1);
    }
    egui::Shape::mesh(mesh)
}
