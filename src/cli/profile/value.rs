//! The JSON form of a profile.

use serde::Serialize;

use super::super::doubts::{self, DoubtEntry};
use super::super::ledger;
use super::super::running::{Measured, milliseconds};
use super::layers;
use crate::compute::engine::gflops;
use crate::compute::weights::Doubt;

/// `{"network","device","threads","batch","runs","total_ms":{"min","median"},"layers":[{"name","kernel","ms",
/// "gflops"}],"doubts":[]}`, and `attention` where there is some.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    network: &'a str,
    device: &'static str,
    threads: usize,
    batch: usize,
    runs: usize,
    total_ms: Total,
    layers: Vec<Layer<'a>>,
    attention: Option<ledger::Report>,
    /// What the network's checkpoint leaves open.
    doubts: Vec<DoubtEntry<'a>>,
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

impl<'a> Report<'a> {
    /// A profile's numbers.
    pub(super) fn of(measured: &'a Measured, doubts: &'a [Doubt]) -> Self {
        let timing = &measured.timing;
        let layers = layers(measured).map(|(step, time)| Layer {
            name: &step.name,
            kernel: &step.kernel,
            ms: milliseconds(time),
            gflops: gflops(step.macs, time),
        });
        Self {
            network: measured.runner.network(),
            device: timing.device.name(),
            threads: timing.threads,
            batch: timing.batch,
            runs: timing.runs,
            total_ms: Total { min: timing.min.as_secs_f64() * 1e3, median: timing.median.as_secs_f64() * 1e3 },
            layers: layers.collect(),
            attention: timing.attention.as_ref().map(ledger::Report::from),
            doubts: doubts::entries(doubts),
        }
    }
}
