//! What the lab can be asked to do. No egui.

use std::path::PathBuf;
use std::sync::Arc;

use super::WeightsChoice;
use crate::compute::lab::data::Source;
use crate::compute::lab::experiments::attention::AttentionSettings;
use crate::compute::lab::experiments::degradation::DegradationSettings;
use crate::compute::lab::training::TrainingRecipe;
use crate::network::Model;

/// A page of the lab, in the order of their tabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LabPage {
    /// Training a network.
    #[default]
    Train,
    /// Plain against residual.
    Degradation,
    /// The same trunk with every attention.
    Attention,
    /// Channel gates by class.
    Atlas,
}

impl LabPage {
    /// Every page, in tab order.
    pub const ALL: [Self; 4] = [Self::Train, Self::Degradation, Self::Attention, Self::Atlas];

    /// The tab's title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Train => "Train",
            Self::Degradation => "Degradation",
            Self::Attention => "Where it looks",
            Self::Atlas => "Excitation atlas",
        }
    }
}

/// A network to be trained.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainTask {
    /// The network; input and classes follow the data.
    pub model: Arc<Model>,
    /// What it is trained on.
    pub source: Source,
    /// How.
    pub recipe: TrainingRecipe,
    /// Threads of the engine.
    pub threads: usize,
    /// Where its weights go; the program chooses when nothing is said.
    pub out: Option<PathBuf>,
}

/// Channel gates to be averaged by class.
#[derive(Clone, Debug, PartialEq)]
pub struct AtlasTask {
    /// The network.
    pub model: Arc<Model>,
    /// Its weights.
    pub weights: WeightsChoice,
    /// The pictures.
    pub source: Source,
    /// At most this many of each split.
    pub images: u64,
    /// Threads of the engine.
    pub threads: usize,
}

/// A run of the lab. There is one at a time.
#[derive(Clone, Debug, PartialEq)]
pub enum LabTask {
    /// Trains a network.
    Train(Box<TrainTask>),
    /// Plain against residual, on generated objects.
    Degradation(Box<DegradationSettings>),
    /// The same trunk with every attention, on generated objects.
    Attention(Box<AttentionSettings>),
    /// Channel gates by class.
    Atlas(Box<AtlasTask>),
}

impl LabTask {
    /// The page it belongs to.
    #[must_use]
    pub fn page(&self) -> LabPage {
        match self {
            Self::Train(_) => LabPage::Train,
            Self::Degradation(_) => LabPage::Degradation,
            Self::Attention(_) => LabPage::Attention,
            Self::Atlas(_) => LabPage::Atlas,
        }
    }
}
