//! Inception-v3 (Szegedy et al., CVPR 2016), named as in torchvision and timm: kernels factorised into smaller and
//! oblong ones.

use super::{chain, one, shrinking, three, unit};
use crate::network::graph::{Conv2d, GraphBuilder, NodeId, Op, Pool2d, ScopeKind};
use crate::network::options::{Declared, Options};
use crate::network::zoo::shared::{AUXILIARY, classifier, lettered_stages, word};
use crate::network::zoo::{Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};

/// The family.
pub struct InceptionV3;

/// The kinds of module, by torchvision's letters.
#[derive(Clone, Copy)]
enum Module {
    /// 35×35, with this many channels of the pool's projection.
    A(usize),
    /// 35×35 to 17×17.
    B,
    /// 17×17, with this many channels inside the 7×7.
    C(usize),
    /// 17×17 to 8×8.
    D,
    /// 8×8.
    E,
}

const STAGES: [(&str, &[(&str, Module)]); 3] = [
    ("5", &[("b", Module::A(32)), ("c", Module::A(64)), ("d", Module::A(64))]),
    (
        "6",
        &[("a", Module::B), ("b", Module::C(128)), ("c", Module::C(160)), ("d", Module::C(160)), ("e", Module::C(192))],
    ),
    ("7", &[("a", Module::D), ("b", Module::E), ("c", Module::E)]),
];

impl Family for InceptionV3 {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "Inception-v3",
            summary: "Inception modules whose large kernels are taken apart: a 5×5 into two 3×3, a 7×7 into a 1×7 and a 7×1.",
            why: "A 1×7 followed by a 7×1 has 14 weights for two channels where a 7×7 has 49, and sees the same window.",
            caution: "It wants pictures of 299×299, and published counts include the head that only training needs (27,161,264 parameters with aux=heads, 23,834,568 without).",
            formula: &[
                "y = [W1·x | W7×1·W1×7·W1·x | (W1×7·W7×1)²·W1·x | W1·avg x]",
                "each W with BN and ReLU; the module at 17×17",
            ],
            paper: "Szegedy et al., CVPR 2016, arXiv 1512.00567",
            place: "After the whole module, where its branches have been joined.",
            picture: ("inception_v3", "mixed6.b"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        vec![Entry::imagenet("inception_v3", "factorised kernels", 299)]
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::of("1e-3", "relu").renormalised()
    }

    fn options(&self, _model: &str) -> Vec<Declared> {
        vec![word(AUXILIARY, "none")]
    }

    fn stages(&self, _model: &str, _options: &Options) -> Result<Vec<Stage>, String> {
        Ok(lettered_stages(&[("mixed5", "bcd"), ("mixed6", "abcde"), ("mixed7", "abc")]))
    }

    fn build(&self, lowering: &mut Lowering, _model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let mut features = stem(lowering);
        let mut before_last = features;
        for (stage, modules) in STAGES {
            let path = format!("mixed{stage}");
            before_last = features;
            features = lowering.scope_as(ScopeKind::Stage, [&path, ""], "stage", |l| {
                modules.iter().fold(features, |x, (letter, module)| {
                    let words = [*letter, &format!("Mixed_{stage}{letter}")];
                    l.scope_as(ScopeKind::Block, words, "Inception module", |l| {
                        let joined = module.build(&mut l.builder, x);
                        l.attend(&format!("{path}.{letter}"), joined)
                    })
                })
            });
        }
        if options.word("aux", "none") == "heads" {
            if classes == 0 {
                return Err("aux=heads: without classes there is nothing for them to tell, use aux=none".to_owned());
            }
            auxiliary(&mut lowering.builder, before_last, classes);
        }
        classifier(&mut lowering.builder, "fc", classes, |_| features);
        Ok(())
    }
}

fn stem(lowering: &mut Lowering) -> NodeId {
    lowering.builder.flat_scope(ScopeKind::Stem, "stem", |b| {
        let pool = Op::MaxPool(Pool2d::new(3, 2));
        let first = [("Conv2d_1a_3x3", shrinking(32, 2)), ("Conv2d_2a_3x3", shrinking(32, 1))];
        let x = chain(b, &first, b.input());
        let x = unit(b, "Conv2d_2b_3x3", three(64), x);
        let x = b.add("maxpool1", pool, &[x]);
        let x = chain(b, &[("Conv2d_3b_1x1", one(80)), ("Conv2d_4a_3x3", shrinking(192, 1))], x);
        b.add("maxpool2", pool, &[x])
    })
}

