//! Families of networks: which models there are, what options they take, how a spec becomes a graph.
//!
//! To add one: write `network/zoo/NAME.rs` (or a folder) with a type that implements [`Family`], and name it in [`FAMILIES`].

mod alias;
mod arithmetic;
mod card;
mod efficientnet;
mod inception;
mod lowering;
mod mobilenet;
mod regnet;
mod resnet;
mod shared;
mod shufflenet;
mod vgg;

pub use alias::Alias;
pub use arithmetic::{Arithmetic, options};
pub use card::{Example, FamilyCard, Subject};
pub use lowering::Lowering;

use super::attention::Attention;
use super::graph::{Graph, GraphBuilder, Shape};
use super::options::{Declared, Kind, Options, Value};
use super::spec::{AttentionPlan, NetworkSpec, Place, SpecError, SpecText, parse_input, parse_text, toml};
use super::{suggest, synonyms};
use shared::numbered_stages;

/// Every family, in the order users see them.
pub static FAMILIES: &[&dyn Family] = &[
    &resnet::Resnet,
    &vgg::Vgg,
    &inception::googlenet::GoogleNet,
    &inception::bn::BnInception,
    &inception::v3::InceptionV3,
    &inception::v4::InceptionV4,
    &inception::resnet::InceptionResnet,
    &mobilenet::v1::MobileNetV1,
    &mobilenet::v2::MobileNetV2,
    &mobilenet::v3::MobileNetV3,
    &shufflenet::v1::ShuffleNetV1,
    &shufflenet::v2::ShuffleNetV2,
    &efficientnet::EfficientNet,
    &regnet::RegNet,
];

/// The largest accepted input side, in pixels.
pub const MAX_INPUT: usize = 4096;
/// The largest accepted class count.
pub const MAX_CLASSES: usize = 100_000;
/// The most input channels accepted.
const MAX_CHANNELS: usize = 1024;

/// A model as its family lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name used in specs: `resnet50`.
    pub name: &'static str,
    /// What it is, in a few words.
    pub summary: &'static str,
    /// Its default input shape.
    pub input: [usize; 3],
    /// Its default number of classes.
    pub classes: usize,
}

/// A stage and its blocks, by path.
pub type Stage = (Place, Vec<Place>);

/// A family of networks.
pub trait Family: Sync {
    /// What there is to say about it.
    fn card(&self) -> FamilyCard;

    /// Its models.
    fn models(&self) -> Vec<Entry>;

    /// A model that is not listed because there are too many of its kind: every CIFAR depth.
    fn unlisted(&self, _name: &str) -> Option<Entry> {
        None
    }

    /// What to say of a name that is nearly one of those.
    fn unlisted_hint(&self, _name: &str) -> Option<String> {
        None
    }

    /// Names that stand for a model with options and attention.
    fn aliases(&self) -> &'static [Alias] {
        &[]
    }

    /// What a model computes with that its tensors do not show, as far as it can be changed.
    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::default()
    }

    /// The options a model takes beside those of its arithmetic, with that model's defaults; [`options`] has all.
    fn options(&self, model: &str) -> Vec<Declared>;

    /// Stages and blocks where attention can go.
    ///
    /// # Errors
    /// Options that contradict each other.
    fn stages(&self, model: &str, options: &Options) -> Result<Vec<Stage>, String>;

    /// Adds the network after the builder's input.
    ///
    /// # Errors
    /// Options that contradict each other.
    fn build(&self, lowering: &mut Lowering, model: &str, options: &Options, classes: usize) -> Result<(), String>;
}

/// The family and the entry of a model.
#[must_use]
pub fn find(model: &str) -> Option<(&'static dyn Family, Entry)> {
    FAMILIES.iter().copied().find_map(|family| {
        let listed = family.models().into_iter().find(|known| known.name.eq_ignore_ascii_case(model));
        listed.or_else(|| family.unlisted(model)).map(|found| (family, found))
    })
}

/// The names of all models of a model's family.
#[must_use]
pub fn relatives(model: &str) -> Vec<&'static str> {
    find(model).map_or_else(Vec::new, |(family, _)| family.models().into_iter().map(|model| model.name).collect())
}

/// Every model's name.
#[must_use]
pub fn model_names() -> Vec<&'static str> {
    FAMILIES.iter().flat_map(|family| family.models()).map(|model| model.name).collect()
}

/// Reads the text form of a spec: `resnet50(stride=v1)+cbam(k=3)@layer3`.
///
/// # Errors
/// A [`SpecError`] that names the place, the value and a suggestion.
pub fn parse(text: &str) -> Result<NetworkSpec, SpecError> {
    read(text).map(|(spec, _)| spec)
}

/// The same with its graph: a spec is checked by lowering it.
///
/// # Errors
/// As [`parse`].
pub fn read(text: &str) -> Result<(NetworkSpec, Graph), SpecError> {
    parse_text(text).and_then(|parsed| resolve(&parsed, text)).map_err(SpecError::printable)
}

