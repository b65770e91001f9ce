//! BN-Inception (Ioffe and Szegedy, ICML 2015) as the SENet release defines it: convolutions without biases, pools
//! rounded up as in Caffe. Layers are named as there: `inception_3a_1x1`, `inception_3a_1x1_bn`.

use super::{one, three};
use crate::network::graph::{Conv2d, GraphBuilder, NodeId, Op, Pool2d, ScopeKind};
use crate::network::options::{Declared, Options};
use crate::network::zoo::shared::{classifier, lettered_stages};
use crate::network::zoo::{Alias, Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};

/// The family.
pub struct BnInception;

/// A module: its letter, the channels of 1×1 (0: the module strides and has none), 3×3 reduce, 3×3, double 3×3
/// reduce, the double 3×3 twice, and of the pool's projection.
struct Module {
    letter: &'static str,
    widths: [usize; 6],
    /// Mean pooling in front of the projection, else maximum.
    is_mean: bool,
}

const fn module(letter: &'static str, widths: [usize; 6]) -> Module {
    Module { letter, widths, is_mean: true }
}

const fn striding(letter: &'static str, [reduce, three, double, twice]: [usize; 4]) -> Module {
    Module { letter, widths: [0, reduce, three, double, twice, 0], is_mean: false }
}

const STAGES: [(&str, &[Module]); 3] = [
    (
        "3",
        &[
            module("a", [64, 64, 64, 64, 96, 32]),
            module("b", [64, 64, 96, 64, 96, 64]),
            striding("c", [128, 160, 64, 96]),
        ],
    ),
    (
        "4",
        &[
            module("a", [224, 64, 96, 96, 128, 128]),
            module("b", [192, 96, 128, 96, 128, 128]),
            module("c", [160, 128, 160, 128, 160, 128]),
            module("d", [96, 128, 192, 160, 192, 128]),
            striding("e", [128, 192, 192, 256]),
        ],
    ),
    (
        "5",
        &[
            module("a", [352, 192, 320, 160, 224, 128]),
            Module { letter: "b", widths: [352, 192, 320, 192, 224, 128], is_mean: false },
        ],
    ),
];
const EPS: f64 = 1e-5;

impl Family for BnInception {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "BN-Inception",
            summary: "GoogLeNet's modules with BatchNorm after every convolution and two 3×3 in a row where it had a 5×5.",
            why: "It is the network that batch normalisation was introduced with, and the Inception that the SENet paper added its blocks to.",
            caution: "This is the SENet release's definition, in which no convolution has a bias and pools round up as in Caffe, so counts of other libraries can differ.",
            formula: &["y = [W1·x | W3·W1·x | W3·W3·W1·x | W1·avg x]", "each W with BN and ReLU"],
            paper: "Ioffe and Szegedy, ICML 2015, arXiv 1502.03167",
            place: "After the whole module, where its branches have been joined.",
            picture: ("bn_inception", "inception3.a"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        vec![Entry::imagenet("bn_inception", "ten Inception modules, the SENet release's", 224)]
    }

    fn aliases(&self) -> &'static [Alias] {
        &[Alias { name: "se_bn_inception", meaning: "bn_inception+se(variant=floor)" }]
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::of("1e-5", "relu")
    }

    fn options(&self, _model: &str) -> Vec<Declared> {
        Vec::new()
    }

    fn stages(&self, _model: &str, _options: &Options) -> Result<Vec<Stage>, String> {
        Ok(lettered_stages(&[("inception3", "abc"), ("inception4", "abcde"), ("inception5", "ab")]))
    }

    fn build(&self, lowering: &mut Lowering, _model: &str, _options: &Options, classes: usize) -> Result<(), String> {
        let mut features = lowering.builder.flat_scope(ScopeKind::Stem, "stem", |b| {
            let pool = Op::MaxPool(Pool2d::new(3, 2).ceil());
            let x = unit(b, "conv1_7x7_s2", Conv2d::new(64, 7).stride(2), b.input());
            let x = b.add("pool1_3x3_s2", pool, &[x]);
            let x = unit(b, "conv2_3x3_reduce", one(64), x);
            let x = unit(b, "conv2_3x3", three(192), x);
            b.add("pool2_3x3_s2", pool, &[x])
        });
        for (stage, modules) in STAGES {
            let path = format!("inception{stage}");
            features = lowering.scope_as(ScopeKind::Stage, [&path, ""], "stage", |l| {
                modules.iter().fold(features, |x, module| {
                    let name = format!("inception_{stage}{}", module.letter);
                    l.scope_as(ScopeKind::Block, [module.letter, ""], "Inception module", |l| {
                        let joined = module.build(&mut l.builder, &name, x);
                        l.within(["", &name], |l| l.attend(&format!("{path}.{}", module.letter), joined))
                    })
                })
            });
        }
        classifier(&mut lowering.builder, "last_linear", classes, |_| features);
        Ok(())
    }
}

/// `NAME`, `NAME_bn`, ReLU.
fn unit(b: &mut GraphBuilder, name: &str, conv: Conv2d, input: NodeId) -> NodeId {
    b.conv_norm([name, &format!("{name}_bn"), &format!("{name}_relu")], conv, EPS, Some(Op::Relu), input)
}

impl Module {
    fn build(&self, b: &mut GraphBuilder, name: &str, input: NodeId) -> NodeId {
        let [first, reduce, second, double, third, projection] = self.widths;
        let strides = first == 0;
        let stride = if strides { 2 } else { 1 };
        let mut lanes = Vec::new();
        if !strides {
            lanes.push(unit(b, &format!("{name}_1x1"), one(first), input));
        }
        let x = unit(b, &format!("{name}_3x3_reduce"), one(reduce), input);
        lanes.push(unit(b, &format!("{name}_3x3"), three(second).stride(stride), x));
        let x = unit(b, &format!("{name}_double_3x3_reduce"), one(double), input);
        let x = unit(b, &format!("{name}_double_3x3_1"), three(third), x);
        lanes.push(unit(b, &format!("{name}_double_3x3_2"), three(third).stride(stride), x));
        let window = if strides { Pool2d::new(3, 2) } else { Pool2d::new(3, 1).padded(1) }.ceil();
        let pool = if self.is_mean { Op::AvgPool(window) } else { Op::MaxPool(window) };
        let pooled = b.add(&format!("{name}_pool"), pool, &[input]);
        lanes.push(match strides {
            true => pooled,
            false => unit(b, &format!("{name}_pool_proj"), one(projection), pooled),
        });
        b.add(&format!("{name}_concat"), Op::Concat, &lanes)
    }
}
