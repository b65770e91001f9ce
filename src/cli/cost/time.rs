//! `--time`: what the same parts take in milliseconds.

use super::compare::{BESIDE, letter};
use super::{Costed, row_name};
use crate::cli::number::share;
use crate::cli::page::Page;
use crate::cli::running::{self, milliseconds};
use crate::cli::table::{Cell, Table};
use crate::cli::{ledger, number};
use crate::compute::engine::{Timing, gflops};
use crate::network::cost::{Cost, Row};
use crate::network::graph::{Graph, NodeId, Op};

fn text(words: impl Into<String>) -> Cell {
    Cell::Text(words.into())
}

/// Billions of operations a second; nothing where there are no MACs.
fn speed(macs: u64, time: u64) -> Cell {
    if macs == 0 { Cell::Empty } else { Cell::Share(gflops(macs, time)) }
}

/// What laying out the image takes, outside of every part.
fn image(graph: &Graph, timing: &Timing) -> u64 {
    let inputs = graph.node_ids().filter(|id| graph[*id].op == Op::Input);
    inputs.filter_map(|id| timing.layer(id)).sum()
}

/// One network: by stage, then attention's ledger.
pub(super) fn add(page: &mut Page, network: &Costed) {
    let Some(timing) = &network.timing else { return };
    let total = timing.total();
    let mut table = Table::new().words("part").numbers("ms").numbers("%").numbers("MACs").numbers("GF/s");
    let cells = |name: &str, time: u64, Cost { macs, .. }: Cost| {
        vec![
            text(name),
            Cell::Milliseconds(milliseconds(time)),
            Cell::Share(share(time, total)),
            Cell::Count(macs),
            speed(macs, time),
        ]
    };
    table.row(cells("image", image(network.graph(), timing), Cost::default()));
    for (name, id) in network.parts() {
        table.row(cells(name, timing.scope(id), network.ledger().scope(id)));
    }
    table.total(cells("total", total, network.ledger().total()));
    page.table(table);
    if let Some(attention) = &timing.attention {
        page.table(ledger::table(attention));
    }
    page.line(running::sentence(timing));
}

/// Several networks: the whole against the first, then by stage.
pub(super) fn compare(page: &mut Page, networks: &[Costed], rows: &[Row]) {
    let timings: Vec<&Timing> = networks.iter().filter_map(|network| network.timing.as_ref()).collect();
    let [first, ..] = timings[..] else { return };
    let mut table = Table::new().words("").numbers("ms, median").numbers("diff.").numbers("%").numbers("GF/s");
    table = table.numbers("attention, ms").numbers("%");
    for (index, (network, timing)) in networks.iter().zip(&timings).enumerate() {
        let time = |timing: &Timing| timing.median.as_nanos() as u64;
        let mut row = vec![text(letter(index)), Cell::Milliseconds(milliseconds(time(timing)))];
        row.extend(if index == 0 { [Cell::Empty, Cell::Empty] } else { difference(time(first), time(timing)) });
        row.push(speed(network.ledger().total().macs, time(timing)));
        let own = timing.attention.map(|attention| attention.nanoseconds.attention);
        row.push(own.map_or(Cell::Empty, |own| Cell::Milliseconds(milliseconds(own))));
        row.push(own.map_or(Cell::Empty, |own| Cell::Share(share(own, timing.total()))));
        table.row(row);
    }
    page.heading("Milliseconds by stage");
    page.table(table);
    let others: Vec<usize> = (1..networks.len()).collect();
    for group in others.chunks(BESIDE) {
        page.table(aligned(networks, rows, group));
    }
    page.line(running::sentence(first));
}

fn difference(before: u64, now: u64) -> [Cell; 2] {
    let relative = number::change(before, now).map_or(Cell::Empty, Cell::Relative);
    [text(format!("{:+.3}", milliseconds(now) - milliseconds(before)).replace('-', "−")), relative]
}

/// Stages of the first network and of a few others.
fn aligned(networks: &[Costed], rows: &[Row], others: &[usize]) -> Table {
    let mut table = Table::new().words("part").numbers(letter(0));
    for other in others {
        table = table.numbers(letter(*other)).numbers("%");
    }
    let at = |network: &Costed, name: &str| {
        let timing = network.timing.as_ref()?;
        let id = network.graph().scope_ids().find(|id| row_name(network.graph(), *id) == Some(name))?;
        Some(timing.scope(id))
    };
    let cells = |name: &str, times: &dyn Fn(&Costed) -> Option<u64>| {
        let shown = |time: Option<u64>| time.map_or(Cell::Empty, |time| Cell::Milliseconds(milliseconds(time)));
        let first = times(&networks[0]);
        let mut row = vec![text(name), shown(first)];
        for other in others {
            let now = times(&networks[*other]);
            let change = first.zip(now).and_then(|(first, now)| number::change(first, now));
            row.extend([shown(now), change.map_or(Cell::Empty, Cell::Relative)]);
        }
        row
    };
    for row in rows {
        table.row(cells(&row.name, &|network| at(network, &row.name)));
    }
    table.total(cells("total, with the image", &|network| network.timing.as_ref().map(Timing::total)));
    table
}

/// The columns that `--time` adds to a table of layers.
pub(super) fn layer_cells(network: &Costed, id: NodeId) -> Option<[Cell; 2]> {
    let timing = network.timing.as_ref()?;
    Some(timing.layer(id).map_or([Cell::Empty, Cell::Empty], |time| pair(network.ledger().layer(id).macs, time)))
}

/// The same of the whole network.
pub(super) fn total_cells(network: &Costed) -> Option<[Cell; 2]> {
    let timing = network.timing.as_ref()?;
    Some(pair(network.ledger().total().macs, timing.total()))
}

/// Milliseconds and GF/s.
pub(super) fn pair(macs: u64, time: u64) -> [Cell; 2] {
    [Cell::Milliseconds(milliseconds(time)), speed(macs, time)]
}

/// Their titles, for people and for spreadsheets.
pub(super) const TITLES: [&str; 2] = ["ms", "GF/s"];
pub(super) const KEYS: [&str; 2] = ["ms", "gflops"];

/// Which layers a time covers, in a sentence.
pub(super) const COVERS: &str =
    "A time covers the layers after it without one: they are computed together, in one pass.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_keeps_its_sign() {
        let [Cell::Text(slower), Cell::Relative(percent)] = difference(2_000_000, 3_500_000) else {
            panic!("words and a percentage");
        };
        assert_eq!(slower, "+1.500");
        assert!((percent - 75.0).abs() < 1e-9);
        let [Cell::Text(faster), _] = difference(3_500_000, 2_000_000) else { panic!("words") };
        assert_eq!(faster, "−1.500");
        assert!(matches!(difference(0, 5)[1], Cell::Empty));
    }
}
