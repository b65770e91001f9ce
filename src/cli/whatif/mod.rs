//! `gatescope whatif`: gates replaced, and what that does to what the network says.

mod change;
mod value;

use super::asking::{self, Asking, Photo, failed};
use super::error::CliError;
use super::page::Page;
use super::table::{Cell, Table};
use crate::compute::engine::{Control, Run};
use crate::compute::explain::{Effect, Lens, Slice, Target, WhatIf};
use crate::compute::imaging::overlay;
use crate::compute::imaging::shade::Shades;
use crate::network::graph::GateKind;
use change::Asked;

const EXAMPLES: &str = "\
Examples:
  gatescope whatif bundled:cbam --image object.png --gate layer2.0.cbam.SpatialGate.gate=mean
  gatescope whatif cbam.pth --image cat.jpg --gate layer4.1.cbam.ChannelGate.gate=zeros:channel=17
  gatescope whatif cbam.pth --image cat.jpg --gate all=mean --class tabby
                                  every gate at once
  gatescope whatif cbam.pth --image cat.jpg --gate layer3.0.cbam.SpatialGate.gate=painted.npy
  gatescope whatif cbam.pth --image cat.jpg --gate layer3.0.cbam.SpatialGate.gate=dog.jpg
                                  the gate as it is on another photo
  gatescope whatif cbam.pth --image cat.jpg --gate NAME=gates.safetensors
                                  as another network had it: inspect --tensors writes that file

A gate becomes ones, mean, zeros, invert, reverse, shuffle:SEED, a number, xFACTOR, clamp:LOW..HIGH, or what a .npy, a
.safetensors or a picture has; :channel=17 or :channel=3-9 after it leaves the other channels. Several are changed
at once; of one gate, one after the other. `gatescope inspect` lists the gates.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    asking: asking::Args,
    /// A gate and what takes its place; may be given several times; all=... is every gate
    #[arg(long = "gate", value_name = "NAME=CHANGE", required = true)]
    gates: Vec<String>,
    /// Whose logit and probability are followed: a class by number or name, or N-M [default: the most likely class]
    #[arg(long = "class", value_name = "CLASS")]
    class: Option<String>,
}

/// What came of one picture.
struct Changed {
    image: String,
    target: Target,
    effect: Effect,
    page: Page,
}

/// Changes the gates on every picture, writes what was asked for, then prints.
///
/// # Errors
/// [`CliError::Input`] for anything given that cannot be used, [`CliError::Failure`] for work that failed.
pub fn run(args: &Args) -> Result<(), CliError> {
    let mut asking = Asking::of(&args.asking)?;
    let asked = Asked::of(&mut asking, &args.gates)?;
    let target = asking.targets(args.class.as_slice())?.first().copied();
    let (results, skipped) =
        asking.each(&mut |asking, photo, control| change(asking, photo, control, (&asked, target)))?;
    let reports = value::reports(&asking, &asked, &results, &skipped);
    let title = asking.setting.graph.name.clone();
    let mut page = Page::default();
    if args.asking.format == asking::Format::Csv {
        page.table(classes(&asking, &results));
    } else {
        for result in results {
            page.append(result.page);
        }
    }
    asking.finish((&title, page), &skipped, args.asking.format, &reports)
}

fn change(
    asking: &mut Asking,
    photo: &Photo<'_>,
    control: &Control<'_>,
    (asked, target): (&Asked, Option<Target>),
) -> Result<Changed, CliError> {
    let mut what_if =
        WhatIf::new(&mut asking.subject, &photo.prepared.tensor, control).map_err(|error| failed(photo, &error))?;
    let before = what_if.run().clone();
    let after = what_if.rerun(asked.holds(), control).map_err(|error| failed(photo, &error))?;
    let share = what_if.share_behind(asked.first(&asking.setting.graph)).map_err(|error| failed(photo, &error))?;
    asking.check(photo, &before.logits)?;
    let target = target.unwrap_or_else(|| Target::largest(&before.logits));
    let effect = Effect::of(&before, &after);
    let mut changed = Changed { image: photo.shown(), target, effect, page: Page::default() };
    changed.page = page_of(asking, photo, asked, &changed, share);
    let figures = figures(asking, photo, asked, [&before, &after])?;
    changed.page.figures(figures);
    Ok(changed)
}

/// One picture's page.
fn page_of(asking: &Asking, photo: &Photo<'_>, asked: &Asked, changed: &Changed, share: f64) -> Page {
    let mut page = Page::default();
    let effect = &changed.effect;
    page.heading(format!("{} on {}", asking.setting.graph.name, photo.shown()));
    asking.intro(&mut page);
    for (text, caution) in asked.said() {
        page.line(format!("Changed: {text}"));
        if let Some(caution) = caution {
            page.line(format!("  {caution}"));
        }
    }
    page.line(format!("Run again from the first changed gate on: {:.0} % of the network's MACs", share * 100.0));
    page.line(format!("For {}", asking.said_of(changed.target, &effect.before.logits)));
    page.line(sentence(asking, changed));
    page.table(classes_of(asking, effect));
    let gates = gates(asking, effect);
    if let Some(gates) = gates {
        page.table(gates);
    }
    page
}

