//! safetensors: eight bytes of length, a JSON header, then the tensors' bytes without gaps.
//! <https://github.com/huggingface/safetensors#format>

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::contents::{Contents, Storage};
use super::detect::header_length;
use super::dtype::Dtype;
use super::fault::{Fault, shown};
use super::tensor::{Entry, elements};

/// The bytes in front of the header: its length.
const PREFIX: usize = 8;

/// Reads the header and checks it against the file.
pub(super) fn contents(bytes: &[u8]) -> Result<Contents, Fault> {
    let length = header_length(bytes).ok_or_else(|| Fault::damaged("its header has no sane length"))?;
    let Some(header) = bytes.get(PREFIX..PREFIX + length as usize) else {
        return Err(Fault::Truncated(PREFIX as u64 + length));
    };
    let Header { tensors, metadata } =
        serde_json::from_slice(header).map_err(|error| Fault::damaged(format!("its header: {error}")))?;
    let mut tensors = tensors;
    tensors.sort_by_key(|(_, info)| info.data_offsets);
    let data = PREFIX + length as usize;
    check(&tensors)?;
    let mut contents = Contents { metadata: metadata.into(), ..Contents::default() };
    let mut described = 0;
    for (storage, (name, info)) in tensors.into_iter().enumerate() {
        let (start, end) = info.data_offsets;
        let (entry, size) = entry(name, &info, storage)?;
        if end - start != size {
            let reason = format!("{} has {} bytes where its shape needs {size}", shown(&entry.name), end - start);
            return Err(Fault::Damaged(reason));
        }
        // Cut off or not is decided below, of sound descriptions only.
        let range = data.saturating_add(start as usize)..data.saturating_add(end as usize);
        contents.storages.push(Storage::Stored(range).into());
        contents.entries.push(entry);
        described = end;
    }
    let held = (bytes.len() - data) as u64;
    match described.cmp(&held) {
        Ordering::Equal => Ok(contents),
        Ordering::Greater => Err(Fault::Truncated((data as u64).saturating_add(described))),
        Ordering::Less => {
            Err(Fault::damaged(format!("its header describes {described} bytes of tensors and it has {held}")))
        }
    }
}

/// Tensors follow each other without gap or overlap, and have different names.
fn check(tensors: &[(String, Info)]) -> Result<(), Fault> {
    let mut end = 0;
    let mut names = HashSet::with_capacity(tensors.len());
    for (name, info) in tensors {
        if !names.insert(name.as_str()) {
            return Err(Fault::damaged(format!("two tensors are named {}", shown(name))));
        }
        if info.data_offsets.0 != end || info.data_offsets.1 < end {
            return Err(Fault::damaged(format!("{} overlaps another tensor or leaves a gap", shown(name))));
        }
        end = info.data_offsets.1;
    }
    Ok(())
}

/// The tensor and how many bytes it needs.
fn entry(name: String, info: &Info, storage: usize) -> Result<(Entry, u64), Fault> {
    let dtype = Dtype::of_safetensors(&info.dtype).ok_or_else(|| {
        Fault::other(format!("{} has elements of an unknown type, {}", shown(&name), shown(&info.dtype)))
    })?;
    let shape: Option<Vec<usize>> = info.shape.iter().map(|&size| usize::try_from(size).ok()).collect();
    let sized = shape.and_then(|shape| {
        let elements = elements(&shape)?;
        let size = (elements as u64).checked_mul(dtype.bytes() as u64)?;
        Some((shape, elements, size))
    });
    let Some((shape, elements, size)) = sized else {
        return Err(Fault::damaged(format!("{} has more elements than can be counted", shown(&name))));
    };
    Ok((Entry::packed(name, dtype, shape, elements, storage), size))
}

/// The header as it is written: a map whose keys may repeat, which is to be noticed.
struct Header {
    tensors: Vec<(String, Info)>,
    metadata: BTreeMap<String, String>,
}

#[derive(serde::Deserialize)]
struct Info {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut header = Header { tensors: Vec::new(), metadata: BTreeMap::new() };
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "__metadata__" => header.metadata = map.next_value::<Option<_>>()?.unwrap_or_default(),
                _ => header.tensors.push((name, map.next_value()?)),
            }
        }
        Ok(header)
    }
}
