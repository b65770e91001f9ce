//! The `config.json` beside a checkpoint, as timm and Hugging Face write it: how the network wants its pictures, what
//! its classes are called.
//!
//! timm's `resolve_data_config` is followed: what `pretrained_cfg` leaves out is 224 pixels, ImageNet's mean and std,
//! bicubic, a crop of 0.875. Its `test_input_size` and `test_crop_pct` are what timm uses on request only; they are
//! not used here.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use thiserror::Error;

use super::imaging::{ImagingError, Interpolation, Preprocessing};
use super::labels::{Labels, LabelsError, kind_of};
use super::text::{self, TextError};
use super::weights::{Checkpoint, TrainedOn};
use crate::network::parse;
use crate::network::zoo::input_of;

/// timm's default share of the resized picture that is cut out.
const CROP_PCT: f64 = 0.875;

/// What a configuration says; nothing is required of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelConfig {
    /// timm's name of the network (`seresnet50`), or Hugging Face's class.
    pub architecture: Option<String>,
    /// How pictures are prepared.
    pub preprocessing: Option<Preprocessing>,
    /// What the classes are called.
    pub labels: Option<Labels>,
    /// How many classes there are.
    pub classes: Option<usize>,
    /// What the configuration asks for and this program does otherwise, in words.
    pub notes: Vec<String>,
}

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Not JSON.
    #[error("{file}: not valid JSON ({reason}); download it again")]
    Json {
        /// The file.
        file: String,
        /// Where and what.
        reason: String,
    },
    /// A value of the wrong kind or out of range.
    #[error("{file}: {field} is {found}; it must be {wanted}")]
    Field {
        /// The file.
        file: String,
        /// The field's path.
        field: String,
        /// What is there.
        found: String,
        /// What must be.
        wanted: &'static str,
    },
    /// Numbers that make no preprocessing.
    #[error("{file}: {source}")]
    Preprocessing {
        /// The file.
        file: String,
        /// What is out of range.
        source: ImagingError,
    },
    /// Class names that cannot be read.
    #[error(transparent)]
    Labels(#[from] LabelsError),
}

impl ModelConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that cannot be read, is not JSON, or has a value of the wrong kind.
    pub fn open(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(&path.display().to_string(), &text::read(path, "a config.json")?)
    }

    /// The `config.json` in the same folder as a checkpoint, if there is one.
    #[must_use]
    pub fn beside(checkpoint: &Path) -> Option<PathBuf> {
        Some(checkpoint.with_file_name("config.json")).filter(|path| path.is_file())
    }

    /// What a checkpoint that was trained here says about itself, if it is one; its pictures were given whole.
    #[must_use]
    pub fn within(checkpoint: &Path) -> Option<Self> {
        let trained = TrainedOn::of(&Checkpoint::open(checkpoint).ok()?)?;
        let input = input_of(&parse(&trained.spec).ok()?);
        let names = trained.classes.iter().cloned().map(Value::String).collect();
        let side = input[1].max(input[2]);
        let (mean, std) = (trained.mean, trained.std);
        Some(Self {
            preprocessing: Some(Preprocessing { resize: side, mean, std, ..Preprocessing::for_input(input) }),
            labels: Labels::from_json(&checkpoint.display().to_string(), &Value::Array(names)).ok(),
            classes: Some(trained.classes.len()),
            architecture: Some(trained.spec),
            notes: Vec::new(),
        })
    }

    /// The configuration that goes with a checkpoint: the file's own words, else the `config.json` beside it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn of_checkpoint(checkpoint: &Path) -> Result<Option<Self>, ConfigError> {
        match Self::within(checkpoint) {
            Some(config) => Ok(Some(config)),
            None => Self::beside(checkpoint).map(|path| Self::open(&path)).transpose(),
        }
    }

    /// Reads a text; `file` goes into messages.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let json: Value = serde_json::from_str(text)
            .map_err(|error| ConfigError::Json { file: file.to_owned(), reason: error.to_string() })?;
        let root = Section::of(file, "the file", &json)?;
        // Older files of timm have the fields of `pretrained_cfg` at the top.
        let inner = match root.fields.get("pretrained_cfg") {
            Some(inner) => Section::of(file, "pretrained_cfg", inner)?,
            None => Section { path: "", ..root },
        };
        let mut config = Self {
            architecture: match root.text("architecture")? {
                Some(name) => Some(name),
                None => root.first_text("architectures").or(inner.text("architecture")?),
            },
            classes: match root.count("num_classes")? {
                Some(classes) => Some(classes),
                None => inner.count("num_classes")?,
            },
            ..Self::default()
        };
        config.preprocessing = inner.preprocessing(&mut config.notes)?;
        config.labels = root.labels(inner)?;
        if let (Some(labels), Some(classes)) = (&config.labels, config.classes) {
            labels.check(classes)?;
        }
        config.classes = config.classes.or(config.labels.as_ref().map(Labels::len));
        Ok(config)
    }
}

/// An object of the file and its name in messages.
#[derive(Clone, Copy)]
struct Section<'a> {
    file: &'a str,
    path: &'a str,
    fields: &'a Map<String, Value>,
}

