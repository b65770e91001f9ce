//! What other libraries call a network or an option: found however it is spelt, so that a message can say our name.

use super::options::Declared;
use super::suggest;

/// Letters and digits in lower case: `SE-ResNet_50`, `seResNet50` and `se_resnet50` are the same.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Names of networks that letters alone do not lead to.
const NETWORKS: &[(&str, &str)] = &[
    ("senet50", "seresnet50"),
    ("senet101", "seresnet101"),
    ("senet152", "seresnet152"),
    ("sknet50", "skresnet50"),
    ("wrn502", "wide_resnet50_2"),
    ("wrn1012", "wide_resnet101_2"),
    ("inceptionv1", "googlenet"),
    ("inceptionv2", "bn_inception"),
    ("inception1", "googlenet"),
    ("mobilenet", "mobilenet_v1"),
    ("mobilenetv3", "mobilenet_v3_large"),
];

/// Where a library is named before a model, and what is said behind it of widths and training. `tf_` is none of them:
/// those networks pad otherwise and have another ε.
const LIBRARIES: &[&str] = &["timm/", "torchvision/", "tv_", "gluon_", "ssl_", "swsl_"];
const TRAININGS: &[&str] = &["_100", "_in1k", "_in21k", "_imagenet", "_cifar10", "_cifar100", "_cifar"];

/// What to say of a name that would be TensorFlow's form of a network known here: the same tensors, another arithmetic.
#[must_use]
pub fn of_tensorflow(typed: &str, known: &[&str]) -> Option<String> {
    let name = typed.to_lowercase();
    let found = exact(name.strip_prefix("tf_")?, known)?;
    Some(format!("{found} has the same tensors, but TensorFlow pads otherwise: write {found}(eps=1e-3,padding=same)"))
}

/// The known network that a name means in other letters, or in another library.
#[must_use]
pub fn exact<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = stripped(typed);
    let wanted = bare(&name);
    let same = |name: &str| known.iter().copied().find(|known| bare(known) == bare(name));
    let other = || NETWORKS.iter().find(|(theirs, _)| *theirs == wanted).and_then(|(_, ours)| same(ours));
    same(&name).or_else(other)
}

/// The known networks that a name most likely means, the likeliest first; empty where nothing is near.
#[must_use]
pub fn networks<'a>(typed: &str, known: &[&'a str]) -> Vec<&'a str> {
    if let Some(found) = exact(typed, known) {
        return vec![found];
    }
    let wanted = bare(&stripped(typed));
    let begun: Vec<&str> = known.iter().copied().filter(|known| begins(known, &wanted)).take(3).collect();
    if !begun.is_empty() {
        return begun;
    }
    let near =
        suggest::nearest(&wanted, known.iter().copied()).or_else(|| suggest::nearest(typed, known.iter().copied()));
    near.into_iter().collect()
}

/// Does a known name go on after what was typed, at a `_`? `resnext50` begins `resnext50_32x4d`.
fn begins(known: &str, wanted: &str) -> bool {
    !wanted.is_empty() && known.match_indices('_').any(|(at, _)| bare(&known[..at]) == wanted)
}

fn stripped(typed: &str) -> String {
    let mut name = typed.to_lowercase();
    if let Some((model, _)) = name.split_once('.') {
        name = model.to_owned();
    }
    for library in LIBRARIES {
        name = name.strip_prefix(library).unwrap_or(&name).to_owned();
    }
    for training in TRAININGS {
        name = name.strip_suffix(training).unwrap_or(&name).to_owned();
    }
    name
}

/// A network with an attention's name before or behind it: `cbam_resnet50`, `resnet50-se`.
#[must_use]
pub fn attended(typed: &str, attentions: &[&str], known: &[&str]) -> Option<String> {
    let name = stripped(typed);
    let parted = |c: char| "_- ".contains(c);
    let cut = |block: &&str| {
        let behind = name.strip_prefix(*block).map(|rest| rest.trim_start_matches(parted));
        let before = name.strip_suffix(*block).filter(|rest| rest.ends_with(parted));
        let rest = behind.or_else(|| before.map(|rest| rest.trim_end_matches(parted)))?;
        let network = known.iter().find(|known| bare(known) == bare(rest))?;
        Some(format!("{network}+{block}"))
    };
    attentions.iter().find_map(cut)
}

