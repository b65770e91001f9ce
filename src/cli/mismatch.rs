//! A tensor of another shape than the network's, as every JSON report names it.

use serde::Serialize;

use crate::compute::weights::LoadReport;

/// A tensor's name and both shapes.
#[derive(Serialize)]
pub struct MismatchEntry<'a> {
    name: &'a str,
    expected: &'a [usize],
    found: &'a [usize],
}

/// Every mismatch of a report.
pub fn entries(report: &LoadReport) -> Vec<MismatchEntry<'_>> {
    report.mismatched.iter().map(|m| MismatchEntry { name: &m.name, expected: &m.expected, found: &m.found }).collect()
}
