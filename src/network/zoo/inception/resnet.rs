//! Inception-ResNet-v2 (Szegedy et al., AAAI 2017), named as in timm: Inception modules as residual branches, turned
//! down before they are added.

use super::{chain, one, shrinking, three, unit};
use crate::network::attention::Position;
use crate::network::graph::{Conv2d, GraphBuilder, NodeId, Op, Pool2d, ScopeKind};
use crate::network::options::{Declared, Options};
use crate::network::spec::Place;
use crate::network::zoo::shared::{SHORTCUT, classifier, word};
use crate::network::zoo::{Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};

/// The family.
pub struct InceptionResnet;

/// Adds a module and gives the ends of its lanes.
type Lanes = fn(&mut GraphBuilder, NodeId) -> Vec<NodeId>;

/// A stage: the module in front of it, its blocks, and how far their branches are turned down.
struct Part {
    first: (&'static str, Lanes),
    module: &'static str,
    lanes: Lanes,
    blocks: usize,
    factor: f32,
}

const STAGES: [Part; 3] = [
    Part { first: ("mixed_5b", mixed_5b), module: "repeat", lanes: block35, blocks: 10, factor: 0.17 },
    Part { first: ("mixed_6a", mixed_6a), module: "repeat_1", lanes: block17, blocks: 20, factor: 0.10 },
    Part { first: ("mixed_7a", mixed_7a), module: "repeat_2", lanes: block8, blocks: 9, factor: 0.20 },
];
/// Channels of the last convolution.
const LAST: usize = 1536;

impl Family for InceptionResnet {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "Inception-ResNet",
            summary: "Inception modules as residual branches: what they join is brought back to the input's width by a 1×1, turned down and added.",
            why: "Shortcuts let Inception networks train much faster, and turning the branches down (to 0.17, 0.10 and 0.20 here) keeps wide ones stable.",
            caution: "The SENet paper's 11.75 GFLOPs are not those of this definition, which needs 13,155,794,016 MACs at 299×299.",
            formula: &["y = ReLU(x + factor·W1·[branches of x])"],
            paper: "Szegedy et al., AAAI 2017, arXiv 1602.07261",
            place: "At the end of the residual branch: after its 1×1, before it is turned down and added.",
            picture: ("inception_resnet_v2", "stage1.0"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        vec![Entry::imagenet("inception_resnet_v2", "Inception modules as residual branches", 299)]
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::of("1e-3", "relu")
    }

    fn options(&self, _model: &str) -> Vec<Declared> {
        vec![word(SHORTCUT, "identity")]
    }

    fn stages(&self, _model: &str, _options: &Options) -> Result<Vec<Stage>, String> {
        // The last stage has one block more, which is not turned down.
        let stage = |(index, part): (usize, &Part)| {
            let path = format!("stage{}", index + 1);
            let count = part.blocks + usize::from(index + 1 == STAGES.len());
            let blocks = (0..count).map(|block| Place::new(format!("{path}.{block}"))).collect();
            (Place::new(path), blocks)
        };
        Ok(STAGES.iter().enumerate().map(stage).collect())
    }

