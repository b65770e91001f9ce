//! TIFF's first directory: palettes, which the library does not apply, and whether there are further pages.

use std::io::Cursor;

use image::{Rgb, RgbImage};
use tiff::decoder::{Decoder, DecodingResult, Limits};

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const PHOTOMETRIC: u16 = 262;
const ORIENTATION: u16 = 274;
const SAMPLES: u16 = 277;
const COLOR_MAP: u16 = 320;
const PALETTE: usize = 3;
/// The number of the type of 16 bits.
const SHORT: usize = 3;
const GREY: u8 = 1;
/// Bytes of an entry of a directory.
const ENTRY: usize = 12;

/// The first directory of a classic TIFF. BigTIFF is left to the library.
pub(super) struct Directory<'a> {
    bytes: &'a [u8],
    little: bool,
    start: usize,
    entries: usize,
}

impl<'a> Directory<'a> {
    pub fn first(bytes: &'a [u8]) -> Option<Self> {
        let little = match bytes.get(..4)? {
            [b'I', b'I', 42, 0] => true,
            [b'M', b'M', 0, 42] => false,
            _ => return None,
        };
        let mut directory = Self { bytes, little, start: 0, entries: 0 };
        directory.start = directory.long(4)?;
        directory.entries = directory.short(directory.start)?;
        Some(directory)
    }

    fn short(&self, at: usize) -> Option<usize> {
        let bytes: [u8; 2] = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(usize::from(if self.little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) }))
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes: [u8; 4] = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        usize::try_from(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }).ok()
    }

    /// Where the entry of a tag is.
    fn entry(&self, tag: u16) -> Option<usize> {
        let places = (0..self.entries).map(|index| self.start + 2 + index * ENTRY);
        places.into_iter().find(|at| self.short(*at) == Some(usize::from(tag)))
    }

    /// A tag's first value, where it is a short.
    fn value(&self, tag: u16) -> Option<usize> {
        self.short(self.entry(tag)? + 8)
    }

    /// Width and height; 0 where one is not said.
    pub fn size(&self) -> [u64; 2] {
        let value = |tag| {
            let at = self.entry(tag)?;
            if self.short(at + 2)? == SHORT { self.short(at + 8) } else { self.long(at + 8) }
        };
        [WIDTH, HEIGHT].map(|tag| value(tag).unwrap_or(0) as u64)
    }

    /// Is another page there?
    pub fn has_more(&self) -> bool {
        self.long(self.start + 2 + self.entries * ENTRY).is_some_and(|next| next != 0)
    }

    /// EXIF's number of how the picture lies, 1 where nothing is said.
    pub fn orientation(&self) -> u8 {
        self.value(ORIENTATION).and_then(|value| u8::try_from(value).ok()).unwrap_or(1)
    }

    /// Are its values places in a palette?
    pub fn has_palette(&self) -> bool {
        self.value(PHOTOMETRIC) == Some(PALETTE) && self.value(SAMPLES).unwrap_or(1) == 1
    }

    /// The palette: as many reds, then greens, then blues as there are values; the high byte of 16 bits is the colour.
    fn palette(&self, bits: usize) -> Option<Vec<[u8; 3]>> {
        let at = self.long(self.entry(COLOR_MAP)? + 8)?;
        let count = 1 << bits;
        let colour = |index: usize| Some((self.short(at.checked_add(2 * index)?)? >> 8) as u8);
        (0..count).map(|index| Some([colour(index)?, colour(count + index)?, colour(2 * count + index)?])).collect()
    }

    /// The picture of a file with a palette; `budget` is the most bytes that decoding may take.
    ///
    /// # Errors
    /// What is missing or unknown, in words.
    pub fn coloured(&self, budget: usize) -> Result<RgbImage, String> {
        let bits = self.value(BITS).unwrap_or(1);
        if !matches!(bits, 1 | 2 | 4 | 8) {
            return Err(format!("a palette with {bits} bits a pixel"));
        }
        let palette = self.palette(bits).ok_or("a palette that is not there")?;
        let entry = self.entry(PHOTOMETRIC).ok_or("a palette that is not there")?;
        // The library refuses palettes: it is given the same file as grey, whose values are the palette's places.
        let mut grey = self.bytes.to_vec();
        grey[if self.little { entry + 8 } else { entry + 9 }] = GREY;
        let mut limits = Limits::default();
        (limits.decoding_buffer_size, limits.intermediate_buffer_size) = (budget, budget);
        let mut decoder = Decoder::new(Cursor::new(grey)).map_err(|error| error.to_string())?.with_limits(limits);
        let (width, height) = decoder.dimensions().map_err(|error| error.to_string())?;
        let DecodingResult::U8(values) = decoder.read_image().map_err(|error| error.to_string())? else {
            return Err("a palette whose places are no bytes".to_owned());
        };
        let row = (width as usize * bits).div_ceil(8);
        if values.len() < row * height as usize {
            return Err("fewer values than pixels".to_owned());
        }
        Ok(RgbImage::from_fn(width, height, |x, y| {
            let bit = x as usize * bits;
            let byte = values[y as usize * row + bit / 8];
            let index = usize::from(byte >> (8 - bits - bit % 8)) & ((1 << bits) - 1);
            Rgb(palette[index])
        }))
    }
}
