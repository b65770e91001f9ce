//! What a file is, from its first bytes.

use super::fault::Fault;

/// A kind of checkpoint file that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// safetensors.
    Safetensors,
    /// What `torch.save` writes since PyTorch 1.6: a zip archive.
    TorchZip,
    /// What `torch.save` wrote before, and most published SE and CBAM weights are: pickles and raw storages.
    TorchLegacy,
}

impl Format {
    /// As a person would call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::TorchZip => "PyTorch (zip)",
            Self::TorchLegacy => "PyTorch (before 1.6)",
        }
    }
}

/// How much of a file's beginning is looked at when it is no checkpoint.
const LOOKED_AT: usize = 512;

const SAVE_STATE_DICT: &str = "save a state_dict in Python with torch.save(model.state_dict(), \"weights.pth\")";

/// The format of these bytes, or what else they are and what to do about it.
pub(super) fn detect(bytes: &[u8]) -> Result<Format, Fault> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => return Ok(Format::TorchZip),
        // Before pickles: a header's length can begin as they do.
        [_, _, _, _, _, _, _, _, b'{', ..] if header_length(bytes).is_some() => return Ok(Format::Safetensors),
        [0x80, 0..=5, ..] => return Ok(Format::TorchLegacy),
        [b'P', b'K', 5, 6, ..] => return Err(Fault::other("an empty zip archive, download or save it again")),
        _ => {}
    }
    let what = known(bytes).or_else(|| text(bytes));
    Err(match what {
        Some(what) => Fault::other(what),
        None if bytes.len() < 16 => Fault::Cut("its first bytes"),
        None => Fault::other(format!("not a checkpoint this program knows (safetensors, PyTorch); {SAVE_STATE_DICT}")),
    })
}

/// The length of a safetensors header, if it can be one.
pub(super) fn header_length(bytes: &[u8]) -> Option<u64> {
    /// The longest header, as in the safetensors library.
    const MAX_HEADER: u64 = 100_000_000;
    let length = u64::from_le_bytes(*bytes.first_chunk()?);
    (2..=MAX_HEADER).contains(&length).then_some(length)
}

/// Formats people keep networks, pictures or downloads in.
fn known(bytes: &[u8]) -> Option<String> {
    if bytes.get(257..262) == Some(b"ustar") {
        let is_torch = [&b"storages"[..], b"sys_info", b"tensors", b"pickle"].iter().any(|name| {
            let name_in_tar = &bytes[..100.min(bytes.len())];
            name_in_tar.starts_with(name) || name_in_tar.starts_with(&[b"./", *name].concat())
        });
        return Some(match is_torch {
            true => {
                format!("PyTorch's oldest format (tar, before 0.1.10); load it with torch.load and {SAVE_STATE_DICT}")
            }
            false => "a tar archive, unpack it and give the checkpoint in it".to_owned(),
        });
    }
    Some(match bytes {
        [b'B', b'Z', b'h', ..] => "compressed with bzip2, unpack it first".to_owned(),
        [0xFD, b'7', b'z', b'X', b'Z', ..] => "compressed with xz, unpack it first".to_owned(),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => "compressed with zstd, unpack it first".to_owned(),
        [0x89, b'H', b'D', b'F', ..] => format!("an HDF5 file (Keras); convert it to PyTorch and {SAVE_STATE_DICT}"),
        [b'G', b'G', b'U', b'F', ..] => {
            "a GGUF file (a language model), give a convolutional network's weights".to_owned()
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => format!("one NumPy array, not a checkpoint; {SAVE_STATE_DICT}"),
        [_, _, _, _, b'T', b'F', b'L', b'3', ..] => {
            format!("a TensorFlow Lite file; convert it to PyTorch and {SAVE_STATE_DICT}")
        }
        _ if image::guess_format(bytes).is_ok() => "a picture, give a checkpoint file (.safetensors, .pth)".to_owned(),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => {
            "a picture or film (HEIC, AVIF, MP4), give a checkpoint file (.safetensors, .pth)".to_owned()
        }
        // A protocol buffer whose first fields are the version, then the producer, the domain or the graph.
        [0x08, 1..=64, 0x12 | 0x1A | 0x22 | 0x28 | 0x32 | 0x3A | 0x42, ..] => {
            "an ONNX file, which keeps a graph and not a state_dict; give the checkpoint it was exported from \
             (.safetensors, .pth)"
                .to_owned()
        }
        [b'%', b'P', b'D', b'F', ..] => "a PDF, give a checkpoint file (.safetensors, .pth)".to_owned(),
        _ => return None,
    })
}

/// Is this the beginning of an index of a checkpoint in several files?
pub(super) fn is_index(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(LOOKED_AT)]);
    head.trim_start().starts_with('{') && head.contains("\"weight_map\"")
}

/// Text where weights should be: mostly downloads that went wrong.
fn text(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(LOOKED_AT)];
    // A cut in the middle of a character is no reason to call text binary.
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    Some(if text.starts_with("version https://git-lfs.github.com/spec/") {
        "this is a Git LFS pointer, not the weights: run `git lfs pull` or download the file itself".to_owned()
    } else if lower.starts_with("<!doctype html") || lower.starts_with("<html") || lower.contains("<head>") {
        "this is a web page, not the weights: download the file again (on GitHub and the Hub, the raw file)".to_owned()
    } else if lower.starts_with('<') {
        "this is XML, perhaps a server's error message, not the weights: download the file again".to_owned()
    } else if text.starts_with('{') && text.contains("weight_map") {
        "the index of a checkpoint in several files; give it the name it came with (model.safetensors.index.json)"
            .to_owned()
    } else if text.starts_with('{') {
        "this is JSON, not the weights: give the checkpoint file (.safetensors, .pth)".to_owned()
    } else {
        "a text file, neither weights (.safetensors, .pth) nor a spec (which begins with gatescope = 1)".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_whose_length_begins_like_a_pickle_is_a_header() {
        let file = [&1152_u64.to_le_bytes()[..], b"{\"a\": {}}"].concat();
        assert_eq!(file[..2], [0x80, 4]);
        assert_eq!(detect(&file).ok(), Some(Format::Safetensors));
        let pickle = [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9];
        assert_eq!(detect(&pickle).ok(), Some(Format::TorchLegacy));
    }

    #[test]
    fn what_is_not_a_checkpoint_is_named() {
        let tar = |name: &str| {
            let mut bytes = vec![0; 512];
            bytes[..name.len()].copy_from_slice(name.as_bytes());
            bytes[257..262].copy_from_slice(b"ustar");
            bytes
        };
        let cases: [(&[u8], &str); 11] = [
            (b"\n<!DOCTYPE html><html>", "web page"),
            (b"<?xml version=\"1.0\"?><Error><Code>AccessDenied", "server's error"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS pointer"),
            (b"{\"metadata\": {}, \"weight_map\": {}}", "several files"),
            (b"accuracy, loss\n0.5, 0.1", "text file"),
            (b"\x08\x08\x12\x07pytorch", "an ONNX file"),
            (b"\x89HDF\r\n\x1A\n", "HDF5"),
            (b"\x89PNG\r\n\x1A\n", "picture"),
            (&tar("storages"), "before 0.1.10"),
            (&tar("folder/x.pth"), "unpack it"),
            (&[7; 64], "not a checkpoint"),
        ];
        for (bytes, want) in cases {
            let message = detect(bytes).expect_err(want).at("f.pth".as_ref(), 0).to_string();
            assert!(message.contains(want) && !message.contains('\n'), "{message}");
        }
    }
}
