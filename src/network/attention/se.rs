//! Squeeze-and-Excitation (Hu et al., arXiv 1709.01507).
//!
//! | variant | squeeze width | layers | bias | as in |
//! |---|---|---|---|---|
//! | `timm` (default) | C/r rounded to a multiple of 8, at least 8 | 1×1 convolutions `se.fc1`, `se.fc2` | yes | timm `SEModule` |
//! | `floor` | ⌊C/r⌋ | 1×1 convolutions `se.fc1`, `se.fc2` | yes | the paper, Caffe, timm legacy |
//! | `nobias` | ⌊C/r⌋ | linear `se.fc.0`, `se.fc.2` | no | the paper's eq. 5 and ablations, moskomule `SELayer` |

use super::mlp::{self, Mlp, squeezes};
use super::{AttentionBlock, BRANCH_END, Card};
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

/// What is known of each channel (the paper's Tables 11 and 16).
const SQUEEZE: Field = Field {
    key: "squeeze",
    long: "squeeze",
    help: "what decides about a channel: avg, its mean; max, its maximum; both, one after the other, summed; none, \
           each position for itself, by 1×1 convolutions (the paper's NoSqueeze)",
    kind: Kind::Word(&["avg", "max", "both", "none"]),
};
/// What makes the gate (the paper's Table 12).
const GATE: Field = Field {
    key: "gate",
    long: "gate",
    help: "the function that makes the gate",
    kind: Kind::Word(&["sigmoid", "tanh", "relu", "hardsigmoid"]),
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
        let layer = |out| Op::Conv2d(Conv2d::new(out, 1).with_bias());
        let mlp = Mlp {
            names: ["fc1", "act", "fc2"],
            layers: [layer(self.width), layer(builder.shape(features).channels())],
            activation: self.activation,
        };
        excite(builder, name, features, &mlp, "avg", self.gate)
    }
}

/// Squeezes `features`, runs the MLP, makes the gate and multiplies.
fn excite(builder: &mut GraphBuilder, name: &str, features: NodeId, mlp: &Mlp, squeeze: &str, gate: Op) -> NodeId {
    let needs_vectors = matches!(mlp.layers[0], Op::Linear { .. });
    builder.scope_as(ScopeKind::Attention("se"), ["se", name], "SE", |b| {
        let (kind, excited) = match squeeze {
            "none" => (GateKind::Volume, mlp.attach(b, features)),
            _ => {
                let excited = mlp.attach_to_each(b, "sum", squeezes(squeeze), |b, statistic| {
                    let pooled = b.add(&format!("{}_pool", statistic.word), statistic.op, &[features]);
                    match (needs_vectors, squeeze) {
                        (true, "both") => b.add(&format!("flatten ({})", statistic.word), Op::Flatten, &[pooled]),
                        (true, _) => b.add("flatten", Op::Flatten, &[pooled]),
                        (false, _) => pooled,
                    }
                });
                (GateKind::Channel, excited)
            }
        };
        let gate = b.add("gate", gate, &[excited]);
        b.gate(kind, features, gate)
    })
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
            place: BRANCH_END,
        }
    }

    fn formula(&self, options: &Options) -> Vec<String> {
        let gate = match options.word("gate", "sigmoid") {
            "sigmoid" => "σ",
            "hardsigmoid" => "hard σ",
            "relu" => "δ",
            other => other,
        };
        let excited = match options.word("squeeze", "avg") {
            "none" => "W2·δ(W1·F)".to_owned(),
            squeeze => mlp::formula(squeeze, "F"),
        };
        vec![format!("s = {gate}({excited})")]
    }

    fn options(&self) -> Vec<Declared> {
        vec![
            Declared { field: REDUCTION, default: Value::Number(DEFAULT_REDUCTION) },
            Declared { field: SQUEEZE, default: Value::Word("avg".to_owned()) },
            Declared { field: GATE, default: Value::Word("sigmoid".to_owned()) },
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
        let squeeze = options.word("squeeze", "avg");
        let (names, layer): (_, fn(usize) -> Op) = match (variant, squeeze) {
            ("nobias", "none") => (["fc.0", "fc.1", "fc.2"], |out| Op::Conv2d(Conv2d::new(out, 1))),
            ("nobias", _) => (["fc.0", "fc.1", "fc.2"], |out| Op::Linear { out_features: out, bias: false }),
            _ => (["fc1", "act", "fc2"], |out| Op::Conv2d(Conv2d::new(out, 1).with_bias())),
        };
        let gate = match options.word("gate", "sigmoid") {
            "tanh" => Op::Tanh,
            "relu" => Op::Relu,
            "hardsigmoid" => Op::HardSigmoid,
            _ => Op::Sigmoid,
        };
        let mlp = Mlp { names, layers: [layer(width), layer(channels)], activation: Op::Relu };
        excite(builder, "se", features, &mlp, squeeze, gate)
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
