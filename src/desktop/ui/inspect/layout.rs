//! Where things stand, as pure geometry in points.

use eframe::egui;
use egui::{Pos2, Rect, Vec2, pos2, vec2};

use super::super::theme::size;
use crate::compute::imaging::Window;

/// Below this width the prediction stands under the picture, not beside it.
const STACKED_BELOW: f32 = 560.0;

/// The parts of the view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Areas {
    /// The chosen gate's title and controls.
    pub(super) title: Rect,
    /// What of the gate is shown; empty where there is nothing to choose.
    pub(super) controls: Rect,
    /// Picture or bars.
    pub(super) stage: Rect,
    /// Colour map, scale, numbers.
    pub(super) legend: Rect,
    /// Prediction and partner gate.
    pub(super) side: Rect,
    /// All gates; empty when there are none.
    pub(super) strip: Rect,
    /// The side of a thumbnail.
    pub(super) thumbnail: f32,
}

/// What the chosen gate needs room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Is there a gate at all?
    pub(super) gate: bool,
    /// A choice of what of it is shown.
    pub(super) controls: bool,
    /// A line that says what is shown.
    pub(super) note: bool,
}

/// Splits the room below the toolbar.
pub(super) fn areas(room: Rect, needs: Needs) -> Areas {
    let has_gates = needs.gate;
    let thumbnail = if room.height() < 560.0 {
        48.0
    } else if room.height() < 800.0 {
        60.0
    } else {
        84.0
    };
    let strip_height = if has_gates { size::ROW + thumbnail + super::strip::UNDER } else { 0.0 };
    let note = if needs.note { size::ROW - 4.0 } else { 0.0 };
    let legend_height = if has_gates { 2.0 * size::ROW + size::GAP + note } else { 0.0 };
    let gap = if has_gates { size::PADDING } else { 0.0 };
    let (upper, strip) = split_y(room, room.bottom() - strip_height - gap, gap);
    let is_stacked = room.width() < STACKED_BELOW;
    let (main, side) = if is_stacked {
        let height = (upper.height() * 0.42).min(250.0);
        split_y(upper, upper.bottom() - height, size::PADDING)
    } else {
        let width = (room.width() * 0.29).clamp(216.0, 320.0);
        split_x(upper, upper.right() - width - 1.5 * size::PADDING, 1.5 * size::PADDING)
    };
    let (title, below) = split_y(main, main.top() + size::ROW, size::GAP);
    let controls_height = if needs.controls { size::ROW } else { 0.0 };
    let gap = if needs.controls { size::GAP } else { 0.0 };
    let (controls, below) = split_y(below, below.top() + controls_height, gap);
    let (stage, legend) = split_y(below, below.bottom() - legend_height, 0.0);
    Areas { title, controls, stage, legend, side, strip, thumbnail }
}

fn split_y(rect: Rect, y: f32, gap: f32) -> (Rect, Rect) {
    let y = y.max(rect.top());
    let below = Rect::from_min_max(pos2(rect.left(), (y + gap).min(rect.bottom())), rect.max);
    (Rect::from_min_max(rect.min, pos2(rect.right(), y)), below)
}

fn split_x(rect: Rect, x: f32, gap: f32) -> (Rect, Rect) {
    let x = x.max(rect.left());
    let right = Rect::from_min_max(pos2((x + gap).min(rect.right()), rect.top()), rect.max);
    (Rect::from_min_max(rect.min, pos2(x, rect.bottom())), right)
}

/// The largest rectangle of `content`'s form inside `room`, centred.
pub(super) fn fit(room: Rect, content: Vec2) -> Rect {
    let scale = (room.width() / content.x.max(1.0)).min(room.height() / content.y.max(1.0)).max(0.0);
    Rect::from_center_size(room.center(), content * scale)
}

/// Where the crop stands on the screen when the picture fills `shown`.
pub(super) fn crop_on_screen(shown: Rect, picture: Vec2, window: &Window) -> Rect {
    let scale = vec2(shown.width() / picture.x.max(1.0), shown.height() / picture.y.max(1.0));
    let min = shown.min + vec2(window.x, window.y) * scale;
    Rect::from_min_size(min, vec2(window.width, window.height) * scale).intersect(shown)
}

/// What of `outer` is not in `inner`: above, below, left, right.
pub(super) fn around(outer: Rect, inner: Rect) -> [Rect; 4] {
    [
        Rect::from_min_max(outer.min, pos2(outer.right(), inner.top())),
        Rect::from_min_max(pos2(outer.left(), inner.bottom()), outer.max),
        Rect::from_min_max(pos2(outer.left(), inner.top()), inner.left_bottom()),
        Rect::from_min_max(inner.right_top(), pos2(outer.right(), inner.bottom())),
    ]
}

