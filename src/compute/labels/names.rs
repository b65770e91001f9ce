//! Class names: ImageNet's, a text file's lines, a JSON list or object, or Python's.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use thiserror::Error;

use super::{imagenet, python};
use crate::compute::text::{self, TextError};
use crate::network::suggest::is_hidden;

/// The names of a network's classes, in index order. Cloning shares them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    names: Arc<[Arc<str>]>,
    /// Where they come from, for messages.
    source: Arc<str>,
}

/// Why class names cannot be used.
#[derive(Debug, Error)]
pub enum LabelsError {
    /// The file cannot be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Neither the JSON nor the Python that its first character promises.
    #[error(
        "{source_name}: not valid JSON ({reason}), nor a list or dict of Python's ({python}); use a list of names, an object like {{\"0\": \"tench\"}}, or a text file with one name a line"
    )]
    Json {
        /// The file.
        source_name: String,
        /// Where and what, read as JSON.
        reason: String,
        /// Where and what, read as Python.
        python: String,
    },
    /// JSON of another kind.
    #[error("{source_name}: {found}; use a list of names, or an object like {{\"0\": \"tench\"}}")]
    Form {
        /// The file.
        source_name: String,
        /// What is there instead.
        found: String,
    },
    /// An index between 0 and the last has no name.
    #[error("{source_name}: class {class} has no name; name every class from 0 to {last}")]
    Gap {
        /// The file.
        source_name: String,
        /// The first class without a name.
        class: usize,
        /// The last class that should have one.
        last: usize,
    },
    /// Nothing is named.
    #[error("{source_name}: there are no names in it; write one a line")]
    Empty {
        /// The file.
        source_name: String,
    },
    /// Names for another network.
    #[error("{source_name} names {names} classes and the network has {classes}; use the labels it was trained with")]
    Count {
        /// The file.
        source_name: String,
        /// How many it names.
        names: usize,
        /// How many the network has.
        classes: usize,
    },
}

impl Labels {
    /// ImageNet's thousand names.
    #[must_use]
    pub fn imagenet() -> Self {
        Self::new("ImageNet", imagenet().iter().map(|name| Arc::from(*name)).collect())
    }

    /// The names a network of that many classes has without any file: ImageNet's for a thousand.
    #[must_use]
    pub fn for_classes(classes: usize) -> Option<Self> {
        (classes == imagenet().len()).then(Self::imagenet)
    }

    /// Reads a file: one name a line, or JSON.
    ///
    /// # Errors
    /// A file that cannot be read, or names no classes.
    pub fn open(path: &Path) -> Result<Self, LabelsError> {
        Self::parse(&path.display().to_string(), &text::read(path, "a list of class names")?)
    }

    /// Reads text: JSON or Python's list or dict if it begins with a bracket, otherwise one name a line. `source` goes into messages.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn parse(source: &str, text: &str) -> Result<Self, LabelsError> {
        if text.trim_start().starts_with(['[', '{', '(']) {
            let json = match serde_json::from_str(text) {
                Ok(json) => json,
                Err(error) => python::parse(text).map_err(|python| {
                    let (source_name, reason) = (source.to_owned(), error.to_string());
                    LabelsError::Json { source_name, reason, python }
                })?,
            };
            return Self::from_json(source, &json);
        }
        let lines: Vec<&str> = text.trim_end().lines().map(str::trim).collect();
        if let Some(class) = lines.iter().position(|line| line.is_empty()) {
            return Err(gap(source, class, lines.len() - 1));
        }
        Self::checked(source, lines.into_iter().map(named).collect())
    }

    /// Takes names from JSON: a list, `{"0": "tench"}`, ImageNet's `{"0": ["n01440764", "tench"]}`, or an object that
    /// has one of these as `id2label` or `label_names`.
    ///
    /// # Errors
    /// JSON of another kind, or a class between the first and the last without a name.
    pub fn from_json(source: &str, json: &Value) -> Result<Self, LabelsError> {
        let name = |class: usize, value: &Value| text_of(value).ok_or_else(|| form(source, class, value));
        match json {
            Value::Array(values) => {
                let names: Result<_, _> = values.iter().enumerate().map(|(class, value)| name(class, value)).collect();
                Self::checked(source, names?)
            }
            Value::Object(fields) => {
                if let Some(inner) = ["id2label", "label_names"].iter().find_map(|key| fields.get(*key)) {
                    return Self::from_json(source, inner);
                }
                let mut names: Vec<Option<Arc<str>>> = vec![None; fields.len()];
                for (key, value) in fields {
                    let class = key.parse().map_err(|_| LabelsError::Form {
                        source_name: source.to_owned(),
                        found: format!("the key \"{}\" is not a class number", shortened(key)),
                    })?;
                    // An index past the number of names leaves a gap elsewhere, which is what gets reported.
                    if let Some(slot) = names.get_mut::<usize>(class) {
                        *slot = Some(name(class, value)?);
                    }
                }
                if let Some(class) = names.iter().position(Option::is_none) {
                    return Err(gap(source, class, names.len() - 1));
                }
                Self::checked(source, names.into_iter().flatten().collect())
            }
            other => {
                let found = format!("{} where names should be", kind_of(other));
                Err(LabelsError::Form { source_name: source.to_owned(), found })
            }
        }
    }

    /// The same classes under other names, where `rename` knows one.
    pub(in crate::compute) fn renamed(&self, rename: impl Fn(&str) -> Option<String>) -> Self {
        let name = |name: &Arc<str>| rename(name).map_or_else(|| name.clone(), |new| named(&new));
        Self::new(&self.source, self.names.iter().map(name).collect())
    }

    fn checked(source: &str, names: Vec<Arc<str>>) -> Result<Self, LabelsError> {
        match names.is_empty() {
            true => Err(LabelsError::Empty { source_name: source.to_owned() }),
            false => Ok(Self::new(source, names)),
        }
    }

    fn new(source: &str, names: Vec<Arc<str>>) -> Self {
        Self { names: names.into(), source: source.into() }
    }

    /// These names for a network with that many outputs. Of two names for one output the second is its: a binary
    /// classifier's output is the logit of class 1 against class 0.
    ///
    /// # Errors
    /// Both counts, when they differ otherwise.
    pub fn fitted(self, outputs: usize) -> Result<Self, LabelsError> {
        match (&*self.names, outputs) {
            ([_, positive], 1) => Ok(Self { names: [Arc::clone(positive)].into(), source: self.source }),
            (names, outputs) if names.len() == outputs => Ok(self),
            (names, classes) => {
                Err(LabelsError::Count { source_name: self.source.to_string(), names: names.len(), classes })
            }
        }
    }

    /// The name of a class.
    #[must_use]
    pub fn get(&self, class: usize) -> Option<Arc<str>> {
        self.names.get(class).cloned()
    }

    /// How many classes are named; at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "labels without a name cannot be made")]
    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// A name on one line, without characters that a terminal would obey or that turn what follows.
