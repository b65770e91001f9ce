//! The small signs in closed blocks that tell how they are wired.

use emath::{Rect, pos2, vec2};

use super::Wiring;
use crate::drawing::curve::curve;
use crate::drawing::{Line, Pen, Role};

/// Largest width of a sign.
const WIDTH: f32 = 13.0;
/// Between a sign's lines.
const STEP: f32 = 6.0;
/// Lines of a sign for many groups, and for each channel by itself.
const GROUPS: usize = 3;
const FINE: usize = 5;

/// Paints the sign of a wiring in the middle of its block, where it is large enough to be seen.
pub(super) fn wiring(pen: &mut Pen, wiring: Wiring, block: Rect) {
    let width = (block.width() - 6.0).min(WIDTH);
    if width * pen.scale() < 4.0 {
        return;
    }
    match wiring {
        Wiring::Plain => {}
        Wiring::Lanes(lanes) => lines(pen, block, width, lanes.clamp(2, 6), STEP),
        Wiring::Grouped(_) => lines(pen, block, width * 0.6, GROUPS, 3.0),
        Wiring::Separable => lines(pen, block, width * 0.6, FINE, 2.2),
        Wiring::Inverted => {
            let corners = [vec2(-width / 2.0, 0.0), vec2(0.0, -7.0), vec2(width / 2.0, 0.0), vec2(0.0, 7.0)];
            let corners = corners.map(|corner| block.center() + corner);
            pen.polygon(corners.to_vec(), None, Some(stroke()));
        }
        Wiring::Shuffle | Wiring::Split => strands(pen, block, width, wiring == Wiring::Split),
    }
}

fn stroke() -> Line {
    Line::new(1.2, Role::Muted)
}

/// One below the other: lanes that leave and come together at the ends; groups that do not.
fn lines(pen: &mut Pen, block: Rect, width: f32, count: usize, step: f32) {
    let half = (count as f32 - 1.0) * step / 2.0;
    let [left, right] = [block.center().x - width / 2.0, block.center().x + width / 2.0];
    for line in 0..count {
        let y = line as f32 * step - half;
        pen.line(&[pos2(left, y), pos2(right, y)], stroke());
    }
    if step >= STEP {
        for x in [left, right] {
            pen.line(&[pos2(x, -half), pos2(x, half)], stroke());
        }
    }
}

/// Two that change places; a split has one more that goes past them.
fn strands(pen: &mut Pen, block: Rect, width: f32, is_split: bool) {
    let [left, right] = [block.center().x - width / 2.0, block.center().x + width / 2.0];
    let middle = block.center().x;
    for (from, to) in [(-5.0, 5.0), (5.0, -5.0)] {
        pen.line(&curve(pos2(left, from), pos2(middle, from), pos2(middle, to), pos2(right, to)), stroke());
    }
    if is_split {
        pen.line(&[pos2(left, -10.0), pos2(right, -10.0)], stroke());
    }
}
