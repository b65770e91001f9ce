//! What the Network view says in words: tooltips, accessible names, the state of the gates.

use eframe::egui;
use egui::{Color32, RichText, Ui};

use crate::desktop::document::{Network, WeightsChoice};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Shared, widgets};
use crate::drawing::opened::LayerBox;
use crate::drawing::overview::Block;
use crate::drawing::part::scope_name;
use crate::drawing::words::{gate_title, shape_text};
use crate::network::attention;
use crate::network::cost::formula;
use crate::network::graph::{GateKind, Graph, NodeId, Op, ScopeId, ScopeKind};
use crate::network::number;

/// `layer3.2 · Bottleneck + CBAM`.
pub(super) fn title(graph: &Graph, scope: ScopeId) -> String {
    let name = scope_name(graph, scope);
    let attention = graph.attention_of(scope).map(|id| format!(" + {}", graph[id].label)).unwrap_or_default();
    if name == graph[scope].label { name.to_owned() } else { format!("{name} · {}{attention}", graph[scope].label) }
}

/// What a screen reader says of a block, and of a folded run of so many.
pub(super) fn spoken(block: &Block, count: usize) -> String {
    let mut words = block.name.clone();
    if let Some(attention) = block.attention.and_then(attention::find) {
        words = format!("{words}, {}", attention.card().title);
    }
    if count > 1 {
        words = format!("{words}, one of {count} alike, folded");
    }
    words
}

/// Shows a tooltip beside what it is of: below it is the opened block that one is looking at.
pub(super) fn beside(response: &egui::Response, contents: impl FnOnce(&mut Ui)) {
    let mut tooltip = egui::Tooltip::for_enabled(response);
    tooltip.popup = tooltip.popup.align(egui::RectAlign::RIGHT_START);
    tooltip.show(contents);
}

/// A tooltip's rows keep to one width, so that values line up.
fn narrow(ui: &mut Ui) {
    ui.set_width(220.0);
    ui.spacing_mut().item_spacing.y = 2.0;
}

pub(super) fn block(ui: &mut Ui, shared: &Shared, network: &Network, block: &Block) {
    narrow(ui);
    let graph = network.graph();
    let cost = network.ledger().scope(block.scope);
    ui.label(widgets::strong(block.name.as_str(), size::TEXT));
    if graph[block.scope].label != block.name {
        widgets::caption(ui, &*graph[block.scope].label);
    }
    widgets::fact(ui, "Output", shape_text(block.shape));
    widgets::fact(ui, "Parameters", number::grouped(cost.params));
    widgets::fact(ui, "MACs", number::grouped(cost.macs));
    if let Some(words) = block.wiring.words() {
        widgets::fact(ui, "Wiring", words);
    }
    if graph[block.scope].kind == ScopeKind::Block {
        widgets::fact(ui, "Shortcut", block.link.label());
        let title = block.attention.and_then(attention::find).map_or("none", |found| found.card().title);
        widgets::fact(ui, "Attention", title);
    }
    for (index, kind) in &block.gates {
        let Some(stats) = shared.inspection(network).and_then(|found| found.stats.get(*index)) else { continue };
        let label = format!("{} mean", gate_title(*kind, block.attention.unwrap_or_default()));
        widgets::fact(ui, &label, number::value(stats.mean));
    }
}

pub(super) fn layer(ui: &mut Ui, network: &Network, layer: &LayerBox) {
    let words: Vec<&str> = layer.nodes.iter().map(|id| network.graph()[*id].op.name()).collect();
    node(ui, network, layer.node, &words.join(" · "));
}

/// A layer of no block.
pub(super) fn loose(ui: &mut Ui, network: &Network, id: NodeId) {
    node(ui, network, id, network.graph()[id].op.name());
}

fn node(ui: &mut Ui, network: &Network, id: NodeId, words: &str) {
    narrow(ui);
    let graph = network.graph();
    let node = &graph[id];
    ui.label(widgets::strong(node.name.as_str(), size::TEXT));
    widgets::caption(ui, words);
    if let (Op::Conv2d(conv), Some(input)) = (&node.op, node.inputs.first())
        && conv.groups > 1
    {
        let each = graph[*input].shape.channels() / conv.groups;
        let words =
            if each == 1 { "each channel by itself".to_owned() } else { format!("{} of {each} channels", conv.groups) };
        widgets::fact(ui, "Groups", words);
    }
    widgets::fact(ui, "Output", shape_text(node.shape));
    let (params, macs) = formula(graph, id);
    for (label, term) in [("Parameters", params), ("MACs", macs)] {
        let Some(term) = term else { continue };
        widgets::fact(ui, label, number::grouped(term.value));
        ui.label(RichText::new(term.expression).font(theme::mono(size::LABEL)).color(palette(ui).muted));
    }
}

pub(super) fn gate(ui: &mut Ui, shared: &Shared, network: &Network, index: usize) {
    narrow(ui);
    let gate = &network.graph().gates[index];
    ui.label(widgets::strong(gate.name.as_str(), size::TEXT));
    widgets::caption(ui, in_words(gate.kind));
    if let Some(stats) = shared.inspection(network).and_then(|found| found.stats.get(index)) {
        widgets::fact(ui, "Mean", number::value(stats.mean));
        widgets::fact(ui, "Min", number::value(stats.min));
        widgets::fact(ui, "Max", number::value(stats.max));
    }
}

/// What a kind of gate is.
fn in_words(kind: GateKind) -> String {
    match kind {
        GateKind::Channel => "channel gate: one value a channel".to_owned(),
        GateKind::Spatial => "spatial gate: one value a position".to_owned(),
        GateKind::Rows => "gate of rows: one value a channel and row".to_owned(),
        GateKind::Columns => "gate of columns: one value a channel and column".to_owned(),
        GateKind::Volume => "volume gate: one value a channel and position".to_owned(),
        GateKind::Paths { paths } => format!("gate over {paths} paths: a channel's shares, they sum to 1"),
        GateKind::Matrix => "matrix gate: for each position a map over all, which sums to 1".to_owned(),
    }
}

/// What the gates wait for, why there are none, or that they have learnt nothing.
pub(super) fn gates_status(ui: &Ui, shared: &Shared, network: &Network) -> (String, Color32) {
    let colours = palette(ui);
    if network.graph().gates.is_empty() {
        return (String::new(), colours.muted);
    }
    if shared.inspection(network).is_some() {
        return match &network.weights {
            WeightsChoice::Seeded(seed) => (format!("gates of untrained weights (seed {seed})"), colours.difference),
            WeightsChoice::File(_) => (String::new(), colours.muted),
            WeightsChoice::Grafted(..) => {
                ("grafted gates: their attention is not from the file".to_owned(), colours.difference)
            }
        };
    }
    if let Some(message) = shared.jobs.failure(network) {
        return (message.to_owned(), colours.error);
    }
    if shared.jobs.is_stopped(network) {
        return ("stopped: no gates to show, run again with F5".to_owned(), colours.muted);
    }
    let running = shared.jobs.running().filter(|running| running.question.is_of(network));
    let text = running.map_or_else(
        || "inferring…".to_owned(),
        |running| format!("{}… {:.0} %", running.phase.label(), running.fraction * 100.0),
    );
    (text, colours.muted)
}
