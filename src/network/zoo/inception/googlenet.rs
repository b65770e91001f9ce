//! GoogLeNet (Szegedy et al., CVPR 2015) with BatchNorm, named as in torchvision, whose third branch has a 3×3 where
//! the paper has a 5×5.

use super::{chain, one, three, unit};
use crate::network::graph::{Conv2d, NodeId, Op, Pool2d, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options};
use crate::network::zoo::shared::{AUXILIARY, classifier, lettered_stages, word};
use crate::network::zoo::{Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};

/// The family.
pub struct GoogleNet;

/// A module of Table 1: its letter and the channels of 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool projection.
type Module = (&'static str, [usize; 6]);

/// Modules by stage, and the window of the pool in front of each.
const STAGES: [(&str, usize, &[Module]); 3] = [
    ("3", 3, &[("a", [64, 96, 128, 16, 32, 32]), ("b", [128, 128, 192, 32, 96, 64])]),
    (
        "4",
        3,
        &[
            ("a", [192, 96, 208, 16, 48, 64]),
            ("b", [160, 112, 224, 24, 64, 64]),
            ("c", [128, 128, 256, 24, 64, 64]),
            ("d", [112, 144, 288, 32, 64, 64]),
            ("e", [256, 160, 320, 32, 128, 128]),
        ],
    ),
    ("5", 2, &[("a", [256, 160, 320, 32, 128, 128]), ("b", [384, 192, 384, 48, 128, 128])]),
];

const FIFTH: Field = Field {
    key: "branch3",
    long: "third_branch_kernel",
    help: "kernel of the third branch: 3 (torchvision), 5 (the paper)",
    kind: Kind::OneOf(&[3, 5]),
};

impl Family for GoogleNet {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "GoogLeNet",
            summary: "A module looks at its input with a 1×1, two larger kernels and a maximum pool side by side and joins what they find.",
            why: "1×1 convolutions in front of the large kernels cut the channels first, so that looking at several sizes at once costs little: 6,624,904 parameters in all.",
            caution: "As in torchvision the third branch has a 3×3 where the paper has a 5×5 (branch3=5), and counts differ in whether the heads that help training are in them (aux=heads, 13,004,888).",
            formula: &["y = [W1·x | W3·W1·x | W3·W1·x | W1·max x]", "each W with BN and ReLU"],
            paper: "Szegedy et al., CVPR 2015, arXiv 1409.4842",
            place: "After the whole module, where its branches have been joined.",
            picture: ("googlenet", "inception3.a"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        vec![Entry::imagenet("googlenet", "nine Inception modules", 224)]
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::of("1e-3", "relu").renormalised()
    }

    fn options(&self, _model: &str) -> Vec<Declared> {
        vec![word(AUXILIARY, "none"), crate::network::zoo::shared::number(FIFTH, 3)]
    }

    fn stages(&self, _model: &str, _options: &Options) -> Result<Vec<Stage>, String> {
        Ok(lettered_stages(&[("inception3", "ab"), ("inception4", "abcde"), ("inception5", "ab")]))
    }

    fn build(&self, lowering: &mut Lowering, _model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let kernel = options.number("branch3", 3);
        let mut features = stem(lowering);
        let mut halfway = Vec::new();
        for (stage, window, modules) in STAGES {
            let path = format!("inception{stage}");
            features = lowering.scope_as(ScopeKind::Stage, [&path, ""], "stage", |l| {
                let mut x = features;
                if stage != "3" {
                    let pool = Pool2d::new(window, 2).ceil();
                    let name = format!("maxpool{stage}");
                    x = l.builder.add(&name, Op::MaxPool(pool), &[x]);
                }
                for (letter, widths) in modules {
                    let words = [*letter, &format!("{path}{letter}")];
                    x = l.scope_as(ScopeKind::Block, words, "Inception module", |l| {
                        let joined = module(l, widths, kernel, x);
                        l.attend(&format!("{path}.{letter}"), joined)
                    });
                    if stage == "4" && matches!(*letter, "a" | "d") {
                        halfway.push(x);
                    }
                }
                x
            });
        }
        if options.word("aux", "none") == "heads" {
            if classes == 0 {
                return Err("aux=heads: without classes there is nothing for them to tell, use aux=none".to_owned());
            }
            for (name, from) in ["aux1", "aux2"].into_iter().zip(halfway) {
                auxiliary(lowering, name, from, classes);
            }
        }
        classifier(&mut lowering.builder, "fc", classes, |_| features);
        Ok(())
    }
}

fn stem(lowering: &mut Lowering) -> NodeId {
    lowering.builder.flat_scope(ScopeKind::Stem, "stem", |b| {
        let pool = Op::MaxPool(Pool2d::new(3, 2).ceil());
        let x = unit(b, "conv1", Conv2d::new(64, 7).stride(2), b.input());
        let x = b.add("maxpool1", pool, &[x]);
        let x = chain(b, &[("conv2", one(64)), ("conv3", three(192))], x);
        b.add("maxpool2", pool, &[x])
    })
}

fn module(l: &mut Lowering, widths: &[usize; 6], kernel: usize, input: NodeId) -> NodeId {
    let [first, reduce3, second, reduce5, third, projection] = *widths;
    let b = &mut l.builder;
    let first = unit(b, "branch1", one(first), input);
    let second = chain(b, &[("branch2.0", one(reduce3)), ("branch2.1", three(second))], input);
    let fifth = Conv2d::new(third, kernel);
    let third = chain(b, &[("branch3.0", one(reduce5)), ("branch3.1", fifth)], input);
    let pooled = b.add("branch4.0", Op::MaxPool(Pool2d::new(3, 1).padded(1).ceil()), &[input]);
    let fourth = unit(b, "branch4.1", one(projection), pooled);
    b.add("concat", Op::Concat, &[first, second, third, fourth])
}

fn auxiliary(lowering: &mut Lowering, name: &str, from: NodeId, classes: usize) {
    lowering.builder.scope(ScopeKind::Auxiliary, name, "auxiliary classifier", |b| {
        let pooled = b.add("pool", Op::AdaptiveAvgPool { size: 4 }, &[from]);
        let x = unit(b, "conv", one(128), pooled);
        let x = b.add("flatten", Op::Flatten, &[x]);
        let x = b.add("fc1", Op::Linear { out_features: 1024, bias: true }, &[x]);
        let x = b.add("relu", Op::Relu, &[x]);
        b.add("fc2", Op::Linear { out_features: classes, bias: true }, &[x])
    });
}
