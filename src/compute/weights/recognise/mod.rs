//! From a checkpoint to a network: keys and shapes alone say which one it is. A file that was trained here says it
//! itself, and is believed when its tensors agree.
//!
//! ```text
//! names, shapes ──tensors──▶ torchvision's names ──structure──▶ stem, stages, shortcuts ─┐
//!                                              └──gates, attention──▶ a choice per block ─┴─▶ spec ──lower──▶ checked
//! ```
//!
//! What is recognised is never trusted: the spec is lowered, and every tensor of the graph must be in the file, in
//! its shape, with nothing left over but what is no weight (`beside.rs`). What no tensor shows is decided by what is
//! said of the file (`evidence.rs`, `settle.rs`), or is a doubt.

mod attention;
pub(super) mod beside;
mod doubt;
mod evidence;
mod families;
mod gates;
mod inplace;
mod known;
mod marks;
mod open;
mod rules;
mod settle;
mod spellings;
mod structure;
mod tensors;
mod unknown;
pub(super) mod view;
mod whole;
mod words;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use doubt::{Alternative, Doubt, OptionValue, Standing};
pub use evidence::{Evidence, Source};
pub use words::Dialect;

use super::checkpoint::fault::shown;
use super::{Checkpoint, WeightsError};
use crate::network::attention::Attention;
use crate::network::graph::{Param, ScopeKind};
use crate::network::spec::{AttentionPlan, Place};
use crate::network::zoo;
use crate::network::{Graph, Model, NetworkSpec, lower};
use attention::{Attended, Chosen};
use gates::{Gates, Maker};
use structure::{Odd, Structure};
use tensors::{Known, Tensors};
use view::{Named, View, views};

/// A network that a file's names and shapes describe.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// The network.
    pub spec: NetworkSpec,
    /// The spec, lowered.
    pub graph: Arc<Graph>,
    /// Whose names the file has.
    pub dialect: Dialect,
    /// The name among the file's entries of every parameter of the graph.
    pub names: BTreeMap<String, String>,
    /// What stands in front of those names beyond what [`Checkpoint`] strips: `net.`.
    pub prefix: String,
    /// Tensors that are none of the network's: counters, losses, scales, by their names among the file's entries.
    pub left_over: Vec<String>,
    /// What it is, in sentences.
    pub verdict: Vec<String>,
    /// What was said of it outside of its tensors, and what was taken from that.
    pub evidence: Vec<Evidence>,
    /// What the file cannot tell, loudest first.
    pub doubts: Vec<Doubt>,
}

/// Why names and shapes are no network known here.
enum Refusal {
    /// Nearly one: what is odd about it.
    Odd(Odd),
    /// None at all.
    Unknown,
}

/// Recognises an open checkpoint.
///
/// # Errors
/// [`WeightsError::Unrecognised`] with what the file seems to be and what to do.
pub fn recognise(file: &Checkpoint) -> Result<Recognised, WeightsError> {
    let mut found = recognised(file)?;
    found.verdict.extend(file.choice());
    Ok(found)
}

fn recognised(file: &Checkpoint) -> Result<Recognised, WeightsError> {
    if let Some(found) = written::recognise(file) {
        return Ok(found);
    }
    let tensors: Vec<Named> =
        file.entries().iter().map(|entry| (entry.name.as_str(), entry.shape.as_slice())).collect();
    let found = in_views(&tensors);
    let found = found.map_err(|reason| WeightsError::Unrecognised { path: file.path().to_owned(), reason })?;
    Ok(settle::settled(found, evidence::of(file)))
}

/// Recognises names and shapes.
///
/// # Errors
/// What they seem to be, and what does not belong to any network known here.
pub fn of_tensors(named: &[(&str, &[usize])]) -> Result<Recognised, String> {
    in_views(named).map(|found| settle::settled(found, Vec::new()))
}

/// Recognises them under the first reading of their names that makes a network.
fn in_views(named: &[Named]) -> Result<Recognised, String> {
    let mut odd = None;
    for view in views(named) {
        match bare(&view.tensors) {
            Ok(found) => return Ok(within(found, &view)),
            Err(Refusal::Odd(reason)) => odd = odd.or(Some(reason)),
            Err(Refusal::Unknown) => {}
        }
    }
    Err(unknown::describe(named, odd.as_deref()))
}

