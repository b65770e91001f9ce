//! What the tests of this view look at: every family, and attention in each.

use crate::network::graph::{Graph, ScopeId, ScopeKind};
use crate::network::{attention, zoo};

/// Every family's models at their two ends, each bare and with one of the attention blocks in turn.
pub(super) fn sampler() -> Vec<String> {
    let mut specs: Vec<String> = ["resnet20(shortcut=c)+sam", "resnet20+cam", "plain20", "googlenet(aux=heads)+se"]
        .into_iter()
        .chain(["resnet50+cbam", "resnet50+se(variant=nobias)", "resnet18+cam(variant=timm)"])
        .map(str::to_owned)
        .collect();
    // The papers' variants: attention at the beginning of a branch, on a shortcut, after the sum, in parallel.
    let ablations = ["senet-14", "senet-15", "senet-16", "cbam-2", "cbam-3"];
    let tables = ablations.into_iter().filter_map(|id| crate::network::papers::find(id).ok());
    specs.extend(tables.flat_map(|table| table.rows).map(|row| row.spec.to_owned()));
    specs.extend(attention::names().into_iter().map(|name| format!("resnet18+{name}")));
    specs.push("resnet18+cbam(order=parallel)".to_owned());
    let mut names = attention::names().into_iter().cycle();
    for family in zoo::FAMILIES {
        let models = family.models();
        for model in [models.first(), models.last()].into_iter().flatten() {
            specs.push(model.name.to_owned());
            specs.extend(names.next().map(|name| format!("{}+{name}", model.name)));
        }
    }
    // Not every attention fits every width; nearly all do.
    let count = specs.len();
    specs.retain(|spec| crate::network::parse(spec).is_ok());
    assert!(specs.len() * 10 >= count * 9, "{} of {count} parse", specs.len());
    specs
}

/// Everything that can be opened.
pub(super) fn parts(graph: &Graph) -> Vec<ScopeId> {
    let kinds = [ScopeKind::Stem, ScopeKind::Block, ScopeKind::Head, ScopeKind::Auxiliary];
    let loose = graph.scope_ids().filter(|id| {
        let parent = graph[*id].parent.map(|parent| graph[parent].kind);
        matches!(graph[*id].kind, ScopeKind::Attention(_)) && matches!(parent, Some(ScopeKind::Stage | ScopeKind::Root))
    });
    kinds.into_iter().flat_map(|kind| graph.scopes_of(kind)).chain(loose).collect()
}
