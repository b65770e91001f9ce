//! Finding the state_dict: training scripts wrap it together with epochs and optimizers, and often keep several.

use std::collections::HashMap;

use super::describe::{is_tensor, tensor};
use super::{metadata, module, numpy};
use crate::compute::weights::checkpoint::fault::{Fault, shown};
use crate::compute::weights::checkpoint::metadata::Metadata;
use crate::compute::weights::checkpoint::pickle::{Id, Pickle, Value};
use crate::compute::weights::checkpoint::state_dicts::{StateDict, listed};

/// Names that scripts keep the state_dict under: the first found is taken, as timm does, which prefers averaged
/// weights (`timm.models.load_state_dict`).
const WRAPPERS: [&str; 10] = [
    "state_dict_ema",
    "model_ema",
    "state_dict",
    "model_state_dict",
    "model",
    "module",
    "net",
    "params",
    "network",
    "model_state",
];
/// What a script keeps besides weights, by a part of its name.
const NO_WEIGHTS: [&str; 5] = ["optim", "sched", "scaler", "rng", "loss_fn"];
/// A dict with more entries than this is no wrapper under a name nobody knows.
const MAX_UNKNOWN: usize = 100;
/// How many wrappers may lie inside each other.
const MAX_DEPTH: usize = 3;
/// With fewer tensors than this share of the largest (one in so many) it is no network beside a network.
const SMALL: usize = 10;

/// A state_dict and what lay around it.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Names and values that would be tensors, in order.
    pub(super) tensors: Vec<(String, Id)>,
    pub(super) metadata: Metadata,
    /// The names it was under, outermost first.
    pub(super) wrappers: Vec<String>,
    /// Where there are several: all of them.
    pub(super) state_dicts: Vec<StateDict>,
}

/// A dict's entries that have text for a key.
type Items<'p> = Vec<(&'p str, Id)>;

/// Looks for the state_dict in what a pickle would make; `which` names one of several.
pub(super) fn find(pickle: &Pickle, which: Option<&str>) -> Result<Found, Fault> {
    let mut found = Found::default();
    let (mut id, mut wanted) = (pickle.root, which);
    for _ in 0..=MAX_DEPTH {
        if module::is_module(pickle, id) {
            found.tensors = unique(module::tensors(pickle, id)?)?;
            return found.ended(wanted, "a whole model in which no tensors are found");
        }
        let Some(items) = items(pickle, id) else { return Err(no_dict(pickle, id)) };
        metadata::collect(pickle, &items, &mut found.metadata);
        let inner = candidates(pickle, &items);
        if inner.is_empty() {
            let tensors = items.iter().filter(|(_, id)| is_weights(pickle, *id));
            found.tensors = unique(tensors.map(|(name, id)| ((*name).to_owned(), *id)).collect())?;
            return found.ended(wanted, "holds no tensors");
        }
        let chosen = choose(&inner, &mut wanted)?;
        if inner.len() > 1 {
            found.state_dicts = described(&inner, Some(chosen));
        }
        found.wrappers.push(inner[chosen].name.to_owned());
        id = inner[chosen].id;
    }
    Err(Fault::other("its state_dict is wrapped too often; in Python, torch.save(model.state_dict(), \"weights.pth\")"))
}

impl Found {
    /// What was found, if it is something, and what was asked for.
    fn ended(self, wanted: Option<&str>, nothing: &str) -> Result<Self, Fault> {
        match wanted {
            Some(wanted) if self.state_dicts.is_empty() && !self.wrappers.iter().any(|name| name == wanted) => {
                Err(Fault::other(format!(
                    "has one state_dict{}, none named {}; leave out --which",
                    self.wrappers.last().map(|name| format!(" ({})", shown(name))).unwrap_or_default(),
                    shown(wanted)
                )))
            }
            Some(wanted) if !self.wrappers.iter().any(|name| name == wanted) => Err(none_of(wanted, &self.state_dicts)),
            _ if self.tensors.is_empty() => {
                Err(Fault::other(format!("{nothing}; in Python, torch.save(model.state_dict(), \"weights.pth\")")))
            }
            _ => Ok(self),
        }
    }
}

fn none_of(wanted: &str, all: &[StateDict]) -> Fault {
    Fault::other(format!("has no state_dict named {}; it has {}; choose with --which", shown(wanted), listed(all)))
}

fn items<'p>(pickle: &'p Pickle, id: Id) -> Option<Items<'p>> {
    let items = pickle.items(id)?;
    Some(items.iter().filter_map(|&(key, value)| Some((pickle.text(key)?, value))).collect())
}

/// Is it a tensor, or an array that stands for one?
fn is_weights(pickle: &Pickle, id: Id) -> bool {
    is_tensor(pickle, id) || numpy::is_array(pickle, id)
}

/// An entry that holds a state_dict or a model.
#[derive(Clone, Copy)]
struct Candidate<'p> {
    name: &'p str,
    id: Id,
    tensors: usize,
    parameters: u64,
}

