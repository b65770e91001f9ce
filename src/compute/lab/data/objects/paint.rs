//! Colours and textures: the same ones for objects and for what clutters the view.

use super::SIDE;
use super::frame::direction;
use crate::compute::random::SplitMix64;

/// Red, green, blue, on a 0..1 scale.
pub type Colour = [f32; 3];

/// Two colours and how they are spread.
#[derive(Clone, Debug)]
pub struct Paint {
    pub colours: [Colour; 2],
    pub pattern: Pattern,
}

/// How much of the second colour there is at a place.
#[derive(Clone, Debug)]
pub enum Pattern {
    Flat,
    /// Along a direction (in turns of a period), softly stepped.
    Stripes(Wave),
    Checks(Wave, Wave),
    /// Round spots on a lattice; the radius in lattice steps.
    Dots(Wave, Wave, f32),
    Noise(Box<Lattice>),
    /// From `offset` on, this much a pixel.
    Gradient {
        slope: [f32; 2],
        offset: f32,
    },
    /// Up to eight regions between three lines, each with its own share.
    Patches {
        lines: [[f32; 3]; 3],
        shares: [f32; 8],
    },
}

/// A repetition along a direction.
#[derive(Clone, Copy, Debug)]
pub struct Wave {
    /// Periods a pixel.
    step: [f32; 2],
    /// Large enough to keep everything in the picture above 0.
    offset: f32,
    /// How sudden the change is.
    sharpness: f32,
}

/// Value noise: random values at the corners of cells, blended smoothly between; two layers.
#[derive(Clone, Debug)]
pub struct Lattice {
    values: [u8; LATTICE * LATTICE],
    /// Cells a pixel.
    step: f32,
}

const LATTICE: usize = 32;

/// How coarse a pattern is, in pixels of a period.
#[derive(Clone, Copy)]
pub struct Coarseness {
    pub period: [f32; 2],
    /// Also patches: only where there is room for them.
    pub patches: bool,
}

impl Pattern {
    /// Any pattern; `centre` is what a gradient turns about, `extent` how many pixels it spans.
    pub fn draw(random: &mut SplitMix64, coarseness: Coarseness, centre: [f32; 2], extent: f32) -> Self {
        let period = random.between(coarseness.period[0], coarseness.period[1]);
        let turn = random.unit();
        match random.below(if coarseness.patches { 7 } else { 6 }) {
            0 => Self::Flat,
            1 => Self::Stripes(Wave::new(random, period, turn)),
            2 => Self::Checks(Wave::new(random, period, turn), Wave::new(random, period, turn + 0.25)),
            3 => {
                let radius = random.between(0.24, 0.4);
                Self::Dots(Wave::new(random, period, turn), Wave::new(random, period, turn + 0.25), radius)
            }
            4 => Self::Noise(Box::new(Lattice::new(random, period))),
            5 => {
                let slope = direction(turn).map(|part| part / extent);
                Self::Gradient { slope, offset: 0.5 - slope[0] * centre[0] - slope[1] * centre[1] }
            }
            _ => Self::Patches {
                lines: std::array::from_fn(|_| line(random)),
                shares: std::array::from_fn(|_| random.unit()),
            },
        }
    }

    /// Writes the second colour's share of the pixels of row `y` from column `start` on.
    pub fn row(&self, y: usize, start: usize, to: &mut [f32]) {
        let down = y as f32 + 0.5;
        let left = start as f32 + 0.5;
        match self {
            Self::Flat => to.fill(0.0),
            Self::Stripes(wave) => each(to, left, |x| wave.share(x, down)),
            Self::Checks(one, other) => each(to, left, |x| {
                let (a, b) = (one.share(x, down), other.share(x, down));
                a + b - 2.0 * a * b
            }),
            Self::Dots(one, other, radius) => each(to, left, |x| {
                let (u, v) = (one.phase(x, down) - 0.5, other.phase(x, down) - 0.5);
                ((radius * radius - (u * u + v * v)) * 12.0 * one.sharpness + 0.5).clamp(0.0, 1.0)
            }),
            Self::Noise(lattice) => lattice.row(down, left, to),
            Self::Gradient { slope, offset } => {
                each(to, left, |x| (slope[0] * x + slope[1] * down + offset).clamp(0.0, 1.0));
            }
            Self::Patches { lines, shares } => each(to, left, |x| {
                let beyond = |line: &[f32; 3]| usize::from(line[0] * x + line[1] * down > line[2]);
                shares[beyond(&lines[0]) + 2 * beyond(&lines[1]) + 4 * beyond(&lines[2])]
            }),
        }
    }
}

