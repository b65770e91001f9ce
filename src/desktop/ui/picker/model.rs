//! What the picker lists: models by family and by the part of their names they share, and what a search leaves.

use std::sync::Arc;

use crate::network::zoo::{self, Family};
use crate::network::{Model, NetworkSpec, parse};

/// One network to choose.
pub(super) struct Choice {
    /// The name that is chosen, or a whole spec as it was typed.
    pub(super) name: String,
    /// What a chip says: the name without what its neighbours share with it.
    pub(super) label: String,
    /// What the neighbours share: `resnet`.
    pub(super) group: String,
    /// What it is, in a few words.
    pub(super) summary: String,
    /// Its family.
    pub(super) family: &'static dyn Family,
    /// The network.
    pub(super) spec: NetworkSpec,
    /// The network, where it has been lowered; models' costs are in the catalogue.
    pub(super) model: Option<Arc<Model>>,
    /// Is it a model by its own name, and no other name for one or a spec that was typed?
    pub(super) is_model: bool,
}

impl Choice {
    fn of(name: &str, summary: &str, family: &'static dyn Family, spec: NetworkSpec, is_model: bool) -> Self {
        let (group, label) = if is_model { split(name) } else { (String::new(), name) };
        let (name, label, summary) = (name.to_owned(), label.to_owned(), summary.to_owned());
        Self { name, label, group, summary, family, spec, model: None, is_model }
    }
}

impl Choice {
    /// The network, lowered.
    pub(super) fn lowered(&self) -> Option<Arc<Model>> {
        self.model.clone().or_else(|| Model::of(self.spec.clone()).ok())
    }
}

/// Everything a search leaves, family by family; what was typed comes first where it is a whole spec.
pub(super) fn find(query: &str) -> Vec<Choice> {
    let query = query.trim().to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let mut found: Vec<Choice> = typed(&query).into_iter().collect();
    for family in zoo::FAMILIES.iter().copied() {
        let title = family.card().title;
        let models = family.models().into_iter();
        let models = models.filter(|model| answers(&words, [model.name, title, model.summary]));
        found.extend(grouped(
            models.map(|model| Choice::of(model.name, model.summary, family, NetworkSpec::of(model.name), true)),
        ));
        found.extend(prefixed(&query, family));
        // Other names only where they are looked for.
        let aliases =
            family.aliases().iter().filter(|alias| !words.is_empty() && answers(&words, [alias.name, "", ""]));
        found.extend(aliases.filter_map(|alias| {
            let spec = parse(alias.name).ok()?;
            Some(Choice::of(alias.name, alias.meaning, family, spec, false))
        }));
    }
    found
}

/// Attention whose name in front of a model's is a well-known name: `seresnet50`.
const PREFIXES: [&str; 2] = ["se", "eca"];
/// So many of them are offered; each is counted as it is listed.
const OFFERED: usize = 12;

/// A family's models with attention by such a name, of those that begin with what was typed.
fn prefixed(query: &str, family: &'static dyn Family) -> Vec<Choice> {
    let is_more = |prefix: &&&str| query.len() > prefix.len() && query.starts_with(**prefix);
    let Some(prefix) = PREFIXES.iter().find(is_more) else { return Vec::new() };
    let names = family.models().into_iter().map(|model| format!("{prefix}{}", model.name));
    let names = names.filter(|name| {
        let is_alias = family.aliases().iter().any(|alias| alias.name == *name);
        name.starts_with(query) && name != query && !is_alias && zoo::find(name).is_none()
    });
    let choice = |name: String| {
        let model = Model::parse(&name).ok()?;
        let (spec, meaning) = (model.spec()?.clone(), model.to_string());
        Some(Choice { model: Some(model), ..Choice::of(&name, &meaning, family, spec, false) })
    };
    names.filter_map(choice).take(OFFERED).collect()
}

/// The same choices, those of a group together.
fn grouped(choices: impl Iterator<Item = Choice>) -> Vec<Choice> {
    let mut choices: Vec<Choice> = choices.collect();
    let mut groups: Vec<String> = Vec::new();
    for choice in &choices {
        if !groups.contains(&choice.group) {
            groups.push(choice.group.clone());
        }
    }
    choices.sort_by_key(|choice| groups.iter().position(|group| *group == choice.group));
    choices
}

/// A whole spec, if what was typed is one and not only a name in the list.
fn typed(query: &str) -> Option<Choice> {
    let lowered = Model::parse(query).ok()?;
    let spec = lowered.spec()?.clone();
    let (family, model) = zoo::find(&spec.model)?;
    let is_listed = model.name == query || family.aliases().iter().any(|alias| alias.name == query);
    let summary = format!("{} with what was typed", model.name);
    (!is_listed).then(|| Choice { model: Some(lowered), ..Choice::of(query, &summary, family, spec, false) })
}

/// Does every word of the query occur in the name or the title, or begin a word of the summary?
fn answers(words: &[&str], [name, title, summary]: [&str; 3]) -> bool {
    let (title, summary) = (title.to_lowercase(), summary.to_lowercase());
    words.iter().all(|word| {
        name.contains(word) || title.contains(word) || summary.split_whitespace().any(|other| other.starts_with(word))
    })
}

/// The choice a query means most likely: the one of that name, else the first whose name begins so, else the first.
pub(super) fn likeliest(query: &str, choices: &[Choice]) -> usize {
    let query = query.trim().to_lowercase();
    let named = choices.iter().position(|choice| choice.name == query);
    let begins = || choices.iter().position(|choice| !query.is_empty() && choice.name.starts_with(&query));
    named.or_else(begins).unwrap_or(0)
}

