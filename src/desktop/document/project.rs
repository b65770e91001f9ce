//! The project file: a readable, versioned TOML of networks, weights and picture. Also what is kept between starts.
//!
//! ```toml
//! gatescope_project = 1
//! active = 1
//! picture = "sample:cat.png"        # or "file:/path/to/photo.jpg"
//!
//! [[network]]
//! spec = "resnet50+cbam"
//! letter = "C"                      # only where it is not that of its place in the list
//! baseline = true                   # of the network that the others are compared with
//! weights = "seed:0"                # or "file:/path/to/weights.safetensors", "graft-identity:/path", "graft-seed-0:/path"
//!
//! [network.preprocessing]           # only where it is not what the input asks for
//! resize = 235
//! crop_mode = "squash"              # only where it is not "center"
//! interpolation = "bicubic"
//! mean = [0.485, 0.456, 0.406]
//! std = [0.229, 0.224, 0.225]
//! ```

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Network, PictureChoice, WeightsChoice, letters};
use crate::compute::config::ModelConfig;
use crate::compute::imaging::{CropMode, Interpolation, Preprocessing};
use crate::compute::lab::data::object_samples;
use crate::compute::weights::{Checkpoint, Graft, bundled};
use crate::network::{Model, SpecError};

/// The version this program writes and reads.
const VERSION: u32 = 1;

/// What is saved of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// The networks, A first.
    pub networks: Vec<SavedNetwork>,
    /// The position of the active network.
    pub active: usize,
    /// The picture.
    pub picture: PictureChoice,
}

/// What is saved of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedNetwork {
    /// What it is.
    pub model: Arc<Model>,
    /// Where its weights come from.
    pub weights: WeightsChoice,
    /// How its pictures are prepared, where that is not what its input asks for.
    pub preprocessing: Option<Preprocessing>,
    /// The place of its letter, where it is not that of its place in the list.
    pub slot: Option<usize>,
    /// Is it the one that others are compared with?
    pub is_baseline: bool,
}

impl SavedNetwork {
    /// A network of the document.
    #[must_use]
    pub fn of(network: &Network) -> Self {
        let preprocessing = network.preprocessing.as_ref().map(|_| network.preparation());
        let weights = network.weights.clone();
        Self { weights, preprocessing, ..Self::untrained(network.model.clone()) }
    }

    /// A network that has learnt nothing.
    #[must_use]
    pub fn untrained(model: Arc<Model>) -> Self {
        Self { model, weights: WeightsChoice::Seeded(0), preprocessing: None, slot: None, is_baseline: false }
    }
}

impl SavedNetwork {
    /// A network that comes with the program, its pictures prepared as it was trained.
    #[must_use]
    pub fn bundled(name: &str) -> Option<Self> {
        let path = bundled().iter().find(|bundled| bundled.name == name)?.path();
        let config = ModelConfig::within(&Checkpoint::open(&path).ok()?)?;
        let model = Model::parse(config.architecture.as_deref()?).ok()?;
        let weights = WeightsChoice::File(path);
        Some(Self { weights, preprocessing: config.preprocessing, ..Self::untrained(model) })
    }
}

impl Default for Project {
    /// What first start shows: the bundled trunk with CBAM beside the one without attention, and a picture of the
    /// data they were trained on that neither has seen.
    fn default() -> Self {
        let networks: Vec<SavedNetwork> = ["none", "cbam"].into_iter().filter_map(SavedNetwork::bundled).collect();
        let picture = PictureChoice::Sample(object_samples()[0].name.clone());
        Self { active: networks.len().saturating_sub(1), networks, picture }
    }
}

/// Why a project file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// Not TOML, or fields that do not belong.
    #[error("not a gatescope project: {0}")]
    Toml(String),
    /// Written by a newer program.
    #[error("gatescope_project = {0}: this program reads version {VERSION}; open it with a newer gatescope")]
    Version(u32),
    /// A network that cannot be.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A value without its `sample:`, `seed:` or `file:`.
    #[error("{field} = \"{value}\": write {forms}")]
    Value {
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        forms: &'static str,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    gatescope_project: u32,
    #[serde(default)]
    active: usize,
    picture: String,
    #[serde(default, rename = "network")]
    networks: Vec<Entry>,
}

