//! A network with its weights on the command line, ready to see pictures: what `inspect` and `draw` have in common.

mod preparing;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::error::CliError;
use super::running::DeviceArgs;
use super::source::{self, Source};
use super::{doubts, spec};
use crate::compute::config::ModelConfig;
use crate::compute::engine::{PlanOptions, Runner};
use crate::compute::imaging::{self, Picture, Prepared, Preprocessing};
use crate::compute::labels::Labels;
use crate::compute::weights::{Doubt, Graft, Recognised, Weights};
use crate::network::graph::{ScopeId, ScopeKind};
use crate::network::{Graph, NetworkSpec, lower, zoo};
use preparing::Configured;

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
    pub(super) graph: Graph,
    pub(super) weights: Weights,
    pub(super) runner: Runner,
    pub(super) preprocessing: Preprocessing,
    /// Where the preparation comes from, in words.
    pub(super) prepared_by: String,
    pub(super) labels: Option<Labels>,
    /// 0 where the network has no classifier.
    pub(super) classes: usize,
    /// What the checkpoint that gave the network leaves open.
    pub(super) doubts: Vec<Doubt>,
    /// Blocks whose outputs are wanted.
    pub(super) blocks: Vec<ScopeId>,
}

impl Setting {
    /// Opens what the arguments name; with the outputs of blocks where they are wanted.
    ///
    /// # Errors
    /// What was given and cannot be used.
    pub(super) fn of(args: &Args, has_blocks: bool) -> Result<Self, CliError> {
        let (mut checkpoint, configured, named) = named(args)?;
        let Named { spec, doubts } = named;
        let graph = lower(&spec).map_err(CliError::input)?;
        let preprocessing = preparing::preprocessing(&args.preparing, &configured, zoo::input_of(&spec))?;
        let prepared_by = preparing::origin(&args.preparing, &configured);
        let classes = zoo::classes_of(&spec);
        let labels = preparing::labels(&args.preparing, configured, classes)?;
        if let Some(checkpoint) = &checkpoint {
            source::say_choice(&checkpoint.path);
        }
        let weights = weights(args, &graph, checkpoint.take())?;
        let blocks = if has_blocks { graph.scopes_of(ScopeKind::Block).collect() } else { Vec::new() };
        let taps = blocks.iter().map(|block| graph[*block].output).collect();
        let options = PlanOptions { taps, ..PlanOptions::default() };
        let runner = args.device.runner(&graph, &weights, options)?;
        Ok(Self { graph, weights, runner, preprocessing, prepared_by, labels, classes, doubts, blocks })
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

    /// Is this gate's attention not from the weights' file?
    pub(super) fn is_grafted(&self, gate: usize) -> bool {
        self.weights.grafted().get(gate).copied().unwrap_or(false)
    }
}

/// A network by its spec, and what its file leaves open.
struct Named {
    spec: NetworkSpec,
    doubts: Vec<Doubt>,
}

/// The checkpoint, if there is one, what its configuration says, and the network.
fn named(args: &Args) -> Result<(Option<Source>, Configured, Named), CliError> {
    // The weights first: on the Hub they may bring a configuration.
    let is_file = source::is_remote(&args.spec) || spec::is_checkpoint(&args.spec);
    let argument = args.weights.as_ref().map(|path| path.as_os_str()).or(is_file.then_some(&args.spec));
    let mut checkpoint = argument.map(source::resolve).transpose()?;
    args.which.needs_file(checkpoint.is_some())?;
    if let Some(checkpoint) = &mut checkpoint {
        checkpoint.path = args.which.of(&checkpoint.path);
    }
    let configured = preparing::config(&args.preparing, checkpoint.as_ref())?;
    let (mut spec, doubts) = network(args, checkpoint.as_ref(), &configured.config)?;
    let doubts = doubts::open(&doubts, &args.set);
    spec::set_all(&mut spec, &args.set)?;
    preparing::set_input(&args.preparing, &configured, &args.set, &mut spec)?;
    Ok((checkpoint, configured, Named { spec, doubts }))
}

impl Args {
    /// The network alone, without its weights.
    ///
    /// # Errors
    /// What was given and is no network.
    pub(super) fn graph(&self) -> Result<Graph, CliError> {
        let (_, _, Named { spec, doubts }) = named(self)?;
        doubts::say_all(&doubts);
        lower(&spec).map_err(CliError::input)
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
    checkpoint: Option<&Source>,
    config: &ModelConfig,
) -> Result<(NetworkSpec, Vec<Doubt>), CliError> {
    let known = |found: Recognised| (found.spec, found.doubts);
    let configured = || source::network(&args.spec.to_string_lossy(), config);
    match checkpoint {
        Some(checkpoint) if args.weights.is_none() && spec::is_checkpoint(&args.spec) => {
            spec::recognised(&checkpoint.path).map(known)
        }
        _ if spec::is_checkpoint(&args.spec) => spec::recognised(Path::new(&args.spec)).map(known),
        Some(checkpoint) if source::is_remote(&args.spec) && args.weights.is_none() => {
            let found = spec::recognised(&checkpoint.path).map(known);
            found.or_else(|problem| configured().map(|spec| (spec, Vec::new())).map_err(|_| problem))
        }
        _ if source::is_remote(&args.spec) => Ok((configured()?, Vec::new())),
        _ => Ok((spec::read(&args.spec)?, Vec::new())),
    }
}

fn weights(args: &Args, graph: &Graph, checkpoint: Option<Source>) -> Result<Weights, CliError> {
    let seed = args.seed.unwrap_or(0);
    if checkpoint.is_some() && args.seed.is_some() && args.graft != Some(Gates::Seeded) {
        return Err(CliError::Input("--seed: these weights come from a file; leave out --seed or the file".to_owned()));
    }
    let loaded = match (checkpoint, args.graft) {
        (Some(Source { path, .. }), None) => Weights::open(graph, &path),
        (Some(Source { path, .. }), Some(Gates::Identity)) => Weights::graft(graph, &path, Graft::Identity),
        (Some(Source { path, .. }), Some(Gates::Seeded)) => Weights::graft(graph, &path, Graft::Seeded(seed)),
        (None, None) => return Ok(Weights::seeded(graph, seed)),
        (None, Some(_)) => {
            return Err(CliError::Input(
                "--graft: give the weights to graft under the network with --weights".to_owned(),
            ));
        }
    };
    loaded.map_err(CliError::input)
}
