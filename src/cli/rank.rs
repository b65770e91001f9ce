//! `gatescope rank`: which gates matter, by what replacing each by its mean does; or which channels of one.

use serde::Serialize;

use super::asking::{self, Asking, LeftOut, failed};
use super::error::CliError;
use super::page::Page;
use super::table::{Cell, Table};
use crate::compute::explain::{Done, Ranking};
use crate::network::graph::GateKind;

const EXAMPLES: &str = "\
Examples:
  gatescope rank bundled:cbam --image object.png
  gatescope rank seresnet50.safetensors --image photos/ --format csv > gates.csv
  gatescope rank cbam.pth --image cat.jpg --channels layer4.1.cbam.ChannelGate.gate
                                  every channel of one gate, by what setting it to 0 does

Each gate is replaced by its own mean: the scale stays, the choice goes. Over several pictures KL is the middle one, the
changes are means, and kept counts pictures whose most likely class stays.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    asking: asking::Args,
    /// Rank the channels of this gate instead
    #[arg(long, value_name = "GATE")]
    channels: Option<String>,
    /// Whose logit and probability are followed: a class by number or name, or N-M [default: the most likely class of
    /// each picture]
    #[arg(long = "class", value_name = "CLASS")]
    class: Option<String>,
}

/// A gate or a channel in JSON.
#[derive(Serialize)]
struct RowEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<usize>,
    /// The middle of `KL(before ‖ after)` over the pictures, nats.
    kl: f64,
    /// The mean, and its standard deviation over the pictures.
    delta_logit: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta_logit_std: Option<f64>,
    delta_probability: f64,
    /// Pictures whose most likely class stayed.
    kept: usize,
}

#[derive(Serialize)]
struct Report {
    network: String,
    trained: bool,
    /// What stood in for each.
    replaced_by: &'static str,
    images: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gate: Option<String>,
    /// From the one that changes most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gates: Vec<RowEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channels: Vec<RowEntry>,
    together: RowEntry,
    sentence: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<LeftOut>,
}

/// Ranks, writes what was asked for, then prints.
///
/// # Errors
/// [`CliError::Input`] for anything given that cannot be used, [`CliError::Failure`] for work that failed.
pub fn run(args: &Args) -> Result<(), CliError> {
    let mut asking = Asking::of(&args.asking)?;
    let target = asking.targets(args.class.as_slice())?.first().copied();
    let gate = args.channels.as_deref().map(|name| channels_of(&asking, name)).transpose()?;
    if asking.setting.graph.gates.is_empty() {
        let name = &asking.setting.graph.name;
        return Err(CliError::Input(format!("{name}: it has no attention, so no gates to rank; add some, like +cbam")));
    }
    let mut ranking = Ranking::default();
    let (images, skipped) = asking.each(&mut |asking, photo, control| {
        let logits = asking.subject.run(&photo.prepared.tensor, control).map_err(|error| failed(photo, &error))?.logits;
        asking.check(photo, &logits)?;
        let image = &photo.prepared.tensor;
        let added = match gate {
            Some(gate) => ranking.add_channels(&mut asking.subject, image, (gate, target), control),
            None => ranking.add_gates(&mut asking.subject, image, target, control),
        };
        added.map_err(|error| failed(photo, &error)).map(|()| photo.shown())
    })?;
    let ranked = Ranked { asking: &asking, ranking: &ranking, gate };
    let page = ranked.page(&images);
    let report = ranked.report(images, LeftOut::all(&skipped));
    let title = asking.setting.graph.name.clone();
    asking.finish((&title, page), &skipped, args.asking.format, &report)
}

/// A gate that has channels.
fn channels_of(asking: &Asking, name: &str) -> Result<usize, CliError> {
    let gate = asking::gate(&asking.setting, "--channels", name)?;
    let known = &asking.setting.graph.gates[gate];
    match known.kind {
        GateKind::Spatial | GateKind::Matrix => Err(CliError::Input(format!(
            "--channels {name}: a {} gate has no channels; name a channel gate",
            known.kind.as_str()
        ))),
        _ => Ok(gate),
    }
}

