//! The numbers of a network: read from a checkpoint and bound to a graph, or seeded.

mod bind;
pub mod bundled;
pub mod checkpoint;
mod choice;
mod error;
mod init;
mod map;
mod opened;
pub mod recognise;
mod trained;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use bundled::{Bundled, bundled};
pub use checkpoint::Checkpoint;
pub use choice::WeightsChoice;
pub use error::WeightsError;
pub use opened::Opened;
pub use recognise::{Doubt, Recognised, recognise};
pub use trained::TrainedOn;
pub(in crate::compute) use trained::{json, keys, parsed};

use crate::compute::holds::{Hold, Holds};
use crate::network::graph::{Graph, Param, ParamId};

/// The numbers of one parameter. Cloning shares them.
#[derive(Clone, Debug)]
pub(in crate::compute) struct Tensor {
    /// In PyTorch's order.
    pub(in crate::compute) shape: Vec<usize>,
    /// Row-major; as many as the shape has elements. A vector, not a slice of its own: what was read is not copied.
    pub(in crate::compute) values: Arc<Vec<f32>>,
}

impl Tensor {
    /// A parameter's numbers; `None` where they are not as many as its shape has elements.
    pub(in crate::compute) fn new(shape: &[usize], values: Vec<f32>) -> Option<Self> {
        let fits = values.len() == shape.iter().product::<usize>();
        fits.then(|| Self { shape: shape.to_vec(), values: Arc::new(values) })
    }
}

/// One tensor for each parameter of a graph, in the graph's order. Cloning shares the numbers.
#[derive(Clone, Debug)]
pub struct Weights {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    tensors: Vec<Tensor>,
    source: Source,
    report: LoadReport,
    /// By gate of the graph: its attention is not from the file. Empty where everything is.
    grafted: Vec<bool>,
    /// Grafted blocks change nothing, whatever their tensors say.
    identity: bool,
}

/// Where weights come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Random numbers from this seed: the network is untrained.
    Seeded(u64),
    /// A checkpoint file.
    File(PathBuf),
}

/// What stands in for attention that a file does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Graft {
    /// Gates at which attention changes nothing (1, where they multiply): the network computes what it computes
    /// without attention.
    Identity,
    /// Untrained attention from this seed.
    Seeded(u64),
}

/// How a checkpoint and a graph met. Names are those of the state_dict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// How many tensors were there with the right shape.
    pub matched: usize,
    /// The network needs them, the file has not got them.
    pub missing: Vec<String>,
    /// The file has them, the network has no place for them.
    pub unexpected: Vec<String>,
    /// The file has them, and they are no part of any network: counters, losses, scales, and what is outside of the
    /// prefix that the network's tensors share. Nothing reads them.
    pub left_over: Vec<String>,
    /// Both have them, in different shapes.
    pub mismatched: Vec<Mismatch>,
    /// Tensors with NaN or infinite values: they are loaded, what they compute may be meaningless.
    pub non_finite: Vec<String>,
    /// Every tensor that was read, in the graph's order, by both its names.
    pub mapped: Vec<Mapped>,
    /// Element types in the file, and how many of the tensors have each.
    pub dtypes: Vec<(String, usize)>,
    /// What the file is, in sentences.
    pub verdict: Vec<String>,
    /// Paths of attention blocks that are not from the file.
    pub grafted: Vec<String>,
    /// What tensors that are not from the file are drawn with.
    pub(in crate::compute) seed: u64,
}

impl LoadReport {
    /// Did every tensor find its place?
    #[must_use]
    pub fn fits(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.mismatched.is_empty()
    }

    /// Adds a sentence that is not there yet.
    fn say(&mut self, sentence: Option<String>) {
        let is_new = |sentence: &String| !self.verdict.contains(sentence);
        if let Some(sentence) = sentence.filter(is_new) {
            self.verdict.push(sentence);
        }
    }

    /// Tensors whose name in the file is not the graph's, prefixes apart.
    pub fn renamed(&self) -> impl Iterator<Item = &Mapped> {
        self.mapped.iter().filter(|mapped| mapped.is_renamed)
    }
}

/// A tensor's two names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// In the file, prefixes included: `module.layer0.conv1.weight`.
    pub file: String,
    /// In the graph: `conv1.weight`.
    pub name: String,
    /// Do they differ, prefixes apart?
    pub is_renamed: bool,
}

/// A tensor whose shape is not the network's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Its name in the state_dict.
    pub name: String,
    /// The shape the network needs.
    pub expected: Vec<usize>,
    /// The shape in the file.
    pub found: Vec<usize>,
}

impl Weights {
    /// Random weights that depend on the seed and on each parameter's name, shape and place only: the same on
    /// every platform, and unchanged when other layers change.
    ///
    /// Convolutions: He normal, fan-out, as torchvision's ResNet. Linear layers: uniform within ±1/√fan_in, as
    /// PyTorch's default. BatchNorm: the identity, in the spatial gate too (the official CBAM code starts that
    /// one at zero, which would show every untrained spatial map as a flat 0.5). Attention biases: zero.
    #[must_use]
    pub fn seeded(graph: &Graph, seed: u64) -> Self {
        Self::new(init::tensors(graph, seed), Source::Seeded(seed), LoadReport::default())
    }

