//! A spatial gate as a picture: upsampled, coloured, laid over what the network saw.

use image::{Rgb, RgbImage};

use super::shade::{Shades, relief};
use super::{ColourMap, Window};

/// Bilinear upsampling with half-pixel centres, as PyTorch's `interpolate(mode="bilinear", align_corners=False)`.
///
/// `map` is `[H, W]` row-major, `size` is its `[H, W]`, `to` the new `[H, W]`. No antialias: meant for enlarging.
///
/// # Panics
/// When `map` does not hold `H·W` values.
#[must_use]
pub fn upsample(map: &[f32], size: [usize; 2], to: [usize; 2]) -> Vec<f32> {
    let [height, width] = size;
    assert_eq!(map.len(), height * width, "a map of {height}×{width}");
    if map.is_empty() {
        return vec![f32::NAN; to[0] * to[1]];
    }
    let (rows, columns) = (taps(height, to[0]), taps(width, to[1]));
    let mut out = Vec::with_capacity(to[0] * to[1]);
    for &(top, bottom, down) in &rows {
        let (upper, lower) = (&map[top * width..][..width], &map[bottom * width..][..width]);
        out.extend(columns.iter().map(|&(left, right, across)| {
            let above = mix(upper[left], upper[right], across);
            let below = mix(lower[left], lower[right], across);
            mix(above, below, down)
        }));
    }
    out
}

/// `map` as colours at `to` = `[H, W]`; `range` is what the ends of the colour map stand for.
///
/// # Panics
/// When `map` does not hold `H·W` values.
#[must_use]
pub fn heat(map: &[f32], size: [usize; 2], to: [usize; 2], range: (f32, f32), colours: ColourMap) -> RgbImage {
    // Values are interpolated, not colours: a colour between two map colours may mean nothing.
    let values = upsample(map, size, to);
    RgbImage::from_fn(to[1] as u32, to[0] as u32, |x, y| {
        Rgb(colours.at(unit(values[y as usize * to[1] + x as usize], range)))
    })
}

/// `map` in shades of its colours over `picture`, at the picture's size. The picture is grey under it and moves nothing but the
/// lightness of the map's colours: `strength` 0 is the map alone, 1 the most that leaves them the scale's.
///
/// # Panics
/// When `map` does not hold `H·W` values.
#[must_use]
pub fn blend(
    picture: &RgbImage,
    map: &[f32],
    size: [usize; 2],
    range: (f32, f32),
    (shades, strength): (&Shades, f32),
) -> RgbImage {
    let (width, height) = picture.dimensions();
    let whole = Window { x: 0.0, y: 0.0, width: width as f32, height: height as f32 };
    let relief = relief(picture, &whole, [height as usize, width as usize]);
    let values = upsample(map, size, [height as usize, width as usize]);
    let strength = if strength.is_nan() { 0.0 } else { strength.clamp(0.0, 1.0) };
    let colours = over(&values, range, &relief, (shades, strength));
    let raw = colours.into_iter().flatten().collect();
    RgbImage::from_raw(width, height, raw).unwrap_or_else(|| picture.clone())
}

/// The colours of values, each as light as the photo's `relief` there makes it.
#[must_use]
pub fn over(values: &[f32], range: (f32, f32), relief: &[f32], (shades, strength): (&Shades, f32)) -> Vec<[u8; 3]> {
    values.iter().zip(relief).map(|(value, light)| shades.at(unit(*value, range), light * strength)).collect()
}

/// `value` on a scale where `range` is 0..1; the middle when the range is a single value.
fn unit(value: f32, (low, high): (f32, f32)) -> f32 {
    match high > low {
        true => (value - low) / (high - low),
        false if value.is_nan() => value,
        false => 0.5,
    }
}

/// From `a` at 0 to `b` at 1; exact where both are equal.
fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// For every new position: the two old ones and the weight of the second.
fn taps(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let scale = from as f64 / to as f64;
    let tap = |i: usize| {
        let at = ((i as f64 + 0.5) * scale - 0.5).max(0.0);
        let first = (at as usize).min(from - 1);
        (first, (first + 1).min(from - 1), (at - first as f64).min(1.0) as f32)
    };
    (0..to).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upsampling_matches_half_pixel_centres() {
        // torch.nn.functional.interpolate(tensor([[0., 1.], [2., 3.]]), size=(4, 4), align_corners=False)
        let expected = [0.0, 0.25, 0.75, 1.0, 0.5, 0.75, 1.25, 1.5, 1.5, 1.75, 2.25, 2.5, 2.0, 2.25, 2.75, 3.0];
        assert_eq!(upsample(&[0.0, 1.0, 2.0, 3.0], [2, 2], [4, 4]), expected);
    }

    #[test]
    fn same_size_and_constant_maps_are_unchanged() {
        let map = [0.1, 0.9, 0.3, 0.4, 0.5, 0.6];
        assert_eq!(upsample(&map, [2, 3], [2, 3]), map);
        assert!(upsample(&[0.3; 49], [7, 7], [224, 224]).iter().all(|&v| v.to_bits() == 0.3_f32.to_bits()));
        assert_eq!(upsample(&[0.7], [1, 1], [2, 2]), [0.7; 4]);
    }

    #[test]
    fn a_photo_in_any_colour_leaves_the_map_its_own() {
        let coloured = RgbImage::from_fn(6, 4, |x, y| Rgb([255 - x as u8 * 40, y as u8 * 60, 7]));
        let grey = RgbImage::from_fn(6, 4, |x, y| {
            let [r, g, b] = coloured.get_pixel(x, y).0.map(f32::from);
            Rgb([(0.299 * r + 0.587 * g + 0.114 * b).round() as u8; 3])
        });
        let map = [0.0, 1.0];
        let heat = heat(&map, [1, 2], [4, 6], (0.0, 1.0), ColourMap::Viridis);
        assert_eq!(
            blend(&coloured, &map, [1, 2], (0.0, 1.0), (Shades::viridis(), 0.0)),
            heat,
            "without the photo it is the map"
        );
        let (over_colour, over_grey) = (
            blend(&coloured, &map, [1, 2], (0.0, 1.0), (Shades::viridis(), 1.0)),
            blend(&grey, &map, [1, 2], (0.0, 1.0), (Shades::viridis(), 1.0)),
        );
        let off = |(a, b): (&u8, &u8)| a.abs_diff(*b);
        assert!(over_colour.as_raw().iter().zip(over_grey.as_raw()).map(off).max().unwrap_or(9) <= 2);
        assert_ne!(over_colour, heat, "the photo is seen");
    }

    #[test]
    fn a_range_without_width_shows_the_middle() {
        let heat = heat(&[0.5; 4], [2, 2], [2, 2], (0.5, 0.5), ColourMap::Magma);
        assert!(heat.pixels().all(|pixel| pixel.0 == ColourMap::Magma.at(0.5)));
    }
}
