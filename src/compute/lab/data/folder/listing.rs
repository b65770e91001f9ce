//! What a folder holds, before a picture is opened: classes, files, and the splits where the folder has them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Skipped;
use crate::compute::lab::LabError;
use crate::compute::lab::data::Split;
use crate::compute::random::{fnv1a, mix};

/// What folders of splits are called, by split.
const NAMES: [&[&str]; 3] = [&["train", "training"], &["val", "valid", "validation"], &["test", "testing"]];

/// A file that may be a picture.
pub(super) struct Listed {
    pub path: PathBuf,
    pub label: usize,
    pub split: Split,
}

/// What there is.
#[derive(Default)]
pub(super) struct Listing {
    pub classes: Vec<String>,
    /// By split where the folder has splits, then by class and name.
    pub files: Vec<Listed>,
    pub skipped: Vec<Skipped>,
    pub notes: Vec<String>,
    /// The folder each class's training pictures are in.
    pub learnt_from: Vec<PathBuf>,
    /// There is no test split of its own: the validation pictures are tested on.
    pub tests_on_validation: bool,
    /// Does the folder say which pictures are of which split?
    pub has_splits: bool,
}

/// Lists a folder with one sub-folder a class, or with such folders as its splits.
pub(super) fn list(path: &Path) -> Result<Listing, LabError> {
    if !path.is_dir() {
        return Err(LabError::NoFolder { path: path.to_owned() });
    }
    let folders = folders(path)?;
    match splits(path, &folders)? {
        Some(splits) => of_splits(path, &splits, &folders),
        None => of_classes(path, &folders),
    }
}

