//! An object of a configuration: its fields by kind, with messages that name them.

use serde_json::{Map, Value};

use super::ConfigError;
use crate::compute::imaging::ImagingError;
use crate::compute::labels::kind_of;

/// An object of the file and its name in messages.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    pub file: &'a str,
    pub path: &'a str,
    pub fields: &'a Map<String, Value>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub fn root(file: &'a str, value: &'a Value) -> Result<Self, ConfigError> {
        Ok(Self { path: "", ..Self::of(file, "the file", value)? })
    }

    /// An object inside it.
    pub fn of(file: &'a str, path: &'a str, value: &'a Value) -> Result<Self, ConfigError> {
        let Value::Object(fields) = value else {
            let (file, field, found) = (file.to_owned(), path.to_owned(), kind_of(value).to_owned());
            return Err(ConfigError::Field { file, field, found, wanted: "an object" });
        };
        Ok(Self { file, path, fields })
    }

    /// An object in this one.
    pub fn inner(&self, key: &'a str) -> Result<Option<Self>, ConfigError> {
        self.get(key).map(|value| Self::of(self.file, key, value)).transpose()
    }

    /// A field; null is as good as none.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    /// Has it one of these fields?
    pub fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.get(key).is_some())
    }

    /// A refusal of a field's value.
    pub fn refuse(&self, key: &str, value: &Value, wanted: &'static str) -> ConfigError {
        let field = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let found = match value {
            Value::Number(number) => number.to_string(),
            other => kind_of(other).to_owned(),
        };
        ConfigError::Field { file: self.file.to_owned(), field, found, wanted }
    }

    /// A text.
    pub fn text(&self, key: &str) -> Result<Option<String>, ConfigError> {
        self.get(key)
            .map(|value| value.as_str().map(ToOwned::to_owned).ok_or_else(|| self.refuse(key, value, "a text")))
            .transpose()
    }

    /// The first text of a list.
    pub fn first_text(&self, key: &str) -> Option<String> {
        self.get(key)?.as_array()?.first()?.as_str().map(ToOwned::to_owned)
    }

    /// A whole number from 0.
    pub fn count(&self, key: &str) -> Result<Option<usize>, ConfigError> {
        let count = |value: &Value| value.as_u64().and_then(|count| usize::try_from(count).ok());
        self.get(key)
            .map(|value| count(value).ok_or_else(|| self.refuse(key, value, "a whole number from 0")))
            .transpose()
    }

    /// A number.
    pub fn number(&self, key: &str) -> Result<Option<f64>, ConfigError> {
        self.get(key).map(|value| value.as_f64().ok_or_else(|| self.refuse(key, value, "a number"))).transpose()
    }

    /// True or false.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        self.get(key).map(|value| value.as_bool().ok_or_else(|| self.refuse(key, value, "true or false"))).transpose()
    }

    /// Numbers that make no preprocessing.
    pub fn cannot(&self, source: ImagingError) -> ConfigError {
        ConfigError::Preprocessing { file: self.file.to_owned(), source }
    }

    /// What is said of numbers for 0..255.
    pub fn scaled(&self, what: &str) -> String {
        format!("{}: {what} are for values 0..255 and were divided by 255", self.file)
    }

    /// Names the fields that are none of the known ones and that ask for something.
    pub fn name_unknown(&self, known: &[&[&str]], notes: &mut Vec<String>) {
        let asks = |value: &Value| !matches!(value, Value::Null | Value::Bool(false)) && value.as_f64() != Some(0.0);
        let unknown =
            self.fields.iter().filter(|(key, value)| asks(value) && !known.iter().any(|all| all.contains(&&***key)));
        let names: Vec<&str> = unknown.map(|(key, _)| key.as_str()).collect();
        if !names.is_empty() {
            notes.push(format!("{}: not understood and not used: {}", self.file, names.join(", ")));
        }
    }

    /// Three numbers; a single one counts for every channel.
    pub fn colour(&self, key: &str) -> Result<Option<[f64; 3]>, ConfigError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let numbers: Option<Vec<f64>> = match value {
            Value::Array(values) => values.iter().map(Value::as_f64).collect(),
            other => other.as_f64().map(|number| vec![number]),
        };
        match numbers.as_deref() {
            Some([one]) => Ok(Some([*one; 3])),
            Some([r, g, b]) => Ok(Some([*r, *g, *b])),
            _ => Err(self.refuse(key, value, "one or three numbers")),
        }
    }
}