impl Module {
    fn build(self, b: &mut GraphBuilder, x: NodeId) -> NodeId {
        let lanes = match self {
            Self::A(pool) => module_a(b, pool, x),
            Self::B => module_b(b, x),
            Self::C(inner) => module_c(b, inner, x),
            Self::D => module_d(b, x),
            Self::E => module_e(b, x),
        };
        b.add("concat", Op::Concat, &lanes)
    }
}

/// 3×3 mean, padding counted as zeros, and a projection.
fn pooled(b: &mut GraphBuilder, width: usize, x: NodeId) -> NodeId {
    let mean = b.add("pool", Op::AvgPool(Pool2d::new(3, 1).padded(1)), &[x]);
    unit(b, "branch_pool", one(width), mean)
}

fn module_a(b: &mut GraphBuilder, pool: usize, x: NodeId) -> Vec<NodeId> {
    let first = unit(b, "branch1x1", one(64), x);
    let second = chain(b, &[("branch5x5_1", one(48)), ("branch5x5_2", Conv2d::new(64, 5))], x);
    let doubled = [("branch3x3dbl_1", one(64)), ("branch3x3dbl_2", three(96)), ("branch3x3dbl_3", three(96))];
    let third = chain(b, &doubled, x);
    vec![first, second, third, pooled(b, pool, x)]
}

fn module_b(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let first = unit(b, "branch3x3", shrinking(384, 2), x);
    let doubled = [("branch3x3dbl_1", one(64)), ("branch3x3dbl_2", three(96)), ("branch3x3dbl_3", shrinking(96, 2))];
    let second = chain(b, &doubled, x);
    vec![first, second, b.add("maxpool", Op::MaxPool(Pool2d::new(3, 2)), &[x])]
}

fn module_c(b: &mut GraphBuilder, inner: usize, x: NodeId) -> Vec<NodeId> {
    let (wide, tall) = (|width| Conv2d::oblong(width, 1, 7), |width| Conv2d::oblong(width, 7, 1));
    let first = unit(b, "branch1x1", one(192), x);
    let second = chain(b, &[("branch7x7_1", one(inner)), ("branch7x7_2", wide(inner)), ("branch7x7_3", tall(192))], x);
    let doubled = [
        ("branch7x7dbl_1", one(inner)),
        ("branch7x7dbl_2", tall(inner)),
        ("branch7x7dbl_3", wide(inner)),
        ("branch7x7dbl_4", tall(inner)),
        ("branch7x7dbl_5", wide(192)),
    ];
    let third = chain(b, &doubled, x);
    vec![first, second, third, pooled(b, 192, x)]
}

fn module_d(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let first = chain(b, &[("branch3x3_1", one(192)), ("branch3x3_2", shrinking(320, 2))], x);
    let factorised = [
        ("branch7x7x3_1", one(192)),
        ("branch7x7x3_2", Conv2d::oblong(192, 1, 7)),
        ("branch7x7x3_3", Conv2d::oblong(192, 7, 1)),
        ("branch7x7x3_4", shrinking(192, 2)),
    ];
    let second = chain(b, &factorised, x);
    vec![first, second, b.add("maxpool", Op::MaxPool(Pool2d::new(3, 2)), &[x])]
}

fn module_e(b: &mut GraphBuilder, x: NodeId) -> Vec<NodeId> {
    let (wide, tall) = (Conv2d::oblong(384, 1, 3), Conv2d::oblong(384, 3, 1));
    let first = unit(b, "branch1x1", one(320), x);
    let second = unit(b, "branch3x3_1", one(384), x);
    let second = [unit(b, "branch3x3_2a", wide, second), unit(b, "branch3x3_2b", tall, second)];
    let third = chain(b, &[("branch3x3dbl_1", one(448)), ("branch3x3dbl_2", three(384))], x);
    let third = [unit(b, "branch3x3dbl_3a", wide, third), unit(b, "branch3x3dbl_3b", tall, third)];
    vec![first, second[0], second[1], third[0], third[1], pooled(b, 192, x)]
}

fn auxiliary(b: &mut GraphBuilder, from: NodeId, classes: usize) {
    b.scope(ScopeKind::Auxiliary, "AuxLogits", "auxiliary classifier", |b| {
        let pooled = b.add("pool", Op::AvgPool(Pool2d::new(5, 3)), &[from]);
        let x = chain(b, &[("conv0", one(128)), ("conv1", Conv2d::new(768, 5).without_padding())], pooled);
        let x = b.add("avgpool", Op::GlobalAvgPool, &[x]);
        let x = b.add("flatten", Op::Flatten, &[x]);
        b.add("fc", Op::Linear { out_features: classes, bias: true }, &[x])
    });
}
