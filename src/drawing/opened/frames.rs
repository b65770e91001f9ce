//! Draws how a gate is computed: a frame above the features' way, from where it reads them to the multiplication.

use emath::{Rect, Vec2, pos2, vec2};

use super::Opened;
use super::lanes::{End, SMALL_GAP, Sketch, wire};
use super::layout::{PlacedFrame, RADIUS, Room, SMALL_TEXT, WireKind, text_width};
use crate::network::graph::GateKind;

/// Inside a frame.
const PADDING: f32 = 10.0;
/// A frame's title.
const TITLE: f32 = 26.0;
/// From the lowest layer of a frame to the features' way, and from there to the frame's lower edge.
const DROP: f32 = 24.0;
/// From a frame's left edge to where it reads the features.
const FOOT: f32 = 8.0;
/// Between multiplications of one frame.
const BETWEEN: f32 = 10.0;
/// From a frame to its values, and their height.
const VALUES: f32 = 20.0;
const HEIGHT: f32 = 52.0;
/// Width a gate's values and what is said of them need at least.
const LEAST: f32 = 72.0;

impl Sketch {
    /// Draws a frame and its multiplications where the way has come to.
    pub(super) fn frame(&mut self, opened: &Opened, index: usize, room: Room) {
        let frame = &opened.frames[index];
        let inside = Room::Framed(index);
        let source = self.ends.first().and_then(|end| end.source);
        let size = Self::way(opened, &frame.line, End::leading(vec![], source), inside);
        let rise = DROP + size.below;
        let lead = PADDING + SMALL_GAP;
        let foot = vec![pos2(FOOT - lead, rise), pos2(FOOT - lead, 0.0), pos2(0.0, 0.0)];
        let drawn = Self::way(opened, &frame.line, End::leading(foot, source), inside);
        let (left, above) = (self.width, rise + drawn.above + TITLE);
        let first = left + lead + drawn.width + SMALL_GAP + RADIUS;
        let ends = self.absorb(drawn, vec2(left + lead, -rise));
        let mut x = first;
        for gate in &frame.gates {
            let rect = Rect::from_center_size(pos2(x, 0.0), Vec2::splat(2.0 * RADIUS));
            self.rects.push((gate.scale, rect, room));
            self.connect(opened, gate.scale, rect, room);
            self.ends = vec![End::leading(vec![rect.right_center()], Some(gate.scale))];
            for end in ends.iter().filter(|end| end.source == Some(gate.end)) {
                let corner = pos2(x, end.at().y);
                let to = vec![corner, rect.center_top()];
                self.wires.push(wire(end.clone(), to, WireKind::Gate(index), Some(gate.scale)));
            }
            x += 2.0 * RADIUS + BETWEEN;
        }
        let least = (text_width(&frame.title, SMALL_TEXT) + 2.0 * PADDING).max(LEAST * frame.gates.len() as f32);
        let right = (x - RADIUS - BETWEEN + PADDING).max(left + least);
        let rect = Rect::from_min_max(pos2(left, -above), pos2(right, DROP));
        let share = rect.width() / frame.gates.len() as f32;
        let slot = |place: usize| left + share * place as f32..=left + share * (place + 1) as f32;
        let values = frame.gates.iter().enumerate().map(|(place, gate)| values(gate.kind, slot(place).into()));
        let values = values.collect();
        self.frames.push((index, PlacedFrame { rect, values }));
        // What follows begins outside of the frame.
        let scale = self.ends.first().and_then(|end| end.source);
        self.leave(pos2(right, 0.0));
        self.ends = vec![End::leading(vec![pos2(right, 0.0)], scale)];
        self.width = right;
        self.grow(above, DROP + VALUES + HEIGHT);
    }
}

/// Where a gate's values are shown below its frame, between left and right.
fn values(kind: GateKind, span: emath::Rangef) -> Rect {
    let top = DROP + VALUES;
    match kind {
        // Narrower than the frame: the output's size is beside it.
        GateKind::Channel | GateKind::Paths { .. } => {
            let inset = (span.span() * 0.2).min(32.0);
            Rect::from_x_y_ranges(span.min + inset..=span.max - inset, top..=top + 36.0)
        }
        GateKind::Spatial | GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Matrix => {
            Rect::from_center_size(pos2(span.center(), top + HEIGHT / 2.0), Vec2::splat(HEIGHT))
        }
    }
}
