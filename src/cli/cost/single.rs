//! One network: the summary and its stages.

use super::{Costed, time};
use crate::cli::number::share;
use crate::cli::page::Page;
use crate::cli::table::{Cell, Table};
use crate::network::cost::Cost;
use crate::network::graph::ScopeKind;
use crate::network::number;

/// Bytes of one f32.
const F32: u64 = 4;
/// A row only where there are some.
const PRODUCTS: &str = "products of activations";

/// Adds the summary, the table of stages and the attention line.
pub(super) fn add(page: &mut Page, network: &Costed) {
    page.heading(&network.graph().name);
    page.table(summary(network));
    page.table(parts(network));
    page.line(attention_line(network));
    time::add(page, network);
}

fn summary(network: &Costed) -> Table {
    let total = network.ledger().total();
    let text = |words: &str| Cell::Text(words.to_owned());
    let mut table = Table::new().words("").numbers("").words("");
    let outputs = network.graph()[network.graph().output()].shape.channels();
    let what = if network.has_classes() { "classes" } else { "features" };
    table.row(vec![
        text("input"),
        Cell::Text(network.graph().input().to_string()),
        Cell::Text(format!("{} {what}", number::grouped(outputs as u64))),
    ]);
    for (name, count, note) in [
        (
            "parameters",
            total.params,
            format!("{}, {} in f32", number::short(total.params), number::bytes(total.params * F32)),
        ),
        ("MACs", total.macs, number::short(total.macs)),
        (PRODUCTS, total.products, format!("{} MACs on top", number::short(total.products))),
        ("element-wise operations", total.elementwise, number::short(total.elementwise)),
        ("activation bytes, f32", total.activation_bytes, number::bytes(total.activation_bytes)),
    ] {
        if name != PRODUCTS || count > 0 {
            table.row(vec![text(name), Cell::Count(count), Cell::Text(note)]);
        }
    }
    table
}

fn parts(network: &Costed) -> Table {
    let mut table = Table::new().words("part").numbers("parameters").numbers("%").numbers("MACs").numbers("%");
    let total = network.ledger().total();
    let has_products = total.products > 0;
    if has_products {
        table = table.numbers("products");
    }
    table = table.numbers("element-wise").numbers("act. bytes");
    let cells = |name: &str, cost: Cost| {
        let mut row = vec![
            Cell::Text(name.to_owned()),
            Cell::Count(cost.params),
            Cell::Share(share(cost.params, total.params)),
            Cell::Count(cost.macs),
            Cell::Share(share(cost.macs, total.macs)),
        ];
        row.extend(has_products.then_some(Cell::Count(cost.products)));
        row.extend([Cell::Count(cost.elementwise), Cell::Count(cost.activation_bytes)]);
        row
    };
    for (name, id) in network.parts() {
        table.row(cells(name, network.ledger().scope(id)));
    }
    table.total(cells("total", total));
    table
}

/// `attention: CBAM in 16 of 16 blocks: 2,532,592 parameters (9.0 %), ...`.
fn attention_line(network: &Costed) -> String {
    let places = attention_places(network);
    if places.is_empty() {
        return "Attention: none.".to_owned();
    }
    let (cost, total) = (network.ledger().attention(network.graph()), network.ledger().total());
    format!(
        "Attention: {places}; {} parameters ({:.1} %), {} MACs ({:.1} %).",
        number::grouped(cost.params),
        share(cost.params, total.params),
        number::grouped(cost.macs),
        share(cost.macs, total.macs)
    )
}

/// `SE in 10 of 16 blocks, BAM after 3 of 4 stages`; empty without attention.
pub(super) fn attention_places(network: &Costed) -> String {
    let graph = network.graph();
    let [blocks, stages] = [ScopeKind::Block, ScopeKind::Stage].map(|kind| graph.scopes_of(kind).count());
    let mut kinds: Vec<(&str, bool, usize)> = Vec::new();
    for id in graph.scope_ids().filter(|id| matches!(graph[*id].kind, ScopeKind::Attention(_))) {
        let is_between = graph.enclosing(id, ScopeKind::Block).is_none();
        match kinds.iter_mut().find(|(label, between, _)| (*label, *between) == (&*graph[id].label, is_between)) {
            Some((.., count)) => *count += 1,
            None => kinds.push((&*graph[id].label, is_between, 1)),
        }
    }
    let words = kinds.into_iter().map(|(label, is_between, count)| match is_between {
        true => format!("{label} after {count} of {stages} stages"),
        false => format!("{label} in {count} of {blocks} blocks"),
    });
    words.collect::<Vec<String>>().join(", ")
}
