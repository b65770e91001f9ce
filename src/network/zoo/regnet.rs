//! RegNet-X and RegNet-Y (Radosavovic et al., CVPR 2020), named as in torchvision: widths from a straight line,
//! rounded to a few steps. Y has an SE after the grouped 3×3, where attention that is chosen goes too.

use super::shared::{BUILT_IN, SHORTCUT, attend_or_built_in, classifier, make_divisible, numbered_stages, word};
use super::{Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};
use crate::network::attention::{Position, SqueezeExcite};
use crate::network::graph::{Conv2d, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

/// The family.
pub struct RegNet;

/// A model: the line its widths follow (depth, w0, wa, wm) and the channels of a group.
struct Preset {
    name: &'static str,
    depth: usize,
    start: f64,
    slope: f64,
    step: f64,
    group: usize,
}

const fn preset(name: &'static str, depth: usize, start: f64, slope: f64, step: f64, group: usize) -> Preset {
    Preset { name, depth, start, slope, step, group }
}

/// Tables 10 and 11 of the paper's appendix, to the digits of torchvision.
const PRESETS: &[Preset] = &[
    preset("regnet_x_400mf", 22, 24.0, 24.48, 2.54, 16),
    preset("regnet_x_800mf", 16, 56.0, 35.73, 2.28, 16),
    preset("regnet_x_1_6gf", 18, 80.0, 34.01, 2.25, 24),
    preset("regnet_x_3_2gf", 25, 88.0, 26.31, 2.25, 48),
    preset("regnet_x_8gf", 23, 80.0, 49.56, 2.88, 120),
    preset("regnet_x_16gf", 22, 216.0, 55.59, 2.1, 128),
    preset("regnet_x_32gf", 23, 320.0, 69.86, 2.0, 168),
    preset("regnet_y_400mf", 16, 48.0, 27.89, 2.09, 8),
    preset("regnet_y_800mf", 14, 56.0, 38.84, 2.4, 16),
    preset("regnet_y_1_6gf", 27, 48.0, 20.71, 2.65, 24),
    preset("regnet_y_3_2gf", 21, 80.0, 42.63, 2.66, 24),
    preset("regnet_y_8gf", 17, 192.0, 76.82, 2.19, 56),
    preset("regnet_y_16gf", 18, 200.0, 106.23, 2.48, 112),
    preset("regnet_y_32gf", 20, 232.0, 115.89, 2.53, 232),
    preset("regnet_y_128gf", 27, 456.0, 160.83, 2.52, 264),
];
const STEM: usize = 32;
const EPS: f64 = 1e-5;

const BLOCKS: Field = Field {
    key: "blocks",
    long: "blocks",
    help: "blocks in each stage",
    kind: Kind::List { min_len: 1, max_len: 6, max: 128 },
};
const WIDTHS: Field = Field {
    key: "widths",
    long: "widths",
    help: "channels in each stage",
    kind: Kind::List { min_len: 1, max_len: 6, max: 16384 },
};
const GROUP: Field = Field {
    key: "group_width",
    long: "group_width",
    help: "channels of one group of the 3×3; widths are rounded to multiples of it",
    kind: Kind::Number { min: 1, max: 4096 },
};

impl Preset {
    fn find(model: &str) -> &'static Self {
        PRESETS.iter().find(|preset| preset.name == model).unwrap_or(&PRESETS[0])
    }

    fn has_se(&self) -> bool {
        self.name.starts_with("regnet_y")
    }

    /// Blocks and widths by stage: the line's value at each block, rounded to a power of `step` times `start`, then
    /// to a multiple of 8 (section 3.3 of the paper).
    fn stages(&self) -> (Vec<usize>, Vec<usize>) {
        let (mut blocks, mut widths): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for block in 0..self.depth {
            let line = self.start + self.slope * block as f64;
            let power = ((line / self.start).ln() / self.step.ln()).round_ties_even();
            let width = (self.start * self.step.powf(power) / 8.0).round_ties_even() as usize * 8;
            match (widths.last(), blocks.last_mut()) {
                (Some(last), Some(count)) if *last == width => *count += 1,
                _ => {
                    widths.push(width);
                    blocks.push(1);
                }
            }
        }
        (blocks, widths)
    }
}

/// A spec's options with the model's defaults filled in.
struct Config {
    blocks: Vec<usize>,
    widths: Vec<usize>,
    group: usize,
    has_se: bool,
    has_shortcuts: bool,
}

impl Config {
    fn of(model: &str, options: &Options) -> Result<Self, String> {
        let preset = Preset::find(model);
        let (blocks, widths) = preset.stages();
        let blocks = options.list("blocks", &blocks).to_vec();
        let widths = options.list("widths", &widths).to_vec();
        if blocks.len() != widths.len() {
            let (blocks, widths) = (blocks.len(), widths.len());
            return Err(format!("blocks has {blocks} stages and widths has {widths}: give both the same number"));
        }
        let group = options.number("group_width", preset.group);
        let fitted = |width: &usize| make_divisible(*width as f64, group.min(*width));
        Ok(Self {
            blocks,
            widths: widths.iter().map(fitted).collect(),
            group,
            has_se: preset.has_se() && options.word("se", "builtin") != "none",
            has_shortcuts: options.word("shortcut", "identity") != "none",
        })
    }
}