/// What was found in a view, by the names of the file.
fn within(mut found: Recognised, view: &View) -> Recognised {
    let known: BTreeSet<&str> = view.tensors.iter().map(|(name, _)| *name).collect();
    let outside: BTreeSet<&str> = view.kept.iter().copied().collect();
    let full = |name: &String| match outside.contains(name.as_str()) {
        true => name.clone(),
        false => format!("{}{name}", view.prefix),
    };
    debug_assert!(found.names.values().all(|name| known.contains(name.as_str())));
    found.names = found.names.iter().map(|(ours, theirs)| (ours.clone(), full(theirs))).collect();
    found.left_over = found.left_over.iter().map(full).collect();
    found.left_over.extend(view.counters.iter().map(|(name, _)| (*name).to_owned()).filter(|name| !is_batches(name)));
    if !found.left_over.is_empty() {
        found.verdict.push(format!("no part of the network: {}", listed(&found.left_over)));
    }
    if !view.outside.is_empty() {
        let names: Vec<String> = view.outside.iter().map(|(name, _)| (*name).to_owned()).collect();
        let (prefix, listed) = (&view.prefix, listed(&names));
        found.doubts.push(Doubt::plain(format!(
            "only what is under {prefix} is read; left out: {listed}, and what is computed with them"
        )));
        found.left_over.extend(names);
    }
    found.prefix.clone_from(&view.prefix);
    found
}

/// BatchNorm's counter, which every file has: not worth a word.
fn is_batches(name: &str) -> bool {
    name.ends_with("num_batches_tracked")
}

/// The first of these names and how many there are.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let first: Vec<String> = names.iter().take(SHOWN).map(|name| shown(name)).collect();
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{} and {more} tensors more", first.join(", ")),
        _ => first.join(", "),
    }
}

/// Recognises names and shapes as they are.
fn bare(named: &[Named]) -> Result<Recognised, Refusal> {
    if let Some(found) = inplace::of(named) {
        return Ok(found);
    }
    let tensors = Tensors::of(named.iter().copied());
    let Some(structure) = Structure::of(&tensors) else {
        return families::of(named).ok_or(Refusal::Unknown);
    };
    let structure = structure.map_err(Refusal::Odd)?;
    residual(&tensors, &structure).map_err(Refusal::Odd)
}

/// A residual network, whose structure is known.
fn residual(tensors: &Tensors, structure: &Structure) -> Result<Recognised, Odd> {
    let attended = attended(tensors, structure)?;
    let chosen = attention::choose(&attended)?;
    let makers: BTreeSet<Maker> = chosen.iter().map(|chosen| chosen.maker).collect();
    let dialect = Dialect::of(tensors, structure.stem, &makers);
    let between = whole::between_stages(tensors, &structure.outputs())?;
    let spec = spec(structure, &attended, (chosen.as_slice(), between.as_deref()), dialect)?;
    let graph = lower(&spec).map_err(|error| error.to_string())?;
    let (names, left_over) = names(tensors, &graph, &attended, &chosen)?;
    let verdict = words::verdict(&spec, structure, dialect, tensors, &makers);
    let doubts = words::doubts(structure, dialect, &makers);
    Ok(Recognised { names, left_over, verdict, doubts, ..Recognised::of(spec, graph, dialect) })
}

impl Recognised {
    /// The network, as everything else takes it.
    #[must_use]
    pub fn model(&self) -> Arc<Model> {
        Model::lowered(self.spec.clone(), self.graph.clone())
    }

    /// A network and whose names it has, all else empty.
    fn of(spec: NetworkSpec, graph: Graph, dialect: Dialect) -> Self {
        Self {
            spec,
            graph: Arc::new(graph),
            dialect,
            names: BTreeMap::new(),
            prefix: String::new(),
            left_over: Vec::new(),
            verdict: Vec::new(),
            evidence: Vec::new(),
            doubts: Vec::new(),
        }
    }
}

/// The gates of every block that has some.
fn attended(tensors: &Tensors, structure: &Structure) -> Result<Vec<Attended>, Odd> {
    let mut attended = Vec::new();
    for (stage, (&count, &width)) in structure.blocks.iter().zip(&structure.widths).enumerate() {
        for block in 0..count {
            let block = format!("layer{}.{block}", stage + 1);
            let channels = structure.out_channels(width);
            if let Some(gates) = Gates::of(&block, &tensors.extras(&block))? {
                attended.push(Attended { block, channels, gates });
            }
        }
    }
    Ok(attended)
}

/// Attention between stages, by the stage it follows.
type Between = [(Place, Attention)];

fn spec(
    structure: &Structure,
    attended: &[Attended],
    (chosen, between): (&[Chosen], Option<&Between>),
    dialect: Dialect,
) -> Result<NetworkSpec, Odd> {
    let mut spec = structure.spec()?;
    for (option, value) in dialect.options(structure) {
        zoo::set_option(&mut spec, option, value)?;
    }
    if let Some(between) = between {
        spec.attention = whole::plan_between(between, structure.blocks.len());
        return match attended {
            [] => Ok(spec),
            [block, ..] => Err(format!("{} has attention, and so have the stages", block.block)),
        };
    }
    let mut plan = AttentionPlan::default();
    for (block, chosen) in attended.iter().zip(chosen) {
        plan.set(Place::new(block.block.as_str()), Some(chosen.attention.clone()));
    }
    let stages = zoo::stages(&spec).map_err(|error| error.to_string())?;
    spec.attention = plan.simplified(&stages);
    Ok(spec)
}

