//! Puts the pieces of a way side by side and below each other. Every piece is drawn around its own origin and moved
//! to its place afterwards: an outer piece knows nothing of an inner one but its size.

use emath::{Pos2, Rect, Vec2, pos2, vec2};

use super::layout::{PlacedFrame, RADIUS, Room, Wire, WireKind, below, box_size, shares};
use super::{Form, Opened};
use crate::drawing::curve::curve;
use crate::drawing::flow::{Fork, Piece};

/// Between boxes of a way.
pub(super) const GAP: f32 = 12.0;
/// Between boxes inside a frame.
pub(super) const SMALL_GAP: f32 = 9.0;
/// Between lanes, and between those of a frame.
const LANE_GAP: f32 = 12.0;
const SMALL_LANE_GAP: f32 = 6.0;
/// An empty lane's share of the height.
const WIRE_LANE: f32 = 10.0;
/// Where wires fan out to their lanes, and come together again.
pub(super) const FAN: f32 = 26.0;
/// The same inside a frame.
const SMALL_FAN: f32 = 8.0;
/// Room for a lane's channels beside its band.
const COUNT: f32 = 30.0;
/// From what is highest to a shortcut around it.
const AROUND: f32 = 22.0;
/// From a shortcut's start to the first layer.
const BEND: f32 = 12.0;

/// The open end of a wire.
#[derive(Clone, Debug)]
pub(super) struct End {
    /// The way so far.
    pub(super) points: Vec<Pos2>,
    /// The box it comes from.
    pub(super) source: Option<usize>,
    /// It comes round from above.
    arches: bool,
    /// It has been reshaped on its way.
    is_reshaped: bool,
}

/// A piece of a drawing around its own origin, which is where its way begins.
#[derive(Default)]
pub(super) struct Sketch {
    pub(super) rects: Vec<(usize, Rect, Room)>,
    pub(super) frames: Vec<(usize, PlacedFrame)>,
    pub(super) wires: Vec<Wire>,
    pub(super) ends: Vec<End>,
    /// From the origin to the right, upwards and downwards.
    pub(super) width: f32,
    pub(super) above: f32,
    pub(super) below: f32,
}

impl End {
    /// A wire that has come along these points.
    pub(super) fn leading(points: Vec<Pos2>, source: Option<usize>) -> Self {
        Self { points, source, arches: false, is_reshaped: false }
    }

    pub(super) fn at(&self) -> Pos2 {
        self.points.last().copied().unwrap_or_default()
    }
}

impl Sketch {
    /// Draws a way whose first wire has come as far as the origin.
    pub(super) fn way(opened: &Opened, pieces: &[Piece], start: End, room: Room) -> Self {
        let mut sketch = Self { ends: vec![start], ..Self::default() };
        let gap = if matches!(room, Room::Framed(_)) { SMALL_GAP } else { GAP };
        for (index, piece) in pieces.iter().enumerate() {
            sketch.width += if index > 0 { gap } else { 0.0 };
            match piece {
                Piece::Layer(layer) => sketch.step(opened, *layer, room),
                Piece::Fork(fork) => match main_lane(opened, fork, room) {
                    Some(main) => sketch.around(opened, fork, main, room),
                    None => sketch.stack(opened, fork, room),
                },
                Piece::Tangle(tangle) => sketch.tangle(opened, &tangle.layers, room),
            }
        }
        sketch
    }

    /// Moves everything.
    pub(super) fn shift(&mut self, by: Vec2) {
        self.rects.iter_mut().for_each(|(_, rect, _)| *rect = rect.translate(by));
        for (_, frame) in &mut self.frames {
            frame.rect = frame.rect.translate(by);
            frame.values.iter_mut().for_each(|values| *values = values.translate(by));
        }
        let wires = self.wires.iter_mut().map(|wire| &mut wire.points);
        let ends = self.ends.iter_mut().map(|end| &mut end.points);
        wires.chain(ends).flatten().for_each(|point| *point += by);
    }

    /// Takes in another one, its origin here; the other's ends are given back.
    pub(super) fn absorb(&mut self, mut other: Self, at: Vec2) -> Vec<End> {
        other.shift(at);
        self.rects.append(&mut other.rects);
        self.frames.append(&mut other.frames);
        self.wires.append(&mut other.wires);
        self.above = self.above.max(other.above - at.y);
        self.below = self.below.max(other.below + at.y);
        other.ends
    }

    /// Where the way has come to.
    pub(super) fn cursor(&self) -> Vec2 {
        vec2(self.width, 0.0)
    }

    pub(super) fn grow(&mut self, above: f32, below: f32) {
        self.above = self.above.max(above);
        self.below = self.below.max(below);
    }

