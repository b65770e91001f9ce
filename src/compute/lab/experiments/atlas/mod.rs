//! The excitation atlas: what every channel gate does, by class (Hu et al., SENet, section 6.4).

mod page;
mod reading;

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{Progress, Watch, files};
use crate::compute::config::ModelConfig;
use crate::compute::engine::{Plan, PlanOptions};
use crate::compute::imaging::{Picture, Preprocessing};
use crate::compute::lab::LabError;
use crate::compute::lab::data::{Dataset, Split};
use crate::compute::weights::{Checkpoint, Source, Weights};
use crate::network::Graph;
use crate::network::graph::{Gate, GateKind, ScopeKind};

/// The partial result is told after this many images.
const TOLD_EVERY: u64 = 64;

/// What to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct AtlasSettings {
    /// The splits, one after the other.
    pub splits: Vec<Split>,
    /// At most this many images of each split.
    pub images: u64,
    /// How a picture of the data becomes the network's input.
    pub preprocessing: Preprocessing,
    /// Threads of the engine.
    pub threads: usize,
}

impl AtlasSettings {
    /// The first thousand test images, prepared as the data set's own networks take them.
    #[must_use]
    pub fn of(dataset: &dyn Dataset) -> Self {
        let threads = crate::compute::engine::default_threads();
        Self { splits: vec![Split::Test], images: 1000, preprocessing: dataset.preprocessing(), threads }
    }

    /// Prepares pictures for a network of this input: as its checkpoint says, else as the data's own networks take
    /// them. Pictures of a data set are cropped already, so they are given whole.
    ///
    /// # Errors
    /// A configuration beside the checkpoint that cannot be read.
    pub fn prepare_for(&mut self, input: [usize; 3], checkpoint: Option<&Checkpoint>) -> Result<(), LabError> {
        let config = checkpoint.map(ModelConfig::of_checkpoint).transpose();
        let config = config.map_err(|error| LabError::Setting(error.to_string()))?.flatten();
        let preprocessing = match config.and_then(|config| config.preprocessing) {
            Some(told) => told,
            // Other people's networks learnt from ImageNet's colours, unless they say something else.
            None if checkpoint.is_some() => Preprocessing::for_input(input),
            None => self.preprocessing.clone(),
        };
        self.preprocessing = Preprocessing { resize: input[1].max(input[2]), ..preprocessing.fitted(input) };
        Ok(())
    }
}

/// In which order channels are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// As the network has them.
    #[default]
    Index,
    /// From the most open to the most closed, by the mean over classes.
    Sorted,
}

/// One channel gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtlasGate {
    /// Its name.
    pub gate: String,
    /// The block it is in: `layer3.2`.
    pub block: String,
    /// The attention it belongs to: `se`.
    pub attention: String,
    /// Means over the images of a class, `[classes][channels]`, 0 to 1.
    pub means: Vec<Vec<f32>>,
}

