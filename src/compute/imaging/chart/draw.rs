//! Strokes, axes and bars on paper.

use image::{Rgb, RgbImage};

use super::{BAR_HEIGHT, Bar, GRID, INK, Line, MUTED, PANEL_HEIGHT, TICK, VALUE, tick_words, ticks};
use crate::compute::imaging::text::{Anchor, cover, fit, write};

/// The axes' box inside a panel, in pixels.
pub(super) const LEFT: f32 = 62.0;
pub(super) const RIGHT: f32 = 596.0;
const TOP: f32 = 50.0;
const BOTTOM: f32 = PANEL_HEIGHT as f32 - 72.0;

/// Where a bar's name ends and the bar begins, and where the longest one ends.
const BAR_LEFT: f32 = 78.0;
const BAR_RIGHT: f32 = 440.0;

/// Axes with their scales.
pub(super) struct Canvas {
    across: (f64, f64),
    up: (f64, f64),
    left: f32,
    top: f32,
}

impl Canvas {
    pub(super) fn new(lines: &[Line], range: Option<(f64, f64)>, (left, top): (f32, f32)) -> Self {
        let points = || lines.iter().flat_map(|line| &line.points).filter(|point| is_finite(**point));
        let across = extent(points().map(|point| point[0]));
        let up = range.unwrap_or_else(|| {
            let (low, high) = extent(points().map(|point| point[1]));
            let room = (high - low) * 0.06;
            (low - room, high + room)
        });
        Self { across, up, left, top }
    }

    fn x(&self, value: f64) -> f32 {
        let share = (value - self.across.0) / (self.across.1 - self.across.0);
        self.left + LEFT + share as f32 * (RIGHT - LEFT)
    }

    fn y(&self, value: f64) -> f32 {
        let share = ((value - self.up.0) / (self.up.1 - self.up.0)).clamp(0.0, 1.0);
        self.top + BOTTOM - share as f32 * (BOTTOM - TOP)
    }

    pub(super) fn grid(&self, page: &mut RgbImage, names: &[String]) {
        let marks = ticks(self.up.0, self.up.1, 5);
        let step = step_of(&marks);
        for value in &marks {
            let y = self.y(*value);
            polyline(page, &[[self.left + LEFT, y], [self.left + RIGHT, y]], GRID, 1.0, false);
            let at = (self.left + LEFT - 10.0, y + 6.0);
            write(page, &tick_words(*value, step), at, Anchor::Right, TICK);
        }
        let marks = ticks(self.across.0, self.across.1, if names.is_empty() { 8 } else { names.len().max(1) });
        let step = step_of(&marks);
        for value in marks {
            let words = match names.is_empty() {
                true => tick_words(value, step),
                // Between two names there is nothing to say.
                false if value.fract().abs() > 1e-6 => continue,
                false => names.get(value.max(0.0) as usize).cloned().unwrap_or_default(),
            };
            write(page, &words, (self.x(value), self.top + BOTTOM + 26.0), Anchor::Centre, TICK);
        }
    }

    pub(super) fn line(&self, page: &mut RgbImage, line: &Line) {
        let finite = line.points.iter().filter(|point| is_finite(**point));
        let points: Vec<[f32; 2]> = finite.map(|[x, y]| [self.x(*x), self.y(*y)]).collect();
        if let [only] = points[..] {
            return polyline(page, &[[only[0] - 3.0, only[1]], [only[0] + 3.0, only[1]]], line.colour, 6.0, false);
        }
        polyline(page, &points, line.colour, 2.5, line.dashed);
    }
}

/// Bars from the top, each with its name, its value and its spread.
pub(super) fn bars(
    page: &mut RgbImage,
    bars: &[Bar],
    (low, high): (f64, f64),
    mark: Option<&(f64, String)>,
    (left, top): (f32, f32),
) {
    let width = if high > low { high - low } else { 1.0 };
    let x = |value: f64| left + BAR_LEFT + ((value - low) / width).clamp(0.0, 1.0) as f32 * (BAR_RIGHT - BAR_LEFT);
    for (index, bar) in bars.iter().enumerate() {
        let y = top + 48.0 + index as f32 * BAR_HEIGHT;
        let middle = y + (BAR_HEIGHT - 10.0) / 2.0;
        write(page, &fit(&bar.name, BAR_LEFT - 10.0, VALUE), (left, middle + 6.0), Anchor::Left, VALUE);
        fill(page, (x(low), y), (x(bar.value), y + BAR_HEIGHT - 10.0), bar.colour);
        let mut end = x(bar.value);
        if let Some(spread) = bar.spread.filter(|spread| spread.is_finite()) {
            let (from, to) = (x(bar.value - spread), x(bar.value + spread));
            polyline(page, &[[from, middle], [to, middle]], INK, 2.0, false);
            for cap in [from, to] {
                polyline(page, &[[cap, middle - 6.0], [cap, middle + 6.0]], INK, 2.0, false);
            }
            end = end.max(to);
        }
        write(page, &bar.words, (end + 10.0, middle + 6.0), Anchor::Left, VALUE);
    }
    if let Some((value, words)) = mark {
        let bottom = top + 48.0 + bars.len() as f32 * BAR_HEIGHT;
        polyline(page, &[[x(*value), top + 42.0], [x(*value), bottom]], MUTED, 2.0, true);
        write(page, words, (x(*value), bottom + 22.0), Anchor::Left, TICK);
    }
}

fn fill(page: &mut RgbImage, (left, top): (f32, f32), (right, bottom): (f32, f32), colour: [u8; 3]) {
    for y in top.round() as u32..(bottom.round() as u32).min(page.height()) {
        for x in left.round() as u32..(right.round() as u32).min(page.width()) {
            page.put_pixel(x, y, Rgb(colour));
        }
    }
}

/// A stroke through these points.
pub(super) fn polyline(page: &mut RgbImage, points: &[[f32; 2]], colour: [u8; 3], width: f32, dashed: bool) {
    const DASH: f32 = 9.0;
    let mut run = 0.0;
    for pair in points.windows(2) {
        let ([x0, y0], [x1, y1]) = (pair[0], pair[1]);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length = dx.hypot(dy).max(1e-6);
        let reach = width / 2.0 + 1.0;
        let span = |a: f32, b: f32| (a.min(b) - reach).floor() as i64..=(a.max(b) + reach).ceil() as i64;
        for y in span(y0, y1) {
            for x in span(x0, x1) {
                let (px, py) = (x as f32 + 0.5 - x0, y as f32 + 0.5 - y0);
                let along = (px * dx + py * dy) / length;
                let is_gap = dashed && ((run + along) / DASH).rem_euclid(2.0) >= 1.2;
                let nearest = along.clamp(0.0, length);
                let (nx, ny) = (px - dx * nearest / length, py - dy * nearest / length);
                let coverage = (width / 2.0 + 0.5 - nx.hypot(ny)).clamp(0.0, 1.0);
                if coverage > 0.0 && !is_gap {
                    cover(page, x, y, colour, coverage);
                }
            }
        }
        run += length;
    }
}

fn is_finite(point: [f64; 2]) -> bool {
    point.iter().all(|value| value.is_finite())
}

/// The smallest and largest value, never the same.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    match low.is_finite() && high.is_finite() {
        true if high > low => (low, high),
        true => (low - 0.5, high + 0.5),
        false => (0.0, 1.0),
    }
}

fn step_of(marks: &[f64]) -> f64 {
    marks.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(1.0)
}
