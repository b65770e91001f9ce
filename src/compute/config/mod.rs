//! The `config.json` and `preprocessor_config.json` beside a checkpoint, as timm and Hugging Face write them: which
//! network it is, how it wants its pictures, what its classes are called.

mod arguments;
mod error;
mod processor;
mod section;
mod timm;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::imaging::Preprocessing;
use super::labels::Labels;
use super::text;
use super::weights::{Checkpoint, TrainedOn};
use crate::network::Model;
pub use error::ConfigError;
use section::Section;

/// How pictures are prepared, and the network's input `[C, H, W]` where it is said.
struct Preparing {
    preprocessing: Preprocessing,
    input: Option<[usize; 3]>,
}

/// The names that configurations have, what a network is first.
pub(super) const NAMES: [&str; 2] = ["config.json", "preprocessor_config.json"];

/// What a configuration says; nothing is required of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelConfig {
    /// The file, or the first of two.
    pub path: PathBuf,
    /// timm's name of the network (`seresnet50`), or Hugging Face's class.
    pub architecture: Option<String>,
    /// How many classes there are; 0 for a network without classifier.
    pub num_classes: Option<usize>,
    /// timm's name of what makes a vector of the last map: `avg`, `max`, `avgmax`, `catavgmax`; empty for none.
    pub global_pool: Option<String>,
    /// What timm builds the network with, by dotted name, values as Python writes them (`output_stride` = `16`).
    pub model_args: BTreeMap<String, String>,
    /// The network's input `[C, H, W]`, where it is said.
    pub input_size: Option<[usize; 3]>,
    /// How pictures are prepared.
    pub preprocessing: Option<Preprocessing>,
    /// What the classes are called.
    pub labels: Option<Labels>,
    /// What the configuration asks for and this program does otherwise, in words.
    pub notes: Vec<String>,
}

