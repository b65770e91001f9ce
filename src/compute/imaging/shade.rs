//! A colour map over a photo that stays the colour map: the photo is grey under it and changes nothing but lightness.
//!
//! Hue and chroma of a colour are its *a* and *b* in CIELAB; they stay what the scale says, whatever lies below.
//! Lightness moves by at most [`MOST`] of itself, and by less where the colour would leave sRGB or, as OKLab sees it,
//! its hue.

use std::sync::LazyLock;

use image::RgbImage;

use super::{ColourMap, Window, colour};

/// How much of its lightness a photo may add to a colour or take from it.
pub const MOST: f32 = 0.15;

/// A distance of two colours in OKLab's a and b that nobody sees: half of a just noticeable difference.
const UNSEEN: f32 = 0.009;
/// Colours of a map that are told apart.
const COLOURS: usize = 256;
/// Shades of each, half on either side of the colour itself.
const SHADES: usize = 61;
/// Half-way between the darkest and the lightest shade.
const PLAIN: usize = SHADES / 2;
/// Of a photo's greys, this share at either end counts as black or white.
const TAIL: f64 = 0.02;

/// Every shade of every colour of a map.
#[derive(Clone, Debug)]
pub struct Shades {
    table: Vec<[u8; 3]>,
}

impl Shades {
    /// The shades of a map.
    #[must_use]
    pub fn of(map: ColourMap) -> Self {
        let shades = |index: usize| {
            let colour = map.at(index as f32 / (COLOURS - 1) as f32);
            (0..SHADES).map(move |shade| shaded(colour, 1.0 + MOST * (shade as f32 / PLAIN as f32 - 1.0)))
        };
        Self { table: (0..COLOURS).flat_map(shades).collect() }
    }

    /// Those of viridis, made once.
    #[must_use]
    pub fn viridis() -> &'static Self {
        static VIRIDIS: LazyLock<Shades> = LazyLock::new(|| Shades::of(ColourMap::Viridis));
        &VIRIDIS
    }

    /// Those of signed values, made once.
    #[must_use]
    pub fn evidence(is_on_dark: bool) -> &'static Self {
        static DARK: LazyLock<Shades> = LazyLock::new(|| Shades::of(ColourMap::Evidence));
        static LIGHT: LazyLock<Shades> = LazyLock::new(|| Shades::of(ColourMap::EvidenceOnLight));
        if is_on_dark { &DARK } else { &LIGHT }
    }

    /// The colour of `t` in 0..1 where the photo is `relief`: −1 its darkest, 1 its lightest, 0 none of it. What is
    /// no number has the colour that says so.
    #[must_use]
    pub fn at(&self, t: f32, relief: f32) -> [u8; 3] {
        if t.is_nan() {
            return colour::NOT_A_NUMBER;
        }
        let index = (t.clamp(0.0, 1.0) * (COLOURS - 1) as f32).round() as usize;
        let shade = ((relief.clamp(-1.0, 1.0) + 1.0) * PLAIN as f32).round() as usize;
        self.table[index * SHADES + shade]
    }
}

/// A colour with its lightness times `factor`, or as near to that as sRGB has it without another hue or chroma.
///
/// CIELAB and OKLab do not agree on what keeps a blue's hue: a shade keeps both.
#[must_use]
pub fn shaded(colour: [u8; 3], factor: f32) -> [u8; 3] {
    let [lightness, a, b] = lab(colour);
    let plain = opponents(colour);
    let at = |factor: f32| {
        let bands = linear([lightness * factor, a, b]);
        let shade = bands.map(encoded);
        let [green, blue] = opponents(shade);
        let is_there = bands.iter().all(|band| (-2e-4..=1.0 + 2e-4).contains(band));
        (is_there && (green - plain[0]).hypot(blue - plain[1]) < UNSEEN).then_some(shade)
    };
    if let Some(wanted) = at(factor) {
        return wanted;
    }
    // The furthest from the colour itself, which is sRGB's, towards what was wanted.
    let (mut found, mut inside, mut outside) = (colour, 1.0, factor);
    for _ in 0..12 {
        let middle = f32::midpoint(inside, outside);
        match at(middle) {
            Some(shade) => (found, inside) = (shade, middle),
            None => outside = middle,
        }
    }
    found
}

