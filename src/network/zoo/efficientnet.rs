//! EfficientNet-B0 to B7 (Tan and Le, ICML 2019), named as in torchvision: one network, scaled in width, depth and
//! input size together. Its own SE stands after the depthwise layer, and so does attention that is chosen.

use super::arithmetic::chosen_activation;
use super::mobilenet::inverted::{After, Inverted};
use super::shared::{BUILT_IN, SHORTCUT, classifier, make_divisible, numbered_stages, word};
use super::{Alias, Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};
use crate::network::attention::SqueezeExcite;
use crate::network::graph::{Conv2d, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options};

/// The family.
pub struct EfficientNet;

/// Table 1 of the paper, B0: expansion, kernel, stride of the first block, channels in, channels out, blocks.
const ROWS: [(usize, usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 32, 16, 1),
    (6, 3, 2, 16, 24, 2),
    (6, 5, 2, 24, 40, 2),
    (6, 3, 2, 40, 80, 3),
    (6, 5, 1, 80, 112, 3),
    (6, 5, 2, 112, 192, 4),
    (6, 3, 1, 192, 320, 1),
];

/// A model: widths and depths in percent of B0's, the input side, the BatchNorm's epsilon.
struct Preset {
    name: &'static str,
    summary: &'static str,
    width: usize,
    depth: usize,
    side: usize,
    eps: &'static str,
    /// No SE, ReLU6, ends that are not scaled.
    is_lite: bool,
}

const fn preset(name: &'static str, width: usize, depth: usize, side: usize, eps: &'static str) -> Preset {
    let summary = "inverted residuals with SE, scaled together";
    Preset { name, summary, width, depth, side, eps, is_lite: false }
}

const fn lite(name: &'static str, width: usize, depth: usize, side: usize) -> Preset {
    Preset { summary: "without SE, ReLU6, for phones", is_lite: true, ..preset(name, width, depth, side, "1e-5") }
}

/// Scales of the authors' code; input sides of torchvision's weights, from B8 on timm's.
const PRESETS: &[Preset] = &[
    Preset { summary: "inverted residuals with SE", ..preset("efficientnet_b0", 100, 100, 224, "1e-5") },
    preset("efficientnet_b1", 100, 110, 240, "1e-5"),
    preset("efficientnet_b2", 110, 120, 288, "1e-5"),
    preset("efficientnet_b3", 120, 140, 300, "1e-5"),
    preset("efficientnet_b4", 140, 180, 380, "1e-5"),
    preset("efficientnet_b5", 160, 220, 456, "1e-3"),
    preset("efficientnet_b6", 180, 260, 528, "1e-3"),
    preset("efficientnet_b7", 200, 310, 600, "1e-3"),
    preset("efficientnet_b8", 220, 360, 672, "1e-5"),
    preset("efficientnet_l2", 430, 530, 800, "1e-5"),
    lite("efficientnet_lite0", 100, 100, 224),
    lite("efficientnet_lite1", 100, 110, 240),
    lite("efficientnet_lite2", 110, 120, 260),
    lite("efficientnet_lite3", 120, 140, 300),
    lite("efficientnet_lite4", 140, 180, 380),
];

const WIDTH: Field = Field { help: "every layer's channels, in percent of B0's", ..super::shared::WIDTH };
const DEPTH: Field = Field {
    key: "depth",
    long: "depth_percent",
    help: "blocks in each stage, in percent of B0's, rounded up",
    kind: Kind::Number { min: 10, max: 1000 },
};

const ENDS: Field = Field {
    key: "ends",
    long: "ends",
    help: "stem, last layer and the blocks of the first and the last stage: scaled, or fixed as B0 has them (lite)",
    kind: Kind::Word(&["scaled", "fixed"]),
};

