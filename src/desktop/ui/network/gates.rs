//! Gates drawn small: the outline of a channel gate, the shares of paths, the map of any other.

use std::sync::Arc;

use eframe::egui;
use egui::{Color32, Mesh, Painter, Rect, pos2};

use crate::desktop::jobs::Inspection;
use crate::desktop::ui::textures::{Detail, GateTextures, Scale};
use crate::desktop::ui::theme::Palette;
use crate::desktop::ui::widgets::along;
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
    pub fn paint(
        &mut self,
        painter: &Painter,
        rect: Rect,
        gate: usize,
        kind: GateKind,
        (colours, colour): (&Palette, Color32),
    ) -> bool {
        let Some(inspection) = self.inspection else { return false };
        match kind {
            GateKind::Channel => {
                let (lens, stats) = (inspection.lens(gate), inspection.stats.get(gate));
                let range = lens.zip(stats).map_or((0.0, 1.0), |(lens, stats)| lens.scale(stats));
                let outline = self.textures.outline(inspection, gate);
                painter.add(area(rect, outline, range, colour));
            }
            GateKind::Paths { .. } => {
                let Some(shares) = self.textures.shares(inspection, gate) else { return false };
                shares.paint_small(painter, rect, colours, colour);
            }
            GateKind::Spatial | GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Matrix => {
                let map = self.textures.gate(painter.ctx(), inspection, gate, Scale::Absolute, Detail::Exact);
                let Some(map) = map else { return false };
                painter.image(map, rect, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)), Color32::WHITE);
            }
        }
        true
    }
}

/// The area between zero and an outline on a scale.
fn area(rect: Rect, outline: &[f32], range: (f32, f32), colour: Color32) -> egui::Shape {
    let mut mesh = Mesh::default();
    let zero = rect.bottom() - rect.height() * along(0.0, range);
    let last = outline.len().saturating_sub(1).max(1) as f32;
    for (index, value) in outline.iter().enumerate() {
        let x = rect.left() + rect.width() * index as f32 / last;
        let y = rect.bottom() - rect.height() * along(*value, range);
        mesh.colored_vertex(pos2(x, zero), colour);
        mesh.colored_vertex(pos2(x, if y > zero { y } else { y.min(zero - 1.0) }), colour);
    }
    for index in 1..outline.len() as u32 {
        let (a, b) = (2 * index - 2, 2 * index);
        mesh.add_triangle(a, a + 1, b);
        mesh.add_triangle(a + 1, b, b + 1);
    }
    egui::Shape::mesh(mesh)
}
