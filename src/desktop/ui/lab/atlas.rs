//! The excitation atlas: every channel gate of the active network by class.

use std::collections::HashSet;

use eframe::egui;
use egui::{Align2, Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::curves::{self, Axes, Curve};
use super::{form, parts};
use crate::compute::lab::data::Source;
use crate::compute::lab::experiments::atlas::{AtlasGate, AtlasResult, Order};
use crate::desktop::document::{AtlasTask, LabPage, LabTask, Network};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, Shared, widgets};
use crate::network::graph::GateKind;

const CLAIM: &str = "What every channel gate does, averaged over the pictures of a class. Early gates treat all classes \
                     alike, late ones do not: that is what SENet's authors saw. (Hu et al., 2018)";
/// Height of the overview.
const OVERVIEW: f32 = 72.0;

/// The page's own state.
pub(super) struct AtlasPage {
    pub(super) source: Source,
    pub(super) order: Order,
    images: u64,
    threads: usize,
    /// The gate being looked at.
    gate: usize,
    /// Classes that are not drawn.
    pub(super) hidden: HashSet<usize>,
}

impl Default for AtlasPage {
    fn default() -> Self {
        let threads = parts::spare_threads();
        let gate = usize::MAX;
        Self { source: Source::Objects, order: Order::Index, images: 1000, threads, gate, hidden: HashSet::new() }
    }
}

impl AtlasPage {
    pub(super) fn ui(&mut self, ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
        let lab = shared.jobs.lab();
        let shelf = lab.atlas();
        let active = shared.active();
        parts::title(ui, "Excitation atlas", CLAIM, |ui| {
            let ready = active.filter(|network| has_channel_gates(network));
            ui.add_enabled_ui(ready.is_some(), |ui| {
                parts::start(ui, "Run", lab, || ready.map(|network| self.task(network)), out);
            });
            parts::write_files(ui, shelf.result.is_some(), out);
        });
        ui.horizontal_wrapped(|ui| {
            form::source(ui, &mut self.source, out);
            form::whole(ui, "Images", "At most this many of each split", &mut self.images, 16..=100_000, 8.0);
            form::whole(ui, "Threads", "The window keeps what is left", &mut self.threads, 1..=64, 0.05);
        });
        if let Some(network) = active {
            let words = format!("of {} {}, the active network", network.letter(), network.model);
            let text = egui::RichText::new(words).size(size::LABEL).color(palette(ui).muted);
            ui.add(egui::Label::new(text).truncate()).on_hover_text("Choose another on the left");
            ui.add_space(size::GAP);
        }
        if let Some(run) = lab.running_on(LabPage::Atlas) {
            parts::progress(ui, run, out);
        }
        parts::ending(ui, &shelf.ending, "It keeps nothing and begins again.");
        match &shelf.result {
            Some(result) if !result.gates.is_empty() => self.result(ui, result),
            _ => parts::nothing_yet(ui, LabPage::Atlas, hint(active)),
        }
    }

    fn task(&self, network: &Network) -> LabTask {
        LabTask::Atlas(Box::new(AtlasTask {
            model: network.model.clone(),
            weights: network.weights.clone(),
            source: self.source.clone(),
            images: self.images,
            threads: self.threads,
        }))
    }

    fn result(&mut self, ui: &mut Ui, result: &AtlasResult) {
        ui.horizontal_wrapped(|ui| {
            if !result.trained {
                widgets::pill(ui, "untrained weights", palette(ui).difference);
            }
            widgets::caption(ui, result.budget());
        });
        ui.add_space(size::GAP);
        // The last gate is where classes are told apart: a first look should show it.
        self.gate = self.gate.min(result.gates.len() - 1);
        widgets::section(ui, "How far classes lie apart, by block");
        if let Some(gate) = overview(ui, result, self.gate) {
            self.gate = gate;
        }
        ui.add_space(size::PADDING);
        let gate = &result.gates[self.gate];
        ui.horizontal(|ui| {
            ui.label(widgets::strong(&gate.block, size::TITLE)).on_hover_text(&gate.gate);
            widgets::muted(ui, format!("{} channels, means by class", gate.channels()));
            ui.radio_value(&mut self.order, Order::Index, "by index");
            ui.radio_value(&mut self.order, Order::Sorted, "sorted");
        });
        let lines = self.lines(ui, result, gate);
        let axes = Axes {
            name: "Gate by channel, a line a class",
            height: 280.0,
            up: Some((0.0, 1.0)),
            step: "channel",
            ..Axes::default()
        };
        curves::show(ui, &axes, &lines);
        self.legend(ui, result);
        parts::reading(ui, &result.reading());
    }

