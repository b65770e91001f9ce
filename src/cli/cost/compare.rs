//! Several networks side by side, aligned by stage, against the first.

use super::{Costed, single, time};
use crate::cli::number::change;
use crate::cli::page::Page;
use crate::cli::table::{Cell, Table};
use crate::network::cost::{Cost, Row, compare};
use crate::network::graph::{Graph, ScopeKind};

/// One quantity of a cost.
type Quantity = fn(&Cost) -> u64;

/// What is compared, two to a table of totals: title, where to read it.
const TOTALS: [[(&str, Quantity); 2]; 2] = [
    [("parameters", |cost| cost.params), ("MACs", |cost| cost.macs)],
    [("element-wise", |cost| cost.elementwise), ("act. bytes", |cost| cost.activation_bytes)],
];

/// How many networks fit beside the first one.
pub(super) const BESIDE: usize = 2;

/// Adds the list of networks, then one table a quantity.
pub(super) fn add(page: &mut Page, networks: &[Costed]) {
    let pairs: Vec<(&Graph, &_)> = networks.iter().map(|network| (network.graph(), network.ledger())).collect();
    let rows: Vec<Row> = compare(&pairs).into_iter().filter(|row| row.kind != ScopeKind::Block).collect();
    page.heading("Networks; differences are to A");
    page.table(legend(networks));
    for pair in TOTALS {
        page.table(totals(networks, pair));
    }
    for (title, quantity) in TOTALS[0] {
        page.heading(format!("{} by stage", capital(title)));
        let others: Vec<usize> = (1..networks.len()).collect();
        for group in others.chunks(BESIDE) {
            page.table(aligned(networks, &rows, group, quantity));
        }
    }
    time::compare(page, networks, &rows);
}

/// A, B, ... Z, then by number.
pub(super) fn letter(index: usize) -> String {
    match u8::try_from(index) {
        Ok(index @ 0..26) => char::from(b'A' + index).to_string(),
        _ => format!("#{}", index + 1),
    }
}

fn capital(title: &str) -> String {
    let mut characters = title.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn text(words: impl Into<String>) -> Cell {
    Cell::Text(words.into())
}

fn legend(networks: &[Costed]) -> Table {
    let mut table = Table::new().words("").words("network").words("input").words("attention");
    for (index, network) in networks.iter().enumerate() {
        let places = single::attention_places(network);
        let attention = if places.is_empty() { "none".to_owned() } else { places };
        table.row(vec![
            text(letter(index)),
            text(&network.graph().name),
            text(network.graph().input().to_string()),
            text(attention),
        ]);
    }
    table
}

fn totals(networks: &[Costed], quantities: [(&str, Quantity); 2]) -> Table {
    let mut table = Table::new().words("");
    for (title, _) in quantities {
        table = table.numbers(title).numbers("diff.").numbers("%");
    }
    let first = networks[0].ledger().total();
    for (index, network) in networks.iter().enumerate() {
        let total = network.ledger().total();
        let mut row = vec![text(letter(index))];
        for (_, quantity) in quantities {
            let (before, now) = (quantity(&first), quantity(&total));
            row.push(Cell::Count(now));
            row.extend(if index == 0 { [Cell::Empty, Cell::Empty] } else { difference(before, now) });
        }
        table.row(row);
    }
    table
}

/// The difference and what it is in percent.
fn difference(before: u64, now: u64) -> [Cell; 2] {
    let relative = change(before, now).map_or(Cell::Empty, Cell::Relative);
    [Cell::Change(now as i64 - before as i64), relative]
}

/// Stages of the first network and of a few others. Beside one other there is room for the difference itself;
/// beside two, for its percentage.
fn aligned(networks: &[Costed], rows: &[Row], others: &[usize], quantity: Quantity) -> Table {
    let alone = others.len() == 1;
    let mut table = Table::new().words("part").numbers(letter(0));
    for other in others {
        let name = letter(*other);
        table = table.numbers(name.clone());
        if alone {
            table = table.numbers(format!("{name} - A"));
        }
        table = table.numbers("%");
    }
    let cells = |name: &str, costs: &[Option<Cost>]| {
        let value = |index: usize| costs[index].as_ref().map(quantity);
        let mut cells = vec![text(name), value(0).map_or(Cell::Empty, Cell::Count)];
        for other in others {
            cells.push(value(*other).map_or(Cell::Empty, Cell::Count));
            let [absolute, relative] = difference(value(0).unwrap_or(0), value(*other).unwrap_or(0));
            cells.extend(alone.then_some(absolute));
            cells.push(relative);
        }
        cells
    };
    for row in rows {
        table.row(cells(&row.name, &row.cells));
    }
    let attention: Vec<Option<Cost>> =
        networks.iter().map(|network| Some(network.ledger().attention(network.graph()))).collect();
    let total: Vec<Option<Cost>> = networks.iter().map(|network| Some(network.ledger().total())).collect();
    table.total(cells("total", &total));
    table.row(cells("attention", &attention));
    table
}
