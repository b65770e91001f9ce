//! `gatescope explain`: where the evidence for a class lies.

mod value;

use std::path::PathBuf;

use super::asking::{self, Asking, Photo, failed};
use super::error::CliError;
use super::output;
use super::page::Page;
use super::table::{Cell, Table};
use super::tensors::{self, Named};
use crate::compute::engine::Control;
use crate::compute::explain::{Evidence, Explanation, Layer, METHODS, MethodCard, Target, method};

const EXAMPLES: &str = "\
Examples:
  gatescope explain bundled:cbam --image object.png
                                  Grad-CAM of what the network predicts
  gatescope explain resnet50.pth --image cat.jpg --method gradcam,hirescam,eigencam --out report
  gatescope explain seresnet50.safetensors --image cat.jpg --class tabby-\"Egyptian cat\"
                                  one class rather than another
  gatescope explain cbam.pth --image cat.jpg --layer layer4.2:before,layer4.2:after,layer4.2
                                  before a block's gates, after them, and its output
  gatescope explain bundled:se --image object.png --method all --tensors maps.safetensors

Maps are signed and in logits, not cut at 0, not scaled: METHOD/LAYER/CLASS in --tensors, METHOD/CLASS of pixels,
eigencam/LAYER. Without --layer it is the input of the global pooling; without --class the most likely class.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    asking: asking::Args,
    /// Methods, separated by commas, or all of them: gradcam, hirescam, layercam, gradcam++, xgradcam, ablationcam,
    /// eigencam, cam, inputgradient, integrated (gradients), scorecam (slow)
    #[arg(long, value_name = "METHOD", default_value = "gradcam", value_delimiter = ',')]
    method: Vec<String>,
    /// What for: a class by number or name, or N-M for one class rather than another; may be given several times
    /// [default: the most likely class of each picture]
    #[arg(long = "class", value_name = "CLASS")]
    classes: Vec<String>,
    /// Layers by their paths, separated by commas; of a block also PATH:before and PATH:after its gates [default: the
    /// input of the global pooling]
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    layer: Vec<String>,
    /// Write every map as safetensors; with several images, under IMAGE/
    #[arg(long, value_name = "FILE")]
    tensors: Option<PathBuf>,
}

/// What came of one picture.
struct Explained {
    image: String,
    name: String,
    logits: Vec<f32>,
    targets: Vec<Target>,
    maps: Vec<Evidence>,
    /// What was asked for and cannot be had, in sentences.
    refused: Vec<String>,
    /// By map, what is to be said of it.
    said: Vec<Vec<String>>,
    /// The largest and smallest logit's class and so on are on the page.
    page: Page,
}

/// Explains every picture, writes what was asked for, then prints.
///
/// # Errors
/// [`CliError::Input`] for anything given that cannot be used, [`CliError::Failure`] for work that failed.
pub fn run(args: &Args) -> Result<(), CliError> {
    let methods = methods(&args.method)?;
    if let Some(path) = &args.tensors {
        output::check_target(path, "--tensors")?;
    }
    let mut asking = Asking::of(&args.asking)?;
    let (layers, is_default) = layers(&asking, &args.layer)?;
    let given = asking.targets(&args.classes)?;
    let (results, skipped) = asking
        .each(&mut |asking, photo, control| explain(asking, photo, control, (&methods, &layers, &given, is_default)))?;
    if let Some(path) = &args.tensors {
        output::write(path, &encoded(&asking, &results)?)?;
    }
    let title = asking.setting.graph.name.clone();
    let mut page = Page::default();
    let reports = value::reports(&asking, &results, &skipped);
    if args.asking.format == asking::Format::Csv {
        page.table(rows(&results));
    } else {
        for result in results {
            page.append(result.page);
        }
    }
    asking.finish((&title, page), &skipped, args.asking.format, &reports)
}

/// The methods of these names.
fn methods(names: &[String]) -> Result<Vec<&'static dyn Explanation>, CliError> {
    if names.iter().any(|name| name == "all") {
        return Ok(METHODS.to_vec());
    }
    let found = names.iter().map(|name| method(name)).collect::<Result<_, _>>();
    found.map_err(|problem| CliError::Input(format!("--method {problem}")))
}