/// TensorFlow's weights, as timm names them: other padding, and another epsilon where PyTorch's is the usual one.
const TENSORFLOW: &[Alias] = &[
    Alias { name: "tf_efficientnet_b0", meaning: "efficientnet_b0(eps=1e-3,padding=same)" },
    Alias { name: "tf_efficientnet_b1", meaning: "efficientnet_b1(eps=1e-3,padding=same)" },
    Alias { name: "tf_efficientnet_b2", meaning: "efficientnet_b2(input=260,eps=1e-3,padding=same)" },
    Alias { name: "tf_efficientnet_b3", meaning: "efficientnet_b3(eps=1e-3,padding=same)" },
    Alias { name: "tf_efficientnet_b4", meaning: "efficientnet_b4(eps=1e-3,padding=same)" },
    Alias { name: "tf_efficientnet_b5", meaning: "efficientnet_b5(padding=same)" },
    Alias { name: "tf_efficientnet_b6", meaning: "efficientnet_b6(padding=same)" },
    Alias { name: "tf_efficientnet_b7", meaning: "efficientnet_b7(padding=same)" },
    Alias { name: "tf_efficientnet_b8", meaning: "efficientnet_b8(eps=1e-3,padding=same)" },
    Alias { name: "tf_efficientnet_l2", meaning: "efficientnet_l2(eps=1e-3,padding=same)" },
    Alias { name: "tf_efficientnet_lite0", meaning: "efficientnet_lite0(eps=1e-3,padding=same)" },
    Alias { name: "tf_efficientnet_lite1", meaning: "efficientnet_lite1(eps=1e-3,padding=same)" },
    Alias { name: "tf_efficientnet_lite2", meaning: "efficientnet_lite2(eps=1e-3,padding=same)" },
    Alias { name: "tf_efficientnet_lite3", meaning: "efficientnet_lite3(eps=1e-3,padding=same)" },
    Alias { name: "tf_efficientnet_lite4", meaning: "efficientnet_lite4(eps=1e-3,padding=same)" },
];

fn has_fixed_ends(model: &str, options: &Options) -> bool {
    options.word("ends", ends_of(find(model))) == "fixed"
}

fn ends_of(preset: &Preset) -> &'static str {
    if preset.is_lite { "fixed" } else { "scaled" }
}

fn se_of(preset: &Preset) -> &'static str {
    if preset.is_lite { "none" } else { "builtin" }
}

fn find(model: &str) -> &'static Preset {
    PRESETS.iter().find(|preset| preset.name == model).unwrap_or(&PRESETS[0])
}

fn blocks(model: &str, options: &Options) -> [usize; 7] {
    let depth = options.number("depth", find(model).depth);
    let mut blocks = ROWS.map(|(.., blocks)| (blocks * depth).div_ceil(100));
    if has_fixed_ends(model, options) {
        (blocks[0], blocks[6]) = (ROWS[0].5, ROWS[6].5);
    }
    blocks
}

impl Family for EfficientNet {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "EfficientNet",
            summary: "Inverted residuals with SE in every block and SiLU for an activation, in eight sizes.",
            why: "Depth, width and the picture's side grow together by fixed factors, because growing one of them alone soon stops paying.",
            caution: "Its SE squeezes to a quarter of the channels that come into the block and not of those it weighs, and B1 to B7 want pictures of 240 to 600 pixels.",
            formula: &["depth × 1.2^φ, width × 1.1^φ, side × 1.15^φ", "y = x + BN(W1·SE(SiLU(BN(D·SiLU(BN(W1·x))))))"],
            paper: "Tan and Le, ICML 2019, arXiv 1905.11946",
            place: "After the depthwise layer, where its own SE is, before the 1×1 that narrows.",
            picture: ("efficientnet_b0", "stage3.1"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        PRESETS.iter().map(|preset| Entry::imagenet(preset.name, preset.summary, preset.side)).collect()
    }

