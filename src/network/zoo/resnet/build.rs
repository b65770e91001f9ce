//! The wiring: stem, residual blocks, shortcuts, head.

use super::config::{Config, Step};
use crate::network::attention::Position;
use crate::network::graph::{Conv2d, GraphBuilder, NodeId, Op, Pool2d, ScopeKind};
use crate::network::zoo::Lowering;

/// Adds the whole network after the builder's input.
pub(super) fn network(lowering: &mut Lowering, config: &Config, classes: usize) {
    let mut features = stem(lowering, config);
    let steps = config.steps();
    for (stage, (&blocks, &width)) in config.blocks.iter().zip(config.widths).enumerate() {
        let name = format!("layer{}", stage + 1);
        features = lowering.scope(ScopeKind::Stage, &name, "stage", |lowering| {
            (0..blocks).fold(features, |features, block| {
                let step = steps.get(stage).map_or(Step::STILL, |step| step.of_block(block));
                residual_block(lowering, config, [&name, &block.to_string()], width, step, features)
            })
        });
    }
    lowering.builder.flat_scope(ScopeKind::Head, "head", |b| {
        let pooled = b.head_pool("avgpool", features);
        let flat = b.add("flatten", Op::Flatten, &[pooled]);
        b.classify("fc", classes, flat)
    });
}

fn stem(lowering: &mut Lowering, config: &Config) -> NodeId {
    lowering.builder.flat_scope(ScopeKind::Stem, "stem", |b| {
        let image = b.input();
        let conv = match config.stem {
            "cifar" | "strided" => {
                let stride = if config.stem == "strided" { 2 } else { 1 };
                let conv = Conv2d::new(config.stem_width, 3).stride(stride);
                return b.conv_bn("conv1", "bn1", Some("relu"), conv, image);
            }
            "deep" | "tiered" => {
                let [first, second, third] = config.deep_stem();
                let x = b.conv_bn("conv1.0", "conv1.1", Some("conv1.2"), Conv2d::new(first, 3).stride(2), image);
                let x = b.conv_bn("conv1.3", "conv1.4", Some("conv1.5"), Conv2d::new(second, 3), x);
                b.conv_bn("conv1.6", "bn1", Some("relu"), Conv2d::new(third, 3), x)
            }
            _ => b.conv_bn("conv1", "bn1", Some("relu"), Conv2d::new(config.stem_width, 7).stride(2), image),
        };
        stem_pool(b, config, conv)
    })
}

/// The maximum pool, or what strides in its place: timm leaves the maximum out where it averages.
fn stem_pool(b: &mut GraphBuilder, config: &Config, features: NodeId) -> NodeId {
    match config.aa {
        "avg" => b.add("maxpool", Op::AvgPool(Pool2d::new(2, 2)), &[features]),
        "blur" => {
            let largest = b.add("maxpool.0", Op::MaxPool(Pool2d { stride: [1; 2], ..config.stem_pool() }), &[features]);
            b.add("maxpool.1", Op::BlurPool { stride: 2 }, &[largest])
        }
        _ => b.add("maxpool", Op::MaxPool(config.stem_pool()), &[features]),
    }
}

fn residual_block(
    lowering: &mut Lowering,
    config: &Config,
    [stage, index]: [&str; 2],
    width: usize,
    step: Step,
    input: NodeId,
) -> NodeId {
    let label = if config.bottleneck { "Bottleneck" } else { "BasicBlock" };
    lowering.scope(ScopeKind::Block, index, label, |lowering| {
        let place = format!("{stage}.{index}");
        let entered = lowering.attend_at(Position::Pre, &place, input);
        let branch = branch(lowering, config, &place, width, step, entered);
        let mut sum = lowering.attend(&place, branch);
        if config.shortcut != "none" {
            let shortcut = shortcut(lowering, config, config.out_channels(width), step, input);
            let shortcut = lowering.attend_at(Position::Identity, &place, shortcut);
            sum = lowering.builder.add("add", Op::Add, &[sum, shortcut]);
        }
        let output = lowering.builder.add("relu", Op::Relu, &[sum]);
        lowering.attend_at(Position::Post, &place, output)
    })
}

