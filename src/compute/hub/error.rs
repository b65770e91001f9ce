//! What can go wrong between here and the Hub: each message says what, where, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::compute::weights::WeightsError;

/// Why a checkpoint could not be fetched.
#[derive(Debug, Error)]
pub enum HubError {
    /// The text is no reference.
    #[error("{text}: {problem}; write hf:OWNER/NAME[@REVISION][/FILE]")]
    Reference {
        /// What was given.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// `HF_ENDPOINT` is no address.
    #[error("HF_ENDPOINT={value} is not an address; write it like https://huggingface.co")]
    Endpoint {
        /// Its value.
        value: String,
    },
    /// There is no folder to keep files in.
    #[error("no home folder to keep downloads in; set HF_HOME to a folder")]
    NoHome,
    /// The network is not to be used and the cache has not got it.
    #[error("{reference} is not in the cache and HF_HUB_OFFLINE is set; unset it to download")]
    Offline {
        /// The reference.
        reference: String,
    },
    /// The Hub cannot be reached.
    #[error("{host} cannot be reached ({reason}); check the network, or HF_ENDPOINT if it is set")]
    Unreachable {
        /// Its host.
        host: String,
        /// What the connection said.
        reason: String,
    },
    /// The Hub is there and not well.
    #[error("{host} answers with status {status}{said}; try again later")]
    Server {
        /// Its host.
        host: String,
        /// The HTTP status.
        status: u16,
        /// Its own words, after a colon.
        said: String,
    },
    /// No such repository, as far as this user may know.
    #[error(
        "{repository}: no such repository on {host}, or a private one; check the spelling, or set HF_TOKEN to a token that may read it"
    )]
    Repository {
        /// `OWNER/NAME`.
        repository: String,
        /// The Hub's host.
        host: String,
    },
    /// The repository is there, its files are for those who accepted its terms.
    #[error("{repository} is gated: accept its terms at {page}, then set HF_TOKEN to your token")]
    Gated {
        /// `OWNER/NAME`.
        repository: String,
        /// Where the terms are.
        page: String,
    },
    /// The Hub does not know the token, or does not let it.
    #[error("{host} refuses {repository} (status {status}{said}); set HF_TOKEN to a token that may read it")]
    Refused {
        /// `OWNER/NAME`.
        repository: String,
        /// The Hub's host.
        host: String,
        /// 401 or 403.
        status: u16,
        /// Its own words, after a colon.
        said: String,
    },
    /// No such branch, tag or commit.
    #[error("{repository} has no branch, tag or commit \"{revision}\"; leave it out for main")]
    Revision {
        /// `OWNER/NAME`.
        repository: String,
        /// What was asked for.
        revision: String,
    },
    /// No such file.
    #[error("{repository} has no file \"{file}\"; it has {there}")]
    File {
        /// `OWNER/NAME`.
        repository: String,
        /// What was asked for.
        file: String,
        /// What is there.
        there: String,
    },
    /// Nothing that could be a checkpoint.
    #[error("{repository} has no weights that can be read (safetensors or PyTorch); it has {there}")]
    NoWeights {
        /// `OWNER/NAME`.
        repository: String,
        /// What is there.
        there: String,
    },
    /// More than one checkpoint.
    #[error("{repository} has several checkpoints: {there}; name one, like {example}")]
    Several {
        /// `OWNER/NAME`.
        repository: String,
        /// Which.
        there: String,
        /// How to name the first.
        example: String,
    },
    /// A checkpoint in parts.
    #[error(
        "{repository} has its weights split into {parts} files and no index that says what is in which; name one of them, like {example}"
    )]
    Sharded {
        /// `OWNER/NAME`.
        repository: String,
        /// Into how many.
        parts: usize,
        /// How to name the first.
        example: String,
    },
    /// An index that cannot be used.
    #[error("{0}")]
    Index(#[from] WeightsError),
    /// An answer that makes no sense.
    #[error("{host} gave an answer that cannot be used ({what}); check HF_ENDPOINT if it is set, or try again")]
    Malformed {
        /// The Hub's host.
        host: String,
        /// What is wrong with it.
        what: String,
    },
    /// The connection broke while a file came in.
    #[error("{file}: the download broke off after {received} of {expected} bytes ({reason}); try again")]
    BrokenOff {
        /// The file.
        file: String,
        /// Bytes that came.
        received: u64,
        /// Bytes that should have.
        expected: String,
        /// What the connection said.
        reason: String,
    },
    /// No room.
    #[error("{}: the disk is full ({file} needs {bytes} MB); make room, or set HF_HOME to a folder on another disk", folder.display())]
    DiskFull {
        /// The cache's folder.
        folder: PathBuf,
        /// The file.
        file: String,
        /// Its size in megabytes, rounded up.
        bytes: u64,
    },
    /// The cache cannot be written.
    #[error("{}: cannot be written ({source}); check its permissions, or set HF_HOME to another folder", path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The user stopped it.
    #[error("the download was cancelled")]
    Cancelled,
}

impl HubError {
    /// A failure to write, told from a full disk.
    pub(super) fn disk(path: &Path, file: &str, bytes: u64, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { folder: path.to_owned(), file: file.to_owned(), bytes: bytes.div_ceil(1_000_000) }
            }
            _ => Self::Disk { path: path.to_owned(), source },
        }
    }

    /// Is it the network or the Hub that is in the way, and a cached copy worth using?
    #[must_use]
    pub fn is_network(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Server { .. } | Self::Malformed { .. })
    }

    /// Is it for the user to give something else? Otherwise it is the network, the Hub or the disk.
    #[must_use]
    pub fn is_users(&self) -> bool {
        !self.is_network()
            && !matches!(self, Self::BrokenOff { .. } | Self::DiskFull { .. } | Self::Disk { .. } | Self::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_called_that() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let message = HubError::disk(Path::new("/cache"), "model.safetensors", 102_400_001, full).to_string();
        assert!(
            message.contains("disk is full") && message.contains("103 MB") && message.contains("HF_HOME"),
            "{message}"
        );
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(HubError::disk(Path::new("/cache"), "x", 1, denied).to_string().contains("permission"));
    }
}
