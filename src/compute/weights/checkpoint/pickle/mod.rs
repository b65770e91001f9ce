//! Python's pickle format, read without running any of it.
//!
//! A pickle is a program for a stack machine whose instructions can call any Python function. This machine knows
//! the instructions and calls nothing: a call becomes an [`Object`] that says what would have been called with
//! what. Time and memory are bounded by the pickle's length and by [`MAX_VALUES`]. Values refer to each other by
//! number, so that a list that contains itself is harmless, and nothing here recurses.

mod instructions;
mod machine;
mod reader;

use std::borrow::Cow;

pub(super) use machine::load;

/// The most values one pickle may make: a large network's optimizer makes a few hundred thousand.
const MAX_VALUES: usize = 2_000_000;

/// A value's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(u32);

/// What a pickle makes. Text is that of the file.
#[derive(Debug)]
pub(super) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of more than 64 bits, little-endian two's complement.
    Long(&'a [u8]),
    Float(f64),
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A Python class or function, by module and name.
    Global(Box<(Cow<'a, str>, Cow<'a, str>)>),
    /// Something kept outside the pickle: a storage.
    Persistent(Id),
    Object(Box<Object>),
    /// What no checkpoint needs: a set, an extension.
    Opaque,
}

/// What a call would have made.
#[derive(Debug)]
pub(super) struct Object {
    /// What would have been called.
    pub(super) class: Id,
    /// With which arguments: a tuple.
    pub(super) arguments: Id,
    /// What would then have been set on it: mostly a dict of attributes.
    pub(super) state: Option<Id>,
    /// What would have been put in it, if it is a kind of dict.
    pub(super) items: Vec<(Id, Id)>,
}

/// A pickle that was read: its values and the one it stands for.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    values: Vec<Value<'a>>,
    pub(super) root: Id,
    /// How many bytes it took.
    pub(super) length: usize,
}

/// Why a pickle cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PickleError {
    /// It does not end.
    Cut,
    /// It is not what Python writes: what, and at which byte.
    Bad(&'static str, usize),
}

impl<'a> Pickle<'a> {
    pub(super) fn get(&self, id: Id) -> &Value<'a> {
        // Every number was handed out by the machine for a value it holds.
        self.values.get(id.0 as usize).unwrap_or(&Value::None)
    }

    pub(super) fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn int(&self, id: Id) -> Option<i64> {
        match self.get(id) {
            Value::Int(int) => Some(*int),
            Value::Bool(bool) => Some(i64::from(*bool)),
            _ => None,
        }
    }

    /// A tuple's or a list's members.
    pub(super) fn sequence(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Value::Tuple(members) | Value::List(members) => Some(members),
            _ => None,
        }
    }

    /// Module and name of a class or function. Old files keep a module's class outside, with its source code:
    /// `('module', torch.nn.Linear, 'linear.py', 'class Linear...')`.
    pub(super) fn global(&self, id: Id) -> Option<(&str, &str)> {
        let outside = match self.get(id) {
            Value::Global(global) => return Some((&global.0, &global.1)),
            Value::Persistent(outside) => *outside,
            _ => return None,
        };
        match self.get(*self.sequence(outside)?.get(1)?) {
            Value::Global(global) => Some((&global.0, &global.1)),
            _ => None,
        }
    }

    pub(super) fn object(&self, id: Id) -> Option<&Object> {
        match self.get(id) {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// What a dict of any kind holds, in order. Python 2 gave an `OrderedDict` its items as an argument.
    pub(super) fn items(&self, id: Id) -> Option<Cow<'_, [(Id, Id)]>> {
        let object = match self.get(id) {
            Value::Dict(items) => return Some(Cow::Borrowed(items)),
            Value::Object(object) => object,
            _ => return None,
        };
        if !object.items.is_empty() {
            return Some(Cow::Borrowed(&object.items));
        }
        if !self.global(object.class).is_some_and(|(_, name)| name.ends_with("Dict") || name.ends_with("dict")) {
            return None;
        }
        let pairs = self.sequence(object.arguments)?.first().and_then(|&pairs| self.sequence(pairs)).unwrap_or(&[]);
        let pair = |&pair: &Id| match self.sequence(pair) {
            Some(&[key, value]) => Some((key, value)),
            _ => None,
        };
        pairs.iter().map(pair).collect()
    }

    /// What is said of everything that is kept outside the pickle.
    pub(super) fn persistent(&self) -> impl Iterator<Item = Id> {
        self.values.iter().filter_map(|value| match value {
            Value::Persistent(id) => Some(*id),
            _ => None,
        })
    }

    /// What a value is, for a message.
    pub(super) fn kind(&self, id: Id) -> String {
        let name = match self.get(id) {
            Value::None => "None",
            Value::Bool(_) => "a bool",
            Value::Int(_) | Value::Long(_) | Value::Float(_) => "a number",
            Value::Text(_) => "a string",
            Value::Bytes(_) => "bytes",
            Value::Tuple(_) => "a tuple",
            Value::List(_) => "a list",
            Value::Dict(_) => "a dict",
            Value::Persistent(_) => "a storage",
            Value::Opaque => "a Python object",
            Value::Global(global) => return format!("{}.{}", global.0, global.1),
            Value::Object(object) => match self.global(object.class) {
                Some((module, name)) => return format!("{module}.{name}"),
                None => "a Python object",
            },
        };
        name.to_owned()
    }
}
