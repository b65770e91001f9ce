//! Where the overview's parts go, in world units: pure geometry. The main wire is at y = 0.

use std::ops::Range;

use emath::{Rect, pos2, vec2};

use super::{Block, Folds, Group, Overview};
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

/// A layer between blocks.
const LOOSE: emath::Vec2 = vec2(8.0, 12.0);
/// How far the cards behind a folded block stick out.
const CARDS: f32 = 10.0;
/// Above a folded block: how many it stands for.
const BADGE: emath::Vec2 = vec2(26.0, 14.0);
/// A classifier on the side, and from the blocks down to it.
const SIDE: emath::Vec2 = vec2(18.0, 26.0);
const SIDE_DROP: f32 = 12.0;

/// An overview with its geometry.
#[derive(Clone, Debug)]
pub struct Placed {
    /// By group, as in the overview.
    pub groups: Vec<PlacedGroup>,
    /// By classifier on the side: its box, and where its wire leaves the main one.
    pub side: Vec<(Rect, f32)>,
    /// Everything.
    pub bounds: Rect,
}

/// A group's geometry.
#[derive(Clone, Debug)]
pub struct PlacedGroup {
    /// The frame; of a part that stands alone, around its box.
    pub frame: Rect,
    /// What is drawn of its blocks, a folded run once.
    pub blocks: Vec<PlacedBlock>,
    /// By loose layer.
    pub loose: Vec<Rect>,
}

/// A block's geometry.
#[derive(Clone, Debug)]
pub struct PlacedBlock {
    /// The group's blocks it stands for: one, or all of a folded run.
    pub run: Range<usize>,
    /// How many they are, in words, above it; of a folded run.
    pub badge: Option<Rect>,
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
    fn of(overview: &Overview, count: usize) -> Self {
        let most = |measure: fn(&Block) -> usize| overview.blocks().map(measure).max().unwrap_or(1).max(1) as f32;
        let count = count.max(1) as f32;
        let squeeze = (ROOMY / count).clamp(0.4, 1.0);
        Self {
            side: most(|block| block.shape.height()),
            channels: most(|block| block.shape.channels()),
            squeeze,
            // Narrow boxes make a long strip: taller ones use the room above and below it.
            tallest: TALLEST / squeeze.sqrt(),
        }
    }

    fn gap(&self) -> f32 {
        16.0 * self.squeeze
    }

    fn height(&self, block: &Block) -> f32 {
        (self.tallest * (block.shape.height() as f32 / self.side).powf(0.4)).max(28.0)
    }

    fn width(&self, block: &Block) -> f32 {
        (WIDEST * (block.shape.channels() as f32 / self.channels).powf(0.25)).max(9.0) * self.squeeze
    }
}

/// What is drawn of a group's blocks: each, or a run of alike ones at once.
fn runs(overview: &Overview, group: &Group, folds: &Folds) -> Vec<Range<usize>> {
    match folds.is_folded(overview, group) {
        true => group.runs.clone(),
        false => (0..group.blocks.len()).map(|index| index..index + 1).collect(),
    }
}

/// Places an overview from left to right.
#[must_use]
pub fn place(overview: &Overview, folds: &Folds) -> Placed {
    let drawn: Vec<Vec<Range<usize>>> = overview.groups.iter().map(|group| runs(overview, group, folds)).collect();
    let scale = Scale::of(overview, drawn.iter().map(Vec::len).sum());
    let mut x = 0.0;
    let mut placed = Placed { groups: Vec::new(), side: Vec::new(), bounds: Rect::ZERO };
    for (group, runs) in overview.groups.iter().zip(&drawn) {
        let place = place_group(group, runs, &scale, x);
        x = place.frame.right() + 14.0_f32.max(scale.gap());
        placed.groups.push(place);
    }
    for side in &overview.side {
        place_side(&mut placed, side.from, &scale);
    }
    let frames = placed.groups.iter().fold(Rect::NOTHING, |bounds: Rect, group| bounds.union(group.frame));
    let bounds = if placed.groups.is_empty() { Rect::ZERO } else { frames };
    placed.bounds = Rect::from_min_max(bounds.min - vec2(14.0, LABELS), bounds.max + vec2(14.0, LABELS));
    placed
}

fn place_group(group: &Group, runs: &[Range<usize>], scale: &Scale, left: f32) -> PlacedGroup {
    let gap = scale.gap();
    let padding = if group.is_framed { FRAME_PADDING * scale.squeeze.max(0.7) } else { 0.0 };
    let mut x = left + padding;
    let mut placed = PlacedGroup { frame: Rect::NOTHING, blocks: Vec::new(), loose: Vec::new() };
    for place in 0..=runs.len() {
        let before = runs.get(place).map_or(group.blocks.len(), |run| run.start);
        for _ in group.loose.iter().filter(|(count, _)| *count == before) {
            x += if x > left + padding { gap } else { 0.0 };
            placed.loose.push(Rect::from_center_size(pos2(x + LOOSE.x / 2.0, 0.0), LOOSE));
            x += LOOSE.x;
        }
        if let Some(run) = runs.get(place) {
            x += if x > left + padding { gap } else { 0.0 };
            let block = place_block(&group.blocks[run.start], run.clone(), scale, x);
            x += scale.width(&group.blocks[run.start]) + if run.len() > 1 { CARDS * scale.squeeze } else { 0.0 };
            placed.blocks.push(block);
        }
    }
    x += padding;
    let mut frame = placed.blocks.iter().fold(Rect::NOTHING, |frame, block| frame.union(block.reach));
    frame.min.x = left;
    frame.max.x = x;
    if group.is_framed {
        frame.min.y -= 8.0;
        frame.max.y += 8.0;
    }
    placed.frame = frame;
    placed
}

