//! What a checkpoint leaves open: said on standard error, and in every JSON report in one form.

use std::collections::BTreeMap;

use serde::Serialize;

use super::page::Page;
use super::source::say;
use super::spec::Setting;
use crate::compute::weights::recognise::{Doubt, Evidence, OptionValue, Standing};

/// What is left of the doubts once `--set` has decided some options.
#[must_use]
pub fn open(doubts: &[Doubt], set: &[Setting]) -> Vec<Doubt> {
    let decided: Vec<&str> = set.iter().map(Setting::option).collect();
    doubts.iter().filter_map(|doubt| doubt.without(&decided)).collect()
}

/// Says on standard error those that are as likely as what was taken; reports have all of them.
pub fn say_all(doubts: &[Doubt]) {
    for doubt in doubts.iter().filter(|doubt| doubt.standing == Standing::Asked) {
        say(&doubt.command());
    }
}

/// Adds those that published networks give reason for to a page; nobody is known to do what the others say, and the
/// JSON has them.
pub fn add(page: &mut Page, doubts: &[Doubt]) {
    for doubt in doubts.iter().filter(|doubt| doubt.standing != Standing::Listed) {
        page.line(doubt.command());
    }
}

/// A doubt in JSON.
#[derive(Serialize)]
pub struct DoubtEntry<'a> {
    /// The first option that decides it, its value, and the first other one.
    option: &'a str,
    assumed: &'a str,
    other: &'a str,
    reason: &'a str,
    /// `asked`, `said` or `listed`: how likely it is otherwise.
    standing: &'static str,
    /// All options that are assumed.
    settings: BTreeMap<&'a str, &'a str>,
    alternatives: Vec<AlternativeEntry<'a>>,
    sentence: String,
}

#[derive(Serialize)]
struct AlternativeEntry<'a> {
    what: &'a str,
    settings: BTreeMap<&'a str, &'a str>,
}

/// All of them.
#[must_use]
pub fn entries(doubts: &[Doubt]) -> Vec<DoubtEntry<'_>> {
    doubts.iter().map(entry).collect()
}

fn entry(doubt: &Doubt) -> DoubtEntry<'_> {
    let first = doubt.assumed.first();
    let other = doubt.alternatives.first().and_then(|other| other.settings.first());
    DoubtEntry {
        option: first.map_or("", |setting| &setting.option),
        assumed: first.map_or("", |setting| &setting.value),
        other: other.map_or("", |setting| &setting.value),
        reason: &doubt.reason,
        standing: doubt.standing.as_str(),
        settings: pairs(&doubt.assumed),
        alternatives: doubt
            .alternatives
            .iter()
            .map(|other| AlternativeEntry { what: &other.what, settings: pairs(&other.settings) })
            .collect(),
        sentence: doubt.sentence(),
    }
}

/// Evidence in JSON.
#[derive(Serialize)]
pub struct EvidenceEntry<'a> {
    source: &'static str,
    says: &'a str,
    settings: BTreeMap<&'a str, &'a str>,
}

/// All of it.
#[must_use]
pub fn evidence(evidence: &[Evidence]) -> Vec<EvidenceEntry<'_>> {
    evidence
        .iter()
        .map(|one| EvidenceEntry { source: one.source.as_str(), says: &one.says, settings: pairs(&one.settings) })
        .collect()
}

fn pairs(settings: &[OptionValue]) -> BTreeMap<&str, &str> {
    settings.iter().map(|setting| (setting.option.as_str(), setting.value.as_str())).collect()
}