impl<'a> Section<'a> {
    fn of(file: &'a str, path: &'a str, value: &'a Value) -> Result<Self, ConfigError> {
        let Value::Object(fields) = value else {
            let found = kind_of(value).to_owned();
            return Err(ConfigError::Field {
                file: file.to_owned(),
                field: path.to_owned(),
                found,
                wanted: "an object",
            });
        };
        Ok(Self { file, path: if path == "the file" { "" } else { path }, fields })
    }

    /// A field; null is as good as none.
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    fn refuse(&self, key: &str, value: &Value, wanted: &'static str) -> ConfigError {
        let field = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let found = match value {
            Value::Number(number) => number.to_string(),
            other => kind_of(other).to_owned(),
        };
        ConfigError::Field { file: self.file.to_owned(), field, found, wanted }
    }

    fn text(&self, key: &str) -> Result<Option<String>, ConfigError> {
        self.get(key)
            .map(|value| value.as_str().map(ToOwned::to_owned).ok_or_else(|| self.refuse(key, value, "a text")))
            .transpose()
    }

    fn first_text(&self, key: &str) -> Option<String> {
        self.get(key)?.as_array()?.first()?.as_str().map(ToOwned::to_owned)
    }

    fn count(&self, key: &str) -> Result<Option<usize>, ConfigError> {
        let count = |value: &Value| value.as_u64().and_then(|count| usize::try_from(count).ok());
        self.get(key)
            .map(|value| count(value).ok_or_else(|| self.refuse(key, value, "a whole number from 0")))
            .transpose()
    }

    fn number(&self, key: &str) -> Result<Option<f64>, ConfigError> {
        self.get(key).map(|value| value.as_f64().ok_or_else(|| self.refuse(key, value, "a number"))).transpose()
    }

    /// Three numbers; a single one counts for every channel.
    fn colour(&self, key: &str) -> Result<Option<[f32; 3]>, ConfigError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let numbers: Option<Vec<f32>> = match value {
            Value::Array(values) => values.iter().map(|value| value.as_f64().map(|number| number as f32)).collect(),
            other => other.as_f64().map(|number| vec![number as f32]),
        };
        match numbers.as_deref() {
            Some([one]) => Ok(Some([*one; 3])),
            Some([r, g, b]) => Ok(Some([*r, *g, *b])),
            _ => Err(self.refuse(key, value, "one or three numbers")),
        }
    }

    /// `[C, H, W]`.
    fn input_size(&self) -> Result<Option<[usize; 3]>, ConfigError> {
        let Some(value) = self.get("input_size") else { return Ok(None) };
        let sizes: Option<Vec<usize>> =
            value.as_array().and_then(|sizes| sizes.iter().map(|size| size.as_u64()?.try_into().ok()).collect());
        match sizes.as_deref() {
            Some([channels, height, width]) => Ok(Some([*channels, *height, *width])),
            _ => Err(self.refuse("input_size", value, "three whole numbers: channels, height, width")),
        }
    }

    /// What timm would do to a picture; none when the section says nothing about pictures.
    fn preprocessing(&self, notes: &mut Vec<String>) -> Result<Option<Preprocessing>, ConfigError> {
        if !["input_size", "mean", "std", "crop_pct", "interpolation"].iter().any(|key| self.get(key).is_some()) {
            return Ok(None);
        }
        let wrap = |source| ConfigError::Preprocessing { file: self.file.to_owned(), source };
        let mut preprocessing = Preprocessing::for_input(self.input_size()?.unwrap_or([3, 224, 224]));
        preprocessing.mean = self.colour("mean")?.unwrap_or(preprocessing.mean);
        preprocessing.std = self.colour("std")?.unwrap_or(preprocessing.std);
        preprocessing.interpolation = Interpolation::Bicubic;
        if let Some(name) = self.text("interpolation")? {
            match Interpolation::from_name(&name) {
                Some(interpolation) => preprocessing.interpolation = interpolation,
                // timm draws one at random while training and uses bicubic to evaluate.
                None if name == "random" => {}
                None => notes.push(format!("{} asks for {name} resizing, bicubic is used", self.file)),
            }
        }
        if let Some(mode) = self.text("crop_mode")?.filter(|mode| mode != "center") {
            notes.push(format!("{} asks for a {mode} crop, a centre crop is used", self.file));
        }
        preprocessing.set_crop_share(self.number("crop_pct")?.unwrap_or(CROP_PCT)).map_err(wrap)?;
        preprocessing.check().map_err(wrap)?;
        Ok(Some(preprocessing))
    }

    /// `label_names`, which may be keys of `label_descriptions`, or `id2label`; at the top or in `inner`.
    fn labels(&self, inner: Section) -> Result<Option<Labels>, ConfigError> {
        let find = |key: &str| self.get(key).or_else(|| inner.get(key));
        let Some(names) = find("label_names").or_else(|| find("id2label")) else { return Ok(None) };
        let labels = Labels::from_json(self.file, names)?;
        let Some(Value::Object(descriptions)) = find("label_descriptions") else { return Ok(Some(labels)) };
        Ok(Some(labels.renamed(|name| descriptions.get(name)?.as_str().map(ToOwned::to_owned))))
    }
}
