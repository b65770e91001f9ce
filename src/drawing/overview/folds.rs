//! Which stages show blocks that are alike as one.

use std::collections::HashMap;

use super::{Group, Overview};

/// A network with more blocks than this is folded until the user unfolds it.
const MANY: usize = 32;

/// What the user has folded and unfolded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folds {
    /// For every stage not named below.
    all: Option<bool>,
    /// By a stage's name.
    stages: HashMap<String, bool>,
}

impl Folds {
    /// Are this stage's alike blocks one?
    #[must_use]
    pub fn is_folded(&self, overview: &Overview, group: &Group) -> bool {
        let chosen = self.stages.get(&group.name).copied().or(self.all);
        group.repeats() && chosen.unwrap_or_else(|| overview.blocks().count() > MANY)
    }

    /// Is anything of it folded?
    #[must_use]
    pub fn any_folded(&self, overview: &Overview) -> bool {
        overview.groups.iter().any(|group| self.is_folded(overview, group))
    }

    /// Folds a stage, or unfolds it.
    pub fn toggle(&mut self, overview: &Overview, group: &Group) {
        let folded = self.is_folded(overview, group);
        self.stages.insert(group.name.clone(), !folded);
    }

    /// Unfolds everything if something is folded, else folds everything.
    pub fn toggle_all(&mut self, overview: &Overview) {
        *self = Self { all: Some(!self.any_folded(overview)), stages: HashMap::new() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    #[test]
    fn long_networks_begin_folded_and_every_stage_can_be_turned() {
        let overview = |text: &str| Overview::of(&lower(&parse(text).expect("parses")).expect("lowers"));
        let mut folds = Folds::default();
        assert!(!folds.any_folded(&overview("resnet50")));
        let deep = overview("resnet152+cbam");
        let layer3 = deep.groups.iter().find(|group| group.name == "layer3").expect("a stage");
        assert_eq!(layer3.runs, [0..1, 1..36]);
        assert!(folds.is_folded(&deep, layer3));
        folds.toggle(&deep, layer3);
        assert!(!folds.is_folded(&deep, layer3) && folds.any_folded(&deep));
        folds.toggle_all(&deep);
        assert!(!folds.any_folded(&deep));
        folds.toggle_all(&deep);
        assert!(folds.is_folded(&deep, layer3));
    }

    #[test]
    fn only_blocks_that_are_alike_to_the_last_layer_are_one() {
        let runs = |text: &str, stage: &str| {
            let overview = Overview::of(&lower(&parse(text).expect("parses")).expect("lowers"));
            overview.groups.iter().find(|group| group.name == stage).expect("a stage").runs.clone()
        };
        assert_eq!(runs("inception_v3", "mixed6"), [0..1, 1..2, 2..4, 4..5]);
        assert_eq!(runs("inception_v4", "stage2"), [0..1, 1..8]);
        assert_eq!(runs("vgg16_bn", "stage3"), [0..1, 1..3]);
        assert_eq!(runs("resnet50+se@layer3.2", "layer3"), [0..1, 1..2, 2..3, 3..6]);
    }
}
