//! The pictures of a gate: which ones it has, what they are called, how they are drawn.

use image::RgbImage;
use image::imageops::{self, FilterType};

use super::Setting;
use super::result::Inspected;
use crate::compute::explain::{GateMap, Lens, Slice, Stats, counterpart, path_names, widened};
use crate::compute::imaging::colour::ColourMap;
use crate::compute::imaging::strip::{self, Strips};
use crate::compute::imaging::{overlay, plot, shares};
use crate::network::graph::{Gate, GateKind, ScopeKind};
use crate::network::number::value;

/// How strongly the picture shows in the map's lightness: as much as leaves the colours the scale's.
const PHOTO: f32 = 1.0;
/// A table's longer side is at least this, in pixels.
const TABLE_SIDE: usize = 896;

/// One picture of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Portrait {
    /// A bar a channel; of a volume its channels' means.
    Channels,
    /// Each channel's shares of the paths.
    Shares,
    /// A map or strip over what the network saw.
    Map(Slice),
    /// Rows and columns of one attention block, and their product, over what the network saw.
    Together,
    /// Every value of a strip.
    Table,
}

/// The pictures of a gate, the first under the gate's own name.
pub(super) fn of(setting: &Setting, index: usize) -> Vec<Portrait> {
    let gate = &setting.graph.gates[index];
    let mean = Portrait::Map(Slice::Mean);
    match gate.kind {
        GateKind::Channel => vec![Portrait::Channels],
        GateKind::Spatial => vec![mean],
        GateKind::Volume => vec![mean, Portrait::Channels],
        GateKind::Paths { .. } => vec![Portrait::Shares],
        GateKind::Matrix => {
            let shape = setting.graph.gate_shape(gate);
            vec![mean, Portrait::Map(Slice::Query(shape.height() / 2 * shape.width() + shape.width() / 2))]
        }
        GateKind::Rows | GateKind::Columns => match counterpart(&setting.graph, index) {
            // Once for the two, with the later one.
            Some(other) if other < index => vec![mean, Portrait::Together, Portrait::Table],
            _ => vec![mean, Portrait::Table],
        },
    }
}

impl Portrait {
    /// What its file's name ends with, before the extension; the first picture of a gate has no such ending.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Channels | Self::Table => "-channels",
            Self::Shares => "-shares",
            Self::Map(Slice::Query(_)) => "-centre",
            Self::Map(_) => "-map",
            Self::Together => "-together",
        }
    }

    /// Is it ink on paper, which a page may turn to light on dark?
    pub(super) fn is_paper(self) -> bool {
        matches!(self, Self::Channels | Self::Shares)
    }

    /// Its width and height up to a factor, where that is known before it is drawn.
    pub(super) fn form(self, setting: &Setting, gate: &Gate) -> Option<[usize; 2]> {
        let [height, width] = setting.preprocessing.crop;
        match (self, gate.kind) {
            (Self::Channels | Self::Shares, _) => Some([1200, 480]),
            (Self::Map(_), GateKind::Spatial | GateKind::Volume | GateKind::Matrix) => Some([width, height]),
            (Self::Map(_) | Self::Together | Self::Table, _) => None,
        }
    }

    /// What is seen; empty where the gate's kind says it all.
    pub(super) fn caption(self, gate: &Gate) -> String {
        match (self, gate.kind) {
            (Self::Map(Slice::Mean), GateKind::Rows) => "mean of its channels; bars: weights of rows".to_owned(),
            (Self::Map(Slice::Mean), GateKind::Columns) => "mean of its channels; bars: weights of columns".to_owned(),
            (Self::Map(Slice::Mean), GateKind::Volume) => "mean of its channels".to_owned(),
            (Self::Map(Slice::Mean), GateKind::Matrix) => "where all positions look, on average".to_owned(),
            (Self::Map(Slice::Query(_)), _) => "where the position in the middle looks".to_owned(),
            (Self::Together, _) => {
                "rows × columns, mean over channels of the product: what multiplies the features".to_owned()
            }
            (Self::Table, GateKind::Rows) => "every value: rows downwards, channels to the right".to_owned(),
            (Self::Table, _) => "every value: columns to the right, channels downwards".to_owned(),
            (Self::Channels, GateKind::Volume) => "each channel's mean over its positions".to_owned(),
            (Self::Channels | Self::Shares | Self::Map(_), _) => String::new(),
        }
    }

    /// Draws it over `crop`, what the network saw.
    pub(super) fn draw(self, setting: &Setting, result: &Inspected, index: usize, crop: &RgbImage) -> RgbImage {
        let (gate, found) = (&setting.graph.gates[index], &result.gates[index]);
        let (lens, colour) = (lens(setting, result, index), ink(setting, gate));
        let range = lens.scale(&found.stats);
        match self {
            Self::Channels => {
                let values = lens.by_channel().unwrap_or_default();
                plot::channel_gate(&values, &gate.name, colour, range)
            }
            Self::Shares => shares::path_gate(&found.values, &path_names(&setting.graph, gate), &gate.name, colour),
            Self::Map(slice) => {
                let Some(map) = lens.map(slice) else { return crop.clone() };
                let rows = (gate.kind == GateKind::Rows).then_some(&map.values[..]);
                let columns = (gate.kind == GateKind::Columns).then_some(&map.values[..]);
                strip::over(crop, &Strips { map: &map.values, size: map.size, rows, columns, range }, PHOTO)
            }
            Self::Together => together(setting, result, index, crop).unwrap_or_else(|| crop.clone()),
            Self::Table => lens.table().map_or_else(|| crop.clone(), |map| table(&map, range)),
        }
    }
}

