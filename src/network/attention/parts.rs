//! What several attention blocks are made of: widths rounded as timm rounds them, small networks, strips.

use crate::network::graph::{Conv2d, GraphBuilder, NodeId, Op};
use crate::network::options::{Declared, Field, Kind, Options, Value};

/// Where the blocks go that bring convolutions of their own.
const SITE: Field = Field {
    key: "site",
    long: "site",
    help: "branch: at the end of the branch; conv: in place of a residual block's 3×3 convolution (ResNet family)",
    kind: Kind::Word(&["branch", "conv"]),
};

/// The kernel along a strip.
pub(super) const STRIP_KERNEL: Field =
    Field { key: "k", long: "kernel", help: "rows or columns that decide about one", kind: Kind::OneOf(&[3, 5, 7, 9]) };

/// The option that says where a block with its own convolutions goes.
pub(super) fn site_declared() -> Declared {
    Declared { field: SITE, default: Value::Word("branch".to_owned()) }
}

/// Does it take a convolution's place?
pub(super) fn is_in_place(options: &Options) -> bool {
    options.word("site", "branch") == "conv"
}

/// `channels / r` to the nearest, at least 1: timm's `make_divisible(C / r, 1)`.
pub(super) fn nearest(channels: usize, r: usize) -> usize {
    ((channels + r / 2) / r).max(1)
}

/// The nearest multiple of `divisor`, at least `least`: timm's `make_divisible` without a limit to rounding down.
pub(super) fn multiple(value: f64, divisor: usize, least: usize) -> usize {
    ((value + divisor as f64 / 2.0) as usize / divisor * divisor).max(least)
}

/// The nearest multiple of `divisor`, at least `least`, and never less than nine tenths of `value`: timm's
/// `make_divisible` with its limit to rounding down.
#[must_use]
pub fn careful_multiple(value: f64, divisor: usize, least: usize) -> usize {
    let rounded = multiple(value, divisor, least);
    if (rounded as f64) < 0.9 * value { rounded + divisor } else { rounded }
}

/// Two 1×1 convolutions, `fc1` to `width` channels and `fc2` back, with a ReLU between them and, where `eps` is given,
/// a `LayerNorm` before it.
pub(super) fn mlp(b: &mut GraphBuilder, width: usize, bias: bool, eps: Option<f64>, squeezed: NodeId) -> NodeId {
    let channels = b.shape(squeezed).channels();
    let layer = |out| Op::Conv2d(Conv2d { bias, ..Conv2d::new(out, 1) });
    let mut hidden = b.add("fc1", layer(width), &[squeezed]);
    if let Some(eps) = eps {
        hidden = b.add("norm", Op::GroupNorm { groups: 1, eps }, &[hidden]);
    }
    let hidden = b.add("act", Op::Relu, &[hidden]);
    b.add("fc2", layer(channels), &[hidden])
}

/// The mean of every row `[C, H, 1]` and of every column `[C, 1, W]`.
pub(super) fn strips(b: &mut GraphBuilder, features: NodeId) -> [NodeId; 2] {
    [b.add("h.pool", Op::MeanOverWidth, &[features]), b.add("w.pool", Op::MeanOverHeight, &[features])]
}

/// A depthwise convolution along each strip, `conv_h` down the rows and `conv_w` across the columns.
pub(super) fn along_strips(b: &mut GraphBuilder, kernel: usize, [rows, columns]: [NodeId; 2]) -> [NodeId; 2] {
    let channels = b.shape(rows).channels();
    let layer = |height, width| Op::Conv2d(Conv2d::oblong(channels, height, width).groups(channels));
    [b.add("conv_h", layer(kernel, 1), &[rows]), b.add("conv_w", layer(1, kernel), &[columns])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_timms() {
        assert_eq!([24, 64, 250].map(|channels| nearest(channels, 16)), [2, 4, 16]);
        assert_eq!([64.0, 256.0].map(|c| multiple(c / 16.0 * 2.0 / 3.0, 8, 8)), [8, 8]);
        assert_eq!(multiple(256.0 / 4.0 * 2.0 / 3.0, 8, 8), 40);
        assert_eq!([64.0, 96.0, 100.0].map(|c| careful_multiple(c / 8.0, 8, 8)), [8, 16, 16]);
        assert_eq!(careful_multiple(64.0 * 2.0 / 4.0, 8, 32), 32);
    }
}
