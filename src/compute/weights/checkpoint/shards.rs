//! A checkpoint in several files: its index says which tensor is in which.
//! <https://huggingface.co/docs/transformers/big_models>
//!
//! The set is opened through the index, through the folder it lies in, or through any of its files. An index names
//! files beside itself only: what points elsewhere is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::contents::Contents;
use super::fault::{Fault, shown};
use crate::compute::weights::WeightsError;

/// What the names of indices end with.
const ENDING: &str = ".index.json";
/// The longest index.
const MAX_INDEX: u64 = 64 << 20;
/// The most files of a set.
const MAX_FILES: usize = 1_000;
/// Names in a message.
const SHOWN: usize = 4;
/// What a folder's checkpoint is called, best first; indices before files.
const USUAL: [&str; 4] =
    ["model.safetensors.index.json", "pytorch_model.bin.index.json", "model.safetensors", "pytorch_model.bin"];

/// A set of files and which tensor each has.
#[derive(Debug)]
pub(super) struct Shards {
    /// In the order of their names.
    pub(super) files: Vec<PathBuf>,
    /// The place in `files` of each tensor.
    pub(super) map: BTreeMap<String, usize>,
}

#[derive(serde::Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// What a folder, an index or one file of a set leads to: the file that is opened in its place.
pub(in crate::compute) fn entrance(path: &Path) -> PathBuf {
    if path.is_dir() {
        let inside = |name: &&&str| path.join(name).is_file();
        return USUAL.iter().find(inside).map_or_else(|| path.to_owned(), |name| path.join(name));
    }
    index_beside(path).unwrap_or_else(|| path.to_owned())
}

/// Is this the name of an index?
pub(in crate::compute) fn is_index(path: impl AsRef<Path>) -> bool {
    path.as_ref().file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(ENDING))
}

/// `model.safetensors.index.json` for `model-00001-of-00002.safetensors`, if it is there and names that file.
fn index_beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let index = path.with_file_name(index_of(name)?);
    let names_it = read(&index).is_ok_and(|index| index.weight_map.values().any(|file| file == name));
    names_it.then_some(index)
}

/// What the index of a set is called, by the name of one of its files.
pub(in crate::compute) fn index_of(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let (first, count) = stem.rsplit_once("-of-")?;
    let (base, number) = first.rsplit_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(count) && is_number(number)).then(|| format!("{base}.{extension}{ENDING}"))
}

fn read(index: &Path) -> Result<Index, Fault> {
    let length = std::fs::metadata(index).map_or(0, |metadata| metadata.len());
    if length > MAX_INDEX {
        return Err(Fault::other(format!(
            "{length} bytes, which no index of a checkpoint has; give the checkpoint file"
        )));
    }
    let text = std::fs::read(index).map_err(|error| Fault::other(format!("cannot be read: {error}")))?;
    serde_json::from_slice(&text).map_err(|error| {
        Fault::damaged(format!(
            "the index of a checkpoint in several files has no weight_map that can be read: {error}"
        ))
    })
}

/// The files that an index names, in order.
///
/// # Errors
/// An index that cannot be read, names nothing, or names files outside its folder.
pub(in crate::compute) fn named_in(index: &Path) -> Result<Vec<String>, WeightsError> {
    let length = std::fs::metadata(index).map_or(0, |metadata| metadata.len());
    let names = read(index).and_then(|read| Ok(file_names(&read.weight_map)?.into_iter().map(String::from).collect()));
    names.map_err(|fault| fault.at(index, length))
}

/// The files of a map from tensors to files.
fn file_names(weights: &BTreeMap<String, String>) -> Result<BTreeSet<&str>, Fault> {
    let names: BTreeSet<&str> = weights.values().map(String::as_str).collect();
    if names.is_empty() {
        return Err(Fault::other("the index of a checkpoint in several files, and it names no tensor"));
    }
    if names.len() > MAX_FILES {
        return Err(Fault::damaged(format!("an index of {} files, more than any checkpoint has", names.len())));
    }
    match names.iter().find(|name| !is_plain(name)) {
        None => Ok(names),
        Some(outside) => Err(Fault::other(format!(
            "an index that names a file outside its folder ({}), which is not opened; put the files beside it and name \
             them only",
            shown(outside)
        ))),
    }
}

impl Shards {
    /// Reads an index; every file it names must be there.
    pub(super) fn open(index: &Path) -> Result<Self, Fault> {
        let weights = read(index)?.weight_map;
        let names = file_names(&weights)?;
        let files: Vec<PathBuf> = names.iter().map(|name| index.with_file_name(name)).collect();
        let missing: Vec<String> =
            names.iter().zip(&files).filter(|(_, file)| !file.is_file()).map(|(name, _)| shown(name)).collect();
        if !missing.is_empty() {
            return Err(Fault::other(format!(
                "a checkpoint in {} files of which {} {} missing ({}); put {} beside it",
                files.len(),
                missing.len(),
                if missing.len() == 1 { "is" } else { "are" },
                first(&missing),
                if missing.len() == 1 { "it" } else { "them" },
            )));
        }
        let place = |file: &str| names.iter().position(|name| *name == file).unwrap_or_default();
        let map = weights.iter().map(|(tensor, file)| (tensor.clone(), place(file))).collect();
        Ok(Self { files, map })
    }

    /// Does each file have the tensors that the index says, and no two of them the same?
    pub(super) fn check(&self, contents: &Contents) -> Result<(), Fault> {
        let mut there: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &contents.entries {
            let part = contents.storages.get(entry.view.storage).map_or(0, |placed| placed.part);
            if there.insert(&entry.key, part).is_some() {
                return Err(Fault::damaged(format!("two of its files have a tensor named {}", shown(&entry.key))));
            }
        }
        let absent = self.map.iter().filter(|(tensor, part)| there.get(tensor.as_str()) != Some(part));
        let absent: Vec<String> = absent.map(|(tensor, _)| shown(tensor)).collect();
        match absent.is_empty() {
            true => Ok(()),
            false => Err(Fault::damaged(format!("its files have not got what its index says ({})", first(&absent)))),
        }
    }
}

/// A name without any folder in it.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let is_name = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    is_name && !name.contains(['/', '\\'])
}

/// The first of some names, and whether there are more.
fn first(names: &[String]) -> String {
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}
