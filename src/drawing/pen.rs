//! Puts marks into a scene, in the drawing's own units.

use emath::{Align2, Pos2, Rect};

use super::ink::Ink;
use super::scene::{Edge, Lettering, Line, Mark, Scene, Side, Waiting};
use crate::network::graph::GateKind;

/// How long the dashes of a reshaped shortcut are, and what is between them, in points.
const DASH: [f32; 2] = [5.0, 4.0];

/// From where a drawing is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// Points a unit of the drawing.
    pub scale: f32,
    /// What of the drawing is in sight.
    pub window: Rect,
}

impl Sight {
    /// All of it, in its own size.
    pub const WHOLE: Self = Self { scale: 1.0, window: Rect::EVERYTHING };
}

/// Draws.
pub struct Pen {
    sight: Sight,
    marks: Vec<Mark>,
}

impl Pen {
    /// A pen for a drawing that is looked at from here.
    #[must_use]
    pub fn new(sight: Sight) -> Self {
        Self { sight, marks: Vec::new() }
    }

    /// What has been drawn.
    #[must_use]
    pub fn finish(self, bounds: Rect) -> Scene {
        Scene { bounds, marks: self.marks }
    }

    /// Points a unit of the drawing.
    #[must_use]
    pub fn scale(&self) -> f32 {
        self.sight.scale
    }

    /// What is in sight.
    #[must_use]
    pub fn window(&self) -> Rect {
        self.sight.window
    }

    /// Is a part of it to be seen?
    #[must_use]
    pub fn sees(&self, rect: Rect) -> bool {
        self.sight.window.intersects(rect)
    }

    /// A filled box with rounded corners.
    pub fn filled(&mut self, rect: Rect, corner: f32, fill: impl Into<Ink>) {
        self.marks.push(Mark::Area { rect, corner, fill: Some(fill.into()), edge: None, clip: None });
    }

    /// The same, of which only what lies in `clip` is seen.
    pub fn filled_within(&mut self, rect: Rect, corner: f32, fill: impl Into<Ink>, clip: Rect) {
        self.marks.push(Mark::Area { rect, corner, fill: Some(fill.into()), edge: None, clip: Some(clip) });
    }

    /// A box's outline.
    pub fn outlined(&mut self, rect: Rect, corner: f32, line: Line, side: Side) {
        self.marks.push(Mark::Area { rect, corner, fill: None, edge: Some(Edge { line, side }), clip: None });
    }

    /// A circle.
    pub fn circle(&mut self, center: Pos2, radius: f32, fill: impl Into<Ink>, line: Option<Line>) {
        self.marks.push(Mark::Circle { center, radius, fill: fill.into(), line });
    }

    /// A convex polygon.
    pub fn polygon(&mut self, points: Vec<Pos2>, fill: Option<Ink>, line: Option<Line>) {
        self.marks.push(Mark::Polygon { points, fill, line });
    }

    /// A line through these points.
    pub fn line(&mut self, points: &[Pos2], line: Line) {
        self.marks.push(Mark::Path { points: points.to_vec(), line, dash: None });
    }

    /// A dashed one.
    pub fn dashed(&mut self, points: &[Pos2], line: Line) {
        self.dashed_by(points, line, DASH);
    }

    /// A dashed one with dashes and gaps of these lengths, in points.
    pub fn dashed_by(&mut self, points: &[Pos2], line: Line, dash: [f32; 2]) {
        self.marks.push(Mark::Path { points: points.to_vec(), line, dash: Some(dash) });
    }

    /// A line that is as thick as what it carries.
    pub fn band(&mut self, points: &[Pos2], height: f32, fill: Ink) {
        self.marks.push(Mark::Band { points: points.to_vec(), height, fill });
    }

    /// One line of text.
    pub fn text(&mut self, at: Pos2, align: Align2, text: &str, style: Lettering, ink: impl Into<Ink>) {
        self.marks.push(Mark::Text { at, align, text: text.to_owned(), style, ink: ink.into() });
    }

    /// A gate's values.
    pub fn gate(&mut self, rect: Rect, gate: usize, kind: GateKind, ink: Ink, waiting: Waiting) {
        self.marks.push(Mark::Gate { rect, gate, kind, ink, waiting });
    }
}
