//! Finding the state_dict: training scripts wrap it together with epochs and optimizers.

use super::describe::is_tensor;
use super::metadata;
use crate::compute::weights::checkpoint::fault::{Fault, shown};
use crate::compute::weights::checkpoint::metadata::Metadata;
use crate::compute::weights::checkpoint::pickle::{Id, Pickle};

/// Names that scripts keep the state_dict under, the first found is taken.
const WRAPPERS: [&str; 8] =
    ["state_dict", "model_state_dict", "model", "state_dict_ema", "model_ema", "net", "params", "network"];
/// A dict with more entries than this is no wrapper under a name nobody knows.
const MAX_UNKNOWN: usize = 100;
/// How many wrappers may lie inside each other.
const MAX_DEPTH: usize = 3;

/// A state_dict and what lay around it.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Names and values that would be tensors, in order.
    pub(super) tensors: Vec<(String, Id)>,
    pub(super) metadata: Metadata,
    /// The names it was under, outermost first.
    pub(super) wrappers: Vec<String>,
    /// Other names that hold tensors too, next to the last wrapper.
    pub(super) alternatives: Vec<String>,
}

/// A dict's entries that have text for a key.
type Items<'p> = Vec<(&'p str, Id)>;

/// Looks for the state_dict in what a pickle would make.
pub(super) fn find(pickle: &Pickle) -> Result<Found, Fault> {
    let mut found = Found::default();
    let mut id = pickle.root;
    for _ in 0..=MAX_DEPTH {
        refuse_module(pickle, id)?;
        let Some(items) = items(pickle, id) else { return Err(no_dict(pickle, id)) };
        metadata::collect(pickle, &items, &mut found.metadata);
        let mut inner = candidates(pickle, &items);
        if inner.is_empty() {
            found.tensors = tensors(pickle, &items)?;
            if found.tensors.is_empty() {
                return Err(Fault::other(
                    "holds no tensors; in Python, torch.save(model.state_dict(), \"weights.pth\")",
                ));
            }
            return Ok(found);
        }
        let (name, next) = inner.remove(0);
        found.wrappers.push(name.to_owned());
        found.alternatives = inner.into_iter().map(|(name, _)| name.to_owned()).collect();
        id = next;
    }
    Err(Fault::other("its state_dict is wrapped too often; in Python, torch.save(model.state_dict(), \"weights.pth\")"))
}

fn items<'p>(pickle: &'p Pickle, id: Id) -> Option<Items<'p>> {
    let items = pickle.items(id)?;
    Some(items.iter().filter_map(|&(key, value)| Some((pickle.text(key)?, value))).collect())
}

/// Entries that hold a state_dict or a model, best first. A dict of tensors under no known name counts only
/// where it is alone and no tensors lie beside it.
fn candidates<'p>(pickle: &Pickle, items: &Items<'p>) -> Vec<(&'p str, Id)> {
    let named = WRAPPERS.iter().filter_map(|&wrapper| {
        let &(name, id) = items.iter().rfind(|(name, _)| *name == wrapper)?;
        holds_tensors(pickle, id, 1).then_some((name, id))
    });
    let named: Vec<_> = named.collect();
    let is_large = items.len() > MAX_UNKNOWN;
    if !named.is_empty() || is_large || items.iter().any(|&(_, id)| is_tensor(pickle, id)) {
        return named;
    }
    let is_other = |name: &str| name.contains("optim") || name.contains("sched") || name.contains("scaler");
    let mut others = items.iter().filter(|&&(name, id)| !is_other(name) && holds_tensors(pickle, id, 0));
    match (others.next(), others.next()) {
        (Some(&only), None) => vec![only],
        _ => Vec::new(),
    }
}

/// Is this a dict of tensors, a model, or (to this depth) a wrapper around one?
fn holds_tensors(pickle: &Pickle, id: Id, depth: usize) -> bool {
    if is_module(pickle, id) {
        return true;
    }
    let Some(items) = items(pickle, id) else { return false };
    items.iter().any(|&(name, id)| {
        is_tensor(pickle, id) || (depth > 0 && WRAPPERS.contains(&name) && holds_tensors(pickle, id, depth - 1))
    })
}

fn tensors(pickle: &Pickle, items: &Items) -> Result<Vec<(String, Id)>, Fault> {
    let mut names = std::collections::HashSet::with_capacity(items.len());
    let mut tensors = Vec::new();
    for &(name, id) in items.iter().filter(|(_, id)| is_tensor(pickle, *id)) {
        if !names.insert(name) {
            return Err(Fault::damaged(format!("two tensors are named {}", shown(name))));
        }
        tensors.push((name.to_owned(), id));
    }
    Ok(tensors)
}

/// A pickled `nn.Module`: an object with these attributes.
fn is_module(pickle: &Pickle, id: Id) -> bool {
    let state = pickle.object(id).and_then(|object| object.state);
    let attributes = state.and_then(|state| items(pickle, state)).unwrap_or_default();
    attributes.iter().any(|(name, _)| ["_modules", "_parameters"].contains(name))
}

/// To rebuild a whole model is to run the code in the file.
fn refuse_module(pickle: &Pickle, id: Id) -> Result<(), Fault> {
    if !is_module(pickle, id) {
        return Ok(());
    }
    let class = shown(&pickle.kind(id));
    Err(Fault::other(format!(
        "a whole model ({class}), which only Python can rebuild, not its weights; in Python, \
         torch.save(model.state_dict(), \"weights.pth\")"
    )))
}

fn no_dict(pickle: &Pickle, id: Id) -> Fault {
    let what = match is_tensor(pickle, id) {
        true => "one tensor".to_owned(),
        false => shown(&pickle.kind(id)),
    };
    Fault::other(format!("holds {what}, not a state_dict; in Python, torch.save(model.state_dict(), \"weights.pth\")"))
}
