//! What training scripts write beside the weights: epoch, architecture, arguments, class names.

use std::collections::BTreeMap;

use crate::compute::weights::checkpoint::pickle::{Id, Pickle, Value};

/// More than this is no description of a network.
const MAX_ENTRIES: usize = 1_000;
/// The longest value that is kept.
const MAX_LENGTH: usize = 1 << 18;

/// Notes scalars, text, lists of text (as JSON), and those inside dicts and namespaces (`args.arch`).
pub(super) fn collect(pickle: &Pickle, items: &[(&str, Id)], into: &mut BTreeMap<String, String>) {
    for &(name, id) in items {
        note(pickle, name, id, into);
        for (inner, id) in attributes(pickle, id) {
            note(pickle, &format!("{name}.{inner}"), id, into);
        }
    }
}

fn note(pickle: &Pickle, name: &str, id: Id, into: &mut BTreeMap<String, String>) {
    if into.len() >= MAX_ENTRIES || name.len() > MAX_LENGTH {
        return;
    }
    if let Some(value) = written(pickle, id).filter(|value| value.len() <= MAX_LENGTH) {
        into.insert(name.to_owned(), value);
    }
}

/// A dict's entries or an `argparse.Namespace`'s attributes, few enough to be options.
fn attributes<'p>(pickle: &'p Pickle, id: Id) -> Vec<(&'p str, Id)> {
    let state = pickle.object(id).and_then(|object| object.state);
    let items = pickle.items(id).filter(|items| !items.is_empty());
    let items = items.or_else(|| pickle.items(state?)).filter(|items| items.len() <= MAX_ENTRIES);
    let items = items.as_deref().unwrap_or_default();
    items.iter().filter_map(|&(key, value)| Some((pickle.text(key)?, value))).collect()
}

fn written(pickle: &Pickle, id: Id) -> Option<String> {
    Some(match pickle.get(id) {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(value) => value.to_string(),
        Value::Tuple(members) | Value::List(members) if !members.is_empty() && members.len() <= MAX_LENGTH / 4 => {
            let texts: Option<Vec<&str>> = members.iter().map(|&id| pickle.text(id)).collect();
            let texts = texts.filter(|texts| texts.iter().map(|text| text.len()).sum::<usize>() <= MAX_LENGTH)?;
            serde_json::to_string(&texts).ok()?
        }
        _ => return None,
    })
}
