//! `gatescope lab degradation`: plain against residual.

use std::path::Path;

use super::experiment::{self, Budget};
use crate::cli::error::CliError;
use crate::cli::page::Page;
use crate::cli::table::{Cell, Table};
use crate::compute::lab::data::Objects;
use crate::compute::lab::experiments::degradation::{self, DegradationResult, DegradationSettings, Kind};
use crate::compute::lab::experiments::{Spread, Watch};

const EXAMPLES: &str = "\
Examples:
  gatescope lab degradation
  gatescope lab degradation --epochs 20 --samples 20000 --out degradation
  gatescope lab degradation --depths 8,20 --seeds 3 --format json";

/// The subcommand's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Layers, 6n + 2 each
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_values_t = degradation::DEPTHS)]
    depths: Vec<usize>,
    #[command(flatten)]
    budget: Budget,
}

/// Trains, writes and prints.
///
/// # Errors
/// A budget that cannot be, a target that cannot be written.
pub fn run(args: &Args) -> Result<(), CliError> {
    let mut settings = DegradationSettings { depths: args.depths.clone(), ..DegradationSettings::default() };
    settings.depths.sort_unstable();
    settings.depths.dedup();
    args.budget.apply(&mut settings.recipe, &mut settings.seeds, &mut settings.threads, &DegradationResult::FILES)?;
    settings.out.clone_from(&args.budget.out);
    let result = experiment::watched(|progress| {
        let watch = Watch { progress, ..Watch::none() };
        degradation::run(&Objects::new(0), &settings, &watch)
    })?;
    let files = (args.budget.out.as_deref(), |out: &Path| result.write(out));
    experiment::report(&result, files, args.budget.format, (page(&result), result.reading()))
}

fn page(result: &DegradationResult) -> Page {
    let mut page = Page::default();
    page.heading("Plain against residual: error in %");
    page.line(result.run.budget());
    let mut table = Table::new().words("layers");
    for title in ["plain, test", "residual, test", "plain, train", "residual, train"] {
        table = table.numbers(title);
    }
    let cell = |spread: Option<Spread>| spread.map_or(Cell::Empty, |spread| Cell::Text(spread.percent()));
    for depth in &result.depths {
        let mut row = vec![Cell::Text(depth.to_string())];
        row.extend(Kind::ALL.map(|kind| cell(result.test_error(kind, *depth))));
        row.extend(Kind::ALL.map(|kind| cell(result.train_error(kind, *depth))));
        table.row(row);
    }
    page.table(table);
    page
}
