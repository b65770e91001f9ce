//! The columns of the cost table and how they share the width there is.

use eframe::egui;
use egui::{Color32, Rangef, Rect, Ui};

use super::model::Tree;
use super::shown::Key;
use crate::desktop::ui::metric::Metric;
use crate::desktop::ui::table::{self, Side};

/// Shares have columns of their own and MACs are exact where there is room for all of that; below, shares are thin
/// bars under the numbers and MACs have four digits.
const EXACT_MACS: f32 = 116.0;
const SHORT_MACS: f32 = 66.0;
const SHARE: f32 = 58.0;
/// Operators are named in full where there is this much more room.
const LONG_OP: f32 = 150.0;
const SHORT_OP: f32 = 86.0;
/// What names keep beyond their least before operators get more room.
const NAME_SPARE: f32 = 24.0;
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
    /// Milliseconds.
    Time,
    TimeShare,
    /// Billions of operations a second.
    Speed,
}

impl Column {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Op => "op",
            Self::Output => "output",
            Self::Number(Metric::Params) => "params",
            Self::Number(Metric::Macs) => "MACs",
            Self::Number(Metric::Products) => "products",
            Self::Number(Metric::Elementwise) => "element-wise",
            Self::Number(Metric::Activations) => "activations",
            Self::Share(_) => "share",
            Self::Time => "ms",
            Self::TimeShare => "% time",
            Self::Speed => "GF/s",
        }
    }

    pub(super) fn key(self) -> Option<Key> {
        match self {
            Self::Name => None,
            Self::Op => Some(Key::Op),
            Self::Output => Some(Key::Output),
            Self::Number(metric) | Self::Share(metric) => Some(Key::Cost(metric)),
            Self::Time | Self::TimeShare => Some(Key::Time),
            Self::Speed => Some(Key::Speed),
        }
    }

    pub(super) fn side(self) -> Side {
        if matches!(self, Self::Name | Self::Op) { Side::Left } else { Side::Right }
    }

    /// Is it the share that belongs to another column?
    pub(super) fn is_share(self) -> bool {
        matches!(self, Self::Share(_) | Self::TimeShare)
    }
}

/// What a network has beyond what every network has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Has {
    /// Products of two activations.
    pub(super) products: bool,
    /// Measured times.
    pub(super) times: bool,
}

impl Has {
    pub(super) fn of(tree: &Tree) -> Self {
        Self { products: tree.total.products > 0, times: tree.measured.is_some() }
    }
}

/// Columns and their places for a table of this width.
pub(super) struct Columns {
    pub(super) list: Vec<(Column, Rangef)>,
    pub(super) width: f32,
}

impl Columns {
    /// What has been measured stands next to MACs; where there is no room for everything, element-wise operations and
    /// activations make room for it.
    pub(super) fn fit(left: f32, available: f32, has: Has) -> Self {
        let mut list = choose(available, has);
        let fixed: f32 = list.iter().map(|(_, width)| width).sum();
        // What operators are called is not cut while the names have room to spare.
        let spare = (available - fixed - NAME.0 - NAME_SPARE).clamp(0.0, (LONG_OP - list[1].1).max(0.0));
        list[1].1 += spare;
        let fixed = fixed + spare;
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
        self.list.iter().any(|(column, _)| column.is_share())
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

/// The columns there is room for, with their widths; that of the names is left open.
fn choose(available: f32, has: Has) -> Vec<(Column, f32)> {
    let times = [(Column::Time, 66.0), (Column::Speed, 54.0)];
    let times: &[(Column, f32)] = if has.times { &times } else { &[] };
    let products: &[(Column, f32)] = if has.products { &[(Column::Number(Metric::Products), 70.0)] } else { &[] };
    let rest = [(Column::Number(Metric::Elementwise), 82.0), (Column::Number(Metric::Activations), 76.0)];
    let narrow = |more: &[(Column, f32)]| {
        let mut list = vec![
            (Column::Name, 0.0),
            (Column::Op, SHORT_OP),
            (Column::Output, 104.0),
            (Column::Number(Metric::Params), 92.0),
            (Column::Number(Metric::Macs), SHORT_MACS),
        ];
        list.extend(products.iter().chain(times).chain(more));
        list
    };
    let mut wide = Vec::new();
    for (column, width) in narrow(&rest) {
        wide.push(match column {
            Column::Number(Metric::Macs) => (column, EXACT_MACS),
            _ => (column, width),
        });
        match column {
            Column::Number(metric @ (Metric::Params | Metric::Macs)) => wide.push((Column::Share(metric), SHARE)),
            Column::Time => wide.push((Column::TimeShare, SHARE)),
            _ => {}
        }
    }
    let mut wider = wide.clone();
    wider[1].1 = LONG_OP;
    let fits = |list: &[(Column, f32)]| NAME.0 + list_width(list) <= available;
    // Full names of operators are worth it once the names of layers have some room to spare.
    let has_spare = NAME.0 + list_width(&wider) + 88.0 <= available;
    let all = narrow(&rest);
    if has_spare {
        wider
    } else if fits(&wide) {
        wide
    } else if fits(&all) || !(has.times || has.products) {
        all
    } else if fits(&narrow(&rest[..1])) {
        narrow(&rest[..1])
    } else {
        narrow(&[])
    }
}

fn list_width(list: &[(Column, f32)]) -> f32 {
    list.iter().map(|(_, width)| width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_width_they_are_given_and_never_crush_the_names() {
        for has in [(false, false), (false, true), (true, false)].map(|(products, times)| Has { products, times }) {
            for available in [400.0, 652.0, 810.0, 1290.0] {
                let columns = Columns::fit(0.0, available, has);
                let (_, name) = columns.list[0];
                assert!(name.span() >= NAME.0, "{available}");
                let is_filled = (columns.width - available).abs() < 0.5 || available < 650.0;
                assert!(is_filled, "{available}, {has:?}: {}", columns.width);
                let is_wide = available >= if has == Has::default() { 808.0 } else { 1000.0 };
                assert_eq!(columns.has_shares(), is_wide, "{available}");
            }
        }
    }

    #[test]
    fn times_are_shown_wherever_they_are_known() {
        let titles = |available: f32| -> Vec<&str> {
            Columns::fit(0.0, available, Has { products: false, times: true })
                .list
                .iter()
                .map(|(column, _)| column.title())
                .collect()
        };
        for available in [400.0, 652.0, 810.0, 1290.0] {
            let titles = titles(available);
            assert!(["MACs", "ms", "GF/s"].iter().all(|title| titles.contains(title)), "{available}: {titles:?}");
        }
        assert!(!titles(652.0).contains(&"activations"));
        assert!(titles(810.0).contains(&"activations") && titles(1290.0).contains(&"% time"));
    }

    #[test]
    fn products_have_a_column_in_the_networks_that_have_them() {
        for available in [400.0, 652.0, 810.0, 1290.0] {
            let of = |products| Columns::fit(0.0, available, Has { products, times: true });
            let titles: Vec<&str> = of(true).list.iter().map(|(column, _)| column.title()).collect();
            assert!(titles.contains(&"products"), "{available}: {titles:?}");
            assert!(of(false).list.iter().all(|(column, _)| column.title() != "products"));
        }
    }
}