/// Only the version, to tell a newer file from a broken one.
#[derive(Deserialize)]
struct Version {
    gatescope_project: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    spec: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    letter: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    baseline: bool,
    weights: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preprocessing: Option<Preparation>,
}

/// The crop is the network's input and is not written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Preparation {
    resize: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crop_mode: Option<String>,
    interpolation: String,
    mean: [f32; 3],
    std: [f32; 3],
}

/// Writes a project.
#[must_use]
pub fn print_project(project: &Project) -> String {
    let entry = |saved: &SavedNetwork| Entry {
        spec: saved.model.to_string(),
        letter: saved.slot.map(letters::letter),
        baseline: saved.is_baseline,
        preprocessing: saved.preprocessing.as_ref().map(|chosen| Preparation {
            resize: chosen.resize,
            crop_mode: (chosen.crop_mode != CropMode::Center).then(|| chosen.crop_mode.as_str().to_owned()),
            interpolation: chosen.interpolation.as_str().to_owned(),
            mean: chosen.mean,
            std: chosen.std,
        }),
        weights: match &saved.weights {
            WeightsChoice::Seeded(seed) => format!("seed:{seed}"),
            WeightsChoice::File(path) => format!("file:{}", path.display()),
            WeightsChoice::Grafted(path, Graft::Identity) => format!("graft-identity:{}", path.display()),
            WeightsChoice::Grafted(path, Graft::Seeded(seed)) => format!("graft-seed-{seed}:{}", path.display()),
        },
    };
    let file = File {
        gatescope_project: VERSION,
        active: project.active,
        picture: match &project.picture {
            PictureChoice::Sample(name) => format!("sample:{name}"),
            PictureChoice::File(path) => format!("file:{}", path.display()),
        },
        networks: project.networks.iter().map(entry).collect(),
    };
    toml::to_string(&file).unwrap_or_default()
}

/// Reads a project.
///
/// # Errors
/// What is wrong, where, and what to write instead.
pub fn parse_project(text: &str) -> Result<Project, ProjectError> {
    let describe = |error: toml::de::Error| ProjectError::Toml(error.message().to_owned());
    let version: Version = toml::from_str(text).map_err(describe)?;
    if version.gatescope_project != VERSION {
        return Err(ProjectError::Version(version.gatescope_project));
    }
    let file: File = toml::from_str(text).map_err(describe)?;
    let mut networks = Vec::new();
    for entry in file.networks {
        let model = Model::parse(&entry.spec)?;
        let preprocessing = entry.preprocessing.map(|saved| prepared(&model, &saved)).transpose()?;
        let slot = entry.letter.as_deref().map(|letter| parse_letter(letter, &networks)).transpose()?;
        let (weights, is_baseline) = (parse_weights(&entry.weights)?, entry.baseline);
        networks.push(SavedNetwork { model, weights, preprocessing, slot, is_baseline });
    }
    Ok(Project { networks, active: file.active, picture: parse_picture(&file.picture)? })
}

fn prepared(model: &Model, saved: &Preparation) -> Result<Preprocessing, ProjectError> {
    let forms = "bilinear, bicubic, lanczos, box, hamming or nearest";
    let name = saved.crop_mode.as_deref().unwrap_or(CropMode::Center.as_str());
    let crop_mode = CropMode::from_name(name).ok_or_else(|| {
        let forms = "center, cover, squash, border or none";
        ProjectError::Value { field: "crop_mode", value: name.to_owned(), forms }
    })?;
    let interpolation = Interpolation::from_name(&saved.interpolation);
    let unknown = || ProjectError::Value { field: "interpolation", value: saved.interpolation.clone(), forms };
    let preprocessing = Preprocessing {
        resize: saved.resize,
        crop_mode,
        interpolation: interpolation.ok_or_else(unknown)?,
        mean: saved.mean,
        std: saved.std,
        ..Preprocessing::for_input(model.input())
    };
    match preprocessing.check() {
        Ok(()) => Ok(preprocessing),
        Err(error) => Err(SpecError::Field { spec: model.to_string(), problem: error.to_string() }.into()),
    }
}

