//! Why a configuration cannot be used.

use thiserror::Error;

use crate::compute::imaging::ImagingError;
use crate::compute::labels::LabelsError;
use crate::compute::text::TextError;

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Not JSON.
    #[error("{file}: not valid JSON ({reason}); download it again")]
    Json {
        /// The file.
        file: String,
        /// Where and what.
        reason: String,
    },
    /// A value of the wrong kind or out of range.
    #[error("{file}: {field} is {found}; it must be {wanted}")]
    Field {
        /// The file.
        file: String,
        /// The field's path.
        field: String,
        /// What is there.
        found: String,
        /// What must be.
        wanted: &'static str,
    },
    /// Numbers that make no preprocessing.
    #[error("{file}: {source}")]
    Preprocessing {
        /// The file.
        file: String,
        /// What is out of range.
        source: ImagingError,
    },
    /// Class names that cannot be read.
    #[error(transparent)]
    Labels(#[from] LabelsError),
}
