//! Names of architectures, as files and people write them, and what follows from each.

use super::doubt::OptionValue;
use super::rules::NAMES;
use crate::network::NetworkSpec;
use crate::network::zoo;
use crate::network::{parse, synonyms};

/// Options that no tensor shows: all that a name can say beside the tensors.
pub(super) const UNSEEN: [&str; 10] =
    ["padding", "eps", "act", "aa", "output_stride", "head", "transform_input", "stride", "pool", "branch"];

/// A name that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The name, as it was written.
    pub(super) name: String,
    /// The family of networks it is of, where this program has it.
    pub(super) family: Option<&'static str>,
    /// What follows from it of options that no tensor shows.
    pub(super) settings: Vec<OptionValue>,
}

/// What the name of an architecture says; `None` if it says nothing here.
pub(super) fn architecture(written: &str) -> Option<Known> {
    let name = bare(written);
    let spec = meant(&name);
    let mut settings: Vec<OptionValue> = Vec::new();
    let rows = NAMES.iter().filter(|(pattern, _)| matches(pattern, &name)).flat_map(|(_, pairs)| *pairs);
    for (option, value) in rows {
        settings.push(OptionValue::new(option, value));
    }
    let matched = !settings.is_empty();
    for (option, value) in spec.iter().flat_map(|spec| spec.options.iter()) {
        if UNSEEN.contains(&option) && !settings.iter().any(|known| known.option == option) {
            settings.push(OptionValue::new(option, &value.to_string()));
        }
    }
    let family = spec.as_ref().and_then(|spec| zoo::find(&spec.model)).map(|(family, _)| family.card().title);
    (matched || spec.is_some()).then(|| Known { name: written.trim().to_owned(), family, settings })
}

/// The first name of an architecture that stands in another name, at its words: `resnetaa50` in
/// `20230101-resnetaa50-224`.
pub(super) fn named_in(text: &str) -> Option<Known> {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric() && c != '_').find_map(|piece| {
        let words: Vec<&str> = piece.split('_').collect();
        let spans = (0..words.len()).flat_map(|from| (from + 1..=words.len()).rev().map(move |to| (from, to)));
        let name = |(from, to): (usize, usize)| words[from..to].join("_");
        let whole = NAMES.iter().any(|(pattern, _)| matches(pattern, piece));
        let names: Vec<String> = spans.map(name).filter(|name| name.chars().any(char::is_alphabetic)).collect();
        let is_own = |name: &&String| parse(name).is_ok();
        let known = names.iter().find(is_own).or_else(|| names.iter().find(|name| is_row(name)));
        let known = known.and_then(|name| architecture(name));
        match known {
            // What stands behind a network's name may say more of it: `resnet50_os16`.
            Some(known) if whole => Some(Known { settings: architecture(piece)?.settings, ..known }),
            Some(known) => Some(known),
            None if whole => architecture(piece),
            None => None,
        }
    })
}

/// Does a row of the table that begins with a name begin so?
fn is_row(name: &str) -> bool {
    NAMES.iter().any(|(pattern, _)| !pattern.starts_with('*') && matches(pattern, name))
}

/// Does it look like the name of an architecture, and not like a sentence, a path or a class?
pub(super) fn looks_like_one(name: &str) -> bool {
    let name = name.trim();
    !name.is_empty()
        && name.len() <= 64
        && name.chars().any(char::is_alphabetic)
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-./".contains(c))
        && !["none", "true", "false", "auto", "model", "net"].contains(&name)
}

/// Lower case, without an owner in front and a training's tag behind: `timm/resnet50.a1_in1k`.
fn bare(written: &str) -> String {
    let name = written.trim().to_lowercase();
    let name = name.rsplit(['/', ':']).next().unwrap_or_default();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// The network of this program that a name means.
fn meant(name: &str) -> Option<NetworkSpec> {
    if let Ok(spec) = parse(name) {
        return Some(spec);
    }
    let names = zoo::model_names();
    let found = synonyms::exact(name, &names).and_then(|found| parse(found).ok());
    let attended = || synonyms::attended(name, &crate::network::attention::names(), &names);
    found.or_else(|| parse(&attended()?).ok()).or_else(|| family_of(name))
}

/// A name that is a family's own, without a size: `resnet`.
fn family_of(name: &str) -> Option<NetworkSpec> {
    let family = zoo::FAMILIES.iter().find(|family| family.card().title.eq_ignore_ascii_case(name))?;
    family.models().first().map(|model| NetworkSpec::of(model.name))
}

/// Is it this pattern? `*` is anything.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, inner)) = parts.split_last() else { return rest.is_empty() };
    for part in inner {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_no_tensor_shows() {
        for (name, want) in [
            ("resnetaa50", "aa=avg"),
            ("timm/resnetaa101d.sw_in12k", "aa=avg"),
            ("seresnextaa101d_32x8d", "aa=avg"),
            ("resnetblur50", "aa=blur"),
            ("tf_efficientnet_b0.ns_jft_in1k", "padding=same eps=1e-3"),
            ("tf_efficientnet_lite0", "padding=same eps=1e-3 act=relu6"),
            ("tf_mobilenetv3_large_100", "padding=same eps=1e-3"),
            ("efficientnet_lite0", "act=relu6"),
            ("resnet50", ""),
            ("resnet", ""),
            ("se_resnet50", ""),
            ("cbam_resnet50", ""),
        ] {
            let known = architecture(name).unwrap_or_else(|| panic!("{name} is not known"));
            let said: Vec<String> = known.settings.iter().map(ToString::to_string).collect();
            assert_eq!(said.join(" "), want, "{name}");
        }
        assert!(architecture("convnext_tiny").is_none() && architecture("my_net").is_none());
    }

    #[test]
    fn a_name_is_found_in_a_longer_one() {
        let name = |text: &str| named_in(text).map(|known| known.name);
        assert_eq!(name("checkpoint-resnet50d-v2").as_deref(), Some("resnet50d"));
        assert_eq!(name("best_resnetaa50_small").as_deref(), Some("resnetaa50"));
        for text in ["model_best", "weights", "8x8", "", "elite", "12"] {
            assert_eq!(name(text), None, "{text}");
        }
        let dilated = named_in("resnet50_output_stride16_small").expect("known");
        assert_eq!(dilated.settings, [OptionValue::new("output_stride", "16")]);
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, want) in [
            ("tf_*", "tf_efficientnet", true),
            ("tf_*", "xtf_", false),
            ("*aa*", "resnetaa50", true),
            ("*resne*t*_os8*", "resnext50_os8", true),
            ("*resne*t*_os8*", "resnext50", false),
            ("tf_*lite", "tf_lite0", false),
            ("a", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), want, "{pattern} {name}");
        }
    }
}
