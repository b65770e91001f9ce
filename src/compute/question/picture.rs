//! Which picture a network is asked about.

use std::path::PathBuf;

use crate::compute::imaging::{self, ImagingError, Picture};
use crate::compute::lab::data::object_sample;

/// Which picture is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PictureChoice {
    /// One that ships with the program, by name.
    Sample(String),
    /// A file.
    File(PathBuf),
}

impl PictureChoice {
    /// The file's name, for people.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Sample(name) => name.clone(),
            Self::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// In words: a file that cannot be read, a sample that there is not.
    pub fn read(&self) -> Result<Picture, String> {
        let said = |error: ImagingError| error.to_string();
        match self {
            Self::File(path) => imaging::open(path).map_err(said),
            Self::Sample(name) => {
                match (object_sample(name), imaging::samples().iter().find(|known| known.name == name)) {
                    (Some(picture), _) => Ok(picture),
                    (None, Some(sample)) => imaging::decode(sample.name, sample.bytes).map_err(said),
                    (None, None) => Err(format!("{name}: no such sample picture; open one with Ctrl+O")),
                }
            }
        }
    }
}