impl AtlasGate {
    /// How many channels it has.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.means.first().map_or(0, Vec::len)
    }

    /// The mean of all classes and channels.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let all = self.means.iter().flatten();
        all.clone().map(|value| f64::from(*value)).sum::<f64>() / all.count().max(1) as f64
    }

    /// How far classes lie apart: the standard deviation over classes, averaged over channels.
    #[must_use]
    pub fn class_spread(&self) -> f64 {
        let classes = self.means.len().max(1) as f64;
        let of_channel = |channel: usize| {
            let values = || self.means.iter().filter_map(|class| class.get(channel)).map(|value| f64::from(*value));
            let mean = values().sum::<f64>() / classes;
            (values().map(|value| (value - mean).powi(2)).sum::<f64>() / classes).sqrt()
        };
        (0..self.channels()).map(of_channel).sum::<f64>() / self.channels().max(1) as f64
    }

    /// Channels in an order: their indices.
    #[must_use]
    pub fn order(&self, order: Order) -> Vec<usize> {
        let mut channels: Vec<usize> = (0..self.channels()).collect();
        if order == Order::Sorted {
            let mean = |channel: usize| self.means.iter().map(|class| class[channel]).sum::<f32>();
            channels.sort_by(|a, b| mean(*b).total_cmp(&mean(*a)));
        }
        channels
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtlasResult {
    /// The version of this program.
    pub gatescope: String,
    /// The day it ended (UTC).
    pub finished: String,
    /// How long it took.
    pub seconds: f64,
    /// The network's spec.
    pub network: String,
    /// Where its weights come from, in words.
    pub weights: String,
    /// Has it learnt anything?
    pub trained: bool,
    /// The data's name.
    pub dataset: String,
    /// Class names.
    pub classes: Vec<String>,
    /// Images of each class.
    pub images: Vec<u64>,
    /// Every channel gate, in depth order.
    pub gates: Vec<AtlasGate>,
}

impl AtlasResult {
    /// `resnet20+se, weights.safetensors · 1,000 images of objects · gatescope 0.1.0, 2026-11-24`.
    #[must_use]
    pub fn budget(&self) -> String {
        let images = crate::network::number::grouped(self.images.iter().sum());
        let Self { network, weights, dataset, gatescope, finished, .. } = self;
        format!("{network}, {weights} · {images} images of {dataset} · gatescope {gatescope}, {finished}")
    }

    /// What the numbers say, in sentences.
    #[must_use]
    pub fn reading(&self) -> Vec<String> {
        reading::of(self)
    }

    /// Every gate as a small picture, at most twelve of them.
    #[must_use]
    pub fn page(&self, order: Order) -> crate::compute::imaging::chart::Page {
        page::of(self, order)
    }

    /// The files that [`Self::write`] writes.
    pub const FILES: [&str; 3] = ["atlas.csv", "atlas.json", "atlas.png"];

    /// Writes `atlas.csv` (a row a gate, class and channel), `.json` and `.png`.
    ///
    /// # Errors
    /// The file and what the system said.
    pub fn write(&self, folder: &Path, order: Order) -> Result<Vec<PathBuf>, LabError> {
        let rows = self.gates.iter().flat_map(|gate| {
            gate.means.iter().zip(&self.classes).flat_map(move |(means, class)| {
                means.iter().enumerate().map(move |(channel, mean)| {
                    vec![gate.block.clone(), gate.gate.clone(), class.clone(), channel.to_string(), mean.to_string()]
                })
            })
        });
        let files = vec![
            ("atlas.csv".to_owned(), files::csv(&["block", "gate", "class", "channel", "mean"], rows)),
            ("atlas.json".to_owned(), files::json(self)),
            ("atlas.png".to_owned(), files::png(&self.page(order).draw())),
        ];
        files::write_all(folder, &files)
    }
}

/// Runs a network over images and averages every channel gate by class.
///
/// # Errors
/// A network without channel gates, weights of another network, data that cannot be read, [`LabError::Cancelled`].
pub fn run(
    graph: &Graph,
    weights: &Weights,
    dataset: &dyn Dataset,
    settings: &AtlasSettings,
    watch: &Watch<AtlasResult>,
) -> Result<AtlasResult, LabError> {
    let started = Instant::now();
    let mut sums = Sums::new(graph, dataset.classes().len())?;
    let plan = Plan::new(graph, weights, PlanOptions { threads: settings.threads, ..PlanOptions::default() })?;
    let count = |split: &Split| dataset.len(*split).unwrap_or(u64::MAX).min(settings.images);
    let all: u64 = settings.splits.iter().map(count).sum();
    if all == 0 {
        return Err(LabError::Setting(format!("{}: there are no images to look at", dataset.name())));
    }
    let finish = |sums: &Sums| AtlasResult {
        gatescope: env!("CARGO_PKG_VERSION").to_owned(),
        finished: files::today(),
        seconds: started.elapsed().as_secs_f64(),
        network: graph.name.clone(),
        weights: in_words(weights),
        trained: weights.is_trained(),
        dataset: dataset.name().to_owned(),
        classes: dataset.classes().to_vec(),
        images: sums.images.clone(),
        gates: sums.gates(graph),
    };
    let mut done = 0;
    for split in &settings.splits {
        for index in 0..count(split) {
            watch.wait()?;
            let example = dataset.example(*split, index)?;
            let picture = Picture::new(format!("{} {index}", dataset.name()), example.image);
            let prepared = settings.preprocessing.prepare(&picture);
            let prepared = prepared.map_err(|error| LabError::Setting(error.to_string()))?;
            let run = plan.run(&prepared.tensor)?;
            sums.add(example.label, &run.gates);
            done += 1;
            if done % TOLD_EVERY == 0 {
                let images_per_second = (done as f64 / started.elapsed().as_secs_f64().max(1e-9)) as f32;
                let what = format!("{done} of {all} images");
                (watch.progress)(Progress { what, fraction: done as f32 / all as f32, images_per_second });
                (watch.partial)(&finish(&sums));
            }
        }
    }
    Ok(finish(&sums))
}

fn in_words(weights: &Weights) -> String {
    match weights.source() {
        Source::Seeded(seed) if !weights.is_trained() => format!("untrained (seed {seed})"),
        Source::Seeded(seed) => format!("seed {seed}"),
        Source::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
    }
}

/// Sums by gate, class and channel.
struct Sums {
    /// Indices of the channel gates.
    gates: Vec<usize>,
    values: Vec<Vec<Vec<f64>>>,
    images: Vec<u64>,
}

impl Sums {
    fn new(graph: &Graph, classes: usize) -> Result<Self, LabError> {
        let is_channel = |(_, gate): &(usize, &Gate)| gate.kind == GateKind::Channel;
        let gates: Vec<usize> = graph.gates.iter().enumerate().filter(is_channel).map(|(index, _)| index).collect();
        if gates.is_empty() {
            let name = &graph.name;
            return Err(LabError::Setting(format!(
                "{name} has no channel gates; give it attention that has: {name}+se"
            )));
        }
        let channels = |gate: &usize| graph[graph.gates[*gate].node].shape.elements();
        let values = gates.iter().map(|gate| vec![vec![0.0; channels(gate)]; classes]).collect();
        Ok(Self { gates, values, images: vec![0; classes] })
    }

    fn add(&mut self, class: usize, values: &[crate::compute::engine::GateValues]) {
        let Some(images) = self.images.get_mut(class) else { return };
        *images += 1;
        for (gate, sums) in self.gates.iter().zip(&mut self.values) {
            for (sum, value) in sums[class].iter_mut().zip(&values[*gate].values) {
                *sum += f64::from(*value);
            }
        }
    }

    fn gates(&self, graph: &Graph) -> Vec<AtlasGate> {
        let gate = |(index, sums): (&usize, &Vec<Vec<f64>>)| {
            let gate = &graph.gates[*index];
            let block = graph.enclosing(gate.scope, ScopeKind::Block).unwrap_or(gate.scope);
            let attention = match graph[gate.scope].kind {
                ScopeKind::Attention(name) => name,
                _ => "",
            };
            let means = sums.iter().zip(&self.images).map(|(sums, images)| {
                let images = (*images).max(1) as f64;
                sums.iter().map(|sum| (sum / images) as f32).collect()
            });
            AtlasGate {
                gate: gate.name.clone(),
                block: graph[block].path.clone(),
                attention: attention.to_owned(),
                means: means.collect(),
            }
        };
        self.gates.iter().zip(&self.values).map(gate).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
