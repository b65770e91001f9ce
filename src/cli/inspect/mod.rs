//! `gatescope inspect`: a network, its weights, a picture, and what every attention gate did.

mod files;
mod html;
mod page;
mod portraits;
mod result;
mod tensors;
mod value;

use std::path::{Path, PathBuf};

use super::error::CliError;
use super::format::{self, Format};
use super::images::{self, Images, Skipped};
use super::progress::Progress;
use super::subject::{self, Setting};
use super::{doubts, output};
use crate::compute::engine::{Control, Runner};
use crate::compute::imaging::{Picture, Prepared};
use crate::network::graph::{ScopeId, ScopeKind};
use files::Folder;
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
    #[command(flatten)]
    subject: subject::Args,
    #[command(flatten)]
    pictures: images::Args,
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

/// Inspects every image, writes what was asked for, then prints.
///
/// # Errors
/// [`CliError::Input`] for anything given that cannot be used, [`CliError::Failure`] for output that cannot be
/// written. Nothing is written unless every image that can be read could be inspected.
pub fn run(args: &Args) -> Result<(), CliError> {
    let images = Images::given(&args.pictures.images)?;
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
    let setting = Setting::of(&args.subject)?;
    let blocks: Vec<ScopeId> =
        if args.blocks { setting.graph.scopes_of(ScopeKind::Block).collect() } else { Vec::new() };
    let taps = blocks.iter().map(|block| setting.graph[*block].output).collect();
    let runner = args.subject.runner(&setting, taps)?;
    let names = images::short_names(&images.paths);
    if let Some(folder) = &folder {
        folder.claim(&setting, &names)?;
    }
    let (mut results, mut skipped) = (Vec::with_capacity(images.paths.len()), Vec::new());
    for (path, name) in images.paths.iter().zip(names) {
        match setting.prepared(path) {
            Ok(opened) => results.push(inspect((&setting, &runner), path, name, &opened, folder.as_mut())?),
            Err(problem) => skipped.push(images.skip(path, problem, args.pictures.strict)?),
        }
    }
    if results.is_empty() {
        let first = skipped.first().map(|skipped| skipped.reason.as_str()).unwrap_or_default();
        return Err(CliError::Input(format!("no picture can be read; the first says: {first}")));
    }
    let all = All { results: &results, skipped: &skipped, are_several: images.are_several };
    if let Some(path) = &args.tensors {
        output::write(path, &tensors::encode(&setting, &blocks, &all)?)?;
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

/// One image: run, its pictures staged. Only small things are kept.
fn inspect(
    (setting, runner): (&Setting, &Runner),
    path: &Path,
    short_name: String,
    (picture, prepared): &(Picture, Prepared),
    folder: Option<&mut Folder>,
) -> Result<Inspected, CliError> {
    let progress = Progress::new(&picture.name);
    let control = Control { progress: &|share| progress.show(share), cancelled: &|| false };
    let run = runner.run_with(&prepared.tensor, &setting.weights.holds(&setting.graph), &control);
    progress.clear();
    let run = run.map_err(|error| CliError::Failure(format!("{}: {error}", path.display())))?;
    let result = Inspected::new(setting, path, short_name, (picture, prepared), run);
    if let Some(folder) = folder {
        folder.add(setting, picture, prepared, &result)?;
    }
    Ok(result)
}
