//! Which attention goes where: a default for the network, overridden by stage, overridden by block.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use crate::network::attention::{Attention, Site};

/// A stage (`layer3`) or a block (`layer3.2`), by path. Ordered as people count: `layer2.9` before `layer2.10`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place(String);

impl Place {
    /// A place by its path.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0
    }

    /// The stage this block is in; `None` if it is a stage itself.
    #[must_use]
    pub fn stage(&self) -> Option<Self> {
        self.0.rsplit_once('.').map(|(stage, _)| Self(stage.to_owned()))
    }

    /// The path cut into words and numbers.
    fn key(&self) -> Vec<(String, usize)> {
        let mut parts = Vec::new();
        for part in self.0.split('.') {
            let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
            parts.push((word.to_owned(), part[word.len()..].parse().unwrap_or(0)));
        }
        parts
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Attention for the whole network and for single places. The most specific choice wins: block, stage, default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttentionPlan {
    default: Option<Attention>,
    overrides: BTreeMap<Place, Option<Attention>>,
}

impl AttentionPlan {
    /// The same attention everywhere.
    #[must_use]
    pub fn everywhere(attention: Option<Attention>) -> Self {
        Self { default: attention, overrides: BTreeMap::new() }
    }

    /// What the network has where nothing else is said.
    #[must_use]
    pub fn default_choice(&self) -> Option<&Attention> {
        self.default.as_ref()
    }

    /// The places with a choice of their own.
    pub fn overrides(&self) -> impl Iterator<Item = (&Place, Option<&Attention>)> {
        self.overrides.iter().map(|(place, choice)| (place, choice.as_ref()))
    }

    /// The attention of a block.
    #[must_use]
    pub fn at(&self, block: &Place) -> Option<&Attention> {
        let stage = || block.stage().and_then(|stage| self.overrides.get(&stage));
        self.overrides.get(block).or_else(stage).unwrap_or(&self.default).as_ref()
    }

    /// Is something said of this very place?
    #[must_use]
    pub fn names(&self, place: &Place) -> bool {
        self.overrides.contains_key(place)
    }

    /// Has any block attention?
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.default.is_none() && self.overrides.values().all(Option::is_none)
    }

    /// Sets the whole network: every override is dropped.
    pub fn set_all(&mut self, choice: Option<Attention>) {
        *self = Self::everywhere(choice);
    }

    /// Sets one place. A stage drops what was said of its blocks; what the place would have had anyway is not kept.
    pub fn set(&mut self, place: Place, choice: Option<Attention>) {
        self.overrides.retain(|known, _| known.stage().as_ref() != Some(&place));
        self.overrides.remove(&place);
        let inherited = match place.stage() {
            Some(_) => self.at(&place),
            None => self.default.as_ref(),
        };
        // After the last stage it stands only where that is said, so what is said of a stage is not forgotten.
        let is_said_of_a_stage = place.stage().is_none() && is_between_stages(choice.as_ref());
        if inherited != choice.as_ref() || is_said_of_a_stage {
            self.overrides.insert(place, choice);
        }
    }

    /// Applies a change to every attention chosen anywhere, default included.
    pub fn map(&mut self, mut change: impl FnMut(Attention) -> Attention) {
        let choices = std::iter::once(&mut self.default).chain(self.overrides.values_mut());
        for choice in choices {
            *choice = choice.take().map(&mut change);
        }
    }

    /// The same choices in their shortest form for a network with these stages (path, block paths): what most
    /// blocks have becomes their stage's choice, what most stages have the default, wherever that says it in
    /// fewer words.
    #[must_use]
    pub fn simplified(&self, stages: &[(Place, Vec<Place>)]) -> Self {
        let blocks = || stages.iter().flat_map(|(_, blocks)| blocks);
        let mut candidates: Vec<Option<&Attention>> = vec![None];
        for block in blocks() {
            if !candidates.contains(&self.at(block)) {
                candidates.push(self.at(block));
            }
        }
        let words = |default: Option<&Attention>| -> usize {
            let stages = stages.iter().map(|(_, blocks)| self.stage_choice(blocks, default, &candidates).1);
            usize::from(default.is_some()) + stages.sum::<usize>()
        };
        let default = candidates.iter().copied().min_by_key(|choice| words(*choice)).flatten();
        let mut plan = Self::everywhere(default.cloned());
        for (index, (stage, blocks)) in stages.iter().enumerate() {
            let choice = self.stage_choice(blocks, default, &candidates).0;
            let goes_without_saying = choice == default && !(index + 1 == stages.len() && self.names(stage));
            if !goes_without_saying {
                plan.set(stage.clone(), choice.cloned());
            }
            for block in blocks {
                plan.set(block.clone(), self.at(block).cloned());
            }
        }
        plan
    }

    /// The choice that says a stage in the fewest words, given what it would inherit, and how many those are:
    /// one for the stage, one for each block that differs.
    fn stage_choice<'a>(
        &self,
        blocks: &[Place],
        inherited: Option<&'a Attention>,
        candidates: &[Option<&'a Attention>],
    ) -> (Option<&'a Attention>, usize) {
        let words = |choice: Option<&Attention>| {
            usize::from(choice != inherited) + blocks.iter().filter(|block| self.at(block) != choice).count()
        };
        let best = candidates.iter().copied().min_by_key(|choice| words(*choice)).unwrap_or(inherited);
        let choice = if words(best) < words(inherited) { best } else { inherited };
        (choice, words(choice))
    }
}

