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
    /// The bytes are neither UTF-8 nor UTF-16 with its byte order mark.
    #[error("{path} is not UTF-8 text, so not {what}; if it is one, save it as UTF-8")]
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
    decode(bytes).ok_or_else(|| TextError::NotText { path: name(), what })
}

/// UTF-8 with or without its mark, or UTF-16 with its byte order mark, as PowerShell and Notepad write it.
fn decode(bytes: Vec<u8>) -> Option<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.as_chunks::<2>();
        let text = char::decode_utf16(units.iter().copied().map(unit)).collect::<Result<String, _>>().ok();
        text.filter(|_| rest.is_empty())
    };
    match bytes[..] {
        [0xFF, 0xFE, ref rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, ref rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, ref rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn a_byte_order_mark_says_how_to_read() {
        let wide = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            mark.into_iter().chain("hen 🐱\n".encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
        };
        for bytes in [
            "hen 🐱\n".as_bytes().to_vec(),
            "\u{feff}hen 🐱\n".as_bytes().to_vec(),
            wide([0xFF, 0xFE], u16::to_le_bytes),
            wide([0xFE, 0xFF], u16::to_be_bytes),
        ] {
            assert_eq!(decode(bytes).as_deref(), Some("hen 🐱\n"));
        }
        assert_eq!((decode(vec![0xFF, 0xFE, b'a']), decode(vec![b'a', 0x80])), (None, None));
        assert_eq!(decode(vec![0xFE, 0xFF, 0xD8, 0x00]), None, "half a surrogate");
    }
}
