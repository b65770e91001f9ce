//! What gates look like, made once an inspection: sorted profiles of channel gates, textures of spatial ones.

use std::collections::HashMap;
use std::sync::Arc;

use eframe::egui;
use egui::{Color32, ColorImage, Context, Mesh, Painter, Rect, TextureFilter, TextureHandle, TextureOptions, pos2};

use crate::compute::imaging::colour::viridis;
use crate::desktop::jobs::Inspection;
use crate::desktop::ui::widgets::sorted_descending;
use crate::network::graph::GateKind;

/// Points of a channel gate's profile.
const POINTS: usize = 48;
/// Small maps stay crisp when enlarged and smooth when reduced.
const MAP: TextureOptions = TextureOptions {
    magnification: TextureFilter::Nearest,
    minification: TextureFilter::Linear,
    wrap_mode: egui::TextureWrapMode::ClampToEdge,
    mipmap_mode: None,
};

/// The gates of one inspection, drawn small.
#[derive(Default)]
pub struct GateCache {
    inspection: Option<Arc<Inspection>>,
    profiles: HashMap<usize, Vec<f32>>,
    maps: HashMap<usize, TextureHandle>,
}

impl GateCache {
    /// Forgets what belongs to another inspection.
    pub fn follow(&mut self, inspection: Option<&Arc<Inspection>>) {
        let is_same = match (&self.inspection, inspection) {
            (Some(known), Some(now)) => Arc::ptr_eq(known, now),
            (known, now) => known.is_none() && now.is_none(),
        };
        if !is_same {
            *self = Self { inspection: inspection.cloned(), ..Self::default() };
        }
    }

    /// The inspection being shown.
    #[must_use]
    pub fn inspection(&self) -> Option<&Arc<Inspection>> {
        self.inspection.as_ref()
    }

    /// A channel gate's values from largest to smallest, thinned out.
    pub fn profile(&mut self, gate: usize) -> Option<&[f32]> {
        let values = &self.inspection.as_ref()?.run.gates.get(gate)?.values;
        Some(self.profiles.entry(gate).or_insert_with(|| thinned(&sorted_descending(values), POINTS)))
    }

    /// A spatial gate's map in viridis on the absolute scale, a texel a value.
    pub fn map(&mut self, ctx: &Context, gate: usize) -> Option<&TextureHandle> {
        let values = self.inspection.as_ref()?.run.gates.get(gate)?;
        let size = match values.shape.dims() {
            [height, width] => [*width, *height],
            _ => return None,
        };
        if size[0] * size[1] != values.values.len() {
            return None;
        }
        Some(self.maps.entry(gate).or_insert_with(|| {
            let pixels: Vec<u8> = values.values.iter().flat_map(|value| viridis(*value)).collect();
            ctx.load_texture(format!("gate {gate}"), ColorImage::from_rgb(size, &pixels), MAP)
        }))
    }

    /// Paints a gate's values into a rectangle; false while there is nothing to paint.
    pub fn paint(&mut self, painter: &Painter, rect: Rect, gate: usize, kind: GateKind, colour: Color32) -> bool {
        match kind {
            GateKind::Channel => match self.profile(gate) {
                Some(profile) => painter.add(area(rect, profile, colour)),
                None => return false,
            },
            GateKind::Spatial => match self.map(&painter.ctx().clone(), gate) {
                Some(map) => {
                    painter.image(map.id(), rect, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)), Color32::WHITE)
                }
                None => return false,
            },
        };
        true
    }
}

/// Every value where there are few, else `count` of them, evenly spaced with both ends.
fn thinned(values: &[f32], count: usize) -> Vec<f32> {
    if values.len() <= count {
        return values.to_vec();
    }
    (0..count).map(|index| values[index * (values.len() - 1) / (count - 1)]).collect()
}

/// The area under a profile on a 0..1 scale.
fn area(rect: Rect, profile: &[f32], colour: Color32) -> egui::Shape {
    let mut mesh = Mesh::default();
    let last = profile.len().saturating_sub(1).max(1) as f32;
    for (index, value) in profile.iter().enumerate() {
        let x = rect.left() + rect.width() * index as f32 / last;
        let value = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
        mesh.colored_vertex(pos2(x, rect.bottom()), colour);
        mesh.colored_vertex(pos2(x, rect.bottom() - (rect.height() * value).max(1.0)), colour);
    }
    for index in 1..profile.len() as u32 {
        let (a, b) = (2 * index - 2, 2 * index);
        mesh.add_triangle(a, a + 1, b);
        mesh.add_triangle(a + 1, b, b + 1);
    }
    egui::Shape::mesh(mesh)
}

#[cfg(test)]
mod tests {
    use super::thinned;

    #[test]
    fn thinning_keeps_both_ends_and_short_gates_whole() {
        let values: Vec<f32> = (0..2048).map(|index| 1.0 - index as f32 / 2047.0).collect();
        let kept = thinned(&values, 48);
        assert_eq!((kept.len(), kept[0], kept[47]), (48, 1.0, 0.0));
        assert_eq!(thinned(&values[..16], 48), &values[..16]);
    }
}
