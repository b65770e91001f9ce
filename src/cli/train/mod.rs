//! `gatescope train`: a network learns from generated images or a folder of pictures.

mod progress;
mod recipe;
mod value;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::error::CliError;
use super::format::{self, Format};
use super::page::Page;
use super::table::{Cell, Table};
use super::{data, output, plan, source, spec};
use crate::compute::files;
use crate::compute::lab::LabError;
use crate::compute::lab::data::{Dataset, Split};
use crate::compute::lab::training::{self, EpochRecord, Trained, TrainingControl, TrainingOptions, TrainingRecipe};
use crate::compute::weights::Source;
use crate::compute::weights::checkpoint::Precision;
use crate::network::{Graph, lower};
use progress::Progress;

const EXAMPLES: &str = "\
Examples:
  gatescope train \"resnet20(stem=strided)+cbam\" --out cbam.safetensors
                                  ten shapes on cluttered ground, 64×64, generated
  gatescope train resnet20+se --data photos --epochs 60 --out pets.safetensors
                                  photos/cat/*.jpg, photos/dog/*.jpg, ...
  gatescope train \"resnet20(stem=strided)+cbam\" --resume cbam.training.safetensors --out cbam.safetensors
                                  goes on where an interrupted run stopped
  gatescope inspect cbam.safetensors --image photo.jpg

While it trains, everything is written to NAME.training.safetensors after each epoch; stop it when you like. The same
recipe gives the same network, whatever the number of threads.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The network, as text (resnet20+cbam) or a spec file; input and classes come from the data
    #[arg(value_name = "SPEC")]
    spec: OsString,
    #[command(flatten)]
    data: data::Data,
    #[command(flatten)]
    recipe: recipe::Args,
    /// Threads to use [default: GATESCOPE_THREADS, or those of the machine]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Continue from the checkpoint of an interrupted run, with its recipe
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    /// Where to write the trained network, as safetensors
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the layers' weights as 16-bit floats
    #[arg(long, requires = "out")]
    half: bool,
    #[command(flatten)]
    print: format::Args,
}

/// A finished run.
struct Finished<'a> {
    args: &'a Args,
    graph: &'a Graph,
    dataset: &'a dyn Dataset,
    recipe: &'a TrainingRecipe,
    trained: Trained,
}

/// Trains, writes, prints.
///
/// # Errors
/// What was given and cannot be used, before anything is computed; a training that breaks.
pub fn run(args: &Args) -> Result<(), CliError> {
    let threads = plan::options(args.threads, 1)?.threads;
    if let Some(out) = &args.out {
        check_out(out)?;
    }
    refuse_weights(&args.spec)?;
    let spec = spec::read(&args.spec)?;
    // Pictures of a folder get the size that the network asks for.
    let dataset = args.data.open(spec.input.unwrap_or(data::INPUT))?;
    let dataset = dataset.as_ref();
    let graph = training::fitted(&spec, dataset).map_err(CliError::input)?;
    let graph = lower(&graph).map_err(CliError::input)?;
    let recipe = match &args.resume {
        Some(path) => args.recipe.over(training::recipe_of(path).map_err(CliError::input)?),
        None => args.recipe.over(recipe::default_for(dataset)),
    };
    if args.out.is_none() {
        source::say("without --out the trained network is not kept");
    }
    let progress = Progress::new(&recipe);
    let control = TrainingControl { event: &|event| progress.take(&event), ..TrainingControl::none() };
    let options = TrainingOptions { threads, resume: args.resume.clone(), out: args.out.clone() };
    let trained = training::train(&graph, dataset, &recipe, options, &control);
    progress.clear();
    let mut trained = trained.map_err(data::refused)?;
    if let (Some(out), true) = (&args.out, args.half) {
        halve(out, &graph, dataset, &recipe, &mut trained, threads).map_err(data::refused)?;
    }
    let finished = Finished { args, graph: &graph, dataset, recipe: &recipe, trained };
    match args.print.format {
        Format::Table => output::print(&finished.page().text()),
        Format::Json => output::print_json(&value::Report::of(&finished)),
    }
}

/// Training starts from random numbers: a file of weights in the network's place is said to be one.
fn refuse_weights(argument: &OsStr) -> Result<(), CliError> {
    if !spec::is_checkpoint(argument) {
        return Ok(());
    }
    let found = spec::recognised(Path::new(argument))?;
    Err(CliError::Input(format!(
        "{}: weights, and training starts from random ones; give the network: gatescope train \"{}\"",
        Path::new(argument).display(),
        found.spec
    )))
}

/// Refuses a target before hours of work are done for it.
fn check_out(out: &Path) -> Result<(), CliError> {
    output::check_target(out, "--out")?;
    if out.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("safetensors")) {
        return Err(CliError::Input(format!("--out {}: give a name that ends in .safetensors", out.display())));
    }
    files::probe(out).map_err(|error| CliError::writing(out, &error))
}

/// Writes the network once more with 16-bit weights; its test score is the rounded network's.
fn halve(
    out: &Path,
    graph: &Graph,
    dataset: &dyn Dataset,
    recipe: &TrainingRecipe,
    trained: &mut Trained,
    threads: usize,
) -> Result<(), LabError> {
    trained.parameters = training::rounded(graph, &trained.parameters, Precision::Half);
    let weights = trained.parameters.weights(graph, Source::Seeded(recipe.seed));
    trained.test = training::evaluate(graph, &weights, dataset, Split::Test, trained.test_images, threads)?;
    training::save(out, graph, dataset, recipe, trained, Precision::Half)
}

impl Finished<'_> {
    fn page(&self) -> Page {
        let mut page = Page::default();
        page.heading(&self.graph.name);
        let mut table = Table::new().numbers("epoch").numbers("rate").numbers("loss").numbers("right %");
        table = table.numbers("val. loss").numbers("val. right %").numbers("s");
        let percent = |share: f32| format!("{:.1}", share * 100.0);
        for record in &self.trained.history {
            let EpochRecord { epoch, train, validation, learning_rate, seconds } = record;
            table.row(vec![
                Cell::Text(epoch.to_string()),
                Cell::Text(format!("{learning_rate:.4}")),
                Cell::Text(format!("{:.3}", train.loss)),
                Cell::Text(percent(train.accuracy)),
                Cell::Text(format!("{:.3}", validation.loss)),
                Cell::Text(percent(validation.accuracy)),
                Cell::Text(format!("{seconds:.1}")),
            ]);
        }
        page.table(table);
        page.line(format!(
            "{} % of {} test images of {} are right (loss {:.3}); {:.0} images/s.",
            percent(self.trained.test.accuracy),
            self.trained.test_images,
            self.dataset.name(),
            self.trained.test.loss,
            self.images_per_second()
        ));
        if let Some(out) = &self.args.out {
            page.line(format!("Written to {}.", out.display()));
        }
        page
    }

    /// Over all steps of the run.
    fn images_per_second(&self) -> f64 {
        let seconds: f64 = self.trained.history.iter().map(|record| f64::from(record.seconds)).sum();
        let batch = self.recipe.batch as u64;
        let images = self.recipe.samples.max(batch) / batch * batch * self.trained.history.len() as u64;
        if seconds > 0.0 { images as f64 / seconds } else { 0.0 }
    }
}
