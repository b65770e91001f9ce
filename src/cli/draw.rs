//! `gatescope draw`: a network, or one of its blocks opened, as a figure.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use super::error::CliError;
use super::subject::{self, Setting};
use super::{doubts, output, source};
use crate::compute::engine::{Control, GateValues};
use crate::compute::explain::{Lens, small};
use crate::compute::files::origin;
use crate::compute::imaging::vector;
use crate::drawing::ink::{DARK, Inks, LIGHT, PRINT};
use crate::drawing::opened::Opened;
use crate::drawing::overview::{Folds, Overview};
use crate::drawing::part::{Part, scope_name};
use crate::drawing::svg::{Figure, PER_MM};
use crate::drawing::{Pen, Scene, Sight, Values, opened, overview};
use crate::network::cost::Ledger;
use crate::network::graph::{Graph, ScopeId};
use crate::network::suggest;

const EXAMPLES: &str = "\
Examples:
  gatescope draw resnet50+cbam --out network.pdf   stages, blocks, attention
  gatescope draw resnet50+cbam --open layer3.2 --out block.svg
                                  one block, layer by layer
  gatescope draw cbam.safetensors --gates cat.jpg --open layer4.1 --out gates.pdf
                                  with what its gates did to a picture
  gatescope draw resnet152+se --theme print --width 85 --out column.pdf
                                  for one column of a paper

Without --width a figure has the size it has in the window; text keeps the window's sizes, 11 pixels for labels.";

/// The widest and the narrowest figure, in millimetres.
const WIDTHS: std::ops::RangeInclusive<f32> = 10.0..=2_000.0;

/// Around an opened block, in the drawing's units.
const MARGIN: f32 = 8.0;

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    subject: subject::Args,
    /// Where to: .svg (text as text), .pdf (one page of the figure's size) or .png. A file that gatescope did not write
    /// is never replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Open one block, stem or head: layer3.2
    #[arg(long, value_name = "PLACE")]
    open: Option<String>,
    /// Run the network on this picture and show what its gates did
    #[arg(long, value_name = "IMAGE")]
    gates: Option<PathBuf>,
    /// Colours
    #[arg(long, value_enum, default_value_t = Theme::Light)]
    theme: Theme,
    /// The figure's width in millimetres
    #[arg(long, value_name = "MM")]
    width: Option<f32>,
    /// Of a PNG: dots an inch
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u16).range(36..=2400))]
    dpi: u16,
    /// Draw every block, also where blocks that are alike would be drawn once
    #[arg(long, conflicts_with = "open")]
    unfold: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Theme {
    Light,
    Dark,
    /// Black on white, no ground
    Print,
}

impl Theme {
    fn inks(self) -> &'static Inks {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
            Self::Print => &PRINT,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Svg,
    Pdf,
    Png,
}

/// A network, and by gate what it did.
struct Subject {
    graph: Arc<Graph>,
    gates: Vec<Option<Values>>,
    /// How the gates came about, for the figure's description.
    run: String,
}

/// Draws and writes.
///
/// # Errors
/// What was given and cannot be used, a target that cannot be written.
pub fn run(args: &Args) -> Result<(), CliError> {
    let format = format(&args.out)?;
    if let Some(width) = args.width.filter(|width| !WIDTHS.contains(width)) {
        let (least, most) = (WIDTHS.start(), WIDTHS.end());
        return Err(CliError::Input(format!("--width {width}: give {least} to {most} millimetres")));
    }
    output::check_target(&args.out, "--out")?;
    let subject = subject(args)?;
    let place = args.open.as_deref().map(|name| place(&subject.graph, name)).transpose()?;
    let drawing = Drawing::of(&subject.graph, place, args.unfold);
    let scale = args.width.map_or(1.0, |width| width * PER_MM / drawing.bounds().width());
    let scene = drawing.scene(&subject.graph, scale);
    let title = match place {
        Some(scope) => format!("{}, {}", subject.graph.name, scope_name(&subject.graph, scope)),
        None => subject.graph.name.clone(),
    };
    let figure = Figure {
        inks: args.theme.inks(),
        has_ground: args.theme != Theme::Print,
        scale,
        title: title.clone(),
        description: format!("gatescope {}. {}", env!("CARGO_PKG_VERSION"), subject.run),
        gates: &|gate| subject.gates.get(gate).cloned().flatten(),
        width_of: &vector::text_width,
    };
    let svg = figure.svg(&scene);
    let failed = |problem: String| CliError::Input(format!("--out {}: {problem}", args.out.display()));
    let bytes = match format {
        Format::Svg => origin::sealed(svg.into_bytes(), true),
        Format::Pdf => origin::sealed(vector::pdf(&svg, &title).map_err(failed)?, false),
        Format::Png => origin::signed(&vector::png(&svg, f32::from(args.dpi)).map_err(failed)?),
    };
    output::write(&args.out, &bytes)
}

