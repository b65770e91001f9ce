//! Figures: an SVG document as PDF, with its text as text, and as pixels. Both are set in the fonts that are built into
//! the program, so a figure looks the same on every machine.

use std::sync::{Arc, LazyLock};

use krilla::Document;
use krilla::geom::Size;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt, SvgSettings};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};

use super::text::{REGULAR_BYTES, SEMI_BOLD_BYTES, Style, Weight, width};
use crate::drawing::Face;

/// CSS pixels of an inch, and points of one.
const PIXELS: f32 = 96.0;
const POINTS: f32 = 72.0;
/// The longest side of a picture made from a figure, in pixels.
pub const MAX_FIGURE_SIDE: u32 = 20_000;

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for bytes in [REGULAR_BYTES, SEMI_BOLD_BYTES] {
        fonts.load_font_source(Source::Binary(Arc::new(bytes)));
    }
    fonts.set_sans_serif_family("Inter");
    Arc::new(fonts)
});

/// The width of a text in a figure, in pixels, at a size and a face.
#[must_use]
pub fn text_width(text: &str, size: f32, face: Face) -> f32 {
    let weight = match face {
        Face::Regular => Weight::Regular,
        Face::Semibold => Weight::SemiBold,
    };
    width(text, Style { weight, size, colour: [0; 3] })
}

fn tree(svg: &str) -> Result<Tree, String> {
    let options = Options { fontdb: FONTS.clone(), font_family: "Inter".to_owned(), ..Options::default() };
    Tree::from_str(svg, &options).map_err(|error| format!("the figure is no SVG that can be read: {error}"))
}

/// A figure as a PDF document of one page of its size; text stays text.
///
/// # Errors
/// A figure that cannot be read, or is of no size.
pub fn pdf(svg: &str, title: &str) -> Result<Vec<u8>, String> {
    let tree = tree(svg)?;
    let [width, height] = [tree.size().width(), tree.size().height()].map(|pixels| pixels * POINTS / PIXELS);
    let size = Size::from_wh(width, height).ok_or("the figure has no size")?;
    let settings = PageSettings::from_wh(width, height).ok_or("the figure has no size")?;
    let mut document = Document::new();
    let creator = concat!("gatescope ", env!("CARGO_PKG_VERSION")).to_owned();
    document.set_metadata(Metadata::new().title(title.to_owned()).creator(creator));
    let mut page = document.start_page_with(settings);
    let mut surface = page.surface();
    surface.draw_svg(&tree, size, SvgSettings::default());
    surface.finish();
    page.finish();
    document.finish().map_err(|error| format!("the figure cannot be written as PDF: {error:?}"))
}

/// A figure as a PNG file with so many pixels to the inch, which the file says.
///
/// # Errors
/// A figure that cannot be read, or that would be too large.
pub fn png(svg: &str, dpi: f32) -> Result<Vec<u8>, String> {
    let tree = tree(svg)?;
    let scale = dpi / PIXELS;
    let [width, height] =
        [tree.size().width(), tree.size().height()].map(|side| (side * scale).round().max(1.0) as u32);
    if width.max(height) > MAX_FIGURE_SIDE {
        return Err(format!(
            "{width} × {height} pixels: at most {MAX_FIGURE_SIDE} a side; make it narrower or give fewer dots an inch"
        ));
    }
    let mut pixels = Pixmap::new(width, height).ok_or("not enough memory for so many pixels")?;
    // To the last pixel: a column that is covered in part would be seen.
    let [x, y] = [width as f32 / tree.size().width(), height as f32 / tree.size().height()];
    resvg::render(&tree, Transform::from_scale(x, y), &mut pixels.as_mut());
    let bytes = pixels.encode_png().map_err(|error| format!("the picture cannot be written: {error}"))?;
    Ok(with_resolution(&bytes, dpi))
}

/// A PNG file with the resolution it has been made for: a `pHYs` chunk behind the header.
fn with_resolution(png: &[u8], dpi: f32) -> Vec<u8> {
    /// The signature and the header chunk.
    const HEAD: usize = 8 + 25;
    let per_metre = ((dpi / 0.0254).round() as u32).to_be_bytes();
    let mut chunk = b"pHYs".to_vec();
    chunk.extend(per_metre);
    chunk.extend(per_metre);
    chunk.push(1);
    let mut sum = flate2::Crc::new();
    sum.update(&chunk);
    let mut whole = png[..HEAD].to_vec();
    whole.extend((chunk.len() as u32 - 4).to_be_bytes());
    whole.extend(&chunk);
    whole.extend(sum.sum().to_be_bytes());
    whole.extend(&png[HEAD..]);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"25.4mm\" height=\"12.7mm\" \
                          viewBox=\"0 0 96 48\"><rect width=\"48\" height=\"48\" fill=\"#ff0000\"/>\
                          <text x=\"60\" y=\"30\" font-family=\"Inter\" font-size=\"12\">SE</text></svg>";

    #[test]
    fn pixels_are_as_many_as_asked_for_and_lie_where_they_should() {
        let png = png(SQUARE, 192.0).expect("draws");
        let picture = image::load_from_memory(&png).expect("a PNG").to_rgba8();
        assert_eq!(picture.dimensions(), (192, 96));
        assert_eq!((picture.get_pixel(40, 40).0, picture.get_pixel(110, 5).0[3]), ([255, 0, 0, 255], 0));
        let ink = picture.enumerate_pixels().filter(|(x, _, pixel)| *x > 100 && pixel.0[3] > 128).count();
        assert!(ink > 50, "{ink} pixels of text");
        // 192 dots an inch are 7559 a metre.
        assert_eq!(png[41..45], 7559_u32.to_be_bytes());
        assert!(super::png(SQUARE, 96.0 * 300.0).expect_err("too large").contains("20000 a side"));
    }

    #[test]
    fn a_pdf_has_the_figures_size_and_a_font() {
        let pdf = pdf(SQUARE, "A square").expect("draws");
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.starts_with("%PDF-") && text.contains("/MediaBox[0 0 72 36]"), "{text}");
        assert!(text.contains("/Font") && text.contains("Inter"), "no font");
    }
}
