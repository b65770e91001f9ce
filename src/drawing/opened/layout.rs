//! Where an opened block's boxes go, in world units: pure geometry. The features' way is at y = 0.

use emath::{Pos2, Rect, Vec2, pos2, vec2};

use super::lanes::{End, Sketch};
use super::{Form, LayerBox, Opened};
use crate::network::number;

/// Height of a layer with its weights and notes.
pub(super) const BOX_HEIGHT: f32 = 48.0;
/// Height of a layer among many lanes.
const COMPACT_HEIGHT: f32 = 34.0;
/// Height of a layer inside a frame.
pub(super) const SMALL_HEIGHT: f32 = 22.0;
/// Radius of a circle.
pub const RADIUS: f32 = 9.0;
/// Width of the bar in which lanes join.
const BAR: f32 = 9.0;
/// Width of the strip of channels a slice is cut from.
pub const STRIP: f32 = 12.0;
/// What leads in and out.
const STUB: f32 = 22.0;
/// Room for the size of a layer's output under its box.
const SIZE_BELOW: f32 = 14.0;
/// Room for the cut ends of a grouped convolution.
pub const TEETH: f32 = 6.0;
/// Font size of a box's title.
pub const TEXT: f32 = 12.0;
/// Font size inside frames, of weights and notes.
pub const SMALL_TEXT: f32 = 11.0;

/// An opened block's geometry.
#[derive(Clone, Debug)]
pub struct PlacedOpened {
    /// By box.
    pub rects: Vec<Rect>,
    /// By frame.
    pub frames: Vec<PlacedFrame>,
    /// Between the boxes.
    pub wires: Vec<Wire>,
    /// By box: is it one of many lanes, drawn without notes?
    pub is_compact: Vec<bool>,
    /// What all convolutions among many lanes have folded in, where it is the same.
    pub common: Option<String>,
    /// Where the way starts and ends.
    pub line: [f32; 2],
    /// Everything.
    pub bounds: Rect,
}

/// A frame's geometry.
#[derive(Clone, Debug)]
pub struct PlacedFrame {
    /// The frame.
    pub rect: Rect,
    /// By gate: where its values are shown.
    pub values: Vec<Rect>,
}

/// A line from box to box.
#[derive(Clone, Debug)]
pub struct Wire {
    /// Its corners, or points close enough to be a curve.
    pub points: Vec<Pos2>,
    /// What it carries.
    pub kind: WireKind,
    /// The boxes at its ends; `None` where it goes on in another wire.
    pub ends: [Option<usize>; 2],
}

/// What a wire carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WireKind {
    /// Features.
    Features,
    /// The input, reshaped on its way around.
    Reshaped,
    /// Part of how the gates of this frame are computed.
    Gate(usize),
    /// A lane's share of the channels of a join: a band.
    Band {
        /// Its thickness.
        height: f32,
        /// How many.
        channels: usize,
    },
}

/// How much room a layer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// Title, weights, notes, and the size below.
    Full,
    /// Title and weights: one of many lanes.
    Compact,
    /// The title only: in this frame.
    Framed(usize),
}

/// The width of a text in this font size: an estimate, so that geometry needs no fonts.
pub(super) fn text_width(text: &str, size: f32) -> f32 {
    text.chars().count() as f32 * size * 0.56
}

/// The heights of a join's lanes: the widest lane is as high as a compact box, the others in proportion.
pub(super) fn shares(parts: &[usize]) -> impl Iterator<Item = f32> + '_ {
    let most = parts.iter().copied().max().unwrap_or(1).max(1) as f32;
    parts.iter().map(move |part| (COMPACT_HEIGHT * *part as f32 / most).max(2.0))
}

