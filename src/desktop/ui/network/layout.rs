//! Where the overview's parts go, in world units: pure geometry. The main wire is at y = 0.

use eframe::egui;
use egui::{Rect, pos2, vec2};

use super::model::{Block, Overview};
use crate::network::graph::GateKind;

/// Height of the largest box.
const TALLEST: f32 = 200.0;
/// Width of the widest box.
const WIDEST: f32 = 34.0;
/// Up to this many blocks keep their full width; more are drawn narrower.
const ROOMY: f32 = 20.0;
/// From the top of a box to the top of its arc.
pub const ARC: f32 = 18.0;
/// Height of a channel gate under its block.
const SPARK: f32 = 12.0;
/// Between a box and its gates, and between gates.
const GATE_GAP: f32 = 5.0;
/// Around the blocks of a frame.
const FRAME_PADDING: f32 = 10.0;
/// Room for a frame's name above it and its caption below.
const LABELS: f32 = 24.0;

/// An overview with its geometry.
#[derive(Clone, Debug)]
pub struct Placed {
    /// By group, as in the overview.
    pub groups: Vec<PlacedGroup>,
    /// Everything.
    pub bounds: Rect,
}

/// A group's geometry.
#[derive(Clone, Debug)]
pub struct PlacedGroup {
    /// The frame; of a part that stands alone, around its box.
    pub frame: Rect,
    /// By block.
    pub blocks: Vec<PlacedBlock>,
}

/// A block's geometry.
#[derive(Clone, Debug)]
pub struct PlacedBlock {
    /// The box.
    pub rect: Rect,
    /// Box, arc and gates: what reacts to the pointer.
    pub reach: Rect,
    /// Where the shortcut leaves and rejoins the wire.
    pub legs: [f32; 2],
    /// By gate, as in the block.
    pub gates: Vec<Rect>,
}

/// How sizes become lengths: heights from the spatial size, widths from the channels, both damped.
struct Scale {
    side: f32,
    channels: f32,
    squeeze: f32,
    tallest: f32,
}

impl Scale {
    fn of(overview: &Overview) -> Self {
        let most = |measure: fn(&Block) -> usize| overview.blocks().map(measure).max().unwrap_or(1).max(1) as f32;
        let count = overview.blocks().count().max(1) as f32;
        let squeeze = (ROOMY / count).clamp(0.4, 1.0);
        Self {
            side: most(|block| block.shape.height()),
            channels: most(|block| block.shape.channels()),
            squeeze,
            // Narrow boxes make a long strip: taller ones use the room above and below it.
            tallest: TALLEST / squeeze.sqrt(),
        }
    }

    fn height(&self, block: &Block) -> f32 {
        (self.tallest * (block.shape.height() as f32 / self.side).powf(0.4)).max(28.0)
    }

    fn width(&self, block: &Block) -> f32 {
        (WIDEST * (block.shape.channels() as f32 / self.channels).powf(0.25)).max(9.0) * self.squeeze
    }
}

/// Places an overview from left to right.
#[must_use]
pub fn place(overview: &Overview) -> Placed {
    let scale = Scale::of(overview);
    let gap = 16.0 * scale.squeeze;
    let mut x = 0.0;
    let mut groups = Vec::with_capacity(overview.groups.len());
    for group in &overview.groups {
        let padding = if group.is_framed { FRAME_PADDING * scale.squeeze.max(0.7) } else { 0.0 };
        let left = x;
        x += padding;
        let mut blocks = Vec::with_capacity(group.blocks.len());
        for (index, block) in group.blocks.iter().enumerate() {
            x += if index > 0 { gap } else { 0.0 };
            blocks.push(place_block(block, &scale, x, gap));
            x += scale.width(block);
        }
        x += padding;
        let mut frame = blocks.iter().fold(Rect::NOTHING, |frame, block| frame.union(block.reach));
        frame.min.x = left;
        frame.max.x = x;
        if group.is_framed {
            frame.min.y -= 8.0;
            frame.max.y += 8.0;
        }
        groups.push(PlacedGroup { frame, blocks });
        x += 14.0_f32.max(gap);
    }
    let frames = groups.iter().fold(Rect::NOTHING, |bounds: Rect, group| bounds.union(group.frame));
    let bounds = if groups.is_empty() { Rect::ZERO } else { frames };
    Placed { groups, bounds: Rect::from_min_max(bounds.min - vec2(14.0, LABELS), bounds.max + vec2(14.0, LABELS)) }
}

fn place_block(block: &Block, scale: &Scale, x: f32, gap: f32) -> PlacedBlock {
    let (width, height) = (scale.width(block), scale.height(block));
    let rect = Rect::from_min_size(pos2(x, -height / 2.0), vec2(width, height));
    let mut bottom = rect.bottom();
    let gates = block.gates.iter().map(|(_, kind)| {
        let height = match kind {
            GateKind::Channel | GateKind::Paths { .. } => SPARK,
            GateKind::Spatial | GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Matrix => width,
        };
        let gate = Rect::from_min_size(pos2(x, bottom + GATE_GAP), vec2(width, height));
        bottom = gate.bottom();
        gate
    });
    let gates: Vec<Rect> = gates.collect();
    let leg = gap * 0.3;
    PlacedBlock {
        rect,
        reach: Rect::from_min_max(rect.min - vec2(gap * 0.4, ARC), pos2(rect.right() + gap * 0.4, bottom)),
        legs: [rect.left() - leg, rect.right() + leg],
        gates,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    #[test]
    fn nothing_overlaps_and_sizes_follow_the_shapes() {
        for text in ["resnet50+cbam", "resnet152+se", "resnet110+sam", "plain20"] {
            let overview = Overview::of(&lower(&parse(text).expect("parses")).expect("lowers"));
            let placed = place(&overview);
            let blocks: Vec<(&Block, &PlacedBlock)> =
                overview.blocks().zip(placed.groups.iter().flat_map(|g| &g.blocks)).collect();
            for pair in blocks.windows(2) {
                let [(before, a), (after, b)] = pair else { unreachable!() };
                assert!(a.legs[1] < b.legs[0], "{text}: {} runs into {}", before.name, after.name);
                if before.shape.height() > after.shape.height() {
                    assert!(a.rect.height() > b.rect.height(), "{text}: {}", after.name);
                }
            }
            for pair in placed.groups.windows(2) {
                assert!(pair[0].frame.right() < pair[1].frame.left(), "{text}");
            }
            assert!(placed.groups.iter().all(|group| placed.bounds.contains_rect(group.frame)), "{text}");
        }
    }
}
