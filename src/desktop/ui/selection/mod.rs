//! The right panel: everything about the selected part; about the whole network where nothing is selected.

mod facts;
mod formulas;
mod gate_plots;

use eframe::egui;
use egui::{Label, RichText, ScrollArea, Ui};

use super::textures::GateTextures;
use super::theme::{self, palette, size};
use super::{Outbox, Shared, cards, widgets};
use crate::desktop::document::{Network, View};
use crate::drawing::part::{Part, scope_name};
use crate::network::attention::{self, Attention, Position};
use crate::network::graph::{Graph, ScopeId, ScopeKind};
use crate::network::spec::Place;
use crate::network::zoo::{self, Subject};

/// Shows the panel.
pub fn ui(ui: &mut Ui, shared: &Shared, textures: &mut GateTextures, out: &mut Outbox) {
    ScrollArea::vertical().id_salt("selection-panel").auto_shrink(false).show(ui, |ui| {
        ui.add_space(size::PADDING);
        widgets::section(ui, "Selection");
        ui.add_space(4.0);
        let Some(network) = shared.active() else {
            widgets::muted(ui, "No network yet.");
            return;
        };
        let part = shared.selection.part.as_deref().and_then(|name| Part::find(network.graph(), name));
        match part {
            Some(part) => selected(ui, shared, network, part, textures, out),
            None => whole(ui, shared, network),
        }
        ui.add_space(size::PADDING);
    });
}

fn selected(
    ui: &mut Ui,
    shared: &Shared,
    network: &Network,
    part: Part,
    textures: &mut GateTextures,
    out: &mut Outbox,
) {
    let graph = network.graph();
    title(ui, network, part, out);
    ui.add_space(size::GAP);
    facts::of_part(ui, shared, network, part);
    match part {
        Part::Layer(node) => formulas::of_layer(ui, graph, node),
        Part::Scope(scope) if graph[scope].kind == ScopeKind::Stage => facts::blocks(ui, network, scope, out),
        Part::Scope(scope) => formulas::of_scope(ui, network, scope),
    }
    let shown = gates_of(graph, part);
    // Inspect shows them large.
    if shared.view != View::Inspect {
        gate_plots::show(ui, shared, network, &shown, textures, out);
    }
    if let Some(name) = attention_at(graph, part) {
        card(ui, name, choice(network, part));
    }
}

/// The gates to show: the part's own, or the block's for a layer inside its attention.
fn gates_of(graph: &Graph, part: Part) -> Vec<usize> {
    let scope = match part {
        Part::Scope(scope) if graph[scope].kind == ScopeKind::Stage => return Vec::new(),
        Part::Scope(scope) => scope,
        Part::Layer(node) if matches!(graph[graph[node].scope].kind, ScopeKind::Attention(_)) => graph[node].scope,
        Part::Layer(_) => return Vec::new(),
    };
    graph.gates_in(scope).map(|(index, _)| index).collect()
}

/// The attention of a part: its own kind, or its block's.
fn attention_at(graph: &Graph, part: Part) -> Option<&'static str> {
    let own = part.scope(graph);
    let scope = match (graph[own].kind, part) {
        (ScopeKind::Attention(_), _) => Some(own),
        (_, Part::Scope(_)) => graph.attention_of(own),
        _ => None,
    };
    scope.and_then(|scope| match graph[scope].kind {
        ScopeKind::Attention(name) => Some(name),
        _ => None,
    })
}

/// What is selected, its attention, and a way to read about that or about the network's family.
fn title(ui: &mut Ui, network: &Network, part: Part, out: &mut Outbox) {
    let graph = network.graph();
    let (name, kind) = match part {
        Part::Scope(scope) => (scope_name(graph, scope), &*graph[scope].label),
        Part::Layer(node) => (graph[node].name.as_str(), graph[node].op.name()),
    };
    let attention = attention_at(graph, part).and_then(attention::find);
    ui.horizontal(|ui| {
        let room = ui.available_width() - if attention.is_some() { 96.0 } else { 24.0 };
        let heading = RichText::new(name).font(theme::semibold(size::TITLE)).color(palette(ui).text);
        ui.scope(|ui| {
            ui.set_max_width(room);
            ui.add(Label::new(heading).truncate());
        });
        if let Some(attention) = attention {
            let card = attention.card();
            widgets::pill(ui, card.title, palette(ui).attention(card.name)).on_hover_text(card.long);
            cards::button(ui, &Subject::Block(attention), out);
        } else if let Some((family, _)) = network.model.spec().and_then(|spec| zoo::find(&spec.model)) {
            cards::button(ui, &Subject::Family(family), out);
        }
    });
    if kind != name {
        widgets::caption(ui, kind);
    }
}