    /// Leads what is open to a point.
    pub(super) fn leave(&mut self, to: Pos2) {
        for end in std::mem::take(&mut self.ends) {
            self.wires.push(wire(end, vec![to], WireKind::Features, None));
        }
    }

    /// One layer, with the frame of the gate it multiplies with.
    pub(super) fn step(&mut self, opened: &Opened, index: usize, room: Room) {
        match opened.frame_at(index) {
            Some(frame) => self.frame(opened, frame, room),
            None => self.layer(opened, index, room),
        }
    }

    fn layer(&mut self, opened: &Opened, index: usize, room: Room) {
        let layer = &opened.boxes[index];
        let size = box_size(layer, room);
        let rect = Rect::from_min_size(pos2(self.width, -size.y / 2.0), size);
        self.rects.push((index, rect, room));
        self.connect(opened, index, rect, room);
        self.width += size.x;
        self.grow(size.y / 2.0, size.y / 2.0 + below(layer, room));
        self.ends = vec![End::leading(vec![rect.right_center()], Some(index))];
    }

    /// Leads what is open into a box.
    pub(super) fn connect(&mut self, opened: &Opened, index: usize, rect: Rect, room: Room) {
        let ends = std::mem::take(&mut self.ends);
        let reads = &opened.reads[index];
        let parts = match &opened.boxes[index].form {
            Form::Join(parts) if parts.len() == reads.len() => Some(parts),
            _ => None,
        };
        for end in ends {
            let lane = reads.iter().position(|read| *read == end.source);
            if let (Some(parts), Some(lane)) = (parts, lane) {
                let above: f32 = shares(parts).take(lane).sum();
                let height = shares(parts).nth(lane).unwrap_or_default();
                let target = pos2(rect.left(), rect.top() + above + height / 2.0);
                let bend = swing(pos2(rect.left() - FAN, end.at().y), target);
                let kind = WireKind::Band { height, channels: parts[lane] };
                self.wires.push(wire(end, bend, kind, Some(index)));
                continue;
            }
            let kind = match room {
                Room::Framed(frame) => WireKind::Gate(frame),
                _ if end.is_reshaped => WireKind::Reshaped,
                _ => WireKind::Features,
            };
            let rest = if end.arches {
                descent(end.at(), rect.center_top())
            } else {
                let target = rect.left_center();
                let fan = if matches!(room, Room::Framed(_)) { SMALL_FAN } else { FAN };
                let is_level = (end.at().y - target.y).abs() < 0.01;
                if is_level { vec![target] } else { swing(pos2(target.x - fan, end.at().y), target) }
            };
            self.wires.push(wire(end, rest, kind, Some(index)));
        }
    }

    /// Lanes one below the other, with the way in the middle.
    fn stack(&mut self, opened: &Opened, fork: &Fork, room: Room) {
        let (fan, gap) = match room {
            Room::Framed(_) => (SMALL_FAN, SMALL_LANE_GAP),
            _ => (FAN, LANE_GAP),
        };
        let room = if room == Room::Full && fork.lanes.len() > 2 { Room::Compact } else { room };
        let source = self.arrive(room);
        let lane = |lane: &Vec<Piece>| {
            let mut drawn = Self::way(opened, lane, End::leading(vec![Pos2::ZERO], source), room);
            if lane.is_empty() {
                drawn.grow(WIRE_LANE / 2.0, WIRE_LANE / 2.0);
            }
            drawn
        };
        let lanes: Vec<Self> = fork.lanes.iter().map(lane).collect();
        let total: f32 = lanes.iter().map(|lane| lane.above + lane.below + gap).sum::<f32>() - gap;
        let widest = lanes.iter().map(|lane| lane.width).fold(0.0, f32::max);
        let origin = self.cursor();
        let mut top = -total / 2.0;
        let mut ends = Vec::new();
        for lane in lanes {
            let y = top + lane.above;
            top += lane.above + lane.below + gap;
            let start = End::leading(vec![origin.to_pos2()], source);
            let fanned = swing(origin.to_pos2(), pos2(origin.x + fan, y));
            self.wires.push(wire(start, fanned, kind_in(room), None));
            ends.extend(self.absorb(lane, vec2(origin.x + fan, y)));
        }
        let is_banded = fork.join.is_some_and(|join| matches!(opened.boxes[join].form, Form::Join(_)));
        self.width += fan + widest;
        for end in &mut ends {
            end.points.push(pos2(self.width, end.at().y));
        }
        let gap = if matches!(room, Room::Framed(_)) { SMALL_GAP } else { GAP };
        self.width += match fork.join {
            Some(_) if is_banded => COUNT + FAN - gap,
            Some(_) => (fan - gap).max(0.0),
            None => 0.0,
        };
        self.ends = ends;
    }