/// The light of a photo's window at `to` = `[H, W]`: −1 its darkest, 1 its lightest; all 0 of an even photo.
#[must_use]
pub fn relief(photo: &RgbImage, window: &Window, to: [usize; 2]) -> Vec<f32> {
    let greys = greys(photo, window, to);
    let mut counts = [0_usize; 256];
    for grey in &greys {
        counts[grey.round().clamp(0.0, 255.0) as usize] += 1;
    }
    let (low, high) = ends(&counts, greys.len());
    if high <= low {
        return vec![0.0; greys.len()];
    }
    greys.iter().map(|grey| (2.0 * (grey - low) / (high - low) - 1.0).clamp(-1.0, 1.0)).collect()
}

/// The greys between which all but the two tails lie.
fn ends(counts: &[usize; 256], total: usize) -> (f32, f32) {
    let tail = (total as f64 * TAIL) as usize;
    let low = past(counts, tail, 0..256);
    let high = past(counts, tail, (0..256).rev());
    (low.unwrap_or(0) as f32, high.unwrap_or(0) as f32)
}

/// The first of these greys up to which more than `tail` pixels have been passed.
fn past(counts: &[usize; 256], tail: usize, mut greys: impl Iterator<Item = usize>) -> Option<usize> {
    let mut seen = 0;
    greys.find(|grey| {
        seen += counts[*grey];
        seen > tail
    })
}

/// The greys of a window at another size, 0 to 255. Four samples a pixel where it is made smaller: it is looked at,
/// not measured.
fn greys(photo: &RgbImage, window: &Window, [height, width]: [usize; 2]) -> Vec<f32> {
    let step = [window.height / height.max(1) as f32, window.width / width.max(1) as f32];
    let is_smaller = step.iter().any(|step| *step > 1.0);
    let offsets: &[f32] = if is_smaller { &[0.25, 0.75] } else { &[0.5] };
    let share = 1.0 / (offsets.len() * offsets.len()) as f32;
    let places = |from: f32, step: f32, index: usize| offsets.iter().map(move |at| from + (index as f32 + at) * step);
    let mut out = Vec::with_capacity(height * width);
    for row in 0..height {
        for column in 0..width {
            let rows = places(window.y, step[0], row);
            let all = rows.flat_map(|y| places(window.x, step[1], column).map(move |x| (x, y)));
            out.push(all.map(|(x, y)| grey_at(photo, x, y)).sum::<f32>() * share);
        }
    }
    out
}

/// The grey at a place, between the pixels' centres in proportion; at the edges the nearest.
fn grey_at(photo: &RgbImage, x: f32, y: f32) -> f32 {
    let (left, across) = beside(x, photo.width());
    let (top, down) = beside(y, photo.height());
    let (right, bottom) = ((left + 1).min(photo.width() - 1), (top + 1).min(photo.height() - 1));
    let grey = |x, y| {
        let [r, g, b] = photo.get_pixel(x, y).0.map(f32::from);
        0.299 * r + 0.587 * g + 0.114 * b
    };
    let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
    let above = mix(grey(left, top), grey(right, top), across);
    mix(above, mix(grey(left, bottom), grey(right, bottom), across), down)
}

/// The pixel whose centre lies before a place, and how far beyond that centre the place lies.
fn beside(place: f32, count: u32) -> (u32, f32) {
    let place = (place - 0.5).clamp(0.0, (count - 1) as f32);
    (place as u32, place.fract())
}

/// The white of sRGB.
const WHITE: [f32; 3] = [0.950_47, 1.0, 1.088_83];
/// Where CIELAB's cube root becomes a line.
const KNEE: f32 = 6.0 / 29.0;

/// The light of an sRGB colour's bands.
fn decoded(colour: [u8; 3]) -> [f32; 3] {
    colour.map(|band| {
        let band = f32::from(band) / 255.0;
        if band <= 0.040_45 { band / 12.92 } else { ((band + 0.055) / 1.055).powf(2.4) }
    })
}

