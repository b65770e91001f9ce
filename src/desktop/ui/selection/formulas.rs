//! Parameters and MACs written out with their numbers.

use eframe::egui;
use egui::{Align2, Sense, Stroke, Ui, Vec2};

use super::within;
use crate::desktop::document::Network;
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::widgets;
use crate::network::cost::{Term, formula};
use crate::network::graph::{Graph, NodeId, Op, ScopeId, ScopeKind};
use crate::network::number;

/// Width of the names in front of the products.
const NAMES: f32 = 64.0;
/// Height of a line.
const LINE: f32 = 20.0;

/// A layer's parameters and MACs.
pub(super) fn of_layer(ui: &mut Ui, graph: &Graph, node: NodeId) {
    let (params, macs) = formula(graph, node);
    for (heading, term) in [("Parameters, written out", params), ("MACs, written out", macs)] {
        let Some(term) = term else { continue };
        ui.add_space(size::PADDING);
        widgets::section(ui, heading);
        ui.add_space(2.0);
        line(ui, None, &term);
    }
}

/// The parameters of an attention's layers; of a block without one its convolutions, and all BatchNorm together.
pub(super) fn of_scope(ui: &mut Ui, network: &Network, scope: ScopeId) {
    let graph = network.graph();
    let attention = graph.attention_of(scope);
    let shown = attention.unwrap_or(scope);
    let is_attention = matches!(graph[shown].kind, ScopeKind::Attention(_));
    let is_norm = |id: &NodeId| matches!(graph[*id].op, Op::BatchNorm { .. });
    let nodes: Vec<NodeId> = graph.nodes_in(shown).filter(|id| is_attention || !is_norm(id)).collect();
    let names: Vec<&str> = nodes.iter().map(|id| within(graph, shown, &graph[*id].name)).collect();
    let mut terms: Vec<(&str, Term)> = nodes
        .iter()
        .zip(&names)
        .filter_map(|(id, name)| formula(graph, *id).0.map(|term| (shortest(name, &names), term)))
        .collect();
    let norms: u64 = graph.nodes_in(shown).filter(is_norm).map(|id| network.ledger().layer(id).params).sum();
    if !is_attention && norms > 0 {
        terms.push(("BN", Term { expression: format!("2·{}", norms / 2), value: norms }));
    }
    if terms.is_empty() {
        return;
    }
    ui.add_space(size::PADDING);
    let whose = attention.map(|id| format!(" · {}", graph[id].label)).unwrap_or_default();
    widgets::section(ui, &format!("Parameters, written out{whose}"));
    ui.add_space(2.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    for (name, term) in &terms {
        line(ui, Some(name), term);
    }
    let sum: u64 = terms.iter().map(|(_, term)| term.value).sum();
    if terms.len() > 1 {
        let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), LINE + 2.0), Sense::hover());
        ui.painter().hline(row.x_range(), row.top() + 0.5, Stroke::new(1.0, palette(ui).line));
        let font = theme::mono(size::MONO);
        let text = palette(ui).text;
        ui.painter().text(row.left_center(), Align2::LEFT_CENTER, "sum", font.clone(), palette(ui).muted);
        ui.painter().text(row.right_center(), Align2::RIGHT_CENTER, number::grouped(sum), font, text);
    }
    ui.spacing_mut().item_spacing.y = 4.0;
}

/// `name  expression  value`, the value on a line of its own where all three have no room side by side.
fn line(ui: &mut Ui, name: Option<&str>, term: &Term) {
    let colours = palette(ui);
    let font = theme::mono(size::MONO);
    let width = ui.available_width();
    let lay = |ui: &Ui, text: String, colour| ui.painter().layout_no_wrap(text, font.clone(), colour);
    let expression = lay(ui, term.expression.clone(), colours.text);
    let value = lay(ui, number::grouped(term.value), colours.text);
    let left = if name.is_some() { NAMES } else { 0.0 };
    let fits = left + expression.size().x + 12.0 + value.size().x <= width;
    let height = if fits { LINE } else { 2.0 * LINE - 4.0 };
    let (row, response) = ui.allocate_exact_size(Vec2::new(width, height), Sense::hover());
    let spoken = format!("{} {} = {}", name.unwrap_or_default(), term.expression, number::grouped(term.value));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
    let first = row.top() + LINE / 2.0;
    let painter = ui.painter_at(row);
    if let Some(name) = name {
        let job = egui::text::LayoutJob::simple_singleline(name.to_owned(), font.clone(), colours.muted);
        let wrap = egui::text::TextWrapping::truncate_at_width(NAMES - 8.0);
        let galley = painter.layout_job(egui::text::LayoutJob { wrap, ..job });
        painter.galley(egui::pos2(row.left(), first - galley.size().y / 2.0), galley, colours.muted);
    }
    painter.galley(egui::pos2(row.left() + left, first - expression.size().y / 2.0), expression, colours.text);
    let last = row.bottom() - LINE / 2.0;
    painter.galley(egui::pos2(row.right() - value.size().x, last - value.size().y / 2.0), value, colours.text);
    response.on_hover_text(spoken);
}

/// The last word of a dotted name, or as many as tell it from its siblings; a number alone says too little.
fn shortest<'a>(name: &'a str, siblings: &[&str]) -> &'a str {
    let starts = name.rmatch_indices('.').map(|(at, _)| at + 1).chain([0]);
    let is_clear = |suffix: &str| {
        let dotted = format!(".{suffix}");
        let others = siblings.iter().filter(|other| **other == suffix || other.ends_with(&dotted));
        suffix.parse::<usize>().is_err() && others.count() == 1
    };
    starts.map(|at| &name[at..]).find(|suffix| is_clear(suffix)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::shortest;

    #[test]
    fn names_are_cut_as_far_as_they_stay_clear() {
        let names = ["ChannelGate.mlp.1", "ChannelGate.mlp.3", "SpatialGate.spatial.conv", "SpatialGate.spatial.bn"];
        let cut: Vec<&str> = names.iter().map(|name| shortest(name, &names)).collect();
        assert_eq!(cut, ["mlp.1", "mlp.3", "conv", "bn"]);
        assert_eq!(shortest("a.conv", &["a.conv", "b.conv"]), "a.conv");
        assert_eq!(shortest("downsample.0", &["conv1", "downsample.0"]), "downsample.0");
    }
}
