//! What a pickle says about tensors: `torch._utils._rebuild_tensor_v2` and its relatives, noted as calls.

use crate::compute::weights::checkpoint::dtype::Dtype;
use crate::compute::weights::checkpoint::fault::{Fault, shown};
use crate::compute::weights::checkpoint::pickle::{Id, Object, Pickle, Value};
use crate::compute::weights::checkpoint::tensor::{Claim, MAX_RANK};

/// Parameters hold tensors, subclasses hold parameters: no deeper than this.
const MAX_DEPTH: usize = 4;

/// The longest name of a storage. PyTorch numbers them; a long one given to every tensor would cost much time.
const MAX_KEY: usize = 256;

/// A tensor and the storage it looks at.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) claim: Claim,
    pub(super) storage: StorageName,
}

/// `('storage', torch.FloatStorage, '0', 'cpu', 64)`, and for old files a view on it.
#[derive(Debug)]
pub(super) struct StorageName {
    /// Its name in the file.
    pub(super) key: String,
    /// `None`: bytes, whose type the tensor knows.
    pub(super) dtype: Option<Dtype>,
    /// Its length in elements.
    pub(super) elements: u64,
    /// First element and length of the part that is meant.
    pub(super) view: Option<(u64, u64)>,
}

/// Would this value be a tensor, or a parameter?
pub(super) fn is_tensor(pickle: &Pickle, id: Id) -> bool {
    pickle.object(id).and_then(|object| pickle.global(object.class)).is_some_and(|(module, name)| {
        let is_torch = module.starts_with("torch");
        is_torch && (name.starts_with("_rebuild") || name == "Parameter" || name == "Variable" || name == "Buffer")
    })
}

/// The tensor that a value would be.
pub(super) fn tensor(pickle: &Pickle, key: &str, id: Id) -> Result<Described, Fault> {
    let bad = || Fault::damaged(format!("{} is described in no way that PyTorch writes", shown(key)));
    let object = pickle.object(id).ok_or_else(bad)?;
    let (mut class, mut arguments) = (object.class, object.arguments);
    for _ in 0..MAX_DEPTH {
        let (_, name) = pickle.global(class).ok_or_else(bad)?;
        let list = pickle.sequence(arguments).ok_or_else(bad)?;
        match name {
            "_rebuild_tensor_v2" | "_rebuild_tensor" | "_rebuild_tensor_v3" => {
                return rebuilt(pickle, key, name, list).ok_or_else(bad);
            }
            // (tensor, ...)
            "_rebuild_parameter" | "_rebuild_parameter_with_state" | "Parameter" | "Variable" | "Buffer" => {
                let Object { class: inner, arguments: with, .. } =
                    list.first().and_then(|&id| pickle.object(id)).ok_or_else(bad)?;
                (class, arguments) = (*inner, *with);
            }
            // (function, type, arguments, state)
            "_rebuild_from_type_v2" | "_rebuild_from_type" => match list {
                &[function, _, with, ..] => (class, arguments) = (function, with),
                _ => return Err(bad()),
            },
            _ => {
                let what = shown(name.trim_start_matches("_rebuild_"));
                return Err(Fault::other(format!(
                    "{} is a tensor of a special kind ({what}), save the plain float model's state_dict",
                    shown(key)
                )));
            }
        }
    }
    Err(bad())
}

/// (storage, offset, size, stride, requires_grad, hooks[, dtype])
fn rebuilt(pickle: &Pickle, key: &str, function: &str, arguments: &[Id]) -> Option<Described> {
    let &[storage, offset, size, strides, ..] = arguments else { return None };
    let storage = storage_name(pickle, storage)?;
    let dtype = match function {
        "_rebuild_tensor_v3" => Dtype::of_torch(pickle.global(*arguments.get(6)?)?.1)?,
        _ => storage.dtype?,
    };
    let claim = Claim {
        key: key.to_owned(),
        dtype,
        offset: pickle.int(offset)?,
        size: ints(pickle, size)?,
        strides: ints(pickle, strides)?,
    };
    Some(Described { claim, storage })
}

/// A tuple of integers, or a `torch.Size` made of one.
fn ints(pickle: &Pickle, id: Id) -> Option<Vec<i64>> {
    let id = match pickle.object(id) {
        Some(object) => *pickle.sequence(object.arguments)?.first()?,
        None => id,
    };
    let members = pickle.sequence(id).filter(|members| members.len() <= MAX_RANK)?;
    members.iter().map(|&id| pickle.int(id)).collect()
}

/// Every storage that a pickle mentions; what else it keeps outside (a module's source code) is left out.
pub(super) fn storages<'p>(pickle: &'p Pickle) -> impl Iterator<Item = StorageName> + 'p {
    pickle.persistent().filter_map(|id| named(pickle, id))
}

fn storage_name(pickle: &Pickle, id: Id) -> Option<StorageName> {
    match pickle.get(id) {
        Value::Persistent(id) => named(pickle, *id),
        _ => None,
    }
}

fn named(pickle: &Pickle, id: Id) -> Option<StorageName> {
    let &[kind, class, key, _location, elements, ref view @ ..] = pickle.sequence(id)? else { return None };
    if pickle.text(kind)? != "storage" {
        return None;
    }
    let (_, class) = pickle.global(class)?;
    let dtype = match class {
        "UntypedStorage" => None,
        _ => Some(Dtype::of_storage(class)?),
    };
    let key = match pickle.get(key) {
        Value::Text(text) if text.len() <= MAX_KEY => text.to_string(),
        Value::Int(int) => int.to_string(),
        _ => return None,
    };
    let view = match view.first().map(|&view| pickle.get(view)) {
        Some(Value::Tuple(view)) => {
            let &[_key, offset, elements] = &view[..] else { return None };
            Some((u64::try_from(pickle.int(offset)?).ok()?, u64::try_from(pickle.int(elements)?).ok()?))
        }
        _ => None,
    };
    Some(StorageName { key, dtype, elements: u64::try_from(pickle.int(elements)?).ok()?, view })
}
