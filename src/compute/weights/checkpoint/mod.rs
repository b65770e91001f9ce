//! Checkpoint files: safetensors and both of PyTorch's forms behind one reader. Opening looks at names and shapes
//! only; numbers stay in the mapped file until they are asked for.
//!
//! ```text
//! file ──map──▶ bytes ──detect──▶ safetensors ──────────────┐
//!                             ├─▶ zip ─┐                     ├─▶ entries, metadata ──read(name)──▶ f32
//!                             └─▶ legacy ─▶ pickle ─▶ unwrap ┘
//! ```
//!
//! Nothing in a file is trusted. Every offset is checked where it is used, no pickle runs, and what is kept in
//! memory is proportional to the file.

mod contents;
mod detect;
mod dtype;
pub(super) mod fault;
mod names;
mod pickle;
mod safetensors;
mod tensor;
mod torch;
mod write;
mod zip;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use detect::Format;
pub use dtype::Dtype;
pub use tensor::Entry;
pub use write::{Precision, Written, encode_into};

use super::map::Bytes;
use super::{WeightsError, bundled};
use contents::Contents;
use fault::{Fault, shown};

/// Tensors may share storages and repeat elements (`expand`). All together they may have this many elements for
/// each byte of the file...
const MAX_REPEATS: usize = 4;
/// ...and this many more.
const REPEATS_FREE: usize = 1 << 20;

/// An open checkpoint.
pub struct Checkpoint {
    path: PathBuf,
    bytes: Bytes,
    format: Format,
    contents: Contents,
    prefixes: Vec<String>,
    /// Places in `contents.entries`.
    index: HashMap<String, usize>,
    /// The compressed storage that was unpacked last: many tensors may share it.
    unpacked: Mutex<Option<(usize, Arc<Vec<u8>>)>>,
}

/// Where a storage's bytes lie in the file.
#[derive(Clone, Debug)]
enum Storage {
    Stored(Range<usize>),
    /// Compressed, and its length then.
    Deflated(Range<usize>, usize),
}

impl Storage {
    fn length(&self) -> usize {
        match self {
            Self::Stored(range) => range.len(),
            Self::Deflated(_, size) => *size,
        }
    }
}

/// What checkpoint files are called.
pub const EXTENSIONS: [&str; 6] = ["safetensors", "pth", "pt", "bin", "ckpt", "tar"];

/// Is this file meant as a checkpoint, by its name or its first bytes?
#[must_use]
pub fn looks_like_one(path: &Path) -> bool {
    use std::io::Read;
    if bundled::name_of(path).is_some() {
        return true;
    }
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("toml") => return false,
        Some(extension) if EXTENSIONS.contains(&extension) => return path.is_file(),
        _ if !path.is_file() => return false,
        _ => {}
    }
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(512).read_to_end(&mut head));
    read.is_ok() && detect::detect(&head).is_ok()
}

