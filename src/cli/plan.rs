//! `gatescope plan`: the steps a network is computed in on this machine, and the kernel of each.

use std::ffi::OsString;

use serde::Serialize;

use super::error::CliError;
use super::format::{self, Format};
use super::page::Page;
use super::table::{Cell, Table};
use super::{output, source, spec};
use crate::compute::engine::{MAX_THREADS, Plan, PlanOptions, Step, default_threads};
use crate::compute::weights::Weights;
use crate::network::number;

const EXAMPLES: &str = "\
Examples:
  gatescope plan resnet50+cbam
  gatescope plan resnet18 --threads 1 --format json";

/// The most images of one run.
pub(super) const MAX_BATCH: usize = 1024;

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The network, as text (resnet50+cbam@layer3) or a spec file
    #[arg(value_name = "SPEC")]
    spec: OsString,
    #[command(flatten)]
    which: source::Which,
    /// Threads it will run on [default: GATESCOPE_THREADS, or those of the machine]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Images of one run
    #[arg(long, value_name = "N", default_value_t = 1)]
    batch: usize,
    #[command(flatten)]
    print: format::Args,
}

/// Plans with seeded weights and prints: the plan depends on shapes only.
///
/// # Errors
/// A network that cannot be, or standard output that cannot be written.
pub fn run(args: &Args) -> Result<(), CliError> {
    let options = options(args.threads, args.batch)?;
    let model = spec::given(std::slice::from_ref(&args.spec), &args.which, &[], None)?.swap_remove(0).model;
    let plan = Plan::new(model.graph(), &Weights::seeded(model.graph(), 0), options).map_err(CliError::input)?;
    match args.print.format {
        Format::Table => output::print(&page(&plan).text()),
        Format::Json => output::print_json(&Report::of(&plan)),
    }
}

/// Threads and batch as given, checked.
///
/// # Errors
/// Numbers that cannot be.
pub(super) fn options(threads: Option<usize>, batch: usize) -> Result<PlanOptions, CliError> {
    let refuse =
        |flag: &str, given: usize, most: usize| Err(CliError::Input(format!("--{flag} {given}: give 1 to {most}")));
    match threads {
        Some(threads) if !(1..=MAX_THREADS).contains(&threads) => return refuse("threads", threads, MAX_THREADS),
        _ if !(1..=MAX_BATCH).contains(&batch) => return refuse("batch", batch, MAX_BATCH),
        _ => (),
    }
    Ok(PlanOptions { threads: threads.unwrap_or_else(default_threads), taps: Vec::new(), batch, keeps: false })
}

fn page(plan: &Plan) -> Page {
    let mut page = Page::default();
    page.heading(plan.network());
    let mut table = Table::new().words("step").words("kernel").words("output").numbers("MACs").numbers("moved");
    for step in plan.steps() {
        table.row(vec![
            Cell::Text(short_name(step)),
            Cell::Text(step.kernel.clone()),
            Cell::Text(step.shape.to_string()),
            Cell::Text(if step.macs > 0 { number::short(step.macs) } else { String::new() }),
            Cell::Text(number::bytes(step.bytes)),
        ]);
    }
    page.table(table);
    let buffers = plan.buffer_bytes();
    page.line(format!(
        "{} steps on {}, {}; {} of packed weights, {} in {} buffers.",
        plan.steps().len(),
        setting(plan),
        plan.isa(),
        number::bytes(plan.weight_bytes()),
        number::bytes(buffers.iter().sum()),
        buffers.len()
    ));
    page
}

/// The first layer's name and how many more are computed with it: a line has no room for all of them.
pub(super) fn short_name(step: &Step) -> String {
    let first = step.name.split(" + ").next().unwrap_or_default();
    match step.nodes.len() {
        0 | 1 => first.to_owned(),
        count => format!("{first} +{}", count - 1),
    }
}

/// `2 threads, 1 image`.
pub(super) fn setting(plan: &Plan) -> String {
    let some = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    format!("{}, {}", some(plan.threads(), "thread"), some(plan.batch(), "image"))
}

#[derive(Serialize)]
struct Report<'a> {
    network: &'a str,
    threads: usize,
    batch: usize,
    instructions: &'static str,
    weight_bytes: u64,
    buffer_bytes: Vec<u64>,
    steps: Vec<StepEntry<'a>>,
}

#[derive(Serialize)]
struct StepEntry<'a> {
    name: &'a str,
    kernel: &'a str,
    output: &'a [usize],
    macs: u64,
    bytes: u64,
    weight_bytes: u64,
    reads: &'a [usize],
    writes: &'a [usize],
}

impl<'a> Report<'a> {
    fn of(plan: &'a Plan) -> Self {
        let step = |step: &'a Step| StepEntry {
            name: &step.name,
            kernel: &step.kernel,
            output: step.shape.dims(),
            macs: step.macs,
            bytes: step.bytes,
            weight_bytes: step.weight_bytes,
            reads: &step.reads,
            writes: &step.writes,
        };
        Self {
            network: plan.network(),
            threads: plan.threads(),
            batch: plan.batch(),
            instructions: plan.isa(),
            weight_bytes: plan.weight_bytes(),
            buffer_bytes: plan.buffer_bytes(),
            steps: plan.steps().iter().map(step).collect(),
        }
    }
}
