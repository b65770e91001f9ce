//! The list as JSON.

use serde::Serialize;

use super::allowed;
use crate::drawing::card::Diagram;
use crate::network::attention::{self, AttentionBlock};
use crate::network::options::Declared;
use crate::network::zoo::{self, Example, Family, Subject};

#[derive(Serialize)]
pub(super) struct Listing {
    families: Vec<FamilyEntry>,
    attention: Vec<BlockEntry>,
}

#[derive(Serialize)]
struct FamilyEntry {
    title: &'static str,
    paper: &'static str,
    models: Vec<ModelEntry>,
    aliases: Vec<AliasEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardEntry>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardEntry>,
}

#[derive(Serialize)]
struct CardEntry {
    what: &'static str,
    why: &'static str,
    caution: &'static str,
    formula: &'static [&'static str],
    place: &'static str,
    paper: &'static str,
    /// The lines of its diagram.
    diagram: Vec<String>,
    /// The lines of the part of resnet50 it sits in.
    #[serde(skip_serializing_if = "Option::is_none")]
    placed: Option<Vec<String>>,
}

impl CardEntry {
    fn of(subject: &Subject) -> Self {
        let [what, why, caution] = subject.sentences();
        let lines = |example: Example| Diagram::of_example(&example).lines();
        Self {
            what,
            why,
            caution,
            formula: subject.formula(),
            place: subject.place(),
            paper: subject.paper(),
            diagram: subject.example().map(lines).unwrap_or_default(),
            placed: subject.placed().map(lines),
        }
    }
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
    /// The families and blocks asked for; `is_long`: with their cards.
    pub(super) fn of(subjects: &[Subject], is_long: bool) -> Self {
        let card = |subject: &Subject| is_long.then(|| CardEntry::of(subject));
        let family = |subject: &Subject, family: &dyn Family| FamilyEntry {
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
                    options: OptionEntry::all(zoo::options(family, model.name)),
                })
                .collect(),
            aliases: family.aliases().iter().map(|a| AliasEntry { name: a.name, meaning: a.meaning }).collect(),
            card: card(subject),
        };
        let block = |subject: &Subject, block: &dyn AttentionBlock| {
            let attention::Card { name, title, long, summary, formula, paper, .. } = block.card();
            let options = OptionEntry::all(block.declared());
            BlockEntry { name, title, long, summary, formula, paper, options, card: card(subject) }
        };
        let mut listing = Self { families: Vec::new(), attention: Vec::new() };
        for subject in subjects {
            match subject {
                Subject::Family(known) => listing.families.push(family(subject, *known)),
                Subject::Block(known) => listing.attention.push(block(subject, *known)),
            }
        }
        listing
    }
}
