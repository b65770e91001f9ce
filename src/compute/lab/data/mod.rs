//! What networks are trained and measured on: generated objects with their masks, or a user's folder of pictures.
//!
//! ```text
//! Objects, Folder ──Dataset──▶ Example ──Augment──▶ Batches (normalised, in order) ──ahead──▶ training
//! ```
//!
//! An example is decided by its split and index alone: not by what was asked before, nor by threads.

mod augment;
mod batches;
mod folder;
mod objects;
mod samples;
mod sheet;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use image::RgbImage;

use super::LabError;
use crate::compute::imaging::Preprocessing;

pub use augment::Augment;
pub use batches::{Ahead, Batch, Batches, Loading, MAX_BATCH, normalise};
pub use folder::{Folder, Skipped};
pub use objects::Objects;
pub use samples::{ObjectSample, object_sample, object_samples};
pub use sheet::{SheetOptions, sheet};

/// Which part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Split {
    /// What is learnt from.
    Train,
    /// What choices are made by while training.
    Validation,
    /// What is measured on at the end.
    Test,
}

impl Split {
    /// Every split.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name people use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Where an object can be seen in a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Row by row: does this pixel show the object?
    pub inside: Vec<bool>,
}

impl Mask {
    /// How many pixels show the object.
    #[must_use]
    pub fn area(&self) -> usize {
        self.inside.iter().filter(|&&inside| inside).count()
    }

    /// Does this pixel show the object? Outside the picture nothing does.
    #[must_use]
    pub fn contains(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.height && self.inside[y * self.width + x]
    }
}

/// A picture and what it shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// As large as the network's input.
    pub image: RgbImage,
    /// The index of its class.
    pub label: usize,
    /// Where the object is, if that is known.
    pub mask: Option<Mask>,
}

/// Pictures with labels, in three splits.
pub trait Dataset: Send + Sync {
    /// What people call it.
    fn name(&self) -> &str;

    /// The classes' names, by label.
    fn classes(&self) -> &[String];

    /// `[3, H, W]` of every picture.
    fn input(&self) -> [usize; 3];

    /// How many examples a split has; `None` if they never end.
    fn len(&self, split: Split) -> Option<u64>;

    /// One example.
    ///
    /// # Errors
    /// An index past the end, or a picture that can no longer be read.
    fn example(&self, split: Split, index: u64) -> Result<Example, LabError>;

    /// The mean of each channel over the training split, on a 0..1 scale.
    fn mean(&self) -> [f32; 3];

    /// The standard deviation of each channel over the training split, on a 0..1 scale.
    fn std(&self) -> [f32; 3];

    /// The folder its pictures are from; `None` if they are generated.
    fn folder(&self) -> Option<&Path> {
        None
    }

    /// How a picture becomes the input of a network that was trained on this.
    fn preprocessing(&self) -> Preprocessing {
        Preprocessing { mean: self.mean(), std: self.std(), ..Preprocessing::for_input(self.input()) }
    }
}

/// Which data set, as people write it: `objects`, or a folder's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// [`Objects`].
    Objects,
    /// [`Folder`].
    Folder(PathBuf),
}

impl Source {
    /// Reads what a user wrote; a folder called `objects` is written `./objects`.
    #[must_use]
    pub fn parse(text: &OsStr) -> Self {
        if text == "objects" { Self::Objects } else { Self::Folder(PathBuf::from(text)) }
    }

    /// Opens it; `input` is `[3, H, W]` of a folder's pictures, `seed` the generated data's.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn open(&self, input: [usize; 3], seed: u64) -> Result<OpenedData, LabError> {
        match self {
            Self::Objects => {
                Ok(OpenedData { dataset: Box::new(Objects::new(seed)), skipped: Vec::new(), notes: Vec::new() })
            }
            Self::Folder(path) => {
                let folder = Folder::open(path, input)?;
                let (skipped, notes) = (folder.skipped().to_vec(), folder.notes().to_vec());
                Ok(OpenedData { dataset: Box::new(folder), skipped, notes })
            }
        }
    }
}

/// A data set, and what is to be known of it.
pub struct OpenedData {
    /// The pictures.
    pub dataset: Box<dyn Dataset>,
    /// Files that are left out.
    pub skipped: Vec<Skipped>,
    /// How a folder is read, and what it lacks, in sentences.
    pub notes: Vec<String>,
}
