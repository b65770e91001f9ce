//! A graph while a family builds it: the builder, and the attention that is still to be placed.

use std::collections::{BTreeMap, BTreeSet};

use super::Stage;
use crate::network::attention::{Attention, Position, Site};
use crate::network::graph::{Conv2d, GraphBuilder, NodeId, ScopeKind};
use crate::network::spec::{AttentionPlan, Place};

/// How far a network strides before it dilates instead.
#[derive(Clone, Copy, Debug)]
struct Strides {
    /// Pixels between two positions that are not exceeded.
    limit: usize,
    /// Pixels between two positions so far.
    reached: usize,
    /// How far apart layers read.
    dilation: usize,
}

/// What the stem of every network that asks [`Lowering::strided`] strides.
const STEM_STRIDE: usize = 2;

/// A graph being built for a spec: the builder and the attention still to be placed.
pub struct Lowering {
    /// Where layers are added.
    pub builder: GraphBuilder,
    plan: AttentionPlan,
    stages: Vec<Stage>,
    /// The positions each block with attention turned out to have.
    offered: BTreeMap<Place, Vec<Position>>,
    /// Blocks that have given up a convolution to their attention.
    replaced: BTreeSet<Place>,
    failure: Option<String>,
    strides: Strides,
}

impl Lowering {
    pub(super) fn new(builder: GraphBuilder, plan: AttentionPlan, stages: Vec<Stage>, limit: usize) -> Self {
        let (offered, replaced) = (BTreeMap::new(), BTreeSet::new());
        let strides = Strides { limit, reached: STEM_STRIDE, dilation: 1 };
        Self { builder, plan, stages, offered, replaced, failure: None, strides }
    }

    /// A convolution of a network that may be limited by `output_stride`, with the stride it has otherwise. As timm's
    /// `EfficientNetBuilder` and `RegNet`: one that may not stride any more reads as far apart as those before it, and
    /// those after it read further apart.
    pub(super) fn strided(&mut self, conv: Conv2d, stride: usize) -> Conv2d {
        let Strides { limit, reached, dilation } = &mut self.strides;
        let before = *dilation;
        if *reached * stride > *limit {
            *dilation *= stride;
            return conv.dilated(before);
        }
        *reached *= stride;
        conv.stride(stride).dilated(before)
    }

    /// Adds the attention the plan has for the block at `path`, after `features`, in its standard position; without
    /// one, returns `features`.
    pub fn attend(&mut self, path: &str, features: NodeId) -> NodeId {
        self.attend_at(Position::Standard, path, features)
    }

    /// Says that the block at `path` has the position `here`, after `features`: the attention the plan has for it is
    /// added if that is where it goes; otherwise returns `features`.
    pub fn attend_at(&mut self, here: Position, path: &str, features: NodeId) -> NodeId {
        let place = Place::new(path);
        let Some(attention) = self.of_block(&place).filter(|attention| attention.site() == Site::Branch) else {
            return features;
        };
        self.offered.entry(place).or_default().push(here);
        if Position::of(attention.options()) != here || !self.fits(&attention, path, features) {
            return features;
        }
        attention.block().attach(&mut self.builder, features, attention.options())
    }

    /// Adds the convolution in the middle of the block at `path`, its BatchNorm and its ReLU, under these names, or the
    /// attention that the plan has in their place.
    pub fn convolve(&mut self, path: &str, [name, bn, relu]: [&str; 3], conv: Conv2d, input: NodeId) -> NodeId {
        let place = Place::new(path);
        match self.of_block(&place).filter(|attention| attention.site() == Site::Convolution) {
            Some(attention) if self.fits(&attention, path, input) => {
                self.replaced.insert(place);
                attention.block().replace(&mut self.builder, name, conv, input, attention.options())
            }
            _ => self.builder.conv_bn(name, bn, Some(relu), conv, input),
        }
    }

    /// Says why the block at `path` cannot have attention in its convolution's place, should the plan have some.
    pub(super) fn forbid_replaced(&mut self, path: &str, reason: &str) {
        let attention = self.of_block(&Place::new(path)).filter(|attention| attention.site() == Site::Convolution);
        if let Some(attention) = attention {
            self.failure.get_or_insert_with(|| format!("{} at {path}: site=conv: {reason}", attention.name()));
        }
    }

    /// The names of a convolution and its BatchNorm in the block at `path`, beside what may have taken another's place.
    #[must_use]
    pub fn beside(&self, path: &str, [conv, bn]: [&str; 2]) -> [String; 2] {
        let attention = self.of_block(&Place::new(path)).filter(|attention| attention.site() == Site::Convolution);
        match attention.is_some_and(|attention| attention.block().nests_neighbours()) {
            true => [format!("{conv}.conv"), format!("{conv}.bn")],
            false => [conv, bn].map(str::to_owned),
        }
    }