/// A letter that no network before has.
fn parse_letter(letter: &str, before: &[SavedNetwork]) -> Result<usize, ProjectError> {
    let slot = letters::slot(letter).filter(|slot| before.iter().all(|other| other.slot != Some(*slot)));
    let forms = "each letter once: A to Z, then #27 and so on";
    slot.ok_or_else(|| ProjectError::Value { field: "letter", value: letter.to_owned(), forms })
}

fn parse_weights(value: &str) -> Result<WeightsChoice, ProjectError> {
    let choice = match value.split_once(':') {
        Some(("seed", seed)) => seed.parse().ok().map(WeightsChoice::Seeded),
        Some(("file", path)) => Some(WeightsChoice::File(PathBuf::from(path))),
        Some(("graft-identity", path)) => Some(WeightsChoice::Grafted(PathBuf::from(path), Graft::Identity)),
        Some((kind, path)) => {
            let seed = kind.strip_prefix("graft-seed-").and_then(|seed| seed.parse().ok());
            seed.map(|seed| WeightsChoice::Grafted(PathBuf::from(path), Graft::Seeded(seed)))
        }
        _ => None,
    };
    let forms = "seed:NUMBER or file:PATH";
    choice.ok_or_else(|| ProjectError::Value { field: "weights", value: value.to_owned(), forms })
}

fn parse_picture(value: &str) -> Result<PictureChoice, ProjectError> {
    match value.split_once(':') {
        Some(("sample", name)) => Ok(PictureChoice::Sample(name.to_owned())),
        Some(("file", path)) => Ok(PictureChoice::File(PathBuf::from(path))),
        _ => Err(ProjectError::Value { field: "picture", value: value.to_owned(), forms: "sample:NAME or file:PATH" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_back() {
        let mut project = Project::default();
        let model = Model::parse("resnet18(classes=7)+se@layer2+none@layer2.1").expect("parses");
        project.networks.push(SavedNetwork {
            preprocessing: Some(Preprocessing {
                resize: 235,
                crop_mode: CropMode::Border,
                interpolation: Interpolation::Bicubic,
                mean: [0.1, 0.485, -0.25],
                ..Preprocessing::for_input([3, 224, 224])
            }),
            weights: WeightsChoice::File(PathBuf::from("/data/my weights.safetensors")),
            slot: Some(27),
            is_baseline: true,
            model,
        });
        project.picture = PictureChoice::File(PathBuf::from("/data/a:b.jpg"));
        assert_eq!(parse_project(&print_project(&project)).expect("reads"), project);
    }

    #[test]
    fn a_broken_project_says_what_to_write() {
        for (text, wanted) in [
            ("gatescope_project = 2\npicture = \"sample:cat.png\"", "version 1"),
            ("picture = \"sample:cat.png\"", "gatescope_project"),
            (
                "gatescope_project = 1\npicture = \"sample:c\"\n[[network]]\nspec = \"resnet18\"\nletter = \"b\"\nweights = \"seed:0\"",
                "A to Z",
            ),
            ("gatescope_project = 1\npicture = \"cat.png\"", "write sample:NAME or file:PATH"),
            (
                "gatescope_project = 1\npicture = \"sample:c\"\n[[network]]\nspec = \"resnet50\"\nweights = \"seed:0\"\n[network.preprocessing]\nresize = 0\ninterpolation = \"bicubic\"\nmean = [0, 0, 0]\nstd = [1, 1, 1]",
                "shorter side to 0",
            ),
            (
                "gatescope_project = 1\npicture = \"sample:c\"\n[[network]]\nspec = \"resnet5\"\nweights = \"seed:0\"",
                "resnet5",
            ),
        ] {
            let message = parse_project(text).expect_err(text).to_string();
            assert!(message.contains(wanted), "{message}");
        }
    }
}
