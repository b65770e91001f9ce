//! Attention's own ledger: its share of parameters, MACs, element-wise operations, bytes moved and time.

use std::time::Duration;

use super::Step;
use crate::network::Graph;
use crate::network::cost::Ledger;
use crate::network::graph::ScopeKind;

/// A number of attention's and the whole network's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part<T> {
    /// Attention's.
    pub attention: T,
    /// The whole network's.
    pub network: T,
}

/// What attention takes of a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionShare {
    /// Learnable numbers.
    pub params: Part<u64>,
    /// Multiply-accumulates of one run.
    pub macs: Part<u64>,
    /// Element-wise operations of one run.
    pub elementwise: Part<u64>,
    /// Bytes that the steps of one run read and write at least.
    pub bytes: Part<u64>,
    /// Nanoseconds of the steps of one run.
    pub nanoseconds: Part<u64>,
}

impl AttentionShare {
    /// Of a network with attention; `None` without. Bytes and time are by step: where the residual addition is done
    /// in the gate's pass, all of that pass counts as attention's.
    #[must_use]
    pub fn of(graph: &Graph, steps: &[Step], times: &[Duration], batch: usize) -> Option<Self> {
        graph.scope_ids().find(|id| matches!(graph[*id].kind, ScopeKind::Attention(_)))?;
        let ledger = Ledger::of(graph);
        let (attention, total, batch) = (ledger.attention(graph), ledger.total(), batch as u64);
        let part = |attention: u64, network: u64| Part { attention, network };
        let sum = |number: &dyn Fn((&Step, &Duration)) -> u64| {
            let timed = || steps.iter().zip(times);
            part(timed().filter(|(step, _)| step.is_attention).map(number).sum(), timed().map(number).sum())
        };
        Some(Self {
            params: part(attention.params, total.params),
            macs: part(attention.macs * batch, total.macs * batch),
            elementwise: part(attention.elementwise * batch, total.elementwise * batch),
            bytes: sum(&|(step, _)| step.bytes),
            nanoseconds: sum(&|(_, time)| time.as_nanos() as u64),
        })
    }
}
