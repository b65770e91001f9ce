//! Attention's own ledger: its share of parameters, MACs, element-wise operations, bytes moved and time.

use super::milliseconds;
use crate::cli::table::{Cell, Table};
use crate::compute::engine::{Plan, Profile};
use crate::network::Graph;
use crate::network::cost::Ledger;
use crate::network::graph::ScopeKind;

/// A number of attention's and the whole network's.
#[derive(Clone, Copy)]
pub(super) struct Part<T> {
    pub(super) attention: T,
    pub(super) network: T,
}

/// What attention takes of the network.
pub(super) struct AttentionShare {
    pub(super) params: Part<u64>,
    pub(super) macs: Part<u64>,
    pub(super) elementwise: Part<u64>,
    pub(super) bytes: Part<u64>,
    pub(super) ms: Part<f64>,
}

impl AttentionShare {
    /// Of a network with attention; `None` without. Bytes and time are by step: where the residual addition is done
    /// in the gate's pass, all of that pass counts as attention's.
    pub(super) fn of(graph: &Graph, plan: &Plan, times: &Profile) -> Option<Self> {
        graph.scope_ids().find(|id| matches!(graph[*id].kind, ScopeKind::Attention(_)))?;
        let ledger = Ledger::of(graph);
        let (attention, total) = (ledger.attention(graph), ledger.total());
        let batch = plan.batch() as u64;
        let part = |attention: u64, network: u64| Part { attention, network };
        let steps = || plan.steps().iter().zip(&times.steps);
        let own = || steps().filter(|(step, _)| step.is_attention);
        Some(Self {
            params: part(attention.params, total.params),
            macs: part(attention.macs * batch, total.macs * batch),
            elementwise: part(attention.elementwise * batch, total.elementwise * batch),
            bytes: part(own().map(|(step, _)| step.bytes).sum(), steps().map(|(step, _)| step.bytes).sum()),
            ms: Part {
                attention: own().map(|(_, time)| milliseconds(*time)).sum(),
                network: steps().map(|(_, time)| milliseconds(*time)).sum(),
            },
        })
    }

    pub(super) fn table(&self) -> Table {
        let mut table = Table::new().words("attention's share").numbers("attention").numbers("network").numbers("%");
        for (name, part) in [
            ("parameters", self.params),
            ("MACs", self.macs),
            ("element-wise operations", self.elementwise),
            ("bytes moved", self.bytes),
        ] {
            table.row(vec![
                Cell::Text(name.to_owned()),
                Cell::Count(part.attention),
                Cell::Count(part.network),
                Cell::Share(percent(part.attention as f64, part.network as f64)),
            ]);
        }
        table.row(vec![
            Cell::Text("milliseconds".to_owned()),
            Cell::Text(format!("{:.2}", self.ms.attention)),
            Cell::Text(format!("{:.2}", self.ms.network)),
            Cell::Share(percent(self.ms.attention, self.ms.network)),
        ]);
        table
    }
}

/// In percent; 0 of nothing.
pub(super) fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole * 100.0 } else { 0.0 }
}
