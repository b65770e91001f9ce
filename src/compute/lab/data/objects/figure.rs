//! What is drawn: whole shapes, and the fragments that clutter is made of, none of which is a whole shape.

use super::SIDE;
use super::frame::{Frame, direction};
use super::shape::Shape;
use crate::compute::random::SplitMix64;

/// An outline. Whole and half shapes have an area of 1 (and ½) in their own coordinates, the rest is in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// A class.
    Whole(Shape),
    /// A class without the half on one side of its axis.
    Half(Shape, [f32; 2]),
    /// A straight piece: half its length, half its width.
    Bar([f32; 2]),
    /// Two straight pieces that meet: length, half the width, the direction of the second.
    Bend { length: f32, width: f32, towards: [f32; 2] },
    /// A piece of a ring: the middle radius, half the width, the normals of the two cuts.
    Arc { radius: f32, width: f32, cuts: [[f32; 2]; 2] },
    /// What two circles share: their radius, half the distance of their centres.
    Almond { radius: f32, offset: f32 },
}

/// Classes whose half is no other class, with the normal of their axis: half a square is a triangle or a rectangle,
/// half a triangle a triangle, half a pentagon nearly a square.
const HALVES: [(Shape, [f32; 2]); 7] = [
    (Shape::Disc, [0.0, 1.0]),
    (Shape::Ring, [0.0, 1.0]),
    (Shape::Star, [1.0, 0.0]),
    (Shape::Cross, [1.0, 0.0]),
    (Shape::Crescent, [0.0, 1.0]),
    (Shape::Heart, [std::f32::consts::FRAC_1_SQRT_2, -std::f32::consts::FRAC_1_SQRT_2]),
    (Shape::Arrow, [0.0, 1.0]),
];

impl Figure {
    /// A fragment.
    pub fn fragment(random: &mut SplitMix64) -> Self {
        match random.below(8) {
            0 | 1 => {
                let (shape, axis) = HALVES[random.below(HALVES.len())];
                let side = if random.chance(0.5) { 1.0 } else { -1.0 };
                Self::Half(shape, axis.map(|part| part * side))
            }
            2 | 3 => Self::straight(random),
            4 | 5 => {
                let towards = direction(random.between(0.15, 0.42) * if random.chance(0.5) { 1.0 } else { -1.0 });
                Self::Bend { length: random.between(7.0, 16.0), width: random.between(1.0, 2.6), towards }
            }
            6 => {
                let (radius, width) = (random.between(6.0, 14.0), random.between(1.0, 2.8));
                // The piece lies around the first axis, between the two cuts; never half the ring or more.
                let [cos, sin] = direction(random.between(0.08, 0.22));
                Self::Arc { radius, width, cuts: [[-sin, cos], [-sin, -cos]] }
            }
            _ => Self::Almond { radius: random.between(5.0, 9.0), offset: random.between(2.0, 3.5) },
        }
    }

    /// A straight fragment.
    pub fn straight(random: &mut SplitMix64) -> Self {
        Self::Bar([random.between(5.0, 15.0), random.between(1.0, 2.6)])
    }

    /// Is the figure's unit a pixel?
    pub fn in_pixels(self) -> bool {
        !matches!(self, Self::Whole(_) | Self::Half(..))
    }

    /// How far it reaches from its origin, in its own unit.
    pub fn reach(self) -> f32 {
        match self {
            Self::Whole(shape) | Self::Half(shape, _) => shape.reach(),
            Self::Bar([length, width]) => length + width,
            Self::Bend { length, width, .. } => length + width,
            Self::Arc { radius, width, .. } => radius + width,
            Self::Almond { radius, .. } => radius,
        }
    }

    /// Writes the coverage (0..1) of the pixels of row `y` from column `start` on; true if there is any.
    pub fn cover(self, frame: &Frame, y: usize, start: usize, to: &mut [f32]) -> bool {
        match self {
            Self::Whole(shape) => shape_row(shape, None, frame, y, start, to),
            Self::Half(shape, cut) => shape_row(shape, Some(cut), frame, y, start, to),
            Self::Bar([length, width]) => {
                row(frame, y, start, to, |x, y| (x.abs() - length).max(y.abs() - width) * frame.scale)
            }
            Self::Bend { length, width, towards: [cos, sin] } => row(frame, y, start, to, |x, y| {
                let leg = |x: f32, y: f32| (x - length).max(-width - x).max(y.abs() - width);
                leg(x, y).min(leg(x * cos + y * sin, y * cos - x * sin)) * frame.scale
            }),
            Self::Arc { radius, width, cuts: [a, b] } => row(frame, y, start, to, |x, y| {
                let band = ((x * x + y * y).sqrt() - radius).abs() - width;
                band.max(x * a[0] + y * a[1]).max(x * b[0] + y * b[1]) * frame.scale
            }),
            Self::Almond { radius, offset } => row(frame, y, start, to, |x, y| {
                let y = y.abs() + offset;
                ((x * x + y * y).sqrt() - radius) * frame.scale
            }),
        }
    }
}

/// One loop a class, each compiled for its outline.
fn shape_row(shape: Shape, cut: Option<[f32; 2]>, frame: &Frame, y: usize, start: usize, to: &mut [f32]) -> bool {
    let unit = shape.unit();
    let pixels = frame.scale / unit;
    let cut = cut.unwrap_or([0.0, 0.0]);
    macro_rules! of {
        ($shape:expr) => {
            row(frame, y, start, to, |x, y| {
                let (x, y) = (x * unit, y * unit);
                $shape.distance(x, y).max(x * cut[0] + y * cut[1] - f32::from(cut == [0.0, 0.0])) * pixels
            })
        };
    }
    match shape {
        Shape::Disc => of!(Shape::Disc),
        Shape::Ring => of!(Shape::Ring),
        Shape::Triangle => of!(Shape::Triangle),
        Shape::Square => of!(Shape::Square),
        Shape::Pentagon => of!(Shape::Pentagon),
        Shape::Star => of!(Shape::Star),
        Shape::Cross => of!(Shape::Cross),
        Shape::Crescent => of!(Shape::Crescent),
        Shape::Heart => of!(Shape::Heart),
        Shape::Arrow => of!(Shape::Arrow),
    }
}

/// From distances in pixels to coverage: a pixel wide ramp at the outline.
#[inline]
fn row(frame: &Frame, y: usize, start: usize, to: &mut [f32], distance: impl Fn(f32, f32) -> f32) -> bool {
    debug_assert!(start + to.len() <= SIDE, "a row ends at the picture's edge");
    let along = frame.row(y);
    let mut most = 0.0_f32;
    for (x, to) in to.iter_mut().enumerate() {
        let [u, v] = along.at(start + x);
        *to = (0.5 - distance(u, v)).clamp(0.0, 1.0);
        most = most.max(*to);
    }
    most > 0.0
}
