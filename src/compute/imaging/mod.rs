//! Pictures: from a file to what the network sees, and from a gate to something a person can look at.
//!
//! ```text
//! file, clipboard, sample ──▶ Picture (and what decoding changed) ──Preprocessing──▶ Prepared (tensor, crop, window)
//! gate values ──▶ overlay (over the crop, in the scale's own colours: shade), strip (with weights along the edges), plot (channels as bars), shares (paths)
//! numbers ──▶ chart (curves and bars on a page)
//! SVG ──▶ vector (PDF, PNG)
//! ```

pub mod chart;
pub mod colour;
mod decode;
mod error;
mod filter;
mod fit;
mod frames;
mod jpeg;
pub mod overlay;
mod picture;
pub mod plot;
mod preprocess;
mod sample;
mod scale;
pub mod shade;
pub mod shares;
pub mod strip;
pub(in crate::compute) mod text;
mod tiff;
pub mod vector;

pub use colour::ColourMap;
pub use decode::{MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE, decode, from_rgba, open};
pub use error::ImagingError;
pub use filter::Interpolation;
pub use fit::CropMode;
pub use picture::{Change, Picture};
pub use preprocess::{MAX_CROP_SIDE, MAX_RESIZE, Prepared, Preprocessing, Window};
pub use sample::{Sample, sample_picture, samples};
pub use scale::to_unit;
