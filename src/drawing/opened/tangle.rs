//! Draws layers whose wires cross, which no lanes can show: in one row, the wires that are not between neighbours
//! above it, each on a level of its own.

use std::collections::HashMap;

use emath::{Pos2, Rect, pos2, vec2};

use super::Opened;
use super::lanes::{End, FAN, GAP, Sketch, kind_in, wire};
use super::layout::Room;
use crate::drawing::flow::Source;

/// Between wires.
const TANGLE: f32 = 10.0;

impl Sketch {
    /// In one row, with a wire over it for everything that is not between neighbours.
    pub(super) fn tangle(&mut self, opened: &Opened, layers: &[usize], room: Room) {
        let source = self.arrive(room);
        let mut row = Self { ends: vec![End::leading(vec![Pos2::ZERO], source)], ..Self::default() };
        for (place, layer) in layers.iter().enumerate() {
            row.width += if place > 0 { GAP } else { 0.0 };
            if place > 0 && !opened.reads[*layer].contains(&Some(layers[place - 1])) {
                row.ends.clear();
            }
            row.step(opened, *layer, room);
        }
        let rects: HashMap<usize, Rect> = row.rects.iter().map(|(index, rect, _)| (*index, *rect)).collect();
        let mut level = row.above;
        let mut rising = |from: Source| {
            level += TANGLE;
            let start =
                from.map_or(Pos2::ZERO, |from| rects[&from].center_top() + vec2(rects[&from].width() / 4.0, 0.0));
            (End::leading(vec![start, pos2(start.x, -level)], from.or(source)), -level)
        };
        for (place, layer) in layers.iter().enumerate().skip(1) {
            for read in opened.reads[*layer].iter().filter(|read| **read != Some(layers[place - 1])) {
                // What lies before the tangle comes in where it begins.
                let from = read.filter(|read| layers.contains(read));
                let down = rects[layer].center_top() - vec2(rects[layer].width() / 4.0, 0.0);
                let (start, height) = rising(from);
                row.wires.push(wire(start, vec![pos2(down.x, height), down], kind_in(room), Some(*layer)));
            }
        }
        let is_read = |layer: usize| {
            let others = opened.reads.iter().enumerate().filter(|(index, _)| !layers.contains(index));
            others.into_iter().any(|(_, reads)| reads.contains(&Some(layer)))
        };
        row.width += FAN;
        for layer in layers[..layers.len() - 1].iter().filter(|layer| is_read(**layer)) {
            let (mut end, height) = rising(Some(*layer));
            end.points.push(pos2(row.width, height));
            row.ends.push(end);
        }
        row.above = level;
        let width = row.width;
        self.ends = self.absorb(row, self.cursor());
        self.width += width;
    }
}
