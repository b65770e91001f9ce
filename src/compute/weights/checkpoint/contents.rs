//! What every format's reader hands over.

use std::ops::Range;
use std::sync::Arc;

use super::metadata::Metadata;
use super::state_dicts::StateDict;
use super::tensor::Entry;

/// Tensors and what is known about them, before names are cleaned.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// In the file's order.
    pub(super) entries: Vec<Entry>,
    pub(super) storages: Vec<Placed>,
    pub(super) metadata: Metadata,
    pub(super) wrappers: Vec<String>,
    /// Where there are several, each with what it holds.
    pub(super) state_dicts: Vec<StateDict>,
}

/// Where a storage's bytes lie.
#[derive(Clone, Debug)]
pub(super) enum Storage {
    Stored(Range<usize>),
    /// Compressed, and its length then.
    Deflated(Range<usize>, usize),
    /// In memory: the numbers of a NumPy array as a pickle writes them are no run of bytes.
    Held(Arc<Vec<u8>>),
}

impl Storage {
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Stored(range) => range.len(),
            Self::Deflated(_, size) => *size,
            Self::Held(bytes) => bytes.len(),
        }
    }
}

/// A storage, the file of a set it lies in, and the order of its numbers' bytes.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) storage: Storage,
    pub(super) part: usize,
    pub(super) big_endian: bool,
}

impl From<Storage> for Placed {
    fn from(storage: Storage) -> Self {
        Self { storage, part: 0, big_endian: false }
    }
}

impl Contents {
    /// Adds what another file of the same set holds.
    pub(super) fn append(&mut self, mut other: Self, part: usize) {
        let offset = self.storages.len();
        for entry in &mut other.entries {
            entry.view.storage += offset;
        }
        for placed in &mut other.storages {
            placed.part = part;
        }
        self.entries.append(&mut other.entries);
        self.storages.append(&mut other.storages);
        if self.metadata.is_empty() {
            self.metadata = other.metadata;
        }
        if self.wrappers.is_empty() {
            self.wrappers = other.wrappers;
        }
    }
}
