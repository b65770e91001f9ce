//! Reading safetensors: the header is checked against the file before a tensor is read, and tensors are read one
//! by one, so that memory never holds more than what the network keeps and one tensor's bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::WeightsError;

/// The longest file that is read.
const MAX_BYTES: u64 = 4 << 30;
/// The longest header, as in the safetensors library.
const MAX_HEADER: u64 = 100_000_000;
/// The bytes in front of the header: its length.
const PREFIX: u64 = 8;

/// A safetensors file with a sound header.
pub(super) struct Checkpoint {
    pub(super) path: PathBuf,
    file: File,
    /// Where the tensors' bytes begin.
    data: u64,
    /// By name, a leading `module.` stripped.
    pub(super) tensors: BTreeMap<String, TensorInfo>,
}

impl Checkpoint {
    /// Opens a file and reads its header.
    pub(super) fn open(path: &Path) -> Result<Self, WeightsError> {
        let (mut file, bytes) = open_regular(path)?;
        let header = read_header(&mut file, path, bytes)?;
        let metadata: Metadata = serde_json::from_slice(&header)
            .map_err(|error| WeightsError::Header { path: path.to_owned(), reason: error.to_string() })?;
        let data = PREFIX + header.len() as u64;
        let promised = data.saturating_add(metadata.data_len() as u64);
        if promised > bytes {
            return Err(WeightsError::Truncated { path: path.to_owned(), bytes, promised });
        }
        if promised < bytes {
            let reason = format!("it describes {promised} bytes and the file has {bytes}");
            return Err(WeightsError::Header { path: path.to_owned(), reason });
        }
        Ok(Self { path: path.to_owned(), file, data, tensors: named(&metadata) })
    }

    /// Reads one tensor as f32.
    pub(super) fn read(&mut self, name: &str, info: &TensorInfo) -> Result<Tensor, WeightsError> {
        let dtype = match info.dtype {
            Dtype::F32 => DType::F32,
            Dtype::F16 => DType::F16,
            Dtype::BF16 => DType::BF16,
            Dtype::F64 => DType::F64,
            other => {
                let found = format!("{other:?}");
                return Err(WeightsError::Dtype { path: self.path.clone(), tensor: name.to_owned(), found });
            }
        };
        let unreadable = |reason| WeightsError::Unreadable { path: self.path.clone(), reason };
        let (start, end) = info.data_offsets;
        let mut bytes = vec![0; end - start];
        self.file.seek(SeekFrom::Start(self.data + start as u64)).map_err(unreadable)?;
        self.file.read_exact(&mut bytes).map_err(unreadable)?;
        Tensor::from_raw_buffer(&bytes, dtype, &info.shape, &Device::Cpu)
            .and_then(|tensor| tensor.to_dtype(DType::F32))
            .map_err(|error| unreadable(io::Error::other(format!("{name}: {error}"))))
    }
}

/// Opens a regular, non-empty file of a sane length. Looking before opening keeps pipes from blocking.
fn open_regular(path: &Path) -> Result<(File, u64), WeightsError> {
    let unreadable = |reason| WeightsError::Unreadable { path: path.to_owned(), reason };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    let path = || path.to_owned();
    if metadata.is_dir() {
        return Err(WeightsError::Folder { path: path() });
    }
    if !metadata.is_file() {
        return Err(WeightsError::NotAFile { path: path() });
    }
    match metadata.len() {
        0 => Err(WeightsError::Empty { path: path() }),
        bytes if bytes > MAX_BYTES => Err(WeightsError::TooLarge { path: path(), bytes, limit: MAX_BYTES }),
        bytes => Ok((File::open(path()).map_err(unreadable)?, bytes)),
    }
}

/// The JSON header. Its length is checked against the file's before a byte of it is read.
fn read_header(file: &mut File, path: &Path, bytes: u64) -> Result<Vec<u8>, WeightsError> {
    let unreadable = |reason| WeightsError::Unreadable { path: path.to_owned(), reason };
    let mut prefix = Vec::new();
    file.take(PREFIX).read_to_end(&mut prefix).map_err(unreadable)?;
    let length = match prefix[..].try_into().map(u64::from_le_bytes) {
        Ok(length) if (2..=MAX_HEADER).contains(&length) => length,
        _ => return Err(other_format(path, &prefix)),
    };
    if PREFIX + length > bytes {
        return Err(match known_format(&prefix) {
            Some(_) => other_format(path, &prefix),
            None => WeightsError::Truncated { path: path.to_owned(), bytes, promised: PREFIX + length },
        });
    }
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header).map_err(unreadable)?;
    match header.first() {
        Some(b'{') => Ok(header),
        _ => Err(other_format(path, &prefix)),
    }
}

/// Tensors by name. A model wrapped in `DataParallel` has `module.` in front of every name.
fn named(metadata: &Metadata) -> BTreeMap<String, TensorInfo> {
    let tensors = metadata.tensors();
    let is_wrapped = tensors.keys().all(|name| name.starts_with("module."));
    let strip = |name: &str| match name.strip_prefix("module.") {
        Some(inner) if is_wrapped => inner.to_owned(),
        _ => name.to_owned(),
    };
    tensors.iter().map(|(name, info)| (strip(name), (*info).clone())).collect()
}

/// What the first bytes say a file is, where it is a format people keep networks or pictures in.
fn known_format(prefix: &[u8]) -> Option<&'static str> {
    match prefix {
        [b'P', b'K', 3, 4, ..] => Some("it looks like a PyTorch checkpoint (zip)"),
        [0x80, 2..=5, ..] => Some("it looks like a PyTorch checkpoint (pickle)"),
        [0x89, b'H', b'D', b'F', ..] => Some("it looks like HDF5 (Keras)"),
        [0x89, b'P', b'N', b'G', ..] | [0xFF, 0xD8, 0xFF, ..] => Some("it looks like a picture"),
        _ => None,
    }
}

fn other_format(path: &Path, prefix: &[u8]) -> WeightsError {
    let is_torch =
        path.extension().is_some_and(|extension| ["pth", "pt", "bin", "ckpt"].iter().any(|e| extension == *e));
    let what = match known_format(prefix) {
        Some(what) => what,
        None if is_torch => "its name says PyTorch checkpoint",
        None => "it does not begin with a header",
    };
    let save =
        "save the weights in Python with safetensors.torch.save_file(model.state_dict(), \"weights.safetensors\")";
    WeightsError::NotSafetensors { path: path.to_owned(), reason: format!("{what}; {save}") }
}
