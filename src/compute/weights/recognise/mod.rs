//! From a checkpoint to a network: keys and shapes alone say which one it is. A file that was trained here says it
//! itself, and is believed when its tensors agree.
//!
//! ```text
//! names, shapes ──tensors──▶ torchvision's names ──structure──▶ stem, stages, shortcuts ─┐
//!                                              └──gates, attention──▶ a choice per block ─┴─▶ spec ──lower──▶ checked
//! ```
//!
//! What is recognised is never trusted: the spec is lowered, and every tensor of the graph must be in the file, in
//! its shape, with nothing left over.

mod attention;
mod families;
mod gates;
mod inplace;
mod spellings;
mod structure;
mod tensors;
mod unknown;
mod whole;
mod words;
mod written;

use std::collections::{BTreeMap, BTreeSet};

pub use words::{Dialect, Doubt};

use super::{Checkpoint, WeightsError};
use crate::network::attention::Attention;
use crate::network::graph::{Param, ScopeKind};
use crate::network::spec::{AttentionPlan, Place};
use crate::network::zoo;
use crate::network::{Graph, NetworkSpec, lower};
use attention::{Attended, Chosen};
use gates::{Gates, Maker};
use structure::{Odd, Structure};
use tensors::Tensors;

/// A network that a file's names and shapes describe.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// The network.
    pub spec: NetworkSpec,
    /// The spec, lowered.
    pub graph: Graph,
    /// Whose names the file has.
    pub dialect: Dialect,
    /// The file's name (prefixes stripped) of every parameter of the graph.
    pub names: BTreeMap<String, String>,
    /// What it is, in sentences.
    pub verdict: Vec<String>,
    /// What the file cannot tell.
    pub doubts: Vec<Doubt>,
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
    let tensors: Vec<(&str, &[usize])> =
        file.entries().iter().map(|entry| (entry.name.as_str(), entry.shape.as_slice())).collect();
    of_tensors(&tensors).map_err(|reason| WeightsError::Unrecognised { path: file.path().to_owned(), reason })
}

/// Recognises names and shapes.
///
/// # Errors
/// What they seem to be, and what does not belong to any network known here.
pub fn of_tensors(named: &[(&str, &[usize])]) -> Result<Recognised, String> {
    if let Some(found) = inplace::of(named) {
        return Ok(found);
    }
    let tensors = Tensors::of(named.iter().copied());
    let Some(structure) = Structure::of(&tensors) else {
        return families::of(named).ok_or_else(|| unknown::describe(named));
    };
    let odd = |odd: Odd| format!("looks like a ResNet, but {odd}; {}", unknown::ADVICE);
    let structure = structure.map_err(odd)?;
    let attended = attended(&tensors, &structure).map_err(odd)?;
    let chosen = attention::choose(&attended).map_err(odd)?;
    let makers: BTreeSet<Maker> = chosen.iter().map(|chosen| chosen.maker).collect();
    let dialect = Dialect::of(&tensors, structure.stem, &makers);
    let between = whole::between_stages(&tensors, &structure.outputs()).map_err(odd)?;
    let spec = spec(&structure, &attended, (chosen.as_slice(), between.as_deref()), dialect).map_err(odd)?;
    let graph = lower(&spec).map_err(|error| odd(error.to_string()))?;
    let names = names(&tensors, &graph, &attended, &chosen).map_err(odd)?;
    let verdict = words::verdict(&spec, &structure, dialect, &tensors, &makers);
    let doubts = words::doubts(&structure, dialect, &makers);
    Ok(Recognised { spec, graph, dialect, names, verdict, doubts })
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

/// Where every parameter of the graph is in the file: the proof that the file is what it was taken for.
fn names(
    tensors: &Tensors,
    graph: &Graph,
    attended: &[Attended],
    chosen: &[Chosen],
) -> Result<BTreeMap<String, String>, Odd> {
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
        let known = tensors.take(&file).ok_or_else(|| format!("{file} {:?} is missing", param.shape))?;
        if !same_shape(&known.shape, &param.shape) {
            return Err(format!("{} is {:?}, not {:?}", known.name, known.shape, param.shape));
        }
        names.insert(param.name.clone(), known.name.clone());
    }
    match tensors.left_over()[..] {
        [] => Ok(names),
        [only] => Err(format!("{only} has no place in {}", graph.name)),
        [first, ..] => {
            let count = tensors.left_over().len();
            Err(format!("{count} tensors ({first}, ...) have no place in {}", graph.name))
        }
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
