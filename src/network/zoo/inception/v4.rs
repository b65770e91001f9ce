//! Inception-v4 (Szegedy et al., AAAI 2017), named as in timm, which numbers all parts through: `features.0` to
//! `features.21`.

use super::{chain, one, shrinking, three, unit};
use crate::network::graph::{Conv2d, GraphBuilder, NodeId, Op, Pool2d, ScopeKind};
use crate::network::options::{Declared, Options};
use crate::network::zoo::shared::{classifier, numbered_stages};
use crate::network::zoo::{Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};

/// The family.
pub struct InceptionV4;

/// The kinds of module.
#[derive(Clone, Copy)]
enum Module {
    A,
    ReductionA,
    B,
    ReductionB,
    C,
}

/// How often each comes, by stage; the first of the later stages shrinks the map.
const STAGES: [&[(Module, usize)]; 3] =
    [&[(Module::A, 4)], &[(Module::ReductionA, 1), (Module::B, 7)], &[(Module::ReductionB, 1), (Module::C, 3)]];
/// Parts of the stem, which are numbered too.
const STEM_PARTS: usize = 6;

impl Family for InceptionV4 {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "Inception-v4",
            summary: "More of Inception-v3's modules and more alike: four of kind A, seven of kind B, three of kind C, with a reduction between the kinds.",
            why: "Its authors trained it beside Inception-ResNet to see what shortcuts add: the residual twin trains faster and ends a thin margin ahead.",
            caution: "It has no shortcuts, so attention after a module weighs everything that goes on and not an addition to it.",
            formula: &["y = [W1·x | W3·W1·x | W3·W3·W1·x | W1·avg x]", "each W with BN and ReLU; the module of kind A"],
            paper: "Szegedy et al., AAAI 2017, arXiv 1602.07261",
            place: "After the whole module, where its branches have been joined.",
            picture: ("inception_v4", "stage1.0"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        vec![Entry::imagenet("inception_v4", "factorised kernels, deeper", 299)]
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::of("1e-3", "relu")
    }

    fn options(&self, _model: &str) -> Vec<Declared> {
        Vec::new()
    }

    fn stages(&self, _model: &str, _options: &Options) -> Result<Vec<Stage>, String> {
        Ok(numbered_stages(&STAGES.map(|modules| modules.iter().map(|(_, times)| times).sum())))
    }

    fn build(&self, lowering: &mut Lowering, _model: &str, _options: &Options, classes: usize) -> Result<(), String> {
        let mut features = lowering.builder.flat_scope(ScopeKind::Stem, "stem", stem);
        let mut part = STEM_PARTS;
        for (stage, modules) in STAGES.into_iter().enumerate() {
            let path = format!("stage{}", stage + 1);
            let each = modules.iter().flat_map(|(module, times)| std::iter::repeat_n(*module, *times));
            features = lowering.scope_as(ScopeKind::Stage, [&path, ""], "stage", |l| {
                each.enumerate().fold(features, |x, (index, module)| {
                    let words = [&*index.to_string(), &format!("features.{part}")];
                    part += 1;
                    l.scope_as(ScopeKind::Block, words, "Inception module", |l| {
                        let joined = module.build(&mut l.builder, x);
                        l.attend(&format!("{path}.{index}"), joined)
                    })
                })
            });
        }
        classifier(&mut lowering.builder, "last_linear", classes, |_| features);
        Ok(())
    }
}

fn stem(b: &mut GraphBuilder) -> NodeId {
    let shrinking_pool = Op::MaxPool(Pool2d::new(3, 2));
    let first = [("features.0", shrinking(32, 2)), ("features.1", shrinking(32, 1)), ("features.2", three(64))];
    let x = chain(b, &first, b.input());
    let x = b.within(["", "features.3"], |b| {
        let lanes = [b.add("maxpool", shrinking_pool, &[x]), unit(b, "conv", shrinking(96, 2), x)];
        b.add("concat", Op::Concat, &lanes)
    });
    let x = b.within(["", "features.4"], |b| {
        let first = chain(b, &[("branch0.0", one(64)), ("branch0.1", shrinking(96, 1))], x);
        let factorised = [
            ("branch1.0", one(64)),
            ("branch1.1", Conv2d::oblong(64, 1, 7)),
            ("branch1.2", Conv2d::oblong(64, 7, 1)),
            ("branch1.3", shrinking(96, 1)),
        ];
        let second = chain(b, &factorised, x);
        b.add("concat", Op::Concat, &[first, second])
    });
    b.within(["", "features.5"], |b| {
        let lanes = [unit(b, "conv", shrinking(192, 2), x), b.add("maxpool", shrinking_pool, &[x])];
        b.add("concat", Op::Concat, &lanes)
    })
}

