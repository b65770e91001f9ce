//! `gatescope list`: the networks, their options and the attention blocks; with `--long`, their cards.

mod value;

use self::value::Listing;
use super::error::CliError;
use super::format::{self, Format};
use super::output;
use super::page::Page;
use super::table::{Cell, Table};
use crate::drawing::card::Diagram;
use crate::network::attention::AttentionBlock;
use crate::network::options::{Declared, Kind};
use crate::network::suggest;
use crate::network::zoo::{self, Family, Subject};

const EXAMPLES: &str = "\
Examples:
  gatescope list
  gatescope list cbam --long                  what it is, its diagram, its formula, its paper
  gatescope list resnet50                     the models and options of its family
  gatescope list --format json";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only these: families, models or attention blocks
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// What each is, why, what to look out for, its diagram, formula and paper
    #[arg(long)]
    long: bool,
    #[command(flatten)]
    print: format::Args,
}

/// Prints everything a spec can be made of, or what was asked for.
///
/// # Errors
/// A name that is no family, model or block; standard output that cannot be written.
pub fn run(args: &Args) -> Result<(), CliError> {
    let named = args.names.iter().map(|name| named(name)).collect::<Result<Vec<Subject>, CliError>>()?;
    let is_whole = named.is_empty();
    let subjects = if is_whole { Subject::all().collect() } else { named };
    match args.print.format {
        Format::Table => output::print(&page(&subjects, is_whole, args.long).text()),
        Format::Json => output::print_json(&Listing::of(&subjects, args.long)),
    }
}

fn named(name: &str) -> Result<Subject, CliError> {
    Subject::find(name).ok_or_else(|| {
        let known: Vec<&str> = Subject::all().map(|subject| subject.name()).chain(zoo::model_names()).collect();
        let hint = match suggest::nearest(name, known) {
            Some(near) => format!("did you mean {near}?"),
            None => "`gatescope list` shows what there is".to_owned(),
        };
        CliError::Input(format!("{name}: no network and no attention block, {hint}"))
    })
}

fn page(subjects: &[Subject], is_whole: bool, is_long: bool) -> Page {
    let mut page = Page::default();
    for subject in subjects {
        if let Subject::Family(family) = subject {
            add_family(&mut page, *family, is_long);
        }
    }
    if is_whole {
        page.heading("ATTENTION BLOCKS");
    }
    for subject in subjects {
        if let Subject::Block(block) = subject {
            add_block(&mut page, *block, is_long);
        }
    }
    if is_whole {
        add_examples(&mut page);
    }
    page
}

fn add_family(page: &mut Page, family: &'static dyn Family, is_long: bool) {
    let card = family.card();
    page.heading(format!("NETWORKS: {} ({})", card.title, card.paper));
    if is_long {
        add_card(page, &Subject::Family(family));
    }
    let mut models = Table::new().words("name").words("input").numbers("classes").words("");
    for model in family.models() {
        let [channels, height, width] = model.input;
        models.row(vec![
            Cell::Text(model.name.to_owned()),
            Cell::Text(format!("{channels}×{height}×{width}")),
            Cell::Count(model.classes as u64),
            Cell::Text(model.summary.to_owned()),
        ]);
    }
    page.table(models);
    if !family.aliases().is_empty() {
        page.heading("Also understood, as is se or eca in front of a name (seresnet50 is resnet50+se):");
        let mut aliases = Table::new().words("").words("");
        for alias in family.aliases() {
            aliases.row(vec![Cell::Text(alias.name.to_owned()), Cell::Text(alias.meaning.to_owned())]);
        }
        page.table(aliases);
    }
    let first = family.models().first().map_or("", |model| model.name);
    page.heading(format!("Options, with the defaults of {first}:"));
    page.item("input=224", "input size: 224, 224x192 (height x width) or 3x224x224");
    page.item("classes=1000", "number of classes; 0: no classifier, the pooled features come out");
    for declared in family_options(family) {
        add_option(page, &declared);
    }
}

fn add_examples(page: &mut Page) {
    page.heading("HOW TO WRITE A NETWORK");
    let mut examples = Table::new().words("").words("");
    for (text, meaning) in [
        ("resnet50+cbam", "attention in every block"),
        ("resnet50+se(r=8)@layer3,layer4.0", "in one stage and in one block"),
        ("resnet50+cbam+none@layer1", "everywhere but in one stage"),
        ("efficientnet_b0+off@stage3", "without the SE it is built with, in one stage"),
        ("resnet50(stride=v1)+cbam(k=3)", "options of the network and of the block"),
        ("seresnet50", "short for resnet50+se"),
        ("mine.toml", "a spec file"),
    ] {
        examples.row(vec![Cell::Text(text.to_owned()), Cell::Text(meaning.to_owned())]);
    }
    page.table(examples);
}

fn add_block(page: &mut Page, block: &'static dyn AttentionBlock, is_long: bool) {
    let card = block.card();
    page.heading(format!("{:<6}{} ({})", card.name, card.title, card.long));
    if is_long {
        add_card(page, &Subject::Block(block));
        page.heading("Options:");
    } else {
        page.line(format!("  {}", card.paper));
        page.line(format!("  {}", card.summary));
        for formula in card.formula {
            page.line(format!("  {formula}"));
        }
    }
    for declared in block.declared() {
        add_option(page, &declared);
    }
}

/// What a card says: what it is, why, what to look out for, its formula, where it sits, its paper and its diagram.
fn add_card(page: &mut Page, subject: &Subject) {
    for sentence in subject.sentences() {
        page.line(format!("  {sentence}"));
    }
    for formula in subject.formula() {
        page.line(format!("    {formula}"));
    }
    page.line(format!("  Where attention sits: {}", lowered(subject.place())));
    page.line(format!("  Paper: {}", subject.paper()));
    let name = match subject {
        Subject::Family(family) => format!("A block of {}", family.card().picture.0),
        Subject::Block(_) => "Its layers".to_owned(),
    };
    let placed = ("In resnet50".to_owned(), subject.placed());
    for (name, example) in [(name, subject.example()), placed] {
        if let Some(example) = example {
            page.heading(format!("{name}:"));
            page.drawing(Diagram::of_example(&example).lines());
        }
    }
}

/// A sentence that goes on after a colon.
fn lowered(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Every option a family's models have, as the first of them declares it.
fn family_options(family: &dyn Family) -> Vec<Declared> {
    let mut all: Vec<Declared> = Vec::new();
    for declared in family.models().iter().flat_map(|model| zoo::options(family, model.name)) {
        if !all.iter().any(|known| known.field.key == declared.field.key) {
            all.push(declared);
        }
    }
    all
}

fn add_option(page: &mut Page, declared: &Declared) {
    let term = format!("{}={}", declared.field.key, declared.default);
    page.item(term, format!("{} ({})", declared.field.help, allowed(declared.field.kind)));
}

/// The values a field takes, in words.
fn allowed(kind: Kind) -> String {
    match kind {
        Kind::Number { min, max } => format!("{min} to {max}"),
        Kind::OneOf(numbers) => numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Kind::Word(words) => words.join(", "),
        Kind::Small => "above 0, up to 1".to_owned(),
        Kind::List { min_len, max_len, max } => format!("{min_len} to {max_len} numbers from 1 to {max}, joined by -"),
    }
}