/// What starts with a dot is nobody's class.
fn folders(path: &Path) -> Result<Vec<PathBuf>, LabError> {
    Ok(entries(path)?.into_iter().filter(|entry| entry.is_dir()).collect())
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The folders of the splits, if these are some: `train` with classes in it, and nothing else or another split.
fn splits(root: &Path, all: &[PathBuf]) -> Result<Option<[Option<PathBuf>; 3]>, LabError> {
    let named =
        |names: &[&str]| all.iter().find(|folder| names.contains(&name_of(folder).to_lowercase().as_str())).cloned();
    let found = NAMES.map(named);
    let count = found.iter().flatten().count();
    let Some(train) = &found[0] else { return Ok(None) };
    if count < 2 && all.len() > 1 {
        return Ok(None);
    }
    let mut with_classes = Vec::new();
    for folder in found.iter().flatten() {
        with_classes.push(!folders(folder)?.is_empty());
    }
    match (with_classes.iter().all(|has| *has), with_classes.iter().any(|has| *has)) {
        (true, _) => Ok(Some(found)),
        (false, false) if all.len() > count || count < 2 => Ok(None),
        _ => Err(LabError::Setting(format!(
            "{}: {} and its neighbours are called as splits are, but not all of them have one sub-folder of pictures a \
             class; put the classes into each of them",
            root.display(),
            name_of(train),
        ))),
    }
}

/// One sub-folder a class; the name of a file decides its split.
fn of_classes(root: &Path, folders: &[PathBuf]) -> Result<Listing, LabError> {
    if folders.len() < 2 {
        return Err(LabError::FewClasses { path: root.to_owned(), found: folders.len() });
    }
    let mut listing = Listing { learnt_from: folders.to_vec(), ..Listing::default() };
    for (label, folder) in folders.iter().enumerate() {
        listing.classes.push(name_of(folder));
        listing.add(folder, label, |path| split_of(root, path))?;
    }
    Ok(listing)
}

/// A folder a split, in each the same classes.
fn of_splits(root: &Path, splits: &[Option<PathBuf>; 3], all: &[PathBuf]) -> Result<Listing, LabError> {
    let [Some(train), validation, test] = splits else { return Err(LabError::NoFolder { path: root.to_owned() }) };
    let learnt_from = folders(train)?;
    if learnt_from.len() < 2 {
        return Err(LabError::FewClasses { path: train.clone(), found: learnt_from.len() });
    }
    let classes: Vec<String> = learnt_from.iter().map(|folder| name_of(folder)).collect();
    let tests_on_validation = validation.is_some() && test.is_none();
    let mut listing = Listing { classes, learnt_from, tests_on_validation, has_splits: true, ..Listing::default() };
    for (folder, split) in splits.iter().zip(Split::ALL) {
        let Some(folder) = folder else { continue };
        for class in folders(folder)? {
            let Some(label) = listing.classes.iter().position(|known| *known == name_of(&class)) else {
                return Err(LabError::Setting(format!(
                    "{}: a class that {} has not, so it cannot be learnt; add it there or take it away here",
                    class.display(),
                    train.display()
                )));
            };
            // What has no folder of its own is taken from the training pictures, by their names.
            listing.add(&class, label, |path| match (split, split_of(train, path)) {
                (Split::Train, Split::Validation) if validation.is_none() => Split::Validation,
                (Split::Train, Split::Test) if validation.is_none() && test.is_none() => Split::Test,
                _ => split,
            })?;
        }
    }
    let is_split = |folder: &PathBuf| splits.iter().flatten().any(|split| split == folder);
    for path in all.iter().filter(|folder| !is_split(folder)) {
        let reason = format!("{}: a folder beside the splits is not read", path.display());
        listing.skipped.push(Skipped { path: path.clone(), reason });
    }
    listing.notes.push(sentence(splits));
    Ok(listing)
}

/// `train/ is learnt from, val/ is validated and tested on: there is no test/`.
fn sentence(splits: &[Option<PathBuf>; 3]) -> String {
    let [train, validation, test] = splits.each_ref().map(|split| split.as_deref().map(name_of));
    let train = train.unwrap_or_default();
    match (validation, test) {
        (Some(validation), Some(test)) => {
            format!("{train}/ is learnt from, {validation}/ is validated on, {test}/ is tested on")
        }
        (Some(validation), None) => format!(
            "{train}/ is learnt from, {validation}/ is validated on; there is no test/, so the test is on {validation}/ too"
        ),
        (None, Some(test)) => format!(
            "{train}/ is learnt from but for the 10 % that are validated on, as there is no val/; {test}/ is tested on"
        ),
        (None, None) => {
            format!(
                "{train}/ is learnt from but for 10 % each that are validated and tested on: there are no val/ and test/"
            )
        }
    }
}

impl Listing {
    fn add(&mut self, class: &Path, label: usize, split: impl Fn(&Path) -> Split) -> Result<(), LabError> {
        for path in entries(class)? {
            if path.is_dir() {
                let reason = format!("{}: a folder inside a class is not read; move its pictures up", path.display());
                self.skipped.push(Skipped { path, reason });
            } else {
                let split = split(&path);
                self.files.push(Listed { path, label, split });
            }
        }
        Ok(())
    }

    /// Says which classes a split lacks; `there` are the split and label of each picture in use.
    pub(super) fn note_missing(&mut self, there: &BTreeSet<(usize, usize)>) {
        let kinds = if self.tests_on_validation { &Split::ALL[1..2] } else { &Split::ALL[1..] };
        for split in kinds {
            let lacks = |label: &usize| !there.contains(&(*split as usize, *label));
            let missing: Vec<&str> =
                (0..self.classes.len()).filter(lacks).map(|label| self.classes[label].as_str()).collect();
            if missing.is_empty() || missing.len() == self.classes.len() {
                continue;
            }
            let why = if self.has_splits { "" } else { " (a file's name decides its split)" };
            self.notes.push(format!("the {split} split has no picture of {}{why}", missing.join(", ")));
        }
    }
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
pub(super) fn split_of(root: &Path, file: &Path) -> Split {
    let below = file.strip_prefix(root).unwrap_or(file);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    match mix(fnv1a(&parts.join("/"))) % 10 {
        0..=7 => Split::Train,
        8 => Split::Validation,
        _ => Split::Test,
    }
}