impl Module {
    fn build(self, b: &mut GraphBuilder, x: NodeId) -> NodeId {
        let lanes = match self {
            Self::A => module_a(b, x),
            Self::ReductionA => reduction_a(b, x),
            Self::B => module_b(b, x),
            Self::ReductionB => reduction_b(b, x),
            Self::C => module_c(b, x),
        };
        b.add("concat", Op::Concat, &lanes)
    }
}

/// 3×3 mean over what lies inside, and a projection.
fn pooled(b: &mut GraphBuilder, width: usize, x: NodeId) -> NodeId {
    let window = Pool2d::new(3, 1).padded(1).without_padding_counted();
    let mean = b.add("branch3.0", Op::AvgPool(window), &[x]);
    unit(b, "branch3.1", one(width), mean)
}

fn module_a(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let first = unit(b, "branch0", one(96), x);
    let second = chain(b, &[("branch1.0", one(64)), ("branch1.1", three(96))], x);
    let third = chain(b, &[("branch2.0", one(64)), ("branch2.1", three(96)), ("branch2.2", three(96))], x);
    vec![first, second, third, pooled(b, 96, x)]
}

fn reduction_a(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let first = unit(b, "branch0", shrinking(384, 2), x);
    let second = chain(b, &[("branch1.0", one(192)), ("branch1.1", three(224)), ("branch1.2", shrinking(256, 2))], x);
    vec![first, second, b.add("branch2", Op::MaxPool(Pool2d::new(3, 2)), &[x])]
}

fn module_b(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let (wide, tall) = (|width| Conv2d::oblong(width, 1, 7), |width| Conv2d::oblong(width, 7, 1));
    let first = unit(b, "branch0", one(384), x);
    let second = chain(b, &[("branch1.0", one(192)), ("branch1.1", wide(224)), ("branch1.2", tall(256))], x);
    let doubled = [
        ("branch2.0", one(192)),
        ("branch2.1", tall(192)),
        ("branch2.2", wide(224)),
        ("branch2.3", tall(224)),
        ("branch2.4", wide(256)),
    ];
    let third = chain(b, &doubled, x);
    vec![first, second, third, pooled(b, 128, x)]
}

fn reduction_b(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let first = chain(b, &[("branch0.0", one(192)), ("branch0.1", shrinking(192, 2))], x);
    let factorised = [
        ("branch1.0", one(256)),
        ("branch1.1", Conv2d::oblong(256, 1, 7)),
        ("branch1.2", Conv2d::oblong(320, 7, 1)),
        ("branch1.3", shrinking(320, 2)),
    ];
    let second = chain(b, &factorised, x);
    vec![first, second, b.add("branch2", Op::MaxPool(Pool2d::new(3, 2)), &[x])]
}

fn module_c(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let (wide, tall) = (|width| Conv2d::oblong(width, 1, 3), |width| Conv2d::oblong(width, 3, 1));
    let first = unit(b, "branch0", one(256), x);
    let second = unit(b, "branch1_0", one(384), x);
    let second = [unit(b, "branch1_1a", wide(256), second), unit(b, "branch1_1b", tall(256), second)];
    let third = chain(b, &[("branch2_0", one(384)), ("branch2_1", tall(448)), ("branch2_2", wide(512))], x);
    let third = [unit(b, "branch2_3a", wide(256), third), unit(b, "branch2_3b", tall(256), third)];
    vec![first, second[0], second[1], third[0], third[1], pooled(b, 256, x)]
}
