//! ResNets (He et al., arXiv 1512.03385) and their plain twins: `ImageNet`'s 18 to 152, CIFAR's 6n+2.
//!
//! Parameters are named as in torchvision. Shortcuts: `a` subsamples and pads with zero channels (half in
//! front, half behind), `b` projects where the shape changes, `c` projects everywhere, `none` makes the
//! network plain. Bottleneck stride: `v1.5` on the 3×3 (torchvision), `v1` on the first 1×1 (the paper).

use super::{Family, Lowering, Model, Stage};
use crate::network::graph::{Conv2d, NodeId, Op, Pool2d, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};
use crate::network::spec::Place;

/// The family.
pub struct Resnet;

/// A row of the papers' tables.
struct Preset {
    name: &'static str,
    summary: &'static str,
    block: &'static str,
    blocks: &'static [usize],
    shortcut: &'static str,
}

/// Table 1 and section 4.2 of the paper. Three stages mean the CIFAR form.
const PRESETS: &[Preset] = &[
    preset("resnet18", "ImageNet, basic blocks", "basic", &[2, 2, 2, 2], "b"),
    preset("resnet34", "ImageNet, basic blocks", "basic", &[3, 4, 6, 3], "b"),
    preset("resnet50", "ImageNet, bottlenecks", "bottleneck", &[3, 4, 6, 3], "b"),
    preset("resnet101", "ImageNet, bottlenecks", "bottleneck", &[3, 4, 23, 3], "b"),
    preset("resnet152", "ImageNet, bottlenecks", "bottleneck", &[3, 8, 36, 3], "b"),
    preset("plain18", "resnet18 without shortcuts", "basic", &[2, 2, 2, 2], "none"),
    preset("plain34", "resnet34 without shortcuts", "basic", &[3, 4, 6, 3], "none"),
    preset("resnet20", "CIFAR, n = 3", "basic", &[3, 3, 3], "a"),
    preset("resnet32", "CIFAR, n = 5", "basic", &[5, 5, 5], "a"),
    preset("resnet44", "CIFAR, n = 7", "basic", &[7, 7, 7], "a"),
    preset("resnet56", "CIFAR, n = 9", "basic", &[9, 9, 9], "a"),
    preset("resnet110", "CIFAR, n = 18", "basic", &[18, 18, 18], "a"),
    preset("plain20", "resnet20 without shortcuts", "basic", &[3, 3, 3], "none"),
    preset("plain32", "resnet32 without shortcuts", "basic", &[5, 5, 5], "none"),
    preset("plain44", "resnet44 without shortcuts", "basic", &[7, 7, 7], "none"),
    preset("plain56", "resnet56 without shortcuts", "basic", &[9, 9, 9], "none"),
    preset("plain110", "resnet110 without shortcuts", "basic", &[18, 18, 18], "none"),
];

const fn preset(
    name: &'static str,
    summary: &'static str,
    block: &'static str,
    blocks: &'static [usize],
    shortcut: &'static str,
) -> Preset {
    Preset { name, summary, block, blocks, shortcut }
}

impl Preset {
    fn is_cifar(&self) -> bool {
        self.blocks.len() == 3
    }

    fn widths(&self) -> &'static [usize] {
        if self.is_cifar() { &[16, 32, 64] } else { &[64, 128, 256, 512] }
    }

    fn stem(&self) -> &'static str {
        if self.is_cifar() { "cifar" } else { "imagenet" }
    }

    fn find(model: &str) -> &'static Self {
        PRESETS.iter().find(|preset| preset.name == model).unwrap_or(&PRESETS[0])
    }
}

const BLOCKS: Field = Field {
    key: "blocks",
    long: "blocks",
    help: "blocks in each stage",
    kind: Kind::List { min_len: 1, max_len: 6, max: 512 },
};
const WIDTHS: Field = Field {
    key: "widths",
    long: "widths",
    help: "channels in each stage (a bottleneck's output is 4 times as wide)",
    kind: Kind::List { min_len: 1, max_len: 6, max: 8192 },
};
const BLOCK: Field =
    Field { key: "block", long: "block", help: "kind of block", kind: Kind::Word(&["basic", "bottleneck"]) };
