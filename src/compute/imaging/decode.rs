//! Opening pictures: limits before memory, the format from the content, EXIF orientation applied.
//!
//! Alpha is dropped, not composited, as Pillow's `convert("RGB")` does: that is what torchvision users get.
//! 16-bit values are scaled to 8. Embedded colour profiles are ignored, as in torchvision.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};

use super::tiff::Directory;
use super::{Change, ImagingError, Picture, frames, jpeg};

/// The longest side of a picture that is opened, in pixels.
pub const MAX_SIDE: u64 = 16_384;
/// The most pixels of a picture that is opened.
pub const MAX_PIXELS: u64 = 100_000_000;
/// The largest picture file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 256_000_000;
/// What a decoder may allocate: 100 megapixels of 16-bit RGBA and its own buffers.
const MAX_DECODER_BYTES: u64 = 1 << 30;

/// Opens a picture file; the content decides the format, not the extension.
///
/// # Errors
/// A path that is no readable file, an oversized or empty file, and everything [`decode`] refuses.
pub fn open(path: &Path) -> Result<Picture, ImagingError> {
    let bytes = read(path)?;
    let shown = path.display().to_string();
    let mut picture = decode(&shown, &bytes)?;
    if let Some(file) = path.file_name() {
        picture.name = file.to_string_lossy().into_owned();
    }
    Ok(picture)
}

/// Decodes a picture in memory: PNG, JPEG, WebP, BMP, GIF, TIFF, PPM, PGM or PBM; of several pictures in a file the
/// first.
///
/// # Errors
/// Empty, unknown, damaged or truncated data, and dimensions over [`MAX_SIDE`] or [`MAX_PIXELS`]; the
/// dimensions are checked before any pixel memory is taken.
pub fn decode(name: &str, bytes: &[u8]) -> Result<Picture, ImagingError> {
    if bytes.is_empty() {
        return Err(ImagingError::Empty { name: name.to_owned() });
    }
    let (format, format_name) = recognise(name, bytes)?;
    let mut changes: Vec<Change> = frames::has_more(format, bytes).then_some(Change::FirstFrame).into_iter().collect();
    let (mut decoded, orientation) = match palette(format, bytes) {
        Some(directory) => coloured(name, format_name, &directory)?,
        None => plain(name, bytes, format, format_name)?,
    };
    if orientation != Orientation::NoTransforms {
        decoded.apply_orientation(orientation);
        changes.push(Change::Oriented);
    }
    if decoded.color().has_alpha() && decoded.to_rgba8().pixels().any(|pixel| pixel.0[3] != u8::MAX) {
        changes.push(Change::TransparencyDropped);
    }
    if decoded.color().bytes_per_pixel() > decoded.color().channel_count() {
        changes.push(Change::Depth);
    }
    Ok(Picture { name: name.to_owned(), pixels: decoded.into_rgb8(), changes })
}

/// The directory of a TIFF with a palette.
fn palette(format: ImageFormat, bytes: &[u8]) -> Option<Directory<'_>> {
    let directory = (format == ImageFormat::Tiff).then(|| Directory::first(bytes)).flatten();
    directory.filter(Directory::has_palette)
}

/// A TIFF with a palette.
fn coloured(
    name: &str,
    format: &'static str,
    directory: &Directory,
) -> Result<(DynamicImage, Orientation), ImagingError> {
    let [width, height] = directory.size();
    check_size(name, width, height)?;
    let pixels = directory.coloured(MAX_DECODER_BYTES as usize);
    let pixels = pixels.map_err(|reason| ImagingError::Unsupported { name: name.to_owned(), format, reason })?;
    let orientation = Orientation::from_exif(directory.orientation()).unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::ImageRgb8(pixels), orientation))
}

/// Everything else, as the library decodes it.
fn plain(
    name: &str,
    bytes: &[u8],
    format: ImageFormat,
    format_name: &'static str,
) -> Result<(DynamicImage, Orientation), ImagingError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // No sides here: the message below names them, the library's does not.
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits.clone());
    let explain = |error| explain(name, format_name, &error);
    let mut decoder = reader.into_decoder().map_err(explain)?;
    let (width, height) = decoder.dimensions();
    check_size(name, width.into(), height.into())?;
    if format == ImageFormat::Jpeg && !jpeg::is_complete(bytes) {
        return Err(damaged(name, format_name, "the end of the picture is missing"));
    }
    limits.reserve(decoder.total_bytes()).map_err(explain)?;
    decoder.set_limits(limits).map_err(explain)?;
    // An unreadable EXIF block is no reason to refuse the pixels.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::from_decoder(decoder).map_err(explain)?, orientation))
}

