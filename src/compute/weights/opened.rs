//! A checkpoint that has been opened and recognised: once each, whoever needs what was found.

use std::path::Path;

use super::{Checkpoint, Recognised, WeightsError, recognise};

/// An open checkpoint and the network it was taken for.
pub struct Opened {
    file: Checkpoint,
    found: Result<Recognised, WeightsError>,
}

impl Opened {
    /// Opens a file and recognises it. Names and shapes are read, no weights.
    ///
    /// # Errors
    /// A file that cannot be read as a checkpoint; one that is not recognised is open all the same.
    pub fn at(path: &Path) -> Result<Self, WeightsError> {
        Ok(Self::of(Checkpoint::open(path)?))
    }

    /// Recognises a checkpoint.
    #[must_use]
    pub fn of(file: Checkpoint) -> Self {
        let found = recognise(&file);
        Self { file, found }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Checkpoint {
        &self.file
    }

    /// The network it is of.
    ///
    /// # Errors
    /// Why none is recognised.
    pub fn recognised(&self) -> Result<&Recognised, &WeightsError> {
        self.found.as_ref()
    }
}
