//! Draws world coordinates on the screen: text is laid out at its screen size, so it stays sharp at any zoom.

use eframe::egui;
use egui::emath::TSTransform;
use egui::{
    Align2, Color32, FontFamily, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, epaint::CubicBezierShape,
};

use crate::desktop::ui::theme::{Palette, size};

/// Smaller text is not drawn.
const SMALLEST: f32 = 7.0;

/// A painter with a camera.
pub struct Pen<'a> {
    /// Where to draw, clipped to the pane.
    pub painter: &'a Painter,
    /// From world to screen.
    pub view: TSTransform,
    /// The theme's colours.
    pub colours: &'a Palette,
}

impl Pen<'_> {
    /// From world to screen.
    pub fn rect(&self, world: Rect) -> Rect {
        self.view * world
    }

    /// From world to screen.
    pub fn pos(&self, world: Pos2) -> Pos2 {
        self.view * world
    }

    /// Is a part of it to be seen?
    pub fn sees(&self, world: Rect) -> bool {
        self.painter.clip_rect().intersects(self.rect(world))
    }

    /// A filled box with rounded corners, `corner` in world units.
    pub fn filled(&self, world: Rect, corner: f32, fill: Color32) {
        self.painter.rect_filled(self.rect(world), self.corner(world, corner), fill);
    }

    /// A box's outline.
    pub fn outlined(&self, world: Rect, corner: f32, stroke: Stroke, kind: StrokeKind) {
        self.painter.rect_stroke(self.rect(world), self.corner(world, corner), stroke, kind);
    }

    fn corner(&self, world: Rect, corner: f32) -> f32 {
        let largest = world.size().min_elem() * self.view.scaling / 2.0;
        (corner * self.view.scaling).min(largest).min(f32::from(size::BOX_CORNER) * 2.0)
    }

    /// A line through these points.
    pub fn line(&self, points: &[Pos2], stroke: Stroke) {
        self.painter.line(points.iter().map(|point| self.pos(*point)).collect(), stroke);
    }

    /// Straight and curved pieces joined; each curve is two control points and its end.
    pub fn path(&self, points: &[Pos2], stroke: Stroke, is_dashed: bool) {
        let points: Vec<Pos2> = points.iter().map(|point| self.pos(*point)).collect();
        if is_dashed {
            self.painter.extend(Shape::dashed_line(&points, stroke, 5.0, 4.0));
        } else {
            self.painter.line(points, stroke);
        }
    }

    /// One line of text in `family`, `points` large at zoom 1 and never larger than `largest` on the screen. It
    /// shrinks to fit `width` (world units) and is left out where it would be unreadable.
    pub fn text(&self, at: Pos2, align: Align2, text: &str, style: &Lettering, colour: Color32) {
        let mut points = (style.points * self.view.scaling).clamp(style.smallest.min(style.largest), style.largest);
        let at = self.pos(at);
        for _ in 0..3 {
            // Half points: the glyph atlas holds few sizes and zooming looks the same.
            points = (points * 2.0).floor() / 2.0;
            if points < SMALLEST {
                return;
            }
            let font = FontId::new(points, style.family.clone());
            let galley = self.painter.layout_no_wrap(text.to_owned(), font, colour);
            let room = style.width.map_or(f32::INFINITY, |width| width * self.view.scaling);
            if galley.size().x <= room + 0.5 {
                let rect = align.anchor_size(at, galley.size());
                self.painter.galley(rect.min, galley, colour);
                return;
            }
            points = (points * room / galley.size().x).min(points - 0.5);
        }
    }
}

/// How a text is set.
#[derive(Clone, Debug)]
pub struct Lettering {
    points: f32,
    smallest: f32,
    largest: f32,
    family: FontFamily,
    width: Option<f32>,
}

impl Lettering {
    /// `points` large at zoom 1, up to a title's size when zoomed in.
    pub fn new(points: f32) -> Self {
        Self { points, smallest: 0.0, largest: size::TITLE, family: FontFamily::Proportional, width: None }
    }

    /// In the semibold face.
    pub fn semibold(self) -> Self {
        Self { family: FontFamily::Name("semibold".into()), ..self }
    }

    /// Never wider than this, in world units.
    pub fn within(self, width: f32) -> Self {
        Self { width: Some(width), ..self }
    }

    /// Keeps its size on the screen as long as it fits.
    pub fn steady(self) -> Self {
        Self { smallest: self.points, largest: size::TEXT, ..self }
    }
}

/// Points along a cubic curve.
pub fn curve(from: Pos2, a: Pos2, b: Pos2, to: Pos2) -> Vec<Pos2> {
    let bezier = CubicBezierShape::from_points_stroke([from, a, b, to], false, Color32::TRANSPARENT, Stroke::NONE);
    (0..=16).map(|step| bezier.sample(step as f32 / 16.0)).collect()
}
