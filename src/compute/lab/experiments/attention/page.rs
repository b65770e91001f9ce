//! The comparison on paper: three sets of bars, and the spatial gates by block.

use super::{AttentionCurves, AttentionResult, BlockSpread};
use crate::compute::imaging::chart::{Bar, Line, Page, Panel};
use crate::compute::lab::experiments::Spread;
use crate::network::attention;

pub(super) fn of(result: &AttentionResult) -> Page {
    let bars = |title: &str, range: (f64, f64), mark: bool, of: fn(&AttentionCurves) -> Option<Spread>| Panel::Bars {
        title: title.to_owned(),
        range,
        bars: result.attentions.iter().filter_map(|known| bar(known, of(known)?)).collect(),
        mark: mark.then(|| (result.chance * 100.0, format!("chance {:.1} %", result.chance * 100.0))),
    };
    let mut panels = vec![
        bars("Test accuracy, %", (0.0, 100.0), false, AttentionCurves::accuracy),
        bars("Grad-CAM peaks on the object, % of images", (0.0, 100.0), true, AttentionCurves::pointing),
        bars("Grad-CAM on the object, % of the map", (0.0, 100.0), true, AttentionCurves::energy),
    ];
    let mapped: Vec<(&AttentionCurves, Vec<BlockSpread>)> =
        result.attentions.iter().map(|known| (known, known.maps())).filter(|(_, maps)| !maps.is_empty()).collect();
    let mut legend = Vec::new();
    if let Some((_, first)) = mapped.first() {
        let names: Vec<String> = first.iter().map(|map| short(&map.block)).collect();
        let lines = |of: fn(&BlockSpread) -> f64| {
            let line = |(known, maps): &(&AttentionCurves, Vec<BlockSpread>)| Line {
                colour: ink(&known.attention),
                dashed: false,
                points: maps.iter().enumerate().map(|(x, map)| [x as f64, of(map) * 100.0]).collect(),
            };
            let mut lines: Vec<Line> = mapped.iter().map(line).collect();
            let last = names.len().saturating_sub(1) as f64;
            let level = result.chance * 100.0;
            lines.push(Line { colour: MUTED, dashed: true, points: vec![[0.0, level], [last, level]] });
            lines
        };
        let panel = |title: &str, of: fn(&BlockSpread) -> f64| Panel::Lines {
            title: title.to_owned(),
            across: "block".to_owned(),
            range: Some((0.0, 100.0)),
            lines: lines(of),
            names: names.clone(),
        };
        panels.push(panel("Spatial gates peak on the object, % of images", |map| map.pointing.mean));
        panels.push(panel("Spatial gates on the object, % of the map", |map| map.energy.mean));
        legend.extend(mapped.iter().map(|(known, _)| (title(&known.attention), ink(&known.attention), false)));
        legend.push(("chance: the share the object covers".to_owned(), MUTED, true));
    }
    let mut notes = vec![
        result.run.budget(),
        format!("Where it looks: {} test images with masks; ± is one standard deviation over seeds.", result.masks),
    ];
    notes.extend(result.reading());
    Page { title: "Where attention looks".to_owned(), notes, legend, panels, columns: 3 }
}

const MUTED: [u8; 3] = [86, 96, 114];

fn bar(known: &AttentionCurves, spread: Spread) -> Option<Bar> {
    let value = spread.mean * 100.0;
    value.is_finite().then(|| Bar {
        name: title(&known.attention),
        colour: ink(&known.attention),
        value,
        spread: spread.std.map(|std| std * 100.0),
        words: spread.percent(),
    })
}

/// `layer3.2` as `3.2`: labels under an axis are many.
fn short(block: &str) -> String {
    block.trim_start_matches("layer").to_owned()
}

/// How people write an attention's name.
pub(super) fn title(name: &str) -> String {
    attention::find(name).map_or_else(|| name.to_owned(), |block| block.card().title.to_owned())
}

/// The attention's hue on paper, as in the window's light theme.
fn ink(name: &str) -> [u8; 3] {
    match name {
        "se" => [0xB4, 0x53, 0x09],
        "cam" => [0xBE, 0x12, 0x3C],
        "sam" => [0x0E, 0x74, 0x90],
        "cbam" => [0x6D, 0x28, 0xD9],
        "none" => [0x56, 0x60, 0x72],
        _ => [0x4D, 0x7C, 0x0F],
    }
}
