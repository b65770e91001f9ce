//! NumPy arrays in a pickle: `numpy.core.multiarray._reconstruct` and the state set on it, `_frombuffer` of
//! protocol 5, noted as calls. Python 2's strings and protocol 2's `_codecs.encode(text, 'latin1')` hold bytes too.

use std::collections::HashMap;
use std::sync::Arc;

use crate::compute::weights::checkpoint::contents::{Contents, Placed, Storage};
use crate::compute::weights::checkpoint::dtype::Dtype;
use crate::compute::weights::checkpoint::fault::{Fault, shown};
use crate::compute::weights::checkpoint::pickle::{Id, Object, Pickle, Value};
use crate::compute::weights::checkpoint::tensor::{Claim, Entry, MAX_RANK};

/// NumPy's letters of element types, with their width.
const TYPES: [(&str, Dtype); 13] = [
    ("f8", Dtype::F64),
    ("f4", Dtype::F32),
    ("f2", Dtype::F16),
    ("i8", Dtype::I64),
    ("i4", Dtype::I32),
    ("i2", Dtype::I16),
    ("i1", Dtype::I8),
    ("u8", Dtype::U64),
    ("u4", Dtype::U32),
    ("u2", Dtype::U16),
    ("u1", Dtype::U8),
    ("b1", Dtype::Bool),
    ("c8", Dtype::Other("complex64", 8)),
];

/// Arrays read so far, by the value that holds their bytes: the same may be there under several names.
#[derive(Default)]
pub(super) struct Arrays {
    known: HashMap<(Id, bool), usize>,
}

/// An array as its pickle describes it.
struct Described<'p> {
    shape: &'p [Id],
    dtype: Id,
    is_fortran: bool,
    data: Id,
}

/// Would this value be an array?
pub(super) fn is_array(pickle: &Pickle, id: Id) -> bool {
    function(pickle, id).is_some_and(|(name, _)| ["_reconstruct", "_frombuffer"].contains(&name))
}

fn function<'p>(pickle: &'p Pickle, id: Id) -> Option<(&'p str, &'p Object)> {
    let object = pickle.object(id)?;
    let (module, name) = pickle.global(object.class)?;
    module.starts_with("numpy").then_some((name, object))
}

/// The sizes of an array, as far as they can be read.
pub(super) fn shape(pickle: &Pickle, id: Id) -> Option<Vec<i64>> {
    described(pickle, id)?.shape.iter().map(|&size| pickle.int(size)).collect()
}

impl Arrays {
    /// Adds an array to the tensors.
    pub(super) fn add(&mut self, pickle: &Pickle, key: &str, id: Id, contents: &mut Contents) -> Result<(), Fault> {
        let bad = || Fault::damaged(format!("{} is described in no way that NumPy writes", shown(key)));
        let array = described(pickle, id).ok_or_else(bad)?;
        let (dtype, big_endian) = element(pickle, array.dtype).ok_or_else(bad)?.map_err(|letters| {
            let what = shown(&letters);
            Fault::other(format!("{} is a NumPy array of {what} elements, save it as float32", shown(key)))
        })?;
        let size: Vec<i64> = array.shape.iter().map(|&size| pickle.int(size)).collect::<Option<_>>().ok_or_else(bad)?;
        if size.len() > MAX_RANK {
            return Err(bad());
        }
        let storage = match self.known.get(&(array.data, big_endian)) {
            Some(&storage) => storage,
            None => {
                let bytes = bytes(pickle, array.data).ok_or_else(bad)?;
                contents.storages.push(Placed { storage: Storage::Held(Arc::new(bytes)), part: 0, big_endian });
                self.known.insert((array.data, big_endian), contents.storages.len() - 1);
                contents.storages.len() - 1
            }
        };
        let held = (contents.storages[storage].storage.length() / dtype.bytes()) as u64;
        let strides = strides(&size, array.is_fortran).ok_or_else(bad)?;
        let claim = Claim { key: key.to_owned(), dtype, offset: 0, size, strides };
        contents.entries.push(Entry::checked(claim, storage, held)?);
        Ok(())
    }
}

/// In elements: row-major, or column-major where the array was laid out as Fortran does.
fn strides(size: &[i64], is_fortran: bool) -> Option<Vec<i64>> {
    let mut strides = vec![1; size.len()];
    let mut next = 1_i64;
    let places: Vec<usize> = if is_fortran { (0..size.len()).collect() } else { (0..size.len()).rev().collect() };
    for place in places {
        strides[place] = next;
        next = next.checked_mul(size[place].max(1))?;
    }
    Some(strides)
}

fn described<'p>(pickle: &'p Pickle, id: Id) -> Option<Described<'p>> {
    let (name, object) = function(pickle, id)?;
    if name == "_frombuffer" {
        // (buffer, dtype, shape, order)
        let &[data, dtype, shape, order] = pickle.sequence(object.arguments)? else { return None };
        let is_fortran = pickle.text(order) == Some("F");
        return Some(Described { shape: pickle.sequence(shape)?, dtype, is_fortran, data });
    }
    // (version, shape, dtype, is_fortran, data)
    let &[_version, shape, dtype, is_fortran, data] = pickle.sequence(object.state?)? else { return None };
    let is_fortran = pickle.int(is_fortran)? != 0;
    Some(Described { shape: pickle.sequence(shape)?, dtype, is_fortran, data })
}

/// The element type, and whether its bytes are in big-endian order; the letters of one that is not read.
fn element(pickle: &Pickle, id: Id) -> Option<Result<(Dtype, bool), String>> {
    let (name, object) = function(pickle, id)?;
    if name != "dtype" {
        return None;
    }
    let letters = pickle.text(*pickle.sequence(object.arguments)?.first()?)?;
    let of_state = || pickle.text(*pickle.sequence(object.state?)?.get(1)?);
    let is_big = letters.starts_with('>') || of_state() == Some(">");
    let bare = letters.trim_start_matches(['<', '>', '|', '=']);
    let known = TYPES.iter().find(|(known, _)| *known == bare);
    Some(known.map(|(_, dtype)| (*dtype, is_big)).ok_or_else(|| letters.to_owned()))
}

/// Bytes as each protocol writes them.
fn bytes(pickle: &Pickle, id: Id) -> Option<Vec<u8>> {
    match pickle.get(id) {
        Value::Bytes(bytes) => Some(bytes.to_vec()),
        Value::Object(object) => {
            let (module, name) = pickle.global(object.class)?;
            let arguments = pickle.sequence(object.arguments)?;
            match (module, name, arguments) {
                ("_codecs", "encode", &[text, ..]) => {
                    pickle.text(text)?.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect()
                }
                (_, "bytes" | "bytearray" | "PickleBuffer", &[]) => Some(Vec::new()),
                (_, "bytearray" | "PickleBuffer" | "bytes", &[inner, ..]) => match pickle.get(inner) {
                    Value::Bytes(bytes) => Some(bytes.to_vec()),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}
