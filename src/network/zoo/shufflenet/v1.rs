//! ShuffleNet (Zhang et al., CVPR 2018): grouped 1×1 convolutions, and a shuffle so that groups exchange what they
//! know. Attention goes after the branch's last BatchNorm.

use super::v2::{stages, stem};
use crate::network::attention::Position;
use crate::network::graph::{Conv2d, NodeId, Op, Pool2d, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options};
use crate::network::zoo::shared::{SHORTCUT, WIDTH, classifier, number, width_of, word};
use crate::network::zoo::{Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};

/// The family.
pub struct ShuffleNetV1;

/// A model: its groups and the channels of its first stage (Table 1 of the paper); each stage has twice as many.
struct Preset {
    name: &'static str,
    summary: &'static str,
    groups: usize,
}

const PRESETS: &[Preset] = &[
    Preset { name: "shufflenet_v1_g1", summary: "no groups", groups: 1 },
    Preset { name: "shufflenet_v1_g2", summary: "1×1 convolutions in 2 groups", groups: 2 },
    Preset { name: "shufflenet_v1_g3", summary: "1×1 convolutions in 3 groups", groups: 3 },
    Preset { name: "shufflenet_v1_g4", summary: "1×1 convolutions in 4 groups", groups: 4 },
    Preset { name: "shufflenet_v1_g8", summary: "1×1 convolutions in 8 groups", groups: 8 },
];
const EPS: f64 = 1e-5;

const GROUPS: Field = Field {
    key: "groups",
    long: "groups",
    help: "groups of the 1×1 convolutions",
    kind: Kind::OneOf(&[1, 2, 3, 4, 8]),
};

fn find(model: &str) -> &'static Preset {
    PRESETS.iter().find(|preset| preset.name == model).unwrap_or(&PRESETS[2])
}

/// Channels of the first stage: as many as keep the cost the same.
fn first_width(groups: usize) -> usize {
    match groups {
        1 => 144,
        2 => 200,
        3 => 240,
        4 => 272,
        _ => 384,
    }
}

impl Family for ShuffleNetV1 {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "ShuffleNet",
            summary: "Its 1×1 convolutions work in groups, and a shuffle deals the channels out so that the next groups see something of each.",
            why: "Without the shuffle a group would only ever know its own channels, and with it the work that groups save can be spent on more channels.",
            caution: "More groups mean more channels and not less work: the five sizes cost about the same, 134 to 143 million MACs.",
            formula: &["y = ReLU(x + G1·D3·shuffle(G1·x))", "shuffle: channel k of group g goes to place k·groups + g"],
            paper: "Zhang et al., CVPR 2018, arXiv 1707.01083",
            place: "At the end of the branch: after its last BatchNorm, before the addition or the joining.",
            picture: ("shufflenet_v1_g3", "stage2.1"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        PRESETS.iter().map(|preset| Entry::imagenet(preset.name, preset.summary, 224)).collect()
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::of("1e-5", "relu").padded()
    }

    fn options(&self, model: &str) -> Vec<Declared> {
        vec![number(GROUPS, find(model).groups), number(WIDTH, 100), word(SHORTCUT, "identity")]
    }

    fn stages(&self, _model: &str, _options: &Options) -> Result<Vec<Stage>, String> {
        Ok(stages())
    }

    fn build(&self, lowering: &mut Lowering, model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let groups = options.number("groups", find(model).groups);
        // Quarters of every width divide into the groups.
        let step = 4 * groups;
        let first = ((first_width(groups) as f64 * width_of(options, 100)) as usize / step * step).max(step);
        let mut features = stem(lowering);
        for (stage, (place, blocks)) in stages().into_iter().enumerate() {
            features = lowering.scope(ScopeKind::Stage, place.path(), "stage", |l| {
                blocks.iter().enumerate().fold(features, |x, (index, block)| {
                    let unit = Unit {
                        place: block.path(),
                        width: first << stage,
                        groups,
                        // The stem's few channels are not cut into groups.
                        first_groups: if stage == 0 && index == 0 { 1 } else { groups },
                        strides: index == 0,
                        has_shortcuts: options.word("shortcut", "identity") != "none",
                    };
                    unit.build(l, &index.to_string(), x)
                })
            });
        }
        classifier(&mut lowering.builder, "fc", classes, |_| features);
        Ok(())
    }
}

struct Unit<'a> {
    place: &'a str,
    width: usize,
    groups: usize,
    first_groups: usize,
    strides: bool,
    has_shortcuts: bool,
}

impl Unit<'_> {
    fn build(&self, lowering: &mut Lowering, name: &str, input: NodeId) -> NodeId {
        lowering.scope(ScopeKind::Block, name, "Shuffle unit", |l| {
            let before = l.builder.shape(input).channels();
            // A strided unit's branch makes the channels that the pooled input leaves to be made.
            let made = if self.strides { self.width.saturating_sub(before).max(1) } else { self.width };
            let entered = l.attend_at(Position::Pre, self.place, input);
            let branch = self.branch(l, made, entered);
            let joined = match (self.strides, self.has_shortcuts) {
                (true, _) => {
                    let pooled = l.builder.scope(ScopeKind::Shortcut, "shortcut", "pooled", |b| {
                        b.add("avgpool", Op::AvgPool(Pool2d::new(3, 2).padded(1)), &[input])
                    });
                    let pooled = l.attend_at(Position::Identity, self.place, pooled);
                    l.builder.add("concat", Op::Concat, &[pooled, branch])
                }
                (false, true) => {
                    let shortcut = l.attend_at(Position::Identity, self.place, input);
                    l.builder.add("add", Op::Add, &[branch, shortcut])
                }
                (false, false) => branch,
            };
            let output = l.builder.add("relu", Op::Relu, &[joined]);
            l.attend_at(Position::Post, self.place, output)
        })
    }

    fn branch(&self, l: &mut Lowering, made: usize, input: NodeId) -> NodeId {
        let inner = self.width / 4;
        let b = &mut l.builder;
        let first = Conv2d::new(inner, 1).groups(self.first_groups);
        let mut x = b.conv_norm(["gconv1", "bn1", "relu1"], first, EPS, Some(Op::Relu), input);
        if self.groups > 1 {
            x = b.add("shuffle", Op::ChannelShuffle { groups: self.groups }, &[x]);
        }
        let stride = if self.strides { 2 } else { 1 };
        let depthwise = Conv2d::new(inner, 3).stride(stride).groups(inner);
        let x = b.conv_norm(["dwconv", "bn2", ""], depthwise, EPS, None, x);
        let x = b.conv_norm(["gconv2", "bn3", ""], Conv2d::new(made, 1).groups(self.groups), EPS, None, x);
        l.attend(self.place, x)
    }
}
