//! MobileNetV3 (Howard et al., ICCV 2019), named as in torchvision. Its own SE has a hard sigmoid; it stands after
//! the depthwise layer, and so does attention that is chosen.

use super::inverted::{After, Inverted};
use crate::network::attention::SqueezeExcite;
use crate::network::graph::{Conv2d, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Options};
use crate::network::zoo::shared::{BUILT_IN, SHORTCUT, WIDTH, make_divisible, number, numbered_stages, width_of, word};
use crate::network::zoo::{Alias, Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};

/// The family.
pub struct MobileNetV3;

/// A row of the paper's Tables 1 and 2.
struct Row {
    kernel: usize,
    expanded: usize,
    out: usize,
    has_se: bool,
    /// Hard swish, else ReLU.
    is_hard: bool,
    stride: usize,
}

const fn row(kernel: usize, expanded: usize, out: usize, se: u8, hard: u8, stride: usize) -> Row {
    Row { kernel, expanded, out, has_se: se == 1, is_hard: hard == 1, stride }
}

/// Table 1.
const LARGE: &[Row] = &[
    row(3, 16, 16, 0, 0, 1),
    row(3, 64, 24, 0, 0, 2),
    row(3, 72, 24, 0, 0, 1),
    row(5, 72, 40, 1, 0, 2),
    row(5, 120, 40, 1, 0, 1),
    row(5, 120, 40, 1, 0, 1),
    row(3, 240, 80, 0, 1, 2),
    row(3, 200, 80, 0, 1, 1),
    row(3, 184, 80, 0, 1, 1),
    row(3, 184, 80, 0, 1, 1),
    row(3, 480, 112, 1, 1, 1),
    row(3, 672, 112, 1, 1, 1),
    row(5, 672, 160, 1, 1, 2),
    row(5, 960, 160, 1, 1, 1),
    row(5, 960, 160, 1, 1, 1),
];
/// Table 2.
const SMALL: &[Row] = &[
    row(3, 16, 16, 1, 0, 2),
    row(3, 72, 24, 0, 0, 2),
    row(3, 88, 24, 0, 0, 1),
    row(5, 96, 40, 1, 1, 2),
    row(5, 240, 40, 1, 1, 1),
    row(5, 240, 40, 1, 1, 1),
    row(5, 120, 48, 1, 1, 1),
    row(5, 144, 48, 1, 1, 1),
    row(5, 288, 96, 1, 1, 2),
    row(5, 576, 96, 1, 1, 1),
    row(5, 576, 96, 1, 1, 1),
];
const STEM: usize = 16;

/// torchvision's and TensorFlow's; timm has 1e-5.
const EPS: f64 = 1e-3;

/// The rows of a model and the channels of its classifier's hidden layer.
fn table(model: &str) -> (&'static [Row], usize) {
    if model == "mobilenet_v3_small" { (SMALL, 1024) } else { (LARGE, 1280) }
}

/// Rows by stage: a new one begins where the channels change, as timm counts them.
fn rows_by_stage(model: &str) -> Vec<&'static [Row]> {
    let rows = table(model).0;
    let starts = (0..rows.len()).filter(|index| *index == 0 || rows[*index].out != rows[*index - 1].out);
    let mut starts: Vec<usize> = starts.collect();
    starts.push(rows.len());
    starts.windows(2).map(|pair| &rows[pair[0]..pair[1]]).collect()
}

impl Family for MobileNetV3 {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "MobileNetV3",
            summary: "MobileNetV2's inverted residuals with SE in some of them, 5×5 kernels and a hard swish, found by a search and finished by hand.",
            why: "Hard sigmoid and hard swish need no exponential, only additions, products and limits, which phones compute fast and exactly.",
            caution: "Its own SE has a quarter of the widened channels and a hard sigmoid, so that gates of exactly 0 and 1 are no fault; attention that is chosen takes its place.",
            formula: &["hard σ(x) = min(max(x + 3, 0), 6) / 6", "hard swish(x) = x·hard σ(x)"],
            paper: "Howard et al., ICCV 2019, arXiv 1905.02244",
            place: "After the depthwise layer, where its own SE is, before the 1×1 that narrows.",
            picture: ("mobilenet_v3_large", "stage3.1"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        vec![
            Entry::imagenet("mobilenet_v3_small", "inverted residuals, SE in most blocks", 224),
            Entry::imagenet("mobilenet_v3_large", "inverted residuals, SE in half the blocks", 224),
        ]
    }

