//! `gatescope profile`: how long a network takes on this machine, step by step, and what attention's share is.

mod ledger;
mod value;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::error::CliError;
use super::page::Page;
use super::plan::{self, Format};
use super::table::{Cell, Table};
use super::{output, spec};
use crate::compute::engine::{self, Control, Plan, Profile, Step};
use crate::compute::weights::Weights;
use crate::network::{Graph, number};
use ledger::AttentionShare;

const EXAMPLES: &str = "\
Examples:
  gatescope profile resnet50+cbam
  gatescope profile resnet50 --threads 1 --runs 50
  gatescope profile resnet18+se --batch 8 --format json";

/// The most runs.
const MAX_RUNS: usize = 100_000;

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
    /// Runs without clocks on the steps, and as many with them
    #[arg(long, value_name = "N", default_value_t = 20)]
    runs: usize,
    /// Threads to use [default: GATESCOPE_THREADS, or those of the machine]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Images of one run
    #[arg(long, value_name = "N", default_value_t = 1)]
    batch: usize,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// A network with its times.
struct Profiled {
    plan: Plan,
    times: Profile,
    attention: Option<AttentionShare>,
}

/// Runs and prints.
///
/// # Errors
/// What was given and cannot be used, a run that failed, standard output that cannot be written.
pub fn run(args: &Args) -> Result<(), CliError> {
    if !(1..=MAX_RUNS).contains(&args.runs) {
        return Err(CliError::Input(format!("--runs {}: give 1 to {MAX_RUNS}", args.runs)));
    }
    let options = plan::options(args.threads, args.batch)?;
    let graph = spec::graphs(std::slice::from_ref(&args.spec), &[], None)?.swap_remove(0);
    let weights = match &args.weights {
        Some(path) => Weights::open(&graph, path).map_err(CliError::input)?,
        None => Weights::seeded(&graph, 0),
    };
    let plan = Plan::new(&graph, &weights, options).map_err(CliError::input)?;
    drop(weights);
    let profiled = profile(&graph, plan, args.runs)?;
    match args.format {
        Format::Table => output::print(&page(&profiled).text()),
        Format::Json => output::print_json(&value::Report::of(&profiled)),
    }
}

fn profile(graph: &Graph, plan: Plan, runs: usize) -> Result<Profiled, CliError> {
    let numbers = graph.input().elements() * plan.batch();
    // A smooth pattern: time does not depend on what a picture shows.
    let images: Vec<f32> = (0..numbers).map(|index| (index % 251) as f32 / 125.0 - 1.0).collect();
    let times = engine::profile(&plan, &images, runs, &Control::none());
    let times = times.map_err(|error| CliError::Failure(error.to_string()))?;
    let attention = AttentionShare::of(graph, &plan, &times);
    Ok(Profiled { plan, times, attention })
}

impl Profiled {
    /// Steps with their times; the image is not one.
    fn layers(&self) -> impl Iterator<Item = (&Step, Duration)> {
        self.plan.steps().iter().zip(self.times.steps.iter().copied()).filter(|(step, _)| step.kernel != "image")
    }
}

/// Milliseconds.
fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Billions of operations a second, a MAC counted as two.
fn gflops(step: &Step, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { 2.0 * step.macs as f64 / time.as_secs_f64() / 1e9 }
}

fn page(profiled: &Profiled) -> Page {
    let (plan, times) = (&profiled.plan, &profiled.times);
    let mut page = Page::default();
    page.heading(plan.network());
    page.line(format!(
        "{}: {:.2} ms at best, {:.2} ms in the middle of {} runs ({}).",
        plan::setting(plan),
        milliseconds(times.min()),
        milliseconds(times.median()),
        times.totals.len(),
        plan.isa()
    ));
    let sum: f64 = times.steps.iter().copied().map(milliseconds).sum();
    let mut table = Table::new().words("step").words("kernel").numbers("ms").numbers("%").numbers("GF/s");
    table = table.numbers("MACs");
    let blank = |text: String, is_there: bool| if is_there { Cell::Text(text) } else { Cell::Empty };
    for (step, time) in profiled.layers() {
        table.row(vec![
            Cell::Text(plan::short_name(step)),
            Cell::Text(step.kernel.clone()),
            Cell::Text(format!("{:.3}", milliseconds(time))),
            Cell::Share(milliseconds(time) / sum.max(f64::MIN_POSITIVE) * 100.0),
            blank(format!("{:.1}", gflops(step, time)), step.macs > 0),
            blank(number::short(step.macs), step.macs > 0),
        ]);
    }
    page.table(table);
    match &profiled.attention {
        Some(attention) => page.table(attention.table()),
        None => page.line("Attention: none."),
    }
    page.line("Steps are timed in runs of their own, with a clock on each; the totals without.");
    page
}
