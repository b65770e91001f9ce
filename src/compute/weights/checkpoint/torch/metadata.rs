//! What training scripts write beside the weights: epoch, architecture, arguments, class names.
//!
//! Breadth first, so that the few values on top are there whatever lies below them; dicts that scripts keep
//! arguments in come before others.

use std::collections::VecDeque;

use serde_json::Value as Json;

use super::describe::is_tensor;
use crate::compute::weights::checkpoint::metadata::Metadata;
use crate::compute::weights::checkpoint::pickle::{Id, Pickle, Value};

/// The most values looked at: the same long list may be there under many names.
const MAX_LOOKS: usize = 100_000;
/// Copying this much text counts as another look.
const BYTES_A_LOOK: usize = 64;
/// The most characters of a list, as JSON: a thousand classes have names.
const MAX_LIST: usize = 1 << 18;
/// A dict with more entries than this holds no options.
const MAX_OPTIONS: usize = 1_000;
/// The longest path.
const MAX_PATH: usize = 256;

/// Where scripts keep what they were called with.
const ARGUMENTS: [&str; 9] =
    ["args", "model_args", "model_kwargs", "hyper_parameters", "hparams", "meta", "config", "cfg", "opt"];
/// What says nothing about the network, and much of it: optimisers, schedules, the loops of a framework.
const NOISE: [&str; 6] = ["optim", "sched", "scaler", "loops", "callbacks", "rng"];

/// Names and values of one dict, namespace or configuration.
type Items<'p> = Vec<(&'p str, Id)>;

/// Notes what `items` and the dicts in it say plainly.
pub(super) fn collect(pickle: &Pickle, items: &[(&str, Id)], into: &mut Metadata) {
    let mut notes = Notes { pickle, looks: MAX_LOOKS, room: MAX_LIST };
    let (mut arguments, mut others) = (VecDeque::new(), VecDeque::from([(String::new(), 1, items.to_vec())]));
    while let Some((outer, depth, items)) = arguments.pop_front().or_else(|| others.pop_front()) {
        let is_argument = outer.split('.').any(|name| ARGUMENTS.contains(&name));
        for (name, id) in items {
            if notes.looks == 0 || into.len() >= Metadata::MAX_ENTRIES {
                return;
            }
            let path = if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") };
            if path.len() > MAX_PATH || NOISE.iter().any(|noise| name.contains(noise)) {
                continue;
            }
            match notes.written(id) {
                Some(value) => into.note(path, value),
                None if depth < Metadata::MAX_DEPTH => {
                    let queue = if is_argument || ARGUMENTS.contains(&name) { &mut arguments } else { &mut others };
                    queue.push_back((path, depth + 1, notes.attributes(id)));
                }
                None => {}
            }
        }
    }
}

struct Notes<'p, 'a> {
    pickle: &'p Pickle<'a>,
    looks: usize,
    /// What lists may still take.
    room: usize,
}

impl<'p> Notes<'p, '_> {
    /// A dict's entries or an object's attributes (`argparse.Namespace`), few enough to be options: no
    /// state_dict, and no module.
    fn attributes(&mut self, id: Id) -> Items<'p> {
        self.looks = self.looks.saturating_sub(1);
        let pickle = self.pickle;
        let state = pickle.object(id).and_then(|object| attributes_of(pickle, object.state?));
        let items = pickle.items(id).filter(|items| !items.is_empty());
        let items = items.or_else(|| pickle.items(configured(pickle, state?)));
        let items = items.as_deref().unwrap_or_default();
        self.looks = self.looks.saturating_sub(items.len());
        let is_other = |&(key, value): &(Id, Id)| is_tensor(pickle, value) || pickle.text(key) == Some("_parameters");
        if items.len() > MAX_OPTIONS || items.iter().any(is_other) {
            return Vec::new();
        }
        items.iter().filter_map(|&(key, value)| Some((pickle.text(key)?, value))).collect()
    }

    /// A plain value in text.
    fn written(&mut self, id: Id) -> Option<String> {
        self.looks = self.looks.checked_sub(1)?;
        let id = held(self.pickle, id);
        if let Value::Tuple(members) | Value::List(members) = self.pickle.get(id) {
            return self.list(members);
        }
        let value = plain(self.pickle, id)?;
        let text = match value {
            Json::Bool(true) => "True".to_owned(),
            Json::Bool(false) => "False".to_owned(),
            Json::String(text) => text,
            other => other.to_string(),
        };
        self.looks = self.looks.saturating_sub(text.len() / BYTES_A_LOOK);
        (text.chars().count() <= Metadata::MAX_VALUE).then_some(text)
    }

    /// A list of plain values as JSON.
    fn list(&mut self, members: &[Id]) -> Option<String> {
        if members.is_empty() {
            return None;
        }
        self.looks = self.looks.checked_sub(members.len())?;
        let mut values = Vec::new();
        let mut length = 0;
        for &member in members {
            length += self.pickle.text(member).map_or(1, str::len);
            if length > self.room {
                return None;
            }
            values.push(plain(self.pickle, held(self.pickle, member))?);
        }
        let text = Json::Array(values).to_string();
        self.room = self.room.checked_sub(text.len())?;
        Some(text)
    }
}

/// A number, a truth or a text no longer than a value may be.
fn plain(pickle: &Pickle, id: Id) -> Option<Json> {
    Some(match pickle.get(id) {
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::from(*value),
        Value::Float(value) => Json::from(*value),
        Value::Text(value) if value.len() <= 4 * Metadata::MAX_VALUE => Json::String(value.to_string()),
        _ => return None,
    })
}

/// What would be set on an object: a dict, or with slots two of them, of which one is empty.
fn attributes_of(pickle: &Pickle, state: Id) -> Option<Id> {
    match pickle.get(state) {
        Value::Tuple(parts) => parts.iter().copied().find(|&part| pickle.items(part).is_some_and(|i| !i.is_empty())),
        _ => Some(state),
    }
}

/// The attribute of this name.
fn attribute(pickle: &Pickle, state: Id, name: &str) -> Option<Id> {
    let items = pickle.items(state).filter(|items| items.len() <= MAX_OPTIONS)?;
    items.iter().rfind(|(key, _)| pickle.text(*key) == Some(name)).map(|&(_, value)| value)
}

/// An omegaconf dict keeps its entries in `_content`.
fn configured(pickle: &Pickle, state: Id) -> Id {
    attribute(pickle, state, "_content").unwrap_or(state)
}

/// An omegaconf value keeps itself in `_val`, an omegaconf list in `_content`; everything else is itself.
fn held(pickle: &Pickle, id: Id) -> Id {
    let value = || {
        let object = pickle.object(id)?;
        pickle.global(object.class)?.0.starts_with("omegaconf").then_some(())?;
        let state = attributes_of(pickle, object.state?)?;
        let list = || attribute(pickle, state, "_content").filter(|&list| pickle.sequence(list).is_some());
        attribute(pickle, state, "_val").or_else(list)
    };
    value().unwrap_or(id)
}