impl ModelConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that cannot be read, is not JSON, or has a value of the wrong kind.
    pub fn open(path: &Path) -> Result<Self, ConfigError> {
        let config = Self::parse(&path.display().to_string(), &text::read(path, "a config.json")?)?;
        Ok(Self { path: path.to_owned(), ..config })
    }

    /// What `config.json` and `preprocessor_config.json` in a checkpoint's folder say together, if there is one. In the
    /// cache of the Hub the repository's top counts too.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn beside(checkpoint: &Path) -> Result<Option<Self>, ConfigError> {
        let mut found: Option<Self> = None;
        for path in Self::files_beside(checkpoint) {
            let next = Self::open(&path)?;
            found = Some(match found {
                Some(first) => first.completed(next),
                None => next,
            });
        }
        Ok(found)
    }

    /// The configuration files that go with a checkpoint, at most one of each name.
    #[must_use]
    pub fn files_beside(checkpoint: &Path) -> Vec<PathBuf> {
        let folder = if checkpoint.is_dir() { checkpoint } else { checkpoint.parent().unwrap_or(Path::new("")) };
        let folders = [Some(folder), repository(folder)];
        let find = |name: &str| {
            let paths = folders.iter().flatten().map(|folder| folder.join(name));
            paths.into_iter().find(|path| path.is_file())
        };
        NAMES.iter().filter_map(|name| find(name)).collect()
    }

    /// What a checkpoint that was trained here says about itself, if it is one; its pictures were given whole.
    #[must_use]
    pub fn within(file: &Checkpoint) -> Option<Self> {
        let (trained, checkpoint) = (TrainedOn::of(file)?, file.path());
        let input = Model::parse(&trained.spec).ok()?.input();
        let names = trained.classes.iter().cloned().map(Value::String).collect();
        let side = input[1].max(input[2]);
        let (mean, std) = (trained.mean, trained.std);
        Some(Self {
            path: checkpoint.to_owned(),
            input_size: Some(input),
            preprocessing: Some(Preprocessing { resize: side, mean, std, ..Preprocessing::for_input(input) }),
            labels: Labels::from_json(&checkpoint.display().to_string(), &Value::Array(names)).ok(),
            num_classes: Some(trained.classes.len()),
            architecture: Some(trained.spec),
            ..Self::default()
        })
    }

    /// The configuration that goes with a checkpoint: the file's own words, else those of the files beside it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn of_checkpoint(file: &Checkpoint) -> Result<Option<Self>, ConfigError> {
        match Self::within(file) {
            Some(config) => Ok(Some(config)),
            None => Self::beside(file.path()),
        }
    }

    /// Reads a text; `file` goes into messages.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let json: Value = serde_json::from_str(text)
            .map_err(|error| ConfigError::Json { file: file.to_owned(), reason: error.to_string() })?;
        let root = Section::root(file, &json)?;
        // Older files of timm have the fields of `pretrained_cfg` at the top.
        let inner = match root.fields.get("pretrained_cfg") {
            Some(inner) => Section::of(file, "pretrained_cfg", inner)?,
            None => root,
        };
        let mut config = Self {
            path: PathBuf::from(file),
            architecture: match root.text("architecture")? {
                Some(name) => Some(name),
                None => root.first_text("architectures").or(inner.text("architecture")?),
            },
            num_classes: match root.count("num_classes")? {
                Some(classes) => Some(classes),
                None => inner.count("num_classes")?,
            },
            global_pool: root.text("global_pool")?,
            model_args: root.inner("model_args")?.map(|inner| arguments::flattened(inner.fields)).unwrap_or_default(),
            ..Self::default()
        };
        let preparing = match root.get("pretrained_cfg") {
            None if processor::is_one(&root) => Some(processor::preprocessing(&root, &mut config.notes)?),
            _ => timm::preprocessing(&inner, &mut config.notes)?,
        };
        config.input_size = preparing.as_ref().and_then(|preparing| preparing.input);
        config.preprocessing = preparing.map(|preparing| preparing.preprocessing);
        config.labels = match (labels(&root, &inner)?, config.num_classes) {
            (Some(labels), Some(classes)) => Some(labels.fitted(classes)?),
            (labels, _) => labels,
        };
        config.num_classes = config.num_classes.or(config.labels.as_ref().map(Labels::len));
        Ok(config)
    }

    /// This and what `other` says of which this says nothing; where both speak and differ, that is noted.
    fn completed(mut self, other: Self) -> Self {
        if self.preprocessing.is_some() && other.preprocessing.is_some() && self.preprocessing != other.preprocessing {
            let (ours, theirs) = (self.path.display(), other.path.display());
            self.notes.push(format!("{ours} and {theirs} prepare pictures differently; the first is used"));
        }
        Self {
            path: self.path,
            architecture: self.architecture.or(other.architecture),
            num_classes: self.num_classes.or(other.num_classes),
            global_pool: self.global_pool.or(other.global_pool),
            model_args: if self.model_args.is_empty() { other.model_args } else { self.model_args },
            input_size: self.input_size.or(other.input_size),
            preprocessing: self.preprocessing.or(other.preprocessing),
            labels: self.labels.or(other.labels),
            notes: self.notes.into_iter().chain(other.notes).collect(),
        }
    }
}

/// The top of a repository in the Hub's cache, `…/snapshots/COMMIT`, of a folder in it.
fn repository(folder: &Path) -> Option<&Path> {
    folder
        .ancestors()
        .skip(1)
        .find(|top| top.parent().and_then(Path::file_name).is_some_and(|name| name == "snapshots"))
}

/// `label_names`, which may be keys of `label_descriptions`, or `id2label`; at the top or in `inner`.
fn labels(root: &Section, inner: &Section) -> Result<Option<Labels>, ConfigError> {
    let find = |key: &str| root.get(key).or_else(|| inner.get(key));
    let Some(names) = find("label_names").or_else(|| find("id2label")) else { return Ok(None) };
    let labels = Labels::from_json(root.file, names)?;
    let Some(Value::Object(descriptions)) = find("label_descriptions") else { return Ok(Some(labels)) };
    Ok(Some(labels.renamed(|name| descriptions.get(name)?.as_str().map(ToOwned::to_owned))))
}
