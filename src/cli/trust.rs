//! `gatescope trust`: can a map be believed?

use clap::ValueEnum;
use serde::Serialize;

use super::asking::{self, Asking, LeftOut, Photo, failed};
use super::error::CliError;
use super::explain::layers;
use super::page::Page;
use super::table::{Cell, Table};
use crate::compute::engine::{Control, default_threads};
use crate::compute::explain::trust::{self, Baseline, Faithfulness, Step};
use crate::compute::explain::{Evidence, Explanation, Layer, METHODS, Target, method};

const EXAMPLES: &str = "\
Examples:
  gatescope trust bundled:cbam --image object.png
  gatescope trust cbam.pth --image cat.jpg --method gradcam,layercam,eigencam --baseline blur
  gatescope trust resnet50.pth --image photos/      how many photos beat all random orders
  gatescope trust bundled:se --image object.png --cascade

Deletion: the probability while the map's cells are taken out, most marked first; lower is better. Insertion: while they
come back; higher is better. Both are areas under that curve, beside those of five random orders. Then the head's
weights, or with --cascade ever more of the network's, are replaced by random ones, and the map is compared with itself.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    asking: asking::Args,
    /// Methods that have maps of layers, separated by commas, or all that are not slow
    #[arg(long, value_name = "METHOD", default_value = "gradcam", value_delimiter = ',')]
    method: Vec<String>,
    /// Whose evidence: a class by number or name, or N-M [default: the most likely class of each picture]
    #[arg(long = "class", value_name = "CLASS")]
    class: Option<String>,
    /// The layer by its path [default: the input of the global pooling]
    #[arg(long, value_name = "PATH")]
    layer: Option<String>,
    /// What stands in for what is taken out
    #[arg(long, value_enum, default_value_t = Instead::Zero)]
    baseline: Instead,
    /// Replace the weights from the head down to the stem, part by part; without it the head's alone
    #[arg(long)]
    cascade: bool,
    /// The seed of the random weights
    #[arg(long, value_name = "N", default_value_t = 0)]
    random_seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Instead {
    /// The data set's mean colour
    Zero,
    /// The picture, blurred
    Blur,
}

impl Instead {
    fn baseline(self) -> Baseline {
        match self {
            Self::Zero => Baseline::Zero,
            Self::Blur => Baseline::Blur,
        }
    }
}

/// One map, tried.
struct Tried {
    map: Evidence,
    faith: Faithfulness,
    steps: Vec<Step>,
}

/// One picture.
struct Judged {
    image: String,
    target: Target,
    logits: Vec<f32>,
    tried: Vec<Tried>,
}

#[derive(Serialize)]
struct Report {
    network: String,
    trained: bool,
    baseline: &'static str,
    images: Vec<ImageEntry>,
    /// Over all pictures.
    methods: Vec<MethodEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<LeftOut>,
}

#[derive(Serialize)]
struct ImageEntry {
    image: String,
    class: String,
    maps: Vec<MapEntry>,
}

#[derive(Serialize)]
struct MapEntry {
    method: &'static str,
    layer: Option<String>,
    deletion: f64,
    insertion: f64,
    /// Areas along the random orders.
    random: Vec<f64>,
    /// Random orders that deletion is below, and insertion above.
    beaten: [usize; 2],
    p_picture: f64,
    p_baseline: f64,
    /// Does the baseline leave the evidence in?
    baseline_leaves_evidence: bool,
    /// Logit and probability by number of cells taken out, and brought back.
    deletion_curve: Vec<[f64; 2]>,
    insertion_curve: Vec<[f64; 2]>,
    cascade: Vec<StepEntry>,
    sentences: Vec<String>,
}

#[derive(Serialize)]
struct StepEntry {
    part: String,
    /// Rank correlation with the map before; none of a map that is the same everywhere.
    correlation: Option<f64>,
}

#[derive(Serialize)]
struct MethodEntry {
    method: &'static str,
    pictures: usize,
    /// Pictures in which it beats every random order.
    deletion_beats_all: usize,
    insertion_beats_all: usize,
    /// Pictures whose baseline leaves the evidence in.
    baseline_leaves_evidence: usize,
}

