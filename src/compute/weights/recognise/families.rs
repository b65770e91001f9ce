//! Networks of the other families, whose sizes are few: each is lowered, and the one whose tensors are all in the file
//! is it; what the file has besides must be attention.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::LazyLock;

use super::attention::{Attended, choose};
use super::beside::{is_beside, top};
use super::gates::{Gates, Maker};
use super::spellings::{Spelling, spellings};
use super::{Dialect, Recognised, same_shape, words};
use crate::network::attention::Attention;
use crate::network::graph::{Graph, Param, ScopeId, ScopeKind};
use crate::network::options::Value;
use crate::network::spec::{AttentionPlan, Place};
use crate::network::{NetworkSpec, lower, parse, zoo};

/// Shapes by name, counters of training steps left out.
type Tensors<'a> = BTreeMap<&'a str, &'a [usize]>;

/// Options that change which tensors there are, tried where a family has them.
const VARIANTS: [(&str, &str); 2] = [("aux", "heads"), ("attend", "both")];

/// Finds the network; `None` if it is none of these.
pub(super) fn of(named: &[(&str, &[usize])]) -> Option<Recognised> {
    let tensors: Tensors = named.iter().copied().filter(|(name, _)| !name.ends_with("num_batches_tracked")).collect();
    let may_be = |candidate: &&Candidate| candidate.firsts.iter().any(|first| tensors.contains_key(first.as_str()));
    CANDIDATES.iter().filter(may_be).find_map(|Candidate { spec, .. }| {
        let graph = lower(spec).ok()?;
        spellings(spec, &graph).into_iter().find_map(|spelling| try_out(spec, &graph, &spelling, &tensors))
    })
}

/// A network that may be meant, and what its first tensor is called in each spelling: nothing is lowered for files
/// without it.
struct Candidate {
    spec: NetworkSpec,
    firsts: Vec<String>,
}

static CANDIDATES: LazyLock<Vec<Candidate>> = LazyLock::new(|| {
    let candidate = |spec: NetworkSpec| {
        let graph = lower(&spec).ok()?;
        let first = graph.params.first()?;
        let firsts = spellings(&spec, &graph).iter().map(|spelling| spelling.name(&first.name)).collect();
        Some(Candidate { spec, firsts })
    };
    candidates().into_iter().filter_map(candidate).collect()
});

/// Every size of every family but the residual one, without attention.
fn candidates() -> Vec<NetworkSpec> {
    let residual = zoo::relatives("resnet50");
    let models = zoo::model_names().into_iter().filter(|name| !residual.contains(name)).map(NetworkSpec::of);
    let aliases = zoo::FAMILIES.iter().flat_map(|family| family.aliases());
    let aliases = aliases.filter_map(|alias| Some(parse(alias.meaning).ok()?.without_attention()));
    let mut all: Vec<NetworkSpec> =
        models.chain(aliases.filter(|spec| !residual.contains(&spec.model.as_str()))).collect();
    // Without its own SE a block's layers are numbered otherwise.
    let without: Vec<NetworkSpec> = all.iter().filter_map(|spec| with(spec, "se", "none")).collect();
    all.extend(without);
    all
}

/// The spec with an option set, if its family has it.
fn with(spec: &NetworkSpec, option: &str, value: &str) -> Option<NetworkSpec> {
    let mut changed = spec.clone();
    zoo::set_option(&mut changed, option, value).ok()?;
    Some(changed)
}

fn try_out(spec: &NetworkSpec, graph: &Graph, spelling: &Spelling, tensors: &Tensors) -> Option<Recognised> {
    let classes = fits(graph, spelling, tensors)?;
    let mut spec = spec.clone();
    zoo::set_option(&mut spec, "classes", &classes.to_string()).ok()?;
    for (option, value) in spelling.options {
        zoo::set_option(&mut spec, option, value).ok()?;
    }
    let variants = VARIANTS.iter().filter_map(|(option, value)| with(&spec, option, value));
    let all: Vec<NetworkSpec> = std::iter::once(spec.clone()).chain(variants).collect();
    all.into_iter().find_map(|spec| complete(spec, spelling, tensors))
}

/// The number of classes, 0 without a classifier, if everything outside of attention is in the file.
fn fits(graph: &Graph, spelling: &Spelling, tensors: &Tensors) -> Option<usize> {
    let mut classes = None;
    let has = |param: &Param| tensors.contains_key(&*spelling.name(&param.name));
    let is_headless = !graph.params.iter().any(|param| param.owner == graph.output() && has(param));
    for param in &graph.params {
        if is_headless && is_of_the_head(graph, param) {
            continue;
        }
        let is_attention = |id: ScopeId| matches!(graph[id].kind, ScopeKind::Attention(_));
        if graph.ancestors(graph[param.owner].scope).any(is_attention) {
            continue;
        }
        let shape = *tensors.get(&*spelling.name(&param.name))?;
        if param.owner == graph.output() {
            classes.get_or_insert(*shape.first()?);
            // However many classes there are.
            if shape.len() > 1 && !same_shape(&shape[1..], &param.shape[1..]) && shape[1..] != param.shape[1..] {
                return None;
            }
        } else if !same_shape(shape, &param.shape) {
            return None;
        }
    }
    if is_headless { Some(0) } else { classes }
}

