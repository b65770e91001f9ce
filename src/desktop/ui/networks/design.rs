//! The active network's design: model, input, classes, the model's options, the attention's options.
//!
//! The rows are made from what families and attention blocks declare; a new option needs nothing here.

use eframe::egui;
use egui::{Align, ComboBox, DragValue, Layout, Response, RichText, TextEdit, Ui};

use super::brush::choices;
use super::labelled;
use crate::desktop::document::{Command, Network, Stroke};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, cards, widgets};
use crate::network::options::{Declared, Kind, Value};
use crate::network::zoo::Subject;
use crate::network::{NetworkSpec, attention, zoo};

/// Width of the widgets on the right.
const WIDGET: f32 = 140.0;
/// The same where two share a row.
const NARROW: f32 = 54.0;

/// The network whose spec is edited.
#[derive(Clone, Copy)]
pub(super) struct Edited<'a> {
    pub(super) network: &'a Network,
    pub(super) spec: &'a NetworkSpec,
}

/// An option some attention of the network has, and the value it has there.
type Used = (Declared, Value);

/// Texts being typed that are not yet values.
#[derive(Default)]
pub(super) struct Design {
    typing: Option<(&'static str, String)>,
    more: bool,
    stroke: Option<Stroke>,
}

impl Design {
    pub(super) fn ui(&mut self, ui: &mut Ui, edited: Edited, kinds: &[&'static str], out: &mut Outbox) {
        ui.horizontal(|ui| {
            widgets::section(ui, &format!("{} · Design", edited.network.letter()));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let text = RichText::new("as text").size(size::LABEL).color(palette(ui).muted);
                if ui.add(egui::Button::new(text).frame(false)).on_hover_text(edited.spec.to_string()).clicked() {
                    out.send(Command::AskEditSpec(edited.network.id));
                }
            });
        });
        ui.add_space(4.0);
        model(ui, edited, out);
        self.sizes(ui, edited, out);
        self.attention_numbers(ui, edited, kinds, out);
        self.more_options(ui, edited, out);
    }

    /// Edits with one stroke count as one step of undo: a new one begins when the pointer goes down.
    fn stroke(&mut self, ui: &Ui) -> Option<Stroke> {
        if ui.input(|input| input.pointer.any_pressed()) {
            self.stroke = Some(Stroke::begin());
        }
        self.stroke
    }

    fn sizes(&mut self, ui: &mut Ui, edited: Edited, out: &mut Outbox) {
        let stroke = self.stroke(ui);
        let [_, height, width] = edited.network.model.input();
        let (mut side, mut classes) = (height, edited.network.model.classes());
        let mut changed = None;
        ui.columns(2, |columns| {
            labelled(&mut columns[0], "Input", "Side of the square input, in pixels", |ui| {
                let suffix = if height == width { " px" } else { " high" };
                let drag = DragValue::new(&mut side).range(1..=zoo::MAX_INPUT).suffix(suffix);
                let response = ui.add_sized([NARROW, size::ROW], drag);
                if response.changed() {
                    changed = with_option(edited.spec, "input", &side.to_string());
                }
                response
            });
            let help = "Outputs of the last layer; 0: no classifier, the network gives its features";
            labelled(&mut columns[1], "Classes", help, |ui| {
                let drag = DragValue::new(&mut classes).range(0..=zoo::MAX_CLASSES);
                let response = ui.add_sized([NARROW, size::ROW], drag);
                if response.changed() {
                    changed = with_option(edited.spec, "classes", &classes.to_string());
                }
                response
            });
        });
        if let Some(spec) = changed {
            out.send(Command::Edit { network: edited.network.id, spec, stroke });
        }
    }