/// What a name shares with its neighbours, and the rest: `resnet`, `50`; `efficientnet_`, `b0`; `shufflenet_v2_`,
/// `x1_0`. A version is part of the first, and a name without a size has no first.
fn split(name: &str) -> (String, &str) {
    let after_version = |at: usize| {
        let is_version = name[..at].ends_with("_v");
        let end = name[at..].find('_').map(|end| at + end + 1);
        if is_version { end } else { Some(at) }
    };
    let Some(digit) = name.find(|letter: char| letter.is_ascii_digit()) else { return (String::new(), name) };
    let Some(mut at) = after_version(digit) else { return (String::new(), name) };
    // One letter in front of the size belongs to it: b0.
    if at == digit && name[..at].rfind('_').is_some_and(|bar| at - bar == 2) {
        at -= 1;
    }
    (name[..at].to_owned(), &name[at..])
}

/// Choices in lines: of one family and group, so many a line at most.
pub(super) fn lines(choices: &[Choice], per_line: usize) -> Vec<std::ops::Range<usize>> {
    let mut lines: Vec<std::ops::Range<usize>> = Vec::new();
    for index in 0..choices.len() {
        let continues = index > 0 && same_line(&choices[index - 1], &choices[index]);
        match lines.last_mut() {
            Some(line) if continues && line.len() < per_line => line.end = index + 1,
            _ => lines.push(index..index + 1),
        }
    }
    lines
}

fn same_line(a: &Choice, b: &Choice) -> bool {
    a.family.card().title == b.family.card().title && a.group == b.group && a.is_model == b.is_model
}

/// The choice one line up or down, in the same column where there is one.
pub(super) fn step(lines: &[std::ops::Range<usize>], chosen: usize, down: bool) -> usize {
    let Some(line) = lines.iter().position(|line| line.contains(&chosen)) else { return 0 };
    let column = chosen - lines[line].start;
    let next = if down { line + 1 } else { line.wrapping_sub(1) };
    lines.get(next).map_or(chosen, |next| next.start + column.min(next.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_what_is_left_of_a_name() {
        for (name, group, label) in [
            ("resnet50", "resnet", "50"),
            ("resnext50_32x4d", "resnext", "50_32x4d"),
            ("wide_resnet50_2", "wide_resnet", "50_2"),
            ("efficientnet_b0", "efficientnet_", "b0"),
            ("regnet_x_400mf", "regnet_x_", "400mf"),
            ("shufflenet_v2_x1_0", "shufflenet_v2_", "x1_0"),
            ("mobilenet_v3_small", "mobilenet_v3_", "small"),
            ("mobilenet_v2", "", "mobilenet_v2"),
            ("googlenet", "", "googlenet"),
        ] {
            assert_eq!(split(name), (group.to_owned(), label), "{name}");
        }
    }

    #[test]
    fn every_model_is_listed_once_and_found_by_its_name() {
        let all = find("");
        let names: Vec<&str> = all.iter().map(|choice| choice.name.as_str()).collect();
        let sorted = |mut names: Vec<&'static str>| {
            names.sort_unstable();
            names
        };
        let known = zoo::model_names();
        let listed = known.iter().copied().filter(|name| names.contains(name)).collect();
        assert_eq!((names.len(), sorted(listed)), (known.len(), sorted(known)));
        let beginnings = lines(&all, usize::MAX);
        let groups: Vec<(&str, &str)> = beginnings
            .iter()
            .map(|line| (all[line.start].family.card().title, all[line.start].group.as_str()))
            .collect();
        let once = groups.iter().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(once.len(), groups.len(), "a group stands in one place: {groups:?}");
        for name in names {
            let found = find(name);
            assert_eq!(found[likeliest(name, &found)].name, name);
        }
    }

    #[test]
    fn a_search_looks_at_names_titles_aliases_and_words() {
        let titles = |query: &str| {
            let mut titles: Vec<&str> = find(query).iter().map(|choice| choice.family.card().title).collect();
            titles.dedup();
            titles
        };
        assert_eq!(titles("mobile"), ["MobileNet", "MobileNetV2", "MobileNetV3"]);
        assert!(titles("inception").len() >= 4);
        assert!(titles("se").contains(&"EfficientNet"), "built-in SE is found");
        let named = find("senet154");
        assert_eq!(named[likeliest("senet154", &named)].spec.to_string(), "senet154_trunk+se");
        assert_eq!(find("seresnet50")[0].spec.to_string(), "resnet50+se");
        assert_eq!(find("resnet50+cbam")[0].spec.to_string(), "resnet50+cbam");
        let begun = find("seresne");
        assert!(begun.iter().any(|choice| choice.name == "seresnet50" && choice.model.is_some()));
        assert!(begun[likeliest("seresne", &begun)].name.starts_with("seresnet"), "before the legacy ones");
        assert!(find("resnet51").is_empty());
    }

    #[test]
    fn lines_keep_to_their_group_and_arrows_to_their_column() {
        let choices = find("vgg");
        let lines = lines(&choices, 3);
        assert!(lines.iter().all(|line| line.len() <= 3));
        assert_eq!(step(&lines, 1, true), 4);
        assert_eq!(step(&lines, 4, false), 1);
        assert_eq!(step(&lines, 1, false), 1);
        assert_eq!(step(&lines, choices.len() - 1, true), choices.len() - 1);
    }
}
