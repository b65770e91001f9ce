//! Gates over what the network saw: the photo gives light, the scale gives the colours.

use std::sync::Arc;

use eframe::egui;
use egui::{Color32, ColorImage, Context, TextureId, TextureOptions};

use super::{Detail, Face, GateTextures, Scale};
use crate::compute::explain::GateMap;
use crate::compute::imaging::{overlay, shade};
use crate::desktop::jobs::Inspection;

/// The longer side of what fills the stage, at least and at most: no finer than the photo is.
const SIDES: (f32, f32) = (512.0, 768.0);
/// That of what follows the pointer.
const PASSING_SIDE: f32 = 288.0;
/// That of a thumbnail.
const SMALL_SIDE: f32 = 160.0;

/// How a gate is laid over the photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    /// What the ends of the colour map stand for.
    pub scale: Scale,
    /// How finely it is drawn.
    pub detail: Detail,
    /// How strongly the photo shows: by so many per cent it moves the colours' lightness.
    pub photo: u8,
}

impl Over {
    /// As much of the photo as leaves the colours the scale's.
    pub const PHOTO: u8 = (shade::MOST * 100.0) as u8;

    /// With as much of the photo as there may be.
    #[must_use]
    pub fn new(scale: Scale, detail: Detail) -> Self {
        Self { scale, detail, photo: Self::PHOTO }
    }
}

impl GateTextures {
    /// A face of a gate over what the network saw, which it covers; none of a gate that does not say where.
    pub fn over_photo(
        &mut self,
        ctx: &Context,
        inspection: &Arc<Inspection>,
        gate: usize,
        face: Face,
        over: Over,
    ) -> Option<TextureId> {
        let key = (gate, face, over.scale, over.detail, Some(over.photo));
        if let Some(known) = self.known(inspection, &key) {
            return Some(known);
        }
        let map = self.map(inspection, gate, face)?;
        let size = extent(inspection, face, over.detail);
        let relief = self.relief(inspection, size);
        let range = over.scale.range(inspection, gate, face, &map);
        let image = image(&map, range, &relief, size, over);
        let handle = ctx.load_texture(format!("gate {gate} over the photo"), image, TextureOptions::LINEAR);
        let is_passing = face.is_passing() || over.photo != Over::PHOTO;
        Some(self.keep(inspection, key, handle, is_passing))
    }

    /// A map that is no gate of the inspection over what the network saw: the last one is kept.
    pub fn passing(
        &mut self,
        ctx: &Context,
        inspection: &Arc<Inspection>,
        (map, range): (&GateMap, (f32, f32)),
    ) -> TextureId {
        use std::hash::{Hash, Hasher};
        let mut hasher = std::hash::DefaultHasher::new();
        (Arc::as_ptr(inspection) as usize, map.size, range.0.to_bits(), range.1.to_bits()).hash(&mut hasher);
        map.values.iter().for_each(|value| value.to_bits().hash(&mut hasher));
        let key = hasher.finish();
        if let Some((_, known)) = self.changed.as_ref().filter(|(known, _)| *known == key) {
            return known.id();
        }
        let size = extent(inspection, Face::default(), Detail::Smooth);
        let relief = self.relief(inspection, size);
        let image = image(map, range, &relief, size, Over::new(Scale::Absolute, Detail::Smooth));
        let texture = ctx.load_texture("changed gate", image, TextureOptions::LINEAR);
        self.changed.insert((key, texture)).1.id()
    }

    /// The light of the photo at a size, worked out once.
    pub(super) fn relief(&mut self, inspection: &Arc<Inspection>, size: [usize; 2]) -> Arc<Vec<f32>> {
        let make = || Arc::new(shade::relief(&inspection.picture.pixels, &inspection.prepared.window, size));
        self.set(inspection).reliefs.entry(size).or_insert_with(make).clone()
    }
}

/// `[H, W]` of the texture, in the proportions of the crop.
fn extent(inspection: &Inspection, face: Face, detail: Detail) -> [usize; 2] {
    let (width, height) = inspection.prepared.crop.dimensions();
    let window = &inspection.prepared.window;
    let side = match detail {
        Detail::Small if face.is_passing() => PASSING_SIDE,
        Detail::Small => SMALL_SIDE,
        Detail::Smooth | Detail::Exact => window.width.max(window.height).clamp(SIDES.0, SIDES.1),
    };
    [height, width].map(|part| ((part as f32 * side / width.max(height).max(1) as f32).round() as usize).max(1))
}