pub(super) fn box_size(layer: &LayerBox, room: Room) -> Vec2 {
    let teeth = match layer.form {
        Form::Grouped(_) | Form::Depthwise => 2.0 * TEETH,
        _ => 0.0,
    };
    match &layer.form {
        Form::Round => return Vec2::splat(2.0 * RADIUS),
        Form::Join(parts) => return vec2(BAR, shares(parts).sum()),
        Form::Slice { of, .. } => {
            return vec2(STRIP + 10.0 + text_width(&format!("{of} of {of}"), SMALL_TEXT), COMPACT_HEIGHT + 8.0);
        }
        Form::Shuffle(_) => return vec2(58.0, COMPACT_HEIGHT + 8.0),
        Form::Plain | Form::Grouped(_) | Form::Depthwise => {}
    }
    let weights = number::grouped(layer.weights);
    let widest = text_width(&layer.title, TEXT).max(text_width(&weights, SMALL_TEXT)) + teeth;
    match room {
        Room::Framed(_) => vec2((text_width(&layer.title, SMALL_TEXT) + 14.0 + teeth).max(34.0), SMALL_HEIGHT),
        Room::Compact => vec2((widest + 14.0).max(56.0), COMPACT_HEIGHT),
        Room::Full => {
            let notes = text_width(&layer.notes.join(" · "), SMALL_TEXT) + teeth;
            vec2((widest.max(notes) + 18.0).max(64.0), BOX_HEIGHT)
        }
    }
}

/// What is written under a box, as room.
pub(super) fn below(layer: &LayerBox, room: Room) -> f32 {
    match (&layer.form, room) {
        (_, Room::Framed(_)) => 0.0,
        (Form::Join(_) | Form::Shuffle(_) | Form::Slice { .. }, _) | (_, Room::Full) => SIZE_BELOW,
        (_, Room::Compact) => 0.0,
    }
}

/// Places an opened block from left to right.
#[must_use]
pub fn place(opened: &Opened) -> PlacedOpened {
    let start = End::leading(vec![pos2(-STUB, 0.0), pos2(0.0, 0.0)], None);
    let mut sketch = Sketch::way(opened, &opened.line, start, Room::Full);
    sketch.shift(vec2(STUB, 0.0));
    let end = STUB + sketch.width + STUB;
    sketch.leave(pos2(end, 0.0));
    let mut rects = vec![Rect::NOTHING; opened.boxes.len()];
    let mut is_compact = vec![false; opened.boxes.len()];
    for (index, rect, room) in sketch.rects {
        rects[index] = rect;
        is_compact[index] = room == Room::Compact;
    }
    sketch.frames.sort_by_key(|(index, _)| *index);
    let frames: Vec<PlacedFrame> = sketch.frames.into_iter().map(|(_, frame)| frame).collect();
    let shown = frames.iter().flat_map(|frame| frame.values.iter().copied().chain([frame.rect]));
    let points = sketch.wires.iter().flat_map(|wire| &wire.points).map(|point| Rect::from_pos(*point));
    let least = Rect::from_min_max(pos2(0.0, -sketch.above), pos2(end, sketch.below.max(36.0)));
    let joins = opened.boxes.iter().zip(&rects).filter(|(layer, _)| matches!(layer.form, Form::Join(_)));
    let words = joins.map(|(layer, rect)| {
        let notes: usize = layer.notes.iter().map(|note| note.len() + 3).sum();
        Rect::from_min_size(rect.left_bottom(), vec2((11 + notes) as f32 * 10.0 * 0.56, SIZE_BELOW))
    });
    let all = rects.iter().copied().filter(Rect::is_finite).chain(shown).chain(points).chain(words);
    let mut bounds = all.fold(least, Rect::union);
    bounds.min.y -= 6.0;
    bounds.max.y += 26.0;
    let common = common_notes(opened, &is_compact);
    PlacedOpened { rects, frames, wires: sketch.wires, is_compact, common, line: [0.0, end], bounds }
}

