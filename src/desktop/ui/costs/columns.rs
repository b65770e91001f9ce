//! The columns of the cost table and how they share the width there is.

use eframe::egui;
use egui::{Color32, Rangef, Rect, Ui};

use super::shown::Key;
use crate::desktop::ui::metric::Metric;
use crate::desktop::ui::table::{self, Side};

/// From this width on, MACs are exact and shares have columns of their own; below, they are thin bars under the
/// numbers and MACs have four digits.
const WIDE: f32 = 808.0;
/// From this width on, operators are named in full.
const WIDER: f32 = 960.0;
/// The narrowest and the widest column of names; what is left over goes to the other columns.
const NAME: (f32, f32) = (136.0, 320.0);

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    Op,
    Output,
    Number(Metric),
    Share(Metric),
}

impl Column {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Op => "op",
            Self::Output => "output",
            Self::Number(Metric::Params) => "params",
            Self::Number(Metric::Macs) => "MACs",
            Self::Number(Metric::Elementwise) => "element-wise",
            Self::Number(Metric::Activations) => "activations",
            Self::Share(_) => "share",
        }
    }

    pub(super) fn key(self) -> Option<Key> {
        match self {
            Self::Name => None,
            Self::Op => Some(Key::Op),
            Self::Output => Some(Key::Output),
            Self::Number(metric) | Self::Share(metric) => Some(Key::Cost(metric)),
        }
    }

    pub(super) fn side(self) -> Side {
        if matches!(self, Self::Name | Self::Op) { Side::Left } else { Side::Right }
    }
}

/// Columns and their places for a table of this width.
pub(super) struct Columns {
    pub(super) list: Vec<(Column, Rangef)>,
    pub(super) width: f32,
}

impl Columns {
    pub(super) fn fit(left: f32, available: f32) -> Self {
        let is_wide = available >= WIDE;
        let op = if available >= WIDER { 150.0 } else { 86.0 };
        let mut list = vec![(Column::Name, 0.0), (Column::Op, op), (Column::Output, 104.0)];
        let macs = if is_wide { 116.0 } else { 66.0 };
        for (metric, width) in Metric::ALL.into_iter().zip([92.0, macs, 82.0, 76.0]) {
            list.push((Column::Number(metric), width));
            if is_wide && matches!(metric, Metric::Params | Metric::Macs) {
                list.push((Column::Share(metric), 58.0));
            }
        }
        let fixed: f32 = list.iter().map(|(_, width)| width).sum();
        list[0].1 = (available - fixed).clamp(NAME.0, NAME.1);
        let left_over = (available - fixed - list[0].1).max(0.0) / (list.len() - 1) as f32;
        for (_, width) in &mut list[1..] {
            *width += left_over;
        }
        let widths: Vec<f32> = list.iter().map(|(_, width)| *width).collect();
        let spans = table::spans(left, &widths);
        Self { width: widths.iter().sum(), list: list.iter().map(|(column, _)| *column).zip(spans).collect() }
    }

    pub(super) fn has_shares(&self) -> bool {
        self.list.iter().any(|(column, _)| matches!(column, Column::Share(_)))
    }

    /// A number as its column has room for it.
    pub(super) fn number(&self, ui: &Ui, cell: Rect, metric: Metric, value: u64, font: &egui::FontId) -> String {
        if metric == Metric::Params || (metric == Metric::Macs && self.has_shares()) {
            let exact = metric.exact(value);
            let room = cell.width() - 2.0 * table::PAD;
            if !table::elided(ui, &exact, font.clone(), Color32::PLACEHOLDER, room).elided {
                return exact;
            }
        }
        metric.short(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_width_they_are_given_and_never_crush_the_names() {
        for available in [400.0, 652.0, 810.0, 1290.0] {
            let columns = Columns::fit(0.0, available);
            let (_, name) = columns.list[0];
            assert!(name.span() >= NAME.0, "{available}");
            assert!((columns.width - available).abs() < 0.5 || available < 600.0, "{available}: {}", columns.width);
            assert_eq!(columns.has_shares(), available >= WIDE);
        }
    }
}
