//! `gatescope cost`: what a network costs, and what another one costs more.

mod compare;
mod rows;
mod single;
mod time;
mod value;

use std::ffi::OsString;
use std::sync::Arc;

use clap::ValueEnum;

use super::error::CliError;
use super::page::Page;
use super::spec::Given;
use super::{doubts, output, running, source, spec};
use crate::compute::engine::Timing;
use crate::compute::weights::{Doubt, Weights};
use crate::network::cost::{Ledger, Lesson, Term, lesson};
use crate::network::graph::{Graph, ScopeId, ScopeKind};
use crate::network::{Model, number};

const EXAMPLES: &str = "\
Examples:
  gatescope cost resnet50+cbam                     stage by stage
  gatescope cost resnet50 seresnet50 resnet50+cbam side by side
  gatescope cost resnet50 --layers --format csv    every layer, for a spreadsheet
  gatescope cost resnet50 --input 320              at another input size
  gatescope cost mine.toml --format json
  gatescope cost resnet50 resnet50+cbam --time     with milliseconds on this machine
  gatescope cost weights.pth                       the network a checkpoint is of
  gatescope cost --lesson                          two 3x3 against a bottleneck

Quote a network that has options: 'resnet50+se(r=8)@layer3'";

/// What the numbers mean; every table ends in it.
const COUNTED: &str = "MACs: multiply-accumulates of convolution and linear layers, no bias, batch 1.";
/// The channels of the lesson's blocks.
const LESSON_CHANNELS: usize = 256;

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Networks, as text (resnet50+cbam@layer3), spec files or checkpoints
    #[arg(value_name = "SPEC", required_unless_present = "lesson")]
    specs: Vec<OsString>,
    #[command(flatten)]
    which: source::Which,
    /// Input size: 224, 224x192 (height x width) or 3x224x224
    #[arg(long, value_name = "SIZE")]
    input: Option<String>,
    /// An option of every network, over what it says: stride=v1
    #[arg(long, value_name = "OPTION=VALUE")]
    set: Vec<spec::Setting>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Every layer, not only the stages
    #[arg(long)]
    layers: bool,
    /// Measure how long each part takes on this machine, and attention's share
    #[arg(long)]
    time: bool,
    #[command(flatten)]
    running: running::Args,
    /// Two 3x3 convolutions against a bottleneck: where the factor 16.94 comes from
    #[arg(long, conflicts_with_all = ["specs", "input", "layers", "set", "time"])]
    lesson: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
    Md,
}

/// A network with its costs.
struct Costed {
    model: Arc<Model>,
    /// What its checkpoint leaves open.
    doubts: Vec<Doubt>,
    /// With `--time`.
    timing: Option<Timing>,
}

impl Costed {
    fn graph(&self) -> &Graph {
        self.model.graph()
    }

    fn ledger(&self) -> &Ledger {
        self.model.ledger()
    }

    /// Does it end with a classifier, not with its features?
    fn has_classes(&self) -> bool {
        self.model.classes() > 0
    }

    /// Stem, stages and head, in execution order, by the names people use.
    fn parts(&self) -> impl Iterator<Item = (&str, ScopeId)> {
        self.graph().children(Graph::ROOT).filter_map(|id| Some((row_name(self.graph(), id)?, id)))
    }
}

/// The name people use for a stem, stage or head.
fn row_name(graph: &Graph, id: ScopeId) -> Option<&str> {
    let scope = &graph[id];
    match scope.kind {
        ScopeKind::Stem | ScopeKind::Head => Some(&scope.label),
        ScopeKind::Stage => Some(&scope.path),
        _ => None,
    }
}

/// Counts and prints.
///
/// # Errors
/// A network that cannot be, or standard output that cannot be written.
pub fn run(args: &Args) -> Result<(), CliError> {
    if args.lesson {
        return print_lesson(args.format);
    }
    if !args.time && args.running.is_given() {
        return Err(CliError::Input("--runs, --threads and --device say how --time measures: add --time".to_owned()));
    }
    let given = spec::given(&args.specs, &args.which, &args.set, args.input.as_deref())?;
    let networks = given.into_iter().map(|given| costed(args, given)).collect::<Result<Vec<_>, _>>()?;
    match args.format {
        Format::Table => output::print(&page(&networks, args.layers).text()),
        Format::Md => output::print(&page(&networks, args.layers).markdown()),
        Format::Json => output::print_json(&value::Report::of(&networks)),
        Format::Csv if args.layers => output::print(&rows::layers_csv(&networks).csv()),
        Format::Csv => output::print(&rows::parts_csv(&networks).csv()),
    }
}

/// Counts a network, and measures it where that is wanted.
fn costed(args: &Args, given: Given) -> Result<Costed, CliError> {
    let Given { model, doubts } = given;
    let measure = || args.running.measure(model.graph(), &Weights::seeded(model.graph(), 0), 1);
    let timing = args.time.then(measure).transpose()?.map(|measured| measured.timing);
    Ok(Costed { model, doubts, timing })
}

fn page(networks: &[Costed], layers: bool) -> Page {
    let mut page = Page::default();
    match networks {
        [network] => single::add(&mut page, network),
        _ => compare::add(&mut page, networks),
    }
    if layers {
        for network in networks {
            page.heading(format!("{}, layer by layer", network.graph().name));
            page.table(rows::layers(network));
        }
        if networks.iter().any(|network| network.timing.is_some()) {
            page.line(time::COVERS);
        }
    }
    page.line(COUNTED);
    for network in networks {
        doubts::add(&mut page, &network.doubts);
    }
    page
}

fn print_lesson(format: Format) -> Result<(), CliError> {
    let lesson = lesson(LESSON_CHANNELS);
    let mut page = Page::default();
    match format {
        Format::Table | Format::Md => add_lesson(&mut page, &lesson),
        Format::Json => return output::print_json(&value::LessonReport::of(&lesson)),
        Format::Csv => return output::print(&rows::lesson_csv(&lesson).csv()),
    }
    let text = if format == Format::Md { page.markdown() } else { page.text() };
    output::print(&text)
}

fn add_lesson(page: &mut Page, lesson: &Lesson) {
    page.heading(format!("Two 3×3 convolutions against a bottleneck, both {0} → {0} channels", lesson.channels));
    page.table(rows::lesson(lesson));
    page.line(format!(
        "The two 3×3 have {:.2} times the weights: {} / {}.",
        lesson.ratio(),
        number::grouped(lesson.basic_weights()),
        number::grouped(lesson.bottleneck_weights())
    ));
    page.line(format!("Counted: {}.", Lesson::COUNTS));
}

/// The lesson's two ways with their terms.
fn ways(lesson: &Lesson) -> [(&'static str, &[Term]); 2] {
    [("two 3×3", &lesson.basic), ("bottleneck", &lesson.bottleneck)]
}