const STRIDE: Field = Field {
    key: "stride",
    long: "stride",
    help: "a bottleneck's stride: v1.5 on the 3×3 (torchvision), v1 on the first 1×1 (the paper)",
    kind: Kind::Word(&["v1.5", "v1"]),
};
const SHORTCUT: Field = Field {
    key: "shortcut",
    long: "shortcut",
    help: "a: zero-padded, b: projected where shapes change, c: projected everywhere, none: plain",
    kind: Kind::Word(&["a", "b", "c", "none"]),
};
const STEM: Field = Field {
    key: "stem",
    long: "stem",
    help: "imagenet: 7×7 stride 2 and max pool; cifar: 3×3",
    kind: Kind::Word(&["imagenet", "cifar"]),
};

/// A spec's options with the model's defaults filled in.
struct Config<'a> {
    blocks: &'a [usize],
    widths: &'a [usize],
    bottleneck: bool,
    stride_first: bool,
    shortcut: &'a str,
    cifar_stem: bool,
}

impl<'a> Config<'a> {
    fn of(model: &str, options: &'a Options) -> Result<Self, String> {
        let preset = Preset::find(model);
        let blocks = options.list("blocks", preset.blocks);
        let widths = options.list("widths", preset.widths());
        if blocks.len() != widths.len() {
            return Err(format!(
                "blocks has {} stages and widths has {}: give both the same number",
                blocks.len(),
                widths.len()
            ));
        }
        Ok(Self {
            blocks,
            widths,
            bottleneck: options.word("block", preset.block) == "bottleneck",
            stride_first: options.word("stride", "v1.5") == "v1",
            shortcut: options.word("shortcut", preset.shortcut),
            cifar_stem: options.word("stem", preset.stem()) == "cifar",
        })
    }

    /// Output channels of a block of this width.
    fn out_channels(&self, width: usize) -> usize {
        if self.bottleneck { width * 4 } else { width }
    }
}

impl Family for Resnet {
    fn title(&self) -> &'static str {
        "ResNet"
    }

    fn paper(&self) -> &'static str {
        "He et al., CVPR 2016"
    }

    fn models(&self) -> Vec<Model> {
        let model = |preset: &Preset| Model {
            name: preset.name,
            summary: preset.summary,
            input: if preset.is_cifar() { [3, 32, 32] } else { [3, 224, 224] },
            classes: if preset.is_cifar() { 10 } else { 1000 },
        };
        PRESETS.iter().map(model).collect()
    }

    fn options(&self, model: &str) -> Vec<Declared> {
        let preset = Preset::find(model);
        let word = |field: Field, word: &str| Declared { field, default: Value::Word(word.to_owned()) };
        vec![
            Declared { field: BLOCKS, default: Value::List(preset.blocks.to_vec()) },
            Declared { field: WIDTHS, default: Value::List(preset.widths().to_vec()) },
            word(BLOCK, preset.block),
            word(STRIDE, "v1.5"),
            word(SHORTCUT, preset.shortcut),
            word(STEM, preset.stem()),
        ]
    }

    fn stages(&self, model: &str, options: &Options) -> Result<Vec<Stage>, String> {
        let config = Config::of(model, options)?;
        let stage = |(index, blocks): (usize, &usize)| {
            let path = format!("layer{}", index + 1);
            let blocks = (0..*blocks).map(|block| Place::new(format!("{path}.{block}"))).collect();
            (Place::new(path), blocks)
        };
        Ok(config.blocks.iter().enumerate().map(stage).collect())
    }

    fn build(&self, lowering: &mut Lowering, model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let config = Config::of(model, options)?;
        let mut features = stem(lowering, &config);
        for (stage, (&blocks, &width)) in config.blocks.iter().zip(config.widths).enumerate() {
            let name = format!("layer{}", stage + 1);
            features = lowering.scope(ScopeKind::Stage, &name, "stage", |lowering| {
                (0..blocks).fold(features, |features, block| {
                    let stride = if block == 0 && stage > 0 { 2 } else { 1 };
                    residual_block(lowering, &config, &name, block, width, stride, features)
                })
            });
        }
        lowering.builder.flat_scope(ScopeKind::Head, "head", |b| {
            let pooled = b.add("avgpool", Op::GlobalAvgPool, &[features]);
            let flat = b.add("flatten", Op::Flatten, &[pooled]);
            b.add("fc", Op::Linear { out_features: classes, bias: true }, &[flat])
        });
        Ok(())
    }
}