    /// Adds the attention that stands between stages, where a stage ends with `features`: not after the last, unless
    /// that is named. Its layers are at the network's top level, under its name and the stage's number.
    fn between_stages(&mut self, features: NodeId) -> NodeId {
        let stage = Place::new(self.builder.path());
        let Some(index) = self.stages.iter().position(|(known, _)| *known == stage) else { return features };
        let is_last = index + 1 == self.stages.len();
        let attention = self.plan.at(&stage).filter(|attention| attention.site() == Site::Stage);
        let attention = attention.filter(|_| !is_last || self.plan.names(&stage)).cloned();
        let Some(attention) = attention else { return features };
        if !self.fits(&attention, stage.path(), features) {
            return features;
        }
        let name = attention.name();
        let outer = self.builder.enter_top(name, &format!("{name}{}", index + 1));
        let attended = attention.block().attach(&mut self.builder, features, attention.options());
        self.builder.leave(outer);
        attended
    }

    fn of_block(&self, place: &Place) -> Option<Attention> {
        self.plan.at(place).filter(|attention| attention.site() != Site::Stage).cloned()
    }

    /// Can this attention be for these features? If not, that is why the network cannot be.
    fn fits(&mut self, attention: &Attention, path: &str, features: NodeId) -> bool {
        let channels = self.builder.shape(features).channels();
        let checked = attention.block().check(attention.options(), channels);
        if let Err(problem) = &checked {
            self.failure.get_or_insert_with(|| format!("{} at {path}: {problem}", attention.name()));
        }
        checked.is_ok()
    }

    /// Why the network cannot be, if it cannot.
    pub(super) fn problem(&self) -> Option<String> {
        let blocks = self.stages.iter().flat_map(|(_, blocks)| blocks);
        let mut attended = blocks.filter_map(|block| Some((block, self.plan.at(block)?)));
        let misplaced = |(block, attention): (&Place, &Attention)| {
            let reason = match attention.site() {
                Site::Branch => self.lacks_position(block, attention),
                Site::Convolution => self.lacks_convolution(block),
                Site::Stage => self.is_no_stage(block),
            };
            reason.map(|reason| format!("{} at {block}: {reason}", attention.name()))
        };
        attended.find_map(misplaced).or_else(|| self.failure.clone())
    }

    /// The block has no room where its attention goes; what room it has.
    fn lacks_position(&self, block: &Place, attention: &Attention) -> Option<String> {
        let wanted = Position::of(attention.options());
        let mut offered = self.offered.get(block).cloned().unwrap_or_default();
        offered.sort_unstable();
        offered.dedup();
        let is_misplaced = wanted != Position::Standard && !offered.contains(&wanted);
        is_misplaced.then(|| wanted.refusal(&offered))
    }

    fn lacks_convolution(&self, block: &Place) -> Option<String> {
        let has_failed = self.failure.is_some() || self.replaced.contains(block);
        (!has_failed).then(|| "site=conv: this block has no 3×3 to give up, use site=branch".to_owned())
    }

    fn is_no_stage(&self, block: &Place) -> Option<String> {
        let stage = block.stage().filter(|_| self.plan.names(block))?;
        Some(format!("it goes between stages, write @{stage}"))
    }

    /// Has the plan attention for the block at `path`, inside it?
    #[must_use]
    pub fn attends(&self, path: &str) -> bool {
        self.of_block(&Place::new(path)).is_some()
    }

    /// Opens a scope around `body`, like [`GraphBuilder::scope`].
    pub fn scope(
        &mut self,
        kind: ScopeKind,
        name: &str,
        label: &'static str,
        body: impl FnOnce(&mut Self) -> NodeId,
    ) -> NodeId {
        self.scope_as(kind, [name, name], label, body)
    }

    /// Opens a scope around `body`, like [`GraphBuilder::scope_as`].
    pub fn scope_as(
        &mut self,
        kind: ScopeKind,
        words: [&str; 2],
        label: &'static str,
        body: impl FnOnce(&mut Self) -> NodeId,
    ) -> NodeId {
        let open = self.builder.open(kind, words, label);
        let mut output = body(self);
        if kind == ScopeKind::Stage {
            output = self.between_stages(output);
        }
        self.builder.close(open, output);
        output
    }

    /// Builds `body` where paths and names have one word more each, like [`GraphBuilder::within`].
    pub fn within<R>(&mut self, words: [&str; 2], body: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.builder.enter(words);
        let result = body(self);
        self.builder.leave(outer);
        result
    }
}
