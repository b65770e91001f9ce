//! The residual network itself, from the shapes of its convolutions: stem, stages, blocks, shortcuts, head.

use super::sizes;
use super::tensors::Tensors;
use crate::network::NetworkSpec;
use crate::network::zoo;

/// What the shapes say. Numbers are channels unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Structure {
    /// Blocks by stage.
    pub(super) blocks: Vec<usize>,
    pub(super) widths: Vec<usize>,
    pub(super) bottleneck: bool,
    pub(super) stem: &'static str,
    stem_width: usize,
    /// `None` where no block changes the shape, so that the choice makes no difference.
    pub(super) shortcut: Option<&'static str>,
    pub(super) groups: usize,
    base_width: usize,
    reduce: usize,
    /// 0 without a classifier.
    classes: usize,
    /// The pooling before it, as far as its width tells.
    head: &'static str,
    image_channels: usize,
}

/// What is not as in any network of the family: the part, and what is wrong with it.
pub(super) type Odd = String;

impl Structure {
    /// Reads it off; `None` if this is no residual network at all.
    pub(super) fn of(tensors: &Tensors) -> Option<Result<Self, Odd>> {
        let blocks = tensors.blocks();
        let has_stem = tensors.has("conv1.weight") || tensors.has("conv1.0.weight");
        (!blocks.is_empty() && has_stem).then(|| Self::read(tensors, blocks))
    }

    fn read(tensors: &Tensors, blocks: Vec<usize>) -> Result<Self, Odd> {
        let size = |name: &str, axis: usize| {
            tensors.size(name, axis).ok_or_else(|| format!("{name} is missing or has too few dimensions"))
        };
        let bottleneck = tensors.has("layer1.0.conv3.weight");
        let last = if bottleneck { "conv3" } else { "conv2" };
        let mut widths = Vec::new();
        for stage in 1..=blocks.len() {
            let out = size(&format!("layer{stage}.0.{last}.weight"), 0)?;
            if bottleneck && out % 4 != 0 {
                return Err(format!("layer{stage}.0.conv3 has {out} channels, a bottleneck's are a multiple of 4"));
            }
            widths.push(if bottleneck { out / 4 } else { out });
        }
        let (stem, stem_width, image_channels) = stem(tensors)?;
        let first = size("layer1.0.conv1.weight", 0)?;
        let inner = size("layer1.0.conv2.weight", 0)?;
        let inners: Option<Vec<usize>> =
            (1..=blocks.len()).map(|stage| tensors.size(&format!("layer{stage}.0.conv2.weight"), 0)).collect();
        let per_group = size("layer1.0.conv2.weight", 1)?;
        let groups = if bottleneck { first.checked_div(per_group).unwrap_or(0).max(1) } else { 1 };
        let base_width = match inners {
            Some(inners) if bottleneck => base_width(&inners, groups, &widths),
            _ => 64,
        };
        let reduce = inner.checked_div(first).unwrap_or(0).max(1);
        let shortcut = shortcut(tensors, &blocks, &widths, bottleneck, stem_width);
        let classes = match (tensors.has("fc.weight"), tensors.part_of_a_head()) {
            (true, _) => size("fc.weight", 0)?,
            (false, None) => 0,
            (false, Some(part)) => {
                return Err(format!(
                    "its classifier has several layers ({part}, ...), and no network here has such a one"
                ));
            }
        };
        let twice = tensors.size("fc.weight", 1) == widths.last().map(|width| width * if bottleneck { 8 } else { 2 });
        Ok(Self {
            blocks,
            widths,
            bottleneck,
            stem,
            stem_width,
            shortcut,
            groups,
            base_width,
            reduce,
            classes,
            head: if twice { "catavgmax" } else { "avg" },
            image_channels,
        })
    }

    /// The spec that says it in the fewest words, without attention.
    pub(super) fn spec(&self) -> Result<NetworkSpec, Odd> {
        let mut problem = None;
        let mut best: Option<(usize, NetworkSpec)> = None;
        for model in zoo::relatives("resnet50") {
            match self.as_model(model) {
                Ok(spec) => {
                    let extras = usize::from(spec.input.is_some()) + usize::from(spec.classes.is_some());
                    let words = spec.options.iter().count() + extras;
                    if best.as_ref().is_none_or(|(fewest, _)| words < *fewest) {
                        best = Some((words, spec));
                    }
                }
                Err(odd) => problem = Some(odd),
            }
        }
        best.map(|(_, spec)| spec).ok_or_else(|| problem.unwrap_or_default())
    }

