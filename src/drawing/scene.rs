//! What a drawing is made of: marks in the order in which they are painted.
//!
//! Places are in the drawing's own units, y grows downwards. Widths of lines are in points of what it is painted on:
//! a line does not grow when one comes nearer. Letters say themselves how they grow.

use emath::{Align2, Pos2, Rect};

use super::ink::Ink;
use crate::network::graph::GateKind;

/// A drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Everything there is to see.
    pub bounds: Rect,
    /// The first is painted first.
    pub marks: Vec<Mark>,
}

/// A line's width, in points, and its colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Width in points.
    pub width: f32,
    /// Its colour.
    pub ink: Ink,
}

impl Line {
    /// A line.
    #[must_use]
    pub fn new(width: f32, ink: impl Into<Ink>) -> Self {
        Self { width, ink: ink.into() }
    }
}

/// On which side of a shape its outline lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Inside: the shape keeps its size.
    Inside,
    /// Around it.
    Outside,
}

/// A shape's outline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Its line.
    pub line: Line,
    /// Where it lies.
    pub side: Side,
}

/// The weight of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Text.
    Regular,
    /// What stands out.
    Semibold,
}

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lettering {
    /// Its size where the drawing has its own size, in points.
    pub points: f32,
    /// It does not become smaller than this by stepping back...
    pub smallest: f32,
    /// ...nor larger than this by coming near.
    pub largest: f32,
    /// Smaller than this it is left out.
    pub readable: f32,
    /// In half points only? A font's atlas holds few sizes, and zooming looks the same.
    pub halves: bool,
    /// Its weight.
    pub face: Face,
    /// It shrinks to be no wider than this, in the drawing's units.
    pub width: Option<f32>,
}

/// The size of a title and of running text, in points: letters grow no larger by coming near.
pub const TITLE: f32 = 16.0;
/// Running text.
pub const TEXT: f32 = 13.0;
/// Labels and captions.
pub const LABEL: f32 = 11.0;
/// How far the corners of frames are rounded.
pub const CORNER: f32 = 6.0;

impl Lettering {
    /// `points` large, up to a title's size when one comes near.
    #[must_use]
    pub fn new(points: f32) -> Self {
        Self { points, smallest: 0.0, largest: TITLE, readable: 7.0, halves: true, face: Face::Regular, width: None }
    }

    /// In the semibold face.
    #[must_use]
    pub fn semibold(self) -> Self {
        Self { face: Face::Semibold, ..self }
    }

    /// Never wider than this, in the drawing's units.
    #[must_use]
    pub fn within(self, width: f32) -> Self {
        Self { width: Some(width), ..self }
    }

    /// Keeps its size as long as it fits.
    #[must_use]
    pub fn steady(self) -> Self {
        Self { smallest: self.points, largest: TEXT, ..self }
    }

    /// In any size: for what is not zoomed.
    #[must_use]
    pub fn in_any_size(self) -> Self {
        Self { halves: false, ..self }
    }

    /// Left out where it would be smaller than this.
    #[must_use]
    pub fn readable_from(self, points: f32) -> Self {
        Self { readable: points, ..self }
    }

    /// The size in points at a zoom, and the room it has; the painter makes it smaller until it fits.
    #[must_use]
    pub fn at(&self, scale: f32) -> (f32, f32) {
        let points = (self.points * scale).clamp(self.smallest.min(self.largest), self.largest);
        (points, self.width.map_or(f32::INFINITY, |width| width * scale))
    }

    /// The largest size at which a text has room, by what it is wide at a size; `None` where nobody could read it.
    #[must_use]
    pub fn fitted(&self, scale: f32, mut width_at: impl FnMut(f32) -> f32) -> Option<f32> {
        let (mut points, room) = self.at(scale);
        for _ in 0..3 {
            points = if self.halves { (points * 2.0).floor() / 2.0 } else { points };
            if points < self.readable {
                return None;
            }
            let width = width_at(points);
            if width <= room + 0.5 {
                return Some(points);
            }
            points = (points * room / width).min(points - 0.5);
        }
        None
    }
}

/// A gate's values as they are painted small.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// The outline of sorted values.
    Outline {
        /// Heights from left to right, as shares of the room.
        heights: Vec<f32>,
        /// The height of zero.
        zero: f32,
    },
    /// Stacked bars: by bar, then by path, shares that sum to 1.
    Shares(Vec<Vec<f32>>),
    /// A map in colours, a pixel a position, as a PNG file.
    Map {
        /// The file's bytes.
        png: Vec<u8>,
    },
}

/// What is painted where a gate's values are not known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Waiting {
    /// A bar at the foot.
    Bar(Ink),
    /// An outline.
    Outline(f32, Line),
}

impl Waiting {
    /// What it is in a gate's place: a rectangle, how far its corners are rounded, its filling and its outline.
    #[must_use]
    pub fn in_place(self, rect: Rect) -> (Rect, f32, Option<Ink>, Option<Edge>) {
        match self {
            Self::Bar(ink) => {
                let foot = Rect::from_min_max(Pos2::new(rect.left(), rect.bottom() - 3.0), rect.max);
                (foot, 1.5, Some(ink), None)
            }
            Self::Outline(corner, line) => (rect, corner, None, Some(Edge { line, side: Side::Inside })),
        }
    }
}

/// How far a corner is rounded in points: it grows with what it rounds, but not much beyond a frame's.
#[must_use]
pub fn corner_at(scale: f32, rect: Rect, corner: f32) -> f32 {
    let largest = rect.size().min_elem() * scale / 2.0;
    (corner * scale).min(largest).min(corner.max(2.0 * CORNER))
}

/// One mark.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A rectangle.
    Area {
        /// Where.
        rect: Rect,
        /// How far its corners are rounded, in the drawing's units.
        corner: f32,
        /// What it is filled with.
        fill: Option<Ink>,
        /// Its outline.
        edge: Option<Edge>,
        /// Only what lies in here is seen.
        clip: Option<Rect>,
    },
    /// A circle.
    Circle {
        /// Its middle.
        center: Pos2,
        /// Its radius, in the drawing's units.
        radius: f32,
        /// What it is filled with.
        fill: Ink,
        /// Its outline, on the middle of the circle's line.
        line: Option<Line>,
    },
    /// A convex polygon.
    Polygon {
        /// Its corners.
        points: Vec<Pos2>,
        /// What it is filled with.
        fill: Option<Ink>,
        /// Its outline.
        line: Option<Line>,
    },
    /// A line through points.
    Path {
        /// Its points.
        points: Vec<Pos2>,
        /// How it is drawn.
        line: Line,
        /// Lengths of dashes and gaps, in points.
        dash: Option<[f32; 2]>,
    },
    /// A line as thick as what it carries.
    Band {
        /// Its middle.
        points: Vec<Pos2>,
        /// Its height, in the drawing's units.
        height: f32,
        /// What it is filled with.
        fill: Ink,
    },
    /// One line of text.
    Text {
        /// Its anchor.
        at: Pos2,
        /// On which side of the anchor it stands.
        align: Align2,
        /// What it says.
        text: String,
        /// How it is set.
        style: Lettering,
        /// Its colour.
        ink: Ink,
    },
    /// The values of a gate, or what stands for them as long as they are not known.
    Gate {
        /// Where.
        rect: Rect,
        /// The gate's index in its graph.
        gate: usize,
        /// What kind it is.
        kind: GateKind,
        /// Its colour.
        ink: Ink,
        /// What is painted instead of values.
        waiting: Waiting,
    },
}
