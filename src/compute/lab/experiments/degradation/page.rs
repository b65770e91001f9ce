//! A degradation on paper: plain beside residual, test error in lines, training error in dashes.

use super::{DegradationResult, Kind};
use crate::compute::imaging::chart::{Line, Page, Panel, SERIES};
use crate::compute::lab::experiments::EpochPoint;

pub(super) fn of(result: &DegradationResult) -> Page {
    let mut legend: Vec<_> = result
        .depths
        .iter()
        .enumerate()
        .map(|(index, depth)| (format!("{depth} layers"), SERIES[index % SERIES.len()], false))
        .collect();
    legend.push(("test".to_owned(), [86, 96, 114], false));
    legend.push(("training".to_owned(), [86, 96, 114], true));
    let worst = highest(result);
    let panel = |kind: Kind| Panel::Lines {
        title: format!("{}: error, %", if kind == Kind::Plain { "Plain" } else { "Residual" }),
        across: "epoch".to_owned(),
        range: Some((0.0, worst)),
        lines: lines(result, kind),
        names: Vec::new(),
    };
    let mut notes = vec![result.run.budget()];
    notes.extend(result.reading());
    Page {
        title: "Depth without shortcuts, and with them".to_owned(),
        notes,
        legend,
        panels: Kind::ALL.map(panel).into(),
        columns: 2,
    }
}

/// The highest error of either kind in percent, so that both have the same scale.
fn highest(result: &DegradationResult) -> f64 {
    let points = result.curves.iter().flat_map(|curve| &curve.epochs);
    let highest = points.map(|point| point.train_error.max(point.test_error)).fold(0.0, f32::max);
    f64::from(highest * 100.0).max(1.0) * 1.04
}

fn lines(result: &DegradationResult, kind: Kind) -> Vec<Line> {
    let mut lines = Vec::new();
    for (index, depth) in result.depths.iter().enumerate() {
        let curve = result.mean_curve(kind, *depth);
        let mut add = |dashed: bool, of: fn(&EpochPoint) -> f32| {
            let points = curve.iter().map(|point| [point.epoch as f64, f64::from(of(point)) * 100.0]);
            lines.push(Line { colour: SERIES[index % SERIES.len()], dashed, points: points.collect() });
        };
        add(true, |point| point.train_error);
        add(false, |point| point.test_error);
    }
    lines
}