/// The residual branch: basic 3×3, 3×3 or bottleneck 1×1, 3×3, 1×1.
fn branch(lowering: &mut Lowering, config: &Config, place: &str, width: usize, step: Step, input: NodeId) -> NodeId {
    let (first, inner) = (config.first(width), config.inner(width));
    let smooth = config.anti_alias(step);
    // What smooths strides too.
    let stride = if smooth.is_some() { 1 } else { step.stride };
    if smooth.is_some() {
        lowering.forbid_replaced(place, "aa stands behind a 3×3, whose place it takes");
    }
    if step.first != 1 {
        lowering.forbid_replaced(place, "it takes the place of a 3×3 that output_stride dilates");
    }
    let anti_alias = |lowering: &mut Lowering, x| smooth.map_or(x, |pool| lowering.builder.add("aa", pool, &[x]));
    if config.bottleneck {
        let (on_first, on_second) = config.strides(stride);
        let narrow = Conv2d::new(first, 1).stride(on_first);
        let [conv, bn] = lowering.beside(place, ["conv1", "bn1"]);
        let x = lowering.builder.conv_bn(&conv, &bn, Some("relu1"), narrow, input);
        let (before, on_second, after) = config.averaged(on_second);
        let x = before.map_or(x, |pool| lowering.builder.add("avd_first", Op::AvgPool(pool), &[x]));
        let middle = Conv2d::new(inner, 3).stride(on_second).groups(config.groups).dilated(step.first);
        let x = lowering.convolve(place, ["conv2", "bn2", "relu2"], middle, x);
        let x = anti_alias(lowering, x);
        let x = after.map_or(x, |pool| lowering.builder.add("avd_last", Op::AvgPool(pool), &[x]));
        let x = lowering.attend_at(Position::Inner, place, x);
        let [conv, bn] = lowering.beside(place, ["conv3", "bn3"]);
        lowering.builder.conv_bn(&conv, &bn, config.last_relu("relu3"), Conv2d::new(width * 4, 1), x)
    } else {
        let before = Conv2d::new(first, 3).stride(stride).dilated(step.first);
        let x = lowering.convolve(place, ["conv1", "bn1", "relu1"], before, input);
        let x = anti_alias(lowering, x);
        let [conv, bn] = lowering.beside(place, ["conv2", "bn2"]);
        lowering.builder.conv_bn(&conv, &bn, config.last_relu("relu2"), Conv2d::new(width, 3).dilated(step.dilation), x)
    }
}

fn shortcut(lowering: &mut Lowering, config: &Config, channels: usize, step: Step, input: NodeId) -> NodeId {
    let stride = step.stride;
    let b = &mut lowering.builder;
    let before = b.shape(input).channels();
    let reshapes = stride != 1 || before != channels;
    let projection = Conv2d::new(channels, 1).stride(stride);
    match config.shortcut {
        "c" => project(lowering, projection, input),
        "b" if reshapes => project(lowering, projection, input),
        "3x3" if reshapes && (stride, step.dilation) != (1, 1) => {
            project(lowering, Conv2d::new(channels, 3).stride(stride).dilated(step.first), input)
        }
        "3x3" if reshapes => project(lowering, projection, input),
        "pool" if reshapes => pool_and_project(lowering, channels, step, input),
        "a" if reshapes => b.scope(ScopeKind::Shortcut, "shortcut", "option A", |b| {
            let thinned = if stride > 1 { b.add("subsample", Op::Subsample { stride }, &[input]) } else { input };
            let missing = channels.saturating_sub(before);
            b.add("pad", Op::PadChannels { before: missing / 2, after: missing - missing / 2 }, &[thinned])
        }),
        _ => input,
    }
}

fn project(lowering: &mut Lowering, conv: Conv2d, input: NodeId) -> NodeId {
    lowering.builder.scope(ScopeKind::Shortcut, "downsample", "projection", |b| b.conv_bn("0", "1", None, conv, input))
}

/// ResNet-D's shortcut: nothing is skipped over, every position goes into a mean. timm leaves an identity at 0
/// where nothing is pooled, so the convolution is always 1.
///
/// In a dilated stage the window moves by one, and its padding below and on the right counts (`AvgPool2dSame`).
fn pool_and_project(lowering: &mut Lowering, channels: usize, step: Step, input: NodeId) -> NodeId {
    lowering.builder.scope(ScopeKind::Shortcut, "downsample", "pooled projection", |b| {
        let pool = match step {
            Step { stride: 1, dilation: 1, .. } => None,
            Step { stride, dilation: 1, .. } => Some(Pool2d::new(2, stride).ceil()),
            _ => Some(Pool2d { trailing: [1; 2], ..Pool2d::new(2, 1) }),
        };
        let pooled = pool.map_or(input, |pool| b.add("0", Op::AvgPool(pool), &[input]));
        b.conv_bn("1", "2", None, Conv2d::new(channels, 1), pooled)
    })
}