/// Tries every map, writes what was asked for, then prints.
///
/// # Errors
/// [`CliError::Input`] for anything given that cannot be used, [`CliError::Failure`] for work that failed.
pub fn run(args: &Args) -> Result<(), CliError> {
    let methods = methods(&args.method)?;
    let mut asking = Asking::of(&args.asking)?;
    let (layers, _) = layers(&asking, args.layer.as_slice())?;
    let target = asking.targets(args.class.as_slice())?.first().copied();
    let (judged, skipped) = asking
        .each(&mut |asking, photo, control| judge(asking, photo, control, (args, &methods, &layers[0], target)))?;
    let page = page(&asking, args, &judged);
    let report = report(&asking, args, &judged, LeftOut::all(&skipped));
    let title = asking.setting.graph.name.clone();
    asking.finish((&title, page), &skipped, args.asking.format, &report)
}

fn methods(names: &[String]) -> Result<Vec<&'static dyn Explanation>, CliError> {
    if names.iter().any(|name| name == "all") {
        return Ok(METHODS.iter().copied().filter(|m| m.card().is_of_layer && !m.card().is_slow).collect());
    }
    let of_layer = |name: &String| {
        let found = method(name)?;
        match found.card().is_of_layer {
            true => Ok(found),
            false => Err(format!("{name}: its map is of pixels, and cells of a layer are taken out; name another")),
        }
    };
    names
        .iter()
        .map(of_layer)
        .collect::<Result<_, _>>()
        .map_err(|problem: String| CliError::Input(format!("--method {problem}")))
}

