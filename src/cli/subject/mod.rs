//! A network with its weights on the command line, ready to see pictures: what `inspect` and `draw` have in common.

mod preparing;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use super::error::CliError;
use super::running::DeviceArgs;
use super::source;
use super::{doubts, spec};
use crate::compute::config::ModelConfig;
use crate::compute::engine::{PlanOptions, Runner};
use crate::compute::imaging::{self, Picture, Prepared, Preprocessing};
use crate::compute::labels::Labels;
use crate::compute::weights::{Doubt, Graft, Opened, Recognised, Source, Weights};
use crate::network::graph::NodeId;
use crate::network::{Graph, Model};
use preparing::Configured;

/// What is said wherever untrained weights are used.
pub(super) const UNTRAINED: &str = "random numbers, so gates and classes mean nothing yet";

/// The network, its weights, and how pictures are prepared.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// The network: text (resnet50+cbam@layer3), a spec file, a checkpoint, or hf:OWNER/NAME on the Hugging Face Hub
    #[arg(value_name = "SPEC")]
    spec: OsString,
    /// Trained weights: safetensors or PyTorch, a file or hf:OWNER/NAME[@REVISION][/FILE]
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    #[command(flatten)]
    which: source::Which,
    /// Attention that the weights do not have: gates of 1, or untrained ones (--seed)
    #[arg(long, value_enum, value_name = "GATES")]
    graft: Option<Gates>,
    /// An option of the network, over what the text or file says: stride=v1
    #[arg(long, value_name = "OPTION=VALUE")]
    set: Vec<spec::Setting>,
    /// Without weights, or with --graft seeded: the seed of the random ones [default: 0]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    preparing: preparing::Args,
    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Gates {
    Identity,
    Seeded,
}

/// A network with its weights, ready to run, and how its pictures are prepared.
pub(super) struct Setting {
    pub(super) graph: Arc<Graph>,
    pub(super) weights: Weights,
    pub(super) preprocessing: Preprocessing,
    /// Where the preparation comes from, in words.
    pub(super) prepared_by: String,
    pub(super) labels: Option<Labels>,
    /// 0 where the network has no classifier.
    pub(super) classes: usize,
    /// What the checkpoint that gave the network leaves open.
    pub(super) doubts: Vec<Doubt>,
}

impl Setting {
    /// Opens what the arguments name.
    ///
    /// # Errors
    /// What was given and cannot be used.
    pub(super) fn of(args: &Args) -> Result<Self, CliError> {
        let (checkpoint, configured, named) = named(args)?;
        let Named { model, doubts } = named;
        let preprocessing = preparing::preprocessing(&args.preparing, &configured, model.input())?;
        let prepared_by = preparing::origin(&args.preparing, &configured);
        let classes = model.classes();
        let labels = preparing::labels(&args.preparing, configured, classes)?;
        if let Some(checkpoint) = &checkpoint {
            source::say_choice(checkpoint.file());
        }
        let graph = model.graph().clone();
        let weights = weights(args, &graph, checkpoint.as_ref())?;
        Ok(Self { graph, weights, preprocessing, prepared_by, labels, classes, doubts })
    }

    /// One image as the network takes it.
    ///
    /// # Errors
    /// A picture that cannot be read.
    pub(super) fn prepared(&self, path: &Path) -> Result<(Picture, Prepared), CliError> {
        let picture = imaging::open(path).map_err(CliError::input)?;
        let prepared = self.preprocessing.prepare(&picture).map_err(CliError::input)?;
        Ok((picture, prepared))
    }

    /// Where the weights come from, in the words every output uses.
    pub(super) fn source(&self) -> String {
        match self.weights.source() {
            Source::Seeded(seed) => format!("seeded (untrained, seed {seed})"),
            Source::File(path) => path.display().to_string(),
        }
    }

    /// Which tensors of the file have values that are no numbers, if any.
    pub(super) fn non_finite(&self) -> Option<String> {
        const NAMED: usize = 3;
        let names = &self.weights.report().non_finite;
        let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
        let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        (!names.is_empty()).then(|| format!("{} of them have NaN or infinite values: {shown}{more}", names.len()))
    }

    /// Is this gate's attention not from the weights' file?
    pub(super) fn is_grafted(&self, gate: usize) -> bool {
        self.weights.grafted().get(gate).copied().unwrap_or(false)
    }
}

/// A network, and what its file leaves open.
struct Named {
    model: Arc<Model>,
    doubts: Vec<Doubt>,
}