fn stem(lowering: &mut Lowering, config: &Config) -> NodeId {
    lowering.builder.flat_scope(ScopeKind::Stem, "stem", |b| {
        let image = b.input();
        if config.cifar_stem {
            return b.conv_bn("conv1", "bn1", Some("relu"), Conv2d::new(config.widths[0], 3), image);
        }
        let conv = b.conv_bn("conv1", "bn1", Some("relu"), Conv2d::new(config.widths[0], 7).stride(2), image);
        let pool = Pool2d { kernel: [3; 2], stride: [2; 2], padding: [1; 2], ceil_mode: false };
        b.add("maxpool", Op::MaxPool(pool), &[conv])
    })
}

fn residual_block(
    lowering: &mut Lowering,
    config: &Config,
    stage: &str,
    index: usize,
    width: usize,
    stride: usize,
    input: NodeId,
) -> NodeId {
    let label = if config.bottleneck { "Bottleneck" } else { "BasicBlock" };
    lowering.scope(ScopeKind::Block, &index.to_string(), label, |lowering| {
        let branch = branch(lowering, config, width, stride, input);
        let attended = lowering.attend(&format!("{stage}.{index}"), branch);
        if config.shortcut == "none" {
            return lowering.builder.add("relu", Op::Relu, &[attended]);
        }
        let shortcut = shortcut(lowering, config, config.out_channels(width), stride, input);
        let b = &mut lowering.builder;
        let sum = b.add("add", Op::Add, &[attended, shortcut]);
        b.add("relu", Op::Relu, &[sum])
    })
}

/// The residual branch: basic 3×3, 3×3 or bottleneck 1×1, 3×3, 1×1.
fn branch(lowering: &mut Lowering, config: &Config, width: usize, stride: usize, input: NodeId) -> NodeId {
    let b = &mut lowering.builder;
    if config.bottleneck {
        let (first, second) = if config.stride_first { (stride, 1) } else { (1, stride) };
        let x = b.conv_bn("conv1", "bn1", Some("relu1"), Conv2d::new(width, 1).stride(first), input);
        let x = b.conv_bn("conv2", "bn2", Some("relu2"), Conv2d::new(width, 3).stride(second), x);
        b.conv_bn("conv3", "bn3", None, Conv2d::new(width * 4, 1), x)
    } else {
        let x = b.conv_bn("conv1", "bn1", Some("relu1"), Conv2d::new(width, 3).stride(stride), input);
        b.conv_bn("conv2", "bn2", None, Conv2d::new(width, 3), x)
    }
}

fn shortcut(lowering: &mut Lowering, config: &Config, channels: usize, stride: usize, input: NodeId) -> NodeId {
    let b = &mut lowering.builder;
    let before = b.shape(input).channels();
    let reshapes = stride != 1 || before != channels;
    match config.shortcut {
        "c" => project(lowering, channels, stride, input),
        "b" if reshapes => project(lowering, channels, stride, input),
        "a" if reshapes => b.scope(ScopeKind::Shortcut, "shortcut", "option A", |b| {
            let thinned = if stride > 1 { b.add("subsample", Op::Subsample { stride }, &[input]) } else { input };
            let missing = channels.saturating_sub(before);
            b.add("pad", Op::PadChannels { before: missing / 2, after: missing - missing / 2 }, &[thinned])
        }),
        _ => input,
    }
}

fn project(lowering: &mut Lowering, channels: usize, stride: usize, input: NodeId) -> NodeId {
    lowering.builder.scope(ScopeKind::Shortcut, "downsample", "projection", |b| {
        b.conv_bn("0", "1", None, Conv2d::new(channels, 1).stride(stride), input)
    })
}