/// Compact boxes have no room for what is folded into them.
fn common_notes(opened: &Opened, is_compact: &[bool]) -> Option<String> {
    let compact = opened.boxes.iter().zip(is_compact).filter(|(layer, compact)| **compact && layer.weights > 0);
    let mut notes = compact.map(|(layer, _)| layer.notes.join(" · "));
    let first = notes.next().filter(|notes| !notes.is_empty())?;
    notes.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::tests::{parts, sampler};
    use crate::network::cost::Ledger;
    use crate::network::{lower, parse};

    /// Points along a wire, close to each other.
    fn sampled(wire: &Wire) -> impl Iterator<Item = Pos2> + '_ {
        let half = if let WireKind::Band { height, .. } = wire.kind { height / 2.0 } else { 0.0 };
        let between = |pair: &[Pos2]| {
            let (from, to) = (pair[0], pair[1]);
            let steps = ((to - from).length() / 2.0).ceil().max(1.0) as usize;
            (0..=steps).map(move |step| from.lerp(to, step as f32 / steps as f32)).collect::<Vec<_>>()
        };
        wire.points.windows(2).flat_map(between).flat_map(move |at| [-half, 0.0, half].map(|by| at + vec2(0.0, by)))
    }

    #[test]
    fn boxes_never_overlap_and_no_wire_runs_through_a_box_in_any_family() {
        for text in sampler() {
            let graph = lower(&parse(&text).expect("parses")).expect("lowers");
            let ledger = Ledger::of(&graph);
            for scope in parts(&graph) {
                let path = format!("{text} {}", graph[scope].path);
                let opened = Opened::of(&graph, &ledger, scope);
                let placed = place(&opened);
                for (index, rect) in placed.rects.iter().enumerate() {
                    assert!(placed.bounds.contains_rect(*rect), "{path}: {}", opened.boxes[index].title);
                    let mut others = placed.rects[index + 1..].iter();
                    assert!(others.all(|other| !other.intersects(*rect)), "{path}: {}", opened.boxes[index].title);
                }
                for (index, frame) in placed.frames.iter().enumerate() {
                    for (layer, rect) in placed.rects.iter().enumerate() {
                        let is_scale = opened.frames[index].gates.iter().any(|gate| gate.scale == layer);
                        let belongs = is_scale || opened.frame_of[layer] == Some(index);
                        assert_eq!(frame.rect.intersects(*rect), belongs, "{path}: {}", opened.boxes[layer].title);
                    }
                }
                for wire in &placed.wires {
                    for (layer, rect) in placed.rects.iter().enumerate() {
                        let inner = rect.shrink(1.0);
                        let crosses = !wire.ends.contains(&Some(layer)) && sampled(wire).any(|at| inner.contains(at));
                        assert!(!crosses, "{path}: {:?} {:?} {}", wire.kind, wire.ends, opened.boxes[layer].title);
                    }
                }
            }
        }
    }

    #[test]
    fn every_wire_of_the_graph_is_drawn() {
        for text in ["inception_v3+cbam", "shufflenet_v2_x1_0+se", "resnet50(shortcut=c)", "inception_resnet_v2"] {
            let graph = lower(&parse(text).expect("parses")).expect("lowers");
            let ledger = Ledger::of(&graph);
            for scope in parts(&graph) {
                let opened = Opened::of(&graph, &ledger, scope);
                let placed = place(&opened);
                let box_of = |node| opened.boxes.iter().position(|layer| layer.nodes.contains(&node));
                for (to, layer) in opened.boxes.iter().enumerate() {
                    let reads = layer.nodes.iter().flat_map(|node| &graph[*node].inputs);
                    for from in reads.filter_map(|node| box_of(*node)).filter(|from| *from != to) {
                        let found = placed.wires.iter().any(|wire| wire.ends == [Some(from), Some(to)]);
                        assert!(found, "{text} {}: {from} to {to} {}", graph[scope].path, layer.title);
                    }
                }
            }
        }
    }

    #[test]
    fn lanes_of_a_join_are_as_wide_as_their_channels() {
        assert_eq!(shares(&[64, 128, 32, 32]).collect::<Vec<_>>(), [17.0, 34.0, 8.5, 8.5]);
    }
}