/// Other libraries' names of options, and ours; of several the first that there is.
const OPTIONS: &[(&[&str], &[&str])] = &[
    (&["numclasses", "nclasses", "nbclasses", "numlabels", "nclass", "numclass", "outfeatures"], &["classes"]),
    (&["imgsize", "imagesize", "inputsize", "size", "resolution", "inputshape", "res"], &["input"]),
    (&["reductionratio", "reduction", "seratio", "rdratio", "ratio", "reductionrate", "sereduction", "rd"], &["r"]),
    (&["kernelsize", "kernel", "ksize", "kernelsizes", "spatialkernel"], &["k"]),
    (&["cardinality", "numgroups", "group"], &["groups"]),
    (&["widthpergroup", "basewidths", "bottleneckwidth"], &["base_width"]),
    (&["layers", "numblocks", "depths", "blocksizes", "numlayers"], &["blocks"]),
    (&["planes", "filters", "numfilters", "channelsperstage", "hiddensizes"], &["widths"]),
    (&["widthmult", "widthmultiplier", "multiplier", "alpha", "depthmultiplier"], &["width", "mult"]),
    (&["outputstride", "dilation", "dilated", "replacestridewithdilation", "os"], &["output_stride", "dilation"]),
    (&["epsilon", "bneps", "normeps", "bnepsilon"], &["eps"]),
    (&["padtype", "padding", "paddingmode"], &["padding", "pad"]),
    (&["actlayer", "activation", "act", "nonlinearity"], &["act", "activation"]),
    (&["aalayer", "antialias", "antialiasing", "blurpool"], &["aa"]),
    (&["globalpool", "pooling", "headpool"], &["head_pool", "head", "pool"]),
    (&["stemtype"], &["stem"]),
    (&["blocktype"], &["block"]),
    (&["downsampletype", "shortcuttype"], &["shortcut"]),
    (&["numpaths", "numsplits"], &["radix"]),
];

const CHANNELS: &[&str] = &["inchans", "inchannels", "inputchannels", "channels", "inch", "inplanes", "numchannels"];
const WEIGHTS: &[&str] = &["pretrained", "weights", "checkpoint", "checkpointpath", "ckpt"];

/// What to write instead of an unknown option, value included: `did you mean classes=10?`; `None` where no other
/// library has it either. `input` is the network's own where it has one.
#[must_use]
pub fn option(name: &str, value: &str, keys: &[&str], input: Option<[usize; 3]>) -> Option<String> {
    let wanted = bare(name);
    if let Some([_, height, width]) = input.filter(|_| CHANNELS.contains(&wanted.as_str())) {
        return Some(format!("did you mean input={value}x{height}x{width}?"));
    }
    if input.is_some() && WEIGHTS.contains(&wanted.as_str()) {
        return Some("weights are a file of their own: gatescope inspect SPEC --weights FILE".to_owned());
    }
    let same = keys.iter().find(|key| bare(key) == wanted);
    let ours = || {
        let (_, ours) = OPTIONS.iter().find(|(theirs, _)| theirs.contains(&wanted.as_str()))?;
        ours.iter().find(|ours| keys.contains(ours))
    };
    let key = *same.or_else(ours)?;
    let value = whole(value).filter(|_| key == "r").unwrap_or_else(|| value.to_owned());
    Some(format!("did you mean {key}={value}?"))
}

/// The same for the options declared here.
#[must_use]
pub fn declared_option(name: &str, value: &str, declared: &[Declared]) -> Option<String> {
    let keys: Vec<&str> = declared.iter().map(|declared| declared.field.key).collect();
    option(name, value, &keys, None)
}

/// What a fraction divides by: 16 of `1/16` and of `0.0625`.
#[must_use]
pub fn whole(fraction: &str) -> Option<String> {
    let ratio = match fraction.split_once('/') {
        Some((one, by)) => one.trim().parse::<f64>().ok()? / by.trim().parse::<f64>().ok()?,
        None => fraction.parse().ok()?,
    };
    let by = 1.0 / ratio;
    let is_whole = ratio > 0.0 && ratio < 1.0 && by < 4097.0 && (by - by.round()).abs() < 1e-6 * by;
    is_whole.then(|| format!("{}", by.round()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_says_what_it_divides_by() {
        for (text, want) in [("1/16", Some("16")), ("0.25", Some("4")), ("0.0625", Some("16"))] {
            assert_eq!(whole(text).as_deref(), want, "{text}");
        }
        for text in ["16", "0", "1/0", "0/1", "-1/4", "0.3", "1/x", "", "nan", "1e-300"] {
            assert_eq!(whole(text), None, "{text}");
        }
    }
}
