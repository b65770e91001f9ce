//! Where an opened block's boxes go, in world units: pure geometry. The main line is at y = 0.

use eframe::egui;
use egui::{Pos2, Rect, Vec2, pos2, vec2};

use super::opened::{LayerBox, Opened};
use crate::network::graph::GateKind;

/// Between boxes on the main line.
const GAP: f32 = 12.0;
/// Height of a layer with its weights and notes.
const BOX_HEIGHT: f32 = 48.0;
/// Height of a layer inside a frame.
const SMALL_HEIGHT: f32 = 22.0;
/// Between the two layers of a column.
const STACK_GAP: f32 = 6.0;
/// Radius of a circle.
pub const RADIUS: f32 = 9.0;
/// Inside a frame.
const PADDING: f32 = 10.0;
/// Between boxes inside a frame.
const SMALL_GAP: f32 = 9.0;
/// A frame's title.
const TITLE: f32 = 18.0;
/// From the lowest layer of a frame to the main line, and from there to the frame's lower edge.
const DROP: f32 = 24.0;
/// What leads in and out.
const STUB: f32 = 22.0;
/// From what is highest to an identity's lane.
const LANE: f32 = 22.0;
/// Room for the size of a layer's output under its box.
const SIZE_BELOW: f32 = 14.0;
/// Font size of a box's title.
pub const TEXT: f32 = 12.0;
/// Font size inside frames, of weights and notes.
pub const SMALL_TEXT: f32 = 11.0;

/// An opened block's geometry.
#[derive(Clone, Debug)]
pub struct PlacedOpened {
    /// By box.
    pub rects: Vec<Rect>,
    /// By frame: the frame, and where its gate's values are shown.
    pub frames: Vec<(Rect, Rect)>,
    /// By lane: from, height, to.
    pub lanes: Vec<(f32, f32, Pos2)>,
    /// Where the main line starts and ends.
    pub line: [f32; 2],
    /// Everything.
    pub bounds: Rect,
}

/// The width of a text in this font size: an estimate, so that geometry needs no fonts.
fn text_width(text: &str, size: f32) -> f32 {
    text.chars().count() as f32 * size * 0.56
}

fn box_size(layer: &LayerBox, is_small: bool) -> Vec2 {
    if layer.is_round {
        return Vec2::splat(2.0 * RADIUS);
    }
    if is_small {
        return vec2((text_width(&layer.title, SMALL_TEXT) + 14.0).max(34.0), SMALL_HEIGHT);
    }
    let weights = crate::network::number::grouped(layer.weights);
    let notes = layer.notes.join(" · ");
    let widest =
        text_width(&layer.title, TEXT).max(text_width(&weights, SMALL_TEXT)).max(text_width(&notes, SMALL_TEXT));
    vec2((widest + 18.0).max(64.0), BOX_HEIGHT)
}

/// Places an opened block from left to right.
#[must_use]
pub fn place(opened: &Opened) -> PlacedOpened {
    let mut placing = Placing { opened, rects: vec![Rect::NOTHING; opened.boxes.len()], frames: Vec::new() };
    let end = placing.main_line();
    let top = placing.top();
    let (lanes, highest) = placing.lanes(top);
    let Placing { rects, frames, .. } = placing;
    let shown = rects.iter().copied().chain(frames.iter().flat_map(|(frame, values)| [*frame, *values]));
    let mut bounds = shown.fold(Rect::from_min_max(pos2(0.0, highest), pos2(end, 36.0)), Rect::union);
    bounds.min.y -= 6.0;
    bounds.max.y += 16.0;
    PlacedOpened { rects, frames, lanes, line: [0.0, end], bounds }
}

struct Placing<'a> {
    opened: &'a Opened,
    rects: Vec<Rect>,
    frames: Vec<(Rect, Rect)>,
}

