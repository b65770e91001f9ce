//! What a file says about itself besides its tensors.

use std::collections::BTreeMap;

use serde::Serialize;

/// Names and values in text, by dotted path: `arch`, `args.model`, `args.model_kwargs.output_stride`,
/// `hyper_parameters.model.name`.
///
/// Of safetensors it is the `__metadata__` block as it stands. Of a pickle it is what is plain: text as it is,
/// numbers, `True` and `False`, and lists of those as JSON; dicts, namespaces and configurations are walked,
/// nothing is executed. A pickle gives at most [`Metadata::MAX_ENTRIES`], so that a file cannot fill the memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// The most entries that are taken from a pickle.
    pub const MAX_ENTRIES: usize = 256;
    /// The most characters of one value from a pickle; a longer one is left out.
    pub const MAX_VALUE: usize = 512;
    /// How many names a path from a pickle may have.
    pub const MAX_DEPTH: usize = 4;

    /// The value under this path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Does it say anything under this path?
    #[must_use]
    pub fn contains_key(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Paths and values, ordered by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, value)| (path.as_str(), value.as_str()))
    }

    /// Does it say nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How much it says.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Notes a value of a pickle, if there is room; a later one of the same path replaces an earlier one.
    pub(super) fn note(&mut self, path: String, value: String) {
        if self.0.len() < Self::MAX_ENTRIES || self.0.contains_key(&path) {
            self.0.insert(path, value);
        }
    }
}

impl From<BTreeMap<String, String>> for Metadata {
    fn from(entries: BTreeMap<String, String>) -> Self {
        Self(entries)
    }
}