/// The layers of these names; without any the one that is pooled.
pub(super) fn layers(asking: &Asking, names: &[String]) -> Result<(Vec<Layer>, bool), CliError> {
    let graph = &asking.setting.graph;
    if names.is_empty() {
        let pooled = Layer::pooled(graph).ok_or_else(|| {
            CliError::Input(format!("{}: no layer of it has a map to look at; name one with --layer", graph.name))
        })?;
        return Ok((vec![pooled], true));
    }
    let found = names.iter().map(|name| Layer::named(graph, name)).collect::<Result<_, _>>();
    found.map(|layers| (layers, false)).map_err(|problem| CliError::Input(format!("--layer {problem}")))
}

type Asked<'a> = (&'a [&'static dyn Explanation], &'a [Layer], &'a [Target], bool);

fn explain(
    asking: &mut Asking,
    photo: &Photo<'_>,
    control: &Control<'_>,
    (methods, layers, given, is_default): Asked<'_>,
) -> Result<Explained, CliError> {
    let mut look =
        asking.subject.look(&photo.prepared.tensor, layers, control).map_err(|error| failed(photo, &error))?;
    let logits = look.logits().to_vec();
    let targets = if given.is_empty() { vec![Target::largest(&logits)] } else { given.to_vec() };
    let (mut maps, mut refused) = (Vec::new(), Vec::new());
    // Outputs that are no numbers have no evidence; where they come from is said instead.
    if logits.iter().all(|logit| logit.is_finite()) {
        for (method, layer, target) in combinations(methods, layers, &targets) {
            if let Some(problem) = method.refusal(&look, layer) {
                refused.push(problem);
                continue;
            }
            let map = method.explain(&mut look, layer, target).map_err(|error| failed(photo, &error))?;
            maps.push((map, look.head_of(layer.node).is_some()));
        }
    }
    asking.check(photo, &logits)?;
    refused.dedup();
    if maps.is_empty() {
        return Err(CliError::Input(refused.join("; ")));
    }
    let labels = asking.labels();
    let said = maps.iter().map(|(map, is_linear)| said_of(map, *is_linear, &logits, labels.as_ref())).collect();
    let maps = maps.into_iter().map(|(map, _)| map).collect();
    let (image, name, page) = (photo.shown(), photo.name.clone(), Page::default());
    let mut result = Explained { image, name, logits, targets, maps, refused, said, page };
    result.page = page_of(asking, photo, &result, is_default)?;
    Ok(result)
}

/// Every method at every layer for every target; what is of no layer or of no class once.
fn combinations<'a>(
    methods: &'a [&'static dyn Explanation],
    layers: &'a [Layer],
    targets: &'a [Target],
) -> Vec<(&'static dyn Explanation, &'a Layer, Target)> {
    let mut all = Vec::new();
    for method in methods {
        let card = method.card();
        let layers = if card.is_of_layer { layers } else { &layers[..1] };
        let targets = if card.knows_class { targets } else { &targets[..1] };
        for layer in layers {
            all.extend(targets.iter().map(|target| (*method, layer, *target)));
        }
    }
    all
}

/// What is to be said of a map.
fn said_of(
    map: &Evidence,
    is_linear: bool,
    logits: &[f32],
    labels: Option<&crate::compute::labels::Labels>,
) -> Vec<String> {
    let mut said = map.notes.clone();
    said.extend(map.says_nothing(labels));
    if let (true, "gradcam" | "hirescam", Some(target)) = (is_linear, map.method, map.target) {
        let (sum, value) = (map.sum(), f64::from(target.value(logits)));
        said.push(format!("the cells sum to {sum:.3}: the logit {value:.3} less the bias {:.3}", value - sum));
    }
    if map.done < 1.0 {
        said.push(format!("stopped at {:.0} %", map.done * 100.0));
    }
    said
}

