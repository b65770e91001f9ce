//! `gatescope profile`: how long a network takes on this machine, step by step, and what attention's share is.

mod value;

use std::ffi::OsString;
use std::path::PathBuf;

use super::error::CliError;
use super::format::{self, Format};
use super::number::share;
use super::page::Page;
use super::running::{self, Measured, milliseconds};
use super::spec::Given;
use super::table::{Cell, Table};
use super::{doubts, ledger, output, plan, source, spec};
use crate::compute::engine::{Step, gflops};
use crate::compute::weights::{Doubt, Weights};
use crate::network::number;

const EXAMPLES: &str = "\
Examples:
  gatescope profile resnet50+cbam
  gatescope profile resnet50 --threads 1 --runs 50
  gatescope profile resnet18+se --batch 8 --format json
  gatescope profile resnet50 --device cuda         on a graphics card

`gatescope cost SPEC --time` shows the same times next to parameters and MACs.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The network, as text (resnet50+cbam@layer3) or a spec file
    #[arg(value_name = "SPEC")]
    spec: OsString,
    /// Trained weights; times hardly depend on them
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    #[command(flatten)]
    which: source::Which,
    #[command(flatten)]
    running: running::Args,
    /// Images of one run
    #[arg(long, value_name = "N", default_value_t = 1)]
    batch: usize,
    #[command(flatten)]
    print: format::Args,
}

/// Runs and prints.
///
/// # Errors
/// What was given and cannot be used, a run that failed, standard output that cannot be written.
pub fn run(args: &Args) -> Result<(), CliError> {
    // The choice is the weights' where they are given.
    let which = if args.weights.is_some() { source::Which::default() } else { args.which.clone() };
    let Given { model, doubts } = spec::given(std::slice::from_ref(&args.spec), &which, &[], None)?.swap_remove(0);
    let weights = match &args.weights {
        Some(path) => {
            let opened = spec::opened(&args.which.of(path))?;
            source::say_choice(opened.file());
            Weights::of(model.graph(), &opened).map_err(CliError::input)?
        }
        None => Weights::seeded(model.graph(), 0),
    };
    let measured = args.running.measure(model.graph(), &weights, args.batch)?;
    match args.print.format {
        Format::Table => output::print(&page(&measured, &doubts).text()),
        Format::Json => output::print_json(&value::Report::of(&measured, &doubts)),
    }
}

/// Steps with their nanoseconds; the image is not one.
fn layers(measured: &Measured) -> impl Iterator<Item = (&Step, u64)> {
    let times = measured.times.steps.iter().map(|time| time.as_nanos() as u64);
    measured.runner.steps().iter().zip(times).filter(|(step, _)| step.kernel != "image")
}

fn page(measured: &Measured, doubts: &[Doubt]) -> Page {
    let mut page = Page::default();
    page.heading(measured.runner.network());
    page.line(running::sentence(&measured.timing));
    let total = measured.timing.total();
    let mut table = Table::new().words("step").words("kernel").numbers("ms").numbers("%").numbers("GF/s");
    table = table.numbers("MACs");
    let blank = |text: String, is_there: bool| if is_there { Cell::Text(text) } else { Cell::Empty };
    for (step, time) in layers(measured) {
        table.row(vec![
            Cell::Text(plan::short_name(step)),
            Cell::Text(step.kernel.clone()),
            Cell::Milliseconds(milliseconds(time)),
            Cell::Share(share(time, total)),
            blank(format!("{:.1}", gflops(step.macs, time)), step.macs > 0),
            blank(number::short(step.macs), step.macs > 0),
        ]);
    }
    page.table(table);
    match &measured.timing.attention {
        Some(attention) => page.table(ledger::table(attention)),
        None => page.line("Attention: none."),
    }
    page.line(running::scaled(&measured.timing));
    doubts::add(&mut page, doubts);
    page
}
