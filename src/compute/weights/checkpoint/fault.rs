//! What can be wrong inside a file, before its path is added.

use std::path::Path;

use super::state_dicts::{StateDict, several};
use crate::compute::weights::WeightsError;
use crate::network::suggest::printable;

/// A problem found while reading a file's bytes.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file should be this long and is not.
    Truncated(u64),
    /// The file ends inside this part.
    Cut(&'static str),
    /// The file contradicts itself: how.
    Damaged(String),
    /// The file is something else: what, and what to do.
    Other(String),
    /// Several state_dicts, none of which goes first.
    Several(Vec<StateDict>),
}

impl Fault {
    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged(reason.into())
    }

    pub(super) fn other(reason: impl Into<String>) -> Self {
        Self::Other(reason.into())
    }

    /// The error that names the file.
    pub(super) fn at(self, path: &Path, bytes: u64) -> WeightsError {
        let path = path.to_owned();
        match self {
            Self::Truncated(promised) => WeightsError::Truncated { path, bytes, promised },
            Self::Cut(within) => WeightsError::Cut { path, bytes, within: within.to_owned() },
            Self::Damaged(reason) => WeightsError::Damaged { path, reason },
            Self::Other(reason) => WeightsError::OtherFormat { path, reason },
            Self::Several(found) => WeightsError::Several { path, message: several(&found), found },
        }
    }
}

/// A name from a file, fit for a message: short, and on one line.
pub(in crate::compute::weights) fn shown(name: &str) -> String {
    const SHOWN: usize = 80;
    let mut shown = printable(&name.chars().take(SHOWN).collect::<String>());
    if name.chars().nth(SHOWN).is_some() {
        shown.push_str("...");
    }
    shown
}