fn is_between_stages(choice: Option<&Attention>) -> bool {
    choice.is_some_and(|attention| attention.site() == Site::Stage)
}

impl fmt::Display for AttentionPlan {
    /// `+cbam+se(r=8)@layer3,layer4.0+none@layer4.2`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(attention) = &self.default {
            write!(f, "+{attention}")?;
        }
        let mut groups: Vec<(&Option<Attention>, Vec<&str>)> = Vec::new();
        for (place, choice) in &self.overrides {
            match groups.iter_mut().find(|(known, _)| *known == choice) {
                Some((_, places)) => places.push(place.path()),
                None => groups.push((choice, vec![place.path()])),
            }
        }
        for (choice, places) in groups {
            let name = choice.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
            write!(f, "+{name}@{}", places.join(","))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attention(name: &str) -> Option<Attention> {
        Attention::named(name).ok()
    }

    #[test]
    fn the_most_specific_choice_wins_in_any_order() {
        let mut plan = AttentionPlan::everywhere(attention("cbam"));
        plan.set(Place::new("layer3.1"), None);
        plan.set(Place::new("layer4"), attention("se"));
        plan.set(Place::new("layer4.0"), attention("cbam"));
        let at = |path: &str| plan.at(&Place::new(path)).map(Attention::name);
        assert_eq!(at("layer1.0"), Some("cbam"));
        assert_eq!(at("layer3.1"), None);
        assert_eq!(at("layer4.2"), Some("se"));
        assert_eq!(at("layer4.0"), Some("cbam"));
        assert_eq!(plan.to_string(), "+cbam+none@layer3.1+se@layer4+cbam@layer4.0");
    }

    #[test]
    fn setting_a_stage_forgets_its_blocks_and_what_is_inherited_is_not_kept() {
        let mut plan = AttentionPlan::default();
        plan.set(Place::new("layer2.0"), attention("se"));
        plan.set(Place::new("layer2"), attention("cam"));
        assert_eq!(plan.to_string(), "+cam@layer2");
        plan.set(Place::new("layer2"), None);
        assert_eq!(plan, AttentionPlan::default());
    }

    #[test]
    fn painting_every_block_is_the_same_as_choosing_the_network() {
        let stages: Vec<(Place, Vec<Place>)> = (1..=2)
            .map(|s| (Place::new(format!("layer{s}")), (0..3).map(|b| Place::new(format!("layer{s}.{b}"))).collect()))
            .collect();
        let mut plan = AttentionPlan::default();
        for (_, blocks) in &stages {
            for block in blocks {
                plan.set(block.clone(), attention("sam"));
            }
        }
        assert_eq!(plan.simplified(&stages), AttentionPlan::everywhere(attention("sam")));
        plan.set(Place::new("layer2.1"), None);
        assert_eq!(plan.simplified(&stages).to_string(), "+sam+none@layer2.1");
    }

    #[test]
    fn places_are_ordered_as_people_count() {
        assert!(Place::new("layer2.9") < Place::new("layer2.10"));
        assert!(Place::new("layer2") < Place::new("layer2.0"));
    }
}
