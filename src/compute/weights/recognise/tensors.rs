//! The names and shapes of a file, under the names torchvision would give them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A tensor's name in the file and its shape.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
}

/// Tensors by torchvision's names, and which spellings were met on the way.
pub(super) struct Tensors {
    known: BTreeMap<String, Known>,
    /// Names of the file that were spelt otherwise.
    pub(super) spellings: BTreeSet<&'static str>,
    used: RefCell<BTreeSet<String>>,
}

/// The classifier's names: torchvision and timm, timm's legacy networks, CIFAR repositories, detectors.
const HEADS: [&str; 9] =
    ["fc", "last_linear", "linear", "classifier", "head.fc", "fc.1", "head", "classifier.1", "head.1"];

impl Tensors {
    /// Takes in names and shapes; counters of training steps are left out.
    pub(super) fn of<'a>(tensors: impl Iterator<Item = (&'a str, &'a [usize])>) -> Self {
        let all: Vec<(&str, &[usize])> = tensors.filter(|(name, _)| !name.ends_with("num_batches_tracked")).collect();
        let has = |wanted: &str| all.iter().any(|(name, _)| *name == wanted);
        let is_deep = has("layer0.conv3.weight");
        let head = HEADS.iter().find(|head| has(&format!("{head}.weight"))).copied();
        let mut spellings = BTreeSet::new();
        let mut known = BTreeMap::new();
        for (name, shape) in all {
            let ours = translated(name, is_deep, head, &mut spellings);
            known.insert(ours, Known { name: name.to_owned(), shape: shape.to_vec() });
        }
        Self { known, spellings, used: RefCell::default() }
    }

    /// The shape of a tensor.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.known.get(name).map(|known| known.shape.as_slice())
    }

    /// One of its sizes.
    pub(super) fn size(&self, name: &str, axis: usize) -> Option<usize> {
        self.shape(name)?.get(axis).copied()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// A tensor that is given a place in the network.
    pub(super) fn take(&self, name: &str) -> Option<&Known> {
        let known = self.known.get(name)?;
        self.used.borrow_mut().insert(name.to_owned());
        Some(known)
    }

    /// Tensors that have no place in the network.
    pub(super) fn left_over(&self) -> Vec<&Known> {
        let used = self.used.borrow();
        self.known.iter().filter(|(name, _)| !used.contains(*name)).map(|(_, known)| known).collect()
    }

    /// A tensor that looks like a part of a classifier of several layers: `fc.0.weight`.
    pub(super) fn part_of_a_head(&self) -> Option<&str> {
        let is_head = |name: &str| HEADS.iter().any(|head| name.split('.').next() == Some(head));
        let names = self.known.values().map(|known| known.name.as_str());
        names.into_iter().find(|name| is_head(name) && name.ends_with(".weight"))
    }

    /// Block counts by stage: `layer1` first, blocks from 0 without gaps.
    pub(super) fn blocks(&self) -> Vec<usize> {
        let has_block = |stage: usize, block: usize| self.has(&format!("layer{stage}.{block}.conv1.weight"));
        let most = self.known.len();
        (1..=most)
            .map(|stage| (0..most).take_while(|block| has_block(stage, *block)).count())
            .take_while(|blocks| *blocks > 0)
            .collect()
    }

    /// Everything inside a part: names there, with their shapes.
    pub(super) fn inside<'a>(&'a self, part: &str) -> impl Iterator<Item = (&'a str, &'a [usize])> {
        let prefix = format!("{part}.");
        let from = self.known.range(prefix.clone()..);
        from.map_while(move |(name, known)| Some((name.strip_prefix(&prefix)?, known.shape.as_slice())))
    }

    /// What a block has besides its branch and its shortcut: names inside the block with their shapes.
    pub(super) fn extras(&self, block: &str) -> BTreeMap<&str, &[usize]> {
        let extras = self.inside(block).filter(|(name, _)| {
            let module = name.split('.').next().unwrap_or_default();
            !is_branch(module) && module != "downsample"
        });
        extras.collect()
    }
}

fn is_branch(module: &str) -> bool {
    let digits = module.strip_prefix("conv").or_else(|| module.strip_prefix("bn"));
    digits.is_some_and(|digits| matches!(digits, "1" | "2" | "3"))
}

/// A name as torchvision has it (timm, for deep stems).
fn translated(name: &str, is_deep: bool, head: Option<&str>, spellings: &mut BTreeSet<&'static str>) -> String {
    if let Some(rest) = name.strip_prefix("layer0.") {
        spellings.insert("layer0");
        return legacy_stem(rest, is_deep);
    }
    if let Some(rest) = head.and_then(|head| name.strip_prefix(head)).and_then(|rest| rest.strip_prefix('.')) {
        match head {
            Some("last_linear") => spellings.insert("last_linear"),
            Some("linear") => spellings.insert("linear"),
            _ => false,
        };
        return format!("fc.{rest}");
    }
    let parts: Vec<&str> = name.splitn(4, '.').collect();
    if let [stage, block, "shortcut", rest] = parts[..]
        && stage.starts_with("layer")
    {
        spellings.insert("shortcut");
        return format!("{stage}.{block}.downsample.{rest}");
    }
    name.to_owned()
}

/// The stem of timm's legacy networks: one convolution, or SENet-154's three.
fn legacy_stem(rest: &str, is_deep: bool) -> String {
    let (module, role) = rest.split_once('.').unwrap_or((rest, ""));
    let ours = match module {
        "conv1" if is_deep => "conv1.0",
        "bn1" if is_deep => "conv1.1",
        "conv2" => "conv1.3",
        "bn2" => "conv1.4",
        "conv3" => "conv1.6",
        "bn3" => "bn1",
        other => other,
    };
    format!("{ours}.{role}")
}