/// One picture's page.
fn page_of(asking: &mut Asking, photo: &Photo<'_>, result: &Explained, is_default: bool) -> Result<Page, CliError> {
    let mut page = Page::default();
    page.heading(format!("{} on {}", asking.setting.graph.name, photo.shown()));
    asking.intro(&mut page);
    for target in &result.targets {
        page.line(format!("For {}", asking.said_of(*target, &result.logits)));
    }
    let layer = result.maps.iter().find_map(|map| map.layer.as_ref().map(|layer| (layer, map.size)));
    if let (true, Some((layer, [height, width]))) = (is_default, layer) {
        page.line(format!(
            "At {}, {height}×{width}: the input of the global pooling; --layer names another",
            layer.name
        ));
    }
    page.table(rows(std::slice::from_ref(result)));
    let both = result.maps.iter().zip(&result.said);
    for (map, said) in both {
        for sentence in said {
            page.line(format!("{}: {sentence}", map.key()));
        }
    }
    result.refused.iter().for_each(|problem| page.line(format!("Left out: {problem}")));
    let mut figures = Vec::new();
    for (map, said) in result.maps.iter().zip(&result.said) {
        // Maps of one method and layer have one scale, so that classes can be compared.
        let alike = |other: &&Evidence| other.method == map.method && other.layer == map.layer;
        let reach = result.maps.iter().filter(alike).map(Evidence::reach).fold(0.0, f32::max);
        let mut caption = vec![
            map.key(),
            format!("blue against, orange for; colours end at ±{}", crate::network::number::value(reach)),
        ];
        caption.extend(said.iter().cloned());
        let setting = &asking.setting;
        let drawn = if asking.has_page() { photo.under(setting, map, reach) } else { image::RgbImage::new(1, 1) };
        let name = format!("{}-{}", photo.name, map.key().replace('/', "-"));
        figures.extend(asking.keep(&name, caption, &|| drawn.clone())?);
    }
    page.figures(figures);
    Ok(page)
}

/// A row a map.
fn rows(results: &[Explained]) -> Table {
    let are_several = results.len() > 1;
    let mut table = if are_several { Table::new().words("image") } else { Table::new() };
    table = table.words("method").words("layer").words("class").words("size");
    for title in ["largest", "row", "col", "least", "for", "against"] {
        table = table.numbers(title);
    }
    for result in results {
        for map in &result.maps {
            let mut row = if are_several { vec![Cell::Text(result.image.clone())] } else { Vec::new() };
            let (largest, place) = map.peak().unwrap_or((f32::NAN, [0, 0]));
            let smallest = map.values.iter().copied().fold(f32::INFINITY, f32::min);
            let [speaks_for, against] = map.sides();
            row.extend([
                Cell::Text(map.method.to_owned()),
                Cell::Text(map.layer.as_ref().map_or("pixels", |layer| &layer.name).to_owned()),
                Cell::Text(map.target.map_or_else(String::new, |target| target.to_string())),
                Cell::Text(format!("{}×{}", map.size[0], map.size[1])),
                Cell::Value(largest),
                Cell::Count(place[0] as u64),
                Cell::Count(place[1] as u64),
                Cell::Value(smallest),
                Cell::Value(speaks_for as f32),
                Cell::Value(against as f32),
            ]);
            table.row(row);
        }
    }
    table
}

/// `METHOD/LAYER/CLASS`, and the logits.
fn encoded(asking: &Asking, results: &[Explained]) -> Result<Vec<u8>, CliError> {
    let mut all: Vec<Named> = Vec::new();
    for result in results {
        let prefix = if asking.images.are_several { format!("{}/", result.name) } else { String::new() };
        all.push((format!("{prefix}logits"), vec![result.logits.len()], result.logits.clone()));
        let maps =
            result.maps.iter().map(|map| (format!("{prefix}{}", map.key()), map.size.to_vec(), map.values.clone()));
        all.extend(maps);
    }
    tensors::encode(&asking.setting.graph.name, &asking.setting.source(), &all)
}

/// The card of a map's method.
fn card(map: &Evidence) -> Option<MethodCard> {
    METHODS.iter().map(|method| method.card()).find(|card| card.name == map.method)
}