fn judge(
    asking: &mut Asking,
    photo: &Photo<'_>,
    control: &Control<'_>,
    (args, methods, layer, target): (&Args, &[&'static dyn Explanation], &Layer, Option<Target>),
) -> Result<Judged, CliError> {
    let refuse = |error| failed(photo, &error);
    let image = &photo.prepared.tensor;
    let logits = asking.subject.run(image, control).map_err(refuse)?.logits;
    asking.check(photo, &logits)?;
    let target = target.unwrap_or_else(|| Target::largest(&logits));
    let (Target::Class(class) | Target::Difference(class, _)) = target;
    let baseline = args.baseline.baseline();
    let mut judged = Judged { image: photo.shown(), target, logits, tried: Vec::new() };
    let mut random = None;
    for method in methods {
        let mut look = asking.subject.look(image, std::slice::from_ref(layer), control).map_err(refuse)?;
        if let Some(problem) = method.refusal(&look, layer) {
            return Err(CliError::Input(format!("--method {problem}")));
        }
        let map = method.explain(&mut look, layer, target).map_err(refuse)?;
        if random.is_none() {
            random = Some(trust::random_areas(&mut look, map.size, class, baseline).map_err(refuse)?);
        }
        let areas = random.as_deref().unwrap_or_default();
        let faith = trust::faithfulness(&mut look, &map, class, baseline, areas).map_err(refuse)?;
        let steps = cascade(asking, photo, (args, *method, layer, target), control)?;
        judged.tried.push(Tried { map, faith, steps });
    }
    Ok(judged)
}

fn cascade(
    asking: &Asking,
    photo: &Photo<'_>,
    (args, method, layer, target): (&Args, &dyn Explanation, &Layer, Target),
    control: &Control<'_>,
) -> Result<Vec<Step>, CliError> {
    let graph = asking.setting.graph.clone();
    let replace = |param: &_| trust::untrained(&graph, param, args.random_seed);
    let parts = if args.cascade { usize::MAX } else { 1 };
    let image = (photo.prepared.tensor.as_slice(), default_threads());
    trust::cascade(&asking.subject, image, (method, layer, target), (&replace, parts), control)
        .map_err(|error| failed(photo, &error))
}

fn page(asking: &Asking, args: &Args, judged: &[Judged]) -> Page {
    let mut page = Page::default();
    if args.asking.format == asking::Format::Csv {
        page.table(rows(judged));
        return page;
    }
    for one in judged {
        page.heading(format!("{} on {}", asking.setting.graph.name, one.image));
        asking.intro(&mut page);
        page.line(format!("For {}", asking.said_of(one.target, &one.logits)));
        for Tried { map, faith, steps } in &one.tried {
            page.line(format!("{}:", map.key()));
            for sentence in faith.sentences() {
                page.line(format!("  {sentence}"));
            }
            for (index, step) in steps.iter().enumerate() {
                let said = step.correlation.map_or_else(|| "none, the map is the same everywhere".to_owned(), two);
                let what = if index == 0 { "the head".to_owned() } else { format!("all down to {}", step.part) };
                page.line(format!("  rank correlation after replacing {what}: {said}"));
            }
        }
    }
    if judged.len() > 1 {
        page.heading(format!("{} pictures", judged.len()));
        page.table(over_all(judged));
    }
    page
}

fn two(value: f64) -> String {
    format!("{value:.2}").replace('-', "−")
}

/// A row a map.
fn rows(judged: &[Judged]) -> Table {
    let mut table = Table::new().words("image").words("method").words("layer").words("class");
    for title in [
        "deletion",
        "insertion",
        "random least",
        "random most",
        "beaten by deletion",
        "beaten by insertion",
        "p picture",
        "p baseline",
        "correlation after head",
    ] {
        table = table.numbers(title);
    }
    for one in judged {
        for Tried { map, faith, steps } in &one.tried {
            let [below, above] = faith.beaten();
            let least = faith.random.iter().copied().fold(f64::INFINITY, f64::min);
            let most = faith.random.iter().copied().fold(0.0, f64::max);
            let head = steps.first().and_then(|step| step.correlation);
            let number = |value: f64| Cell::Value(value as f32);
            table.row(vec![
                Cell::Text(one.image.clone()),
                Cell::Text(map.method.to_owned()),
                Cell::Text(map.layer.as_ref().map_or_else(String::new, |layer| layer.name.clone())),
                Cell::Text(map.target.map_or_else(String::new, |target| target.to_string())),
                number(faith.areas[0]),
                number(faith.areas[1]),
                number(least),
                number(most),
                Cell::Count(below as u64),
                Cell::Count(above as u64),
                number(faith.probability[0]),
                number(faith.probability[1]),
                head.map_or(Cell::Empty, number),
            ]);
        }
    }
    table
}

/// By method, in how many pictures it beats every random order.
fn summary(judged: &[Judged]) -> Vec<MethodEntry> {
    let mut all: Vec<MethodEntry> = Vec::new();
    for Tried { map, faith, .. } in judged.iter().flat_map(|one| &one.tried) {
        let place = all.iter().position(|entry| entry.method == map.method).unwrap_or_else(|| {
            let method = map.method;
            all.push(MethodEntry {
                method,
                pictures: 0,
                deletion_beats_all: 0,
                insertion_beats_all: 0,
                baseline_leaves_evidence: 0,
            });
            all.len() - 1
        });
        let entry = &mut all[place];
        let beats = faith.beaten().map(|count| usize::from(count == faith.random.len()));
        entry.pictures += 1;
        entry.deletion_beats_all += beats[0];
        entry.insertion_beats_all += beats[1];
        entry.baseline_leaves_evidence += usize::from(faith.leaves_evidence());
    }
    all
}

fn over_all(judged: &[Judged]) -> Table {
    let mut table = Table::new().words("method");
    for title in ["deletion beats all 5 random", "insertion", "baseline leaves evidence"] {
        table = table.numbers(title);
    }
    for entry in summary(judged) {
        let of = |count: usize| Cell::Text(format!("{count}/{}", entry.pictures));
        table.row(vec![
            Cell::Text(entry.method.to_owned()),
            of(entry.deletion_beats_all),
            of(entry.insertion_beats_all),
            of(entry.baseline_leaves_evidence),
        ]);
    }
    table
}

fn report(asking: &Asking, args: &Args, judged: &[Judged], left_out: Vec<LeftOut>) -> Report {
    let step = |step: &Step| StepEntry { part: step.part.clone(), correlation: step.correlation };
    let map = |Tried { map, faith, steps }: &Tried| MapEntry {
        method: map.method,
        layer: map.layer.as_ref().map(|layer| layer.name.clone()),
        deletion: faith.areas[0],
        insertion: faith.areas[1],
        random: faith.random.clone(),
        beaten: faith.beaten(),
        p_picture: faith.probability[0],
        p_baseline: faith.probability[1],
        baseline_leaves_evidence: faith.leaves_evidence(),
        deletion_curve: faith.deletion.clone(),
        insertion_curve: faith.insertion.clone(),
        cascade: steps.iter().map(step).collect(),
        sentences: faith.sentences(),
    };
    let image = |one: &Judged| ImageEntry {
        image: one.image.clone(),
        class: one.target.to_string(),
        maps: one.tried.iter().map(map).collect(),
    };
    Report {
        network: asking.setting.graph.name.clone(),
        trained: asking.setting.weights.is_trained(),
        baseline: args.baseline.baseline().word(),
        images: judged.iter().map(image).collect(),
        methods: summary(judged),
        left_out,
    }
}
