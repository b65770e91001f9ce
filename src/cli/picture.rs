//! Pictures for pages: what a network saw at a size to look at, and its encodings.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageFormat, ImageResult, RgbImage};

use crate::compute::imaging::Window;

/// An overlay's shorter side is at least this, in pixels.
const OVERLAY_SIDE: usize = 448;
const JPEG_QUALITY: u8 = 90;

/// What the network sees, cut from the picture itself: sharper than the network's own input.
#[must_use]
pub fn displayed_crop(pixels: &RgbImage, window: &Window, crop: [usize; 2]) -> RgbImage {
    let clamp = |start: f32, length: f32, side: u32| {
        let first = (start.round().max(0.0) as u32).min(side.saturating_sub(1));
        (first, (length.round().max(1.0) as u32).min(side - first))
    };
    let (x, width) = clamp(window.x, window.width, pixels.width());
    let (y, height) = clamp(window.y, window.height, pixels.height());
    let cut = imageops::crop_imm(pixels, x, y, width, height).to_image();
    let factor = OVERLAY_SIDE.div_ceil(crop[0].min(crop[1]).max(1));
    imageops::resize(&cut, (crop[1] * factor) as u32, (crop[0] * factor) as u32, FilterType::Triangle)
}

/// A PNG.
///
/// # Errors
/// What the encoder refuses.
pub fn png(image: &RgbImage) -> ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

/// A JPEG.
///
/// # Errors
/// What the encoder refuses.
pub fn jpeg(image: &RgbImage) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(image)?;
    Ok(bytes)
}
