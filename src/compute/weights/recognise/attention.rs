//! From the gates of every block to an attention plan: variants, and the reduction that explains every width.

use std::collections::BTreeMap;

use super::gates::{Gates, Maker, Mlp, SpatialConv};
use super::structure::Odd;
use super::whole;
use crate::network::attention::{Attention, cam_width, eca_kernel, se_width};
use crate::network::options::Value;

/// The largest reduction looked for.
const MAX_REDUCTION: usize = 4096;
/// The usual reduction is tried first.
const USUAL: usize = 16;

/// A block with its gates.
pub(super) struct Attended {
    /// Its path: `layer3.2`.
    pub(super) block: String,
    /// Channels the gates see.
    pub(super) channels: usize,
    pub(super) gates: Gates,
}

/// A chosen attention, and where its tensors are: names in the graph and in the file, inside the block.
pub(super) struct Chosen {
    pub(super) attention: Attention,
    pub(super) names: Vec<(String, String)>,
    pub(super) maker: Maker,
}

/// What blocks of one kind have in common: kind and possible variants.
type Group = (&'static str, Vec<&'static str>);

/// Chooses the attention of every block: one reduction for all blocks of a kind where one explains them all.
pub(super) fn choose(blocks: &[Attended]) -> Result<Vec<Chosen>, Odd> {
    let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
    for (index, block) in blocks.iter().enumerate() {
        groups.entry(group(block)?).or_default().push(index);
    }
    let mut chosen: BTreeMap<usize, Chosen> = BTreeMap::new();
    for ((kind, variants), members) in groups {
        let members: Vec<(usize, &Attended)> = members.into_iter().map(|index| (index, &blocks[index])).collect();
        let all: Vec<&Attended> = members.iter().map(|(_, block)| *block).collect();
        if all.iter().all(|block| matches!(block.gates, Gates::Whole(..))) {
            chosen.extend(choose_whole(kind, &members)?);
            continue;
        }
        let shared = reduction(kind, &variants, &all);
        let kernels_follow = all.iter().all(|block| has_usual_kernel(block));
        for (index, block) in members {
            let (variant, r) = match shared {
                Some(shared) => shared,
                None => reduction(kind, &variants, &[block]).ok_or_else(|| no_reduction(block))?,
            };
            let attention = attention(kind, variant, r, block, kernels_follow)?;
            chosen.insert(index, Chosen { attention, names: names(variant, block), maker: maker(&block.gates) });
        }
    }
    Ok(chosen.into_values().collect())
}

/// Blocks whose tensors say all: one choice for all of them where one explains them all.
fn choose_whole(kind: &str, members: &[(usize, &Attended)]) -> Result<Vec<(usize, Chosen)>, Odd> {
    let tensors = |block: &Attended| match &block.gates {
        Gates::Whole(_, found) => (block.channels, found.clone()),
        _ => (block.channels, whole::Found::new()),
    };
    let all: Vec<(usize, whole::Found)> = members.iter().map(|(_, block)| tensors(block)).collect();
    let all: Vec<(usize, &whole::Found)> = all.iter().map(|(channels, found)| (*channels, found)).collect();
    let shared = whole::choose(kind, &all);
    let each = members.iter().zip(&all).map(|((index, block), own)| {
        let choice = shared.clone().or_else(|| whole::choose(kind, &[*own]));
        let attention =
            choice.ok_or_else(|| format!("{}: its {kind} has shapes this program does not know", block.block))?;
        Ok((*index, Chosen { attention, names: Vec::new(), maker: Maker::Timm }))
    });
    each.collect()
}

fn group(block: &Attended) -> Result<Group, Odd> {
    Ok(match &block.gates {
        Gates::Whole(kind, _) => (*kind, vec![""]),
        Gates::Eca(..) => ("eca", vec![""]),
        Gates::Se(Mlp { has_bias: false, .. }) => ("se", vec!["nobias"]),
        Gates::Se(Mlp { maker: Maker::Timm, .. }) => ("se", vec!["timm", "floor"]),
        Gates::Se(_) => ("se", vec!["floor", "timm"]),
        Gates::Cbam(channel, spatial) => {
            let kind = match (channel, spatial) {
                (Some(_), Some(_)) => "cbam",
                (Some(_), None) => "cam",
                _ => "sam",
            };
            (kind, variants(&block.block, channel.as_ref(), spatial.as_ref())?)
        }
    })
}

/// The variants of CBAM that agree with both halves.
fn variants(block: &str, channel: Option<&Mlp>, spatial: Option<&SpatialConv>) -> Result<Vec<&'static str>, Odd> {
    let of_channel = channel.map(|mlp| match (mlp.has_bias, mlp.maker) {
        (true, _) => vec!["official"],
        (false, Maker::Common) => vec!["simple", "timm"],
        (false, _) => vec!["timm"],
    });
    let of_spatial = spatial.map(|conv| match (&conv.norm, conv.maker) {
        (None, _) => vec!["simple"],
        (Some(_), Maker::Official) => vec!["official"],
        (Some(_), _) => vec!["timm"],
    });
    let variants: Vec<&'static str> = match (of_channel, of_spatial) {
        (Some(channel), Some(spatial)) => channel.into_iter().filter(|variant| spatial.contains(variant)).collect(),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => Vec::new(),
    };
    if variants.is_empty() {
        return Err(format!("{block}: its channel MLP and its spatial convolution are of no CBAM this program knows"));
    }
    Ok(variants)
}

