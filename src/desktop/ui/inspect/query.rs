//! From where a matrix looks: the position under the pointer, or the one that was clicked, moved by the arrow keys.

use eframe::egui;
use egui::{EventFilter, Key, Rect, Response, Stroke, StrokeKind, Ui};

use super::super::theme::palette;
use super::layout::{cell_at, cell_rect};
use super::picture::outline;
use super::{Settings, Shown};
use crate::compute::explain::GateMap;
use crate::network::number::value;

/// A position that looks.
pub(super) struct Query {
    /// Row-major.
    pub(super) index: usize,
    row: usize,
    column: usize,
    /// Clicked, not only pointed at.
    pub(super) is_kept: bool,
}

/// Takes in clicks and keys and gives the position to look from; none: all of them, on average.
pub(super) fn of(
    ui: &mut Ui,
    response: &Response,
    crop: Rect,
    shown: &Shown,
    settings: &mut Settings,
) -> Option<Query> {
    let size = [shown.lens.shape.height(), shown.lens.shape.width()];
    let pointed = response.hover_pos().and_then(|pointer| cell_at(crop, size, pointer));
    if response.clicked() {
        response.request_focus();
        let same = settings.from.map(|from| cell_of(from, size)) == pointed;
        settings.from = pointed.filter(|_| !same).map(|cell| place_of(cell, size));
    }
    keys(ui, response, size, settings);
    let kept = settings.from.map(|from| cell_of(from, size));
    let (row, column) = kept.or(pointed)?;
    Some(Query { index: row * size[1] + column, row, column, is_kept: kept.is_some() })
}

/// The arrow keys move the position, from the middle where there is none; Escape goes back to all.
fn keys(ui: &Ui, response: &Response, size: [usize; 2], settings: &mut Settings) {
    if !response.has_focus() {
        return;
    }
    let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, escape: true, tab: false };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    ui.painter().rect_stroke(response.rect, 0.0, Stroke::new(1.0, palette(ui).accent), StrokeKind::Inside);
    let steps = ui.input(|input| {
        let presses = |more: Key, less: Key| input.num_presses(more) as isize - input.num_presses(less) as isize;
        if input.key_pressed(Key::Escape) {
            return None;
        }
        Some((presses(Key::ArrowDown, Key::ArrowUp), presses(Key::ArrowRight, Key::ArrowLeft)))
    });
    match steps {
        None => settings.from = None,
        Some((0, 0)) => {}
        Some((down, right)) => {
            let (row, column) = cell_of(settings.from.unwrap_or([0.5, 0.5]), size);
            let moved = |at: usize, by: isize, count: usize| at.saturating_add_signed(by).min(count.saturating_sub(1));
            settings.from = Some(place_of((moved(row, down, size[0]), moved(column, right, size[1])), size));
        }
    }
}

/// The cell at a place in the crop, given as shares of its width and height.
fn cell_of([x, y]: [f32; 2], [height, width]: [usize; 2]) -> (usize, usize) {
    let cell = |place: f32, count: usize| ((place * count as f32) as usize).min(count.saturating_sub(1));
    (cell(y, height), cell(x, width))
}

/// The middle of a cell.
fn place_of((row, column): (usize, usize), [height, width]: [usize; 2]) -> [f32; 2] {
    [(column as f32 + 0.5) / width.max(1) as f32, (row as f32 + 0.5) / height.max(1) as f32]
}

impl Query {
    /// `looking from row 3, column 4`.
    pub(super) fn words(&self) -> String {
        format!("looking from row {}, column {}", self.row, self.column)
    }

    /// Where it looks most.
    pub(super) fn summary(&self, shown: &Shown, map: &GateMap) -> String {
        let from = format!("row {}, column {}", self.row, self.column);
        match map.peak().and_then(|peak| Some((peak, map.at(peak)?))) {
            Some(((row, column), number)) => {
                format!("{from} looks most at {row}, {column}: {}", in_shares(shown, number))
            }
            None => from,
        }
    }

    /// Marks the position that looks.
    pub(super) fn paint(&self, ui: &Ui, crop: Rect, map: &GateMap) {
        let rect = cell_rect(crop, map.size, (self.row, self.column));
        let painter = ui.painter();
        outline(painter, rect, palette(ui));
        painter.rect_stroke(rect, 0.0, Stroke::new(2.0, palette(ui).accent), StrokeKind::Outside);
        painter.circle(rect.center(), 3.0, palette(ui).accent, Stroke::new(1.5, palette(ui).canvas));
    }
}

/// `0.0021 (6.6 × uniform)`.
pub(super) fn in_shares(shown: &Shown, number: f32) -> String {
    match shown.lens.uniform() {
        Some(uniform) => format!("{} ({:.1} × uniform)", value(number), number / uniform),
        None => value(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_of_the_picture_is_the_same_at_every_depth() {
        let eye = place_of((14, 30), [56, 56]);
        assert_eq!(cell_of(eye, [56, 56]), (14, 30));
        assert_eq!(cell_of(eye, [7, 7]), (1, 3));
        assert_eq!(cell_of([1.0, 1.0], [7, 7]), (6, 6));
        assert_eq!(cell_of([0.5, 0.5], [1, 1]), (0, 0));
    }
}