/// Reads the TOML form of a spec.
///
/// # Errors
/// As [`parse`].
pub fn parse_toml(text: &str) -> Result<NetworkSpec, SpecError> {
    read_toml(text).map(|(spec, _)| spec)
}

/// The same with its graph.
///
/// # Errors
/// A [`SpecError`] that names the place, the value and a suggestion.
pub fn read_toml(text: &str) -> Result<(NetworkSpec, Graph), SpecError> {
    toml::parse_toml(text).and_then(|parsed| resolve(&parsed, &parsed.model)).map_err(SpecError::printable)
}

/// Does a text name a network, whether or not that can be built?
#[must_use]
pub fn is_named(text: &str) -> bool {
    parse_text(text).is_ok_and(|parsed| named(&parsed, text).is_ok())
}

/// Looks up every name of a parsed spec and checks it, lowering included.
fn resolve(parsed: &SpecText, source: &str) -> Result<(NetworkSpec, Graph), SpecError> {
    let spec = named(parsed, source)?;
    let graph = lower(&spec)?;
    Ok((spec, graph))
}

/// Looks up every name of a parsed spec.
fn named(parsed: &SpecText, source: &str) -> Result<NetworkSpec, SpecError> {
    let field = |problem: String| SpecError::Field { spec: source.trim().to_owned(), problem };
    let mut spec = alias::resolve(&parsed.model)?;
    for (key, value) in &parsed.options {
        set_option(&mut spec, key, value).map_err(&field)?;
    }
    let mut network_wide = spec.attention.default_choice().is_some();
    let mut placed: Vec<(Place, Option<Attention>)> = Vec::new();
    for clause in &parsed.attention {
        let mut choice = match clause.name.eq_ignore_ascii_case("none") {
            true => None,
            false => Some(Attention::named(&clause.name).map_err(&field)?),
        };
        for (key, value) in &clause.options {
            choice = match choice {
                Some(attention) => Some(attention.with(key, value).map_err(&field)?),
                None => return Err(field(format!("none takes no option, remove {key}={value}"))),
            };
        }
        if clause.places.is_empty() {
            if std::mem::replace(&mut network_wide, true) {
                return Err(field(format!(
                    "+{}: the whole network has an attention already, say where with @",
                    clause.name
                )));
            }
            spec.attention.set_all(choice.clone());
        }
        placed.extend(clause.places.iter().map(|place| (Place::new(place.as_str()), choice.clone())));
    }
    placed.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some(twice) = placed.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(field(format!("@{}: set more than once", twice[0].0)));
    }
    for (place, choice) in placed {
        spec.attention.set(place, choice);
    }
    Ok(spec)
}

/// Sets one option of a spec by name; `input` and `classes` are options of every model.
///
/// # Errors
/// A sentence naming the field, the value and a suggestion.
pub fn set_option(spec: &mut NetworkSpec, name: &str, value: &str) -> Result<(), String> {
    let (family, model) = find(&spec.model).ok_or_else(|| format!("{}: unknown network", spec.model))?;
    match name {
        "input" => {
            let input = parse_input(value)?;
            spec.input = (input != model.input).then_some(input);
        }
        "classes" => {
            let classes = value.parse().map_err(|_| format!("classes={value}: write a whole number"))?;
            spec.classes = (classes != model.classes).then_some(classes);
        }
        _ => {
            let mut declared = options(family, model.name);
            if !declared.iter().any(|d| d.field.is_called(name)) {
                if let Some(meant) = word_of(&declared, name).filter(|_| value == "yes") {
                    return Err(format!("{name}: say which option it is the value of, like {meant}={name}"));
                }
                if let Some(refusal) = arithmetic::refusal(model.name, name) {
                    return Err(format!("{name}={value}: {refusal}"));
                }
                let keys: Vec<&str> =
                    ["input", "classes"].into_iter().chain(declared.iter().map(|d| d.field.key)).collect();
                let instead = synonyms::option(name, value, &keys, Some(input_of(spec)));
                let hint = instead.unwrap_or_else(|| suggest::hint(name, &keys));
                return Err(format!("{name}={value}: unknown option, {hint}"));
            }
            declared.retain(|d| d.field.is_called(name));
            spec.options.set(&declared, name, &Value::from_text(arithmetic::spelled(name, value)))?;
        }
    }
    Ok(())
}

/// The option that has this word among its values.
fn word_of(declared: &[Declared], word: &str) -> Option<&'static str> {
    let has = |kind: Kind| matches!(kind, Kind::Word(words) if words.contains(&word));
    declared.iter().find(|declared| has(declared.field.kind)).map(|declared| declared.field.key)
}