impl Checkpoint {
    /// Maps a file and reads which tensors it has; `bundled:NAME` is a network that comes with the program. A mapped file must not be cut short while it is open.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or is something else; the message says what to do about it.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        if let Some(name) = bundled::name_of(path) {
            let unknown =
                |reason| WeightsError::Unreadable { path: path.to_owned(), reason: std::io::Error::other(reason) };
            return Self::decode(path, bundled::find(name).map_err(unknown)?.bytes.to_vec());
        }
        Self::of(path, Bytes::open(path)?)
    }

    /// The same for bytes that are in memory; `path` is what messages call them.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn decode(path: &Path, bytes: Vec<u8>) -> Result<Self, WeightsError> {
        if bytes.is_empty() {
            return Err(WeightsError::Empty { path: path.to_owned() });
        }
        Self::of(path, Bytes::Held(bytes))
    }

    fn of(path: &Path, bytes: Bytes) -> Result<Self, WeightsError> {
        let (format, mut contents) = contents(&bytes).map_err(|fault| fault.at(path, bytes.len() as u64))?;
        let prefixes = names::strip(&mut contents.entries);
        let index = contents.entries.iter().enumerate().map(|(index, entry)| (entry.name.clone(), index)).collect();
        Ok(Self { path: path.to_owned(), bytes, format, contents, prefixes, index, unpacked: Mutex::new(None) })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's length in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// What kind of file it is.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The tensors, in the file's order: the network's, or by offset for safetensors. Names are unique.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.contents.entries
    }

    /// The tensor of this name, common prefixes stripped.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.index.get(name).and_then(|&index| self.contents.entries.get(index))
    }

    /// What the file says about itself: safetensors' `__metadata__`; of a PyTorch checkpoint the scalars, text
    /// and lists of text (as JSON) beside the weights, `args.arch` for those inside a dict or namespace.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.contents.metadata
    }

    /// The names that the state_dict was under, outermost first: `["state_dict"]`, mostly none.
    #[must_use]
    pub fn wrappers(&self) -> &[String] {
        &self.contents.wrappers
    }

    /// Other state_dicts beside the one that was taken: `["state_dict_ema"]`.
    #[must_use]
    pub fn alternatives(&self) -> &[String] {
        &self.contents.alternatives
    }

    /// What was stripped from the front of names, in this order: `["module.", "model."]`.
    #[must_use]
    pub fn prefixes(&self) -> &[String] {
        &self.prefixes
    }

    /// One tensor's numbers as f32, row-major.
    ///
    /// # Errors
    /// When there is no such tensor, its numbers are integers (only `num_batches_tracked` is read all the same)
    /// or of a kind no network computes with, or it is compressed and does not unpack.
    pub fn read(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        let no_tensor = || WeightsError::NoTensor { path: self.path.clone(), tensor: shown(name) };
        let entry = self.entry(name).ok_or_else(no_tensor)?;
        if !entry.dtype.is_float() && !entry.is_counter() {
            return Err(self.bad_dtype(entry));
        }
        let big_endian = self.contents.big_endian;
        let values = match self.contents.storages.get(entry.view.storage) {
            Some(Storage::Stored(range)) => {
                self.bytes.get(range.clone()).and_then(|bytes| entry.values(bytes, big_endian))
            }
            Some(Storage::Deflated(range, size)) => {
                let bytes = self.unpack(entry.view.storage, range, *size)?;
                entry.values(&bytes, big_endian)
            }
            None => None,
        };
        // Bounds were checked when the file was opened: what is left is a counter of a strange type.
        values.ok_or_else(|| self.bad_dtype(entry))
    }

    fn bad_dtype(&self, entry: &Entry) -> WeightsError {
        let (path, tensor) = (self.path.clone(), shown(&entry.name));
        WeightsError::Dtype { path, tensor, found: entry.dtype.to_string() }
    }

    fn unpack(&self, storage: usize, range: &Range<usize>, size: usize) -> Result<Arc<Vec<u8>>, WeightsError> {
        let mut last = self.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = last.as_ref().filter(|(index, _)| *index == storage) {
            return Ok(Arc::clone(bytes));
        }
        *last = None;
        let packed = self.bytes.get(range.clone()).unwrap_or_default();
        let bytes = zip::inflate(packed, size).map_err(|fault| fault.at(&self.path, self.bytes.len() as u64))?;
        let bytes = Arc::new(bytes);
        *last = Some((storage, Arc::clone(&bytes)));
        Ok(bytes)
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tensors = self.contents.entries.len();
        f.debug_struct("Checkpoint").field("path", &self.path).field("tensors", &tensors).finish_non_exhaustive()
    }
}

fn contents(bytes: &[u8]) -> Result<(Format, Contents), Fault> {
    let format = detect::detect(bytes)?;
    let contents = match format {
        Format::Safetensors => safetensors::contents(bytes)?,
        Format::TorchZip => torch::zipped(bytes)?,
        Format::TorchLegacy => torch::legacy(bytes)?,
    };
    let held: usize = contents.storages.iter().map(Storage::length).fold(bytes.len(), usize::saturating_add);
    let most = held.saturating_mul(MAX_REPEATS).saturating_add(REPEATS_FREE);
    let elements = contents.entries.iter().map(|entry| entry.elements).fold(0, usize::saturating_add);
    if elements > most {
        return Err(Fault::damaged(format!("its tensors have {elements} elements, far more than the file holds")));
    }
    Ok((format, contents))
}
