//! Pan and zoom of a pane: fits its contents until the user moves it.

use eframe::egui;
use egui::{Pos2, Rect, Response, Ui, emath::TSTransform};

use crate::desktop::ui::theme::size;

/// How far in one can go, in points a world unit.
const CLOSEST: f32 = 24.0;
/// How far out, as a share of the fitting zoom.
const FURTHEST: f32 = 0.5;
/// The share of the least zoom at which contents that are seen whole are large enough.
const NEARLY: f32 = 0.9;
/// Height of the scroll bar, which is in the gap below the pane: nothing moves when it comes.
const BAR: f32 = size::GAP;
/// One press of + or −.
const STEP: f32 = 1.25;

/// How contents are shown as long as the user has not moved them.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    /// Small contents are not blown up beyond this.
    pub closest: f32,
    /// What is wide is not made smaller than this: it starts at the left and is scrolled sideways.
    pub least: f32,
}

impl Fit {
    /// The zoom at which everything is seen.
    fn whole(self, world: Rect, pane: Rect) -> f32 {
        let across = pane.width() / world.width().max(1.0);
        across.min(pane.height() / world.height().max(1.0)).clamp(0.01, self.closest)
    }

    /// The zoom at first.
    fn zoom(self, world: Rect, pane: Rect) -> f32 {
        let down = pane.height() / world.height().max(1.0);
        let whole = self.whole(world, pane);
        // What nearly fits is better seen whole than read a little larger.
        if whole > NEARLY * self.least { whole } else { self.least.min(down).max(whole) }
    }

    /// The world point in the middle of the pane at first.
    fn middle(self, world: Rect, pane: Rect) -> Pos2 {
        let reach = pane.width() / self.zoom(world, pane);
        let across = world.center().x.min(world.left() + reach / 2.0);
        Pos2::new(if reach < world.width() { across } else { world.center().x }, world.center().y)
    }
}

/// Where a pane looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Camera {
    /// What the user chose: zoom, and the world point in the middle of the pane. `None` fits.
    chosen: Option<(f32, Pos2)>,
}

impl Camera {
    /// From world to screen.
    #[must_use]
    pub fn transform(&self, world: Rect, pane: Rect, fit: Fit) -> TSTransform {
        let (zoom, middle) = self.chosen.unwrap_or_else(|| (fit.zoom(world, pane), fit.middle(world, pane)));
        TSTransform::new(pane.center() - middle.to_vec2() * zoom - Pos2::ZERO, zoom)
    }

    /// Fits again.
    pub fn reset(&mut self) {
        self.chosen = None;
    }

    /// Shows a part of the world as large as it goes, with room around it.
    pub fn enter(&mut self, part: Rect, pane: Rect) {
        let zoom = Fit { closest: CLOSEST, least: 0.0 }.whole(part.expand2(part.size() * 0.12), pane);
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
    pub fn step(&mut self, inwards: bool, world: Rect, pane: Rect, fit: Fit) {
        let factor = if inwards { STEP } else { STEP.recip() };
        self.zoom_at(pane.center(), factor, world, pane, fit);
    }

    /// Drag pans, the wheel and pinching zoom around the pointer.
    pub fn follow(&mut self, ui: &Ui, response: &Response, world: Rect, pane: Rect, fit: Fit) {
        if response.dragged() {
            self.pan(response.drag_delta(), world, pane, fit);
        }
        let Some(pointer) = ui.ctx().pointer_hover_pos().filter(|_| response.contains_pointer()) else { return };
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
        let factor = pinch * (scroll.y / 240.0).exp();
        if (factor - 1.0).abs() > 1e-4 {
            self.zoom_at(pointer, factor, world, pane, fit);
        }
        if scroll.x != 0.0 {
            self.pan(egui::vec2(scroll.x, 0.0), world, pane, fit);
        }
    }

    /// A bar below the pane where the contents reach past it to the side.
    pub fn scroll_bar(&mut self, ui: &Ui, world: Rect, pane: Rect, fit: Fit) {
        let view = self.transform(world, pane, fit);
        let seen = view.inverse() * pane;
        let share = |x: f32| ((x - world.left()) / world.width().max(1.0)).clamp(0.0, 1.0);
        let (from, to) = (share(seen.left()), share(seen.right()));
        if to - from > 0.995 {
            return;
        }
        let track = Rect::from_x_y_ranges(pane.x_range(), pane.bottom()..=pane.bottom() + BAR);
        let at = |share: f32| track.left() + track.width() * share;
        let thumb = Rect::from_x_y_ranges(at(from)..=at(to), track.y_range());
        let response = ui.interact(thumb, ui.scope_id().with("scroll sideways"), egui::Sense::drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ScrollBar, true, "Scroll sideways"));
        if response.dragged() {
            let across = -response.drag_delta().x * world.width() / track.width() * view.scaling;
            self.pan(egui::vec2(across, 0.0), world, pane, fit);
        }
        let style = ui.style().interact(&response);
        // Thin until the pointer is at it.
        let inset = if response.hovered() || response.dragged() { 1.0 } else { BAR / 3.0 };
        let shown = thumb.shrink2(egui::vec2(1.0, inset));
        ui.painter().rect_filled(shown, BAR / 2.0, style.fg_stroke.color.gamma_multiply(0.5));
    }

