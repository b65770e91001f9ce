//! Networks side by side, aligned by stage and block.

use super::{Cost, Ledger};
use crate::network::graph::{Graph, ScopeId, ScopeKind};

/// A part that at least one of the networks has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// `stem`, `layer3`, `layer3.2`, `head`.
    pub name: String,
    /// Stem, stage, block or head.
    pub kind: ScopeKind,
    /// Its cost in each network; `None` where the network has no such part.
    pub cells: Vec<Option<Cost>>,
}

/// Aligns networks by the paths of their parts; blocks follow their stage.
#[must_use]
pub fn compare(networks: &[(&Graph, &Ledger)]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (column, (graph, ledger)) in networks.iter().enumerate() {
        let mut after = 0;
        for id in graph.scope_ids() {
            let Some(name) = row_name(graph, id) else { continue };
            let kind = graph[id].kind;
            let position = rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
                let cells = vec![None; networks.len()];
                rows.insert(after, Row { name, kind, cells });
                after
            });
            rows[position].cells[column] = Some(ledger.scope(id));
            after = position + 1;
        }
    }
    rows
}

/// The name under which a scope is aligned; only stems, stages, blocks and heads are.
fn row_name(graph: &Graph, id: ScopeId) -> Option<String> {
    let scope = &graph[id];
    match scope.kind {
        ScopeKind::Stem | ScopeKind::Head => Some(scope.label.to_string()),
        ScopeKind::Auxiliary => Some(scope.path.clone()),
        ScopeKind::Stage | ScopeKind::Block => Some(scope.path.clone()),
        ScopeKind::Root | ScopeKind::Shortcut | ScopeKind::Attention(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    #[test]
    fn stages_add_up_to_the_network_and_missing_blocks_are_none() {
        let graphs = ["resnet50", "resnet101+cbam"].map(|text| lower(&parse(text).expect("parses")).expect("lowers"));
        let ledgers = [Ledger::of(&graphs[0]), Ledger::of(&graphs[1])];
        let rows = compare(&[(&graphs[0], &ledgers[0]), (&graphs[1], &ledgers[1])]);
        for (column, ledger) in ledgers.iter().enumerate() {
            let outer = rows.iter().filter(|row| row.kind != ScopeKind::Block);
            let sum: Cost = outer.filter_map(|row| row.cells[column]).sum();
            assert_eq!(sum, ledger.total());
        }
        let late = rows.iter().position(|row| row.name == "layer3.22").expect("resnet101 has it");
        assert_eq!(rows[late].cells[0], None);
        assert_eq!(rows[late - 1].name, "layer3.21");
        assert_eq!(rows[late + 1].name, "layer4");
    }
}