    /// The numbers that [`Weights::seeded`] gives one parameter of a graph, row-major.
    #[must_use]
    pub fn fresh(graph: &Graph, param: &Param, seed: u64) -> Vec<f32> {
        init::tensor(graph, param, seed).values.as_ref().clone()
    }

    /// Reads a checkpoint (safetensors, PyTorch) that holds exactly the graph's tensors: under the graph's names
    /// (`layer1.0.conv1.weight`), or under those of a dialect that [`recognise()`] knows. What [`Checkpoint`] strips
    /// and `num_batches_tracked` are ignored.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or does not hold exactly the graph's tensors.
    pub fn open(graph: &Graph, path: &Path) -> Result<Self, WeightsError> {
        Self::of(graph, &Opened::at(path)?)
    }

    /// The same of a checkpoint that is open.
    ///
    /// # Errors
    /// As [`Weights::open`].
    pub fn of(graph: &Graph, opened: &Opened) -> Result<Self, WeightsError> {
        let file = opened.file();
        let (tensors, mut report) = bind::bind(graph, file, opened.recognised().ok())?;
        report.say(file.choice());
        Ok(Self::new(tensors, Source::File(file.path().to_owned()), report))
    }

    /// Reads a checkpoint that has nothing of some of the graph's attention blocks: weights of a plain ResNet under
    /// a network with attention. Everything else must fit as for [`Weights::open`].
    ///
    /// # Errors
    /// As [`Weights::open`]; also when the file has a part of an attention block.
    pub fn graft(graph: &Graph, path: &Path, graft: Graft) -> Result<Self, WeightsError> {
        Self::grafted_on(graph, &Opened::at(path)?, graft)
    }

    /// The same of a checkpoint that is open.
    ///
    /// # Errors
    /// As [`Weights::graft`].
    pub fn grafted_on(graph: &Graph, opened: &Opened, graft: Graft) -> Result<Self, WeightsError> {
        let file = opened.file();
        let (tensors, mut report, grafted) = bind::graft(graph, file, opened.recognised().ok(), graft)?;
        report.say(file.choice());
        let (source, identity) = (Source::File(file.path().to_owned()), graft == Graft::Identity);
        Ok(Self { inner: Arc::new(Inner { tensors, source, report, grafted, identity }) })
    }

    pub(in crate::compute) fn new(tensors: Vec<Tensor>, source: Source, report: LoadReport) -> Self {
        Self { inner: Arc::new(Inner { tensors, source, report, grafted: Vec::new(), identity: false }) }
    }

    /// By gate of the graph: is its attention not from the file? Empty where everything is.
    #[must_use]
    pub fn grafted(&self) -> &[bool] {
        &self.inner.grafted
    }

    /// Does this gate's block change nothing by definition, whatever its attention computes?
    #[must_use]
    pub fn is_identity(&self, gate: usize) -> bool {
        self.inner.identity && self.inner.grafted.get(gate).copied().unwrap_or(false)
    }

    /// What every run with these weights holds: gates of attention that was grafted as the identity, at the value at
    /// which their block changes nothing. A block that no gate turns off has a last layer of zeros instead
    /// ([`Weights::graft`]).
    #[must_use]
    pub fn holds(&self, graph: &Graph) -> Holds {
        let mut holds = Holds::none();
        for (index, gate) in graph.gates.iter().enumerate().filter(|(index, _)| self.is_identity(*index)) {
            if let Some(neutral) = gate.neutral {
                holds.set(index, Hold::Value(neutral));
            }
        }
        holds
    }

    /// Where they come from.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.inner.source
    }

    /// Do they come from a file?
    #[must_use]
    pub fn is_trained(&self) -> bool {
        matches!(self.inner.source, Source::File(_))
    }

    /// How file and graph met; all zero and empty for seeded weights.
    #[must_use]
    pub fn report(&self) -> &LoadReport {
        &self.inner.report
    }

    /// A copy of one parameter's numbers, row-major; empty if the graph they were made for has no such parameter.
    #[must_use]
    pub fn values(&self, param: ParamId) -> Vec<f32> {
        self.tensor(param).map(|tensor| tensor.values.as_ref().clone()).unwrap_or_default()
    }

    /// Looks at one parameter's numbers, row-major, without copying them.
    ///
    /// # Errors
    /// When the graph they were made for has no such parameter, in words.
    pub(in crate::compute) fn read<R>(&self, param: ParamId, look: impl FnOnce(&[f32]) -> R) -> Result<R, String> {
        let tensor = self.tensor(param).ok_or("its weights are not there")?;
        Ok(look(&tensor.values))
    }

    /// One parameter's tensor, in the shape the graph gives it.
    pub(in crate::compute) fn tensor(&self, param: ParamId) -> Option<&Tensor> {
        self.inner.tensors.get(param.0)
    }

    /// The first parameter of `graph` that these weights do not have in its shape, if they were made for another.
    pub(in crate::compute) fn misfit<'a>(&self, graph: &'a Graph) -> Option<&'a str> {
        let fits = |(index, shape): (usize, &[usize])| self.tensor(ParamId(index)).is_some_and(|t| t.shape == shape);
        graph.params.iter().enumerate().find(|(index, param)| !fits((*index, &param.shape))).map(|(_, p)| &*p.name)
    }
}
