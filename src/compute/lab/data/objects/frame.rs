//! Where a figure lies in the picture, and angles without the platform's sine.

/// The direction at a share of a full turn, `[cos, sin]`: Taylor's series, good to 4·10⁻⁶ and alike everywhere.
pub fn direction(turn: f32) -> [f32; 2] {
    let quarters = (turn - turn.floor()) * 4.0;
    let quarter = quarters as usize;
    let share = quarters - quarter as f32;
    let (sine, cosine) = (quarter_sine(share), quarter_sine(1.0 - share));
    match quarter {
        0 => [cosine, sine],
        1 => [-sine, cosine],
        2 => [-cosine, -sine],
        _ => [sine, -cosine],
    }
}

/// The sine of a share of a quarter turn.
fn quarter_sine(share: f32) -> f32 {
    let x = share * std::f32::consts::FRAC_PI_2;
    let s = x * x;
    x * (1.0 - s / 6.0 * (1.0 - s / 20.0 * (1.0 - s / 42.0 * (1.0 - s / 72.0))))
}

/// An affine view of the picture: where a figure's own coordinates lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// The figure's origin, in pixels.
    pub centre: [f32; 2],
    /// From pixels relative to the centre to the figure's coordinates, row by row.
    pub inward: [[f32; 2]; 2],
    /// Pixels of one unit of the figure's coordinates: the square root of how areas grow.
    pub scale: f32,
    /// The most pixels of one unit, in any direction.
    pub stretch: f32,
}

/// How a figure is put into the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// Pixels.
    pub centre: [f32; 2],
    /// Pixels of one unit.
    pub scale: f32,
    /// A share of a full turn.
    pub turn: f32,
    /// Longer along the figure's first axis, shorter along its second, areas kept; 1 is neither.
    pub aspect: f32,
    /// How far the first axis leans with the second.
    pub shear: f32,
}

impl Pose {
    /// The figure's frame: stretched, then sheared, then turned.
    pub fn frame(self) -> Frame {
        let [cos, sin] = direction(self.turn);
        let longer = self.aspect.sqrt();
        // Pixels turned back are (u, v); v is one stretched axis, u − shear·v the other.
        let (along, across) = (1.0 / (self.scale * longer), longer / self.scale);
        let inward =
            [[along * (cos + self.shear * sin), along * (sin - self.shear * cos)], [-across * sin, across * cos]];
        let stretch = self.scale * longer.max(1.0 / longer) * (1.0 + self.shear.abs());
        Frame { centre: self.centre, inward, scale: self.scale, stretch }
    }
}

impl Frame {
    /// The figure's coordinates of the pixel centre at column `x` of a row, and how they grow with `x`.
    pub fn row(&self, y: usize) -> Row {
        let (dx, dy) = (0.5 - self.centre[0], y as f32 + 0.5 - self.centre[1]);
        let [[a, b], [c, d]] = self.inward;
        Row { u: a * dx + b * dy, v: c * dx + d * dy, step: [a, c] }
    }
}

/// A row of pixels in a figure's coordinates.
#[derive(Clone, Copy)]
pub struct Row {
    u: f32,
    v: f32,
    step: [f32; 2],
}

impl Row {
    /// The figure's coordinates at a column.
    pub fn at(self, x: usize) -> [f32; 2] {
        [self.u + self.step[0] * x as f32, self.v + self.step[1] * x as f32]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_sines() {
        for step in -400..800 {
            let turn = step as f32 / 400.0;
            let [cos, sin] = direction(turn);
            let angle = f64::from(turn) * std::f64::consts::TAU;
            assert!((f64::from(cos) - angle.cos()).abs() < 5e-6 && (f64::from(sin) - angle.sin()).abs() < 5e-6);
        }
    }

    #[test]
    fn a_frame_keeps_areas() {
        let pose = Pose { centre: [20.0, 30.0], scale: 7.0, turn: 0.13, aspect: 1.3, shear: 0.2 };
        let [[a, b], [c, d]] = pose.frame().inward;
        assert!((a * d - b * c - 1.0 / 49.0).abs() < 1e-5);
        let upright = Pose { turn: 0.0, aspect: 1.0, shear: 0.0, ..pose }.frame();
        let [u, v] = upright.row(30).at(27);
        assert!((u - 7.5 / 7.0).abs() < 1e-5 && (v - 0.5 / 7.0).abs() < 1e-5);
    }
}
