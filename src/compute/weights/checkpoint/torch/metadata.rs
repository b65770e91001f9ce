//! What training scripts write beside the weights: epoch, architecture, arguments, class names.

use std::collections::BTreeMap;

use super::describe::is_tensor;
use crate::compute::weights::checkpoint::pickle::{Id, Pickle, Value};

/// The most values looked at: the same long list may be there under many names.
const MAX_LOOKS: usize = 100_000;
/// Copying this much text counts as another look.
const BYTES_A_LOOK: usize = 64;
/// The most bytes kept, and the most in one value.
const MAX_BYTES: usize = 1 << 20;
/// A dict with more entries than this holds no options.
const MAX_OPTIONS: usize = 1_000;

/// Notes scalars, text, lists of text (as JSON), and those inside dicts and namespaces (`args.arch`).
pub(super) fn collect(pickle: &Pickle, items: &[(&str, Id)], into: &mut BTreeMap<String, String>) {
    let bytes = into.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    let mut notes = Notes { pickle, into, looks: MAX_LOOKS, bytes: MAX_BYTES.saturating_sub(bytes) };
    for &(name, id) in items.iter().filter(|(_, id)| !is_tensor(pickle, *id)) {
        notes.note(None, name, id);
        for (inner, id) in notes.attributes(id) {
            notes.note(Some(name), inner, id);
        }
        if notes.looks == 0 {
            return;
        }
    }
}

struct Notes<'p, 'a> {
    pickle: &'p Pickle<'a>,
    into: &'p mut BTreeMap<String, String>,
    looks: usize,
    bytes: usize,
}

impl<'p> Notes<'p, '_> {
    fn note(&mut self, outer: Option<&str>, name: &str, id: Id) {
        let Some(value) = self.written(id) else { return };
        let length = outer.map_or(0, str::len) + name.len() + value.len() + 1;
        if let Some(rest) = self.bytes.checked_sub(length) {
            self.bytes = rest;
            let name = outer.map_or(name.to_owned(), |outer| format!("{outer}.{name}"));
            self.into.insert(name, value);
        }
    }

    /// A dict's entries or an `argparse.Namespace`'s attributes, few enough to be options.
    fn attributes(&mut self, id: Id) -> Vec<(&'p str, Id)> {
        let pickle = self.pickle;
        let state = pickle.object(id).and_then(|object| object.state);
        let items = pickle.items(id).filter(|items| !items.is_empty());
        let items = items.or_else(|| pickle.items(state?));
        let items = items.as_deref().unwrap_or_default();
        self.looks = self.looks.saturating_sub(items.len());
        let items = if items.len() <= MAX_OPTIONS { items } else { &[] };
        items.iter().filter_map(|&(key, value)| Some((pickle.text(key)?, value))).collect()
    }

    fn written(&mut self, id: Id) -> Option<String> {
        self.looks = self.looks.checked_sub(1)?;
        Some(match self.pickle.get(id) {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::Text(value) if value.len() <= self.bytes => {
                self.looks = self.looks.checked_sub(value.len() / BYTES_A_LOOK)?;
                value.to_string()
            }
            Value::Tuple(members) | Value::List(members) if !members.is_empty() => {
                self.looks = self.looks.checked_sub(members.len())?;
                let mut texts = Vec::new();
                let mut length = 0;
                for &member in members {
                    let text = self.pickle.text(member)?;
                    length += text.len();
                    if length > self.bytes {
                        return None;
                    }
                    texts.push(text);
                }
                self.looks = self.looks.checked_sub(length / BYTES_A_LOOK)?;
                serde_json::to_string(&texts).ok()?
            }
            _ => return None,
        })
    }
}
