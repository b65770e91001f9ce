//! The plain numbers of a part: shape, parameters, MACs, memory, receptive field.

use eframe::egui;
use egui::{Align2, Sense, Ui, Vec2};

use crate::compute::engine::{Part, Timing, gflops};
use crate::desktop::document::Network;
use crate::desktop::ui::metric::{milliseconds, percent};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, Shared, widgets};
use crate::drawing::part::{Part as Selected, scope_name};
use crate::drawing::words::shape_text;
use crate::network::attention;
use crate::network::cost::Cost;
use crate::network::graph::{Graph, NodeId, Op, ScopeId, ScopeKind};
use crate::network::number;

pub(super) fn of_part(ui: &mut Ui, shared: &Shared, network: &Network, part: Selected) {
    let graph = network.graph();
    let (output, cost) = match part {
        Selected::Scope(scope) => (graph[scope].output, network.ledger().scope(scope)),
        Selected::Layer(node) => (node, network.ledger().layer(node)),
    };
    widgets::fact(ui, "Shape", shape_text(graph[output].shape));
    widgets::fact(ui, "Parameters", number::grouped(cost.params));
    if let Selected::Scope(scope) = part
        && let Some(attention) = graph.attention_of(scope)
    {
        of_which(ui, network, attention, cost);
    }
    costs(ui, cost);
    if let Some(measured) = shared.jobs.measurement(network) {
        time(ui, network, part, measured, cost.macs);
    }
    if let Some(side) = network.model.fields().get(output.0) {
        widgets::fact(ui, "Receptive field", format!("{side} × {side}"));
    }
}

fn costs(ui: &mut Ui, cost: Cost) {
    widgets::fact(ui, "MACs", number::grouped(cost.macs));
    if cost.products > 0 {
        widgets::fact(ui, "Products of activations", format!("{} MACs", number::grouped(cost.products)));
    }
    widgets::fact(ui, "Element-wise operations", number::grouped(cost.elementwise));
    widgets::fact(ui, "Activations", number::bytes(cost.activation_bytes));
}

/// What has been measured of it.
fn time(ui: &mut Ui, network: &Network, part: Selected, timing: &Timing, macs: u64) {
    let (time, first) = match part {
        Selected::Scope(scope) => (Some(timing.scope(scope)), None),
        Selected::Layer(node) => (timing.layer(node), Some(timing.first(node))),
    };
    match (time, first) {
        (Some(time), _) => {
            let share = percent(time, timing.total());
            widgets::fact(ui, "Time", format!("{} ms · {share}", milliseconds(time)));
            if macs > 0 {
                widgets::fact(ui, "Speed", format!("{:.1} GF/s", gflops(macs, time)));
            }
        }
        (None, Some(first)) => {
            let name = network.graph()[first].name.as_str();
            let short = name.rsplit('.').next().unwrap_or(name);
            widgets::fact(ui, "Time", format!("computed with {short}"));
        }
        (None, None) => {}
    }
}

/// What of it is the attention's.
fn of_which(ui: &mut Ui, network: &Network, attention: ScopeId, whole: Cost) {
    let own = network.ledger().scope(attention);
    let share = 100.0 * own.params as f64 / whole.params.max(1) as f64;
    let label = format!("of which {}", network.graph()[attention].label);
    widgets::fact(ui, &label, format!("{} · {share:.1} %", number::grouped(own.params)));
}

pub(super) fn of_network(ui: &mut Ui, shared: &Shared, network: &Network) {
    let graph = network.graph();
    let total = network.ledger().total();
    widgets::fact(ui, "Input", shape_text(graph.input()));
    widgets::fact(ui, "Classes", number::grouped(graph[graph.output()].shape.channels() as u64));
    widgets::fact(ui, "Parameters", number::grouped(total.params));
    let attention = network.ledger().attention(graph);
    if attention != Cost::default() {
        let share = 100.0 * attention.params as f64 / total.params.max(1) as f64;
        widgets::fact(ui, "of which attention", format!("{} · {share:.1} %", number::grouped(attention.params)));
    }
    costs(ui, total);
    if let Some(measured) = shared.jobs.measurement(network) {
        let timing = &measured;
        widgets::fact(ui, "Time of a run", format!("{:.1} ms", timing.median.as_secs_f64() * 1e3));
        if let Some(Part { attention, network }) = timing.attention.map(|ledger| ledger.nanoseconds) {
            let words = format!("{} ms · {}", milliseconds(attention), percent(attention, network));
            widgets::fact(ui, "of which attention", words);
        }
    }
    let weighted = graph.nodes.iter().filter(|node| matches!(node.op, Op::Conv2d(_) | Op::Linear { .. }));
    let named = |node: &&crate::network::graph::Node| {
        node.params.first().is_some_and(|param| graph[graph[*param].owner].name == node.name)
    };
    widgets::fact(ui, "Layers with weights", number::grouped(weighted.filter(named).count() as u64));
    widgets::fact(ui, "Blocks", number::grouped(graph.scopes_of(ScopeKind::Block).count() as u64));
    widgets::fact(ui, "Gates", number::grouped(graph.gates.len() as u64));
    if let Some(deepest) = deepest_map(graph).and_then(|id| network.model.fields().get(id.0)) {
        widgets::fact(ui, "Receptive field before pooling", format!("{deepest} × {deepest}"));
    }
}

/// The last feature map that still has more than one position.
fn deepest_map(graph: &Graph) -> Option<NodeId> {
    let is_map = |id: &NodeId| graph[*id].shape.is_map() && graph[*id].shape.height() > 1;
    graph.node_ids().filter(is_map).last()
}

/// A stage's blocks with their parameters; a click selects one.
pub(super) fn blocks(ui: &mut Ui, network: &Network, stage: ScopeId, out: &mut Outbox) {
    let graph = network.graph();
    ui.add_space(size::PADDING);
    widgets::section(ui, "Blocks, parameters");
    ui.add_space(4.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    for block in graph.children(stage) {
        let colours = palette(ui);
        let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), size::ROW), Sense::click());
        let name = scope_name(graph, block);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("select {name}")));
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(row, f32::from(size::CELL_CORNER), colours.raised);
        }
        let kind = graph.attention_of(block).and_then(|id| match graph[id].kind {
            ScopeKind::Attention(name) => attention::find(name),
            _ => None,
        });
        let painter = ui.painter();
        let inset = Vec2::new(6.0, 0.0);
        let font = theme::regular(size::TEXT);
        painter.text(row.left_center() + inset, Align2::LEFT_CENTER, name, font.clone(), colours.text);
        if let Some(card) = kind.map(attention::AttentionBlock::card) {
            let at = row.left_center() + Vec2::new(row.width() * 0.42, 0.0);
            painter.text(
                at,
                Align2::LEFT_CENTER,
                card.title,
                theme::semibold(size::LABEL),
                colours.attention(card.name),
            );
        }
        let params = number::grouped(network.ledger().scope(block).params);
        painter.text(row.right_center() - inset, Align2::RIGHT_CENTER, params, font, colours.muted);
        if response.clicked() {
            out.select_part(name);
        }
    }
}
