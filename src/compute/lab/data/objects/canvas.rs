//! Drawing: pieces laid over one another, then light and noise.

use image::RgbImage;

use super::SIDE;
use super::figure::Figure;
use super::frame::Frame;
use super::paint::Paint;
use crate::compute::random::SplitMix64;

/// Something to draw.
#[derive(Clone, Debug)]
pub struct Piece {
    pub figure: Figure,
    pub frame: Frame,
    pub paint: Paint,
}

/// How the picture was taken.
#[derive(Clone, Copy, Debug)]
pub struct Light {
    /// Multiplies each channel.
    pub gain: [f32; 3],
    /// Is added to each channel.
    pub offset: f32,
    /// The most noise, up and down, on a 0..1 scale.
    pub noise: f32,
    pub seed: u64,
}

/// How much of each pixel a piece covers, row by row.
pub struct Coverage {
    pub share: Vec<f32>,
}

/// A picture in the making: three planes of `SIDE` rows.
pub struct Canvas {
    planes: [Vec<f32>; 3],
}

impl Canvas {
    pub fn new(background: &Paint) -> Self {
        let mut canvas = Self { planes: std::array::from_fn(|_| vec![0.0; SIDE * SIDE]) };
        let mut shares = [0.0; SIDE];
        for y in 0..SIDE {
            background.pattern.row(y, 0, &mut shares);
            for (channel, plane) in canvas.planes.iter_mut().enumerate() {
                let [from, to] = background.colours.map(|colour| colour[channel]);
                for (pixel, share) in plane[y * SIDE..][..SIDE].iter_mut().zip(shares) {
                    *pixel = from + (to - from) * share;
                }
            }
        }
        canvas
    }

    /// Lays a piece over everything so far.
    pub fn draw(&mut self, piece: &Piece) {
        piece.rows(|y, start, cover| self.blend(&piece.paint, y, start, cover));
    }

    /// Lays paint over everything so far, as far as it covers.
    pub fn draw_covered(&mut self, piece: &Piece, coverage: &Coverage) {
        let ([left, right], [top, bottom]) = piece.bounds();
        for y in top..bottom {
            self.blend(&piece.paint, y, left, &coverage.share[y * SIDE..][left..right]);
        }
    }

    fn blend(&mut self, paint: &Paint, y: usize, start: usize, cover: &[f32]) {
        let mut shares = [0.0; SIDE];
        let shares = &mut shares[..cover.len()];
        paint.pattern.row(y, start, shares);
        for (channel, plane) in self.planes.iter_mut().enumerate() {
            let [from, to] = paint.colours.map(|colour| colour[channel]);
            let pixels = &mut plane[y * SIDE + start..][..cover.len()];
            for ((pixel, &cover), &share) in pixels.iter_mut().zip(cover).zip(&*shares) {
                *pixel += (from + (to - from) * share - *pixel) * cover;
            }
        }
    }

    /// The picture under a light.
    pub fn develop(&self, light: &Light) -> RgbImage {
        let mut random = SplitMix64(light.seed);
        let mut pixels = vec![0_u8; 3 * SIDE * SIDE];
        let grain = light.noise;
        let [red, green, blue] = &self.planes;
        for (((to, red), green), blue) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(red).zip(green).zip(blue) {
            let noise = random.next_u64().to_le_bytes();
            for (channel, value) in [red, green, blue].into_iter().enumerate() {
                // Two bytes make a triangle between −255 and 255.
                let sum = i32::from(noise[2 * channel]) + i32::from(noise[2 * channel + 1]) - 255;
                let value = (value * light.gain[channel] + light.offset) * 255.0 + sum as f32 * grain;
                to[channel] = (value + 0.5) as u8;
            }
        }
        RgbImage::from_raw(SIDE as u32, SIDE as u32, pixels).unwrap_or_default()
    }
}

impl Piece {
    /// The columns and rows that can be covered.
    fn bounds(&self) -> ([usize; 2], [usize; 2]) {
        let reach = self.figure.reach() * self.frame.stretch + 1.0;
        let axis = |centre: f32| {
            let clamp = |edge: f32| edge.clamp(0.0, SIDE as f32) as usize;
            [clamp(centre - reach), clamp(centre + reach + 1.0)]
        };
        (axis(self.frame.centre[0]), axis(self.frame.centre[1]))
    }

    /// Gives every row that is covered to `row`: its number, the first column, the coverage from there on.
    fn rows(&self, mut row: impl FnMut(usize, usize, &[f32])) {
        let ([left, right], [top, bottom]) = self.bounds();
        let mut cover = [0.0; SIDE];
        let cover = &mut cover[..right - left];
        for y in top..bottom {
            if self.figure.cover(&self.frame, y, left, cover) {
                row(y, left, cover);
            }
        }
    }

    /// How much of each pixel is covered.
    pub fn coverage(&self) -> Coverage {
        let mut share = vec![0.0; SIDE * SIDE];
        self.rows(|y, start, cover| share[y * SIDE + start..][..cover.len()].copy_from_slice(cover));
        Coverage { share }
    }
}
