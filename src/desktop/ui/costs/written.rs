//! The numbers of a row, written out: `3·3·256·256 = 589,824`. No painting.

use super::model::{Part, Row, Tree};
use crate::desktop::ui::metric::{Metric, milliseconds, percent};
use crate::network::cost::{Term, formula};
use crate::network::graph::{Graph, NodeId};
use crate::network::number::grouped;

/// How each of a row's numbers comes about, in the order of [`Metric::of_network`].
#[must_use]
pub fn written(tree: &Tree, index: usize) -> Vec<(Metric, String)> {
    let row = &tree.rows[index];
    let words = |metric| match row.part {
        Part::Layer(id) => layer(&tree.graph, id, row, metric),
        Part::Scope(_) => sum(tree, index, metric),
    };
    Metric::of_network(tree.total).map(|metric| (metric, words(metric))).collect()
}

/// How long a row takes, how fast that is, and with what it is computed; `None` before it is measured.
#[must_use]
pub fn time(tree: &Tree, index: usize) -> Option<String> {
    let timing = tree.timing()?;
    let row = &tree.rows[index];
    let name = |id: NodeId| {
        let name = tree.graph[id].name.as_str();
        let scope = row.path.rfind('.').map_or("", |dot| &row.path[..=dot]);
        name.strip_prefix(scope).unwrap_or(name)
    };
    let Some(time) = tree.time(index) else {
        return match row.part {
            Part::Layer(id) => Some(format!("computed with {}", name(timing.first(id)))),
            Part::Scope(_) => None,
        };
    };
    let mut words = format!("{} ms, {}", milliseconds(time), percent(time, timing.total()));
    if let Some(speed) = tree.speed(index) {
        words += &format!(", {speed:.1} GF/s");
    }
    if let Part::Layer(id) = row.part {
        let others: Vec<&str> = timing.together(id).map(name).collect();
        if !others.is_empty() {
            words += &format!(", with {}", others.join(", "));
        }
    }
    Some(words)
}

fn layer(graph: &Graph, id: NodeId, row: &Row, metric: Metric) -> String {
    let zero = || "0".to_owned();
    let product = |term: Option<Term>| term.map(|term| format!("{} = {}", term.expression, grouped(term.value)));
    match metric {
        Metric::Params => product(formula(graph, id).0).or_else(|| shared(graph, id)).unwrap_or_else(zero),
        // The formula is that of the layer's only kind of multiply-accumulates.
        Metric::Macs | Metric::Products if metric.of(row.cost) == 0 => zero(),
        Metric::Macs | Metric::Products => product(formula(graph, id).1).unwrap_or_else(zero),
        Metric::Elementwise => elementwise(row, &dims(graph, id)),
        Metric::Activations if row.cost.activation_bytes == 0 => "0, a view".to_owned(),
        Metric::Activations => format!("{}·4 = {} B", dims(graph, id), grouped(row.cost.activation_bytes)),
    }
}

/// Whose parameters a layer uses that has none of its own.
fn shared(graph: &Graph, id: NodeId) -> Option<String> {
    let owner = graph[id].params.first().map(|param| graph[*param].owner).filter(|owner| *owner != id)?;
    Some(format!("0, shared with {}", graph[owner].name))
}

fn elementwise(row: &Row, dims: &str) -> String {
    let output = row.elements.max(1) as u64;
    match row.cost.elementwise {
        0 => "0".to_owned(),
        count if count == output => format!("{dims} = {}", grouped(count)),
        count if count.is_multiple_of(output) => format!("{}·{dims} = {}", count / output, grouped(count)),
        count => grouped(count),
    }
}

/// The output's dimensions as a product; ones say nothing.
fn dims(graph: &Graph, id: NodeId) -> String {
    let shape = graph[id].shape;
    let factors: Vec<String> = shape.dims().iter().filter(|dim| **dim > 1).map(ToString::to_string).collect();
    if factors.is_empty() { "1".to_owned() } else { factors.join("·") }
}

/// A part's number as the sum of its children's; the result first, since the sum may be long. Equal children are
/// written once: `55,552 + 17·73,984`.
fn sum(tree: &Tree, index: usize, metric: Metric) -> String {
    let value = metric.of(tree.rows[index].cost);
    let mut terms: Vec<(u64, usize)> = Vec::new();
    for part in tree.children(index).map(|child| metric.of(tree.rows[child].cost)).filter(|part| *part > 0) {
        match terms.iter_mut().find(|(known, _)| *known == part) {
            Some((_, times)) => *times += 1,
            None => terms.push((part, 1)),
        }
    }
    let term = |(part, times): &(u64, usize)| match times {
        1 => grouped(*part),
        _ => format!("{times}·{}", grouped(*part)),
    };
    match terms.as_slice() {
        [] | [(_, 1)] => metric.exact(value),
        terms => format!("{} = {}", metric.exact(value), terms.iter().map(term).collect::<Vec<_>>().join(" + ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{measured, tree};
    use super::*;

    #[test]
    fn a_time_says_what_it_covers() {
        let tree = measured("resnet18(input=64)+se");
        let of = |path: &str| time(&tree, tree.row_of(path).expect(path)).expect("measured");
        assert!(of("layer1.0.conv1").ends_with(", with bn1, relu1"), "{}", of("layer1.0.conv1"));
        assert!(of("layer1.0.conv1").contains(" GF/s"));
        assert_eq!(of("layer1.0.bn1"), "computed with conv1");
        assert!(of("layer1").contains(" ms, ") && !of("layer1").contains("with"));
        assert_eq!(time(&super::super::model::tests::tree("resnet18"), 0), None);
    }

    #[test]
    fn products_sums_and_shared_layers_are_written_out() {
        let tree = tree("resnet50+cbam");
        let words = |row| written(&tree, row).into_iter().map(|(_, words)| words).collect::<Vec<_>>();
        let of = |path: &str| words(tree.row_of(path).expect(path));
        assert_eq!(
            of("layer3.1.conv2"),
            ["3·3·256·256 = 589,824", "3·3·256·256·14·14 = 115,605,504", "0", "256·14·14·4 = 200,704 B"]
        );
        assert_eq!(of("layer3.1.bn2")[2], "2·256·14·14 = 100,352");
        assert_eq!(of("stem")[0], "9,536 = 9,408 + 128");
        assert_eq!(of("layer1")[0], "241,500 = 83,572 + 2·78,964");
        let shared = tree.rows.iter().position(|row| row.is_layer() && row.cost.params == 0 && row.cost.macs > 0);
        let shared = words(shared.expect("the MLP runs twice"));
        assert!(shared[0].starts_with("0, shared with layer1.0.cbam."), "{}", shared[0]);
    }

    #[test]
    fn products_of_activations_have_a_line_of_their_own() {
        let tree = tree("resnet50+nl@layer3.5");
        let row = tree.rows.iter().position(|row| row.is_layer() && row.cost.products > 0).expect("a product");
        let of = |metric| written(&tree, row).into_iter().find(|(known, _)| *known == metric).expect("is shown").1;
        assert_eq!(of(Metric::Macs), "0");
        assert!(of(Metric::Products).ends_with(&format!(" = {}", grouped(tree.rows[row].cost.products))));
    }
}
