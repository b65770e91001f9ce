//! Whether a file is an animation: only its first frame is a picture.

use image::ImageFormat;

use super::tiff::Directory;

/// Has the file more pictures than the first?
pub(super) fn has_more(format: ImageFormat, bytes: &[u8]) -> bool {
    match format {
        ImageFormat::Gif => gif_has_more(bytes).unwrap_or(false),
        ImageFormat::Png => apng_has_more(bytes).unwrap_or(false),
        // The second bit of the extended header's flags.
        ImageFormat::WebP => bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 2 != 0),
        ImageFormat::Tiff => Directory::first(bytes).is_some_and(|directory| directory.has_more()),
        _ => false,
    }
}

/// Walks a GIF's blocks to its second picture.
fn gif_has_more(bytes: &[u8]) -> Option<bool> {
    const EXTENSION: u8 = 0x21;
    const IMAGE: u8 = 0x2C;
    /// Bytes of a table of colours, from the flags before it.
    fn table(flags: u8) -> usize {
        if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
    }
    let mut at = 13 + table(*bytes.get(10)?);
    let mut pictures = 0;
    loop {
        at += match *bytes.get(at)? {
            EXTENSION => 2,
            IMAGE if pictures == 1 => return Some(true),
            IMAGE => {
                pictures += 1;
                11 + table(*bytes.get(at + 9)?)
            }
            _ => return Some(false),
        };
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
    }
}

/// Walks a PNG's chunks to `acTL`, which stands before the pixels and says how many frames there are.
fn apng_has_more(bytes: &[u8]) -> Option<bool> {
    let mut at = 8;
    loop {
        let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize;
        match bytes.get(at + 4..at + 8)? {
            b"acTL" => {
                return Some(u32::from_be_bytes(bytes.get(at + 8..at + 12)?.try_into().ok()?) > 1);
            }
            b"IDAT" | b"IEND" => return Some(false),
            _ => at = at.checked_add(length)?.checked_add(12)?,
        }
    }
}
