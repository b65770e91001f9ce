//! VGG (Simonyan and Zisserman, arXiv 1409.1556), with and without BatchNorm, named as in torchvision.
//!
//! A block is one 3×3 convolution with what follows it; attention goes after its ReLU, as the SENet paper's
//! SE-VGG-16 has it.

use super::{Arithmetic, Entry, Family, FamilyCard, Lowering, Stage, numbered_stages};
use crate::network::graph::{Conv2d, NodeId, Op, Pool2d, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

/// The family.
pub struct Vgg;

struct Preset {
    name: &'static str,
    summary: &'static str,
    convs: &'static [usize],
    norm: &'static str,
}

const LAYERS_11: &[usize] = &[1, 1, 2, 2, 2];
const LAYERS_13: &[usize] = &[2, 2, 2, 2, 2];
const LAYERS_16: &[usize] = &[2, 2, 3, 3, 3];
const LAYERS_19: &[usize] = &[2, 2, 4, 4, 4];
const WIDTHS: &[usize] = &[64, 128, 256, 512, 512];
/// Channels of the two hidden layers of the classifier.
const HIDDEN: usize = 4096;

/// Table 1 of the paper: configurations A, B, D and E.
const PRESETS: &[Preset] = &[
    Preset { name: "vgg11", summary: "ImageNet, 8 convolutions", convs: LAYERS_11, norm: "none" },
    Preset { name: "vgg13", summary: "ImageNet, 10 convolutions", convs: LAYERS_13, norm: "none" },
    Preset { name: "vgg16", summary: "ImageNet, 13 convolutions", convs: LAYERS_16, norm: "none" },
    Preset { name: "vgg19", summary: "ImageNet, 16 convolutions", convs: LAYERS_19, norm: "none" },
    Preset { name: "vgg11_bn", summary: "vgg11 with BatchNorm", convs: LAYERS_11, norm: "bn" },
    Preset { name: "vgg13_bn", summary: "vgg13 with BatchNorm", convs: LAYERS_13, norm: "bn" },
    Preset { name: "vgg16_bn", summary: "vgg16 with BatchNorm", convs: LAYERS_16, norm: "bn" },
    Preset { name: "vgg19_bn", summary: "vgg19 with BatchNorm", convs: LAYERS_19, norm: "bn" },
];

const BLOCKS: Field = Field {
    key: "blocks",
    long: "blocks",
    help: "convolutions in each stage",
    kind: Kind::List { min_len: 1, max_len: 6, max: 64 },
};
const STAGE_WIDTHS: Field = Field {
    key: "widths",
    long: "widths",
    help: "channels in each stage",
    kind: Kind::List { min_len: 1, max_len: 6, max: 8192 },
};
const NORM: Field =
    Field { key: "norm", long: "norm", help: "between a convolution and its ReLU", kind: Kind::Word(&["none", "bn"]) };

fn preset(model: &str) -> &'static Preset {
    PRESETS.iter().find(|preset| preset.name == model).unwrap_or(&PRESETS[0])
}

/// Convolutions and channels by stage.
fn plan<'a>(model: &str, options: &'a Options) -> Result<(&'a [usize], &'a [usize]), String> {
    let blocks = options.list("blocks", preset(model).convs);
    let widths = options.list("widths", WIDTHS);
    if blocks.len() != widths.len() {
        let (blocks, widths) = (blocks.len(), widths.len());
        return Err(format!("blocks has {blocks} stages and widths has {widths}: give both the same number"));
    }
    Ok((blocks, widths))
}

