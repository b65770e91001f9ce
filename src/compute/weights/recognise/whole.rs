//! Attention that is recognised whole: a block is attached to a small map with every likely choice of its options, and
//! is what it is if its tensors are those in the file, name by name and shape by shape.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::structure::Odd;
use super::tensors::Tensors;
use crate::network::attention::{self, Attention, AttentionBlock, Site};
use crate::network::graph::{GraphBuilder, Shape};
use crate::network::options::{Kind, Value};
use crate::network::spec::{AttentionPlan, Place};

/// A block's tensors: names inside the block, and shapes.
pub(super) type Found = BTreeMap<String, Vec<usize>>;

/// The largest reduction that is tried.
const MAX_REDUCTION: usize = 64;
/// Channels that every block can be for.
const CHANNELS: usize = 64;
/// Blocks whose variants share names and differ in what the file cannot show are told apart elsewhere, with more care.
const ELSEWHERE: [&str; 4] = ["se", "cam", "sam", "cbam"];

/// A block on a map of so many channels.
fn tensors_of(attention: &Attention, channels: usize) -> Option<Found> {
    attention.block().check(attention.options(), channels).ok()?;
    let mut builder = GraphBuilder::new(String::new(), Shape::map(channels, 8, 8));
    let features = builder.input();
    attention.block().attach(&mut builder, features, attention.options());
    let graph = builder.finish().ok()?;
    Some(graph.params.iter().map(|param| (param.name.clone(), param.shape.clone())).collect())
}

/// Every choice of a block's options that shapes depend on, defaults first.
fn choices(name: &str) -> Vec<Attention> {
    let mut choices: Vec<Attention> = Attention::named(name).into_iter().collect();
    let declared = attention::find(name).map(AttentionBlock::options).unwrap_or_default();
    for option in declared {
        let values: Vec<Value> = match (option.field.key, option.field.kind) {
            // No tensor shows these.
            ("pad" | "form" | "d" | "site" | "gate" | "least", _) => continue,
            (_, Kind::Word(words)) => words.iter().map(|word| Value::Word((*word).to_owned())).collect(),
            (_, Kind::OneOf(numbers)) => numbers.iter().map(|number| Value::Number(*number)).collect(),
            ("r", Kind::Number { .. }) => (1..=MAX_REDUCTION).map(Value::Number).collect(),
            _ => continue,
        };
        let with = |choice: &Attention| -> Vec<Attention> {
            values.iter().filter_map(|value| choice.clone().with(option.field.key, value).ok()).collect()
        };
        let changed: Vec<Attention> = choices.iter().flat_map(with).collect();
        for choice in changed {
            if !choices.contains(&choice) {
                choices.push(choice);
            }
        }
    }
    choices
}

/// The names of every block's tensors, for each choice of words: numbers change shapes only.
static KINDS: LazyLock<BTreeMap<Vec<String>, &'static str>> = LazyLock::new(|| {
    let mut kinds: BTreeMap<Vec<String>, &'static str> = BTreeMap::new();
    for name in attention::names().into_iter().filter(|name| !ELSEWHERE.contains(name)) {
        for choice in choices(name).iter().filter(|choice| is_wordy(choice)) {
            if let Some(tensors) = tensors_of(choice, CHANNELS) {
                kinds.entry(tensors.into_keys().collect()).or_insert(name);
            }
        }
    }
    kinds
});

/// Which block has exactly these names, whatever its shapes.
pub(super) fn kind(found: &Found) -> Option<&'static str> {
    // CBAM and light CBAM have the same names: one's convolution sees two planes, the other's one.
    if found.get("se.spatial.conv.conv.weight").is_some_and(|shape| shape.get(1) == Some(&2)) {
        return None;
    }
    let names: Vec<String> = found.keys().cloned().collect();
    KINDS.get(&names).copied()
}

fn is_wordy(choice: &Attention) -> bool {
    choice.options().iter().all(|(_, value)| matches!(value, Value::Word(_)))
}

/// The options that explain the tensors of all these blocks of a kind, given with their channels.
pub(super) fn choose(kind: &str, blocks: &[(usize, &Found)]) -> Option<Attention> {
    let explains = |choice: &Attention| {
        blocks.iter().all(|(channels, found)| tensors_of(choice, *channels).is_some_and(|tensors| tensors == **found))
    };
    choices(kind).into_iter().find(explains)
}

/// Attention between stages, named at the top level (`bam1`): a plan for it, if the file has any. `channels` are those
/// each stage puts out.
pub(super) fn between_stages(tensors: &Tensors, channels: &[usize]) -> Result<Option<Vec<(Place, Attention)>>, Odd> {
    let mut chosen = Vec::new();
    for name in attention::names() {
        let is_between = Attention::named(name).is_ok_and(|attention| attention.site() == Site::Stage);
        for (index, channels) in channels.iter().enumerate().filter(|_| is_between) {
            let part = format!("{name}{}", index + 1);
            let found: Found = tensors.inside(&part).map(|(name, shape)| (name.to_owned(), shape.to_vec())).collect();
            if found.is_empty() {
                continue;
            }
            let choice = choose(name, &[(*channels, &found)]);
            let choice = choice.ok_or_else(|| format!("{part} is no {name} of {channels} channels"))?;
            chosen.push((Place::new(format!("layer{}", index + 1)), choice));
        }
    }
    Ok((!chosen.is_empty()).then_some(chosen))
}

/// The shortest plan that puts these between `stages`: one for the network leaves the last stage out.
pub(super) fn plan_between(chosen: &[(Place, Attention)], stages: usize) -> AttentionPlan {
    let (_, first) = &chosen[0];
    if chosen.len() + 1 == stages && chosen.iter().all(|(_, choice)| choice == first) {
        return AttentionPlan::everywhere(Some(first.clone()));
    }
    let mut plan = AttentionPlan::default();
    for (place, choice) in chosen {
        plan.set(place.clone(), Some(choice.clone()));
    }
    plan
}