/// What was chosen for the block a part is in; none where its attention is built in.
fn choice(network: &Network, part: Part) -> Option<&Attention> {
    let graph = network.graph();
    let block = graph.enclosing(part.scope(graph), ScopeKind::Block)?;
    network.model.spec()?.attention.at(&Place::new(graph[block].path.as_str()))
}

/// The formula of an attention block as it was chosen, and where it comes from.
fn card(ui: &mut Ui, name: &str, chosen: Option<&Attention>) {
    let Some(block) = attention::find(name) else { return };
    let card = block.card();
    let chosen = chosen.filter(|chosen| chosen.name() == name);
    let options = chosen.map(Attention::options).cloned().unwrap_or_default();
    ui.add_space(size::PADDING);
    widgets::section(ui, card.long);
    ui.add_space(2.0);
    for line in block.formula(&options) {
        let text = RichText::new(line).font(theme::mono(size::LABEL)).color(palette(ui).text);
        ui.add(Label::new(text).wrap());
    }
    let position = Position::of(&options);
    if position != Position::Standard {
        widgets::caption(ui, format!("Position in the block: {}", position.word()));
    }
    ui.add_space(4.0);
    ui.add(Label::new(RichText::new(card.summary).color(palette(ui).muted)).wrap());
    widgets::caption(ui, card.paper);
}

/// The network itself, and how to select.
fn whole(ui: &mut Ui, shared: &Shared, network: &Network) {
    let name = network.model.to_string();
    let heading =
        RichText::new(widgets::brief(&network.title())).font(theme::semibold(size::TITLE)).color(palette(ui).text);
    ui.add(Label::new(heading).truncate()).on_hover_text(&name);
    widgets::caption(ui, "the whole network");
    ui.add_space(size::GAP);
    facts::of_network(ui, shared, network);
    ui.add_space(size::PADDING);
    let hint = "Nothing is selected. Click a block in the Network view, a row in Costs or a gate in Inspect; \
                in the Network view the arrow keys select too.";
    ui.add(Label::new(RichText::new(hint).color(palette(ui).muted)).wrap());
    if shared.selection.part.is_some() {
        ui.add_space(size::GAP);
        let gone = "What was selected is not part of this network.";
        ui.add(Label::new(RichText::new(gone).color(palette(ui).muted)).wrap());
    }
}

/// The part of a name after its scope's prefix: `conv1` of `layer1.0.conv1`.
fn within<'a>(graph: &'a Graph, scope: ScopeId, name: &'a str) -> &'a str {
    let prefix = graph[scope].prefix.as_str();
    name.strip_prefix(prefix).map_or(name, |rest| rest.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    #[test]
    fn gates_and_attention_belong_to_the_part() {
        let graph = lower(&parse("resnet50+cbam@layer3").expect("parses")).expect("lowers");
        let part = |name: &str| Part::find(&graph, name).expect(name);
        assert_eq!(gates_of(&graph, part("layer3.2")), [4, 5]);
        assert_eq!(gates_of(&graph, part("layer3.2.cbam")), [4, 5]);
        assert_eq!(gates_of(&graph, part("layer3.2.cbam.SpatialGate.gate")), [4, 5]);
        assert!(gates_of(&graph, part("layer3.2.conv1")).is_empty());
        assert!(gates_of(&graph, part("layer3")).is_empty());
        assert_eq!(attention_at(&graph, part("layer3.2")), Some("cbam"));
        assert_eq!(attention_at(&graph, part("layer3.2.conv1")), None);
        assert_eq!(attention_at(&graph, part("layer2.0")), None);
    }
}