/// Is it of the last layers, which a network without a classifier may not have? Lowering tells which of them it has.
fn is_of_the_head(graph: &Graph, param: &Param) -> bool {
    let is_head = |id: ScopeId| graph[id].kind == ScopeKind::Head;
    param.owner == graph.output() || graph.ancestors(graph[param.owner].scope).any(is_head)
}

/// Gives what is left over to attention, and proves that nothing is missing and nothing left over then.
fn complete(mut spec: NetworkSpec, spelling: &Spelling, tensors: &Tensors) -> Option<Recognised> {
    let graph = lower(&spec).ok()?;
    let known: Vec<String> = graph.params.iter().map(|param| spelling.name(&param.name)).collect();
    let tops: BTreeSet<&str> = known.iter().map(|name| top(name)).collect();
    let known: HashSet<&str> = known.iter().map(String::as_str).collect();
    let rest = tensors.iter().filter(|(name, _)| !known.contains(*name)).map(|(name, shape)| (*name, *shape));
    let (beside, rest): (Tensors, Tensors) = rest.partition(|(name, shape)| is_beside(name, shape, &tops));
    let left_over: Vec<String> = beside.into_keys().map(str::to_owned).collect();
    let mut theirs = BTreeMap::new();
    let mut makers = Vec::new();
    if !rest.is_empty() {
        let (places, attended) = attended(&spec, &rest)?;
        let chosen = choose(&attended).ok()?;
        let mut plan = AttentionPlan::default();
        for ((place, block), chosen) in places.into_iter().zip(&attended).zip(&chosen) {
            plan.set(place, Some(chosen.attention.clone()));
            makers.push(chosen.maker);
            for (ours, file) in &chosen.names {
                theirs.insert(format!("{}.{ours}", block.block), format!("{}.{file}", block.block));
            }
        }
        spec.attention = plan.simplified(&zoo::stages(&spec).ok()?);
    }
    let graph = lower(&spec).ok()?;
    let mut names = BTreeMap::new();
    for param in &graph.params {
        let (layer, role) = param.name.rsplit_once('.').unwrap_or((&param.name, ""));
        let file = theirs.get(layer).map_or_else(|| spelling.name(&param.name), |layer| format!("{layer}.{role}"));
        let shape = *tensors.get(&*file)?;
        if !same_shape(shape, &param.shape) {
            return None;
        }
        names.insert(param.name.clone(), file);
    }
    (names.len() + left_over.len() == tensors.len())
        .then(|| Recognised { left_over, ..recognised(spec, graph, names, spelling, &makers) })
}

/// The gates that the tensors left over make, and the places they are in.
fn attended(spec: &NetworkSpec, rest: &Tensors) -> Option<(Vec<Place>, Vec<Attended>)> {
    // A probe says where attention would be named and what it would see.
    let (r, variant) = (Value::Number(1), Value::Word("floor".to_owned()));
    let probe =
        Attention::named("se").and_then(|se| se.with("r", &r)).and_then(|se| se.with("variant", &variant)).ok()?;
    let mut probed = spec.clone();
    probed.attention.set_all(Some(probe));
    let graph = lower(&probed).ok()?;
    let (mut places, mut attended) = (Vec::new(), Vec::new());
    for scope in graph.scopes_of(ScopeKind::Attention("se")) {
        let Some(block) = graph[scope].prefix.strip_suffix(".se") else { continue };
        let place = graph.ancestors(scope).find(|id| graph[*id].kind == ScopeKind::Block)?;
        let extras =
            rest.iter().filter_map(|(name, shape)| Some((name.strip_prefix(block)?.strip_prefix('.')?, *shape)));
        // A part inside has extras of its own.
        if let Ok(Some(gates)) = Gates::of(block, &extras.collect()) {
            places.push(Place::new(graph[place].path.as_str()));
            let channels = graph[graph[scope].input?].shape.channels();
            attended.push(Attended { block: block.to_owned(), channels, gates });
        }
    }
    (!attended.is_empty()).then_some((places, attended))
}

fn recognised(
    spec: NetworkSpec,
    graph: Graph,
    names: BTreeMap<String, String>,
    spelling: &Spelling,
    makers: &[Maker],
) -> Recognised {
    let title = zoo::find(&spec.model).map_or("", |(family, _)| family.card().title);
    let dialect = spelling.dialect.unwrap_or(match title {
        "MobileNet" | "Inception-v4" | "Inception-ResNet" => Dialect::Timm,
        "BN-Inception" => Dialect::SenetRelease,
        "ShuffleNet" => Dialect::Common,
        _ => Dialect::Torchvision,
    });
    let mut verdict =
        vec![format!("the names are those of {} for {}, a network of the family {title}", dialect.title(), spec.model)];
    verdict.extend(words::attention_sentences(&spec, &makers.iter().copied().collect()));
    Recognised { names, verdict, ..Recognised::of(spec, graph, dialect) }
}
