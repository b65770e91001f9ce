//! What `torch.save` writes since PyTorch 1.6: `NAME/data.pkl`, `NAME/data/KEY`, `NAME/byteorder`.

use std::borrow::Cow;
use std::collections::HashMap;

use super::describe::{Described, tensor};
use super::pickle;
use super::unwrap::find;
use crate::compute::weights::checkpoint::Storage;
use crate::compute::weights::checkpoint::contents::Contents;
use crate::compute::weights::checkpoint::fault::{Fault, shown};
use crate::compute::weights::checkpoint::tensor::Entry;
use crate::compute::weights::checkpoint::zip::{Archive, inflate};

pub(in super::super) fn contents(bytes: &[u8]) -> Result<Contents, Fault> {
    let archive = Archive::open(bytes)?;
    let folder = folder(&archive)?;
    let description = member(bytes, &archive, &format!("{folder}data.pkl"))?
        .ok_or_else(|| Fault::damaged("its data.pkl has vanished"))?;
    let pickle = pickle(&description, "its data.pkl")?;
    let found = find(&pickle)?;
    let byte_order = member(bytes, &archive, &format!("{folder}byteorder"))?;
    let big_endian = byte_order.is_some_and(|order| order.starts_with(b"big"));
    let mut contents = Contents {
        metadata: found.metadata,
        wrappers: found.wrappers,
        alternatives: found.alternatives,
        big_endian,
        ..Contents::default()
    };
    let mut known = HashMap::new();
    for (name, id) in found.tensors {
        let Described { claim, storage } = tensor(&pickle, &name, id)?;
        let index = *known.entry(storage.key).or_insert_with_key(|key| {
            contents
                .storages
                .push(archive.members.get(&*format!("{folder}data/{key}")).cloned().unwrap_or(Storage::Stored(0..0)));
            contents.storages.len() - 1
        });
        let held = contents.storages[index].length();
        let width = claim.dtype.bytes() as u64;
        // An untyped storage's length is in bytes.
        let needed = storage.elements.saturating_mul(if storage.dtype.is_some() { width } else { 1 });
        if needed > held as u64 {
            return Err(Fault::damaged(format!("the storage of {} has {held} bytes, not {needed}", shown(&name))));
        }
        contents.entries.push(Entry::checked(claim, index, needed / width)?);
    }
    Ok(contents)
}

/// The folder in the archive, with its slash; empty where there is none.
fn folder<'a>(archive: &Archive<'a>) -> Result<&'a str, Fault> {
    let name = archive.names.iter().find_map(|name| {
        let folder = name.strip_suffix("data.pkl")?;
        (folder.is_empty() || folder.ends_with('/') && !folder[..folder.len() - 1].contains('/')).then_some(folder)
    });
    let Some(folder) = name else {
        let ends_with = |suffix: &str| archive.names.iter().any(|name| name.ends_with(suffix));
        let checkpoint = [".pth", ".pt", ".ckpt", ".safetensors", ".tar", ".bin"].into_iter().any(ends_with);
        return Err(Fault::other(match () {
            () if checkpoint => "a zip archive with a checkpoint in it, unpack it and give the checkpoint".to_owned(),
            () if ends_with(".npy") => {
                "NumPy arrays (npz), not a checkpoint this program knows (safetensors, PyTorch)".to_owned()
            }
            () => "a zip archive, but not one of PyTorch's: it has no data.pkl; give the checkpoint file".to_owned(),
        }));
    };
    if archive.members.contains_key(&*format!("{folder}constants.pkl")) {
        return Err(Fault::other(
            "a TorchScript model, not its weights; in Python, \
             torch.save(torch.jit.load(\"FILE\").state_dict(), \"weights.pth\")",
        ));
    }
    Ok(folder)
}

fn member<'a>(bytes: &'a [u8], archive: &Archive, name: &str) -> Result<Option<Cow<'a, [u8]>>, Fault> {
    Ok(match archive.members.get(name) {
        None => None,
        Some(Storage::Stored(range)) => bytes.get(range.clone()).map(Cow::Borrowed),
        Some(Storage::Deflated(range, size)) => {
            let packed = bytes.get(range.clone()).unwrap_or_default();
            Some(Cow::Owned(inflate(packed, *size)?))
        }
    })
}