/// A gate's values as what they are.
fn lens<'a>(setting: &Setting, result: &'a Inspected, index: usize) -> Lens<'a> {
    Lens::of(&setting.graph, &setting.graph.gates[index], &result.gates[index].values)
}

/// The ends of a gate's scale in words, where they are not 0 and 1.
pub(super) fn scale_words(setting: &Setting, result: &Inspected, index: usize) -> Option<String> {
    let lens = lens(setting, result, index);
    let (low, high) = lens.scale(&result.gates[index].stats);
    match lens.uniform() {
        Some(uniform) => {
            let end = value(high);
            Some(format!("shares, each map sums to 1; colours from 0 to {end}, the uniform one is {}", value(uniform)))
        }
        None if (low, high) == (0.0, 1.0) => None,
        None => Some(format!("the gate leaves 0..1: scale from {} to {}", value(low), value(high))),
    }
}

fn together(setting: &Setting, result: &Inspected, index: usize, crop: &RgbImage) -> Option<RgbImage> {
    let other = counterpart(&setting.graph, index)?;
    let pair = [lens(setting, result, index), lens(setting, result, other)];
    let map = pair[0].together(&pair[1], Slice::Mean)?;
    let strip = |kind| pair.iter().find(|lens| lens.kind == kind)?.map(Slice::Mean);
    let (rows, columns) = (strip(GateKind::Rows)?, strip(GateKind::Columns)?);
    let strips = Strips {
        map: &map.values,
        size: map.size,
        rows: Some(&rows.values),
        columns: Some(&columns.values),
        range: widened(&Stats::of(&map.values)),
    };
    Some(strip::over(crop, &strips, PHOTO))
}

/// Every value as a rectangle, nothing interpolated.
fn table(map: &GateMap, range: (f32, f32)) -> RgbImage {
    let [height, width] = map.size;
    let small = overlay::heat(&map.values, map.size, map.size, range, ColourMap::Viridis);
    let factor = |side: usize| TABLE_SIDE.div_ceil(2 * side.max(1)).max(1);
    let (across, down) = ((width * factor(width)) as u32, (height * factor(height)) as u32);
    imageops::resize(&small, across.max(1), down.max(1), FilterType::Nearest)
}

/// The attention kind's hue, a channel gate inside CBAM being a CAM. All are half as bright as the paper, so the
/// page can turn a plot to light on dark and keep its colour.
fn ink(setting: &Setting, gate: &Gate) -> [u8; 3] {
    match setting.graph[gate.scope].kind {
        ScopeKind::Attention("se") => [0xc9, 0x74, 0x2b],
        ScopeKind::Attention("cam" | "cbam") => [0xe4, 0x67, 0x7f],
        _ => [0x6f, 0x9a, 0x2e],
    }
}