    fn aliases(&self) -> &'static [Alias] {
        TENSORFLOW
    }

    fn arithmetic(&self, model: &str) -> Arithmetic {
        let preset = find(model);
        Arithmetic::of(preset.eps, if preset.is_lite { "relu6" } else { "silu" }).padded().dilated()
    }

    fn options(&self, model: &str) -> Vec<Declared> {
        let preset = find(model);
        let number = super::shared::number;
        vec![
            number(WIDTH, preset.width),
            number(DEPTH, preset.depth),
            word(BUILT_IN, se_of(preset)),
            word(SHORTCUT, "identity"),
            word(ENDS, ends_of(preset)),
        ]
    }

    fn stages(&self, model: &str, options: &Options) -> Result<Vec<Stage>, String> {
        Ok(numbered_stages(&blocks(model, options)))
    }

    fn build(&self, lowering: &mut Lowering, model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let preset = find(model);
        let eps = if preset.eps == "1e-3" { 1e-3 } else { 1e-5 };
        let activation = if preset.is_lite { Op::Relu6 } else { Op::Silu };
        let multiplier = options.number("width", find(model).width) as f64 / 100.0;
        let channels = |width: usize| make_divisible(width as f64 * multiplier, 8);
        let is_fixed = has_fixed_ends(model, options);
        let stem = if is_fixed { ROWS[0].3 } else { channels(ROWS[0].3) };
        let last = if is_fixed { ROWS[6].4 } else { channels(ROWS[6].4) };
        // The SE computes with the network's activation.
        let of_se = chosen_activation(self.arithmetic(model).act, options).unwrap_or(activation);
        let has_se = options.word("se", se_of(preset)) != "none";
        let has_shortcuts = options.word("shortcut", "identity") != "none";
        let settings = Settings { eps, activation, of_se, has_se, has_shortcuts };
        let mut features = lowering.builder.flat_scope(ScopeKind::Stem, "stem", |b| {
            let names = ["features.0.0", "features.0.1", "features.0.2"];
            b.conv_norm(names, Conv2d::new(stem, 3).stride(2), eps, Some(activation), b.input())
        });
        for (stage, (row, blocks)) in ROWS.into_iter().zip(blocks(model, options)).enumerate() {
            let path = format!("stage{}", stage + 1);
            let words = [&*path, &format!("features.{}", stage + 1)];
            features = lowering.scope_as(ScopeKind::Stage, words, "stage", |l| {
                (0..blocks).fold(features, |x, index| {
                    let before = l.builder.shape(x).channels();
                    let block = block(row, index, before, channels(row.4), settings);
                    let name = index.to_string();
                    block.build(l, &format!("{path}.{index}"), [&name, &name], x)
                })
            });
        }
        let last = Conv2d::new(4 * last, 1);
        let names = ["features.8.0", "features.8.1", "features.8.2"];
        classifier(&mut lowering.builder, "classifier.1", classes, |b| {
            b.conv_norm(names, last, eps, Some(activation), features)
        });
        Ok(())
    }
}

/// What all blocks have in common.
#[derive(Clone, Copy)]
struct Settings {
    eps: f64,
    activation: Op,
    /// The activation between an SE's two layers.
    of_se: Op,
    has_se: bool,
    has_shortcuts: bool,
}

fn block(
    (expansion, kernel, stride, ..): (usize, usize, usize, usize, usize, usize),
    index: usize,
    before: usize,
    out: usize,
    Settings { eps, activation, of_se, has_se, has_shortcuts }: Settings,
) -> Inverted {
    // A quarter of what comes into the block, not of what the SE sees.
    let se = SqueezeExcite { width: (before / 4).max(1), activation: of_se, gate: Op::Sigmoid };
    Inverted {
        module: "block",
        kernel,
        stride: if index == 0 { stride } else { 1 },
        expanded: make_divisible((before * expansion) as f64, 8),
        out,
        activation,
        eps,
        attention: After::Depthwise,
        built_in: has_se.then_some(se),
        has_shortcuts,
    }
}