/// OKLab's a and b, green to red and blue to yellow, of an sRGB colour (Ottosson 2020).
fn opponents(colour: [u8; 3]) -> [f32; 2] {
    let [r, g, b] = decoded(colour);
    let l = (0.412_221_47 * r + 0.536_332_54 * g + 0.051_445_993 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    [1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s, 0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s]
}

/// CIELAB's lightness, a and b of an sRGB colour.
fn lab(colour: [u8; 3]) -> [f32; 3] {
    let [r, g, b] = decoded(colour);
    let xyz = [
        0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b,
        0.212_672_9 * r + 0.715_152_2 * g + 0.072_175 * b,
        0.019_333_9 * r + 0.119_192 * g + 0.950_304_1 * b,
    ];
    let bent = |t: f32| if t > KNEE.powi(3) { t.cbrt() } else { t / (3.0 * KNEE * KNEE) + 4.0 / 29.0 };
    let [x, y, z] = [bent(xyz[0] / WHITE[0]), bent(xyz[1] / WHITE[1]), bent(xyz[2] / WHITE[2])];
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Linear red, green and blue of a CIELAB colour, outside 0..1 where sRGB does not have it.
fn linear([lightness, a, b]: [f32; 3]) -> [f32; 3] {
    let straight = |t: f32| if t > KNEE { t.powi(3) } else { 3.0 * KNEE * KNEE * (t - 4.0 / 29.0) };
    let y = (lightness + 16.0) / 116.0;
    let [x, y, z] = [straight(y + a / 500.0) * WHITE[0], straight(y) * WHITE[1], straight(y - b / 200.0) * WHITE[2]];
    [
        3.240_454_2 * x - 1.537_138_5 * y - 0.498_531_4 * z,
        -0.969_266 * x + 1.876_010_8 * y + 0.041_556 * z,
        0.055_643_4 * x - 0.204_025_9 * y + 1.057_225_2 * z,
    ]
}

/// sRGB's byte of a linear band.
fn encoded(band: f32) -> u8 {
    let band = band.clamp(0.0, 1.0);
    let bent = if band <= 0.003_130_8 { 12.92 * band } else { 1.055 * band.powf(1.0 / 2.4) - 0.055 };
    (bent * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// OKLab by its author's matrices: nothing of what is tested takes part.
    fn oklab(colour: [u8; 3]) -> [f64; 3] {
        let [r, g, b] = colour.map(|band| {
            let band = f64::from(band) / 255.0;
            if band <= 0.040_45 { band / 12.92 } else { ((band + 0.055) / 1.055).powf(2.4) }
        });
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        [
            0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
            0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
        ]
    }

    /// A difference of OKLab's a and b below this is not seen: 0.02 is about one just noticeable difference.
    const SEEN: f64 = 0.01;

    #[test]
    fn every_shade_has_the_hue_and_chroma_of_its_colour() {
        for map in ColourMap::ALL {
            let shades = Shades::of(map);
            for index in 0_u8..=255 {
                let t = f32::from(index) / 255.0;
                let [lightness, a, b] = oklab(map.at(t));
                for relief in [-1.0, -0.6, -0.1, 0.0, 0.3, 1.0] {
                    let [light, a2, b2] = oklab(shades.at(t, relief));
                    assert!((a2 - a).hypot(b2 - b) < SEEN, "{} at {t}, {relief}: hue or chroma", map.name());
                    let change = (light - lightness).abs();
                    assert!(change <= 0.15 * lightness + 0.004, "{} at {t}, {relief}: {change}", map.name());
                }
            }
        }
    }

    #[test]
    fn a_photo_is_seen_in_every_part_of_the_scale_but_not_where_there_is_none() {
        for t in [0.2, 0.5, 0.8] {
            let [dark, plain, light] = [-1.0, 0.0, 1.0].map(|relief| oklab(Shades::viridis().at(t, relief))[0]);
            assert!(dark < plain && plain < light && light - dark > 0.04, "{t}: {dark} {plain} {light}");
            assert_eq!(Shades::viridis().at(t, 0.0), ColourMap::Viridis.at((t * 255.0).round() / 255.0));
        }
        assert_eq!(Shades::viridis().at(f32::NAN, 1.0), colour::NOT_A_NUMBER);
    }

    #[test]
    fn a_photo_becomes_its_light_whatever_its_size() {
        let photo = RgbImage::from_fn(8, 4, |x, _| if x < 4 { Rgb([200, 20, 20]) } else { Rgb([20, 220, 240]) });
        let whole = Window { x: 0.0, y: 0.0, width: 8.0, height: 4.0 };
        for to in [[4, 8], [2, 4], [32, 64]] {
            let light = relief(&photo, &whole, to);
            assert_eq!((light.len(), light[0], light[to[1] - 1]), (to[0] * to[1], -1.0, 1.0));
        }
        let right = Window { x: 4.0, y: 0.0, width: 4.0, height: 4.0 };
        assert!(relief(&photo, &right, [4, 4]).iter().all(|light| *light == 0.0), "an even photo has no relief");
        let outside = Window { x: -4.0, y: -2.0, width: 16.0, height: 8.0 };
        assert_eq!(relief(&photo, &outside, [8, 16]).len(), 128, "what reaches outside has the edge's light");
    }
}
