//! `gatescope list`: the networks, their options and the attention blocks.

use serde::Serialize;

use super::error::CliError;
use super::format::{self, Format};
use super::output;
use super::page::Page;
use super::table::{Cell, Table};
use crate::network::attention::{AttentionBlock, BLOCKS};
use crate::network::options::{Declared, Kind};
use crate::network::zoo::{FAMILIES, Family};

const EXAMPLES: &str = "\
Examples:
  gatescope list
  gatescope list --format json";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    print: format::Args,
}

/// Prints everything a spec can be made of.
///
/// # Errors
/// Standard output that cannot be written.
pub fn run(args: &Args) -> Result<(), CliError> {
    match args.print.format {
        Format::Table => output::print(&page().text()),
        Format::Json => output::print_json(&Listing::new()),
    }
}

fn page() -> Page {
    let mut page = Page::default();
    for family in FAMILIES {
        let card = family.card();
        page.heading(format!("NETWORKS: {} ({})", card.title, card.paper));
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
        page.item("classes=1000", "number of classes");
        for declared in family_options(*family) {
            add_option(&mut page, &declared);
        }
    }
    page.heading("ATTENTION BLOCKS");
    for block in BLOCKS {
        add_block(&mut page, *block);
    }
    page.heading("HOW TO WRITE A NETWORK");
    let mut examples = Table::new().words("").words("");
    for (text, meaning) in [
        ("resnet50+cbam", "attention in every block"),
        ("resnet50+se(r=8)@layer3,layer4.0", "in one stage and in one block"),
        ("resnet50+cbam+none@layer1", "everywhere but in one stage"),
        ("resnet50(stride=v1)+cbam(k=3)", "options of the network and of the block"),
        ("seresnet50", "short for resnet50+se"),
        ("mine.toml", "a spec file"),
    ] {
        examples.row(vec![Cell::Text(text.to_owned()), Cell::Text(meaning.to_owned())]);
    }
    page.table(examples);
    page
}

fn add_block(page: &mut Page, block: &dyn AttentionBlock) {
    let card = block.card();
    page.heading(format!("{:<6}{} ({})", card.name, card.title, card.long));
    page.line(format!("  {}", card.paper));
    page.line(format!("  {}", card.summary));
    for formula in card.formula {
        page.line(format!("  {formula}"));
    }
    for declared in block.declared() {
        add_option(page, &declared);
    }
}

/// Every option a family's models have, as the first of them declares it.
fn family_options(family: &dyn Family) -> Vec<Declared> {
    let mut all: Vec<Declared> = Vec::new();
    for declared in family.models().iter().flat_map(|model| family.options(model.name)) {
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
        Kind::List { min_len, max_len, max } => format!("{min_len} to {max_len} numbers from 1 to {max}, joined by -"),
    }
}

#[derive(Serialize)]
struct Listing {
    families: Vec<FamilyEntry>,
    attention: Vec<BlockEntry>,
}

#[derive(Serialize)]
struct FamilyEntry {
    title: &'static str,
    paper: &'static str,
    models: Vec<ModelEntry>,
    aliases: Vec<AliasEntry>,
}

#[derive(Serialize)]
struct AliasEntry {
    name: &'static str,
    meaning: &'static str,
}

#[derive(Serialize)]
struct ModelEntry {
    name: &'static str,
    summary: &'static str,
    input: [usize; 3],
    classes: usize,
    options: Vec<OptionEntry>,
}

#[derive(Serialize)]
struct BlockEntry {
    name: &'static str,
    title: &'static str,
    long: &'static str,
    summary: &'static str,
    formula: &'static [&'static str],
    paper: &'static str,
    options: Vec<OptionEntry>,
}

#[derive(Serialize)]
struct OptionEntry {
    key: &'static str,
    long: &'static str,
    help: &'static str,
    default: String,
    allowed: String,
}

impl OptionEntry {
    fn all(declared: Vec<Declared>) -> Vec<Self> {
        let entry = |declared: Declared| Self {
            key: declared.field.key,
            long: declared.field.long,
            help: declared.field.help,
            default: declared.default.to_string(),
            allowed: allowed(declared.field.kind),
        };
        declared.into_iter().map(entry).collect()
    }
}

impl Listing {
    fn new() -> Self {
        let family = |family: &&dyn Family| FamilyEntry {
            title: family.card().title,
            paper: family.card().paper,
            models: family
                .models()
                .into_iter()
                .map(|model| ModelEntry {
                    name: model.name,
                    summary: model.summary,
                    input: model.input,
                    classes: model.classes,
                    options: OptionEntry::all(family.options(model.name)),
                })
                .collect(),
            aliases: family.aliases().iter().map(|a| AliasEntry { name: a.name, meaning: a.meaning }).collect(),
        };
        let block = |block: &&dyn AttentionBlock| {
            let card = block.card();
            BlockEntry {
                name: card.name,
                title: card.title,
                long: card.long,
                summary: card.summary,
                formula: card.formula,
                paper: card.paper,
                options: OptionEntry::all(block.declared()),
            }
        };
        Self { families: FAMILIES.iter().map(family).collect(), attention: BLOCKS.iter().map(block).collect() }
    }
}
