//! A user's pictures: one sub-folder a class, in the folder itself or in its splits.
//!
//! Everything is opened once, at the start, so that a damaged file is known before hours of training; the crops are
//! kept as far as memory is allowed, and read again otherwise.

mod listing;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use image::RgbImage;

use self::listing::{Listed, Listing, list};
use super::{Dataset, Example, Split};
use crate::compute::imaging::Preprocessing;
use crate::compute::lab::LabError;

/// The most bytes of crops that are kept.
const MAX_KEPT_BYTES: usize = 512 << 20;

/// A file that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where it is.
    pub path: PathBuf,
    /// What is wrong with it and what to do, in a sentence that names it.
    pub reason: String,
}

/// Pictures from a folder; the name of a file decides its split (80, 10 and 10 %), unless the folder has `train` and
/// `val` or `test` in it.
pub struct Folder {
    name: String,
    root: PathBuf,
    classes: Vec<String>,
    preprocessing: Preprocessing,
    /// By split.
    files: [Vec<File>; 3],
    skipped: Vec<Skipped>,
    notes: Vec<String>,
    tests_on_validation: bool,
}

/// A picture in use.
struct File {
    path: PathBuf,
    label: usize,
    /// The pixels, if there was room for them.
    crop: Option<RgbImage>,
}

impl Folder {
    /// Opens a folder for networks with the input `[3, H, W]`: pictures are resized and centre-cropped to it.
    ///
    /// # Errors
    /// Fewer than two sub-folders, a class without a picture that can be read or to train on, other channels than 3.
    pub fn open(path: &Path, input: [usize; 3]) -> Result<Self, LabError> {
        Self::open_watched(path, input, &|_, _| true)
    }

    /// The same, telling how many files of how many are done; stops when the answer is false.
    ///
    /// # Errors
    /// As [`Folder::open`], and [`LabError::Cancelled`].
    pub fn open_watched(
        path: &Path,
        input: [usize; 3],
        progress: &(dyn Fn(usize, usize) -> bool + Sync),
    ) -> Result<Self, LabError> {
        if input[0] != 3 {
            return Err(LabError::Channels { input });
        }
        let mut preprocessing = Preprocessing::for_input(input);
        preprocessing.check().map_err(|source| LabError::Picture { path: path.to_owned(), source })?;
        let mut listing = list(path)?;
        let files = std::mem::take(&mut listing.files);
        let room = MAX_KEPT_BYTES / (input[1] * input[2] * 3);
        let opened = read::all(&files, &preprocessing, room, progress)?;
        let mut sums = read::Sums::default();
        let mut splits: [Vec<File>; 3] = Default::default();
        let mut there = BTreeSet::new();
        for (Listed { path, label, split }, opened) in files.into_iter().zip(opened) {
            match opened {
                Err(reason) => listing.skipped.push(Skipped { path, reason }),
                Ok(opened) => {
                    if split == Split::Train {
                        sums.add(&opened.sums);
                    }
                    there.insert((split as usize, label));
                    splits[split as usize].push(File { path, label, crop: opened.crop });
                }
            }
        }
        listing.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        check(&listing, &splits)?;
        listing.note_missing(&there);
        (preprocessing.mean, preprocessing.std) = sums.statistics();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let Listing { classes, skipped, notes, tests_on_validation, .. } = listing;
        let root = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self { name, root, classes, preprocessing, files: splits, skipped, notes, tests_on_validation })
    }

    /// What was found and is not used, by path.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// How the folder is read, and which classes a split lacks, in sentences.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    fn of(&self, split: Split) -> &[File] {
        match split {
            Split::Test if self.tests_on_validation => &self.files[Split::Validation as usize],
            _ => &self.files[split as usize],
        }
    }
}

/// Does every class have something to learn from?
fn check(listing: &Listing, splits: &[Vec<File>; 3]) -> Result<(), LabError> {
    for (label, path) in listing.learnt_from.iter().enumerate() {
        let path = path.clone();
        let count = |files: &[File]| files.iter().filter(|file| file.label == label).count();
        let pictures = match listing.has_splits {
            true => count(&splits[Split::Train as usize]),
            false => splits.iter().map(|files| count(files)).sum(),
        };
        if pictures == 0 {
            let first = listing.skipped.iter().find(|skipped| skipped.path.starts_with(&path));
            return Err(LabError::EmptyClass { path, first: first.map(|skipped| skipped.reason.clone()) });
        }
        if count(&splits[Split::Train as usize]) == 0 {
            return Err(LabError::Untrained { path, pictures });
        }
    }
    Ok(())
}

impl Dataset for Folder {
    fn name(&self) -> &str {
        &self.name
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn input(&self) -> [usize; 3] {
        let [height, width] = self.preprocessing.crop;
        [3, height, width]
    }

    fn len(&self, split: Split) -> Option<u64> {
        Some(self.of(split).len() as u64)
    }

    fn example(&self, split: Split, index: u64) -> Result<Example, LabError> {
        let files = self.of(split);
        let none = || LabError::NoExample { name: self.name.clone(), split, index, len: files.len() as u64 };
        let file = usize::try_from(index).ok().and_then(|index| files.get(index)).ok_or_else(none)?;
        let image = match &file.crop {
            Some(crop) => crop.clone(),
            None => read::crop(&file.path, &self.preprocessing)
                .map_err(|source| LabError::Picture { path: file.path.clone(), source })?,
        };
        Ok(Example { image, label: file.label, mask: None })
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.root)
    }

    fn mean(&self) -> [f32; 3] {
        self.preprocessing.mean
    }

    fn std(&self) -> [f32; 3] {
        self.preprocessing.std
    }
}
