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
use crate::compute::lab::LabError;
use crate::compute::lab::data::{Dataset, OpenedData, Split};
use crate::compute::lab::training::{self, EpochRecord, Trained, TrainingControl, TrainingOptions, TrainingRecipe};
use crate::compute::weights::Source;
use crate::compute::weights::checkpoint::Precision;
use crate::network::Graph;
use progress::Progress;

const EXAMPLES: &str = "\
Examples:
  gatescope train \"resnet20(stem=strided)+cbam\" --out cbam.safetensors
                                  ten shapes on cluttered ground, 64×64, generated
  gatescope train resnet20+se --data photos --epochs 60 --out pets.safetensors
                                  photos/cat/*.jpg, photos/dog/*.jpg, ...
  gatescope train \"resnet20(stem=strided)+cbam\" --resume --out cbam.safetensors
                                  goes on where an interrupted run stopped
  gatescope inspect cbam.safetensors --image photo.jpg

While it trains, everything is written to NAME.training.safetensors after each epoch; stop it when you like. A network
or an interrupted run that is at --out already is never overwritten unless --replace says so. The same recipe gives the
same network, whatever the number of threads.

A folder has one sub-folder of pictures a class; a file's name then decides whether it is learnt from (80 %), validated
on or tested on (10 % each). Where it has train/ and val/ or test/ with the classes in them, those are the splits.
Pictures get the size that input= says, else 64x64.";

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
    /// Continue an interrupted run with its recipe, from this checkpoint [default: the one beside --out]
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "a flag with an optional value")]
    resume: Option<Option<PathBuf>>,
    /// Where to write the trained network, as safetensors; what is there already stays, see --resume and --replace
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Begin anew over the network, or the interrupted run, that is at --out
    #[arg(long, requires = "out", conflicts_with = "resume")]
    replace: bool,
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
    data: &'a OpenedData,
    recipe: &'a TrainingRecipe,
    trained: Trained,
}

/// Trains, writes, prints.
///
/// # Errors
/// What was given and cannot be used, before anything is computed; a training that breaks.
pub fn run(args: &Args) -> Result<(), CliError> {
    let threads = plan::options(args.threads, 1)?.threads;
    let resume = resumed(args)?;
    if let Some(out) = &args.out {
        check_out(out, resume.as_deref(), args.replace)?;
    }
    refuse_weights(&args.spec)?;
    let model = spec::read(&args.spec)?;
    let mut spec = model.editable("training").cloned().map_err(CliError::Input)?;
    if spec.input.is_none() && spec::names_input(&args.spec) {
        // The model's own size, which a spec leaves out, was asked for all the same.
        spec.input = Some(model.input());
    }
    // Pictures of a folder get the size that the network asks for.
    let opened = args.data.open(spec.input.unwrap_or(data::INPUT))?;
    let dataset = opened.dataset.as_ref();
    if spec.input.is_none() && dataset.folder().is_some() {
        source::say("pictures are resized and cropped to 64x64; input= in the network gives another size");
    }
    let fitted = training::fitted(&spec, dataset).map_err(CliError::input)?;
    let model = spec::changed(model, fitted)?;
    let graph = model.graph();
    let recipe = match &resume {
        Some(path) => args.recipe.over(training::recipe_of(path).map_err(CliError::input)?),
        None => args.recipe.over(recipe::default_for(dataset)),
    };
    if args.out.is_none() {
        source::say("without --out the trained network is not kept");
    }
    let progress = Progress::new(&recipe);
    let control = TrainingControl { event: &|event| progress.take(&event), ..TrainingControl::none() };
    let options = TrainingOptions { threads, resume, out: args.out.clone(), replace: args.replace };
    let trained = training::train(graph, dataset, &recipe, options, &control);
    progress.clear();
    let mut trained = trained.map_err(data::refused)?;
    if let (Some(out), true) = (&args.out, args.half) {
        halve(out, graph, dataset, &recipe, &mut trained, threads).map_err(data::refused)?;
    }
    let finished = Finished { args, graph, data: &opened, recipe: &recipe, trained };
    match args.print.format {
        Format::Table => output::print(&finished.page().text()),
        Format::Json => output::print_json(&value::Report::of(&finished)),
    }
}

/// The checkpoint to continue from.
fn resumed(args: &Args) -> Result<Option<PathBuf>, CliError> {
    let refuse = |problem: String| Err(CliError::Input(format!("--resume: {problem}")));
    match (&args.resume, &args.out) {
        (None, _) => Ok(None),
        (Some(Some(file)), _) => Ok(Some(file.clone())),
        (Some(None), None) => refuse("give the checkpoint to continue from, or --out to find it beside".to_owned()),
        (Some(None), Some(out)) => match training::checkpoint_of(out) {
            checkpoint if checkpoint.is_file() => Ok(Some(checkpoint)),
            _ if out.is_file() => refuse(format!("{} is finished, there is nothing to go on with", out.display())),
            checkpoint => refuse(format!("there is no {}; leave --resume out to begin", checkpoint.display())),
        },
    }
}

/// Training starts from random numbers: a file of weights in the network's place is said to be one.
fn refuse_weights(argument: &OsStr) -> Result<(), CliError> {
    if !spec::is_checkpoint(argument) {
        return Ok(());
    }
    let opened = spec::opened(Path::new(argument))?;
    let found = spec::recognised(&opened)?;
    Err(CliError::Input(format!(
        "{}: weights, and training starts from random ones; give the network: gatescope train \"{}\"",
        Path::new(argument).display(),
        found.spec
    )))
}

/// Refuses a target before hours of work are done for it.
fn check_out(out: &Path, resume: Option<&Path>, replace: bool) -> Result<(), CliError> {
    output::check_writable(out, "--out")?;
    if out.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("safetensors")) {
        return Err(CliError::Input(format!("--out {}: give a name that ends in .safetensors", out.display())));
    }
    match replace {
        true => Ok(()),
        false => training::check_target(out, resume).map_err(CliError::input),
    }
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
            self.data.dataset.name(),
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
