//! Attention's own ledger as a table and as JSON: its share of everything that is counted or measured.

use serde::Serialize;

use super::number::share;
use super::running::milliseconds;
use super::table::{Cell, Table};
use crate::compute::engine::{AttentionShare, Part};

/// For people.
pub(super) fn table(attention: &AttentionShare) -> Table {
    let mut table = Table::new().words("attention's share").numbers("attention").numbers("network").numbers("%");
    for (name, part) in [
        ("parameters", attention.params),
        ("MACs", attention.macs),
        ("element-wise operations", attention.elementwise),
        ("bytes moved", attention.bytes),
    ] {
        table.row(vec![
            Cell::Text(name.to_owned()),
            Cell::Count(part.attention),
            Cell::Count(part.network),
            Cell::Share(share(part.attention, part.network)),
        ]);
    }
    let Part { attention: own, network } = attention.nanoseconds;
    table.row(vec![
        Cell::Text("milliseconds".to_owned()),
        Cell::Text(format!("{:.2}", milliseconds(own))),
        Cell::Text(format!("{:.2}", milliseconds(network))),
        Cell::Share(share(own, network)),
    ]);
    table
}

/// For programs.
#[derive(Serialize)]
pub(super) struct Report {
    params: Entry<u64>,
    macs: Entry<u64>,
    elementwise: Entry<u64>,
    bytes: Entry<u64>,
    ms: Entry<f64>,
}

#[derive(Serialize)]
struct Entry<T> {
    attention: T,
    network: T,
    percent: f64,
}

impl From<Part<u64>> for Entry<u64> {
    fn from(Part { attention, network }: Part<u64>) -> Self {
        Self { attention, network, percent: share(attention, network) }
    }
}

impl From<&AttentionShare> for Report {
    fn from(share: &AttentionShare) -> Self {
        let Entry { attention, network, percent } = Entry::from(share.nanoseconds);
        Self {
            params: share.params.into(),
            macs: share.macs.into(),
            elementwise: share.elementwise.into(),
            bytes: share.bytes.into(),
            ms: Entry { attention: milliseconds(attention), network: milliseconds(network), percent },
        }
    }
}