/// Entries that hold a state_dict or a model, best first. Under no known name they count only where they hold more
/// tensors than lie beside them.
fn candidates<'p>(pickle: &Pickle, items: &Items<'p>) -> Vec<Candidate<'p>> {
    // The same dict may be meant under many names: it is looked at once.
    let mut known = HashMap::new();
    let mut candidate = |&(name, id): &(&'p str, Id)| {
        let sizes = || holds_tensors(pickle, id, 1).then(|| size(pickle, id));
        let (tensors, parameters) = (*known.entry(id).or_insert_with(sizes))?;
        Some(Candidate { name, id, tensors, parameters })
    };
    let named = WRAPPERS.iter().filter_map(|wrapper| items.iter().rfind(|(name, _)| name == wrapper));
    let mut all: Vec<_> = named.filter_map(&mut candidate).collect();
    if items.len() > MAX_UNKNOWN {
        return all;
    }
    let is_other = |name: &str| NO_WEIGHTS.iter().any(|part| name.contains(part)) || WRAPPERS.contains(&name);
    let others = items.iter().filter(|(name, _)| !is_other(name)).filter_map(&mut candidate);
    let others: Vec<Candidate> = others.collect();
    let beside = items.iter().filter(|&&(_, id)| is_weights(pickle, id)).count();
    if !all.is_empty() || others.iter().any(|other| other.tensors > beside) {
        all.extend(others);
    }
    all
}

/// Which of several is taken: the one asked for, else the first by a known name, else the only one of its size.
fn choose(all: &[Candidate], wanted: &mut Option<&str>) -> Result<usize, Fault> {
    if let Some(place) = wanted.and_then(|wanted| all.iter().position(|one| one.name == wanted)) {
        *wanted = None;
        return Ok(place);
    }
    if all.first().is_some_and(|first| WRAPPERS.contains(&first.name)) {
        return Ok(0);
    }
    let most = all.iter().map(|one| one.tensors).max().unwrap_or(0);
    let mut large = (0..all.len()).filter(|&place| all[place].tensors * SMALL > most);
    match (large.next(), large.next(), *wanted) {
        (Some(only), None, _) => Ok(only),
        (_, _, Some(wanted)) => Err(none_of(wanted, &described(all, None))),
        _ => Err(Fault::Several(described(all, None))),
    }
}

/// What each of them holds.
fn described(all: &[Candidate], taken: Option<usize>) -> Vec<StateDict> {
    let one = |(place, one): (usize, &Candidate)| StateDict {
        name: one.name.to_owned(),
        tensors: one.tensors,
        parameters: one.parameters,
        is_taken: taken == Some(place),
    };
    all.iter().enumerate().map(one).collect()
}

/// How many tensors and learnt numbers: those of a module, of a dict, or of the dict or model one level further in.
fn size(pickle: &Pickle, id: Id) -> (usize, u64) {
    let all = match (module::is_module(pickle, id), items(pickle, id)) {
        (true, _) => module::tensors(pickle, id).unwrap_or_default(),
        (false, Some(items)) if items.iter().any(|&(_, id)| is_weights(pickle, id)) => {
            items.into_iter().map(|(name, id)| (name.to_owned(), id)).collect()
        }
        (false, Some(items)) => {
            let inner = WRAPPERS.iter().find_map(|wrapper| items.iter().rfind(|(name, _)| name == wrapper));
            return inner.map_or((0, 0), |&(_, inner)| flat_size(pickle, inner));
        }
        (false, None) => Vec::new(),
    };
    counted(pickle, &all)
}

fn flat_size(pickle: &Pickle, id: Id) -> (usize, u64) {
    let all = match module::is_module(pickle, id) {
        true => module::tensors(pickle, id).unwrap_or_default(),
        false => items(pickle, id).unwrap_or_default().into_iter().map(|(name, id)| (name.to_owned(), id)).collect(),
    };
    counted(pickle, &all)
}

fn counted(pickle: &Pickle, all: &[(String, Id)]) -> (usize, u64) {
    let is_counter = |name: &str| name.ends_with("num_batches_tracked");
    let is_statistic = |name: &str| name.ends_with("running_mean") || name.ends_with("running_var");
    let tensors = all.iter().filter(|(name, id)| is_weights(pickle, *id) && !is_counter(name));
    let numbers =
        |sizes: Vec<i64>| sizes.iter().fold(1_u64, |product, &size| product.saturating_mul(size.max(0) as u64));
    let mut sum = (0, 0_u64);
    for (name, id) in tensors {
        sum.0 += 1;
        if !is_statistic(name) {
            let torch = || tensor(pickle, name, *id).ok().map(|described| described.claim.size);
            sum.1 = sum.1.saturating_add(numpy::shape(pickle, *id).or_else(torch).map_or(0, numbers));
        }
    }
    sum
}

/// Is this a dict of tensors, a model, or (to this depth) a wrapper around one?
fn holds_tensors(pickle: &Pickle, id: Id, depth: usize) -> bool {
    if module::is_module(pickle, id) {
        return true;
    }
    let Some(items) = items(pickle, id) else { return false };
    let may_hold = |id: Id| matches!(pickle.get(id), Value::Dict(_) | Value::Object(_));
    items.iter().filter(|(_, id)| may_hold(*id)).any(|&(name, id)| {
        is_weights(pickle, id) || (depth > 0 && WRAPPERS.contains(&name) && holds_tensors(pickle, id, depth - 1))
    })
}

/// The same, if no name is there twice.
fn unique(tensors: Vec<(String, Id)>) -> Result<Vec<(String, Id)>, Fault> {
    let mut names = std::collections::HashSet::with_capacity(tensors.len());
    match tensors.iter().find(|(name, _)| !names.insert(name.as_str())) {
        Some((name, _)) => Err(Fault::damaged(format!("two tensors are named {}", shown(name)))),
        None => Ok(tensors),
    }
}

fn no_dict(pickle: &Pickle, id: Id) -> Fault {
    let what = match is_weights(pickle, id) {
        true => "one tensor".to_owned(),
        false => shown(&pickle.kind(id)),
    };
    Fault::other(format!("holds {what}, not a state_dict; in Python, torch.save(model.state_dict(), \"weights.pth\")"))
}
