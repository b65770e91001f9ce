//! A table read: what its networks cost as they are lowered, beside what was printed, and where a difference is from.

use std::sync::Arc;

use super::{PaperTable, Printed, Row};
use crate::network::graph::Graph;
use crate::network::{Model, SpecError};

/// A row with its network lowered and counted.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What was printed.
    pub row: &'static Row,
    /// The network it means.
    pub model: Arc<Model>,
    /// Parameters.
    pub params: u64,
    /// Multiply-accumulates of convolution and linear layers, no bias: what the papers call FLOPs.
    pub macs: u64,
    /// Running means and variances of all `BatchNorm` layers, which are not parameters.
    pub statistics: u64,
    /// Multiplications with a gate: one for each number that is scaled.
    pub scaled: u64,
}

/// How a printed number and a computed one go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The computed one is printed like this.
    Rounds,
    /// It is with the running statistics counted.
    WithStatistics,
    /// It is with the multiplications by the gates counted.
    WithScaling,
    /// Neither.
    Apart,
}

/// Lowers and counts every row.
///
/// # Errors
/// A row whose network cannot be; the tables that come with the program have none.
pub fn read(table: &PaperTable) -> Result<Vec<Reading>, SpecError> {
    table.rows.iter().map(Reading::of).collect()
}

impl Reading {
    fn of(row: &'static Row) -> Result<Self, SpecError> {
        let model = Model::parse(row.spec)?;
        let (graph, total) = (model.graph(), model.ledger().total());
        let scaled = graph.gates.iter().map(|gate| graph[gate.scale].shape.elements() as u64).sum();
        let statistics = statistics(graph);
        Ok(Self { row, params: total.params, macs: total.macs, statistics, scaled, model })
    }

    /// Parameters in the paper's unit, millions.
    #[must_use]
    pub fn millions(&self) -> f64 {
        self.params as f64 / 1e6
    }

    /// Multiply-accumulates in the paper's unit, billions.
    #[must_use]
    pub fn billions(&self) -> f64 {
        self.macs as f64 / 1e9
    }

    /// Computed less printed, in millions of parameters and in billions of multiply-accumulates.
    #[must_use]
    pub fn differences(&self) -> [Option<f64>; 2] {
        let less = |exact: f64, printed: Option<Printed>| printed.map(|printed| exact - printed.value());
        [less(self.millions(), self.row.params), less(self.billions(), self.row.gflops)]
    }

    /// How parameters and multiply-accumulates go together with what is printed.
    #[must_use]
    pub fn agreements(&self) -> [Option<Agreement>; 2] {
        let with = |more: u64, printed: Printed| printed.is_rounded((self.params + more) as f64 / 1e6);
        let params = self.row.params.map(|printed| match printed {
            printed if with(0, printed) => Agreement::Rounds,
            printed if with(self.statistics, printed) => Agreement::WithStatistics,
            _ => Agreement::Apart,
        });
        let with = |more: u64, printed: Printed| printed.is_rounded((self.macs + more) as f64 / 1e9);
        let gflops = self.row.gflops.map(|printed| match printed {
            printed if with(0, printed) => Agreement::Rounds,
            printed if with(self.scaled, printed) => Agreement::WithScaling,
            _ => Agreement::Apart,
        });
        [params, gflops]
    }
}

fn statistics(graph: &Graph) -> u64 {
    let buffers = graph.params.iter().filter(|param| !param.role.is_parameter());
    buffers.map(|param| param.elements() as u64).sum()
}

/// Why verified costs are not the computed ones: each reason once, with the rows it holds for. Of columns that are
/// not verified the table's remarks speak.
#[must_use]
pub fn explanations(table: &PaperTable, readings: &[Reading]) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut reasons: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
    for reading in readings {
        let [params, gflops] = reading.agreements();
        let verified = [params.filter(|_| table.verified.params), gflops.filter(|_| table.verified.gflops)];
        for agreement in verified.into_iter().flatten() {
            let reason = match agreement {
                Agreement::Rounds => continue,
                Agreement::WithStatistics => STATISTICS,
                Agreement::WithScaling => SCALING,
                Agreement::Apart => reading.row.note.unwrap_or("the printed cost is not met"),
            };
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, rows)) if rows.contains(&reading.row.label) => {}
                Some((_, rows)) => rows.push(reading.row.label),
                None => reasons.push((reason, vec![reading.row.label])),
            }
        }
    }
    reasons
}

const STATISTICS: &str =
    "the printed parameters are met with BatchNorm's running statistics counted, which are no parameters";
const SCALING: &str = "the printed GFLOPs are met with one multiplication counted for every number a gate scales";
