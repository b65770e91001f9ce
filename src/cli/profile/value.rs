//! The JSON form of a profile.

use serde::Serialize;

use super::ledger::{AttentionShare, Part, percent};
use super::{Profiled, gflops, milliseconds};

/// `{"network","threads","batch","runs","total_ms":{"min","median"},"layers":[{"name","kernel","ms","gflops"}]}`,
/// and `attention` where there is some.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    network: &'a str,
    threads: usize,
    batch: usize,
    runs: usize,
    total_ms: Total,
    layers: Vec<Layer<'a>>,
    attention: Option<Attention>,
}

#[derive(Serialize)]
struct Total {
    min: f64,
    median: f64,
}

#[derive(Serialize)]
struct Layer<'a> {
    name: &'a str,
    kernel: &'a str,
    ms: f64,
    gflops: f64,
}

#[derive(Serialize)]
struct Attention {
    params: Share<u64>,
    macs: Share<u64>,
    elementwise: Share<u64>,
    bytes: Share<u64>,
    ms: Share<f64>,
}

#[derive(Serialize)]
struct Share<T> {
    attention: T,
    network: T,
    percent: f64,
}

impl From<Part<u64>> for Share<u64> {
    fn from(Part { attention, network }: Part<u64>) -> Self {
        Self { attention, network, percent: percent(attention as f64, network as f64) }
    }
}

impl From<Part<f64>> for Share<f64> {
    fn from(Part { attention, network }: Part<f64>) -> Self {
        Self { attention, network, percent: percent(attention, network) }
    }
}

impl From<&AttentionShare> for Attention {
    fn from(share: &AttentionShare) -> Self {
        Self {
            params: share.params.into(),
            macs: share.macs.into(),
            elementwise: share.elementwise.into(),
            bytes: share.bytes.into(),
            ms: share.ms.into(),
        }
    }
}

impl<'a> Report<'a> {
    /// A profile's numbers.
    pub(super) fn of(profiled: &'a Profiled) -> Self {
        let layers = profiled.layers().map(|(step, time)| Layer {
            name: &step.name,
            kernel: &step.kernel,
            ms: milliseconds(time),
            gflops: gflops(step, time),
        });
        Self {
            network: profiled.plan.network(),
            threads: profiled.plan.threads(),
            batch: profiled.plan.batch(),
            runs: profiled.times.totals.len(),
            total_ms: Total { min: milliseconds(profiled.times.min()), median: milliseconds(profiled.times.median()) },
            layers: layers.collect(),
            attention: profiled.attention.as_ref().map(Attention::from),
        }
    }
}