struct Ranked<'a> {
    asking: &'a Asking,
    ranking: &'a Ranking,
    gate: Option<usize>,
}

impl Ranked<'_> {
    fn replaced_by(&self) -> &'static str {
        if self.gate.is_some() { "0" } else { "mean" }
    }

    fn row(&self, index: Option<usize>) -> RowEntry {
        let done = index.map_or(&self.ranking.together, |index| &self.ranking.singles[index]);
        let gate = index.filter(|_| self.gate.is_none()).map(|index| &self.asking.setting.graph.gates[index]);
        let (delta_logit, delta_logit_std) = done.logit();
        RowEntry {
            name: gate.map(|gate| gate.name.clone()),
            kind: gate.map(|gate| gate.kind.as_str()),
            channel: index.filter(|_| self.gate.is_some()),
            kl: done.median_kl(),
            delta_logit,
            delta_logit_std,
            delta_probability: done.probability(),
            kept: done.kept,
        }
    }

    fn report(&self, images: Vec<String>, left_out: Vec<LeftOut>) -> Report {
        let setting = &self.asking.setting;
        let rows: Vec<RowEntry> = self.ranking.order().into_iter().map(|index| self.row(Some(index))).collect();
        let (gates, channels) = if self.gate.is_some() { (Vec::new(), rows) } else { (rows, Vec::new()) };
        Report {
            network: setting.graph.name.clone(),
            trained: setting.weights.is_trained(),
            replaced_by: self.replaced_by(),
            images,
            gate: self.gate.map(|gate| setting.graph.gates[gate].name.clone()),
            gates,
            channels,
            together: self.row(None),
            sentence: self.ranking.sentence(),
            left_out,
        }
    }

    fn page(&self, images: &[String]) -> Page {
        let setting = &self.asking.setting;
        let count = images.len();
        let on = match images {
            [one] => one.clone(),
            several => format!("{} pictures", several.len()),
        };
        let mut page = Page::default();
        page.heading(format!("{} on {on}", setting.graph.name));
        self.asking.intro(&mut page);
        page.line(match self.gate {
            Some(gate) => format!("Every channel of {} alone at 0", setting.graph.gates[gate].name),
            None => "Every gate alone replaced by its mean".to_owned(),
        });
        if count == 1 {
            page.line("One picture: rankings of two pictures seldom agree; give several, or a folder");
        }
        page.table(self.table(count));
        page.line(self.ranking.sentence());
        page
    }

    fn table(&self, count: usize) -> Table {
        let mut table = match self.gate {
            Some(_) => Table::new().numbers("channel"),
            None => Table::new().words("gate").words("kind"),
        };
        table = table.numbers(if count > 1 { "median KL" } else { "KL" }).numbers("Δ logit");
        if count > 1 {
            table = table.numbers("±");
        }
        table = table.numbers("Δ p").numbers("class kept");
        for index in self.ranking.order() {
            let gate = &self.asking.setting.graph.gates;
            let first = match self.gate {
                Some(_) => vec![Cell::Text(index.to_string())],
                None => {
                    vec![Cell::Text(gate[index].name.clone()), Cell::Text(gate[index].kind.as_str().to_owned())]
                }
            };
            table.row([first, cells(&self.ranking.singles[index], count)].concat());
        }
        let first = match self.gate {
            Some(_) => vec![Cell::Text("all".to_owned())],
            None => vec![Cell::Text("all at once".to_owned()), Cell::Empty],
        };
        table.total([first, cells(&self.ranking.together, count)].concat());
        table
    }
}

fn cells(done: &Done, count: usize) -> Vec<Cell> {
    let (mean, deviation) = done.logit();
    let mut cells = vec![Cell::Value(done.median_kl() as f32), Cell::Shift(mean)];
    if count > 1 {
        cells.push(deviation.map_or(Cell::Empty, |deviation| Cell::Value(deviation as f32)));
    }
    cells.extend([Cell::Shift(done.probability()), Cell::Text(format!("{}/{}", done.kept, done.pictures()))]);
    cells
}