fn format(out: &Path) -> Result<Format, CliError> {
    let ending = out.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("svg") => Ok(Format::Svg),
        Some("pdf") => Ok(Format::Pdf),
        Some("png") => Ok(Format::Png),
        _ => Err(CliError::Input(format!("--out {}: give a name that ends in .svg, .pdf or .png", out.display()))),
    }
}

/// The network; where a picture is given, run on it.
fn subject(args: &Args) -> Result<Subject, CliError> {
    let Some(path) = &args.gates else {
        let graph = args.subject.model()?.graph().clone();
        return Ok(Subject { graph, gates: Vec::new(), run: "Gates not run.".to_owned() });
    };
    let setting = Setting::of(&args.subject)?;
    doubts::say_all(&setting.doubts);
    let (_, prepared) = setting.prepared(path)?;
    let control = Control::none();
    let runner = args.subject.runner(&setting, Vec::new())?;
    let run = runner.run_with(&prepared.tensor, &setting.weights.holds(&setting.graph), &control);
    let run = run.map_err(|error| CliError::Failure(format!("{}: {error}", path.display())))?;
    let graph = setting.graph;
    let shown = |(gate, found): (&_, &GateValues)| small(&Lens::of(&graph, gate, &found.values));
    let gates = graph.gates.iter().zip(&run.gates).map(shown).collect();
    let untrained = if args.subject.has_weights() { "" } else { " with untrained weights" };
    if !untrained.is_empty() {
        source::say("gates of untrained weights: give trained ones with --weights");
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Subject { graph, gates, run: format!("Gates of {name}{untrained}.") })
}

/// What can be opened by this name.
fn place(graph: &Graph, name: &str) -> Result<ScopeId, CliError> {
    let overview = Overview::of(graph);
    let found = Part::find(graph, name).and_then(|part| overview.holder(graph, part));
    found.ok_or_else(|| {
        let blocks: Vec<&str> = overview.blocks().map(|block| block.name.as_str()).collect();
        CliError::Input(format!("--open {name}: {}", suggest::hint(name, &blocks)))
    })
}

/// What is drawn, laid out.
enum Drawing {
    Overview(Overview, overview::Placed),
    Opened(ScopeId, Box<Opened>, opened::PlacedOpened),
}

impl Drawing {
    fn of(graph: &Graph, place: Option<ScopeId>, is_unfolded: bool) -> Self {
        if let Some(scope) = place {
            let opened = Opened::of(graph, &Ledger::of(graph), scope);
            let placed = opened::place(&opened);
            return Self::Opened(scope, Box::new(opened), placed);
        }
        let overview = Overview::of(graph);
        let mut folds = Folds::default();
        if is_unfolded && folds.any_folded(&overview) {
            folds.toggle_all(&overview);
        }
        let placed = overview::place(&overview, &folds);
        Self::Overview(overview, placed)
    }

    fn bounds(&self) -> emath::Rect {
        match self {
            Self::Overview(_, placed) => placed.bounds,
            // What comes in and goes out ends at the edge of a pane; a figure has a margin.
            Self::Opened(_, _, placed) => placed.bounds.expand(MARGIN),
        }
    }

    fn scene(&self, graph: &Graph, scale: f32) -> Scene {
        let mut pen = Pen::new(Sight { scale, window: self.bounds() });
        match self {
            Self::Overview(read, placed) => overview::draw(&mut pen, read, placed, overview::Marks::default()),
            Self::Opened(scope, read, placed) => {
                opened::draw(&mut pen, graph, *scope, (read, placed), opened::Marks::default());
            }
        }
        pen.finish(self.bounds())
    }
}
