//! Cards: what there is to say about a family or an attention block, and the graph its picture is drawn from.

use super::{FAMILIES, Family, alias, lower};
use crate::network::attention::{self, AttentionBlock, BLOCKS};
use crate::network::graph::{Graph, GraphBuilder, ScopeId, ScopeKind, Shape};
use crate::network::options::Options;
use crate::network::spec::{AttentionPlan, NetworkSpec};

/// What there is to say about a family.
#[derive(Clone, Copy, Debug)]
pub struct FamilyCard {
    /// Its title: `ResNet`.
    pub title: &'static str,
    /// What it is, in a sentence.
    pub summary: &'static str,
    /// Why it is built so, in a sentence.
    pub why: &'static str,
    /// What to look out for, in a sentence.
    pub caution: &'static str,
    /// The formula of its block, and what its letters mean.
    pub formula: &'static [&'static str],
    /// Where it comes from: authors, venue and year; arXiv, DOI or PMLR.
    pub paper: &'static str,
    /// Where attention sits in its blocks, in a sentence.
    pub place: &'static str,
    /// The model and the block that stand for it in a picture.
    pub picture: (&'static str, &'static str),
}

/// What a card is about.
#[derive(Clone, Copy)]
pub enum Subject {
    /// A family of networks.
    Family(&'static dyn Family),
    /// An attention block.
    Block(&'static dyn AttentionBlock),
}

/// A part of a graph to draw.
pub struct Example {
    /// The graph.
    pub graph: Graph,
    /// The part of it.
    pub scope: ScopeId,
    /// Attention in it stands for any that could be chosen: the family has none of its own.
    pub has_slot: bool,
}

/// The features an attention block is drawn on.
const FEATURES: [usize; 3] = [256, 14, 14];

impl Subject {
    /// Every family, then every attention block, in the order users see them.
    pub fn all() -> impl Iterator<Item = Self> {
        FAMILIES.iter().copied().map(Self::Family).chain(BLOCKS.iter().copied().map(Self::Block))
    }

    /// What a name is about, in any letter case: an attention block's name or title, a family's title, a model's name
    /// or another name for one.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let is_called = |subject: &Self| match subject {
            Self::Family(family) => family.card().title.eq_ignore_ascii_case(name),
            Self::Block(block) => [block.card().name, block.card().title].iter().any(|n| n.eq_ignore_ascii_case(name)),
        };
        let model = || alias::resolve(name).ok().and_then(|spec| super::find(&spec.model));
        Self::all().find(is_called).or_else(|| model().map(|(family, _)| Self::Family(family)))
    }

    /// A short name that [`Self::find`] finds it by: `ResNet`, `cbam`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Family(family) => family.card().title,
            Self::Block(block) => block.card().name,
        }
    }

    /// The title people use: `ResNet`, `CBAM`.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Family(family) => family.card().title,
            Self::Block(block) => block.card().title,
        }
    }

    /// The full name of an attention block, the kind of network of a family.
    #[must_use]
    pub fn long(&self) -> &'static str {
        match self {
            Self::Family(_) => "Network family",
            Self::Block(block) => block.card().long,
        }
    }

    /// What it is, why it is so, what to look out for.
    #[must_use]
    pub fn sentences(&self) -> [&'static str; 3] {
        match self {
            Self::Family(family) => {
                let FamilyCard { summary, why, caution, .. } = family.card();
                [summary, why, caution]
            }
            Self::Block(block) => {
                let attention::Card { summary, why, caution, .. } = block.card();
                [summary, why, caution]
            }
        }
    }

    /// Its formula, line by line.
    #[must_use]
    pub fn formula(&self) -> &'static [&'static str] {
        match self {
            Self::Family(family) => family.card().formula,
            Self::Block(block) => block.card().formula,
        }
    }

    /// Where it comes from.
    #[must_use]
    pub fn paper(&self) -> &'static str {
        match self {
            Self::Family(family) => family.card().paper,
            Self::Block(block) => block.card().paper,
        }
    }

    /// Where attention sits in a block.
    #[must_use]
    pub fn place(&self) -> &'static str {
        match self {
            Self::Family(family) => family.card().place,
            Self::Block(block) => block.card().place,
        }
    }

    /// What its picture is drawn from: a family's block, or an attention block on a small map.
    #[must_use]
    pub fn example(&self) -> Option<Example> {
        match self {
            Self::Family(family) => {
                let (model, path) = family.card().picture;
                block_of(&NetworkSpec::of(model), path)
            }
            Self::Block(block) => attention_alone(*block),
        }
    }

    /// A network's own block where the family's example stands: a basic block of `resnet18`, not the bottleneck of
    /// `resnet50`; the family's example where the network has no such place.
    #[must_use]
    pub fn example_in(&self, spec: &NetworkSpec) -> Option<Example> {
        let Self::Family(family) = self else { return self.example() };
        block_of(spec, family.card().picture.1).or_else(|| self.example())
    }

    /// A block or a stage of a network with the attention in it, to show where it sits; `None` for a family, whose
    /// example shows it.
    #[must_use]
    pub fn placed(&self) -> Option<Example> {
        let Self::Block(block) = self else { return None };
        let choice = attention::Attention::named(block.card().name).ok();
        let spec = NetworkSpec { attention: AttentionPlan::everywhere(choice), ..NetworkSpec::of("resnet50") };
        let graph = lower(&spec).ok()?;
        let block = graph.scope_at("layer3.1").filter(|block| graph.attention_of(*block).is_some());
        let around = || {
            let mut attention = graph.scope_ids().filter(|id| matches!(graph[*id].kind, ScopeKind::Attention(_)));
            attention.find_map(|id| graph[id].parent).filter(|parent| *parent != Graph::ROOT)
        };
        let scope = block.or_else(around)?;
        Some(Example { graph, scope, has_slot: false })
    }
}