impl Placing<'_> {
    fn main_line(&mut self) -> f32 {
        let mut x = STUB;
        for index in &self.opened.main {
            if let Some(frame) = self.opened.frames.iter().position(|frame| frame.scale == *index) {
                x = self.frame(frame, x) + GAP;
            } else {
                let size = box_size(&self.opened.boxes[*index], false);
                self.rects[*index] = Rect::from_center_size(pos2(x + size.x / 2.0, 0.0), size);
                x += size.x + GAP;
            }
        }
        x - GAP + STUB
    }

    /// Places a frame with its left edge at `left`; returns its right edge.
    fn frame(&mut self, index: usize, left: f32) -> f32 {
        let frame = &self.opened.frames[index];
        let rows = frame.columns.iter().map(Vec::len).max().unwrap_or(1).max(1) as f32;
        let height = rows * SMALL_HEIGHT + (rows - 1.0) * STACK_GAP;
        let middle = -DROP - height / 2.0;
        let mut x = left + PADDING + SMALL_GAP;
        for column in &frame.columns {
            let width = column.iter().map(|member| box_size(&self.opened.boxes[*member], true).x).fold(0.0, f32::max);
            let used = column.len() as f32 * (SMALL_HEIGHT + STACK_GAP) - STACK_GAP;
            for (row, member) in column.iter().enumerate() {
                let mut size = box_size(&self.opened.boxes[*member], true);
                size.x = if self.opened.boxes[*member].is_round { size.x } else { width };
                let y = middle - used / 2.0 + row as f32 * (SMALL_HEIGHT + STACK_GAP) + SMALL_HEIGHT / 2.0;
                self.rects[*member] = Rect::from_center_size(pos2(x + width / 2.0, y), size);
            }
            x += width + SMALL_GAP;
        }
        let right = x + 2.0 * RADIUS + PADDING;
        self.rects[frame.scale] = Rect::from_center_size(pos2(x + RADIUS, 0.0), Vec2::splat(2.0 * RADIUS));
        let rect = Rect::from_min_max(pos2(left, middle - height / 2.0 - TITLE - 8.0), pos2(right, DROP));
        let values = match frame.kind {
            // Narrower than the frame: the output's size is beside it.
            GateKind::Channel | GateKind::Paths { .. } => {
                Rect::from_min_max(pos2(left + 32.0, DROP + 20.0), pos2(right - 32.0, DROP + 56.0))
            }
            GateKind::Spatial | GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Matrix => {
                Rect::from_center_size(pos2(rect.center().x, DROP + 20.0 + 26.0), Vec2::splat(52.0))
            }
        };
        self.frames.push((rect, values));
        right
    }

    fn top(&self) -> f32 {
        let frames = self.frames.iter().map(|(frame, _)| frame.top());
        let boxes = self.opened.main.iter().map(|index| self.rects[*index].top());
        frames.chain(boxes).fold(-BOX_HEIGHT / 2.0, f32::min)
    }

    /// Places the lanes one above the other, the first lowest.
    fn lanes(&mut self, top: f32) -> (Vec<(f32, f32, Pos2)>, f32) {
        let mut y = top;
        let mut lanes = Vec::new();
        for lane in &self.opened.lanes {
            let is_empty = lane.boxes.is_empty();
            y -= if is_empty { LANE } else { LANE * 0.5 + SIZE_BELOW + BOX_HEIGHT / 2.0 };
            let start = lane.from.map_or(STUB * 0.4, |from| self.rects[from].right() + GAP / 2.0);
            let end = self.rects[lane.to].center_top();
            let sizes: Vec<Vec2> = lane.boxes.iter().map(|index| box_size(&self.opened.boxes[*index], false)).collect();
            let total: f32 = sizes.iter().map(|size| size.x + GAP).sum::<f32>() - GAP;
            let mut x = (start + end.x - total) / 2.0;
            for (index, size) in lane.boxes.iter().zip(sizes) {
                self.rects[*index] = Rect::from_min_size(pos2(x, y - size.y / 2.0), size);
                x += size.x + GAP;
            }
            lanes.push((start, y, end));
            y -= if is_empty { 0.0 } else { BOX_HEIGHT / 2.0 };
        }
        (lanes, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::cost::Ledger;
    use crate::network::graph::ScopeKind;
    use crate::network::{lower, parse};

    #[test]
    fn boxes_never_overlap_and_everything_is_within_the_bounds() {
        for text in ["resnet50+cbam", "resnet18+se", "resnet20(shortcut=c)+sam", "resnet20+cam", "plain20"] {
            let graph = lower(&parse(text).expect("parses")).expect("lowers");
            let ledger = Ledger::of(&graph);
            let kinds = [ScopeKind::Stem, ScopeKind::Block, ScopeKind::Head];
            for scope in kinds.into_iter().flat_map(|kind| graph.scopes_of(kind)) {
                let opened = Opened::of(&graph, &ledger, scope);
                let placed = place(&opened);
                for (index, rect) in placed.rects.iter().enumerate() {
                    assert!(placed.bounds.contains_rect(*rect), "{text} {}", graph[scope].path);
                    let others = placed.rects[index + 1..].iter();
                    assert!(others.clone().all(|other| !other.intersects(*rect)), "{text} {}", graph[scope].path);
                }
            }
        }
    }
}
