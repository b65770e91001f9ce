//! `gatescope inspect`: a network, its weights, a picture, and what every attention gate did.

mod files;
mod html;
mod page;
mod preparing;
mod result;
mod tensors;
mod value;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ValueEnum;

use super::error::CliError;
use super::progress::Progress;
use super::source::{self, Source};
use super::{output, spec};
use crate::compute::engine::{Control, Plan, PlanOptions};
use crate::compute::imaging::{self, Preprocessing};
use crate::compute::labels::Labels;
use crate::compute::weights::Weights;
use crate::network::{Graph, lower, zoo};
use files::Folder;
use result::Inspected;

const EXAMPLES: &str = "\
Examples:
  gatescope inspect resnet50+cbam --weights cbam.safetensors --image photo.jpg
  gatescope inspect resnet50+cbam --image photo.jpg --out report
                                  report/index.html shows every gate
  gatescope inspect seresnet50 --image a.jpg b.jpg --format json
  gatescope inspect resnet18+sam --image photo.jpg --tensors gates.safetensors

Without --weights the network is untrained: random numbers, the same for the same seed.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The network: text (resnet50+cbam@layer3), a spec file, or hf:OWNER/NAME on the Hugging Face Hub
    #[arg(value_name = "SPEC")]
    spec: OsString,
    /// Trained weights: safetensors with PyTorch's state_dict names, a file or hf:OWNER/NAME[@REVISION][/FILE]
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Without weights: the seed of the random ones
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "weights")]
    seed: u64,
    /// Pictures: PNG, JPEG, WebP, BMP, GIF (first frame), TIFF
    #[arg(long = "image", value_name = "FILE", required = true, num_args = 1..)]
    images: Vec<PathBuf>,
    #[command(flatten)]
    preparing: preparing::Args,
    /// Write one picture a gate and an index.html there; with several images, a folder each
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write logits and gate/NAME as safetensors; with several images, under IMAGE/
    #[arg(long, value_name = "FILE")]
    tensors: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// What all images of a run share.
struct Setting {
    graph: Graph,
    weights: Weights,
    plan: Plan,
    preprocessing: Preprocessing,
    labels: Option<Labels>,
}

/// Inspects every image, writes what was asked for, then prints.
///
/// # Errors
/// [`CliError::Input`] for anything given that cannot be used, [`CliError::Failure`] for output that cannot be
/// written. Nothing is written unless every image could be inspected.
pub fn run(args: &Args) -> Result<(), CliError> {
    let setting = setting(args)?;
    let open = |path: &std::path::Path| Folder::open(path, args.images.len());
    let mut folder = args.out.as_deref().map(open).transpose()?;
    if let Some(path) = &args.tensors {
        output::check_target(path, "--tensors")?;
    }
    let names = result::short_names(&args.images);
    let mut results = Vec::with_capacity(args.images.len());
    for (path, name) in args.images.iter().zip(names) {
        results.push(inspect(&setting, path, name, folder.as_mut())?);
    }
    if let Some(path) = &args.tensors {
        output::write(path, &tensors::encode(&setting, &results)?)?;
    }
    let index = folder.map(|folder| folder.finish(&setting, &results)).transpose()?;
    match args.format {
        Format::Table => output::print(&page::page(&setting, &results, index.as_deref()).text()),
        Format::Json => value::print(&setting, &results),
    }
}

fn setting(args: &Args) -> Result<Setting, CliError> {
    // The weights first: on the Hub they may bring a configuration.
    let argument =
        args.weights.as_ref().map(|path| path.as_os_str()).or(source::is_remote(&args.spec).then_some(&args.spec));
    let checkpoint = argument.map(source::resolve).transpose()?;
    let config = preparing::config(&args.preparing, checkpoint.as_ref())?;
    let mut spec = match source::is_remote(&args.spec) {
        true => source::network(&args.spec.to_string_lossy(), &config)?,
        false => spec::read(&args.spec)?,
    };
    preparing::set_input(&args.preparing, &config, &mut spec)?;
    let graph = lower(&spec).map_err(CliError::input)?;
    let preprocessing = preparing::preprocessing(&args.preparing, &config, zoo::input_of(&spec))?;
    let labels = preparing::labels(&args.preparing, config, zoo::classes_of(&spec))?;
    let weights = match checkpoint {
        Some(Source { path, .. }) => Weights::open(&graph, &path).map_err(CliError::input)?,
        None => Weights::seeded(&graph, args.seed),
    };
    let plan = Plan::new(&graph, &weights, PlanOptions::default()).map_err(CliError::input)?;
    Ok(Setting { graph, weights, plan, preprocessing, labels })
}

/// One image: opened, run, its pictures staged. Only small things are kept.
fn inspect(
    setting: &Setting,
    path: &std::path::Path,
    short_name: String,
    folder: Option<&mut Folder>,
) -> Result<Inspected, CliError> {
    let picture = imaging::open(path).map_err(CliError::input)?;
    let prepared = setting.preprocessing.prepare(&picture).map_err(CliError::input)?;
    let progress = Progress::new(&picture.name);
    let control = Control { progress: &|share| progress.show(share), cancelled: &|| false };
    let run = setting.plan.run_with(&prepared.tensor, &control);
    progress.clear();
    let run = run.map_err(|error| CliError::Failure(format!("{}: {error}", path.display())))?;
    let size = [picture.pixels.width(), picture.pixels.height()];
    let result = Inspected::new(setting, path, short_name, size, run);
    if let Some(folder) = folder {
        folder.add(setting, &picture, &prepared, &result)?;
    }
    Ok(result)
}