    /// What has come this far leads to where lanes part; gives the box it comes from.
    pub(super) fn arrive(&mut self, room: Room) -> Option<usize> {
        let at = self.cursor().to_pos2();
        let mut source = None;
        for end in std::mem::take(&mut self.ends) {
            source = end.source;
            self.wires.push(wire(end, vec![at], kind_in(room), None));
        }
        source
    }

    /// The main lane on the way, the others around it, the first lowest.
    fn around(&mut self, opened: &Opened, fork: &Fork, main: usize, room: Room) {
        let source = self.arrive(room);
        let origin = self.cursor();
        let start = |by: f32| End::leading(vec![pos2(-by, 0.0), Pos2::ZERO], source);
        let drawn = Self::way(opened, &fork.lanes[main], start(BEND), room);
        let mut y = -drawn.above;
        self.width += BEND + drawn.width;
        let mut ends = self.absorb(drawn, origin + vec2(BEND, 0.0));
        let end = self.width + GAP + RADIUS;
        for (_, lane) in fork.lanes.iter().enumerate().filter(|(index, _)| *index != main) {
            let size = Self::way(opened, lane, End::leading(vec![Pos2::ZERO], source), room);
            y -= if lane.is_empty() { AROUND } else { AROUND * 0.5 + size.below };
            let bend = (end - origin.x).min(90.0) * 0.5;
            let left = f32::midpoint(origin.x, end) - size.width / 2.0;
            let turned = pos2((origin.x + bend).min(left), y);
            let mut rise = ascent(origin.to_pos2(), turned);
            rise.push(pos2(left, y));
            for point in &mut rise {
                *point -= vec2(left, y);
            }
            let is_reshaped = !lane.is_empty();
            let start = End { is_reshaped, ..End::leading(rise, source) };
            let drawn = Self::way(opened, lane, start, room);
            let above = drawn.above;
            for mut lane_end in self.absorb(drawn, vec2(left, y)) {
                (lane_end.arches, lane_end.is_reshaped) = (true, is_reshaped);
                ends.push(lane_end);
            }
            y -= above;
            self.above = self.above.max(-y);
        }
        self.ends = ends;
    }
}

/// Adds the rest of its way to an open end.
pub(super) fn wire(end: End, rest: Vec<Pos2>, kind: WireKind, to: Option<usize>) -> Wire {
    let mut points = end.points;
    points.extend(rest);
    points.dedup();
    Wire { points, kind, ends: [end.source, to] }
}

pub(super) fn kind_in(room: Room) -> WireKind {
    match room {
        Room::Framed(frame) => WireKind::Gate(frame),
        _ => WireKind::Features,
    }
}

/// An S from here to there, level at both ends.
fn swing(from: Pos2, to: Pos2) -> Vec<Pos2> {
    let middle = f32::midpoint(from.x, to.x);
    curve(from, pos2(middle, from.y), pos2(middle, to.y), to)
}

/// Straight up, then level.
fn ascent(from: Pos2, to: Pos2) -> Vec<Pos2> {
    let bend = to.x - from.x;
    curve(from, pos2(from.x, from.y + (to.y - from.y) * 0.8), pos2(from.x + bend * 0.3, to.y), to)
}

/// Level, then down into the top of a box.
fn descent(from: Pos2, top: Pos2) -> Vec<Pos2> {
    let bend = (top.x - from.x).clamp(0.0, 45.0);
    let mut points = vec![pos2(top.x - bend, from.y)];
    points.extend(curve(
        pos2(top.x - bend, from.y),
        pos2(top.x - bend * 0.3, from.y),
        pos2(top.x, top.y + (from.y - top.y) * 0.8),
        top,
    ));
    points
}

/// The lane that stays on the way where others are shortcuts around it: the only longest one into an addition.
fn main_lane(opened: &Opened, fork: &Fork, room: Room) -> Option<usize> {
    let is_framed = matches!(room, Room::Framed(_));
    let join = &opened.boxes[fork.join?];
    let lengths: Vec<usize> = fork.lanes.iter().map(|lane| length(lane)).collect();
    let longest = lengths.iter().copied().max()?;
    let is_only = lengths.iter().filter(|length| **length == longest).count() == 1;
    let main = lengths.iter().position(|length| *length == longest)?;
    (!is_framed && join.is_round() && join.title == "+" && is_only && fork.lanes.len() < 4).then_some(main)
}

/// Layers along the longest way.
fn length(way: &[Piece]) -> usize {
    let of = |piece: &Piece| match piece {
        Piece::Layer(_) => 1,
        Piece::Fork(fork) => fork.lanes.iter().map(|lane| length(lane)).max().unwrap_or(0),
        Piece::Tangle(tangle) => tangle.layers.len(),
    };
    way.iter().map(of).sum()
}
