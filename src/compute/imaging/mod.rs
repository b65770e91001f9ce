//! Pictures: from a file to what the network sees, and from a gate to something a person can look at.
//!
//! ```text
//! file, clipboard, sample ──▶ Picture ──Preprocessing──▶ Prepared (tensor, crop, window)
//! gate values ──▶ overlay (over the crop, in the scale's own colours: shade), strip (with weights along the edges), plot (channels as bars), shares (paths)
//! numbers ──▶ chart (curves and bars on a page)
//! ```

pub mod chart;
pub mod colour;
mod decode;
mod error;
mod jpeg;
pub mod overlay;
pub mod plot;
mod preprocess;
mod sample;
pub mod shade;
pub mod shares;
pub mod strip;
pub(in crate::compute) mod text;

pub use colour::ColourMap;
pub use decode::{MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE, decode, from_rgba, open};
pub use error::ImagingError;
pub use preprocess::{Interpolation, MAX_CROP_SIDE, MAX_RESIZE, Prepared, Preprocessing, Window};
pub use sample::{Sample, sample_picture, samples};

/// A decoded picture: upright, 8-bit sRGB, without alpha.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The file's name without its folder, or what the source called it.
    pub name: String,
    /// The pixels; at least 1×1.
    pub pixels: image::RgbImage,
}
