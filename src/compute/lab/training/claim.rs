//! A run's target belongs to one program at a time: two windows, or a window and a command, would write over each other.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::compute::lab::LabError;

/// The lock file beside a run's target, held while the run lasts and taken away at its end.
#[derive(Debug)]
pub(super) struct Claim {
    path: PathBuf,
    /// `None` on file systems without locks.
    lock: Option<File>,
}

impl Claim {
    /// Holds a target.
    ///
    /// # Errors
    /// [`LabError::Kept`] if another program trains there.
    pub(super) fn take(out: &Path) -> Result<Self, LabError> {
        let path = lock_of(out);
        let lock = File::options().write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(|reason| LabError::Write { path: path.clone(), reason })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => {
                Err(LabError::Kept { path: out.to_owned(), what: "another gatescope trains there just now".to_owned() })
            }
            Err(TryLockError::Error(_)) => Ok(Self { path, lock: None }),
        }
    }

    /// Does another program train there?
    pub(super) fn is_taken(out: &Path) -> bool {
        let lock = File::options().write(true).open(lock_of(out));
        lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Left behind it does no harm: nobody holds it.
        let _ = fs::remove_file(&self.path);
        self.lock = None;
    }
}

fn lock_of(out: &Path) -> PathBuf {
    let stem = out.file_stem().unwrap_or(out.as_os_str()).to_string_lossy();
    out.with_file_name(format!("{stem}.training.lock"))
}
