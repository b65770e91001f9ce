//! Named options that families and attention blocks declare once.
//!
//! A [`Field`] says an option's name, kind, default and allowed values. Text, TOML, validation and the
//! builder's widgets are all derived from it, so a new option is one constant and nothing else.
//! [`Options`] keeps only what differs from the defaults: equal choices compare equal.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{suggest, synonyms};

/// The value of one option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, from = "Written")]
pub enum Value {
    /// A whole number: `r=16`.
    Number(usize),
    /// Several whole numbers: `blocks=3-4-6-3`.
    List(Vec<usize>),
    /// One of a set of words: `stride=v1`.
    Word(String),
}

/// How a value can stand in a file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(usize),
    Real(f64),
    Flag(bool),
    List(Vec<usize>),
    Word(String),
}

impl From<Written> for Value {
    fn from(written: Written) -> Self {
        match written {
            Written::Number(number) => Self::Number(number),
            Written::Real(number) => Self::Word(format!("{number:e}")),
            Written::Flag(is_set) => Self::Word(if is_set { "yes" } else { "no" }.to_owned()),
            Written::List(list) => Self::List(list),
            Written::Word(word) => Self::Word(word),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Word(word) => f.write_str(word),
            Self::List(list) => {
                let words: Vec<String> = list.iter().map(ToString::to_string).collect();
                f.write_str(&words.join("-"))
            }
        }
    }
}

impl Value {
    /// Reads `16`, `3-4-6-3` or a word. A one-element list is written with a trailing `-`-free number and
    /// becomes a list again when its field asks for one.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        if let Ok(number) = text.parse() {
            return Self::Number(number);
        }
        let list: Result<Vec<usize>, _> = text.split('-').map(str::parse).collect();
        match list {
            Ok(list) => Self::List(list),
            Err(_) => Self::Word(text.to_owned()),
        }
    }
}

/// What values a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number within the bounds, both included.
    Number {
        /// Smallest allowed value.
        min: usize,
        /// Largest allowed value.
        max: usize,
    },
    /// One of these numbers.
    OneOf(&'static [usize]),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number above 0 and up to 1, kept as a word in one form: `1e-3`.
    Small,
    /// A list of numbers, each within the bounds.
    List {
        /// Fewest entries.
        min_len: usize,
        /// Most entries.
        max_len: usize,
        /// Largest allowed entry (the smallest is 1).
        max: usize,
    },
}

/// The declaration of one option.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The short name used in text: `r`.
    pub key: &'static str,
    /// The name used in TOML and in the window: `reduction`.
    pub long: &'static str,
    /// What it means, in a few words.
    pub help: &'static str,
    /// Which values are allowed.
    pub kind: Kind,
}

impl Field {
    /// Does `name` mean this field, in its short or long form?
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        name == self.key || name == self.long
    }

    /// The value in the field's own form, or what is wrong with it.
    ///
    /// # Errors
    /// A sentence naming the field, the value and what is allowed.
    pub fn check(&self, value: &Value) -> Result<Value, String> {
        let value = match (self.kind, value) {
            (Kind::List { .. }, Value::Number(number)) => Value::List(vec![*number]),
            (Kind::Small, value) => small(&value.to_string()).unwrap_or_else(|| value.clone()),
            _ => value.clone(),
        };
        let fine = match (self.kind, &value) {
            (Kind::Number { min, max }, Value::Number(n)) => (min..=max).contains(n),
            (Kind::OneOf(allowed), Value::Number(n)) => allowed.contains(n),
            (Kind::Word(allowed), Value::Word(word)) => allowed.contains(&word.as_str()),
            (Kind::Small, value) => small(&value.to_string()).is_some(),
            (Kind::List { min_len, max_len, max }, Value::List(list)) => {
                (min_len..=max_len).contains(&list.len()) && list.iter().all(|n| (1..=max).contains(n))
            }
            _ => false,
        };
        if fine { Ok(value) } else { Err(format!("{}={value}: {}", self.key, self.expectation(&value))) }
    }

    /// The allowed values, in words.
    fn expectation(&self, value: &Value) -> String {
        if let (Kind::Number { .. } | Kind::OneOf(_), Some(by)) = (self.kind, synonyms::whole(&value.to_string())) {
            return format!("{} takes a whole number, what it divides by: write {}={by}", self.long, self.key);
        }
        match self.kind {
            Kind::Number { min, max } => format!("{} takes a whole number from {min} to {max}", self.long),
            Kind::OneOf(allowed) => {
                let words: Vec<String> = allowed.iter().map(ToString::to_string).collect();
                format!("{} takes one of {}", self.long, words.join(", "))
            }
            Kind::Small => format!("{} takes a number above 0 and up to 1, like 1e-3", self.long),
            Kind::Word(allowed) => format!("{}: {}", self.long, suggest::hint(&value.to_string(), allowed)),
            Kind::List { min_len, max_len, max } => format!(
                "{} takes {min_len} to {max_len} numbers from 1 to {max} joined by '-', like 3-4-6-3",
                self.long
            ),
        }
    }
}

