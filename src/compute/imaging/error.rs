//! What can go wrong with a picture: each message says what, where, and what to do.

use std::io;

use thiserror::Error;

use super::decode::{MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE};
use super::preprocess::{MAX_CROP_SIDE, MAX_RESIZE};

/// Why a picture could not be opened or prepared.
#[derive(Debug, Error)]
pub enum ImagingError {
    /// There is nothing at that path.
    #[error("{path}: no such file; check the path")]
    NotFound {
        /// The path as given.
        path: String,
    },
    /// The path is a folder.
    #[error("{path} is a folder; name a picture file inside it")]
    Folder {
        /// The path as given.
        path: String,
    },
    /// The path is a device, a pipe or a socket.
    #[error("{path} is not a regular file; save the picture to a file and open that")]
    NotAFile {
        /// The path as given.
        path: String,
    },
    /// The operating system refused to read the file.
    #[error("{path} cannot be read ({source}); check its permissions")]
    Unreadable {
        /// The path as given.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is over [`MAX_FILE_BYTES`].
    #[error("{path} is {} MB; pictures up to {} MB are opened, export a smaller one", bytes / 1_000_000, MAX_FILE_BYTES / 1_000_000)]
    FileTooLarge {
        /// The path as given.
        path: String,
        /// The file's size in bytes.
        bytes: u64,
    },
    /// There is nothing in the file.
    #[error("{name} is empty (0 bytes); download or export the picture again")]
    Empty {
        /// The picture's name.
        name: String,
    },
    /// The content is not one of the formats that are read.
    #[error("{name} is not a picture that can be read ({looks_like}); use PNG, JPEG, WebP, BMP, GIF, TIFF, PPM or PGM")]
    UnknownFormat {
        /// The picture's name.
        name: String,
        /// What the first bytes suggest.
        looks_like: &'static str,
    },
    /// The format is right and the data is not.
    #[error("{name}: the {format} data is damaged or cut short ({reason}); download or export the picture again")]
    Damaged {
        /// The picture's name.
        name: String,
        /// The format, as people write it.
        format: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// A variant of the format that the decoder does not know.
    #[error("{name}: this kind of {format} is not supported ({reason}); export it as PNG or JPEG")]
    Unsupported {
        /// The picture's name.
        name: String,
        /// The format, as people write it.
        format: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// The dimensions are over [`MAX_SIDE`] or [`MAX_PIXELS`].
    #[error(
        "{name} is {width}×{height} pixels; up to {MAX_SIDE} a side and {} megapixels are opened, scale it down",
        MAX_PIXELS / 1_000_000
    )]
    TooLarge {
        /// The picture's name.
        name: String,
        /// Pixels across.
        width: u64,
        /// Pixels down.
        height: u64,
    },
    /// The decoder would need more memory than is allowed.
    #[error("{name} needs too much memory to decode; scale it down or export it with 8 bits a channel")]
    TooMuchMemory {
        /// The picture's name.
        name: String,
    },
    /// The picture has no pixels.
    #[error("{name} is {width}×{height}: it has no pixels; use another picture")]
    NoPixels {
        /// The picture's name.
        name: String,
        /// Pixels across.
        width: u64,
        /// Pixels down.
        height: u64,
    },
    /// A pixel buffer does not have the length that its size asks for.
    #[error(
        "{name}: {found} bytes do not make {width}×{height} RGBA pixels ({expected} needed); copy the picture again"
    )]
    WrongLength {
        /// The picture's name.
        name: String,
        /// Pixels across.
        width: u64,
        /// Pixels down.
        height: u64,
        /// `4·width·height`.
        expected: u64,
        /// The buffer's length in bytes.
        found: u64,
    },
    /// A picture can become 1 or 3 channels, not this many.
    #[error(
        "the network takes {channels} input channels; a picture gives 3 (RGB) or 1 (grey), change the network's input"
    )]
    Channels {
        /// The channels asked for.
        channels: usize,
    },
    /// A crop that is nothing or larger than [`MAX_CROP_SIDE`].
    #[error("a crop of {height}×{width} is not possible; each side must be 1 to {MAX_CROP_SIDE}")]
    Crop {
        /// Pixels down.
        height: usize,
        /// Pixels across.
        width: usize,
    },
    /// A resize to nothing or to more than [`MAX_RESIZE`].
    #[error("resizing the shorter side to {resize} is not possible; it must be 1 to {MAX_RESIZE}")]
    Resize {
        /// The shorter side asked for.
        resize: usize,
    },
    /// A share of the resized picture that leads nowhere.
    #[error(
        "a crop of {side} pixels cannot be {share} of the resized side; give a share like 0.875, above 0 and up to 1"
    )]
    CropShare {
        /// The share asked for.
        share: f64,
        /// The crop's longer side in pixels.
        side: usize,
    },
    /// A mean or a standard deviation that cannot be divided by.
    #[error("channel {channel} is normalised with mean {mean} and std {std}; both must be finite and std above 0")]
    Normalisation {
        /// The channel, from 0.
        channel: usize,
        /// Its mean.
        mean: f32,
        /// Its standard deviation.
        std: f32,
    },
    /// A mean and a deviation that are not for the same values.
    #[error(
        "mean {mean:?} and std {std:?}: one is for values 0..255, the other for 0..1; give both for 0..1, like 0.485 and 0.229"
    )]
    Scales {
        /// Each channel's mean.
        mean: [f64; 3],
        /// Each channel's standard deviation.
        std: [f64; 3],
    },
    /// The resampling library refused; a bug here, not the user's.
    #[error("{name} could not be resized ({reason}); please report this picture")]
    Resample {
        /// The picture's name.
        name: String,
        /// What the library said.
        reason: String,
    },
}
