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
mod gzip;
mod metadata;
mod names;
mod pickle;
mod safetensors;
mod shards;
pub mod state_dicts;
mod tensor;
mod torch;
mod write;
mod zip;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use detect::Format;
pub use dtype::Dtype;
pub use metadata::Metadata;
pub(in crate::compute) use shards::{entrance, index_of, is_index, named_in};
pub use state_dicts::StateDict;
pub use tensor::Entry;
pub use write::{Precision, Written, encode, encode_into};

use super::map::Bytes;
use super::{WeightsError, bundled};
use contents::{Contents, Placed, Storage};
use fault::{Fault, shown};
use shards::Shards;

/// Tensors may share storages and repeat elements (`expand`). All together they may have this many elements for
/// each byte of the file...
const MAX_REPEATS: usize = 4;
/// ...and this many more.
const REPEATS_FREE: usize = 1 << 20;

/// An open checkpoint.
pub struct Checkpoint {
    path: PathBuf,
    /// The file, or those of a set.
    parts: Vec<Part>,
    format: Format,
    contents: Contents,
    prefixes: Vec<String>,
    /// Places in `contents.entries`.
    index: HashMap<String, usize>,
    /// The compressed storage that was unpacked last: many tensors may share it.
    unpacked: Mutex<Option<(usize, Arc<Vec<u8>>)>>,
}

/// One file of a checkpoint.
struct Part {
    path: PathBuf,
    /// Unpacked, where the file is compressed as a whole.
    bytes: Bytes,
    /// The file's own length.
    size: usize,
    is_gzip: bool,
}

impl Part {
    fn open(path: &Path) -> Result<Self, WeightsError> {
        Self::of(path, Bytes::open(path)?)
    }

    fn of(path: &Path, bytes: Bytes) -> Result<Self, WeightsError> {
        let (path, size, is_gzip) = (path.to_owned(), bytes.len(), gzip::is_gzip(&bytes));
        let bytes = match is_gzip {
            true => gzip::unpack(&bytes).map_err(|fault| fault.at(&path, size as u64))?,
            false => bytes,
        };
        Ok(Self { path, bytes, size, is_gzip })
    }

    fn refuse(&self, fault: Fault) -> WeightsError {
        fault.at(&self.path, self.bytes.len() as u64)
    }
}

/// What checkpoint files are called.
pub const EXTENSIONS: [&str; 6] = ["safetensors", "pth", "pt", "bin", "ckpt", "tar"];

/// Does a file begin as checkpoints do, compressed ones and indices of several files among them?
pub(in crate::compute) fn is_checkpoint(head: &[u8]) -> bool {
    gzip::is_gzip(head) || detect::is_index(head) || detect::detect(head).is_ok()
}