fn named(text: &str) -> Arc<str> {
    let clean: String = text.trim().chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    clean.into()
}

/// A string, or the last string of a list like `["n01440764", "tench"]`.
fn text_of(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::String(text) => Some(named(text)),
        Value::Array(parts) => match parts.last() {
            Some(Value::String(text)) => Some(named(text)),
            _ => None,
        },
        _ => None,
    }
}

fn gap(source: &str, class: usize, last: usize) -> LabelsError {
    LabelsError::Gap { source_name: source.to_owned(), class, last }
}

fn form(source: &str, class: usize, value: &Value) -> LabelsError {
    LabelsError::Form {
        source_name: source.to_owned(),
        found: format!("class {class} is {}, not a name", kind_of(value)),
    }
}

/// A JSON value's kind, in words.
pub(in crate::compute) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let labels = Labels::parse("labels", text).expect(text);
        labels.names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_form_gives_the_same_names() {
        for text in [
            "cat\ndog\n",
            "\r\ncat\r\ndog\r\n".trim_start(),
            "[\"cat\", \"dog\"]",
            "{\"1\": \"dog\", \"0\": \"cat\"}",
            "{\"0\": [\"n02123045\", \"cat\"], \"1\": [\"n02084071\", \"dog\"]}",
            "{\"model_type\": \"resnet\", \"id2label\": {\"0\": \"cat\", \"1\": \"dog\"}}",
            "{\"label_names\": [\"cat\", \"dog\"]}",
            "{0: 'cat',\n 1: 'dog',\n}",
            "('cat', 'dog')",
        ] {
            assert_eq!(names(text), ["cat", "dog"], "{text}");
        }
    }

    #[test]
    fn bad_files_say_what_is_wrong() {
        for (text, wanted) in [
            ("", "no names"),
            ("[]", "no names"),
            ("cat\n\ndog", "class 1 has no name"),
            ("[\"cat\", 7]", "class 1 is a number"),
            ("[\"cat\"", "not valid JSON"),
            ("{\"0\": \"cat\", \"2\": \"dog\"}", "class 1 has no name"),
            ("{\"0\": \"cat\", \"18446744073709551615\": \"dog\"}", "class 1 has no name"),
            ("{\"cat\": 0}", "\"cat\" is not a class number"),
            ("{\"id2label\": 3}", "a number where names should be"),
        ] {
            let message = Labels::parse("labels.txt", text).expect_err(text).to_string();
            assert!(message.contains(wanted) && message.starts_with("labels.txt"), "{text}: {message}");
        }
    }

    #[test]
    fn another_networks_labels_are_refused_with_both_counts() {
        let labels = Labels::parse("pets.txt", "cat\ndog").expect("parses");
        assert!(labels.clone().fitted(2).is_ok());
        assert_eq!(labels.clone().fitted(1).expect("a binary classifier").get(0), labels.get(1));
        let message = labels.fitted(1000).expect_err("another count").to_string();
        assert!(message.contains("2 classes") && message.contains("1000"), "{message}");
        assert!(Labels::imagenet().fitted(1000).is_ok());
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        assert_eq!(names("[\"a\\u001b[2Jb\", \"c\\u202ed\"]"), ["a [2Jb", "c d"]);
    }
}