/// Where every parameter of the graph is in the file: the proof that the file is what it was taken for. With them
/// comes what is beside the network.
fn names(
    tensors: &Tensors,
    graph: &Graph,
    attended: &[Attended],
    chosen: &[Chosen],
) -> Result<(BTreeMap<String, String>, Vec<String>), Odd> {
    let mut theirs: BTreeMap<String, String> = BTreeMap::new();
    for (block, chosen) in attended.iter().zip(chosen) {
        for (ours, file) in &chosen.names {
            theirs.insert(format!("{}.{ours}", block.block), format!("{}.{file}", block.block));
        }
    }
    let mut names = BTreeMap::new();
    for param in &graph.params {
        let (layer, role) = param.name.rsplit_once('.').unwrap_or((&param.name, ""));
        let file = theirs.get(layer).map_or_else(|| param.name.clone(), |layer| format!("{layer}.{role}"));
        let known = tensors.take(&file).ok_or_else(|| format!("{file} ({}) is missing", sizes(&param.shape)))?;
        if !same_shape(&known.shape, &param.shape) {
            let (found, wanted) = (sizes(&known.shape), sizes(&param.shape));
            return Err(format!("{} is {found}, not {wanted}", shown(&known.name)));
        }
        names.insert(param.name.clone(), known.name.clone());
    }
    let tops: BTreeSet<&str> = names.values().map(|name| beside::top(name)).collect();
    let rest = tensors.left_over();
    let (beside, odd): (Vec<&Known>, Vec<&Known>) =
        rest.into_iter().partition(|known| beside::is_beside(&known.name, &known.shape, &tops));
    match odd[..] {
        [] => Ok((names, beside.into_iter().map(|known| known.name.clone()).collect())),
        [only] => Err(format!("{} ({}) has no place in {}", shown(&only.name), sizes(&only.shape), graph.name)),
        [first, ..] => {
            Err(format!("{} tensors ({}, ...) have no place in {}", odd.len(), shown(&first.name), graph.name))
        }
    }
}

/// A shape as people write it: 64×3×7×7.
pub(in crate::compute::weights) fn sizes(shape: &[usize]) -> String {
    match shape {
        [] => "a single number".to_owned(),
        [length] => format!("length {length}"),
        shape => shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×"),
    }
}

/// Do these shapes hold the same numbers in the same order? A linear layer may be stored as a convolution: of 1×1, or
/// over the whole map it would be flattened from.
pub(super) fn same_shape(a: &[usize], b: &[usize]) -> bool {
    let trimmed = |shape: &[usize]| shape.len() - shape.iter().rev().take_while(|size| **size == 1).count();
    let is_over_the_map = |linear: &[usize], conv: &[usize]| {
        linear.len() == 2 && conv.len() == 4 && linear[0] == conv[0] && linear[1] == conv[1..].iter().product::<usize>()
    };
    let same_but_ones = a.len() >= 2 && b.len() >= 2 && a[..trimmed(a)] == b[..trimmed(b)];
    a == b || same_but_ones || is_over_the_map(a, b) || is_over_the_map(b, a)
}

/// Do two networks have the same tensors, whatever they compute with them?
#[must_use]
pub fn same_tensors(a: &Graph, b: &Graph) -> bool {
    let same = |(a, b): (&Param, &Param)| a.name == b.name && a.shape == b.shape;
    a.params.len() == b.params.len() && a.params.iter().zip(&b.params).all(same)
}

/// Is all that `graph` has beyond the tensors of `found` whole attention blocks?
#[must_use]
pub fn fits_by_graft(found: &Graph, graph: &Graph) -> bool {
    let known: BTreeMap<&str, &[usize]> =
        found.params.iter().map(|param| (param.name.as_str(), param.shape.as_slice())).collect();
    let attention = |param: &Param| {
        graph.ancestors(graph[param.owner].scope).find(|id| matches!(graph[*id].kind, ScopeKind::Attention(_)))
    };
    let mut absent = BTreeSet::new();
    let mut present = BTreeSet::new();
    let mut shared = 0;
    for param in &graph.params {
        match (known.get(param.name.as_str()), attention(param)) {
            (Some(shape), scope) if *shape == param.shape => {
                shared += 1;
                present.extend(scope);
            }
            (None, Some(scope)) => {
                absent.insert(scope);
            }
            _ => return false,
        }
    }
    shared == found.params.len() && !absent.is_empty() && absent.is_disjoint(&present)
}
