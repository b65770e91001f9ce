//! The attention of one block, from what the block has besides its branch and its shortcut.

use std::collections::BTreeMap;

use super::sizes;
use super::structure::Odd;
use super::whole::{Found, kind};

/// Whose definition a gate's names and biases speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Maker {
    /// The CBAM repository: `cbam.ChannelGate.mlp.1`, `cbam.SpatialGate.spatial`.
    Official,
    /// timm: `se.fc1`, `se.channel.fc1`, `se.spatial.conv`.
    Timm,
    /// timm's legacy networks: `se_module.fc1`.
    Legacy,
    /// Everyone else: `se.fc.0`, `ca.fc1`, `sa.conv1`.
    Common,
}

/// The two layers of a channel gate, by their names in the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mlp {
    pub(super) maker: Maker,
    pub(super) names: [String; 2],
    pub(super) width: usize,
    pub(super) has_bias: bool,
}

/// The convolution of a spatial gate, and its BatchNorm if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SpatialConv {
    pub(super) maker: Maker,
    pub(super) conv: String,
    pub(super) norm: Option<String>,
    pub(super) kernel: usize,
}

/// What a block attends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gates {
    /// Squeeze-and-Excitation.
    Se(Mlp),
    /// Efficient Channel Attention: its convolution's name and kernel.
    Eca(String, usize),
    /// CBAM, or one half of it.
    Cbam(Option<Mlp>, Option<SpatialConv>),
    /// Another block, by its name, with all its tensors.
    Whole(&'static str, Found),
}

type Extras<'a> = BTreeMap<&'a str, &'a [usize]>;

/// Module paths of an SE, as repositories call it; the empty one is the block itself.
const SE: [&str; 5] = ["se", "se_module", "se_layer", "se_block", ""];
/// The two layers inside.
const SE_LAYERS: [[&str; 2]; 5] =
    [["fc1", "fc2"], ["fc.0", "fc.2"], ["conv_reduce", "conv_expand"], ["excitation.0", "excitation.2"], ["0", "2"]];
/// Module paths of a channel gate that sees mean and maximum.
const CHANNEL: [(&str, Maker); 6] = [
    ("cbam.ChannelGate", Maker::Official),
    ("se.channel", Maker::Timm),
    ("ca", Maker::Common),
    ("cbam.ca", Maker::Common),
    ("channel_attention", Maker::Common),
    ("cbam.channel_attention", Maker::Common),
];
const CHANNEL_LAYERS: [[&str; 2]; 7] = [
    ["mlp.1", "mlp.3"],
    ["fc1", "fc2"],
    ["fc.0", "fc.2"],
    ["mlp.0", "mlp.2"],
    ["shared_MLP.0", "shared_MLP.2"],
    ["sharedMLP.0", "sharedMLP.2"],
    ["shared_mlp.0", "shared_mlp.2"],
];
/// Convolution and BatchNorm of a spatial gate.
const SPATIAL: [(&str, &str, Maker); 8] = [
    ("cbam.SpatialGate.spatial.conv", "cbam.SpatialGate.spatial.bn", Maker::Official),
    ("se.spatial.conv.conv", "se.spatial.conv.bn", Maker::Timm),
    ("sa.conv1", "sa.bn1", Maker::Common),
    ("sa.conv", "sa.bn", Maker::Common),
    ("cbam.sa.conv1", "cbam.sa.bn1", Maker::Common),
    ("spatial_attention.conv1", "spatial_attention.bn1", Maker::Common),
    ("spatial_attention.conv", "spatial_attention.bn", Maker::Common),
    ("cbam.spatial_attention.conv1", "cbam.spatial_attention.bn1", Maker::Common),
];
const ECA: [&str; 4] = ["se.conv", "eca.conv", "eca_layer.conv", "attn.conv"];

