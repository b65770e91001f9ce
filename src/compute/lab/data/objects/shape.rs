//! The ten classes: outlines as signed distances, all of the same area, their centroids at the origin.

/// A class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Disc,
    Ring,
    Triangle,
    Square,
    Pentagon,
    Star,
    Cross,
    Crescent,
    Heart,
    Arrow,
}

/// Outward normals of a pentagon's sides (and of a pentagram's), from its first corner at a quarter turn: the
/// cosines and sines of 54°, 126°, 198°, 270° and 342°.
const FIVE: [[f32; 2]; 5] = [
    [0.587_785_25, 0.809_017],
    [-0.587_785_25, 0.809_017],
    [-0.951_056_5, -0.309_017],
    [0.0, -1.0],
    [0.951_056_5, -0.309_017],
];

impl Shape {
    /// Every class, by label.
    pub const ALL: [Self; 10] = [
        Self::Disc,
        Self::Ring,
        Self::Triangle,
        Self::Square,
        Self::Pentagon,
        Self::Star,
        Self::Cross,
        Self::Crescent,
        Self::Heart,
        Self::Arrow,
    ];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disc => "disc",
            Self::Ring => "ring",
            Self::Triangle => "triangle",
            Self::Square => "square",
            Self::Pentagon => "pentagon",
            Self::Star => "star",
            Self::Cross => "cross",
            Self::Crescent => "crescent",
            Self::Heart => "heart",
            Self::Arrow => "arrow",
        }
    }

    /// One over the length that the outline below must be divided by to enclose an area of 1.
    pub fn unit(self) -> f32 {
        let area: f32 = match self {
            Self::Disc => std::f32::consts::PI,
            Self::Ring => 2.084_761,
            Self::Triangle => 1.299_038,
            Self::Square => 4.0,
            Self::Pentagon => 2.377_641,
            Self::Star => 1.122_57,
            Self::Cross => 2.257_6,
            Self::Crescent => 1.561_2,
            Self::Heart => 1.785_398,
            Self::Arrow => 1.32,
        };
        area.sqrt()
    }

    /// How far the outline reaches from the origin at an area of 1.
    pub fn reach(self) -> f32 {
        let reach = match self {
            Self::Square => 1.414_3,
            Self::Cross => 1.057,
            Self::Crescent => 1.3,
            Self::Heart => 0.95,
            _ => 1.0,
        };
        reach / self.unit()
    }

    /// Distance to the outline, negative inside, in units of [`Shape::unit`]: exact at the outline, near enough by it.
    #[inline]
    pub fn distance(self, x: f32, y: f32) -> f32 {
        match self {
            Self::Disc => length(x, y) - 1.0,
            Self::Ring => (length(x, y) - 0.79).abs() - 0.21,
            Self::Triangle => (-y).max(0.866_025_4 * x.abs() + 0.5 * y) - 0.5,
            Self::Square => x.abs().max(y.abs()) - 1.0,
            Self::Pentagon => {
                side(0, x, y).max(side(1, x, y)).max(side(2, x, y)).max(side(3, x, y)).max(side(4, x, y)) - 0.809_017
            }
            Self::Star => second_side(x, y) - 0.309_017,
            Self::Cross => {
                let (x, y) = (x.abs(), y.abs());
                (x.max(y) - 1.0).max(x.min(y) - 0.34)
            }
            Self::Crescent => {
                let x = x - 0.380_7;
                (length(x, y) - 1.0).max(0.8 - length(x - 0.52, y))
            }
            Self::Heart => {
                let (x, y) = (x + 0.156_65, y + 0.156_65);
                (x.abs().max(y.abs()) - 0.5).min(length(x, y - 0.5) - 0.5).min(length(x - 0.5, y) - 0.5)
            }
            Self::Arrow => {
                let (x, y) = (x - 0.063_6, y.abs());
                let head = (-x).max(0.664_364 * x + 0.747_409 * y - 0.597_927);
                let shaft = (x - 0.3).max(-1.0 - x).max(y - 0.3);
                head.min(shaft)
            }
        }
    }
}

#[inline]
fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

#[inline]
fn side(index: usize, x: f32, y: f32) -> f32 {
    FIVE[index][0] * x + FIVE[index][1] * y
}

/// The second largest of the five distances: a pentagram is where at most one of its lines is passed.
#[inline]
fn second_side(x: f32, y: f32) -> f32 {
    let (mut first, mut second) = (f32::MIN, f32::MIN);
    for index in 0..5 {
        let distance = side(index, x, y);
        second = second.max(first.min(distance));
        first = first.max(distance);
    }
    second
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Area and centroid at an area of 1, by counting.
    fn measured(shape: Shape) -> (f32, f32, f32, f32) {
        const STEPS: usize = 600;
        let cell = 3.0 / STEPS as f32;
        let (mut count, mut sum, mut reach) = (0, [0.0, 0.0], 0.0_f32);
        for i in 0..STEPS * STEPS {
            let (x, y) = ((i % STEPS) as f32 * cell - 1.5, (i / STEPS) as f32 * cell - 1.5);
            let (x, y) = (x + cell / 2.0, y + cell / 2.0);
            if shape.distance(x * shape.unit(), y * shape.unit()) <= 0.0 {
                count += 1;
                sum = [sum[0] + x, sum[1] + y];
                reach = reach.max(length(x, y));
            }
        }
        let count = count as f32;
        (count * cell * cell, sum[0] / count, sum[1] / count, reach)
    }

    #[test]
    fn every_class_has_the_same_area_around_the_origin() {
        for shape in Shape::ALL {
            let (area, x, y, reach) = measured(shape);
            assert!((area - 1.0).abs() < 0.01, "{shape:?}: area {area}");
            assert!(x.abs() < 0.01 && y.abs() < 0.01, "{shape:?}: centroid {x} {y}");
            assert!(
                reach <= shape.reach() + 0.01 && reach > shape.reach() - 0.12,
                "{shape:?}: {reach} of {}",
                shape.reach()
            );
        }
    }
}