fn image(map: &GateMap, range: (f32, f32), relief: &[f32], size: [usize; 2], over: Over) -> ColorImage {
    let values = match over.detail {
        Detail::Exact => squares(map, size),
        Detail::Smooth | Detail::Small => overlay::upsample(&map.values, map.size, size),
    };
    let strength = f32::from(over.photo) / f32::from(Over::PHOTO);
    let colours = overlay::over(&values, range, relief, (shade::Shades::viridis(), strength));
    ColorImage::new([size[1], size[0]], colours.into_iter().map(|[r, g, b]| Color32::from_rgb(r, g, b)).collect())
}

/// One square a value.
fn squares(map: &GateMap, [height, width]: [usize; 2]) -> Vec<f32> {
    let [rows, columns] = map.size;
    let place = |index: usize, count: usize, of: usize| index * of / count.max(1);
    let row = |y: usize| place(y, height, rows) * columns;
    (0..height)
        .flat_map(|y| (0..width).map(move |x| row(y) + place(x, width, columns)))
        .map(|at| map.values[at])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::imaging::colour::viridis;
    use std::borrow::Cow;

    /// CIELAB's lightness, a and b, by the formulas of CIE 15: nothing of what is tested takes part.
    fn lab(colour: [u8; 3]) -> [f64; 3] {
        let linear = colour.map(|band| {
            let band = f64::from(band) / 255.0;
            if band <= 0.040_45 { band / 12.92 } else { ((band + 0.055) / 1.055).powf(2.4) }
        });
        let rows = [[0.412_4, 0.357_6, 0.180_5], [0.212_6, 0.715_2, 0.072_2], [0.019_3, 0.119_2, 0.950_5]];
        let white = [0.950_5, 1.0, 1.089];
        let bent: [f64; 3] = std::array::from_fn(|at| {
            let t = rows[at].iter().zip(linear).map(|(a, b)| a * b).sum::<f64>() / white[at];
            if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 }
        });
        [116.0 * bent[1] - 16.0, 500.0 * (bent[0] - bent[1]), 200.0 * (bent[1] - bent[2])]
    }

    /// A photo as loud as there is none: every hue, every light.
    fn loud() -> image::RgbImage {
        image::RgbImage::from_fn(96, 64, |x, y| {
            image::Rgb([(x * 255 / 95) as u8, (y * 255 / 63) as u8, ((x * 37 + y * 91) % 256) as u8])
        })
    }

    #[test]
    fn every_pixel_inside_a_map_has_the_hue_and_chroma_of_its_value() {
        // One just noticeable difference of CIELAB is about 2.3.
        const SEEN: f64 = 2.0;
        let (values, size) = ((0..48).map(|index| index as f32 / 47.0).collect::<Vec<f32>>(), [192, 288]);
        let map = GateMap { values: Cow::Borrowed(&values), size: [6, 8] };
        let window = crate::compute::imaging::Window { x: 0.0, y: 0.0, width: 96.0, height: 64.0 };
        let relief = shade::relief(&loud(), &window, size);
        for detail in [Detail::Smooth, Detail::Exact, Detail::Small] {
            let image = image(&map, (0.0, 1.0), &relief, size, Over::new(Scale::Absolute, detail));
            assert_eq!(image.size, [288, 192]);
            let mut moved = 0;
            for (index, pixel) in image.pixels.iter().enumerate() {
                let (row, column) = (index / 288, index % 288);
                let value = match detail {
                    Detail::Exact => values[row * 6 / 192 * 8 + column * 8 / 288],
                    Detail::Smooth | Detail::Small => between(&values, row, column),
                };
                let [light, a, b] = lab(viridis(value));
                let [light2, a2, b2] = lab([pixel.r(), pixel.g(), pixel.b()]);
                assert!((a - a2).hypot(b - b2) < SEEN, "{detail:?} at {row}, {column}: {pixel:?} for {value}");
                assert!((light2 - light).abs() <= 0.15 * light + 1.0, "{detail:?} at {row}, {column}");
                moved += usize::from((light2 - light).abs() > 1.0);
            }
            assert!(moved > image.pixels.len() / 3, "{detail:?}: the photo is seen");
        }
    }

    /// Bilinear with half-pixel centres, from a 6×8 map to 192×288.
    fn between(values: &[f32], row: usize, column: usize) -> f32 {
        let place = |index: usize, scale: f32, count: usize| {
            ((index as f32 + 0.5) / scale - 0.5).clamp(0.0, (count - 1) as f32)
        };
        let (y, x) = (place(row, 32.0, 6), place(column, 36.0, 8));
        let at = |y: f32, x: f32| values[(y as usize).min(5) * 8 + (x as usize).min(7)];
        let (fy, fx) = (y.fract(), x.fract());
        let upper = at(y, x) * (1.0 - fx) + at(y, x + 1.0) * fx;
        upper * (1.0 - fy) + (at(y + 1.0, x) * (1.0 - fx) + at(y + 1.0, x + 1.0) * fx) * fy
    }
}