impl Checkpoint {
    /// Maps a file and reads which tensors it has. The path may also be a folder with a checkpoint in it, the index
    /// or one file of a checkpoint in several files, or `bundled:NAME`, a network that comes with the program; at its
    /// end `#NAME` chooses one of several state_dicts ([`state_dicts::with_choice`]). A mapped file must not be cut
    /// short while it is open.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or is something else; the message says what to do about it.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        if let Some(name) = bundled::name_of(path) {
            let unknown =
                |reason| WeightsError::Unreadable { path: path.to_owned(), reason: std::io::Error::other(reason) };
            return Self::decode(path, bundled::find(name).map_err(unknown)?.bytes.to_vec());
        }
        let (file, which) = state_dicts::split(path);
        let entrance = entrance(&file);
        match is_index(&entrance) && entrance.is_file() {
            true => Self::joined(path, &entrance, which.as_deref()),
            false => Self::of(path, Part::open(&entrance)?, which.as_deref()),
        }
    }

    /// The same for bytes that are in memory; `path` is what messages call them.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn decode(path: &Path, bytes: Vec<u8>) -> Result<Self, WeightsError> {
        if bytes.is_empty() {
            return Err(WeightsError::Empty { path: path.to_owned() });
        }
        Self::of(path, Part::of(path, Bytes::Held(bytes))?, None)
    }

    fn of(path: &Path, part: Part, which: Option<&str>) -> Result<Self, WeightsError> {
        let (format, contents) = contents(&part.bytes, which).map_err(|fault| part.refuse(fault))?;
        Ok(Self::named(path, vec![part], format, contents))
    }

    /// All files of a set, through its index.
    fn joined(path: &Path, index: &Path, which: Option<&str>) -> Result<Self, WeightsError> {
        let length = std::fs::metadata(index).map_or(0, |metadata| metadata.len());
        let refuse = |fault: Fault| fault.at(index, length);
        let shards = Shards::open(index).map_err(refuse)?;
        let (mut parts, mut all, mut format) = (Vec::new(), Contents::default(), None);
        for file in &shards.files {
            let part = Part::open(file)?;
            let (known, contents) = contents(&part.bytes, which).map_err(|fault| part.refuse(fault))?;
            format.get_or_insert(known);
            all.append(contents, parts.len());
            parts.push(part);
        }
        shards.check(&all).map_err(refuse)?;
        Ok(Self::named(path, parts, format.unwrap_or(Format::Safetensors), all))
    }

    fn named(path: &Path, parts: Vec<Part>, format: Format, mut contents: Contents) -> Self {
        let prefixes = names::strip(&mut contents.entries);
        let index = contents.entries.iter().enumerate().map(|(index, entry)| (entry.name.clone(), index)).collect();
        Self { path: path.to_owned(), parts, format, contents, prefixes, index, unpacked: Mutex::new(None) }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's length in bytes; of all files, where there are several.
    #[must_use]
    pub fn size(&self) -> usize {
        self.parts.iter().map(|part| part.size).sum()
    }

    /// The files of a checkpoint in several, in the order of their names; else the one file.
    pub fn files(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.parts.iter().map(|part| part.path.as_path())
    }

    /// What kind of file it is, in words: `PyTorch (zip), in gzip`, `safetensors, in 2 files`.
    #[must_use]
    pub fn container(&self) -> String {
        let mut words = self.format.title().to_owned();
        if self.parts.iter().any(|part| part.is_gzip) {
            words.push_str(", in gzip");
        }
        if self.parts.len() > 1 {
            words.push_str(&format!(", in {} files", self.parts.len()));
        }
        words
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

    /// What the file says about itself: safetensors' `__metadata__`; of a PyTorch checkpoint the plain values
    /// beside the weights, `args.arch` for those inside a dict or namespace.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.contents.metadata
    }

    /// The names that the state_dict was under, outermost first: `["state_dict"]`, mostly none.
    #[must_use]
    pub fn wrappers(&self) -> &[String] {
        &self.contents.wrappers
    }

    /// The state_dicts of a file that has several, the one that was taken among them.
    #[must_use]
    pub fn state_dicts(&self) -> &[StateDict] {
        &self.contents.state_dicts
    }

    /// Other state_dicts beside the one that was taken: `["state_dict_ema"]`.
    pub fn alternatives(&self) -> impl Iterator<Item = &str> {
        self.state_dicts().iter().filter(|one| !one.is_taken).map(|one| one.name.as_str())
    }

    /// Which of several state_dicts was taken, which there are besides, and how to take one of those.
    #[must_use]
    pub fn choice(&self) -> Option<String> {
        state_dicts::choice(self.state_dicts())
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
        let values = match self.contents.storages.get(entry.view.storage) {
            Some(Placed { storage, part, big_endian }) => match (storage, self.parts.get(*part)) {
                (Storage::Stored(range), Some(part)) => {
                    part.bytes.get(range.clone()).and_then(|bytes| entry.values(bytes, *big_endian))
                }
                (Storage::Deflated(range, size), Some(part)) => {
                    entry.values(&self.unpack(entry.view.storage, part, range, *size)?, *big_endian)
                }
                (Storage::Held(bytes), _) => entry.values(bytes, *big_endian),
                (_, None) => None,
            },
            None => None,
        };
        // Bounds were checked when the file was opened: what is left is a counter of a strange type.
        values.ok_or_else(|| self.bad_dtype(entry))
    }

    fn bad_dtype(&self, entry: &Entry) -> WeightsError {
        let (path, tensor) = (self.path.clone(), shown(&entry.name));
        WeightsError::Dtype { path, tensor, found: entry.dtype.to_string() }
    }

    fn unpack(
        &self,
        storage: usize,
        part: &Part,
        range: &Range<usize>,
        size: usize,
    ) -> Result<Arc<Vec<u8>>, WeightsError> {
        let mut last = self.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = last.as_ref().filter(|(index, _)| *index == storage) {
            return Ok(Arc::clone(bytes));
        }
        *last = None;
        let packed = part.bytes.get(range.clone()).unwrap_or_default();
        let bytes = zip::inflate(packed, size).map_err(|fault| part.refuse(fault))?;
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

fn contents(bytes: &[u8], which: Option<&str>) -> Result<(Format, Contents), Fault> {
    let format = detect::detect(bytes)?;
    let contents = match format {
        Format::Safetensors if which.is_some() => {
            return Err(Fault::other("safetensors hold one state_dict; leave out --which"));
        }
        Format::Safetensors => safetensors::contents(bytes)?,
        Format::TorchZip => torch::zipped(bytes, which)?,
        Format::TorchLegacy => torch::legacy(bytes, which)?,
    };
    let lengths = contents.storages.iter().map(|placed| placed.storage.length());
    let held: usize = lengths.fold(bytes.len(), usize::saturating_add);
    let most = held.saturating_mul(MAX_REPEATS).saturating_add(REPEATS_FREE);
    let elements = contents.entries.iter().map(|entry| entry.elements).fold(0, usize::saturating_add);
    if elements > most {
        return Err(Fault::damaged(format!("its tensors have {elements} elements, far more than the file holds")));
    }
    Ok((format, contents))
}
