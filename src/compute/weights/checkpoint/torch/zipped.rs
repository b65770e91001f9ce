//! What `torch.save` writes since PyTorch 1.6: `NAME/data.pkl`, `NAME/data/KEY`, `NAME/byteorder`.

use std::borrow::Cow;
use std::collections::HashMap;

use super::describe::{Described, tensor};
use super::numpy::{Arrays, is_array};
use super::pickle;
use super::unwrap::find;
use crate::compute::weights::checkpoint::contents::{Contents, Placed, Storage};
use crate::compute::weights::checkpoint::fault::{Fault, shown};
use crate::compute::weights::checkpoint::tensor::Entry;
use crate::compute::weights::checkpoint::zip::{Archive, inflate};

pub(in super::super) fn contents(bytes: &[u8], which: Option<&str>) -> Result<Contents, Fault> {
    let archive = Archive::open(bytes)?;
    let folder = folder(&archive)?;
    let description = member(bytes, &archive, &format!("{folder}data.pkl"))?
        .ok_or_else(|| Fault::damaged("its data.pkl has vanished"))?;
    let pickle = pickle(&description, "its data.pkl")?;
    let found = find(&pickle, which)?;
    let byte_order = member(bytes, &archive, &format!("{folder}byteorder"))?;
    let big_endian = byte_order.is_some_and(|order| order.starts_with(b"big"));
    let mut contents = Contents {
        metadata: found.metadata,
        wrappers: found.wrappers,
        state_dicts: found.state_dicts,
        ..Contents::default()
    };
    let (mut known, mut arrays) = (HashMap::new(), Arrays::default());
    for (name, id) in found.tensors {
        if is_array(&pickle, id) {
            arrays.add(&pickle, &name, id, &mut contents)?;
            continue;
        }
        let Described { claim, storage } = tensor(&pickle, &name, id)?;
        let index = *known.entry(storage.key).or_insert_with_key(|key| {
            let member = archive.members.get(&*format!("{folder}data/{key}"));
            let storage = member.cloned().unwrap_or(Storage::Stored(0..0));
            contents.storages.push(Placed { storage, part: 0, big_endian });
            contents.storages.len() - 1
        });
        let held = contents.storages[index].storage.length();
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
            () if ends_with("model.weights.h5") => {
                "a Keras model (.keras); convert it to PyTorch and in Python, torch.save(model.state_dict(), \
                 \"weights.pth\")"
                    .to_owned()
            }
            () if ends_with("models/model.json") || ends_with("serialized_exported_program.json") => {
                "a torch.export program (.pt2); in Python, torch.save(torch.export.load(\"FILE\").state_dict, \
                 \"weights.pth\")"
                    .to_owned()
            }
            () if ends_with(".npy") => {
                "NumPy arrays (.npz); in Python, torch.save(dict(numpy.load(\"FILE\")), \"weights.pth\")".to_owned()
            }
            () if checkpoint => "a zip archive with a checkpoint in it, unpack it and give the checkpoint".to_owned(),
            () => "a zip archive, but not one of PyTorch's: it has no data.pkl; give the checkpoint file".to_owned(),
        }));
    };
    Ok(folder)
}

fn member<'a>(bytes: &'a [u8], archive: &Archive, name: &str) -> Result<Option<Cow<'a, [u8]>>, Fault> {
    Ok(match archive.members.get(name) {
        None => None,
        Some(Storage::Held(held)) => Some(Cow::Owned(held.to_vec())),
        Some(Storage::Stored(range)) => bytes.get(range.clone()).map(Cow::Borrowed),
        Some(Storage::Deflated(range, size)) => {
            let packed = bytes.get(range.clone()).unwrap_or_default();
            Some(Cow::Owned(inflate(packed, *size)?))
        }
    })
}
