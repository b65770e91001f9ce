//! What is compared: the networks' costs aligned by part, and what attention takes of each. No painting.

use std::collections::HashSet;
use std::sync::Arc;

use crate::desktop::document::{Network, NetworkId};
use crate::network::Graph;
use crate::network::cost::{self, Cost, Row};
use crate::network::graph::ScopeKind;

/// One network of the comparison.
#[derive(Clone, Debug)]
pub struct Column {
    /// A, B, C.
    pub letter: String,
    /// The place of its colour.
    pub slot: usize,
    /// Its spec's text form.
    pub name: String,
    /// The whole network.
    pub total: Cost,
}

/// What attention of one kind takes in a part.
pub type Attention = (&'static str, Cost);

/// Networks side by side.
pub struct Comparison {
    graphs: Vec<Arc<Graph>>,
    /// Which of them the others are compared with.
    pub base: usize,
    /// The networks in their order.
    pub columns: Vec<Column>,
    /// Stem, stages with their blocks, head.
    pub rows: Vec<Row>,
    /// The rows that are not blocks: together they are the whole network.
    pub outer: Vec<usize>,
    /// By outer row and network: what each attention kind takes.
    attention: Vec<Vec<Vec<Attention>>>,
    /// Every attention kind there is, in order of appearance.
    pub kinds: Vec<&'static str>,
}

impl Comparison {
    /// Aligns the networks; the others are compared with this one.
    #[must_use]
    pub fn of(networks: &[Network], baseline: NetworkId) -> Self {
        let pairs: Vec<_> = networks.iter().map(|network| (&**network.graph(), network.ledger())).collect();
        let rows = cost::compare(&pairs);
        let outer: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].kind != ScopeKind::Block).collect();
        let attention: Vec<Vec<Vec<Attention>>> = outer
            .iter()
            .map(|row| networks.iter().map(|network| attention_in(network, &rows[*row].name)).collect())
            .collect();
        let mut kinds: Vec<&'static str> = Vec::new();
        for (kind, _) in attention.iter().flatten().flatten() {
            if !kinds.contains(kind) {
                kinds.push(kind);
            }
        }
        let column = |network: &Network| Column {
            letter: network.letter(),
            slot: network.slot,
            name: network.graph().name.clone(),
            total: network.ledger().total(),
        };
        Self {
            graphs: networks.iter().map(|network| network.graph().clone()).collect(),
            columns: networks.iter().map(column).collect(),
            base: networks.iter().position(|network| network.id == baseline).unwrap_or(0),
            rows,
            outer,
            attention,
            kinds,
        }
    }

    /// Does it still show these networks?
    #[must_use]
    pub fn is_of(&self, networks: &[Network], baseline: NetworkId) -> bool {
        self.graphs.len() == networks.len()
            && networks.get(self.base).is_some_and(|base| base.id == baseline)
            && self.columns.iter().zip(networks).all(|(column, network)| column.slot == network.slot)
            && self.graphs.iter().zip(networks).all(|(graph, network)| Arc::ptr_eq(graph, network.graph()))
    }

    /// What each attention kind takes of a network in the outer row at this position.
    #[must_use]
    pub fn attention(&self, outer: usize, network: usize) -> &[Attention] {
        &self.attention[outer][network]
    }

    /// The rows to show: blocks only where their stage is open.
    pub fn shown<'a>(&'a self, open: &'a HashSet<String>) -> impl Iterator<Item = &'a Row> + 'a {
        self.rows
            .iter()
            .filter(|row| row.kind != ScopeKind::Block || stage_of(&row.name).is_some_and(|s| open.contains(s)))
    }

    /// The whole networks, as the cells of a row.
    #[must_use]
    pub fn totals(&self) -> Vec<Option<Cost>> {
        self.columns.iter().map(|column| Some(column.total)).collect()
    }

    /// What all networks cost together.
    #[must_use]
    pub fn sum(&self) -> Cost {
        self.columns.iter().map(|column| column.total).sum()
    }

    /// The stages, which have blocks to show.
    pub fn stages(&self) -> impl Iterator<Item = &Row> + '_ {
        self.rows.iter().filter(|row| row.kind == ScopeKind::Stage)
    }
}

/// The stage a block's path belongs to.
#[must_use]
pub fn stage_of(block: &str) -> Option<&str> {
    block.rsplit_once('.').map(|(stage, _)| stage)
}

fn attention_in(network: &Network, part: &str) -> Vec<Attention> {
    let graph = network.graph();
    let mut found: Vec<Attention> = Vec::new();
    let Some(part) = graph.scope_at(part) else { return found };
    for id in graph.scope_ids() {
        let ScopeKind::Attention(kind) = graph[id].kind else { continue };
        if !graph.is_within(id, part) {
            continue;
        }
        let cost = network.ledger().scope(id);
        match found.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, sum)) => *sum += cost,
            None => found.push((kind, cost)),
        }
    }
    found
}

/// How much more than the baseline this is; a part that is not there costs nothing.
#[must_use]
pub fn difference(base: u64, other: u64) -> i128 {
    i128::from(other) - i128::from(base)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::desktop::document::{PictureChoice, WeightsChoice};
    use crate::network::Model;

    pub fn networks(specs: &[&str]) -> Vec<Network> {
        let network = |(id, spec): (usize, &&str)| {
            let (model, picture) = (Model::parse(spec).expect(spec), PictureChoice::Sample("cat.png".to_owned()));
            Network::new(NetworkId(id as u64), model, WeightsChoice::Seeded(0), &picture)
        };
        specs.iter().enumerate().map(network).collect()
    }

    #[test]
    fn attention_by_stage_adds_up_to_the_networks_own() {
        let networks = networks(&["resnet50", "resnet50+se@layer1+cbam@layer2,layer4.1", "resnet20+sam"]);
        let comparison = Comparison::of(&networks, NetworkId(0));
        assert_eq!(comparison.kinds.len(), 3);
        for (column, network) in networks.iter().enumerate() {
            let sum: Cost = (0..comparison.outer.len())
                .flat_map(|row| comparison.attention(row, column))
                .map(|(_, cost)| *cost)
                .sum();
            assert_eq!(sum, network.ledger().attention(network.graph()), "{}", network.graph().name);
        }
    }

    #[test]
    fn blocks_are_shown_where_their_stage_is_open_and_differences_add_up() {
        let comparison = Comparison::of(&networks(&["resnet50", "resnet20+cbam"]), NetworkId(0));
        let closed = HashSet::new();
        assert_eq!(comparison.shown(&closed).count(), comparison.outer.len());
        let open = HashSet::from(["layer3".to_owned()]);
        let blocks = comparison.shown(&open).filter(|row| row.kind == ScopeKind::Block).count();
        assert_eq!(blocks, 6);
        let params = |row: &Row, column: usize| row.cells[column].map_or(0, |cost| cost.params);
        let sum: i128 = comparison.shown(&closed).map(|row| difference(params(row, 0), params(row, 1))).sum();
        let totals = [0, 1].map(|column: usize| comparison.columns[column].total.params);
        assert_eq!(sum, difference(totals[0], totals[1]));
    }
}
