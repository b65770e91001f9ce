//! `gatescope inspect`: a network, its weights, a picture, and what every attention gate did.

mod files;
mod html;
mod images;
mod page;
mod portraits;
mod preparing;
mod result;
mod tensors;
mod value;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::error::CliError;
use super::format::{self, Format};
use super::progress::Progress;
use super::running::DeviceArgs;
use super::source::{self, Source};
use super::{doubts, output, spec};
use crate::compute::config::ModelConfig;
use crate::compute::engine::{Control, PlanOptions, Runner};
use crate::compute::imaging::{self, Picture, Prepared, Preprocessing};
use crate::compute::labels::Labels;
use crate::compute::weights::{Doubt, Graft, Recognised, Weights};
use crate::network::graph::{ScopeId, ScopeKind};
use crate::network::{Graph, NetworkSpec, lower, zoo};
use files::Folder;
use images::{Images, Skipped};
use result::Inspected;

const EXAMPLES: &str = "\
Examples:
  gatescope inspect resnet50+cbam --weights cbam.safetensors --image photo.jpg
  gatescope inspect resnet50+cbam --image photo.jpg --out report
                                  report/index.html shows every gate
  gatescope inspect seresnet50 --image a.jpg b.jpg --format json
  gatescope inspect resnet18+sam --image photo.jpg --tensors gates.safetensors
  gatescope inspect cbam.pth --image photo.jpg
                                  the file alone says which network it is
  gatescope inspect resnet50+cbam --weights resnet50.pth --graft identity --image photo.jpg
                                  weights without attention under a network that has some

Without --weights the network is untrained: random numbers, the same for the same seed.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
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
    /// Pictures: PNG, JPEG, WebP, BMP, GIF (first frame), TIFF, PPM, PGM; a folder stands for those in it. Of several,
    /// one that cannot be read is named and left out
    #[arg(long = "image", value_name = "FILE", required = true, num_args = 1..)]
    images: Vec<PathBuf>,
    /// Refuse a picture that cannot be read, instead of leaving it out
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    preparing: preparing::Args,
    #[command(flatten)]
    device: DeviceArgs,
    /// Write pictures of every gate and an index.html there; with several images, a folder each. Files that gatescope
    /// did not write, or that were changed since, are never replaced
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    print: format::Args,
    /// Write logits (or features) and gate/NAME as safetensors; with several images, under IMAGE/. A file that gatescope
    /// did not write is never replaced
    #[arg(long, value_name = "FILE")]
    tensors: Option<PathBuf>,
    /// With --tensors and one image: every block's output too, as block/PATH [C, H, W]
    #[arg(long, requires = "tensors")]
    blocks: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Gates {
    Identity,
    Seeded,
}

/// What all images of a run share.
struct Setting {
    graph: Graph,
    weights: Weights,
    runner: Runner,
    preprocessing: Preprocessing,
    /// Where the preparation comes from, in words.
    prepared_by: String,
    labels: Option<Labels>,
    /// 0 where the network has no classifier.
    classes: usize,
    /// What the checkpoint that gave the network leaves open.
    doubts: Vec<Doubt>,
    /// Blocks whose outputs are wanted.
    blocks: Vec<ScopeId>,
}

impl Setting {
    /// Is this gate's attention not from the weights' file?
    fn is_grafted(&self, gate: usize) -> bool {
        self.weights.grafted().get(gate).copied().unwrap_or(false)
    }
}