/// A picture from RGBA bytes, row by row, as a clipboard gives them; alpha is dropped.
///
/// # Errors
/// A size that is nothing, over the limits, or not the buffer's.
pub fn from_rgba(name: &str, width: usize, height: usize, rgba: &[u8]) -> Result<Picture, ImagingError> {
    let (wide, high) = (width as u64, height as u64);
    check_size(name, wide, high)?;
    let wrong_length = || ImagingError::WrongLength {
        name: name.to_owned(),
        width: wide,
        height: high,
        expected: 4 * wide * high,
        found: rgba.len() as u64,
    };
    if rgba.len() as u64 != 4 * wide * high {
        return Err(wrong_length());
    }
    let pixels = rgba.as_chunks::<4>().0;
    let changes = pixels.iter().any(|pixel| pixel[3] != u8::MAX).then_some(Change::TransparencyDropped);
    let rgb = pixels.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
    let pixels = RgbImage::from_raw(width as u32, height as u32, rgb).ok_or_else(wrong_length)?;
    Ok(Picture { changes: changes.into_iter().collect(), ..Picture::new(name, pixels) })
}

fn read(path: &Path) -> Result<Vec<u8>, ImagingError> {
    let shown = || path.display().to_string();
    let refused = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => ImagingError::NotFound { path: shown() },
        _ => ImagingError::Unreadable { path: shown(), source },
    };
    let metadata = fs::metadata(path).map_err(refused)?;
    if metadata.is_dir() {
        return Err(ImagingError::Folder { path: shown() });
    }
    if !metadata.is_file() {
        return Err(ImagingError::NotAFile { path: shown() });
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(ImagingError::FileTooLarge { path: shown(), bytes: metadata.len() });
    }
    let mut bytes = Vec::new();
    // One byte over the cap tells a file that grew (or lied about its size) from one that fits.
    File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)).map_err(refused)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(ImagingError::FileTooLarge { path: shown(), bytes: bytes.len() as u64 });
    }
    Ok(bytes)
}

fn check_size(name: &str, width: u64, height: u64) -> Result<(), ImagingError> {
    let name = name.to_owned();
    if width == 0 || height == 0 {
        return Err(ImagingError::NoPixels { name, width, height });
    }
    if width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS {
        return Err(ImagingError::TooLarge { name, width, height });
    }
    Ok(())
}

fn recognise(name: &str, bytes: &[u8]) -> Result<(ImageFormat, &'static str), ImagingError> {
    let format = image::guess_format(bytes).ok();
    match format {
        Some(ImageFormat::Png) => Ok((ImageFormat::Png, "PNG")),
        Some(ImageFormat::Jpeg) => Ok((ImageFormat::Jpeg, "JPEG")),
        Some(ImageFormat::WebP) => Ok((ImageFormat::WebP, "WebP")),
        Some(ImageFormat::Bmp) => Ok((ImageFormat::Bmp, "BMP")),
        Some(ImageFormat::Gif) => Ok((ImageFormat::Gif, "GIF")),
        Some(ImageFormat::Tiff) => Ok((ImageFormat::Tiff, "TIFF")),
        Some(ImageFormat::Pnm) => Ok((ImageFormat::Pnm, "PNM")),
        _ => Err(ImagingError::UnknownFormat { name: name.to_owned(), looks_like: looks_like(bytes) }),
    }
}

/// What a file that is no readable picture seems to be: the wrong file is easier to find by its right name.
fn looks_like(bytes: &[u8]) -> &'static str {
    let head = &bytes[..bytes.len().min(1024)];
    let holds = |needle: &[u8]| head.windows(needle.len()).any(|window| window == needle);
    match bytes {
        [_, _, _, _, b'f', b't', b'y', b'p', ..] if holds(b"avif") => "an AVIF picture",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] if holds(b"heic") || holds(b"mif1") => "an HEIC picture",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "a video",
        [b'%', b'P', b'D', b'F', ..] => "a PDF document",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive, perhaps a PyTorch checkpoint",
        [_, _, _, _, _, _, _, 0, b'{', ..] => "a safetensors file",
        _ if holds(b"<svg") => "an SVG drawing",
        _ if std::str::from_utf8(&head[..head.len().saturating_sub(3)]).is_ok() => "a text file",
        _ => "unknown content",
    }
}

fn damaged(name: &str, format: &'static str, reason: &str) -> ImagingError {
    ImagingError::Damaged { name: name.to_owned(), format, reason: reason.to_owned() }
}

fn explain(name: &str, format: &'static str, error: &ImageError) -> ImagingError {
    match error {
        ImageError::Limits(_) => ImagingError::TooMuchMemory { name: name.to_owned() },
        ImageError::Unsupported(unsupported) => {
            ImagingError::Unsupported { name: name.to_owned(), format, reason: unsupported.to_string() }
        }
        other => damaged(name, format, &innermost(other)),
    }
}

/// The last cause: the outer layers only repeat that decoding failed.
fn innermost(error: &ImageError) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