/// Fills a row from the pixel centre `left` on.
#[inline]
fn each(to: &mut [f32], left: f32, share: impl Fn(f32) -> f32) {
    for (x, to) in to.iter_mut().enumerate() {
        *to = share(left + x as f32);
    }
}

/// A line through the picture: normal and offset.
fn line(random: &mut SplitMix64) -> [f32; 3] {
    let [a, b] = direction(random.unit());
    let side = SIDE as f32;
    let (x, y) = (random.between(0.15, 0.85) * side, random.between(0.15, 0.85) * side);
    [a, b, a * x + b * y]
}

impl Wave {
    fn new(random: &mut SplitMix64, period: f32, turn: f32) -> Self {
        let step = direction(turn).map(|part| part / period);
        // Whole periods that cover the longest way back from the picture's corner.
        let offset = (2.0 * SIDE as f32 / period).floor() + 1.0 + random.unit();
        Self { step, offset, sharpness: random.between(0.8, 2.0) }
    }

    /// The place within the period, 0..1.
    #[inline]
    fn phase(self, x: f32, y: f32) -> f32 {
        let place = self.step[0] * x + self.step[1] * y + self.offset;
        place - (place as i32) as f32
    }

    #[inline]
    fn share(self, x: f32, y: f32) -> f32 {
        let triangle = (self.phase(x, y) - 0.5).abs() * 4.0 - 1.0;
        (triangle * self.sharpness + 0.5).clamp(0.0, 1.0)
    }
}

impl Lattice {
    fn new(random: &mut SplitMix64, period: f32) -> Self {
        let mut values = [0; LATTICE * LATTICE];
        for word in values.as_chunks_mut::<8>().0 {
            *word = random.next_u64().to_le_bytes();
        }
        // Twice the cells of the finer layer must fit.
        let most = (LATTICE - 2) as f32 / (2.0 * SIDE as f32);
        Self { values, step: (1.5 / period).min(most) }
    }

    fn row(&self, y: f32, x: f32, to: &mut [f32]) {
        self.layer(self.step, y, x, to, |_, value| value);
        self.layer(2.0 * self.step, y, x, to, |coarse, fine| {
            // Averages crowd around the middle: spread them again.
            ((coarse * 0.7 + fine * 0.3 - 0.5) * 1.6 + 0.5).clamp(0.0, 1.0)
        });
    }

    /// One layer of a row, joined with what is there.
    fn layer(&self, step: f32, y: f32, x: f32, to: &mut [f32], join: impl Fn(f32, f32) -> f32) {
        let (row, v) = cell(y * step);
        let row = row.min(LATTICE - 2);
        let (above, below) = (&self.values[row * LATTICE..][..LATTICE], &self.values[(row + 1) * LATTICE..][..LATTICE]);
        let mut column = [0.0; LATTICE];
        for ((to, &a), &b) in column.iter_mut().zip(above).zip(below) {
            *to = (f32::from(a) + (f32::from(b) - f32::from(a)) * v) / 255.0;
        }
        for (index, to) in to.iter_mut().enumerate() {
            let (left, u) = cell((x + index as f32) * step);
            let left = left.min(LATTICE - 2);
            *to = join(*to, column[left] + (column[left + 1] - column[left]) * u);
        }
    }
}

/// The cell, and the smoothed place within it.
#[inline]
fn cell(place: f32) -> (usize, f32) {
    let cell = place as usize;
    let share = place - cell as f32;
    (cell, share * share * (3.0 - 2.0 * share))
}

/// A lively colour: hue, saturation and value drawn evenly.
pub fn colour(random: &mut SplitMix64) -> Colour {
    let hue = random.between(0.0, 6.0);
    let (saturation, value) = (random.between(0.1, 0.95), random.between(0.15, 1.0));
    let part = |peak: f32| {
        let apart = (hue - peak).abs();
        let apart = apart.min(6.0 - apart);
        value * (1.0 - saturation * (apart - 1.0).clamp(0.0, 1.0))
    };
    [part(0.0), part(2.0), part(4.0)]
}

/// Another colour not too far from one: what a texture's two colours are to each other.
pub fn companion(random: &mut SplitMix64, of: Colour, strength: f32) -> Colour {
    let other = colour(random);
    std::array::from_fn(|channel| of[channel] + (other[channel] - of[channel]) * strength)
}

/// How far a colour is from all the mixtures of two others.
pub fn apart(colour: Colour, [from, to]: [Colour; 2]) -> f32 {
    let dot = |a: Colour, b: Colour| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let minus = |a: Colour, b: Colour| [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    let (way, reach) = (minus(to, from), minus(colour, from));
    let share = (dot(way, reach) / dot(way, way).max(1e-6)).clamp(0.0, 1.0);
    let rest = minus(reach, way.map(|part| part * share));
    dot(rest, rest).sqrt()
}
