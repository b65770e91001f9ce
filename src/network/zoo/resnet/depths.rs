//! Section 4.2 of the ResNet paper at any depth: 6n + 2 layers, three stages of n basic blocks, on CIFAR.
//!
//! Depths that ImageNet's networks have too (26, 50, 152, 200) mean those.

use std::sync::LazyLock;

use super::presets::{PRESETS, Preset, cifar};

/// The most blocks a stage may have, as of any other network.
const MAX_BLOCKS: usize = 512;
/// The two kinds, and what their shortcuts are.
const KINDS: [(&str, &str, &str); 2] =
    [("resnet", "CIFAR, 6n + 2 layers", "a"), ("plain", "CIFAR, 6n + 2 layers without shortcuts", "none")];

/// Every depth that is not in the list. The names are made once and stay for the program's life.
static DEPTHS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    let all = KINDS.iter().flat_map(|kind| (1..=MAX_BLOCKS).map(move |blocks| (kind, blocks)));
    let is_new = |name: &str| PRESETS.iter().all(|preset| preset.name != name);
    let preset = |((kind, summary, shortcut), blocks): (&(&str, &'static str, &'static str), usize)| {
        let name = format!("{kind}{}", depth(blocks));
        is_new(&name).then(|| cifar(name.leak(), summary, vec![blocks; 3].leak(), shortcut))
    };
    all.filter_map(preset).collect()
});

const fn depth(blocks: usize) -> usize {
    6 * blocks + 2
}

/// The network of this name, `resnet1202`, in any letter case.
pub(super) fn find(name: &str) -> Option<&'static Preset> {
    numbered(name)?;
    DEPTHS.iter().find(|preset| preset.name.eq_ignore_ascii_case(name))
}

/// The kind and the number in a name.
fn numbered(name: &str) -> Option<(&'static str, usize)> {
    let is_kind = |kind: &str| name.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind));
    let (kind, ..) = KINDS.iter().find(|(kind, ..)| is_kind(kind))?;
    let digits = name[kind.len()..].parse().ok()?;
    Some((kind, digits))
}

/// What to say of a depth beyond the listed ones that is none: the next one that is.
pub(super) fn hint(name: &str) -> Option<String> {
    const LISTED: usize = 210;
    let (kind, wanted) = numbered(name).filter(|(_, wanted)| *wanted > LISTED)?;
    let blocks = (wanted.saturating_add(1) / 6).min(MAX_BLOCKS);
    Some(format!("CIFAR depths are 6n + 2 up to {}: did you mean {kind}{}?", depth(MAX_BLOCKS), depth(blocks)))
}