/// The same choices for another model: input, classes and attention stay where they still make sense, the old
/// model's options do not.
#[must_use]
pub fn switch_model(spec: &NetworkSpec, model: &str) -> NetworkSpec {
    let mut switched = NetworkSpec { input: spec.input, classes: spec.classes, ..NetworkSpec::of(model) };
    switched.attention = AttentionPlan::everywhere(spec.attention.default_choice().cloned());
    let places = stages(&switched).unwrap_or_default();
    for (place, choice) in spec.attention.overrides() {
        if places.iter().any(|(stage, blocks)| stage == place || blocks.contains(place)) {
            switched.attention.set(place.clone(), choice.cloned());
        }
    }
    switched
}

/// The input shape a spec asks for, `[C, H, W]`.
#[must_use]
pub fn input_of(spec: &NetworkSpec) -> [usize; 3] {
    spec.input.or_else(|| find(&spec.model).map(|(_, model)| model.input)).unwrap_or([3, 224, 224])
}

/// The number of classes a spec asks for.
#[must_use]
pub fn classes_of(spec: &NetworkSpec) -> usize {
    spec.classes.or_else(|| find(&spec.model).map(|(_, model)| model.classes)).unwrap_or(1000)
}

/// Is the spec's network built with attention of its own, which [`OFF`](crate::network::attention::OFF) can take out?
#[must_use]
pub fn has_built_in(spec: &NetworkSpec) -> bool {
    find(&spec.model).is_some_and(|(family, model)| {
        family.options(model.name).iter().any(|declared| declared.field.key == shared::BUILT_IN.key)
    })
}

/// Stages and blocks of a spec's network.
///
/// # Errors
/// An unknown model or options that contradict each other.
pub fn stages(spec: &NetworkSpec) -> Result<Vec<Stage>, SpecError> {
    let (family, model) = known(spec)?;
    family.stages(model.name, &spec.options).map_err(|problem| SpecError::Field { spec: spec.to_string(), problem })
}

fn known(spec: &NetworkSpec) -> Result<(&'static dyn Family, Entry), SpecError> {
    find(&spec.model).ok_or_else(|| {
        let hint = suggest::hint(&spec.model, &model_names());
        SpecError::UnknownModel { name: spec.model.clone(), hint }
    })
}

/// Lowers a spec to its graph: the one place where a network's wiring is decided.
///
/// # Errors
/// A [`SpecError`] that names the field, the value and the fix.
pub fn lower(spec: &NetworkSpec) -> Result<Graph, SpecError> {
    let name = spec.to_string();
    let field = |problem: String| SpecError::Field { spec: name.clone(), problem };
    let (family, model) = known(spec)?;
    let [channels, height, width] = input_of(spec);
    check_sizes(channels, height, width, classes_of(spec)).map_err(&field)?;
    let stages = family.stages(model.name, &spec.options).map_err(&field)?;
    check_places(&spec.attention, &stages).map_err(&field)?;
    let numerics = arithmetic::numerics(family, model.name, &spec.options);
    let builder = GraphBuilder::new(name.clone(), Shape::map(channels, height, width))
        .computing(numerics)
        .transforming(arithmetic::renormalise(&spec.options));
    let limit = arithmetic::output_stride(&spec.options);
    let mut lowering = Lowering::new(builder, spec.attention.clone(), stages, limit);
    family.build(&mut lowering, model.name, &spec.options, classes_of(spec)).map_err(&field)?;
    if let Some(problem) = lowering.problem() {
        return Err(field(problem));
    }
    lowering.builder.finish().map_err(|failure| {
        let (layer, error) = *failure;
        SpecError::Layer { spec: name.clone(), layer, problem: error.to_string() }
    })
}

fn check_sizes(channels: usize, height: usize, width: usize, classes: usize) -> Result<(), String> {
    let side = |size: usize| (1..=MAX_INPUT).contains(&size);
    if !(1..=MAX_CHANNELS).contains(&channels) || !side(height) || !side(width) {
        return Err(format!(
            "input={channels}x{height}x{width}: sides go from 1 to {MAX_INPUT}, channels from 1 to {MAX_CHANNELS}"
        ));
    }
    if classes > MAX_CLASSES {
        return Err(format!("classes={classes}: from 1 to {MAX_CLASSES}, or 0 for features without a classifier"));
    }
    Ok(())
}

fn check_places(plan: &AttentionPlan, stages: &[Stage]) -> Result<(), String> {
    for (place, _) in plan.overrides() {
        let known = stages.iter().any(|(stage, blocks)| stage == place || blocks.contains(place));
        if !known {
            let within = place.stage().and_then(|stage| stages.iter().find(|(known, _)| *known == stage));
            let hint = match within {
                Some((stage, blocks)) => format!("{stage} has the blocks 0 to {}", blocks.len().saturating_sub(1)),
                None => {
                    let names: Vec<&str> = stages.iter().map(|(stage, _)| stage.path()).collect();
                    format!("the stages are {}", names.join(", "))
                }
            };
            return Err(format!("@{place}: no such place, {hint}"));
        }
    }
    Ok(())
}