    fn as_model(&self, model: &str) -> Result<NetworkSpec, Odd> {
        let mut spec = NetworkSpec::of(model);
        let joined = |list: &[usize]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
        let mut set = |name: &str, value: &str| zoo::set_option(&mut spec, name, value);
        set("blocks", &joined(&self.blocks))?;
        set("widths", &joined(&self.widths))?;
        set("block", if self.bottleneck { "bottleneck" } else { "basic" })?;
        set("stem", self.stem)?;
        let stem_width = if self.stem_width == self.widths[0] { 0 } else { self.stem_width };
        set("stem_width", &stem_width.to_string())?;
        if let Some(shortcut) = self.shortcut {
            set("shortcut", shortcut)?;
        }
        set("groups", &self.groups.to_string())?;
        set("base_width", &self.base_width.to_string())?;
        set("reduce", &self.reduce.to_string())?;
        set("classes", &self.classes.to_string())?;
        set("head", self.head)?;
        let side = if self.stem == "cifar" { 32 } else { 224 };
        set("input", &format!("{}x{side}x{side}", self.image_channels))?;
        Ok(spec)
    }

    /// Channels a block of this width puts out.
    pub(super) fn out_channels(&self, width: usize) -> usize {
        if self.bottleneck { width * 4 } else { width }
    }

    /// Channels each stage puts out.
    pub(super) fn outputs(&self) -> Vec<usize> {
        self.widths.iter().map(|width| self.out_channels(*width)).collect()
    }

    /// Is there a bottleneck that strides, so that v1 and v1.5 differ?
    pub(super) fn strides_in_bottlenecks(&self) -> bool {
        self.bottleneck && self.blocks.len() > 1
    }

    /// Are there shortcuts that change shapes without weights?
    pub(super) fn has_free_shortcuts(&self) -> bool {
        self.shortcut == Some("a")
    }
}

/// The stem's kind, the channels it puts out and the image's.
fn stem(tensors: &Tensors) -> Result<(&'static str, usize, usize), Odd> {
    let deep = ["conv1.0.weight", "conv1.3.weight", "conv1.6.weight"].map(|name| tensors.shape(name));
    if let [Some(&[first, image, ..]), Some(&[second, ..]), Some(&[third, ..])] = deep {
        return Ok((if first == second { "deep" } else { "tiered" }, third, image));
    }
    match tensors.shape("conv1.weight") {
        Some(&[out, image, 7, 7]) => Ok(("imagenet", out, image)),
        Some(&[out, image, 3, 3]) => Ok(("cifar", out, image)),
        Some(other) => Err(format!("conv1 is {}, a stem's first convolution is 7×7 or 3×3", sizes(other))),
        None => Err("the stem has neither one convolution nor three".to_owned()),
    }
}

/// The smallest `base_width` that gives `⌊width · base_width / 64⌋ · groups` inner channels in every stage.
fn base_width(inners: &[usize], groups: usize, widths: &[usize]) -> usize {
    let least = |(inner, width): (&usize, &usize)| (inner / groups).saturating_mul(64).div_ceil((*width).max(1));
    inners.iter().zip(widths).map(least).max().unwrap_or(64).max(1)
}

fn shortcut(
    tensors: &Tensors,
    blocks: &[usize],
    widths: &[usize],
    bottleneck: bool,
    stem_width: usize,
) -> Option<&'static str> {
    let mut channels = stem_width;
    let (mut any_reshape, mut projected, mut everywhere, mut pooled, mut wide) = (false, false, false, false, false);
    for (stage, (&count, &width)) in blocks.iter().zip(widths).enumerate() {
        let out = if bottleneck { width * 4 } else { width };
        for block in 0..count {
            let reshapes = channels != out || (block == 0 && stage > 0);
            let name = format!("layer{}.{block}.downsample", stage + 1);
            let first = tensors.shape(&format!("{name}.0.weight"));
            let is_pooled = tensors.shape(&format!("{name}.1.weight")).is_some_and(|shape| shape.len() == 4);
            any_reshape |= reshapes;
            pooled |= is_pooled;
            wide |= first.is_some_and(|shape| shape.get(2) == Some(&3));
            projected |= is_pooled || first.is_some();
            everywhere |= first.is_some() && !reshapes;
            channels = out;
        }
    }
    match () {
        () if pooled => Some("pool"),
        () if wide => Some("3x3"),
        () if everywhere => Some("c"),
        () if projected => Some("b"),
        () if any_reshape => Some("a"),
        () => None,
    }
}
