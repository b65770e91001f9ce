//! What was recognised, in words: whose names they are, what follows from that, what stays open.

use std::collections::BTreeSet;

use super::doubt::{Alternative, Doubt, OptionValue, Standing};
use super::gates::Maker;
use super::structure::Structure;
use super::tensors::Tensors;
use crate::network::NetworkSpec;
use crate::network::attention::Attention;

/// Whose names a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// torchvision's, which most repositories keep.
    Torchvision,
    /// timm's.
    Timm,
    /// timm's legacy networks: ports of the Caffe SENet release.
    TimmLegacy,
    /// The official CBAM repository's.
    OfficialCbam,
    /// A CIFAR repository's: three stages, or a 3×3 stem.
    Cifar,
    /// The SENet release's Caffe names.
    SenetRelease,
    /// torchvision's names with attention as many repositories write it.
    Common,
    /// The file was trained by this program, and says which network it is of.
    Own,
}

impl Dialect {
    pub(super) fn of(tensors: &Tensors, stem: &str, makers: &BTreeSet<Maker>) -> Self {
        let spelt = |spelling: &str| tensors.spellings.contains(spelling);
        match () {
            // `se_module` alone is not enough: others call it so under torchvision's stem.
            () if spelt("layer0") => Self::TimmLegacy,
            () if stem == "cifar" => Self::Cifar,
            () if makers.contains(&Maker::Common) || makers.contains(&Maker::Legacy) => Self::Common,
            () if makers.contains(&Maker::Official) => Self::OfficialCbam,
            () if makers.contains(&Maker::Timm) || stem != "imagenet" => Self::Timm,
            () => Self::Torchvision,
        }
    }

    /// In a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Torchvision => "torchvision",
            Self::Timm => "timm",
            Self::TimmLegacy => "timm legacy",
            Self::OfficialCbam => "official CBAM",
            Self::Cifar => "CIFAR",
            Self::SenetRelease => "the SENet release",
            Self::Common => "common re-implementation",
            Self::Own => "gatescope",
        }
    }

    /// Options that no tensor shows, but that the dialect's code has.
    pub(super) fn options(self, structure: &Structure) -> Vec<(&'static str, &'static str)> {
        if self != Self::TimmLegacy || structure.stem == "cifar" {
            return Vec::new();
        }
        let mut options = vec![("pool", "ceil")];
        // SE-ResNeXt and SENet-154 stride on the 3×3.
        if structure.strides_in_bottlenecks() && structure.groups == 1 {
            options.push(("stride", "v1"));
        }
        if !structure.bottleneck {
            options.push(("branch", "relu"));
        }
        options
    }
}

/// What was recognised, sentence by sentence.
pub(super) fn verdict(
    spec: &NetworkSpec,
    structure: &Structure,
    dialect: Dialect,
    tensors: &Tensors,
    makers: &BTreeSet<Maker>,
) -> Vec<String> {
    let mut sentences = vec![dialect_sentence(structure, dialect, tensors)];
    sentences.extend(attention_sentences(spec, makers));
    sentences
}

/// A sentence for each kind of attention.
pub(super) fn attention_sentences(spec: &NetworkSpec, makers: &BTreeSet<Maker>) -> Vec<String> {
    let mut kinds: Vec<&Attention> = Vec::new();
    let choices = spec.attention.overrides().filter_map(|(_, choice)| choice);
    for attention in spec.attention.default_choice().into_iter().chain(choices) {
        let is_new = |known: &&Attention| {
            known.name() == attention.name()
                && known.options().word("variant", "") == attention.options().word("variant", "")
        };
        if !kinds.iter().any(is_new) {
            kinds.push(attention);
        }
    }
    kinds.into_iter().map(|attention| attention_sentence(attention, makers)).collect()
}