/// The checkpoint, if there is one, what its configuration says, and the network.
fn named(args: &Args) -> Result<(Option<Opened>, Configured, Named), CliError> {
    // The weights first: on the Hub they may bring a configuration.
    let is_file = source::is_remote(&args.spec) || spec::is_checkpoint(&args.spec);
    let argument = args.weights.as_ref().map(|path| path.as_os_str()).or(is_file.then_some(&args.spec));
    let resolved = argument.map(source::resolve).transpose()?;
    args.which.needs_file(resolved.is_some())?;
    let checkpoint = resolved.map(|source| spec::opened(&args.which.of(&source.path))).transpose()?;
    let configured = preparing::config(&args.preparing, checkpoint.as_ref())?;
    let (mut model, doubts) = network(args, checkpoint.as_ref(), &configured.config)?;
    let doubts = doubts::open(&doubts, &args.set);
    if !args.set.is_empty() || preparing::wants_input(&args.preparing, &configured) {
        let mut spec = spec::editable(&model)?;
        spec::set_all(&mut spec, &args.set)?;
        preparing::set_input(&args.preparing, &configured, &args.set, &mut spec)?;
        model = spec::changed(model, spec)?;
    }
    Ok((checkpoint, configured, Named { model, doubts }))
}

impl Args {
    /// The network alone, without its weights.
    ///
    /// # Errors
    /// What was given and is no network.
    pub(super) fn model(&self) -> Result<Arc<Model>, CliError> {
        let (_, _, Named { model, doubts }) = named(self)?;
        doubts::say_all(&doubts);
        Ok(model)
    }

    /// The network of a setting on the device asked for, keeping the outputs of these layers.
    ///
    /// # Errors
    /// A device that does not exist.
    pub(super) fn runner(&self, setting: &Setting, taps: Vec<NodeId>) -> Result<Runner, CliError> {
        let options = PlanOptions { taps, ..PlanOptions::default() };
        self.device.runner(&setting.graph, &setting.weights, options)
    }

    /// Says that what is asked runs on the processor, where another device was named.
    pub(super) fn say_where(&self) {
        self.device.say_processor();
    }

    /// Are there trained weights?
    pub(super) fn has_weights(&self) -> bool {
        self.weights.is_some() || source::is_remote(&self.spec) || spec::is_checkpoint(&self.spec)
    }
}

/// The network: what text or a spec file says, what a checkpoint's tensors say, else on the Hub its configuration.
/// With it comes what the tensors leave open.
fn network(
    args: &Args,
    checkpoint: Option<&Opened>,
    config: &ModelConfig,
) -> Result<(Arc<Model>, Vec<Doubt>), CliError> {
    let known = |found: &Recognised| (found.model(), found.doubts.clone());
    let configured = || source::network(&args.spec.to_string_lossy(), config);
    match checkpoint {
        Some(checkpoint) if args.weights.is_none() && spec::is_checkpoint(&args.spec) => {
            spec::recognised(checkpoint).map(known)
        }
        _ if spec::is_checkpoint(&args.spec) => spec::recognised(&spec::opened(Path::new(&args.spec))?).map(known),
        Some(checkpoint) if source::is_remote(&args.spec) && args.weights.is_none() => {
            let found = spec::recognised(checkpoint).map(known);
            found.or_else(|problem| configured().map(|model| (model, Vec::new())).map_err(|_| problem))
        }
        _ if source::is_remote(&args.spec) => Ok((configured()?, Vec::new())),
        _ => Ok((spec::read(&args.spec)?, Vec::new())),
    }
}

fn weights(args: &Args, graph: &Graph, checkpoint: Option<&Opened>) -> Result<Weights, CliError> {
    let seed = args.seed.unwrap_or(0);
    if checkpoint.is_some() && args.seed.is_some() && args.graft != Some(Gates::Seeded) {
        return Err(CliError::Input("--seed: these weights come from a file; leave out --seed or the file".to_owned()));
    }
    let loaded = match (checkpoint, args.graft) {
        (Some(opened), None) => Weights::of(graph, opened),
        (Some(opened), Some(Gates::Identity)) => Weights::grafted_on(graph, opened, Graft::Identity),
        (Some(opened), Some(Gates::Seeded)) => Weights::grafted_on(graph, opened, Graft::Seeded(seed)),
        (None, None) => return Ok(Weights::seeded(graph, seed)),
        (None, Some(_)) => {
            return Err(CliError::Input(
                "--graft: give the weights to graft under the network with --weights".to_owned(),
            ));
        }
    };
    loaded.map_err(CliError::input)
}
