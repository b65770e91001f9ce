//! A user's pictures: one sub-folder a class.
//!
//! Everything is opened once, at the start, so that a damaged file is known before hours of training; the crops are
//! kept as far as memory is allowed, and read again otherwise.

mod read;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use image::RgbImage;

use super::{Dataset, Example, Split};
use crate::compute::imaging::Preprocessing;
use crate::compute::lab::LabError;
use crate::compute::random::{fnv1a, mix};

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

/// Pictures from a folder; the name of a file decides its split (80, 10 and 10 %).
pub struct Folder {
    name: String,
    classes: Vec<String>,
    preprocessing: Preprocessing,
    /// By split.
    files: [Vec<File>; 3],
    skipped: Vec<Skipped>,
}

/// A picture in use.
struct File {
    path: PathBuf,
    label: usize,
    /// The pixels, if there was room for them.
    crop: Option<RgbImage>,
}

/// What a folder holds, before anything is opened.
struct Listing {
    classes: Vec<String>,
    /// By class, then by name.
    files: Vec<(PathBuf, usize)>,
    skipped: Vec<Skipped>,
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
        let Listing { classes, files, mut skipped } = list(path)?;
        let room = MAX_KEPT_BYTES / (input[1] * input[2] * 3);
        let opened = read::all(&files, &preprocessing, room, progress)?;
        let mut sums = read::Sums::default();
        let mut splits: [Vec<File>; 3] = Default::default();
        for ((file, label), opened) in files.into_iter().zip(opened) {
            match opened {
                Err(reason) => skipped.push(Skipped { path: file, reason }),
                Ok(opened) => {
                    let split = split_of(path, &file);
                    if split == Split::Train {
                        sums.add(&opened.sums);
                    }
                    splits[split as usize].push(File { path: file, label, crop: opened.crop });
                }
            }
        }
        skipped.sort_by(|a, b| a.path.cmp(&b.path));
        check(path, &classes, &splits, &skipped)?;
        (preprocessing.mean, preprocessing.std) = sums.statistics();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Self { name, classes, preprocessing, files: splits, skipped })
    }

    /// What was found and is not used, by path.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }
}

/// Every class's files; what starts with a dot is nobody's picture.
fn list(path: &Path) -> Result<Listing, LabError> {
    if !path.is_dir() {
        return Err(LabError::NoFolder { path: path.to_owned() });
    }
    let folders: Vec<PathBuf> = entries(path)?.into_iter().filter(|entry| entry.is_dir()).collect();
    if folders.len() < 2 {
        return Err(LabError::FewClasses { path: path.to_owned(), found: folders.len() });
    }
    let mut listing = Listing { classes: Vec::new(), files: Vec::new(), skipped: Vec::new() };
    for (label, folder) in folders.iter().enumerate() {
        listing.classes.push(folder.file_name().unwrap_or_default().to_string_lossy().into_owned());
        for path in entries(folder)? {
            if path.is_dir() {
                let reason = format!("{}: a folder inside a class is not read; move its pictures up", path.display());
                listing.skipped.push(Skipped { path, reason });
            } else {
                listing.files.push((path, label));
            }
        }
    }
    Ok(listing)
}

/// A folder's entries, sorted by name, without hidden ones.
fn entries(path: &Path) -> Result<Vec<PathBuf>, LabError> {
    let refused = |source| LabError::Unlisted { path: path.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Which split a file belongs to, from its class and name alone: other files, a moved folder or another system
/// change nothing.
fn split_of(root: &Path, file: &Path) -> Split {
    let below = file.strip_prefix(root).unwrap_or(file);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    match mix(fnv1a(&parts.join("/"))) % 10 {
        0..=7 => Split::Train,
        8 => Split::Validation,
        _ => Split::Test,
    }
}

/// Does every class have something to learn from?
fn check(root: &Path, classes: &[String], splits: &[Vec<File>; 3], skipped: &[Skipped]) -> Result<(), LabError> {
    for (label, class) in classes.iter().enumerate() {
        let path = root.join(class);
        let count = |files: &[File]| files.iter().filter(|file| file.label == label).count();
        let pictures = splits.iter().map(|files| count(files)).sum();
        if pictures == 0 {
            let first = skipped.iter().find(|skipped| skipped.path.starts_with(&path));
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
        Some(self.files[split as usize].len() as u64)
    }

    fn example(&self, split: Split, index: u64) -> Result<Example, LabError> {
        let files = &self.files[split as usize];
        let none = || LabError::NoExample { name: self.name.clone(), split, index, len: files.len() as u64 };
        let file = usize::try_from(index).ok().and_then(|index| files.get(index)).ok_or_else(none)?;
        let image = match &file.crop {
            Some(crop) => crop.clone(),
            None => read::crop(&file.path, &self.preprocessing)
                .map_err(|source| LabError::Picture { path: file.path.clone(), source })?,
        };
        Ok(Example { image, label: file.label, mask: None })
    }

    fn mean(&self) -> [f32; 3] {
        self.preprocessing.mean
    }

    fn std(&self) -> [f32; 3] {
        self.preprocessing.std
    }
}
