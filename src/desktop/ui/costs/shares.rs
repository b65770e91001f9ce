//! Attention's own ledger: its share of everything that is counted or measured.

use eframe::egui;
use egui::{Ui, Vec2};

use super::model::{Row, Tree};
use crate::desktop::ui::metric::{Metric, milliseconds, percent, share};
use crate::desktop::ui::table;
use crate::desktop::ui::theme::{self, palette, size};
use crate::network::graph::NodeId;
use crate::network::number::grouped;

/// Attention's part of one number.
pub(super) struct Share {
    /// `of params`.
    title: &'static str,
    /// What it is called in full.
    name: &'static str,
    part: u64,
    whole: u64,
    exact: fn(u64) -> String,
    counts: &'static str,
    /// By attention kind.
    kinds: Vec<(&'static str, u64)>,
}

/// Everything attention takes a part of: what is counted, then what has been measured.
pub(super) fn shares(tree: &Tree) -> Vec<Share> {
    let by_kind = |number: &dyn Fn((NodeId, &Row)) -> u64| {
        tree.kinds.iter().map(|kind| (*kind, tree.of_kind(kind).map(number).sum())).collect()
    };
    let counted = Metric::of_network(tree.total).map(|metric| Share {
        title: match metric {
            Metric::Params => "of params",
            Metric::Macs => "of MACs",
            Metric::Products => "of products",
            Metric::Elementwise => "of element-wise",
            Metric::Activations => "of activations",
        },
        name: metric.title(),
        part: metric.of(tree.attention),
        whole: metric.of(tree.total),
        exact: if metric == Metric::Activations { bytes } else { grouped },
        counts: metric.counts(),
        kinds: by_kind(&|(_, row)| metric.of(row.cost)),
    });
    let mut shares: Vec<Share> = counted.collect();
    if let Some((timing, ledger)) = tree.timing().and_then(|timing| Some((timing, timing.attention?))) {
        shares.push(Share {
            title: "of bytes moved",
            name: "Bytes moved",
            part: ledger.bytes.attention,
            whole: ledger.bytes.network,
            exact: bytes,
            counts: "Bytes that the steps read and write at least: inputs, weights, outputs",
            kinds: by_kind(&|(id, _)| timing.moved(id)),
        });
        shares.push(Share {
            title: "of time",
            name: "Time",
            part: ledger.nanoseconds.attention,
            whole: ledger.nanoseconds.network,
            exact: |time| format!("{} ms", milliseconds(time)),
            counts: "A pass that also adds the shortcut to a gated map counts as attention's",
            kinds: by_kind(&|(id, _)| timing.layer(id).unwrap_or_default()),
        });
    }
    shares
}

fn bytes(count: u64) -> String {
    format!("{} B", grouped(count))
}

/// One number's share: percent, exact cost, and a thin bar whose parts are the attention kinds.
pub(super) fn stat(ui: &Ui, cell: egui::Rect, of: &Share) {
    let colours = palette(ui);
    let line = cell.with_max_y(cell.top() + 20.0).expand2(Vec2::new(table::PAD, 0.0));
    let value = percent(of.part, of.whole);
    let galley = table::elided(ui, &value, theme::semibold(size::TEXT), colours.text, cell.width());
    let used = galley.size().x;
    ui.painter().galley(egui::pos2(cell.left(), line.center().y - galley.size().y / 2.0), galley, colours.text);
    table::text(
        ui,
        line.with_min_x(cell.left() + used),
        of.title,
        theme::regular(size::TEXT),
        colours.muted,
        table::Side::Left,
    );
    let track = egui::Rect::from_min_size([cell.left(), line.bottom() + 3.0].into(), Vec2::new(cell.width(), 4.0));
    ui.painter().rect_filled(track, 2.0, colours.raised);
    let mut left = track.left();
    for (kind, part) in of.kinds.iter().filter(|(_, part)| *part > 0) {
        let width = track.width() * share(*part, of.whole);
        let bar = egui::Rect::from_min_size([left, track.top()].into(), Vec2::new(width.max(1.0), track.height()));
        ui.painter().rect_filled(bar, 2.0, colours.attention(kind));
        left += width;
    }
    let hover = ui.interact(cell, ui.scope_id().with(("attention's share", of.name)), egui::Sense::hover());
    table::name(&hover, egui::Role::Label, false, &format!("attention: {value} of {}", of.name));
    hover.on_hover_text(format!("{} of {}\n{}", (of.exact)(of.part), (of.exact)(of.whole), of.counts));
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{measured, tree};
    use super::*;

    #[test]
    fn what_is_measured_follows_what_is_counted_and_kinds_add_up() {
        let counted = tree("resnet18+se@layer1+cbam@layer3");
        assert_eq!(
            shares(&counted).iter().map(|share| share.name).collect::<Vec<_>>(),
            Metric::of_network(counted.total).map(Metric::title).collect::<Vec<_>>()
        );
        let tree = measured("resnet18(input=64)+se@layer1+cbam@layer3");
        let shares = shares(&tree);
        assert_eq!(shares.len(), 6);
        for share in shares {
            let kinds: u64 = share.kinds.iter().map(|(_, part)| part).sum();
            assert_eq!(kinds, share.part, "{}", share.name);
            assert!(share.part > 0 && share.part < share.whole, "{}", share.name);
        }
    }
}