fn place_block(block: &Block, run: Range<usize>, scale: &Scale, x: f32) -> PlacedBlock {
    let (width, height, gap) = (scale.width(block), scale.height(block), scale.gap());
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
    let is_folded = run.len() > 1;
    let right = rect.right() + if is_folded { CARDS * scale.squeeze } else { 0.0 };
    let mut reach = Rect::from_min_max(rect.min - vec2(gap * 0.4, ARC), pos2(right + gap * 0.4, bottom));
    let badge = is_folded.then(|| {
        let above = pos2(rect.center().x, reach.top() - CARDS - BADGE.y / 2.0);
        reach.min.y -= CARDS + BADGE.y;
        Rect::from_center_size(above, BADGE)
    });
    PlacedBlock { run, badge, rect, reach, legs: [rect.left() - leg, right + leg], gates }
}

/// Below the blocks of its group, to the right of the one it reads.
fn place_side(placed: &mut Placed, [group, block]: [usize; 2], scale: &Scale) {
    let others: Vec<Rect> = placed.side.iter().map(|(rect, _)| *rect).collect();
    let Some(group) = placed.groups.get_mut(group) else { return };
    let Some(read) = group.blocks.iter().find(|place| place.run.contains(&block)) else { return };
    let leave = read.legs[1] + (scale.gap() * 0.12).min(2.0);
    let bottom = group.blocks.iter().map(|block| block.reach.bottom()).fold(0.0, f32::max);
    let center = leave.min(group.frame.right() - 3.0 - SIDE.x / 2.0);
    let mut rect = Rect::from_center_size(pos2(center, bottom + SIDE_DROP + SIDE.y / 2.0), SIDE);
    while others.iter().any(|other| other.expand(3.0).intersects(rect)) {
        rect = rect.translate(vec2(0.0, SIDE.y + SIDE_DROP));
    }
    group.frame.max.y = group.frame.max.y.max(rect.bottom() + 8.0);
    placed.side.push((rect, leave));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    #[test]
    fn nothing_overlaps_and_sizes_follow_the_shapes() {
        let long = ["resnet152+se", "resnet110+sam", "inception_resnet_v2+cbam", "googlenet(aux=heads)+cbam"];
        for text in crate::drawing::tests::sampler().iter().map(String::as_str).chain(long) {
            let overview = Overview::of(&lower(&parse(text).expect("parses")).expect("lowers"));
            let mut folds = Folds::default();
            for _ in 0..2 {
                folds.toggle_all(&overview);
                check(text, &overview, &place(&overview, &folds));
            }
        }
    }

    fn check(text: &str, overview: &Overview, placed: &Placed) {
        let each = overview.groups.iter().zip(&placed.groups);
        let blocks: Vec<(&Block, &PlacedBlock)> = each
            .flat_map(|(group, place)| place.blocks.iter().map(|place| (&group.blocks[place.run.start], place)))
            .collect();
        for pair in blocks.windows(2) {
            let [(before, a), (after, b)] = pair else { unreachable!() };
            assert!(a.legs[1] < b.legs[0], "{text}: {} runs into {}", before.name, after.name);
            if before.shape.height() > after.shape.height() && b.rect.height() > 28.0 {
                assert!(a.rect.height() > b.rect.height(), "{text}: {}", after.name);
            }
        }
        for pair in placed.groups.windows(2) {
            assert!(pair[0].frame.right() < pair[1].frame.left(), "{text}");
        }
        let within = |group: &PlacedGroup| {
            let parts = group.blocks.iter().map(|block| block.rect).chain(group.loose.iter().copied());
            parts.clone().all(|part| group.frame.contains_rect(part))
                && parts.clone().all(|a| parts.clone().filter(|b| a.intersects(*b)).count() == 1)
        };
        assert!(placed.groups.iter().all(within), "{text}");
        assert!(placed.groups.iter().all(|group| placed.bounds.contains_rect(group.frame)), "{text}");
        assert_eq!(placed.side.len(), overview.side.len(), "{text}");
        for (rect, leave) in &placed.side {
            let wire = Rect::from_x_y_ranges(*leave..=*leave, 0.0..=rect.top());
            let mut parts = blocks.iter().flat_map(|(_, place)| place.gates.iter().chain([&place.rect]));
            assert!(parts.all(|part| !part.intersects(*rect) && !part.intersects(wire)), "{text}");
        }
    }
}