impl Gates {
    /// Reads it off; `None` without attention.
    pub(super) fn of(block: &str, extras: &Extras) -> Result<Option<Self>, Odd> {
        if extras.is_empty() {
            return Ok(None);
        }
        if let Some(eca) = eca(extras) {
            return Ok(Some(eca));
        }
        let found: Found = extras.iter().map(|(name, shape)| ((*name).to_owned(), shape.to_vec())).collect();
        if let Some(kind) = kind(&found) {
            return Ok(Some(Self::Whole(kind, found)));
        }
        if let Some(mlp) = se(extras)? {
            return Ok(Some(Self::Se(mlp)));
        }
        let (channel, spatial) = (channel(extras)?, spatial(extras)?);
        if channel.is_none() && spatial.is_none() {
            let first = extras.keys().next().copied().unwrap_or_default();
            return Err(format!("{block}.{first} belongs to no attention this program knows"));
        }
        Ok(Some(Self::Cbam(channel, spatial)))
    }
}

fn eca(extras: &Extras) -> Option<Gates> {
    ECA.iter().find_map(|name| match extras.get(&*format!("{name}.weight")) {
        Some(&&[1, 1, kernel]) => Some(Gates::Eca((*name).to_owned(), kernel)),
        _ => None,
    })
}

fn se(extras: &Extras) -> Result<Option<Mlp>, Odd> {
    for path in SE {
        let maker = |layers: &[&str; 2]| match (path, layers[0]) {
            ("se_module", _) => Maker::Legacy,
            ("se", "fc1" | "conv_reduce") => Maker::Timm,
            _ => Maker::Common,
        };
        for layers in &SE_LAYERS {
            // A block with bare `0` and `2` would be anything.
            if path.is_empty() && layers[0] != "fc1" {
                continue;
            }
            if let Some(mlp) = mlp(extras, path, layers, maker(layers))? {
                return Ok(Some(mlp));
            }
        }
    }
    Ok(None)
}

fn channel(extras: &Extras) -> Result<Option<Mlp>, Odd> {
    for (path, maker) in CHANNEL {
        for layers in &CHANNEL_LAYERS {
            if let Some(mlp) = mlp(extras, path, layers, maker)? {
                return Ok(Some(mlp));
            }
        }
    }
    Ok(None)
}

/// Two layers that squeeze and widen again, if they are there.
fn mlp(extras: &Extras, path: &str, layers: &[&str; 2], maker: Maker) -> Result<Option<Mlp>, Odd> {
    let names = layers.map(|layer| if path.is_empty() { layer.to_owned() } else { format!("{path}.{layer}") });
    let [first, second] = [0, 1].map(|layer| extras.get(&*format!("{}.weight", names[layer])));
    let (Some(&first), Some(&second)) = (first, second) else { return Ok(None) };
    let biases = [0, 1].map(|layer| extras.contains_key(&*format!("{}.bias", names[layer])));
    if biases[0] != biases[1] {
        return Err(format!("only one of {} and {} has a bias", names[0], names[1]));
    }
    match (first, second) {
        ([width, channels, rest @ ..], [out, back, ..])
            if out == channels && back == width && rest.iter().all(|size| *size == 1) =>
        {
            Ok(Some(Mlp { maker, names, width: *width, has_bias: biases[0] }))
        }
        _ => {
            let [first, second] = [first, second].map(sizes);
            Err(format!("{} and {} are {first} and {second}, which do not belong together", names[0], names[1]))
        }
    }
}

fn spatial(extras: &Extras) -> Result<Option<SpatialConv>, Odd> {
    for (conv, norm, maker) in SPATIAL {
        let Some(&shape) = extras.get(&*format!("{conv}.weight")) else { continue };
        let &[1, 2, kernel, across] = shape else {
            return Err(format!("{conv} is {}, a spatial gate's convolution is 1×2×k×k", sizes(shape)));
        };
        if kernel != across {
            return Err(format!("{conv} is {kernel}×{across}, a spatial gate's kernel is square"));
        }
        let norm = extras.contains_key(&*format!("{norm}.weight")).then(|| norm.to_owned());
        return Ok(Some(SpatialConv { maker, conv: conv.to_owned(), norm, kernel }));
    }
    Ok(None)
}
