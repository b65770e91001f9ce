//! What stays open of a network once all that is said of it has been heard.

use super::doubt::{Alternative, Doubt, OptionValue, Standing};
use super::rules::{Among, TWINS, Twin};
use super::{Dialect, Recognised, same_tensors};
use crate::network::options::{Declared, Kind};
use crate::network::{Graph, NetworkSpec, lower, zoo};

/// Options of which at least the usual value is named with every file.
const LISTED: [&str; 9] = ["padding", "eps", "act", "aa", "output_stride", "head", "transform_input", "stride", "pool"];
/// The epsilons there are in published networks; and a pooling that tensors do show.
const EPSILONS: [&str; 2] = ["1e-5", "1e-3"];
const SHOWN_BY_TENSORS: &str = "catavgmax";

/// A network's family and its options with their defaults.
pub(super) fn declared(spec: &NetworkSpec) -> (&'static str, Vec<Declared>) {
    match zoo::find(&spec.model) {
        Some((family, model)) => (family.card().title, zoo::options(family, model.name)),
        None => ("", Vec::new()),
    }
}

/// An option's value, default or not; `None` where the network has no such option.
pub(super) fn value_of(spec: &NetworkSpec, option: &str) -> Option<String> {
    let (_, declared) = declared(spec);
    let declared = declared.iter().find(|declared| declared.field.key == option)?;
    Some(spec.options.value(declared).to_string())
}

/// A network with other options.
///
/// # Errors
/// Why it cannot be had: what the options contradict, or that the tensors would be others.
pub(super) fn with(found: &Recognised, settings: &[OptionValue]) -> Result<(NetworkSpec, Graph), String> {
    let mut spec = found.spec.clone();
    for OptionValue { option, value } in settings {
        zoo::set_option(&mut spec, option, value)?;
    }
    let graph = lower(&spec).map_err(|error| error.to_string())?;
    match same_tensors(&graph, &found.graph) {
        true => Ok((spec, graph)),
        false => Err("the tensors are of another network".to_owned()),
    }
}

/// Can it be set, and does it compute something else then? Otherwise it would be no way out of a doubt.
fn can_be_had(found: &Recognised, alternative: &Alternative) -> bool {
    with(found, &alternative.settings).is_ok_and(|(_, graph)| graph.nodes != found.graph.nodes)
}

/// Published networks with the same tensors that compute otherwise.
pub(super) fn twins(found: &Recognised) -> impl Iterator<Item = &'static Twin> {
    let (title, _) = declared(&found.spec);
    let is_timm = found.dialect == Dialect::Timm;
    let is = |option: &str, value: &str| value_of(&found.spec, option).is_some_and(|own| own == value);
    let is_large = is("block", "bottleneck") && !is("stem", "cifar");
    TWINS.iter().filter(move |twin| {
        let is_among = match twin.among {
            Among::All => true,
            Among::Timm => is_timm,
            Among::Large => is_large,
        };
        twin.family == title && is_among
    })
}

/// The doubt that those networks are, but for options that are decided.
pub(super) fn of_twins(found: &Recognised, decided: &[&str]) -> Option<Doubt> {
    let mut assumed: Vec<OptionValue> = Vec::new();
    let mut alternatives = Vec::new();
    for twin in twins(found) {
        let is_decided = twin.settings.iter().any(|(option, _)| decided.contains(option));
        let values: Vec<(&str, String)> =
            twin.settings.iter().filter_map(|(option, _)| Some((*option, value_of(&found.spec, option)?))).collect();
        let is_it = twin.settings.iter().zip(&values).all(|((_, theirs), (_, ours))| theirs == ours);
        let alternative = Alternative { what: twin.what.to_owned(), settings: OptionValue::all(twin.settings) };
        if is_decided || is_it || values.len() < twin.settings.len() || !can_be_had(found, &alternative) {
            continue;
        }
        for (option, value) in values {
            let setting = OptionValue::new(option, &value);
            if !assumed.contains(&setting) {
                assumed.push(setting);
            }
        }
        alternatives.push(alternative);
    }
    let reason = "published networks have the same tensors and compute otherwise".to_owned();
    (!alternatives.is_empty()).then_some(Doubt { assumed, alternatives, reason, standing: Standing::Said })
}

