//! EfficientNet-B0 to B7 (Tan and Le, ICML 2019), named as in torchvision: one network, scaled in width, depth and
//! input size together. Its own SE stands after the depthwise layer, and so does attention that is chosen.

use super::mobilenet::inverted::{After, Inverted};
use super::shared::{BUILT_IN, SHORTCUT, classifier, make_divisible, numbered_stages, word};
use super::{Family, FamilyCard, Lowering, Model, Stage};
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
    eps: f64,
}

const fn preset(name: &'static str, width: usize, depth: usize, side: usize, eps: f64) -> Preset {
    Preset { name, summary: "inverted residuals with SE, scaled together", width, depth, side, eps }
}

/// Scales of the authors' code, input sides of torchvision's weights.
const PRESETS: &[Preset] = &[
    Preset { summary: "inverted residuals with SE", ..preset("efficientnet_b0", 100, 100, 224, 1e-5) },
    preset("efficientnet_b1", 100, 110, 240, 1e-5),
    preset("efficientnet_b2", 110, 120, 288, 1e-5),
    preset("efficientnet_b3", 120, 140, 300, 1e-5),
    preset("efficientnet_b4", 140, 180, 380, 1e-5),
    preset("efficientnet_b5", 160, 220, 456, 1e-3),
    preset("efficientnet_b6", 180, 260, 528, 1e-3),
    preset("efficientnet_b7", 200, 310, 600, 1e-3),
];

const WIDTH: Field = Field { help: "every layer's channels, in percent of B0's", ..super::shared::WIDTH };
const DEPTH: Field = Field {
    key: "depth",
    long: "depth_percent",
    help: "blocks in each stage, in percent of B0's, rounded up",
    kind: Kind::Number { min: 10, max: 1000 },
};

fn find(model: &str) -> &'static Preset {
    PRESETS.iter().find(|preset| preset.name == model).unwrap_or(&PRESETS[0])
}

fn blocks(model: &str, options: &Options) -> [usize; 7] {
    let depth = options.number("depth", find(model).depth);
    ROWS.map(|(.., blocks)| (blocks * depth).div_ceil(100))
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

    fn models(&self) -> Vec<Model> {
        PRESETS.iter().map(|preset| Model::imagenet(preset.name, preset.summary, preset.side)).collect()
    }

    fn options(&self, model: &str) -> Vec<Declared> {
        let preset = find(model);
        let number = super::shared::number;
        vec![
            number(WIDTH, preset.width),
            number(DEPTH, preset.depth),
            word(BUILT_IN, "builtin"),
            word(SHORTCUT, "identity"),
        ]
    }

    fn stages(&self, model: &str, options: &Options) -> Result<Vec<Stage>, String> {
        Ok(numbered_stages(&blocks(model, options)))
    }

    fn build(&self, lowering: &mut Lowering, model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let eps = find(model).eps;
        let multiplier = options.number("width", find(model).width) as f64 / 100.0;
        let channels = |width: usize| make_divisible(width as f64 * multiplier, 8);
        let mut features = lowering.builder.flat_scope(ScopeKind::Stem, "stem", |b| {
            let names = ["features.0.0", "features.0.1", "features.0.2"];
            b.conv_norm(names, Conv2d::new(channels(ROWS[0].3), 3).stride(2), eps, Some(Op::Silu), b.input())
        });
        for (stage, (row, blocks)) in ROWS.into_iter().zip(blocks(model, options)).enumerate() {
            let path = format!("stage{}", stage + 1);
            let words = [&*path, &format!("features.{}", stage + 1)];
            features = lowering.scope_as(ScopeKind::Stage, words, "stage", |l| {
                (0..blocks).fold(features, |x, index| {
                    let before = l.builder.shape(x).channels();
                    let block = block(row, index, before, channels(row.4), eps, options);
                    let name = index.to_string();
                    block.build(l, &format!("{path}.{index}"), [&name, &name], x)
                })
            });
        }
        let last = Conv2d::new(4 * channels(ROWS[6].4), 1);
        let names = ["features.8.0", "features.8.1", "features.8.2"];
        classifier(&mut lowering.builder, "classifier.1", classes, |b| {
            b.conv_norm(names, last, eps, Some(Op::Silu), features)
        });
        Ok(())
    }
}

fn block(
    (expansion, kernel, stride, ..): (usize, usize, usize, usize, usize, usize),
    index: usize,
    before: usize,
    out: usize,
    eps: f64,
    options: &Options,
) -> Inverted {
    // A quarter of what comes into the block, not of what the SE sees.
    let se = SqueezeExcite { width: (before / 4).max(1), activation: Op::Silu, gate: Op::Sigmoid };
    Inverted {
        module: "block",
        kernel,
        stride: if index == 0 { stride } else { 1 },
        expanded: make_divisible((before * expansion) as f64, 8),
        out,
        activation: Op::Silu,
        eps,
        attention: After::Depthwise,
        built_in: (options.word("se", "builtin") != "none").then_some(se),
        has_shortcuts: options.word("shortcut", "identity") != "none",
    }
}
