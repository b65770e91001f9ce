//! What several families have in common: rounding widths, numbering stages, options of the same name.

use super::{Entry, Stage};
use crate::network::attention::{SqueezeExcite, careful_multiple};
use crate::network::graph::{GraphBuilder, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options, Value};
use crate::network::spec::Place;

/// The nearest multiple of `divisor`, at least one, not less than nine tenths of `value`: `_make_divisible` of
/// MobileNet's authors, which torchvision and timm share.
pub(super) fn make_divisible(value: f64, divisor: usize) -> usize {
    careful_multiple(value, divisor, divisor)
}

/// Stages `stage1`, `stage2`, ... with so many blocks each, counted from 0.
pub(super) fn numbered_stages(blocks: &[usize]) -> Vec<Stage> {
    let stage = |(index, blocks): (usize, &usize)| {
        let path = format!("stage{}", index + 1);
        let blocks = (0..*blocks).map(|block| Place::new(format!("{path}.{block}"))).collect();
        (Place::new(path), blocks)
    };
    blocks.iter().enumerate().map(stage).collect()
}

/// Stages whose blocks have letters: `inception3` with `inception3.a`, `inception3.b`.
pub(super) fn lettered_stages(stages: &[(&str, &str)]) -> Vec<Stage> {
    let stage = |(path, letters): &(&str, &str)| {
        let blocks = letters.chars().map(|letter| Place::new(format!("{path}.{letter}"))).collect();
        (Place::new(*path), blocks)
    };
    stages.iter().map(stage).collect()
}

impl Entry {
    /// A model for square ImageNet pictures.
    pub(super) fn imagenet(name: &'static str, summary: &'static str, side: usize) -> Self {
        Self { name, summary, input: [3, side, side], classes: 1000 }
    }
}

/// All widths in percent.
pub(super) const WIDTH: Field = Field {
    key: "width",
    long: "width_percent",
    help: "every layer's channels, in percent of the paper's (the width multiplier)",
    kind: Kind::Number { min: 5, max: 800 },
};

/// Are there shortcuts?
pub(super) const SHORTCUT: Field = Field {
    key: "shortcut",
    long: "shortcut",
    help: "identity: added where shapes agree, as in the paper; none: left out everywhere (the plain twin)",
    kind: Kind::Word(&["identity", "none"]),
};

/// Is the SE a network is built with there?
pub(super) const BUILT_IN: Field = Field {
    key: "se",
    long: "built_in_se",
    help: "the SE the network is built with: builtin, where no attention is chosen instead of it; none: left out \
           everywhere (+off@PLACES leaves it out in places)",
    kind: Kind::Word(&["builtin", "none"]),
};

/// Are there auxiliary classifiers?
pub(super) const AUXILIARY: Field = Field {
    key: "aux",
    long: "auxiliary_heads",
    help: "classifiers on the way that help in training: their parameters count, inference does not compute them",
    kind: Kind::Word(&["none", "heads"]),
};

/// A field with a word as its default.
pub(super) fn word(field: Field, default: &str) -> Declared {
    Declared { field, default: Value::Word(default.to_owned()) }
}

/// A field with a number as its default.
pub(super) fn number(field: Field, default: usize) -> Declared {
    Declared { field, default: Value::Number(default) }
}

/// The width multiplier an [`Options`] has.
pub(super) fn width_of(options: &Options, default: usize) -> f64 {
    options.number("width", default) as f64 / 100.0
}

/// Attention of a block that has an SE by design: what the plan has, instead of the built-in one, in its place.
pub(super) fn attend_or_built_in(
    lowering: &mut super::Lowering,
    path: &str,
    name: &str,
    built_in: Option<SqueezeExcite>,
    features: NodeId,
) -> NodeId {
    match built_in {
        Some(built_in) if !lowering.attends(path) => built_in.attach(&mut lowering.builder, name, features),
        _ => lowering.within(["", name], |l| l.attend(path, features)),
    }
}

/// What `last` makes of the features (one more convolution, or nothing), their global mean and one linear layer: the
/// head most families end with.
pub(super) fn classifier(
    b: &mut GraphBuilder,
    name: &str,
    classes: usize,
    last: impl FnOnce(&mut GraphBuilder) -> NodeId,
) -> NodeId {
    b.flat_scope(ScopeKind::Head, "head", |b| {
        let features = last(b);
        let pooled = b.head_pool("avgpool", features);
        let flat = b.add("flatten", Op::Flatten, &[pooled]);
        b.classify(name, classes, flat)
    })
}

#[cfg(test)]
mod tests {
    use super::make_divisible;

    #[test]
    fn widths_are_rounded_as_torchvision_does() {
        for (value, want) in [(32.0 * 0.35, 16), (24.0 * 0.35, 8), (72.0 / 4.0, 24), (96.0 / 4.0, 24), (12.0, 16)] {
            assert_eq!(make_divisible(value, 8), want, "{value}");
        }
    }
}
