//! An atlas on paper: a small picture a gate, a line a class.

use super::{AtlasGate, AtlasResult, Order};
use crate::compute::imaging::chart::{Line, Page, Panel, SERIES};

/// More gates than this are thinned out evenly.
const PANELS: usize = 12;

pub(super) fn of(result: &AtlasResult, order: Order) -> Page {
    let gates = &result.gates;
    let shown = gates.len().min(PANELS);
    let chosen = (0..shown).filter_map(|index| gates.get(index * gates.len() / shown));
    let colour = |class: usize| SERIES[class % SERIES.len()];
    let legend = result.classes.iter().enumerate().map(|(class, name)| (name.clone(), colour(class), false)).collect();
    let panel = |gate: &AtlasGate| {
        let channels = gate.order(order);
        let line = |(class, means): (usize, &Vec<f32>)| Line {
            colour: colour(class),
            dashed: false,
            points: channels.iter().enumerate().map(|(x, channel)| [x as f64, f64::from(means[*channel])]).collect(),
        };
        Panel::Lines {
            title: format!("{}: classes {:.3} apart", gate.block, gate.class_spread()),
            across: match order {
                Order::Index => "channel".to_owned(),
                Order::Sorted => "channel, most open first".to_owned(),
            },
            range: Some((0.0, 1.0)),
            lines: gate.means.iter().enumerate().map(line).collect(),
            names: Vec::new(),
        }
    };
    let mut notes = vec![result.budget()];
    notes.extend(result.reading());
    if shown < gates.len() {
        notes.push(format!("{shown} of {} gates are drawn; the CSV has them all.", gates.len()));
    }
    Page {
        title: "Excitation atlas: channel gates by class".to_owned(),
        notes,
        legend,
        panels: chosen.map(panel).collect(),
        columns: 3,
    }
}