/// The variant and reduction that explain the hidden widths of all these blocks.
fn reduction(kind: &str, variants: &[&'static str], blocks: &[&Attended]) -> Option<(&'static str, usize)> {
    let fits = |variant: &str, r: usize| {
        blocks.iter().all(|block| match width(&block.gates) {
            None => true,
            Some(_) if r > block.channels => false,
            Some(width) if kind == "se" => se_width(variant, block.channels, r) == width,
            Some(width) => cam_width(variant, block.channels, r) == width,
        })
    };
    let usual = variants.iter().map(|variant| (*variant, USUAL));
    let most = blocks.iter().map(|block| block.channels).min().unwrap_or(0).min(MAX_REDUCTION);
    let others = variants.iter().flat_map(|variant| (1..=most).map(move |r| (*variant, r)));
    let has_widths = blocks.iter().any(|block| width(&block.gates).is_some());
    usual.chain(others.filter(|_| has_widths)).find(|(variant, r)| fits(variant, *r))
}

fn width(gates: &Gates) -> Option<usize> {
    match gates {
        Gates::Se(mlp) | Gates::Cbam(Some(mlp), _) => Some(mlp.width),
        _ => None,
    }
}

fn no_reduction(block: &Attended) -> Odd {
    format!(
        "{}: {} hidden channels for {} are no reduction of this program's",
        block.block,
        width(&block.gates).unwrap_or_default(),
        block.channels
    )
}

fn has_usual_kernel(block: &Attended) -> bool {
    matches!(block.gates, Gates::Eca(_, kernel) if kernel == eca_kernel(block.channels))
}

fn attention(kind: &str, variant: &str, r: usize, block: &Attended, kernels_follow: bool) -> Result<Attention, Odd> {
    let odd = |problem: String| format!("{}: {problem}", block.block);
    let mut attention = Attention::named(kind).map_err(odd)?;
    let mut set = |key: &str, value: Value| -> Result<(), Odd> {
        attention = attention.clone().with(key, &value).map_err(odd)?;
        Ok(())
    };
    if !variant.is_empty() {
        set("variant", Value::Word(variant.to_owned()))?;
    }
    if width(&block.gates).is_some() {
        set("r", Value::Number(r))?;
    }
    match &block.gates {
        Gates::Cbam(_, Some(conv)) => set("k", Value::Number(conv.kernel))?,
        Gates::Eca(_, kernel) if !kernels_follow => set("k", Value::Number(*kernel))?,
        _ => {}
    }
    Ok(attention)
}

/// Layers in the graph and in the file, inside the block.
fn names(variant: &str, block: &Attended) -> Vec<(String, String)> {
    let mut names: Vec<(String, String)> = Vec::new();
    let mut add = |ours: &str, theirs: &str| names.push((ours.to_owned(), theirs.to_owned()));
    let (channel, spatial, norm) = match variant {
        "timm" => (["se.channel.fc1", "se.channel.fc2"], "se.spatial.conv.conv", "se.spatial.conv.bn"),
        "simple" => (["cbam.ca.fc1", "cbam.ca.fc2"], "cbam.sa.conv1", ""),
        _ => (
            ["cbam.ChannelGate.mlp.1", "cbam.ChannelGate.mlp.3"],
            "cbam.SpatialGate.spatial.conv",
            "cbam.SpatialGate.spatial.bn",
        ),
    };
    match &block.gates {
        Gates::Eca(name, _) => add("se.conv", name),
        Gates::Se(mlp) => {
            let ours = if variant == "nobias" { ["se.fc.0", "se.fc.2"] } else { ["se.fc1", "se.fc2"] };
            ours.iter().zip(&mlp.names).for_each(|(ours, theirs)| add(ours, theirs));
        }
        Gates::Cbam(mlp, conv) => {
            if let Some(mlp) = mlp {
                channel.iter().zip(&mlp.names).for_each(|(ours, theirs)| add(ours, theirs));
            }
            if let Some(conv) = conv {
                add(spatial, &conv.conv);
                if let Some(theirs) = &conv.norm {
                    add(norm, theirs);
                }
            }
        }
        Gates::Whole(..) => {}
    }
    names
}

fn maker(gates: &Gates) -> Maker {
    match gates {
        Gates::Se(mlp) | Gates::Cbam(Some(mlp), _) => mlp.maker,
        Gates::Cbam(None, Some(conv)) => conv.maker,
        Gates::Eca(name, _) if name == "se.conv" => Maker::Timm,
        _ => Maker::Common,
    }
}