    fn aliases(&self) -> &'static [Alias] {
        &[
            Alias { name: "mobilenetv3_small_100", meaning: "mobilenet_v3_small(eps=1e-5)" },
            Alias { name: "tf_mobilenetv3_small_100", meaning: "mobilenet_v3_small(padding=same)" },
            Alias { name: "tf_mobilenetv3_large_100", meaning: "mobilenet_v3_large(padding=same)" },
            Alias { name: "mobilenetv3_large_100", meaning: "mobilenet_v3_large(eps=1e-5)" },
        ]
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::of("1e-3", "hardswish").padded().dilated()
    }

    fn options(&self, _model: &str) -> Vec<Declared> {
        vec![number(WIDTH, 100), word(BUILT_IN, "builtin"), word(SHORTCUT, "identity")]
    }

    fn stages(&self, model: &str, _options: &Options) -> Result<Vec<Stage>, String> {
        let blocks: Vec<usize> = rows_by_stage(model).iter().map(|rows| rows.len()).collect();
        Ok(numbered_stages(&blocks))
    }

    fn build(&self, lowering: &mut Lowering, model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let multiplier = width_of(options, 100);
        let channels = |width: usize| make_divisible(width as f64 * multiplier, 8);
        let mut features = lowering.builder.flat_scope(ScopeKind::Stem, "stem", |b| {
            let conv = Conv2d::new(channels(STEM), 3).stride(2);
            let names = ["features.0.0", "features.0.1", "features.0.2"];
            b.conv_norm(names, conv, EPS, Some(Op::HardSwish), b.input())
        });
        let mut layer = 1;
        for (stage, rows) in rows_by_stage(model).into_iter().enumerate() {
            let path = format!("stage{}", stage + 1);
            features = lowering.scope_as(ScopeKind::Stage, [&path, ""], "stage", |l| {
                rows.iter().enumerate().fold(features, |x, (index, row)| {
                    let words = [&*index.to_string(), &format!("features.{layer}")];
                    layer += 1;
                    block(row, &channels, options).build(l, &format!("{path}.{index}"), words, x)
                })
            });
        }
        let hidden = channels(table(model).1);
        head(lowering, [layer, hidden, classes], EPS, features);
        Ok(())
    }
}

fn block(row: &Row, channels: &dyn Fn(usize) -> usize, options: &Options) -> Inverted {
    let expanded = channels(row.expanded);
    let width = make_divisible((expanded / 4) as f64, 8);
    let se = SqueezeExcite { width, activation: Op::Relu, gate: Op::HardSigmoid };
    Inverted {
        module: "block",
        kernel: row.kernel,
        stride: row.stride,
        expanded,
        out: channels(row.out),
        activation: if row.is_hard { Op::HardSwish } else { Op::Relu },
        eps: EPS,
        attention: After::Depthwise,
        built_in: (row.has_se && options.word("se", "builtin") != "none").then_some(se),
        has_shortcuts: options.word("shortcut", "identity") != "none",
    }
}

/// One more 1×1 convolution, and a classifier of two layers.
fn head(lowering: &mut Lowering, [layer, hidden, classes]: [usize; 3], eps: f64, features: NodeId) {
    lowering.builder.flat_scope(ScopeKind::Head, "head", |b| {
        let names = [0, 1, 2].map(|part| format!("features.{layer}.{part}"));
        let names = [&*names[0], &names[1], &names[2]];
        let conv = Conv2d::new(6 * b.shape(features).channels(), 1);
        let x = b.conv_norm(names, conv, eps, Some(Op::HardSwish), features);
        let pooled = b.head_pool("avgpool", x);
        let flat = b.add("flatten", Op::Flatten, &[pooled]);
        let hidden = b.add("classifier.0", Op::Linear { out_features: hidden, bias: true }, &[flat]);
        let hidden = b.add("classifier.1", Op::HardSwish, &[hidden]);
        b.classify("classifier.3", classes, hidden)
    });
}
