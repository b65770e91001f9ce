//! What the user chose: a model of the zoo, its options, input, classes and attention.
//!
//! A spec holds only what differs from its model's defaults, so equal choices are equal specs whichever way
//! they were typed. Its text form is `Display` and [`crate::network::parse`]; its file form is [`toml`].

mod plan;
mod text;
pub mod toml;

pub use plan::{AttentionPlan, Place};
pub use text::{AttentionText, SpecText, parse_input, parse_text};

use std::fmt;

use super::options::Options;
use super::suggest::printable;

/// A network as the user describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSpec {
    /// The model's name in the zoo: `resnet50`.
    pub model: String,
    /// The model's options that differ from its defaults.
    pub options: Options,
    /// Input shape `[C, H, W]`, if not the model's default.
    pub input: Option<[usize; 3]>,
    /// Number of classes, if not the model's default.
    pub classes: Option<usize>,
    /// Attention, for the network, its stages and its blocks.
    pub attention: AttentionPlan,
}

impl NetworkSpec {
    /// A model of the zoo with nothing changed.
    #[must_use]
    pub fn of(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            options: Options::default(),
            input: None,
            classes: None,
            attention: AttentionPlan::default(),
        }
    }

    /// The same spec for data of any size and any number of classes.
    #[must_use]
    pub fn without_sizes(&self) -> Self {
        Self { input: None, classes: None, ..self.clone() }
    }

    /// The same spec without any attention.
    #[must_use]
    pub fn without_attention(&self) -> Self {
        Self { attention: AttentionPlan::default(), ..self.clone() }
    }
}

impl fmt::Display for NetworkSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.model)?;
        let mut words = Vec::new();
        if let Some(input) = self.input {
            words.push(format!("input={}", text::print_input(input)));
        }
        if let Some(classes) = self.classes {
            words.push(format!("classes={classes}"));
        }
        words.extend(self.options.iter().map(|(key, value)| format!("{key}={value}")));
        if !words.is_empty() {
            write!(f, "({})", words.join(","))?;
        }
        write!(f, "{}", self.attention)
    }
}

/// Why a spec cannot be. Every message says what, where and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The text does not follow the grammar.
    #[error("\"{text}\": {reason} at character {at}; write it like resnet50(stride=v1)+cbam(r=16)@layer3,layer4.0")]
    Syntax {
        /// What was typed.
        text: String,
        /// The position, counted from 1.
        at: usize,
        /// What was expected.
        reason: String,
    },
    /// No model has this name.
    #[error("{name}: unknown network, {hint}")]
    UnknownModel {
        /// What was typed.
        name: String,
        /// A suggestion.
        hint: String,
    },
    /// A field has an impossible value.
    #[error("{spec}: {problem}")]
    Field {
        /// The network.
        spec: String,
        /// Field, value and fix.
        problem: String,
    },
    /// A layer cannot take its input.
    #[error("{spec}: {layer}: {problem}")]
    Layer {
        /// The network.
        spec: String,
        /// The layer.
        layer: String,
        /// What does not fit.
        problem: String,
    },
    /// A TOML file is not a spec.
    #[error("{0}")]
    Toml(String),
}

impl SpecError {
    /// The same with no hidden character of what was typed: none moves the cursor or turns the line round.
    #[must_use]
    pub fn printable(self) -> Self {
        let clean = |text: String| printable(&text);
        match self {
            Self::Syntax { text, at, reason } => Self::Syntax { text: clean(text), at, reason: clean(reason) },
            Self::UnknownModel { name, hint } => Self::UnknownModel { name: clean(name), hint },
            Self::Field { spec, problem } => Self::Field { spec: clean(spec), problem: clean(problem) },
            Self::Layer { spec, layer, problem } => Self::Layer { spec: clean(spec), layer, problem },
            Self::Toml(problem) => Self::Toml(clean(problem)),
        }
    }
}
