//! What `torch.save` wrote before PyTorch 1.6: five pickles (a magic number, the protocol, the machine, the object,
//! the storages' keys), then every storage as its length and its numbers. Numbers are little-endian whatever the
//! machine was.

use std::collections::HashMap;

use super::describe::{Described, tensor};
use super::numpy::{Arrays, is_array};
use super::pickle;
use super::plain;
use super::unwrap::find;
use crate::compute::weights::checkpoint::contents::{Contents, Placed, Storage};
use crate::compute::weights::checkpoint::fault::{Fault, shown};
use crate::compute::weights::checkpoint::pickle::{Pickle, Value};
use crate::compute::weights::checkpoint::tensor::Entry;

/// `0x1950a86a20f9469cfc6c`, as a pickle writes it.
const MAGIC: [u8; 10] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19];
const PROTOCOL: i64 = 1001;
/// The bytes of a storage's length.
const COUNT: usize = 8;

/// One storage as the tensors describe it.
struct Claimed {
    width: usize,
    elements: u64,
    index: Option<usize>,
}

pub(in super::super) fn contents(bytes: &[u8], which: Option<&str>) -> Result<Contents, Fault> {
    let mut rest = bytes;
    let magic = next(&mut rest, "its beginning")?;
    if !matches!(magic.get(magic.root), Value::Long(long) if *long == MAGIC) {
        return plain::contents(&magic, which);
    }
    header(&mut rest)?;
    let object = next(&mut rest, "the description of its tensors")?;
    let found = find(&object, which)?;
    let mut storages = claimed(&object)?;
    let keys = next(&mut rest, "the list of its storages")?;
    let mut contents = Contents {
        metadata: found.metadata,
        wrappers: found.wrappers,
        state_dicts: found.state_dicts,
        ..Contents::default()
    };
    contents.storages = locate(bytes, bytes.len() - rest.len(), &keys, &mut storages)?;
    let mut arrays = Arrays::default();
    for (name, id) in &found.tensors {
        if is_array(&object, *id) {
            arrays.add(&object, name, *id, &mut contents)?;
            continue;
        }
        let Described { claim, storage } = tensor(&object, name, *id)?;
        let missing = || Fault::damaged(format!("the storage of {} is missing", shown(&claim.key)));
        let root = storages.get(&storage.key).ok_or_else(missing)?;
        let index = root.index.ok_or_else(missing)?;
        let (first, elements) = storage.view.unwrap_or((0, root.elements));
        if first.checked_add(elements).is_none_or(|end| end > root.elements) {
            return Err(Fault::damaged(format!("{} looks past the end of its storage", shown(&claim.key))));
        }
        // A view is another offset into the same storage; `checked` compares the end of it.
        let mut claim = claim;
        claim.offset = match (u64::try_from(claim.offset), i64::try_from(first)) {
            (Ok(_), Ok(first)) => claim.offset.saturating_add(first),
            _ => -1,
        };
        contents.entries.push(Entry::checked(claim, index, first + elements)?);
    }
    Ok(contents)
}

/// Reads the protocol's number and what is said of the machine.
fn header(rest: &mut &[u8]) -> Result<(), Fault> {
    let protocol = next(rest, "its beginning")?;
    if protocol.int(protocol.root) != Some(PROTOCOL) {
        return Err(Fault::damaged("a version of PyTorch's format that does not exist"));
    }
    next(rest, "its beginning")?;
    Ok(())
}

/// Reads one pickle and moves past it.
fn next<'a>(rest: &mut &'a [u8], within: &'static str) -> Result<Pickle<'a>, Fault> {
    let read = pickle(rest, within)?;
    *rest = &rest[read.length..];
    Ok(read)
}

/// Every storage the object mentions, also those of optimizers: their lengths are needed to find the others.
fn claimed(object: &Pickle) -> Result<HashMap<String, Claimed>, Fault> {
    let mut storages = HashMap::new();
    for storage in super::describe::storages(object) {
        let width = storage.dtype.map_or(1, crate::compute::weights::checkpoint::Dtype::bytes);
        let claimed = Claimed { width, elements: storage.elements, index: None };
        if storages.insert(storage.key, claimed).is_some_and(|other| other.width != width) {
            return Err(Fault::damaged("one of its storages has two types"));
        }
    }
    Ok(storages)
}

/// Where the storages lie, in the order of their keys.
fn locate(
    bytes: &[u8],
    start: usize,
    keys: &Pickle,
    storages: &mut HashMap<String, Claimed>,
) -> Result<Vec<Placed>, Fault> {
    let list = keys.sequence(keys.root).ok_or_else(|| Fault::damaged("the list of its storages is none"))?;
    let mut places = Vec::with_capacity(list.len());
    let mut at = start;
    for &key in list {
        let key = match keys.get(key) {
            Value::Text(text) => text.to_string(),
            Value::Int(int) => int.to_string(),
            _ => return Err(Fault::damaged("a storage's key is neither text nor number")),
        };
        let storage = storages.get_mut(&key).filter(|storage| storage.index.is_none());
        let storage = storage.ok_or_else(|| Fault::damaged(format!("storage {} belongs to no tensor", shown(&key))))?;
        let Some(count) = bytes.get(at..).and_then(|rest| rest.first_chunk::<COUNT>()) else {
            return Err(Fault::Truncated((at + COUNT) as u64));
        };
        let count = u64::from_le_bytes(*count);
        if count < storage.elements {
            let reason = format!("storage {} has {count} elements, not {}", shown(&key), storage.elements);
            return Err(Fault::Damaged(reason));
        }
        let data = (at + COUNT) as u64;
        let end = count.checked_mul(storage.width as u64).and_then(|size| data.checked_add(size));
        let end = end.ok_or_else(|| Fault::damaged("a storage with more elements than can be counted"))?;
        if end > bytes.len() as u64 {
            return Err(Fault::Truncated(end));
        }
        storage.index = Some(places.len());
        storage.elements = count;
        places.push(Storage::Stored(data as usize..end as usize).into());
        at = end as usize;
    }
    Ok(places)
}