impl Family for Vgg {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "VGG",
            summary: "Five stages of 3×3 convolutions with a maximum pool after each, then three linear layers.",
            why: "Two 3×3 layers see 5×5 pixels and three see 7×7, with fewer weights than one large kernel and a ReLU after each.",
            caution: "The linear layers hold nearly all the parameters, 123,642,856 of vgg16's 138,357,544, so attention adds little to what is there already.",
            formula: &["y = ReLU(BN(W·x))", "without the BN where the name has no _bn"],
            paper: "Simonyan and Zisserman, ICLR 2015, arXiv 1409.1556",
            place: "After the ReLU of every convolution, as in the SENet paper's SE-VGG-16.",
            picture: ("vgg16_bn", "stage1.1"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        let model = |preset: &Preset| Entry::imagenet(preset.name, preset.summary, 224);
        PRESETS.iter().map(model).collect()
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic { eps: "1e-5", act: "relu", ..Arithmetic::default() }
    }

    fn options(&self, model: &str) -> Vec<Declared> {
        let preset = preset(model);
        vec![
            Declared { field: BLOCKS, default: Value::List(preset.convs.to_vec()) },
            Declared { field: STAGE_WIDTHS, default: Value::List(WIDTHS.to_vec()) },
            Declared { field: NORM, default: Value::Word(preset.norm.to_owned()) },
        ]
    }

    fn stages(&self, model: &str, options: &Options) -> Result<Vec<Stage>, String> {
        Ok(numbered_stages(plan(model, options)?.0))
    }

    fn build(&self, lowering: &mut Lowering, model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let (blocks, widths) = plan(model, options)?;
        let has_norm = options.word("norm", preset(model).norm) == "bn";
        if let Some(eps) = options.get("eps").filter(|_| !has_norm) {
            return Err(format!("eps={eps}: {model} has no BatchNorm, use norm=bn"));
        }
        // torchvision counts every layer of the convolutional part through.
        let mut layer = 0;
        let mut features = lowering.builder.input();
        for (stage, (&convs, &width)) in blocks.iter().zip(widths).enumerate() {
            let path = format!("stage{}", stage + 1);
            features = lowering.scope_as(ScopeKind::Stage, [&path, "features"], "stage", |l| {
                for block in 0..convs {
                    features = conv_block(l, [&path, &block.to_string()], &mut layer, width, has_norm, features);
                }
                let pooled = l.builder.add(&layer.to_string(), Op::MaxPool(Pool2d::new(2, 2)), &[features]);
                layer += 1;
                pooled
            });
        }
        head(lowering, features, classes);
        Ok(())
    }
}

/// One convolution, BatchNorm if there is one, ReLU, attention if there is some.
fn conv_block(
    lowering: &mut Lowering,
    [stage, block]: [&str; 2],
    layer: &mut usize,
    width: usize,
    has_norm: bool,
    input: NodeId,
) -> NodeId {
    let names = [0, 1, 2].map(|offset| (*layer + offset).to_string());
    let last = usize::from(has_norm) + 1;
    *layer += last + 1;
    lowering.scope_as(ScopeKind::Block, [block, ""], "Convolution", |l| {
        let b = &mut l.builder;
        let mut x = b.add(&names[0], Op::Conv2d(Conv2d::new(width, 3).with_bias()), &[input]);
        if has_norm {
            x = b.add(&names[1], Op::BatchNorm { eps: 1e-5 }, &[x]);
        }
        let x = b.add(&names[last], Op::Relu, &[x]);
        l.within(["", &names[last]], |l| l.attend(&format!("{stage}.{block}"), x))
    })
}

/// Seven by seven positions, whatever the image, then three linear layers.
fn head(lowering: &mut Lowering, features: NodeId, classes: usize) {
    lowering.builder.flat_scope(ScopeKind::Head, "head", |b| {
        let pooled = b.add("avgpool", Op::AdaptiveAvgPool { size: 7 }, &[features]);
        let mut x = b.add("flatten", Op::Flatten, &[pooled]);
        for layer in [0, 3] {
            let hidden = Op::Linear { out_features: HIDDEN, bias: true };
            x = b.add(&format!("classifier.{layer}"), hidden, &[x]);
            x = b.add(&format!("classifier.{}", layer + 1), Op::Relu, &[x]);
        }
        b.classify("classifier.6", classes, x)
    });
}
