//! Squeeze-and-Excitation (Hu et al., arXiv 1709.01507).
//!
//! | variant | squeeze width | layers | bias | as in |
//! |---|---|---|---|---|
//! | `timm` (default) | C/r rounded to a multiple of 8, at least 8 | 1×1 convolutions `se.fc1`, `se.fc2` | yes | timm `SEModule` |
//! | `floor` | ⌊C/r⌋ | 1×1 convolutions `se.fc1`, `se.fc2` | yes | the paper, Caffe, timm legacy |
//! | `nobias` | ⌊C/r⌋ | linear `se.fc.0`, `se.fc.2` | no | the paper's eq. 5 and ablations, moskomule `SELayer` |

use super::{AttentionBlock, Card};
use crate::network::graph::{Conv2d, GateKind, GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};

/// The reduction ratio every channel gate shares.
pub(super) const REDUCTION: Field = Field {
    key: "r",
    long: "reduction",
    help: "channels are squeezed to C/r",
    kind: Kind::Number { min: 1, max: 4096 },
};
/// The papers' default reduction ratio.
pub(super) const DEFAULT_REDUCTION: usize = 16;

const VARIANT: Field = Field {
    key: "variant",
    long: "variant",
    help: "timm: widths in multiples of 8; floor: C/r rounded down; nobias: as floor, linear layers without bias",
    kind: Kind::Word(&["timm", "floor", "nobias"]),
};

/// Squeeze-and-Excitation.
pub struct Se;

/// The squeezed width for `channels` at reduction `r`.
#[must_use]
pub fn width(variant: &str, channels: usize, r: usize) -> usize {
    match variant {
        // timm make_divisible(C / r, 8, round_limit = 0)
        "timm" => ((channels + 4 * r) / r / 8 * 8).max(8),
        _ => channels / r,
    }
}

/// The Squeeze-and-Excitation a network is built with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SqueezeExcite {
    /// Channels it squeezes to.
    pub width: usize,
    /// Between the two layers.
    pub activation: Op,
    /// What makes the gate.
    pub gate: Op,
}

impl SqueezeExcite {
    /// Adds it after `features` and returns the scaled features. Its layers are `NAME.fc1` and `NAME.fc2`, 1×1
    /// convolutions with biases.
    pub fn attach(&self, builder: &mut GraphBuilder, name: &str, features: NodeId) -> NodeId {
        let channels = builder.shape(features).channels();
        builder.scope_as(ScopeKind::Attention("se"), ["se", name], "SE", |b| {
            let squeezed = b.add("avg_pool", Op::GlobalAvgPool, &[features]);
            let hidden = b.add("fc1", Op::Conv2d(Conv2d::new(self.width, 1).with_bias()), &[squeezed]);
            let hidden = b.add("act", self.activation, &[hidden]);
            let excited = b.add("fc2", Op::Conv2d(Conv2d::new(channels, 1).with_bias()), &[hidden]);
            let gate = b.add("gate", self.gate, &[excited]);
            b.gate(GateKind::Channel, features, gate)
        })
    }
}

/// Refuses a reduction that leaves no channel.
pub(super) fn check_reduction(options: &Options, channels: usize) -> Result<(), String> {
    let r = options.number("r", DEFAULT_REDUCTION);
    if r > channels {
        return Err(format!("r={r}: larger than the {channels} channels it would squeeze, use r={channels} or less"));
    }
    Ok(())
}

impl AttentionBlock for Se {
    fn card(&self) -> Card {
        Card {
            name: "se",
            title: "SE",
            long: "Squeeze-and-Excitation",
            summary: "Averages each channel over the image and lets two small layers decide how much of each channel to keep.",
            formula: &["s = σ(W2·δ(W1·avg F))"],
            paper: "Hu et al., CVPR 2018, arXiv 1709.01507",
            why: "Whether a channel is worth listening to depends on what all channels found anywhere in the image, which a convolution's small window cannot see.",
            caution: "Nearly all of its parameters, about 2·C²/r a block, are in the last stage, where the paper found that leaving it out costs less than 0.1 % top-5.",
            place: "At the end of a residual branch: after its last BatchNorm, before the addition.",
        }
    }

    fn options(&self) -> Vec<Declared> {
        vec![
            Declared { field: REDUCTION, default: Value::Number(DEFAULT_REDUCTION) },
            Declared { field: VARIANT, default: Value::Word("timm".to_owned()) },
        ]
    }

    fn check(&self, options: &Options, channels: usize) -> Result<(), String> {
        check_reduction(options, channels)
    }

    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId {
        let variant = options.word("variant", "timm");
        let channels = builder.shape(features).channels();
        let width = width(variant, channels, options.number("r", DEFAULT_REDUCTION));
        if variant != "nobias" {
            return SqueezeExcite { width, activation: Op::Relu, gate: Op::Sigmoid }.attach(builder, "se", features);
        }
        builder.scope(ScopeKind::Attention("se"), "se", "SE", |b| {
            let squeezed = b.add("avg_pool", Op::GlobalAvgPool, &[features]);
            let flat = b.add("flatten", Op::Flatten, &[squeezed]);
            let hidden = b.add("fc.0", Op::Linear { out_features: width, bias: false }, &[flat]);
            let hidden = b.add("fc.1", Op::Relu, &[hidden]);
            let excited = b.add("fc.2", Op::Linear { out_features: channels, bias: false }, &[hidden]);
            let gate = b.add("gate", Op::Sigmoid, &[excited]);
            b.gate(GateKind::Channel, features, gate)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::width;

    #[test]
    fn timm_widths_are_multiples_of_eight() {
        // FACTS: timm SEModule, rd_divisor 8, r = 16.
        for (channels, want) in [
            (16, 8),
            (160, 8),
            (192, 16),
            (240, 16),
            (256, 16),
            (320, 24),
            (480, 32),
            (576, 40),
            (1024, 64),
            (1056, 64),
        ] {
            assert_eq!(width("timm", channels, 16), want, "{channels}");
        }
    }
}