    fn lines(&self, ui: &Ui, result: &AtlasResult, gate: &AtlasGate) -> Vec<Curve> {
        let colours = palette(ui);
        let channels = gate.order(self.order);
        let line = |(class, means): (usize, &Vec<f32>)| Curve {
            name: result.classes.get(class).cloned().unwrap_or_default(),
            label: None,
            colour: colours.series(class),
            dashed: class >= colours.series_count(),
            points: channels.iter().enumerate().map(|(x, channel)| [x as f64, f64::from(means[*channel])]).collect(),
        };
        gate.means.iter().enumerate().filter(|(class, _)| !self.hidden.contains(class)).map(line).collect()
    }

    /// The classes; a click hides one or brings it back.
    fn legend(&mut self, ui: &mut Ui, result: &AtlasResult) {
        let colours = palette(ui);
        ui.horizontal_wrapped(|ui| {
            for (class, name) in result.classes.iter().enumerate() {
                let is_shown = !self.hidden.contains(&class);
                let colour = if is_shown { colours.series(class) } else { colours.muted };
                let mark = if is_shown { "■" } else { "□" };
                let text = egui::RichText::new(format!("{mark} {name}")).color(colour);
                let response = ui.add(egui::Button::new(text).frame(false));
                response.widget_info(|| {
                    egui::WidgetInfo::selected(egui::Role::CheckBox, true, is_shown, format!("class {name}"))
                });
                if response.clicked() && !self.hidden.remove(&class) {
                    self.hidden.insert(class);
                }
            }
        });
    }
}

fn has_channel_gates(network: &Network) -> bool {
    network.graph().gates.iter().any(|gate| gate.kind == GateKind::Channel)
}

fn hint(active: Option<&Network>) -> &'static str {
    match active {
        None => "Add a network with SE, CAM or CBAM on the left.",
        Some(network) if !has_channel_gates(network) => {
            "The active network has no channel gates: paint SE, CAM or CBAM in the matrix on the left."
        }
        Some(_) => "Run shows every channel gate of the active network over pictures of known classes.",
    }
}

/// A bar a gate, as high as its classes lie apart; the index of the one clicked.
fn overview(ui: &mut Ui, result: &AtlasResult, chosen: usize) -> Option<usize> {
    let colours = palette(ui);
    let spreads: Vec<f64> = result.gates.iter().map(AtlasGate::class_spread).collect();
    let highest = spreads.iter().copied().fold(1e-9, f64::max);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), OVERVIEW), Sense::hover());
    let count = result.gates.len() as f32;
    let width = (rect.width() / count).min(56.0);
    let mut clicked = None;
    for (index, (gate, spread)) in result.gates.iter().zip(&spreads).enumerate() {
        let left = rect.left() + width * index as f32;
        let cell = Rect::from_min_max(pos2(left, rect.top()), pos2(left + width - 2.0, rect.bottom()));
        let response = ui.interact(cell, ui.scope_id().with(("gate", index)), Sense::click());
        let spoken = format!("{}: classes {spread:.3} apart", gate.block);
        let is_chosen = index == chosen;
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_chosen, &spoken));
        let base = cell.bottom() - 18.0;
        let high = (base - cell.top()) * (spread / highest) as f32;
        let bar = Rect::from_min_max(pos2(cell.left(), base - high.max(1.0)), pos2(cell.right(), base));
        let colour = colours.attention(&gate.attention);
        let fill = if is_chosen || response.hovered() { colour } else { colour.gamma_multiply(theme::opacity::BAR) };
        ui.painter().rect_filled(bar, 2.0, fill);
        if width >= 24.0 {
            let name = gate.block.trim_start_matches("layer");
            let ink = if is_chosen { colours.text } else { colours.muted };
            let font = if is_chosen { theme::semibold(size::LABEL) } else { theme::regular(size::LABEL) };
            ui.painter().text(pos2(cell.center().x, cell.bottom()), Align2::CENTER_BOTTOM, name, font, ink);
        }
        if response.has_focus() {
            ui.painter().rect_stroke(cell, 2.0, Stroke::new(1.0, colours.accent), StrokeKind::Inside);
        }
        if response.clicked() {
            clicked = Some(index);
        }
        response.on_hover_text(spoken);
    }
    clicked
}
