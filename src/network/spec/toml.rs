//! The file form: versioned TOML.
//!
//! ```toml
//! gatescope = 1
//! model = "resnet50"
//! input = [3, 224, 224]      # optional, as everything below
//! classes = 1000
//!
//! [options]
//! stride = "v1"
//!
//! [[attention]]
//! block = "cbam"
//! reduction = 16
//! at = ["layer3", "layer4.0"]   # absent: the whole network
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AttentionText, NetworkSpec, SpecError, SpecText};
use crate::network::attention::Attention;
use crate::network::options::Value;

/// The version this program writes and the newest it reads.
pub const VERSION: u32 = 1;

/// The file's top level.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    gatescope: u32,
    model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<[usize; 3]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<usize>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    options: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attention: Vec<Clause>,
}

/// One `[[attention]]` table.
#[derive(Serialize, Deserialize)]
struct Clause {
    block: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    at: Vec<String>,
    #[serde(flatten)]
    options: BTreeMap<String, Value>,
}

/// Only the version, to tell a future file from a broken one.
#[derive(Deserialize)]
struct Version {
    gatescope: u32,
}

/// Writes a spec as TOML.
///
/// # Errors
/// Never for a valid spec; the writer's message otherwise.
pub fn to_toml(spec: &NetworkSpec) -> Result<String, SpecError> {
    let clause = |attention: Option<&Attention>, at: Vec<String>| Clause {
        block: attention.map_or("none", Attention::name).to_owned(),
        at,
        options: attention.map(long_options).unwrap_or_default(),
    };
    let mut clauses = Vec::new();
    if let Some(attention) = spec.attention.default_choice() {
        clauses.push(clause(Some(attention), Vec::new()));
    }
    for (place, choice) in spec.attention.overrides() {
        clauses.push(clause(choice, vec![place.path().to_owned()]));
    }
    let file = File {
        gatescope: VERSION,
        model: spec.model.clone(),
        input: spec.input,
        classes: spec.classes,
        options: spec.options.iter().map(|(key, value)| (key.to_owned(), value.clone())).collect(),
        attention: clauses,
    };
    ::toml::to_string(&file).map_err(|error| SpecError::Toml(error.to_string()))
}

/// The options of an attention under their long names.
fn long_options(attention: &Attention) -> BTreeMap<String, Value> {
    let declared = attention.block().declared();
    let long =
        |key: &str| declared.iter().find(|d| d.field.key == key).map_or(key.to_owned(), |d| d.field.long.to_owned());
    attention.options().iter().map(|(key, value)| (long(key), value.clone())).collect()
}

/// Reads a spec from TOML; names are resolved by the zoo.
///
/// # Errors
/// [`SpecError::Toml`] for broken TOML, unknown fields and future versions.
pub fn parse_toml(text: &str) -> Result<SpecText, SpecError> {
    let describe = |error: ::toml::de::Error| SpecError::Toml(one_line(&error, text));
    let version: Version = ::toml::from_str(text).map_err(describe)?;
    if version.gatescope != VERSION {
        return Err(SpecError::Toml(format!(
            "gatescope = {}: this program reads version {VERSION}; open the file with a newer gatescope or save it again",
            version.gatescope
        )));
    }
    let file: File = ::toml::from_str(text).map_err(describe)?;
    let mut options: Vec<(String, String)> =
        file.options.into_iter().map(|(key, value)| (key, value.to_string())).collect();
    if let Some([channels, height, width]) = file.input {
        options.push(("input".to_owned(), format!("{channels}x{height}x{width}")));
    }
    if let Some(classes) = file.classes {
        options.push(("classes".to_owned(), classes.to_string()));
    }
    let attention = file
        .attention
        .into_iter()
        .map(|clause| AttentionText {
            name: clause.block,
            options: clause.options.into_iter().collect(),
            places: clause.at,
        })
        .collect();
    Ok(SpecText { model: file.model, options, attention })
}

/// The parser's message with its line, on one line.
fn one_line(error: &::toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let message = error.message().trim().replace('\n', ", ");
    match line {
        Some(line) => format!("line {line}: {message}"),
        None => message,
    }
}