/// What the change did, in a sentence.
fn sentence(asking: &Asking, changed: &Changed) -> String {
    let Changed { effect, target, .. } = changed;
    let labels = asking.labels();
    let name = |class: usize| Target::Class(class).named(labels.as_ref());
    let [before, after] = [&effect.before, &effect.after];
    let said = match effect.is_kept() {
        true => format!("Class kept: {}", name(before.class())),
        false => format!(
            "{} ({:.1} %) becomes {} ({:.1} %)",
            name(before.class()),
            before.probabilities[before.class()] * 100.0,
            name(after.class()),
            after.probabilities[after.class()] * 100.0
        ),
    };
    let points = effect.delta_probability(*target) * 100.0;
    format!("{said}; Δ logit {:+.3}, Δ p {points:+.1} points, KL {:.4} nats", effect.delta_logit(*target), effect.kl())
}

/// The five most likely classes before and after.
fn classes_of(asking: &Asking, effect: &Effect) -> Table {
    let mut classes: Vec<usize> = Vec::new();
    for logits in [&effect.before.logits, &effect.after.logits] {
        let top = crate::compute::labels::top(logits, asking.setting.labels.as_ref(), 5);
        classes.extend(top.iter().map(|guess| guess.class));
    }
    let mut seen = std::collections::BTreeSet::new();
    classes.retain(|class| seen.insert(*class));
    let labels = asking.labels();
    let mut table = Table::new().numbers("class").words("label");
    for title in ["p before", "p after", "logit", "Δ logit"] {
        table = table.numbers(title);
    }
    for class in classes {
        table.row(class_row(effect, class, labels.as_ref()));
    }
    table
}

fn class_row(effect: &Effect, class: usize, labels: Option<&crate::compute::labels::Labels>) -> Vec<Cell> {
    vec![
        Cell::Text(class.to_string()),
        Cell::Text(labels.and_then(|labels| labels.get(class)).map_or_else(String::new, |name| name.to_string())),
        Cell::Value(effect.before.probabilities[class] as f32),
        Cell::Value(effect.after.probabilities[class] as f32),
        Cell::Value(effect.before.logits[class]),
        Cell::Shift(f64::from(effect.delta_logit(Target::Class(class)))),
    ]
}

/// Every class of every picture, for a spreadsheet.
fn classes(asking: &Asking, results: &[Changed]) -> Table {
    let labels = asking.labels();
    let mut table = Table::new().words("image").numbers("class").words("label");
    for title in ["p before", "p after", "logit", "delta logit"] {
        table = table.numbers(title);
    }
    for result in results {
        for class in 0..result.effect.before.logits.len() {
            let row = class_row(&result.effect, class, labels.as_ref());
            table.row([vec![Cell::Text(result.image.clone())], row].concat());
        }
    }
    table
}

/// Gates whose mean changed.
fn gates(asking: &Asking, effect: &Effect) -> Option<Table> {
    /// A change that four decimals show.
    const SEEN: f32 = 5e-5;
    let mut table = Table::new().words("gate").words("kind").numbers("mean before").numbers("mean after").numbers("Δ");
    let mut is_empty = true;
    for (gate, [before, after]) in asking.setting.graph.gates.iter().zip(&effect.gates) {
        if (after - before).abs() >= SEEN || after.is_finite() != before.is_finite() {
            is_empty = false;
            table.row(vec![
                Cell::Text(gate.name.clone()),
                Cell::Text(gate.kind.as_str().to_owned()),
                Cell::Value(*before),
                Cell::Value(*after),
                Cell::Shift(f64::from(after - before)),
            ]);
        }
    }
    (!is_empty).then_some(table)
}

/// The changed maps, as they were and as they became, on one scale.
fn figures(
    asking: &mut Asking,
    photo: &Photo<'_>,
    asked: &Asked,
    runs: [&Run; 2],
) -> Result<Vec<super::page::Figure>, CliError> {
    if !asking.has_page() {
        return Ok(Vec::new());
    }
    let graph = asking.setting.graph.clone();
    let seen = photo.seen(&asking.setting);
    let mut figures = Vec::new();
    for (index, _) in asked.holds().iter() {
        let gate = &graph.gates[index];
        if !matches!(gate.kind, GateKind::Spatial | GateKind::Volume) {
            continue;
        }
        for (run, word) in runs.into_iter().zip(["as it is", "changed"]) {
            let Some(map) = Lens::of(&graph, gate, &run.gates[index].values).map(Slice::Mean) else { continue };
            let caption = vec![format!("{} {word}", gate.name), "scale 0 to 1".to_owned()];
            let name = format!("{}-{}-{word}", photo.name, gate.name).replace(' ', "-");
            let draw = || overlay::blend(&seen, &map.values, map.size, (0.0, 1.0), (Shades::viridis(), 1.0));
            figures.extend(asking.keep(&name, caption, &draw)?);
        }
    }
    Ok(figures)
}
