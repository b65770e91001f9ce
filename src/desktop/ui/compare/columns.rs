//! The columns of the comparison's table: what stands in them and how wide they are.

use eframe::egui::Ui;

use super::model::{Comparison, difference};
use crate::desktop::ui::metric::Metric;
use crate::desktop::ui::table::PAD;
use crate::desktop::ui::theme::{self, palette, size};
use crate::network::cost::Cost;
use crate::network::number::{short_signed, signed};

/// The metrics of the table, a group of columns each.
const GROUPS: [Metric; 2] = [Metric::Params, Metric::Macs];

/// A column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// A network's own number.
    Value(Metric, usize),
    /// A network's number less the baseline's.
    Difference {
        /// Of what.
        metric: Metric,
        /// The network.
        network: usize,
        /// The baseline.
        base: usize,
    },
}

impl Column {
    /// All of them, group by group: A, B, Δ B, C, Δ C, where A is the baseline.
    pub(super) fn all(networks: usize, base: usize) -> Vec<Self> {
        let of = |metric: Metric| {
            (0..networks).flat_map(move |network| {
                let difference = (network != base).then_some(Self::Difference { metric, network, base });
                std::iter::once(Self::Value(metric, network)).chain(difference)
            })
        };
        GROUPS.into_iter().flat_map(of).collect()
    }

    pub(super) fn metric(self) -> Metric {
        match self {
            Self::Value(metric, _) | Self::Difference { metric, .. } => metric,
        }
    }

    /// What stands in a row of these costs, and the number it stands for.
    pub(super) fn text(self, cells: &[Option<Cost>], digits: Digits) -> (String, i128) {
        let of = |metric: Metric, network: usize| cells[network].map_or(0, |cost| metric.of(cost));
        let is_short = digits == Digits::Few && self.metric() == Metric::Macs;
        match self {
            Self::Value(metric, network) => match cells[network].map(|cost| metric.of(cost)) {
                Some(value) if is_short => (metric.short(value), i128::from(value)),
                Some(value) => (metric.exact(value), i128::from(value)),
                None => ("–".to_owned(), 0),
            },
            // Neither has such a part: there is nothing to differ.
            Self::Difference { network, base, .. } if cells[base].is_none() && cells[network].is_none() => {
                ("–".to_owned(), 0)
            }
            Self::Difference { metric, network, base } => {
                let change = difference(of(metric, base), of(metric, network));
                (if is_short { short_signed(change) } else { signed(change) }, change)
            }
        }
    }
}

/// How many digits MACs have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digits {
    /// All of them.
    All,
    /// Four and a unit, where there is no room for all.
    Few,
}

/// Widths of the columns of numbers, measured once a comparison: nothing moves when a stage is opened.
#[derive(Default)]
pub(super) struct Widths {
    exact: Vec<f32>,
    short: Vec<f32>,
}

impl Widths {
    /// The widths and digits for this much room.
    pub(super) fn fit(
        &mut self,
        ui: &Ui,
        columns: &[Column],
        comparison: &Comparison,
        room: f32,
    ) -> (Vec<f32>, Digits) {
        if self.exact.len() != columns.len() {
            self.exact = measure(ui, columns, comparison, Digits::All);
            self.short = measure(ui, columns, comparison, Digits::Few);
        }
        let fits = self.exact.iter().sum::<f32>() <= room;
        let (widths, digits) = if fits { (&self.exact, Digits::All) } else { (&self.short, Digits::Few) };
        // Room to spare goes to the columns evenly, up to a point: numbers too far apart are hard to read across.
        let spare = ((room - widths.iter().sum::<f32>()) / columns.len() as f32).clamp(0.0, 40.0);
        (widths.iter().map(|width| width + spare).collect(), digits)
    }
}

fn measure(ui: &Ui, columns: &[Column], comparison: &Comparison, digits: Digits) -> Vec<f32> {
    let totals = comparison.totals();
    let widest = |column: &Column| {
        let rows = comparison.rows.iter().map(|row| row.cells.as_slice());
        let texts = rows.chain([totals.as_slice()]).map(|cells| column.text(cells, digits).0);
        // Digits are nearly equally wide: the longest text is the widest but for a hair.
        let longest = texts.max_by_key(|text| text.chars().count()).unwrap_or_default();
        let galley = ui.painter().layout_no_wrap(longest, theme::semibold(size::TEXT), palette(ui).text);
        (galley.size().x + PAD * 2.0 + 2.0).max(44.0).ceil()
    };
    columns.iter().map(widest).collect()
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::networks;
    use super::*;
    use crate::desktop::document::NetworkId;

    #[test]
    fn every_network_but_the_baseline_has_its_difference_beside_it() {
        let comparison = Comparison::of(&networks(&["resnet50", "resnet50+cbam", "resnet20"]), NetworkId(0));
        let columns = Column::all(3, 0);
        assert_eq!(columns.len(), 2 * (3 + 2));
        let totals = comparison.totals();
        let texts: Vec<String> = columns.iter().map(|column| column.text(&totals, Digits::All).0).collect();
        assert_eq!(texts[..3], ["25,557,032", "28,089,624", "+2,532,592"]);
        let few: Vec<String> = columns.iter().map(|column| column.text(&totals, Digits::Few).0).collect();
        assert_eq!(few[5..8], ["4.089 G", "4.096 G", "+6.389 M"]);
        let layer4 = comparison.rows.iter().find(|row| row.name == "layer4").expect("exists");
        assert_eq!(columns[3].text(&layer4.cells, Digits::All).0, "–");
        assert_eq!(columns[4].text(&layer4.cells, Digits::All).0, "−14,964,736");
        let starred = Column::all(3, 1);
        let texts: Vec<String> = starred.iter().map(|column| column.text(&totals, Digits::All).0).collect();
        assert_eq!(texts[..3], ["25,557,032", "−2,532,592", "28,089,624"]);
        let neither = Column::Difference { metric: Metric::Params, network: 1, base: 0 };
        assert_eq!(neither.text(&[None, None], Digits::All), ("–".to_owned(), 0));
    }
}
