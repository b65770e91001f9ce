//! The keyboard of the Network view: arrows select, digits set attention, plus, minus and zero zoom.

use eframe::egui;
use egui::{EventFilter, Key, Modifiers, Rect, Response, Ui};

use super::camera::{Camera, Fit};
use crate::desktop::document::{Command, Network};
use crate::desktop::ui::Outbox;
use crate::desktop::ui::networks::brush::{brush, reach};
use crate::drawing::overview::{Block, Folds, Overview};
use crate::drawing::part::{Part, is_block, scope_name};
use crate::network::attention;
use crate::network::graph::ScopeKind;
use crate::network::spec::Place;
use crate::network::{NetworkSpec, zoo};

const DIGITS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// What the keys and the pointer do, the longest first.
pub(super) fn hints() -> Vec<String> {
    let kinds: Vec<&str> = attention::BLOCKS.iter().map(|block| block.card().title).collect();
    let digits = (kinds.len() + 1).min(DIGITS.len());
    let (pointer, move_keys) =
        ("scroll to zoom · drag to pan · double-click to enter", "arrows select · F folds · 0 fits");
    vec![
        format!("{pointer} · {move_keys} · 1–{digits} set attention: none, {}", kinds[..digits - 1].join(", ")),
        format!("{pointer} · {move_keys} · 1–{digits} set attention"),
        format!("{pointer} · 1–{digits} set attention"),
        format!("{move_keys} · 1–{digits} set attention"),
    ]
}

/// Are the keys this view's? Not while a field, a menu or another panel's cell has them.
pub(super) fn may_take(ui: &Ui) -> bool {
    let focused = ui.memory(egui::Memory::focused);
    let is_ours = focused.is_none_or(|id| ui.data(|data| data.get_temp::<bool>(id.with("canvas"))).unwrap_or(false));
    is_ours && !egui::Popup::is_any_open(ui.ctx()) && ui.memory(|memory| memory.top_modal_layer().is_none())
}

/// Keeps the arrows with a focused block: they move the selection, not the focus.
pub(super) fn hold_arrows(ui: &Ui, response: &Response) {
    ui.data_mut(|data| data.insert_temp(response.id.with("canvas"), true));
    let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
}

fn pressed(ui: &Ui, key: Key) -> bool {
    ui.input_mut(|input| input.consume_key(Modifiers::NONE, key))
}

/// Arrows: left and right through the blocks, up and down to the first block of the previous and next group.
/// Digits: the attention of the selected block or stage.
pub(super) fn selection(ui: &Ui, overview: &Overview, network: &Network, part: Option<Part>, out: &mut Outbox) {
    let blocks: Vec<&Block> = overview.blocks().collect();
    let selected = part.and_then(|part| overview.holder(network.graph(), part));
    let position = selected.and_then(|scope| blocks.iter().position(|block| block.scope == scope));
    let steps = [(Key::ArrowLeft, -1_isize), (Key::ArrowRight, 1)];
    if let Some((_, step)) = steps.into_iter().find(|(key, _)| pressed(ui, *key)) {
        let next = position.map_or(0, |position| position.saturating_add_signed(step));
        if let Some(block) = blocks.get(next) {
            out.select_part(block.name.as_str());
        }
    }
    let group = overview.groups.iter().position(|group| group.blocks.iter().any(|block| Some(block.scope) == selected));
    let jumps = [(Key::ArrowUp, -1_isize), (Key::ArrowDown, 1)];
    if let Some((_, step)) = jumps.into_iter().find(|(key, _)| pressed(ui, *key)) {
        let next = group.map_or(0, |group| group.saturating_add_signed(step));
        if let Some(block) = overview.groups.get(next).and_then(|group| group.blocks.first()) {
            out.select_part(block.name.as_str());
        }
    }
    for (digit, key) in DIGITS.into_iter().enumerate().take(attention::BLOCKS.len() + 1) {
        if let Some(place) = part.and_then(|part| place_of(network, part)).filter(|_| pressed(ui, key)) {
            let kind = digit.checked_sub(1).map(|index| attention::BLOCKS[index].card().name);
            if let Some(spec) = network.model.spec() {
                let spec = with_attention(spec, &place, kind);
                out.send(Command::Edit { network: network.id, spec, stroke: None });
            }
        }
    }
}

/// F folds the stage around the selection or unfolds it, all stages where nothing is selected or with Shift.
pub(super) fn folds(ui: &Ui, folds: &mut Folds, overview: &Overview, network: &Network, part: Option<Part>) {
    let all = ui.input_mut(|input| input.consume_key(Modifiers::SHIFT, Key::F));
    if !all && !pressed(ui, Key::F) {
        return;
    }
    let around = |part: Part| {
        let is_within = |scope| network.graph().is_within(part.scope(network.graph()), scope);
        overview.groups.iter().find(|group| is_within(group.scope) && group.repeats())
    };
    match part.and_then(around).filter(|_| !all) {
        Some(group) => folds.toggle(overview, group),
        None => folds.toggle_all(overview),
    }
}

/// The place an attention can be set for this part: its block, or the selected stage.
fn place_of(network: &Network, part: Part) -> Option<Place> {
    let graph = network.graph();
    let scope = part.block(graph).unwrap_or_else(|| part.scope(graph));
    let can_attend = match graph[scope].kind {
        kind if is_block(kind) => kind == ScopeKind::Block,
        kind => kind == ScopeKind::Stage,
    };
    can_attend.then(|| Place::new(scope_name(graph, scope)))
}

/// The spec with another attention at one place, in its shortest form.
fn with_attention(spec: &NetworkSpec, place: &Place, kind: Option<&str>) -> NetworkSpec {
    let mut changed = spec.clone();
    let choice = kind.and_then(|name| brush(spec, name));
    changed.attention.set(reach(choice.as_ref(), place), choice);
    if let Ok(stages) = zoo::stages(spec) {
        changed.attention = changed.attention.simplified(&stages);
    }
    changed
}

/// Plus and minus zoom the overview, zero fits both panes.
pub(super) fn camera(ui: &Ui, overview: &mut Camera, detail: &mut Camera, world: Rect, pane: Rect, fit: Fit) {
    let shifted = ui.input_mut(|input| input.consume_key(Modifiers::SHIFT, Key::Plus));
    if shifted || pressed(ui, Key::Plus) || pressed(ui, Key::Equals) {
        overview.step(true, world, pane, fit);
    }
    if pressed(ui, Key::Minus) {
        overview.step(false, world, pane, fit);
    }
    if pressed(ui, Key::Num0) {
        overview.reset();
        detail.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parse;

    #[test]
    fn a_digit_changes_one_place_and_keeps_the_networks_options() {
        let spec = parse("resnet18+cbam(r=8)").expect("parses");
        let at = |spec: &NetworkSpec, path: &str| spec.attention.at(&Place::new(path)).map(ToString::to_string);
        let bare = with_attention(&spec, &Place::new("layer2.1"), None);
        assert_eq!(at(&bare, "layer2.1"), None);
        assert_eq!(at(&bare, "layer2.0").as_deref(), Some("cbam(r=8)"));
        assert_eq!(with_attention(&bare, &Place::new("layer2.1"), Some("cbam")), spec);
        let stage = with_attention(&spec, &Place::new("layer3"), Some("se"));
        assert_eq!(at(&stage, "layer3.1").as_deref(), Some("se(r=8)"));
        assert_eq!(at(&stage, "layer4.0").as_deref(), Some("cbam(r=8)"));
    }
}
