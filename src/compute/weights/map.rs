//! A checkpoint's bytes: mapped from the file, so that opening costs no copy; read where mapping fails.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

use super::WeightsError;

/// The longest file that is opened.
const MAX_BYTES: u64 = 64 << 30;
/// The longest file that is read into memory where it cannot be mapped.
const MAX_READ: u64 = 4 << 30;

/// The bytes of one file.
pub(super) enum Bytes {
    Mapped(Mmap),
    Held(Vec<u8>),
}

impl Bytes {
    /// Maps a regular, non-empty file of a sane length. Looking before opening keeps pipes from blocking.
    ///
    /// A mapped file must not be cut short while it is open: the system then stops the program at the next read
    /// of the missing part. Programs that save checkpoints write a new file and rename it, which is safe.
    pub(super) fn open(path: &Path) -> Result<Self, WeightsError> {
        let unreadable = |reason| WeightsError::Unreadable { path: path.to_owned(), reason };
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        let owned = || path.to_owned();
        if metadata.is_dir() {
            return Err(WeightsError::Folder { path: owned() });
        }
        if !metadata.is_file() {
            return Err(WeightsError::NotAFile { path: owned() });
        }
        let bytes = match metadata.len() {
            0 => return Err(WeightsError::Empty { path: owned() }),
            bytes if bytes > MAX_BYTES => {
                return Err(WeightsError::TooLarge { path: owned(), bytes, limit: MAX_BYTES });
            }
            bytes => bytes,
        };
        let file = File::open(path).map_err(unreadable)?;
        match map(&file) {
            Ok(map) if map.is_empty() => Err(WeightsError::Empty { path: owned() }),
            Ok(map) => Ok(Self::Mapped(map)),
            Err(_) if bytes > MAX_READ => Err(WeightsError::TooLarge { path: owned(), bytes, limit: MAX_READ }),
            Err(_) => read(&file).map(Self::Held).map_err(unreadable),
        }
    }
}

impl Bytes {
    /// Maps a file that is open.
    pub(super) fn mapped(file: &File) -> io::Result<Self> {
        map(file).map(Self::Mapped)
    }
}

/// The only `unsafe` of this module's family.
#[allow(unsafe_code)]
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the map is private to this process and never written. Another process may change the file under
    // it: every length is taken from the map, never from the file again, offsets are checked against it where
    // they are used, and numbers are copied out with `from_le_bytes`, for which any bit pattern is valid.
    unsafe { Mmap::map(file) }
}

fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAX_READ).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Held(bytes) => bytes,
        }
    }
}
