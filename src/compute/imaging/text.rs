//! Writing on pictures, in the fonts that are built into the program.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use image::{Rgb, RgbImage};

/// The font files.
pub(super) const REGULAR_BYTES: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");
pub(super) const SEMI_BOLD_BYTES: &[u8] = include_bytes!("../../../assets/fonts/Inter-SemiBold.otf");

static REGULAR: LazyLock<FontRef<'static>> = LazyLock::new(|| embedded(REGULAR_BYTES));
static SEMI_BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| embedded(SEMI_BOLD_BYTES));

fn embedded(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("a font built into the program is valid")
}

/// How a line of text looks.
#[derive(Clone, Copy)]
pub(in crate::compute) struct Style {
    pub weight: Weight,
    /// Pixels per em.
    pub size: f32,
    pub colour: [u8; 3],
}

#[derive(Clone, Copy)]
pub(in crate::compute) enum Weight {
    Regular,
    SemiBold,
}

/// Which point of the text the given place is.
#[derive(Clone, Copy)]
pub(in crate::compute) enum Anchor {
    Left,
    Centre,
    Right,
}

/// Writes one line at `x`, with its baseline at `y`.
pub(in crate::compute) fn write(picture: &mut RgbImage, text: &str, (x, y): (f32, f32), anchor: Anchor, style: Style) {
    let font = style.font();
    let glyphs = lay_out(text, style);
    let left = match anchor {
        Anchor::Left => x,
        Anchor::Centre => x - glyphs.width / 2.0,
        Anchor::Right => x - glyphs.width,
    };
    for mut glyph in glyphs.glyphs {
        glyph.position.x += left;
        glyph.position.y = y;
        let Some(outline) = font.outline_glyph(glyph) else { continue };
        let corner = outline.px_bounds().min;
        outline.draw(|dx, dy, coverage| {
            let (px, py) = (corner.x as i64 + i64::from(dx), corner.y as i64 + i64::from(dy));
            cover(picture, px, py, style.colour, coverage);
        });
    }
}

/// The width of one line, in pixels.
pub(super) fn width(text: &str, style: Style) -> f32 {
    lay_out(text, style).width
}

/// `text`, or as much of it as fits into `width` pixels with an ellipsis at the end.
pub(in crate::compute) fn fit(text: &str, width: f32, style: Style) -> String {
    if lay_out(text, style).width <= width {
        return text.to_owned();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let shortened = kept.iter().chain(&['…']).collect::<String>();
        if lay_out(&shortened, style).width <= width {
            return shortened;
        }
    }
    String::new()
}

/// Mixes `colour` into a pixel; places outside the picture are ignored.
pub(in crate::compute) fn cover(picture: &mut RgbImage, x: i64, y: i64, colour: [u8; 3], coverage: f32) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
    if let Some(Rgb(under)) = picture.get_pixel_mut_checked(x, y) {
        for (under, over) in under.iter_mut().zip(colour) {
            let mixed = f32::from(*under) + (f32::from(over) - f32::from(*under)) * coverage.clamp(0.0, 1.0);
            *under = mixed.round() as u8;
        }
    }
}

struct Line {
    glyphs: Vec<Glyph>,
    width: f32,
}

fn lay_out(text: &str, style: Style) -> Line {
    let font = style.font();
    let scale = style.scale();
    let scaled = font.as_scaled(scale);
    let mut line = Line { glyphs: Vec::new(), width: 0.0 };
    let mut previous = None;
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        let id = font.glyph_id(letter);
        if let Some(previous) = previous {
            line.width += scaled.kern(previous, id);
        }
        line.glyphs.push(id.with_scale_and_position(scale, point(line.width, 0.0)));
        line.width += scaled.h_advance(id);
        previous = Some(id);
    }
    line
}

impl Style {
    fn font(self) -> &'static FontRef<'static> {
        match self.weight {
            Weight::Regular => &REGULAR,
            Weight::SemiBold => &SEMI_BOLD,
        }
    }

    /// The library scales by line height, designers by em.
    fn scale(self) -> PxScale {
        let font = self.font();
        let units_per_em = font.units_per_em().unwrap_or(1000.0);
        PxScale::from(self.size * font.height_unscaled() / units_per_em)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style { weight: Weight::Regular, size: 20.0, colour: [0, 0, 0] };

    #[test]
    fn text_leaves_ink_where_it_is_anchored() {
        let ink = |anchor| {
            let mut page = RgbImage::from_pixel(200, 40, Rgb([255; 3]));
            write(&mut page, "max 0.9", (100.0, 28.0), anchor, STYLE);
            let dark = |x: &u32| (0..40).any(|y| page.get_pixel(*x, y).0[0] < 128);
            ((0..200).find(dark).unwrap(), (0..200).rev().find(dark).unwrap())
        };
        assert!(ink(Anchor::Left).0 >= 100);
        assert!(ink(Anchor::Right).1 <= 100);
        let (first, last) = ink(Anchor::Centre);
        assert!((first + last).abs_diff(200) <= 4, "{first}..{last}");
    }

    #[test]
    fn long_text_is_cut_to_fit() {
        let long = "layer3.22.cbam.ChannelGate ".repeat(9);
        let cut = fit(&long, 300.0, STYLE);
        assert!(cut.ends_with('…') && lay_out(&cut, STYLE).width <= 300.0, "{cut}");
        assert_eq!(fit("short", 300.0, STYLE), "short");
        assert_eq!(fit("short", 1.0, STYLE), "");
    }
}