/// One line for all the rest that no tensor shows.
pub(super) fn of_the_rest(found: &Recognised, known: &[&str]) -> Option<Doubt> {
    let (_, declared) = declared(&found.spec);
    let bottlenecks = value_of(&found.spec, "block").is_none_or(|block| block == "bottleneck");
    let is_open = |option: &str| !known.contains(&option) && (option != "stride" || bottlenecks);
    let mut assumed = Vec::new();
    let mut alternatives = Vec::new();
    for option in LISTED.into_iter().filter(|option| is_open(option)) {
        let Some(declared) = declared.iter().find(|declared| declared.field.key == option) else { continue };
        let value = found.spec.options.value(declared).to_string();
        let others = others(declared, &value).into_iter().map(|other| Alternative::of(option, &other));
        let others: Vec<Alternative> = others.filter(|other| can_be_had(found, other)).collect();
        if !others.is_empty() {
            assumed.push(OptionValue::new(option, &value));
            alternatives.extend(others);
        }
    }
    let reason = "what no tensor shows, as such networks usually have it".to_owned();
    (!assumed.is_empty()).then_some(Doubt { assumed, alternatives, reason, standing: Standing::Listed })
}

/// The other values an option can have.
fn others(declared: &Declared, value: &str) -> Vec<String> {
    let all: Vec<String> = match declared.field.kind {
        Kind::Word(words) => words.iter().map(|word| (*word).to_owned()).collect(),
        Kind::OneOf(numbers) => numbers.iter().map(ToString::to_string).collect(),
        Kind::Small => EPSILONS.iter().map(|eps| (*eps).to_owned()).collect(),
        Kind::Number { .. } | Kind::List { .. } => Vec::new(),
    };
    all.into_iter().filter(|other| other != value && other != SHOWN_BY_TENSORS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::weights::recognise::{of_tensors, spellings::spellings};
    use crate::network::parse;

    /// Does this network compute what the published one does, on a picture of that one's size?
    fn computes(spec: &NetworkSpec, published: &NetworkSpec, graph: &Graph) -> bool {
        let sized = NetworkSpec { input: Some(zoo::input_of(published)), ..spec.clone() };
        lower(&sized).is_ok_and(|other| {
            let ops = |graph: &Graph| graph.nodes.iter().map(|node| (node.op, node.shape)).collect::<Vec<_>>();
            ops(&other) == ops(graph)
        })
    }

    /// By the names their library gives them and no other hint.
    #[test]
    fn a_published_network_is_recognised_or_a_doubt_names_what_makes_it_that() {
        let aliases = zoo::FAMILIES.iter().flat_map(|family| family.aliases()).map(|alias| alias.name);
        // Legacy stems are named as nowhere else: they have a test of their own.
        let aliases = aliases.filter(|name| !name.starts_with("legacy_"));
        let all = zoo::model_names().into_iter().map(|name| (name, false)).chain(aliases.map(|name| (name, true)));
        for (name, is_timm) in all {
            let spec = parse(name).expect(name);
            let graph = lower(&spec).expect(name);
            let all = spellings(&spec, &graph);
            let theirs = if is_timm { all.last() } else { all.first() }.expect("its own names at least");
            let named: Vec<(String, &[usize])> =
                graph.params.iter().map(|param| (theirs.name(&param.name), param.shape.as_slice())).collect();
            let named: Vec<(&str, &[usize])> = named.iter().map(|(name, shape)| (&**name, *shape)).collect();
            let found = of_tensors(&named).unwrap_or_else(|problem| panic!("{name}: {problem}"));
            let alternatives = found.doubts.iter().flat_map(|doubt| &doubt.alternatives);
            let mut readings = alternatives.filter_map(|other| with(&found, &other.settings).ok());
            let is_right = computes(&found.spec, &spec, &graph);
            let is_it = is_right || readings.any(|(other, _)| computes(&other, &spec, &graph));
            assert!(is_it, "{name} is taken for {}: {:?}", found.spec, found.doubts);
        }
    }
}
