//! What every format's reader hands over.

use super::Storage;
use super::metadata::Metadata;
use super::tensor::Entry;

/// Tensors and what is known about them, before names are cleaned.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// In the file's order.
    pub(super) entries: Vec<Entry>,
    pub(super) storages: Vec<Storage>,
    pub(super) metadata: Metadata,
    pub(super) wrappers: Vec<String>,
    pub(super) alternatives: Vec<String>,
    pub(super) big_endian: bool,
}
