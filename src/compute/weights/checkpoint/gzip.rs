//! A checkpoint inside gzip: unpacked into a file without a name, within bounds, and mapped like any other.

use std::io::{self, ErrorKind, Read};

use flate2::read::MultiGzDecoder;

use super::fault::Fault;
use crate::compute::weights::map::Bytes;

/// Weights shrink by little; a file may unpack to this many times its length...
const MAX_RATIO: u64 = 64;
/// ...and this many bytes more...
const RATIO_FREE: u64 = 16 << 20;
/// ...but to no more than this.
const MAX_BYTES: u64 = 16 << 30;

/// Does a file begin as gzip's do?
pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1F, 0x8B])
}

/// What is inside.
pub(super) fn unpack(bytes: &[u8]) -> Result<Bytes, Fault> {
    let limit = (bytes.len() as u64).saturating_mul(MAX_RATIO).saturating_add(RATIO_FREE).min(MAX_BYTES);
    let unable = |error: &io::Error| {
        Fault::other(format!("compressed with gzip, and cannot be unpacked here ({error}); unpack it first (gunzip)"))
    };
    let mut file = tempfile::tempfile().map_err(|error| unable(&error))?;
    let mut unpacked = MultiGzDecoder::new(bytes).take(limit + 1);
    let length = io::copy(&mut unpacked, &mut file).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Fault::Cut("its gzip stream"),
        ErrorKind::InvalidInput | ErrorKind::InvalidData => Fault::damaged("its gzip stream does not unpack"),
        _ => unable(&error),
    })?;
    match length {
        0 => Err(Fault::other("compressed with gzip, and nothing is inside; download or save it again")),
        length if length > limit => Err(Fault::other(format!(
            "compressed with gzip, and unpacks to more than {limit} bytes, which no weights do; if it is sound, unpack \
             it first (gunzip)"
        ))),
        _ => match Bytes::mapped(&file).map_err(|error| unable(&error))? {
            unpacked if is_gzip(&unpacked) => Err(Fault::other("compressed with gzip twice, unpack it first (gunzip)")),
            unpacked => Ok(unpacked),
        },
    }
}
