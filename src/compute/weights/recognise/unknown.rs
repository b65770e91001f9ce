//! What a file seems to be when it is no network known here.

use crate::compute::weights::checkpoint::fault::shown;

/// What to do about it.
pub(super) const ADVICE: &str = "`gatescope weights FILE` lists its tensors, and a network can be given by name";
/// Names shown.
const SHOWN: usize = 3;

/// Parts of names, and the networks that have them.
const MARKS: [(&str, &str); 20] = [
    ("model.diffusion_model.", "a diffusion model"),
    ("lora_", "a LoRA, a change to another network's weights"),
    ("text_model.", "a CLIP or text model"),
    ("self_attn.", "a language model"),
    ("bert.", "a BERT language model"),
    ("transformer.", "a transformer"),
    ("patch_embed.", "a vision transformer"),
    ("blocks.0.attn", "a vision transformer"),
    ("resnet.encoder.stages", "a ResNet of the transformers library, whose names are not read yet"),
    ("stages.0.blocks", "a ConvNeXt, RegNet or another network of timm's"),
    ("features.denseblock", "a DenseNet"),
    ("Mixed_5b", "an Inception network"),
    ("inception3a", "GoogLeNet"),
    ("denselayer", "a DenseNet"),
    ("trunk_output", "a RegNet"),
    ("stage2.0.branch", "a ShuffleNet"),
    ("conv_dw", "a MobileNet or EfficientNet of timm's"),
    ("features.0.0", "a MobileNet or EfficientNet"),
    ("features.0", "a VGG, AlexNet or SqueezeNet"),
    ("classifier.6", "a VGG or AlexNet"),
];

/// What names and shapes look like, the first of them, and what to do.
pub(super) fn describe(named: &[(&str, &[usize])]) -> String {
    let seems = MARKS.iter().find(|(mark, _)| named.iter().any(|(name, _)| name.contains(mark)));
    let has_stages = named.iter().any(|(name, _)| name.starts_with("layer1."));
    let what = match seems {
        Some((_, what)) => format!("seems to be {what}, and not in a form this program knows"),
        None if has_stages => "has stages like a ResNet, but no stem (conv1) as one".to_owned(),
        None => "no network this program recognises (`gatescope list` shows which there are)".to_owned(),
    };
    let mut first: Vec<String> = named.iter().take(SHOWN).map(|(name, _)| shortened(name)).collect();
    if named.len() > SHOWN {
        first.push("...".to_owned());
    }
    format!("{what}; its first tensors are {}; {ADVICE}", first.join(", "))
}

/// A name from a file: on one line, and not longer than one reads.
fn shortened(name: &str) -> String {
    shown(name)
}
