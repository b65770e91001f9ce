//! A strip over what the network saw, with its weights as bars along the edges: rows at the left, columns above.

use image::{Rgb, RgbImage};

use super::overlay;
use super::shade::Shades;

/// How long a bar of the scale's end is, in pixels.
const LENGTH: u32 = 64;
/// Between the bars and the picture.
const APART: u32 = 4;
/// Behind the bars: dark enough for the colour map on light and on dark pages.
const GROUND: [u8; 3] = [0x23, 0x27, 0x2F];
const BARS: [u8; 3] = [0xE6, 0xE8, 0xEC];

/// A map over the picture with the strips it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Strips<'a> {
    /// What is drawn over the picture, `[H, W]` row-major; a strip has a side of 1.
    pub map: &'a [f32],
    /// Its `[H, W]`.
    pub size: [usize; 2],
    /// Weights of rows, from above.
    pub rows: Option<&'a [f32]>,
    /// Weights of columns, from the left.
    pub columns: Option<&'a [f32]>,
    /// What the ends of the colour map and of the bars stand for.
    pub range: (f32, f32),
}

/// The picture with the map in viridis over it, as [`overlay::blend`] lays it, and the bars beside it, which grow away
/// from the picture.
///
/// # Panics
/// When the map does not hold `H·W` values.
#[must_use]
pub fn over(picture: &RgbImage, strips: &Strips, strength: f32) -> RgbImage {
    let blended = overlay::blend(picture, strips.map, strips.size, strips.range, (Shades::viridis(), strength));
    let left = if strips.rows.is_some() { LENGTH + APART } else { 0 };
    let top = if strips.columns.is_some() { LENGTH + APART } else { 0 };
    let mut page = RgbImage::from_pixel(blended.width() + left, blended.height() + top, Rgb(GROUND));
    image::imageops::replace(&mut page, &blended, i64::from(left), i64::from(top));
    let bars = [(strips.rows, blended.height(), top), (strips.columns, blended.width(), left)];
    for (index, (values, length, from)) in bars.into_iter().enumerate() {
        let Some(values) = values.filter(|values| !values.is_empty()) else { continue };
        for along in 0..length {
            let value = values[along as usize * values.len() / length.max(1) as usize];
            let (start, end) = (place(0.0, strips.range), place(value, strips.range));
            for across in start.min(end)..start.max(end) {
                let (x, y) =
                    if index == 0 { (LENGTH - 1 - across, from + along) } else { (from + along, LENGTH - 1 - across) };
                page.put_pixel(x, y, Rgb(BARS));
            }
        }
    }
    page
}

/// Where a value lies along a bar, in pixels; what is no number lies at zero.
fn place(value: f32, (low, high): (f32, f32)) -> u32 {
    let value = if value.is_nan() { 0.0 } else { value };
    let share = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
    (share * LENGTH as f32).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_beside_the_rows_they_weigh() {
        let picture = RgbImage::from_pixel(40, 20, Rgb([9, 9, 9]));
        let rows = [1.0, 0.25];
        let strips = Strips { map: &rows, size: [2, 1], rows: Some(&rows), columns: None, range: (0.0, 1.0) };
        let page = over(&picture, &strips, 0.5);
        assert_eq!(page.dimensions(), (40 + LENGTH + APART, 20));
        let lit = |y: u32| (0..LENGTH).filter(|x| page.get_pixel(*x, y).0 == BARS).count() as u32;
        assert_eq!((lit(0), lit(19)), (LENGTH, LENGTH / 4));
        assert_eq!(page.get_pixel(LENGTH - 1, 19).0, BARS, "a bar begins at the picture");
        let columns = Strips { rows: None, columns: Some(&rows), size: [1, 2], ..strips };
        assert_eq!(over(&picture, &columns, 0.5).dimensions(), (40, 20 + LENGTH + APART));
    }
}