impl Family for RegNet {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "RegNet",
            summary: "One kind of block, a bottleneck that does not narrow with a grouped 3×3, in stages whose widths follow a straight line.",
            why: "Its authors looked at whole populations of networks and not at single ones, and widths on a line were what the good ones had in common.",
            caution: "Only Y has an SE, which squeezes to a quarter of the channels that come into the block; widths are rounded to steps and to whole groups, so they keep to the line only roughly.",
            formula: &["u(j) = w0 + wa·j for the block j", "width(j) = w0·wm^round(log(u(j) / w0) / log wm)"],
            paper: "Radosavovic et al., CVPR 2020, arXiv 2003.13678",
            place: "After the grouped 3×3's ReLU, where Y has its own SE, before the last 1×1.",
            picture: ("regnet_y_400mf", "stage2.1"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        let summary = |preset: &Preset| match preset.has_se() {
            true => "grouped bottlenecks with SE, widths on a line",
            false => "grouped bottlenecks, widths on a line",
        };
        PRESETS.iter().map(|preset| Entry::imagenet(preset.name, summary(preset), 224)).collect()
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::of("1e-5", "relu").padded().dilated()
    }

    fn options(&self, model: &str) -> Vec<Declared> {
        let preset = Preset::find(model);
        let (blocks, widths) = preset.stages();
        let mut declared = vec![
            Declared { field: BLOCKS, default: Value::List(blocks) },
            Declared { field: WIDTHS, default: Value::List(widths) },
            Declared { field: GROUP, default: Value::Number(preset.group) },
            word(SHORTCUT, "identity"),
        ];
        if preset.has_se() {
            declared.push(word(BUILT_IN, "builtin"));
        }
        declared
    }

    fn stages(&self, model: &str, options: &Options) -> Result<Vec<Stage>, String> {
        Ok(numbered_stages(&Config::of(model, options)?.blocks))
    }

    fn build(&self, lowering: &mut Lowering, model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let config = Config::of(model, options)?;
        let mut features = lowering.builder.flat_scope(ScopeKind::Stem, "stem", |b| {
            let conv = Conv2d::new(STEM, 3).stride(2);
            b.conv_norm(["stem.0", "stem.1", "stem.2"], conv, EPS, Some(Op::Relu), b.input())
        });
        for (stage, (&blocks, &width)) in config.blocks.iter().zip(&config.widths).enumerate() {
            let (path, module) = (format!("stage{}", stage + 1), format!("block{}", stage + 1));
            let words = [&*path, &format!("trunk_output.{module}")];
            features = lowering.scope_as(ScopeKind::Stage, words, "stage", |l| {
                (0..blocks).fold(features, |x, index| {
                    let words = [&*index.to_string(), &format!("{module}-{index}")];
                    let stride = if index == 0 { 2 } else { 1 };
                    l.scope_as(ScopeKind::Block, words, "Bottleneck", |l| {
                        block(l, &config, &format!("{path}.{index}"), width, stride, x)
                    })
                })
            });
        }
        classifier(&mut lowering.builder, "fc", classes, |_| features);
        Ok(())
    }
}

fn block(l: &mut Lowering, config: &Config, place: &str, width: usize, stride: usize, input: NodeId) -> NodeId {
    let grouped = l.strided(Conv2d::new(width, 3).groups((width / config.group).max(1)), stride);
    let stride = grouped.stride[0];
    let b = &mut l.builder;
    let before = b.shape(input).channels();
    let shortcut = match config.has_shortcuts && (before != width || stride != 1) {
        true => b.scope(ScopeKind::Shortcut, "proj", "projection", |b| {
            b.conv_norm(["0", "1", ""], Conv2d::new(width, 1).stride(stride), EPS, None, input)
        }),
        false => input,
    };
    let entered = l.attend_at(Position::Pre, place, input);
    let b = &mut l.builder;
    let relu = Some(Op::Relu);
    let x = b.conv_norm(["f.a.0", "f.a.1", "f.a.2"], Conv2d::new(width, 1), EPS, relu, entered);
    let x = b.conv_norm(["f.b.0", "f.b.1", "f.b.2"], grouped, EPS, relu, x);
    // A quarter of what comes into the block.
    let squeezed = (before as f64 / 4.0).round_ties_even() as usize;
    let se = SqueezeExcite { width: squeezed.max(1), activation: Op::Relu, gate: Op::Sigmoid };
    let x = if config.has_se {
        attend_or_built_in(l, place, "f.se", Some(se), x)
    } else {
        l.within(["", "f"], |l| l.attend(place, x))
    };
    let mut x = l.builder.conv_norm(["f.c.0", "f.c.1", ""], Conv2d::new(width, 1), EPS, None, x);
    if config.has_shortcuts {
        let shortcut = l.attend_at(Position::Identity, place, shortcut);
        x = l.builder.add("add", Op::Add, &[x, shortcut]);
    }
    let output = l.builder.add("activation", Op::Relu, &[x]);
    l.attend_at(Position::Post, place, output)
}

#[cfg(test)]
mod tests {
    use super::Preset;

    #[test]
    fn widths_follow_the_papers_tables() {
        let stages = Preset::find("regnet_y_400mf").stages();
        assert_eq!(stages, (vec![1, 3, 6, 6], vec![48, 104, 208, 440]));
    }
}
