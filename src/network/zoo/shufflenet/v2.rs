//! ShuffleNetV2 (Ma et al., ECCV 2018), named as in torchvision: half of the channels go past the branch, then all
//! are shuffled. Attention goes at the branch's end.

use crate::network::graph::{Conv2d, NodeId, Op, Pool2d, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};
use crate::network::spec::Place;
use crate::network::zoo::shared::classifier;
use crate::network::zoo::{Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};

/// The family.
pub struct ShuffleNetV2;

const BLOCKS: [usize; 3] = [4, 8, 4];
const EPS: f64 = 1e-5;

/// A model and the channels of its stages and of the last convolution (Table 5 of the paper).
struct Preset {
    name: &'static str,
    summary: &'static str,
    widths: &'static [usize],
}

const PRESETS: &[Preset] = &[
    Preset { name: "shufflenet_v2_x0_5", summary: "half as wide", widths: &[48, 96, 192, 1024] },
    Preset { name: "shufflenet_v2_x1_0", summary: "channel split and shuffle", widths: &[116, 232, 464, 1024] },
    Preset { name: "shufflenet_v2_x1_5", summary: "half as wide again", widths: &[176, 352, 704, 1024] },
    Preset { name: "shufflenet_v2_x2_0", summary: "twice as wide", widths: &[244, 488, 976, 2048] },
];
const STEM: usize = 24;

const WIDTHS: Field = Field {
    key: "widths",
    long: "widths",
    help: "channels of the three stages (even numbers) and of the last convolution",
    kind: Kind::List { min_len: 4, max_len: 4, max: 8192 },
};

fn find(model: &str) -> &'static Preset {
    PRESETS.iter().find(|preset| preset.name == model).unwrap_or(&PRESETS[1])
}

impl Family for ShuffleNetV2 {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "ShuffleNetV2",
            summary: "Half of the channels go past the block untouched, the other half through a 1×1, a depthwise 3×3 and a 1×1; both are joined and shuffled.",
            why: "It follows what was measured to be fast instead of what counts few MACs: equal widths, few groups, few branches, few element-wise steps.",
            caution: "Attention at the branch's end weighs only the half that went through it.",
            formula: &["y = shuffle([x₁ | F(x₂)])", "F(x) = W1·D3·W1·x, each with BN, the 1×1 with ReLU too"],
            paper: "Ma et al., ECCV 2018, arXiv 1807.11164",
            place: "At the end of the branch: after its last ReLU, before the halves are joined.",
            picture: ("shufflenet_v2_x1_0", "stage2.1"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        PRESETS.iter().map(|preset| Entry::imagenet(preset.name, preset.summary, 224)).collect()
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::of("1e-5", "relu").padded()
    }

    fn options(&self, model: &str) -> Vec<Declared> {
        vec![Declared { field: WIDTHS, default: Value::List(find(model).widths.to_vec()) }]
    }

    fn stages(&self, model: &str, options: &Options) -> Result<Vec<Stage>, String> {
        let widths = options.list("widths", find(model).widths);
        if let Some(odd) = widths[..3].iter().find(|width| !width.is_multiple_of(2)) {
            return Err(format!("widths: {odd} channels cannot be split in halves, use an even number"));
        }
        Ok(stages())
    }

    fn build(&self, lowering: &mut Lowering, model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let widths = options.list("widths", find(model).widths);
        let mut features = stem(lowering);
        for ((stage, blocks), width) in stages().into_iter().zip(widths) {
            features = lowering.scope(ScopeKind::Stage, stage.path(), "stage", |l| {
                blocks.iter().enumerate().fold(features, |x, (index, block)| {
                    l.scope(ScopeKind::Block, &index.to_string(), "Shuffle unit", |l| match index {
                        0 => halving_unit(l, block.path(), *width / 2, x),
                        _ => unit(l, block.path(), *width / 2, x),
                    })
                })
            });
        }
        let last = Conv2d::new(widths[3], 1);
        classifier(&mut lowering.builder, "fc", classes, |b| {
            b.conv_norm(["conv5.0", "conv5.1", "conv5.2"], last, EPS, Some(Op::Relu), features)
        });
        Ok(())
    }
}

/// As torchvision counts them: `stage2` to `stage4`.
pub(super) fn stages() -> Vec<Stage> {
    let blocks = |stage: usize| (0..BLOCKS[stage]).map(move |block| Place::new(format!("stage{}.{block}", stage + 2)));
    (0..BLOCKS.len()).map(|stage| (Place::new(format!("stage{}", stage + 2)), blocks(stage).collect())).collect()
}

/// The stem both versions share.
pub(super) fn stem(lowering: &mut Lowering) -> NodeId {
    lowering.builder.flat_scope(ScopeKind::Stem, "stem", |b| {
        let conv = Conv2d::new(STEM, 3).stride(2);
        let x = b.conv_norm(["conv1.0", "conv1.1", "conv1.2"], conv, EPS, Some(Op::Relu), b.input());
        b.add("maxpool", Op::MaxPool(Pool2d::new(3, 2).padded(1)), &[x])
    })
}

/// 1×1, depthwise 3×3, 1×1, attention.
fn branch(lowering: &mut Lowering, place: &str, half: usize, stride: usize, input: NodeId) -> NodeId {
    let relu = Some(Op::Relu);
    let b = &mut lowering.builder;
    let x = b.conv_norm(["branch2.0", "branch2.1", "branch2.2"], Conv2d::new(half, 1), EPS, relu, input);
    let depthwise = Conv2d::new(half, 3).stride(stride).groups(half);
    let x = b.conv_norm(["branch2.3", "branch2.4", ""], depthwise, EPS, None, x);
    let x = b.conv_norm(["branch2.5", "branch2.6", "branch2.7"], Conv2d::new(half, 1), EPS, relu, x);
    lowering.attend(place, x)
}

fn join(lowering: &mut Lowering, past: NodeId, branch: NodeId) -> NodeId {
    let joined = lowering.builder.add("concat", Op::Concat, &[past, branch]);
    lowering.builder.add("shuffle", Op::ChannelShuffle { groups: 2 }, &[joined])
}

fn unit(lowering: &mut Lowering, place: &str, half: usize, input: NodeId) -> NodeId {
    let b = &mut lowering.builder;
    let past = b.add("past", Op::ChannelSlice { start: 0, length: half }, &[input]);
    let into = b.add("into", Op::ChannelSlice { start: half, length: half }, &[input]);
    let branch = branch(lowering, place, half, 1, into);
    join(lowering, past, branch)
}

/// The first unit of a stage: both halves are computed from everything, at stride 2.
fn halving_unit(lowering: &mut Lowering, place: &str, half: usize, input: NodeId) -> NodeId {
    let before = lowering.builder.shape(input).channels();
    let past = lowering.builder.scope_as(ScopeKind::Shortcut, ["branch1", ""], "depthwise projection", |b| {
        let depthwise = Conv2d::new(before, 3).stride(2).groups(before);
        let x = b.conv_norm(["branch1.0", "branch1.1", ""], depthwise, EPS, None, input);
        let names = ["branch1.2", "branch1.3", "branch1.4"];
        b.conv_norm(names, Conv2d::new(half, 1), EPS, Some(Op::Relu), x)
    });
    let branch = branch(lowering, place, half, 2, input);
    join(lowering, past, branch)
}