fn dialect_sentence(structure: &Structure, dialect: Dialect, tensors: &Tensors) -> String {
    match dialect {
        Dialect::Torchvision => "the names are torchvision's: bottlenecks stride on the 3×3 (v1.5)".to_owned(),
        Dialect::Timm => "the names are timm's: bottlenecks stride on the 3×3 (v1.5)".to_owned(),
        Dialect::OfficialCbam => {
            "the names are the official CBAM repository's: bottlenecks stride on the 3×3 (v1.5)".to_owned()
        }
        Dialect::TimmLegacy => {
            let stride = match (structure.bottleneck, structure.groups) {
                (true, 1) => "stride on the first 1×1 (v1)",
                (true, _) => "stride on the 3×3",
                (false, _) => "a ReLU more at the end of each branch",
            };
            format!("the names are timm's legacy ones, ports from Caffe: {stride}, stem pool unpadded and rounded up")
        }
        Dialect::Cifar => match tensors.spellings.contains("linear") {
            true => "a CIFAR network: 3×3 stem without pooling, the classifier is called linear".to_owned(),
            false => "a CIFAR network: 3×3 stem without pooling".to_owned(),
        },
        Dialect::SenetRelease => "the names are the SENet release's".to_owned(),
        Dialect::Common => "the names are torchvision's with attention as many repositories write it".to_owned(),
        Dialect::Own => "trained by gatescope".to_owned(),
    }
}

fn attention_sentence(attention: &Attention, makers: &BTreeSet<Maker>) -> String {
    let title = attention.block().card().title;
    let default = if attention.name() == "se" { "timm" } else { "official" };
    let variant = attention.options().word("variant", default);
    let details = match (attention.name(), variant) {
        ("se", "nobias") => "two layers without biases",
        ("se", "floor") => "two layers with biases, widths rounded down",
        ("se", _) if makers.contains(&Maker::Timm) => "timm's, widths in multiples of 8",
        ("se", _) => "two layers with biases, widths in multiples of 8",
        ("eca", _) => return format!("attention is {title}: one 1-D convolution along the channels"),
        ("bam", _) => return format!("attention is {title}: the released code's names, between stages"),
        (name, _) if !["se", "cam", "sam", "cbam"].contains(&name) => {
            return format!("attention is {title} ({}), named as in timm", attention.block().card().long);
        }
        ("cam", "official") => "the official code's, biases in the MLP",
        ("cam", "timm") => "timm's, no biases",
        ("cam", _) => "no biases in the MLP",
        (_, "official") => "the official code's, maximum before mean",
        (_, "timm") => "timm's, mean before maximum",
        _ => "mean before maximum, no BatchNorm in the spatial gate",
    };
    format!("attention is {title}: {details}; loaded as variant {variant}")
}

/// What the tensors leave open.
pub(super) fn doubts(structure: &Structure, dialect: Dialect, makers: &BTreeSet<Maker>) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if makers.contains(&Maker::Legacy) && dialect == Dialect::Common {
        doubts.push(legacy_doubt(structure));
    }
    let is_foreign = makers.contains(&Maker::Common) || dialect == Dialect::Cifar;
    if structure.strides_in_bottlenecks() && is_foreign && dialect != Dialect::TimmLegacy {
        let reason = "both strides of a bottleneck have the same tensors, and these names are not one library's alone";
        doubts.push(Doubt::between("stride", ["v1.5", "v1"], reason));
    }
    if structure.has_free_shortcuts() {
        let reason = "zero-padded shortcuts (option A) and none at all both have no tensors";
        doubts.push(Doubt::between("shortcut", ["a", "none"], reason));
    }
    doubts
}

/// `se_module` is timm's legacy name, under a stem that timm's legacy networks do not have.
fn legacy_doubt(structure: &Structure) -> Doubt {
    let assumed: &[(&str, &str)] = match (structure.bottleneck, structure.groups) {
        (true, 1) => &[("pool", "pad"), ("stride", "v1.5")],
        (true, _) => &[("pool", "pad")],
        (false, _) => &[("pool", "pad"), ("branch", "bn")],
    };
    let legacy: Vec<(&str, &str)> = assumed
        .iter()
        .map(|(option, _)| match *option {
            "pool" => ("pool", "ceil"),
            "stride" => ("stride", "v1"),
            other => (other, "relu"),
        })
        .collect();
    let settings = OptionValue::all(&legacy);
    Doubt {
        assumed: OptionValue::all(assumed),
        alternatives: vec![Alternative { what: "timm's legacy networks".to_owned(), settings }],
        reason: "the attention is called se_module as in timm's legacy networks, the stem as in torchvision's"
            .to_owned(),
        standing: Standing::Asked,
    }
}