/// A number above 0 and up to 1, in the one form it is kept in: `1e-3` of `0.001`.
fn small(text: &str) -> Option<Value> {
    let number = text.parse::<f64>().ok().filter(|number| *number > 0.0 && *number <= 1.0)?;
    Some(Value::Word(format!("{number:e}")))
}

/// A field together with the value it has when nothing is said.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The field.
    pub field: Field,
    /// Its default.
    pub default: Value,
}

/// Chosen option values, by short name; only those that differ from the default are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options(BTreeMap<&'static str, Value>);

impl Options {
    /// Checks one `name = value` against the declared fields and keeps it unless it is the default.
    ///
    /// # Errors
    /// A sentence naming the field, the value and a suggestion.
    pub fn set(&mut self, declared: &[Declared], name: &str, value: &Value) -> Result<(), String> {
        let Some(found) = declared.iter().find(|d| d.field.is_called(name)) else {
            if let Some(instead) = synonyms::declared_option(name, &value.to_string(), declared) {
                return Err(format!("{name}={value}: unknown option, {instead}"));
            }
            let has = |d: &&Declared| matches!(d.field.kind, Kind::Word(words) if words.contains(&name));
            if let Some(meant) = declared.iter().find(has).filter(|_| value.to_string() == "yes") {
                let key = meant.field.key;
                return Err(format!("{name}: say which option it is the value of, like {key}={name}"));
            }
            let keys: Vec<&str> = declared.iter().map(|d| d.field.key).collect();
            return Err(match keys.is_empty() {
                true => format!("{name}={value}: no option is known here"),
                false => format!("{name}={value}: unknown option, {}", suggest::hint(name, &keys)),
            });
        };
        let value = found.field.check(value)?;
        if value == found.default {
            self.0.remove(found.field.key);
        } else {
            self.0.insert(found.field.key, value);
        }
        Ok(())
    }

    /// The chosen value of a field, if it differs from the default.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The value of a field: the chosen one or the declared default.
    #[must_use]
    pub fn value<'a>(&'a self, declared: &'a Declared) -> &'a Value {
        self.get(declared.field.key).unwrap_or(&declared.default)
    }

    /// A number option, or `default` when it was not set.
    #[must_use]
    pub fn number(&self, key: &str, default: usize) -> usize {
        match self.get(key) {
            Some(Value::Number(number)) => *number,
            _ => default,
        }
    }

    /// A word option, or `default` when it was not set.
    #[must_use]
    pub fn word<'a>(&'a self, key: &str, default: &'a str) -> &'a str {
        match self.get(key) {
            Some(Value::Word(word)) => word,
            _ => default,
        }
    }

    /// A list option, or `default` when it was not set.
    #[must_use]
    pub fn list<'a>(&'a self, key: &str, default: &'a [usize]) -> &'a [usize] {
        match self.get(key) {
            Some(Value::List(list)) => list,
            _ => default,
        }
    }

    /// Every choice that differs from its default, by short name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    /// Nothing differs from the defaults.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