    fn pan(&mut self, delta: egui::Vec2, world: Rect, pane: Rect, fit: Fit) {
        let now = self.transform(world, pane, fit);
        let middle = now.inverse() * (pane.center() - delta);
        self.chosen = Some((now.scaling, world.clamp(middle)));
    }

    fn zoom_at(&mut self, anchor: Pos2, factor: f32, world: Rect, pane: Rect, fit: Fit) {
        let now = self.transform(world, pane, fit);
        let zoom = (now.scaling * factor).clamp(fit.whole(world, pane) * FURTHEST, CLOSEST);
        let held = now.inverse() * anchor;
        let middle = held + (pane.center() - anchor) / zoom;
        self.chosen = Some((zoom, world.clamp(middle)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};

    const FIT: Fit = Fit { closest: 2.0, least: 0.0 };

    #[test]
    fn what_is_wide_stays_readable_and_starts_at_the_left() {
        let world = Rect::from_min_size(pos2(-50.0, -20.0), vec2(3000.0, 200.0));
        let pane = Rect::from_min_size(pos2(10.0, 40.0), vec2(600.0, 400.0));
        let fit = Fit { closest: 1.2, least: 0.9 };
        let view = Camera::default().transform(world, pane, fit);
        assert!((view.scaling - 0.9).abs() < 1e-6);
        assert!(((view * world).left() - pane.left()).abs() < 0.01, "{:?}", view * world);
        let mut camera = Camera::default();
        camera.pan(vec2(-1e6, 0.0), world, pane, fit);
        assert!((camera.transform(world, pane, fit) * world).right() >= pane.left());
        let small = Rect::from_min_size(pos2(0.0, 0.0), vec2(300.0, 200.0));
        assert!(pane.contains_rect(Camera::default().transform(small, pane, fit) * small));
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer_and_reset_fits_again() {
        let world = Rect::from_min_size(pos2(-50.0, -20.0), vec2(800.0, 300.0));
        let pane = Rect::from_min_size(pos2(10.0, 40.0), vec2(600.0, 400.0));
        let mut camera = Camera::default();
        let fitted = camera.transform(world, pane, FIT);
        assert!(pane.expand(0.1).contains_rect(fitted * world));
        let anchor = pos2(200.0, 210.0);
        let held = fitted.inverse() * anchor;
        camera.zoom_at(anchor, 3.0, world, pane, FIT);
        let zoomed = camera.transform(world, pane, FIT);
        assert!((zoomed * held - anchor).length() < 0.01);
        assert!((zoomed.scaling / fitted.scaling - 3.0).abs() < 1e-4);
        let part = Rect::from_min_size(pos2(700.0, 100.0), vec2(20.0, 30.0));
        camera.reveal(part, pane);
        assert!(pane.expand(0.1).contains_rect(camera.transform(world, pane, FIT) * part));
        camera.reset();
        assert_eq!(camera.transform(world, pane, FIT), fitted);
    }
}
