//! Pan and zoom of a pane: fits its contents until the user moves it.

use eframe::egui;
use egui::{Pos2, Rect, Response, Ui, emath::TSTransform};

/// How far in one can go, in points a world unit.
const CLOSEST: f32 = 24.0;
/// How far out, as a share of the fitting zoom.
const FURTHEST: f32 = 0.5;
/// One press of + or −.
const STEP: f32 = 1.25;

/// Where a pane looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Camera {
    /// What the user chose: zoom, and the world point in the middle of the pane. `None` fits.
    chosen: Option<(f32, Pos2)>,
}

impl Camera {
    /// From world to screen; `closest_fit` bounds the zoom of small contents.
    #[must_use]
    pub fn transform(&self, world: Rect, pane: Rect, closest_fit: f32) -> TSTransform {
        let (zoom, middle) = self.chosen.unwrap_or((fitting(world, pane, closest_fit), world.center()));
        TSTransform::new(pane.center() - middle.to_vec2() * zoom - Pos2::ZERO, zoom)
    }

    /// Fits again.
    pub fn reset(&mut self) {
        self.chosen = None;
    }

    /// Shows a part of the world as large as it goes, with room around it.
    pub fn enter(&mut self, part: Rect, pane: Rect) {
        let zoom = fitting(part.expand2(part.size() * 0.12), pane, CLOSEST);
        self.chosen = Some((zoom, part.center()));
    }

    /// Moves just enough that a part is seen; what fits already shows everything.
    pub fn reveal(&mut self, part: Rect, pane: Rect) {
        let Some((zoom, middle)) = &mut self.chosen else { return };
        let half = pane.size() / 2.0 / *zoom;
        let reach = |low: f32, high: f32, at: f32, half: f32| {
            if high - low > 2.0 * half { f32::midpoint(low, high) } else { at.clamp(high - half, low + half) }
        };
        middle.x = reach(part.left(), part.right(), middle.x, half.x);
        middle.y = reach(part.top(), part.bottom(), middle.y, half.y);
    }

    /// Zooms in (or out, `inwards` false) around the middle.
    pub fn step(&mut self, inwards: bool, world: Rect, pane: Rect, closest_fit: f32) {
        let factor = if inwards { STEP } else { STEP.recip() };
        self.zoom_at(pane.center(), factor, world, pane, closest_fit);
    }

    /// Drag pans, the wheel and pinching zoom around the pointer.
    pub fn follow(&mut self, ui: &Ui, response: &Response, world: Rect, pane: Rect, closest_fit: f32) {
        if response.dragged() {
            self.pan(response.drag_delta(), world, pane, closest_fit);
        }
        let Some(pointer) = ui.ctx().pointer_hover_pos().filter(|_| response.contains_pointer()) else { return };
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
        let factor = pinch * (scroll.y / 240.0).exp();
        if (factor - 1.0).abs() > 1e-4 {
            self.zoom_at(pointer, factor, world, pane, closest_fit);
        }
        if scroll.x != 0.0 {
            self.pan(egui::vec2(scroll.x, 0.0), world, pane, closest_fit);
        }
    }

    fn pan(&mut self, delta: egui::Vec2, world: Rect, pane: Rect, closest_fit: f32) {
        let now = self.transform(world, pane, closest_fit);
        let middle = now.inverse() * (pane.center() - delta);
        self.chosen = Some((now.scaling, world.clamp(middle)));
    }

    fn zoom_at(&mut self, anchor: Pos2, factor: f32, world: Rect, pane: Rect, closest_fit: f32) {
        let now = self.transform(world, pane, closest_fit);
        let zoom = (now.scaling * factor).clamp(fitting(world, pane, closest_fit) * FURTHEST, CLOSEST);
        let held = now.inverse() * anchor;
        let middle = held + (pane.center() - anchor) / zoom;
        self.chosen = Some((zoom, world.clamp(middle)));
    }
}

fn fitting(world: Rect, pane: Rect, closest: f32) -> f32 {
    let across = pane.width() / world.width().max(1.0);
    let down = pane.height() / world.height().max(1.0);
    across.min(down).clamp(0.01, closest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};

    #[test]
    fn zooming_keeps_the_point_under_the_pointer_and_reset_fits_again() {
        let world = Rect::from_min_size(pos2(-50.0, -20.0), vec2(800.0, 300.0));
        let pane = Rect::from_min_size(pos2(10.0, 40.0), vec2(600.0, 400.0));
        let mut camera = Camera::default();
        let fitted = camera.transform(world, pane, 2.0);
        assert!(pane.expand(0.1).contains_rect(fitted * world));
        let anchor = pos2(200.0, 210.0);
        let held = fitted.inverse() * anchor;
        camera.zoom_at(anchor, 3.0, world, pane, 2.0);
        let zoomed = camera.transform(world, pane, 2.0);
        assert!((zoomed * held - anchor).length() < 0.01);
        assert!((zoomed.scaling / fitted.scaling - 3.0).abs() < 1e-4);
        let part = Rect::from_min_size(pos2(700.0, 100.0), vec2(20.0, 30.0));
        camera.reveal(part, pane);
        assert!(pane.expand(0.1).contains_rect(camera.transform(world, pane, 2.0) * part));
        camera.reset();
        assert_eq!(camera.transform(world, pane, 2.0), fitted);
    }
}
