//! Tables of layers and parts.

use super::{Costed, time, ways};
use crate::cli::table::{Cell, Table};
use crate::network::cost::{Cost, Lesson};
use crate::network::graph::{Graph, NodeId, Op, Receptive, receptive};

fn text(words: impl Into<String>) -> Cell {
    Cell::Text(words.into())
}

/// The layers of a network: everything but its input.
fn layer_ids(network: &Costed) -> impl Iterator<Item = NodeId> {
    network.graph().node_ids().filter(|id| network.graph()[*id].op != Op::Input)
}

/// Every layer, for people. Times take the place of outputs: names have to stay readable in 80 columns.
pub(super) fn layers(network: &Costed) -> Table {
    let mut table = Table::new().words("layer").words("op");
    if network.timing.is_none() {
        table = table.words("output");
    }
    table = table.numbers("parameters").numbers("MACs");
    let has_products = network.ledger().total().products > 0;
    if has_products {
        table = table.numbers("products");
    }
    if network.timing.is_none() {
        table = table.numbers("field").numbers("stride");
    }
    if network.timing.is_some() {
        table = time::TITLES.into_iter().fold(table, Table::numbers);
    }
    let cells = |name: &str, op: &str, output: Cell, cost: Cost, seen: [Cell; 2], times: Option<[Cell; 2]>| {
        let mut row = vec![text(name), text(op)];
        row.extend(times.is_none().then_some(output));
        row.extend([Cell::Count(cost.params), Cell::Count(cost.macs)]);
        row.extend(has_products.then_some(Cell::Count(cost.products)));
        row.extend(seen.into_iter().filter(|_| times.is_none()));
        row.extend(times.into_iter().flatten());
        row
    };
    let fields = receptive(network.graph());
    for id in layer_ids(network) {
        let (node, cost) = (&network.graph()[id], network.ledger().layer(id));
        let output = text(node.shape.to_string());
        let times = time::layer_cells(network, id);
        table.row(cells(&node.name, node.op.name(), output, cost, seen_cells(fields[id.0]), times));
    }
    let (total, none) = (network.ledger().total(), [Cell::Empty, Cell::Empty]);
    table.total(cells("total", "", Cell::Empty, total, none, time::total_cells(network)));
    table
}

/// Every layer of every network, for a spreadsheet.
pub(super) fn layers_csv(networks: &[Costed]) -> Table {
    let mut table = Table::new().words("network").words("name").words("op").words("output");
    table = keys(table, &SEEN_KEYS, networks);
    for network in networks {
        let fields = receptive(network.graph());
        for id in layer_ids(network) {
            let node = &network.graph()[id];
            let output: Vec<String> = node.shape.dims().iter().map(ToString::to_string).collect();
            let mut row =
                vec![text(&network.graph().name), text(&node.name), text(node.op.name()), text(output.join("x"))];
            row.extend(cost_cells(network.ledger().layer(id)));
            row.extend(seen_cells(fields[id.0]));
            row.extend(time::layer_cells(network, id).into_iter().flatten());
            table.row(row);
        }
    }
    table
}

/// Stem, stages, head and total of every network, for a spreadsheet.
pub(super) fn parts_csv(networks: &[Costed]) -> Table {
    let mut table = Table::new().words("network").words("part");
    table = keys(table, &[], networks);
    for network in networks {
        for (name, id) in network.parts().chain([("total", Graph::ROOT)]) {
            let cost = network.ledger().scope(id);
            let mut row = vec![text(&network.graph().name), text(name)];
            row.extend(cost_cells(cost));
            row.extend(network.timing.iter().flat_map(|timing| time::pair(cost.macs, timing.scope(id))));
            table.row(row);
        }
    }
    table
}

/// A column for each number there is.
fn keys(table: Table, more: &[&'static str], networks: &[Costed]) -> Table {
    let is_timed = networks.iter().any(|network| network.timing.is_some());
    let times = time::KEYS.into_iter().filter(|_| is_timed);
    COST_KEYS.into_iter().chain(more.iter().copied()).chain(times).fold(table, Table::numbers)
}

const COST_KEYS: [&str; 5] = ["params", "macs", "products", "elementwise", "activation_bytes"];
const SEEN_KEYS: [&str; 2] = ["receptive_field", "stride"];

fn cost_cells(cost: Cost) -> [Cell; 5] {
    [cost.params, cost.macs, cost.products, cost.elementwise, cost.activation_bytes].map(Cell::Count)
}

/// Receptive field and stride, the longer of the two axes.
fn seen_cells(seen: Receptive) -> [Cell; 2] {
    [seen.side(), seen.step()].map(|pixels| Cell::Count(pixels as u64))
}

/// The lesson's convolutions, for people.
pub(super) fn lesson(lesson: &Lesson) -> Table {
    let mut table = Table::new().words("").words("convolution").numbers("weights");
    for (name, terms) in ways(lesson) {
        for (index, term) in terms.iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            table.row(vec![text(name), text(&term.expression), Cell::Count(term.value)]);
        }
        let sum = terms.iter().map(|term| term.value).sum();
        table.row(vec![Cell::Empty, text("together"), Cell::Count(sum)]);
    }
    table
}

/// The lesson's convolutions, for a spreadsheet.
pub(super) fn lesson_csv(lesson: &Lesson) -> Table {
    let mut table = Table::new().words("way").words("convolution").numbers("weights");
    for (name, terms) in ways(lesson) {
        for term in terms {
            table.row(vec![text(name), text(&term.expression), Cell::Count(term.value)]);
        }
    }
    table
}
