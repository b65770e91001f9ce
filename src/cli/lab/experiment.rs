//! What the experiments' subcommands share: the budget's flags, progress on standard error, writing and printing.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use serde::Serialize;

use crate::cli::error::CliError;
use crate::cli::page::Page;
use crate::cli::{data, output};
use crate::compute::engine::MAX_THREADS;
use crate::compute::lab::LabError;
use crate::compute::lab::experiments::{self, Progress};
use crate::compute::lab::training::TrainingRecipe;

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Table,
    Json,
}

/// What a run may cost.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Budget {
    /// Networks of each kind, on seeds one after the other
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: Option<u64>,
    /// The first seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How often an epoch's images are gone through
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Training images of an epoch
    #[arg(long, value_name = "N")]
    samples: Option<u64>,
    /// Test images after each epoch
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    test: Option<u64>,
    /// The largest learning rate, for every network alike
    #[arg(long, value_name = "RATE")]
    lr: Option<f32>,
    /// Epochs in which the learning rate rises from 0, for every network alike
    #[arg(long, value_name = "EPOCHS")]
    warmup: Option<f32>,
    /// Threads [default: the machine's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_THREADS as u64))]
    threads: Option<u64>,
    /// Write CSV, JSON and PNG there, and keep the networks, so that an interrupted run goes on; files that others
    /// made, and networks of a run with other settings, are never replaced
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}

impl Budget {
    /// Sets what was given over an experiment's own budget.
    ///
    /// # Errors
    /// A recipe that cannot be followed, a place for files that is none.
    pub(super) fn apply(
        &self,
        recipe: &mut TrainingRecipe,
        seeds: &mut usize,
        threads: &mut usize,
        files: &[&str],
    ) -> Result<(), CliError> {
        let usual = recipe.epochs;
        recipe.epochs = self.epochs.unwrap_or(recipe.epochs);
        recipe.samples = self.samples.unwrap_or(recipe.samples);
        recipe.validation = self.test.unwrap_or(recipe.validation);
        recipe.learning_rate = self.lr.unwrap_or(recipe.learning_rate);
        // A shorter run is warmed up for the same share of it.
        let warmup = recipe.warmup * (recipe.epochs as f32 / usual as f32).min(1.0);
        recipe.warmup = self.warmup.unwrap_or(warmup);
        recipe.seed = self.seed.unwrap_or(recipe.seed);
        *seeds = self.seeds.map_or(*seeds, |seeds| seeds as usize);
        *threads = self.threads.map_or(*threads, |threads| threads as usize);
        recipe.check().map_err(CliError::input)?;
        check_out(self.out.as_deref(), files)
    }
}

/// Refuses, before hours are spent for it, a folder that is none, cannot be written to or has others' files of these
/// names.
pub(super) fn check_out(out: Option<&Path>, files: &[&str]) -> Result<(), CliError> {
    let check = |out: &Path| match out.ancestors().find(|path| path.exists()).filter(|path| !path.is_dir()) {
        Some(file) => Err(CliError::Input(format!("{}: not a folder; choose another --out", file.display()))),
        None => experiments::check_out(out, files).map_err(data::refused),
    };
    out.map_or(Ok(()), check)
}

/// A line that changes while a person is watching; for a log, a line whenever the work changes.
struct Watching {
    is_terminal: bool,
    what: Mutex<String>,
}

impl Watching {
    fn new() -> Self {
        Self { is_terminal: io::stderr().is_terminal(), what: Mutex::new(String::new()) }
    }

    fn show(&self, progress: &Progress) {
        let Progress { what, fraction, images_per_second } = progress;
        let mut known = self.what.lock().unwrap_or_else(PoisonError::into_inner);
        let speed = if *images_per_second > 0.0 { format!(", {images_per_second:.0} images/s") } else { String::new() };
        let text = format!("{what}: {:.0} % of all{speed}", fraction * 100.0);
        // A reader that went away is no reason to stop.
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\u{1b}[K{text}");
        } else if *known != *what {
            let _ = writeln!(io::stderr(), "{text}");
        }
        known.clone_from(what);
    }

    /// Takes the changing line away.
    fn clear(&self) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

/// Runs an experiment while its progress is shown.
///
/// # Errors
/// What the experiment says.
pub(super) fn watched<T>(run: impl FnOnce(&(dyn Fn(Progress) + Sync)) -> Result<T, LabError>) -> Result<T, CliError> {
    let watching = Watching::new();
    let result = run(&|progress| watching.show(&progress));
    watching.clear();
    result.map_err(data::refused)
}

/// Writes a result's files where that was asked for, and prints it: as JSON, or as a page with its reading.
///
/// # Errors
/// A target that cannot be written.
pub(super) fn report(
    result: &impl Serialize,
    (out, write): (Option<&Path>, impl FnOnce(&Path) -> Result<Vec<PathBuf>, LabError>),
    format: Format,
    (mut page, reading): (Page, Vec<String>),
) -> Result<(), CliError> {
    let files = out.map(write).transpose().map_err(data::refused)?.unwrap_or_default();
    match format {
        Format::Json => output::print_json(result),
        Format::Table => {
            finish(&mut page, &reading, &files);
            output::print(&page.text())
        }
    }
}

/// The reading, and where the files are.
fn finish(page: &mut Page, reading: &[String], files: &[PathBuf]) {
    page.heading("Reading");
    for sentence in reading {
        page.line(sentence.clone());
    }
    if let Some(folder) = files.first().and_then(|file| file.parent()) {
        let names: Vec<String> =
            files.iter().filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned())).collect();
        page.heading(format!("Written into {}", folder.display()));
        page.line(names.join(", "));
    }
}