    fn build(&self, lowering: &mut Lowering, _model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let has_shortcuts = options.word("shortcut", "identity") != "none";
        let mut features = lowering.builder.flat_scope(ScopeKind::Stem, "stem", stem);
        for (index, part) in STAGES.iter().enumerate() {
            let path = format!("stage{}", index + 1);
            features = lowering.scope_as(ScopeKind::Stage, [&path, ""], "stage", |l| {
                let (name, lanes) = part.first;
                let mut x = l.builder.scope_as(ScopeKind::Block, ["entry", name], "Inception module", |b| {
                    let lanes = lanes(b, features);
                    b.add("concat", Op::Concat, &lanes)
                });
                for block in 0..part.blocks {
                    let name = format!("{}.{block}", part.module);
                    let block = Block { lanes: part.lanes, factor: Some(part.factor), has_shortcuts };
                    x = block.build(l, &path, &name, x);
                }
                if index + 1 == STAGES.len() {
                    x = Block { lanes: block8, factor: None, has_shortcuts }.build(l, &path, "block8", x);
                }
                x
            });
        }
        classifier(&mut lowering.builder, "classif", classes, |b| unit(b, "conv2d_7b", one(LAST), features));
        Ok(())
    }
}

struct Block {
    lanes: fn(&mut GraphBuilder, NodeId) -> Vec<NodeId>,
    /// The last block has none, and no ReLU.
    factor: Option<f32>,
    has_shortcuts: bool,
}

impl Block {
    fn build(&self, l: &mut Lowering, stage: &str, name: &str, x: NodeId) -> NodeId {
        let index = match name.rsplit_once('.') {
            Some((_, index)) => index.to_owned(),
            None => STAGES[STAGES.len() - 1].blocks.to_string(),
        };
        l.scope_as(ScopeKind::Block, [&index, name], "Inception residual", |l| {
            let place = format!("{stage}.{index}");
            let entered = l.attend_at(Position::Pre, &place, x);
            let b = &mut l.builder;
            let width = b.shape(x).channels();
            let lanes = (self.lanes)(b, entered);
            let joined = b.add("concat", Op::Concat, &lanes);
            let branch = b.add("conv2d", Op::Conv2d(one(width).with_bias()), &[joined]);
            let mut branch = l.attend(&place, branch);
            if self.has_shortcuts {
                if let Some(factor) = self.factor {
                    branch = l.builder.add("scale", Op::Times { factor }, &[branch]);
                }
                let shortcut = l.attend_at(Position::Identity, &place, x);
                branch = l.builder.add("add", Op::Add, &[branch, shortcut]);
            }
            if self.factor.is_some() {
                branch = l.builder.add("act", Op::Relu, &[branch]);
            }
            l.attend_at(Position::Post, &place, branch)
        })
    }
}

fn stem(b: &mut GraphBuilder) -> NodeId {
    let pool = Op::MaxPool(Pool2d::new(3, 2));
    let first = [("conv2d_1a", shrinking(32, 2)), ("conv2d_2a", shrinking(32, 1)), ("conv2d_2b", three(64))];
    let x = chain(b, &first, b.input());
    let x = b.add("maxpool_3a", pool, &[x]);
    let x = chain(b, &[("conv2d_3b", one(80)), ("conv2d_4a", shrinking(192, 1))], x);
    b.add("maxpool_5a", pool, &[x])
}

fn mixed_5b(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let first = unit(b, "branch0", one(96), x);
    let second = chain(b, &[("branch1.0", one(48)), ("branch1.1", Conv2d::new(64, 5))], x);
    let third = chain(b, &[("branch2.0", one(64)), ("branch2.1", three(96)), ("branch2.2", three(96))], x);
    let window = Pool2d::new(3, 1).padded(1).without_padding_counted();
    let mean = b.add("branch3.0", Op::AvgPool(window), &[x]);
    vec![first, second, third, unit(b, "branch3.1", one(64), mean)]
}

fn block35(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let first = unit(b, "branch0", one(32), x);
    let second = chain(b, &[("branch1.0", one(32)), ("branch1.1", three(32))], x);
    let third = chain(b, &[("branch2.0", one(32)), ("branch2.1", three(48)), ("branch2.2", three(64))], x);
    vec![first, second, third]
}

fn mixed_6a(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let first = unit(b, "branch0", shrinking(384, 2), x);
    let second = chain(b, &[("branch1.0", one(256)), ("branch1.1", three(256)), ("branch1.2", shrinking(384, 2))], x);
    vec![first, second, b.add("branch2", Op::MaxPool(Pool2d::new(3, 2)), &[x])]
}

fn block17(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let first = unit(b, "branch0", one(192), x);
    let factorised =
        [("branch1.0", one(128)), ("branch1.1", Conv2d::oblong(160, 1, 7)), ("branch1.2", Conv2d::oblong(192, 7, 1))];
    vec![first, chain(b, &factorised, x)]
}

fn mixed_7a(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let first = chain(b, &[("branch0.0", one(256)), ("branch0.1", shrinking(384, 2))], x);
    let second = chain(b, &[("branch1.0", one(256)), ("branch1.1", shrinking(288, 2))], x);
    let third = chain(b, &[("branch2.0", one(256)), ("branch2.1", three(288)), ("branch2.2", shrinking(320, 2))], x);
    vec![first, second, third, b.add("branch3", Op::MaxPool(Pool2d::new(3, 2)), &[x])]
}

fn block8(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let first = unit(b, "branch0", one(192), x);
    let factorised =
        [("branch1.0", one(192)), ("branch1.1", Conv2d::oblong(224, 1, 3)), ("branch1.2", Conv2d::oblong(256, 3, 1))];
    vec![first, chain(b, &factorised, x)]
}
