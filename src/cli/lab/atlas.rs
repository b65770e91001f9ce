//! `gatescope lab atlas`: what every channel gate does, by class.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::experiment::{self, Format};
use crate::cli::data::{self, Data};
use crate::cli::error::CliError;
use crate::cli::page::Page;
use crate::cli::table::{Cell, Table};
use crate::cli::{source, spec};
use crate::compute::engine::MAX_THREADS;
use crate::compute::lab::data::Split;
use crate::compute::lab::experiments::Watch;
use crate::compute::lab::experiments::atlas::{self, AtlasResult, AtlasSettings, Order};
use crate::compute::weights::{Opened, Weights};

const EXAMPLES: &str = "\
Examples:
  gatescope lab atlas trained.safetensors --out atlas
  gatescope lab atlas seresnet50 --weights seresnet50.pth --data photos --split all --out atlas
  gatescope lab atlas trained.safetensors --order sorted --format json

Class means of every channel gate, as in the figures of the SENet paper.";

/// The subcommand's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The network: text (resnet50+se), a spec file, or a checkpoint
    #[arg(value_name = "SPEC")]
    spec: OsString,
    /// Trained weights, where SPEC is not the checkpoint itself
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    #[command(flatten)]
    which: source::Which,
    #[command(flatten)]
    data: Data,
    /// Which pictures
    #[arg(long, value_enum, default_value_t = Part::Test)]
    split: Part,
    /// At most this many pictures of a split
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), default_value_t = 1000)]
    images: u64,
    /// The order of channels in the picture
    #[arg(long, value_enum, default_value_t = Channels::Index)]
    order: Channels,
    /// Threads [default: the machine's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_THREADS as u64))]
    threads: Option<u64>,
    /// Write CSV, JSON and PNG there; files that others made are never replaced
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Train,
    Validation,
    Test,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Channels {
    Index,
    Sorted,
}

/// Runs, writes and prints.
///
/// # Errors
/// A network, weights or data that cannot be used, a target that cannot be written.
pub fn run(args: &Args) -> Result<(), CliError> {
    experiment::check_out(args.out.as_deref(), &AtlasResult::FILES)?;
    let is_file = source::is_remote(&args.spec) || spec::is_checkpoint(&args.spec);
    let argument = args.weights.as_ref().map(|path| path.as_os_str()).or(is_file.then_some(&args.spec));
    let resolved = argument.map(source::resolve).transpose()?;
    args.which.needs_file(resolved.is_some())?;
    let opened = resolved.map(|source| spec::opened(&args.which.of(&source.path))).transpose()?;
    if let Some(opened) = &opened {
        source::say_choice(opened.file());
    }
    let model = match &opened {
        Some(opened) if is_file => spec::recognised(opened)?.model(),
        _ => spec::read(&args.spec)?,
    };
    let (graph, input) = (model.graph(), model.input());
    let weights = match &opened {
        Some(opened) => Weights::of(graph, opened).map_err(CliError::input)?,
        None => Weights::seeded(graph, 0),
    };
    let dataset = args.data.open(input)?.dataset;
    let mut settings = AtlasSettings::of(&*dataset);
    settings.prepare_for(input, opened.as_ref().map(Opened::file)).map_err(data::refused)?;
    settings.images = args.images;
    settings.threads = args.threads.map_or(settings.threads, |threads| threads as usize);
    settings.splits = match args.split {
        Part::Train => vec![Split::Train],
        Part::Validation => vec![Split::Validation],
        Part::Test => vec![Split::Test],
        Part::All => Split::ALL.to_vec(),
    };
    let order = match args.order {
        Channels::Index => Order::Index,
        Channels::Sorted => Order::Sorted,
    };
    let result = experiment::watched(|progress| {
        let watch = Watch { progress, ..Watch::none() };
        atlas::run(graph, &weights, &*dataset, &settings, &watch)
    })?;
    let files = (args.out.as_deref(), |out: &Path| result.write(out, order));
    experiment::report(&result, files, args.format, (page(&result), result.reading()))
}

fn page(result: &AtlasResult) -> Page {
    let mut page = Page::default();
    page.heading("Excitation atlas");
    page.line(result.budget());
    let mut table =
        Table::new().words("block").words("gate").numbers("channels").numbers("mean").numbers("classes apart");
    for gate in &result.gates {
        table.row(vec![
            Cell::Text(gate.block.clone()),
            Cell::Text(gate.attention.clone()),
            Cell::Count(gate.channels() as u64),
            Cell::Value(gate.mean() as f32),
            Cell::Value(gate.class_spread() as f32),
        ]);
    }
    page.table(table);
    page
}