/// The block of a network, with a place for attention where it has none by design.
fn block_of(spec: &NetworkSpec, path: &str) -> Option<Example> {
    let plain = lower(spec).ok()?;
    let scope = plain.scope_at(path)?;
    if plain.attention_of(scope).is_some() {
        return Some(Example { graph: plain, scope, has_slot: false });
    }
    let se = attention::Attention::named("se").ok();
    let graph = lower(&NetworkSpec { attention: AttentionPlan::everywhere(se), ..spec.clone() }).ok()?;
    let scope = graph.scope_at(path)?;
    Some(Example { graph, scope, has_slot: true })
}

fn attention_alone(block: &dyn AttentionBlock) -> Option<Example> {
    let [channels, height, width] = FEATURES;
    let mut builder = GraphBuilder::new(block.card().name.to_owned(), Shape::map(channels, height, width));
    let features = builder.input();
    block.attach(&mut builder, features, &Options::default());
    let graph = builder.finish().ok()?;
    let scope = graph.scope_ids().find(|id| matches!(graph[*id].kind, ScopeKind::Attention(_)))?;
    Some(Example { graph, scope, has_slot: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_sentence(text: &str) -> bool {
        text.ends_with('.') && !text.contains(". ") && text.chars().next().is_some_and(|first| !first.is_lowercase())
    }

    #[test]
    fn every_card_has_all_its_parts() {
        for subject in Subject::all() {
            let name = subject.title();
            for sentence in subject.sentences().into_iter().chain([subject.place()]) {
                assert!(is_sentence(sentence), "{name}: not one sentence: {sentence:?}");
                assert!(sentence.chars().count() <= 240, "{name}: too long: {sentence}");
            }
            assert!(!subject.formula().is_empty() && subject.formula().iter().all(|line| !line.is_empty()), "{name}");
            let paper = subject.paper();
            let has_year = (1998..=2026).any(|year| paper.contains(&year.to_string()));
            assert!(
                has_year && ["arXiv ", "doi:", "PMLR "].iter().any(|place| paper.contains(place)),
                "{name}: {paper}"
            );
        }
    }

    #[test]
    fn every_card_has_something_to_draw() {
        for subject in Subject::all() {
            let example = subject.example().unwrap_or_else(|| panic!("{}", subject.title()));
            assert!(example.graph.nodes_in(example.scope).count() > 2, "{}", subject.title());
        }
    }

    #[test]
    fn a_card_is_found_by_any_name_of_it() {
        let titles = ["SE", "cbam", "resnet50", "ResNet", "seresnet50", "senet154", "efficientnet_b3", "vgg"];
        let found = titles.map(|name| Subject::find(name).map(|subject| subject.title()));
        let wanted = ["SE", "CBAM", "ResNet", "ResNet", "ResNet", "ResNet", "EfficientNet", "VGG"];
        assert_eq!(found, wanted.map(Some));
        assert!(Subject::find("transformer").is_none());
        for subject in Subject::all() {
            assert_eq!(Subject::find(subject.name()).map(|found| found.title()), Some(subject.title()));
        }
    }
}