/// The gate's cell under a point: row and column of `[H, W]`.
pub(super) fn cell_at(crop: Rect, [height, width]: [usize; 2], point: Pos2) -> Option<(usize, usize)> {
    let inside = crop.contains(point) && crop.is_positive() && height > 0 && width > 0;
    inside.then(|| {
        let place = (point - crop.min) / crop.size();
        let row = ((place.y * height as f32) as usize).min(height - 1);
        (row, ((place.x * width as f32) as usize).min(width - 1))
    })
}

/// A cell's place on the screen.
pub(super) fn cell_rect(crop: Rect, [height, width]: [usize; 2], (row, column): (usize, usize)) -> Rect {
    let cell = crop.size() / vec2(width as f32, height as f32);
    Rect::from_min_size(crop.min + vec2(column as f32, row as f32) * cell, cell)
}

/// The left edges of the frames of a film and its whole width; a new stage stands a little apart.
pub(super) fn film_edges<'a>(stages: impl Iterator<Item = &'a str>, thumbnail: f32) -> (Vec<f32>, f32) {
    const BETWEEN_STAGES: f32 = size::PADDING;
    let mut edges = Vec::new();
    let (mut x, mut last) = (0.0, None);
    for stage in stages {
        if let Some(last) = last {
            x += thumbnail + size::GAP + if last == stage { 0.0 } else { BETWEEN_STAGES };
        }
        edges.push(x);
        last = Some(stage);
    }
    let width = if edges.is_empty() { 0.0 } else { x + thumbnail };
    (edges, width)
}

/// The frames that a stretch of the film shows, at least in part.
pub(super) fn visible(edges: &[f32], thumbnail: f32, from: f32, to: f32) -> std::ops::Range<usize> {
    let first = edges.partition_point(|left| left + thumbnail < from);
    let end = edges.partition_point(|left| *left <= to);
    first..end.max(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: f32, y: f32, width: f32, height: f32) -> Rect {
        Rect::from_min_size(pos2(x, y), vec2(width, height))
    }

    #[test]
    fn parts_stay_inside_and_apart_at_every_size() {
        for (width, height) in [(320.0, 300.0), (658.0, 620.0), (820.0, 760.0), (1296.0, 900.0)] {
            let room = rect(10.0, 20.0, width, height);
            let areas = areas(room, Needs { gate: true, controls: true, note: true });
            let parts = [areas.title, areas.controls, areas.stage, areas.legend, areas.side, areas.strip];
            for (index, part) in parts.iter().enumerate() {
                assert!(room.expand(0.1).contains_rect(*part), "{width}×{height}: {part:?}");
                for other in &parts[index + 1..] {
                    let overlap = part.intersect(*other);
                    assert!(overlap.width() <= 0.1 || overlap.height() <= 0.1, "{part:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn the_crop_keeps_its_place() {
        let shown = fit(rect(0.0, 0.0, 902.0, 900.0), vec2(451.0, 300.0));
        assert_eq!(shown.size(), vec2(902.0, 600.0));
        let window = Window { x: 75.0, y: 20.0, width: 260.0, height: 260.0 };
        let crop = crop_on_screen(shown, vec2(451.0, 300.0), &window);
        assert!((crop.left() - 150.0).abs() < 1e-3 && (crop.top() - 190.0).abs() < 1e-3);
        assert!((crop.width() - 520.0).abs() < 1e-3);
        assert_eq!(cell_at(crop, [7, 7], crop.min), Some((0, 0)));
        assert_eq!(cell_at(crop, [7, 7], crop.max), Some((6, 6)));
        assert_eq!(cell_at(crop, [7, 7], shown.min), None);
        let area: f32 = around(shown, crop).iter().map(Rect::area).sum();
        assert!((area + crop.area() - shown.area()).abs() < 1.0);
    }

    #[test]
    fn only_frames_in_sight_are_drawn() {
        let stages = ["layer1", "layer1", "layer2", "layer2"];
        let (edges, width) = film_edges(stages.into_iter(), 60.0);
        assert_eq!(edges, [0.0, 68.0, 152.0, 220.0]);
        assert!((width - 280.0).abs() < 1e-6);
        assert_eq!(visible(&edges, 60.0, 0.0, 100.0), 0..2);
        assert_eq!(visible(&edges, 60.0, 130.0, 160.0), 2..3);
        assert_eq!(visible(&edges, 60.0, 900.0, 1000.0), 4..4);
    }
}
