//! `gatescope lab attention`: the same trunk with every attention, and where each looks.

use std::path::Path;

use super::experiment::{self, Budget};
use crate::cli::error::CliError;
use crate::cli::page::Page;
use crate::cli::table::{Cell, Table};
use crate::compute::lab::data::Objects;
use crate::compute::lab::experiments::attention::{self, AttentionResult, AttentionSettings};
use crate::compute::lab::experiments::{Spread, Watch};

const EXAMPLES: &str = "\
Examples:
  gatescope lab attention --out attention
  gatescope lab attention --seeds 5 --epochs 20 --samples 20000 --out attention
  gatescope lab attention --attentions none,se,cbam --format json

Run it again with the same --out to go on with an interrupted run.";

/// The subcommand's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which attentions; none is the trunk alone
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',', default_values = crate::compute::lab::experiments::ATTENTIONS)]
    attentions: Vec<String>,
    /// Layers of the trunk, 6n + 2
    #[arg(long, value_name = "N", default_value_t = 20)]
    depth: usize,
    /// Test images of the final accuracy
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), default_value_t = 2000)]
    accuracy: u64,
    /// Test images whose masks are looked at
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), default_value_t = 500)]
    masks: u64,
    #[command(flatten)]
    budget: Budget,
}

/// Trains, measures, writes and prints.
///
/// # Errors
/// A budget that cannot be, a target that cannot be written.
pub fn run(args: &Args) -> Result<(), CliError> {
    let mut settings = AttentionSettings {
        attentions: args.attentions.clone(),
        depth: args.depth,
        test: args.accuracy,
        masks: args.masks,
        ..AttentionSettings::default()
    };
    args.budget.apply(&mut settings.recipe, &mut settings.seeds, &mut settings.threads, &AttentionResult::FILES)?;
    settings.out.clone_from(&args.budget.out);
    let result = experiment::watched(|progress| {
        let watch = Watch { progress, ..Watch::none() };
        attention::run(&Objects::new(0), &settings, &watch)
    })?;
    let files = (args.budget.out.as_deref(), |out: &Path| result.write(out));
    experiment::report(&result.with_reading(), files, args.budget.format, (page(&result), result.reading()))
}

fn page(result: &AttentionResult) -> Page {
    let mut page = Page::default();
    page.heading("Where attention looks, in %");
    page.line(result.run.budget());
    page.line(format!(
        "Grad-CAM of the true class at the last stage, over {} test images; chance {:.1} %.",
        result.masks,
        result.chance * 100.0
    ));
    let mut table = Table::new().words("attention");
    for title in ["params", "accuracy", "Grad-CAM peaks", "Grad-CAM on it"] {
        table = table.numbers(title);
    }
    let catch_ups = result.catch_ups();
    let cell = |spread: Option<Spread>| spread.map_or(Cell::Empty, |spread| Cell::Text(spread.percent()));
    for known in &result.attentions {
        table.row(vec![
            Cell::Text(known.attention.clone()),
            Cell::Count(known.params),
            cell(known.accuracy()),
            cell(known.pointing()),
            cell(known.energy()),
        ]);
    }
    page.table(table);
    if !catch_ups.is_empty() {
        page.line(
            "Against the trunk, in points of test accuracy; level: never again behind by more than the seeds differ.",
        );
        let mut table = Table::new().words("attention").numbers("level from").numbers("at the end");
        for known in &catch_ups {
            let cells = [known.attention.clone(), known.cell(), known.difference()];
            table.row(cells.map(Cell::Text).to_vec());
        }
        page.table(table);
    }
    let mut maps = Table::new().words("spatial gate").numbers("peaks").numbers("on it");
    let mut any = false;
    for known in &result.attentions {
        for map in known.maps() {
            let name = format!("{} {}", known.attention, map.block);
            maps.row(vec![Cell::Text(name), cell(Some(map.pointing)), cell(Some(map.energy))]);
            any = true;
        }
    }
    if any {
        page.table(maps);
    }
    page
}