/// Inspects every image, writes what was asked for, then prints.
///
/// # Errors
/// [`CliError::Input`] for anything given that cannot be used, [`CliError::Failure`] for output that cannot be
/// written. Nothing is written unless every image that can be read could be inspected.
pub fn run(args: &Args) -> Result<(), CliError> {
    let images = Images::given(&args.images)?;
    if args.blocks && images.are_several {
        return Err(CliError::Input(
            "--blocks: give one image, the outputs of several do not fit in memory".to_owned(),
        ));
    }
    // What cannot be written is refused before anything is read or computed.
    let mut folder = args.out.as_deref().map(|path| Folder::open(path, images.are_several)).transpose()?;
    if let Some(path) = &args.tensors {
        output::check_target(path, "--tensors")?;
    }
    let setting = setting(args)?;
    let names = result::short_names(&images.paths);
    if let Some(folder) = &folder {
        folder.claim(&setting, &names)?;
    }
    let (mut results, mut skipped) = (Vec::with_capacity(images.paths.len()), Vec::new());
    for (path, name) in images.paths.iter().zip(names) {
        match prepared(&setting, path) {
            Ok(opened) => results.push(inspect(&setting, path, name, &opened, folder.as_mut())?),
            Err(problem) => skipped.push(images.skip(path, problem, args.strict)?),
        }
    }
    if results.is_empty() {
        let first = skipped.first().map(|skipped| skipped.reason.as_str()).unwrap_or_default();
        return Err(CliError::Input(format!("no picture can be read; the first says: {first}")));
    }
    let all = All { results: &results, skipped: &skipped, are_several: images.are_several };
    if let Some(path) = &args.tensors {
        output::write(path, &tensors::encode(&setting, &all)?)?;
    }
    let index = folder.map(|folder| folder.finish(&setting, &all)).transpose()?;
    // The result has them all.
    doubts::say_all(&setting.doubts);
    match args.print.format {
        Format::Table => output::print(&page::page(&setting, &all, index.as_deref()).text()),
        Format::Json => value::print(&setting, &all),
    }
}

/// What came of all images.
struct All<'a> {
    results: &'a [Inspected],
    skipped: &'a [Skipped],
    /// Results are a list, though it may have one entry.
    are_several: bool,
}

fn setting(args: &Args) -> Result<Setting, CliError> {
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
    let graph = lower(&spec).map_err(CliError::input)?;
    let preprocessing = preparing::preprocessing(&args.preparing, &configured, zoo::input_of(&spec))?;
    let prepared_by = preparing::origin(&args.preparing, &configured);
    let classes = zoo::classes_of(&spec);
    let labels = preparing::labels(&args.preparing, configured, classes)?;
    if let Some(checkpoint) = &checkpoint {
        source::say_choice(&checkpoint.path);
    }
    let weights = weights(args, &graph, checkpoint)?;
    let blocks = if args.blocks { graph.scopes_of(ScopeKind::Block).collect() } else { Vec::new() };
    let taps = blocks.iter().map(|block| graph[*block].output).collect();
    let options = PlanOptions { taps, ..PlanOptions::default() };
    let runner = args.device.runner(&graph, &weights, options)?;
    Ok(Setting { graph, weights, runner, preprocessing, prepared_by, labels, classes, doubts, blocks })
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

/// One image as the network takes it.
fn prepared(setting: &Setting, path: &Path) -> Result<(Picture, Prepared), CliError> {
    let picture = imaging::open(path).map_err(CliError::input)?;
    let prepared = setting.preprocessing.prepare(&picture).map_err(CliError::input)?;
    Ok((picture, prepared))
}

/// One image: run, its pictures staged. Only small things are kept.
fn inspect(
    setting: &Setting,
    path: &Path,
    short_name: String,
    (picture, prepared): &(Picture, Prepared),
    folder: Option<&mut Folder>,
) -> Result<Inspected, CliError> {
    let progress = Progress::new(&picture.name);
    let control = Control { progress: &|share| progress.show(share), cancelled: &|| false };
    let run = setting.runner.run_with(&prepared.tensor, &setting.weights.holds(&setting.graph), &control);
    progress.clear();
    let run = run.map_err(|error| CliError::Failure(format!("{}: {error}", path.display())))?;
    let result = Inspected::new(setting, path, short_name, (picture, prepared), run);
    if let Some(folder) = folder {
        folder.add(setting, picture, prepared, &result)?;
    }
    Ok(result)
}
