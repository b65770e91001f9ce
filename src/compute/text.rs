//! Small text files that a user names: labels, configurations. Read whole, within a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

/// The longest text file that is read, in bytes; ImageNet-21k's names with descriptions are under 2 MB.
pub const MAX_TEXT_BYTES: u64 = 16 << 20;

/// Why a text file could not be read.
#[derive(Debug, Error)]
pub enum TextError {
    /// There is nothing at that path.
    #[error("{path}: no such file; check the path")]
    NotFound {
        /// The path as given.
        path: String,
    },
    /// A folder, a device, a pipe or a socket.
    #[error("{path} is not a regular file; name a text file")]
    NotAFile {
        /// The path as given.
        path: String,
    },
    /// The operating system refused.
    #[error("{path} cannot be read ({source}); check its permissions")]
    Unreadable {
        /// The path as given.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is over [`MAX_TEXT_BYTES`].
    #[error("{path} is larger than {} MiB, so not {what}", MAX_TEXT_BYTES >> 20)]
    TooLarge {
        /// The path as given.
        path: String,
        /// What was expected.
        what: &'static str,
    },
    /// The bytes are not UTF-8.
    #[error("{path} is not UTF-8 text, so not {what}")]
    NotText {
        /// The path as given.
        path: String,
        /// What was expected.
        what: &'static str,
    },
}

/// Reads a text file, without its byte order mark; `what` it should be goes into the messages.
pub(super) fn read(path: &Path, what: &'static str) -> Result<String, TextError> {
    let name = || path.display().to_string();
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => TextError::NotFound { path: name() },
        _ => TextError::Unreadable { path: name(), source },
    };
    // Looking before opening keeps pipes from blocking.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(TextError::NotAFile { path: name() });
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        return Err(TextError::TooLarge { path: name(), what });
    }
    let text = String::from_utf8(bytes).map_err(|_| TextError::NotText { path: name(), what })?;
    Ok(text.strip_prefix('\u{feff}').map(ToOwned::to_owned).unwrap_or(text))
}