    /// The numbers (reduction, kernel) of every attention that can be painted, side by side, set for every place that
    /// has it. Those of kinds not in use wait, muted: painting the first cell moves nothing.
    fn attention_numbers(&mut self, ui: &mut Ui, edited: Edited, kinds: &[&'static str], out: &mut Outbox) {
        let used = used_options(edited.spec);
        let numbers: Vec<(Used, bool)> = offered(kinds)
            .into_iter()
            .map(|offered| match used.iter().find(|(known, _)| known.field.key == offered.0.field.key) {
                Some(used) => (used.clone(), true),
                None => (offered, false),
            })
            .collect();
        for pair in numbers.chunks(2) {
            ui.columns(2, |columns| {
                for (ui, (used, is_used)) in columns.iter_mut().zip(pair) {
                    ui.add_enabled_ui(*is_used, |ui| self.attention_option(ui, edited, used, NARROW, out))
                        .response
                        .on_disabled_hover_text("No attention of this network has it yet");
                }
            });
        }
    }

    fn attention_option(&mut self, ui: &mut Ui, edited: Edited, used: &Used, width: f32, out: &mut Outbox) {
        let (declared, value) = used;
        let stroke = self.stroke(ui);
        if let Some(value) = self.option_row(ui, &title(declared.field.long), declared, value, width) {
            let spec = with_attention_option(edited.spec, declared.field.key, &value);
            out.send(Command::Edit { network: edited.network.id, spec, stroke });
        }
    }

    /// Everything else: the model's options, and the words among the attention's.
    fn more_options(&mut self, ui: &mut Ui, edited: Edited, out: &mut Outbox) {
        let Some((family, model)) = zoo::find(&edited.spec.model) else { return };
        let text = if self.more { "Fewer options" } else { "More options" };
        let text = RichText::new(text).size(size::LABEL).color(palette(ui).muted);
        if ui.add(egui::Button::new(text).frame(false)).clicked() {
            self.more = !self.more;
        }
        if !self.more {
            return;
        }
        for used in used_options(edited.spec).iter().filter(|(declared, _)| is_word(declared)) {
            self.attention_option(ui, edited, used, WIDGET, out);
        }
        for declared in zoo::options(family, model.name) {
            let value = edited.spec.options.value(&declared).clone();
            let changed = self.option_row(ui, &title(declared.field.long), &declared, &value, WIDGET);
            if let Some(spec) =
                changed.and_then(|value| with_option(edited.spec, declared.field.key, &value.to_string()))
            {
                out.send(Command::Edit { network: edited.network.id, spec, stroke: None });
            }
        }
    }

    /// One declared option; the new value when the user chose one.
    fn option_row(
        &mut self,
        ui: &mut Ui,
        label: &str,
        declared: &Declared,
        value: &Value,
        width: f32,
    ) -> Option<Value> {
        let mut chosen = None;
        let key = declared.field.key;
        labelled(ui, label, declared.field.help, |ui| match (declared.field.kind, value) {
            (Kind::Number { min, max }, Value::Number(number)) => {
                let mut number = *number;
                let response = ui.add_sized([width, size::ROW], DragValue::new(&mut number).range(min..=max));
                if response.changed() {
                    chosen = Some(Value::Number(number));
                }
                response
            }
            (Kind::OneOf(allowed), _) => {
                let values = allowed.iter().map(|number| Value::Number(*number));
                choose(ui, key, value, width, values, &mut chosen)
            }
            (Kind::Word(allowed), _) => {
                let values = allowed.iter().map(|word| Value::Word((*word).to_owned()));
                choose(ui, key, value, width, values, &mut chosen)
            }
            _ => self.type_value(ui, key, value, &mut chosen),
        });
        chosen.filter(|chosen| chosen != value)
    }

    /// A list typed as `3-4-6-3`; it counts when the field is left.
    fn type_value(&mut self, ui: &mut Ui, key: &'static str, value: &Value, chosen: &mut Option<Value>) -> Response {
        let mut text = match &self.typing {
            Some((typing, text)) if *typing == key => text.clone(),
            _ => value.to_string(),
        };
        let field = TextEdit::singleline(&mut text).font(theme::mono(size::MONO)).align(egui::Align2::RIGHT_CENTER);
        let response = ui.add_sized([WIDGET, size::ROW], field);
        if response.changed() {
            self.typing = Some((key, text.clone()));
        }
        if response.lost_focus() && self.typing.take().is_some() {
            *chosen = Some(Value::from_text(text.trim()));
        }
        response
    }
}

/// The options of every attention in use, each once.
fn used_options(spec: &NetworkSpec) -> Vec<Used> {
    let mut used: Vec<Used> = Vec::new();
    for attention in choices(spec) {
        for declared in attention.block().declared() {
            if !used.iter().any(|(known, _)| known.field.key == declared.field.key) {
                let value = attention.options().value(&declared).clone();
                used.push((declared, value));
            }
        }
    }
    used
}

/// The numbers that these kinds of attention have, each once, as they begin.
fn offered(kinds: &[&'static str]) -> Vec<Used> {
    let mut offered: Vec<Used> = Vec::new();
    for block in kinds.iter().filter_map(|name| attention::find(name)) {
        for declared in block.declared().into_iter().filter(|declared| !is_word(declared)) {
            if !offered.iter().any(|(known, _)| known.field.key == declared.field.key) {
                let value = declared.default.clone();
                offered.push((declared, value));
            }
        }
    }
    offered
}

fn is_word(declared: &Declared) -> bool {
    matches!(declared.field.kind, Kind::Word(_))
}

/// `reduction` as `Reduction`.
fn title(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The model in use, which opens the picker, and what there is to read about its family.
fn model(ui: &mut Ui, edited: Edited, out: &mut Outbox) {
    ui.horizontal(|ui| {
        widgets::muted(ui, "Model").on_hover_text("Everything else is kept where it still makes sense");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let text = RichText::new(format!("{} …", edited.spec.model));
            let response = ui.add_sized([WIDGET, size::ROW], egui::Button::new(text).truncate());
            let spoken = format!("Model: {}", edited.spec.model);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &spoken));
            if response.clicked() {
                out.send(Command::AskModel(edited.network.id));
            }
            if let Some((family, _)) = zoo::find(&edited.spec.model) {
                cards::button(ui, &Subject::Family(family), out);
            }
        });
    });
}

fn choose(
    ui: &mut Ui,
    key: &str,
    value: &Value,
    width: f32,
    values: impl Iterator<Item = Value>,
    chosen: &mut Option<Value>,
) -> Response {
    let combo = ComboBox::from_id_salt(key).selected_text(value.to_string()).width(width);
    let shown = combo.show_ui(ui, |ui| {
        for candidate in values {
            if ui.selectable_label(candidate == *value, candidate.to_string()).clicked() {
                *chosen = Some(candidate);
            }
        }
    });
    shown.response
}

/// The spec with one option of its model changed, if the value is allowed at all.
fn with_option(spec: &NetworkSpec, key: &str, value: &str) -> Option<NetworkSpec> {
    let mut changed = spec.clone();
    zoo::set_option(&mut changed, key, value).ok().map(|()| changed)
}

/// The spec with one option changed on every attention that has it.
fn with_attention_option(spec: &NetworkSpec, key: &str, value: &Value) -> NetworkSpec {
    let mut changed = spec.clone();
    changed.attention.map(|attention| attention.clone().with(key, value).unwrap_or(attention));
    changed
}
