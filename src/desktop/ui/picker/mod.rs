//! The picker: every family and size with what it costs, a search, and the block of what is chosen.

mod list;
mod model;
mod side;

use eframe::egui;
use egui::{Align, Frame, Key, Layout, Modifiers, TextEdit, Ui};

use self::model::Choice;
use super::theme::{self, size};
use super::{Outbox, Shared, widgets};
use crate::desktop::document::{Command, NetworkId};
use crate::drawing::card::Diagram;
use crate::network::{parse, zoo};

/// Width and height of the list, and the width of what stands beside it.
const LIST: f32 = 488.0;
const SIDE: f32 = 288.0;
const HEIGHT: f32 = 540.0;
/// The least it makes do with.
const LEAST_HEIGHT: f32 = 260.0;

/// What the choice is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// A network to add.
    Adding,
    /// Another model for a network.
    Network(NetworkId),
}

impl For {
    fn title(self) -> &'static str {
        match self {
            Self::Adding => "Add a network",
            Self::Network(_) => "Choose the model",
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Adding => "Add",
            Self::Network(_) => "Use",
        }
    }
}

/// The picker, open or closed.
#[derive(Default)]
pub struct Picker {
    open: Option<Open>,
}

struct Open {
    purpose: For,
    query: String,
    /// What the query leaves; found again when it changes.
    choices: Vec<Choice>,
    chosen: usize,
    /// The list is to be scrolled to the choice.
    follows: bool,
    /// The picture beside the list, and the choice it is of.
    picture: Option<(String, Diagram)>,
}

/// What the keyboard asks for.
#[derive(Clone, Copy)]
enum Asked {
    Step(isize),
    Line(bool),
    Take,
}

impl Picker {
    /// Opens it, at this model where one is in use.
    /// `typed` are letters that came with the key that opens it.
    pub fn open(&mut self, purpose: For, model: Option<&str>, typed: String) {
        let choices = model::find(&typed);
        let chosen = model.and_then(|model| choices.iter().position(|choice| choice.name == model)).unwrap_or(0);
        self.open = Some(Open { purpose, query: typed, choices, chosen, follows: true, picture: None });
    }

    /// Is it open?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Shows it over everything; `is_covered`: something lies over it that has the keyboard.
    pub fn ui(&mut self, ctx: &egui::Context, shared: &Shared, is_covered: bool, out: &mut Outbox) {
        let Some(open) = &mut self.open else { return };
        let modal = egui::Modal::new(egui::Id::unique("picker")).show(ctx, |ui| {
            let window = ui.ctx().content_rect().size();
            let height = (window.y - 200.0).clamp(LEAST_HEIGHT, HEIGHT);
            Frame::new()
                .inner_margin(size::GAP)
                .show(ui, |ui| {
                    ui.set_width(LIST + SIDE + 2.0 * size::PADDING);
                    open.ui(ui, shared, height, is_covered, out)
                })
                .inner
        });
        if modal.inner || (modal.should_close() && !is_covered) {
            self.open = None;
        }
    }
}

impl Open {
    /// True when something has been chosen.
    fn ui(&mut self, ui: &mut Ui, shared: &Shared, height: f32, is_covered: bool, out: &mut Outbox) -> bool {
        ui.label(widgets::strong(self.purpose.title(), size::TITLE));
        ui.add_space(4.0);
        let asked = self.search(ui, is_covered);
        ui.add_space(size::GAP);
        let mut taken = match asked {
            Some(Asked::Take) => !self.choices.is_empty(),
            Some(asked) => {
                self.go(asked);
                false
            }
            None => false,
        };
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = size::PADDING;
            column(ui, LIST + size::PADDING, height, |ui| taken |= self.list(ui, shared, height));
            column(ui, SIDE, height, |ui| taken |= self.side(ui, shared, height, out));
        });
        ui.add_space(4.0);
        let hint = format!("Arrows choose · Enter: {} · Esc closes", self.purpose.verb().to_lowercase());
        widgets::caption(ui, hint);
        if taken {
            self.take(shared, out);
        }
        taken
    }

    /// The field, and what the keyboard asks for beside typing.
    fn search(&mut self, ui: &mut Ui, is_covered: bool) -> Option<Asked> {
        let keys = [
            (Key::ArrowUp, Asked::Line(false)),
            (Key::ArrowDown, Asked::Line(true)),
            (Key::ArrowLeft, Asked::Step(-1)),
            (Key::ArrowRight, Asked::Step(1)),
            (Key::Enter, Asked::Take),
        ];
        let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let asked = keys.into_iter().find(|(key, _)| !is_covered && pressed(*key)).map(|(_, asked)| asked);
        let hint = "for example resnet, mobile, se; or a whole network: resnet50+cbam(r=16)@layer3";
        let field = TextEdit::singleline(&mut self.query)
            .hint_text(hint)
            .desired_width(f32::INFINITY)
            .font(theme::mono(size::TEXT));
        let response = widgets::held_field(ui, "picker", field, self.purpose.title(), !is_covered);
        if response.changed() {
            self.choices = model::find(&self.query);
            self.chosen = model::likeliest(&self.query, &self.choices);
            self.follows = true;
        }
        asked
    }

    fn go(&mut self, asked: Asked) {
        let last = self.choices.len().saturating_sub(1);
        self.chosen = match asked {
            Asked::Step(step) => self.chosen.saturating_add_signed(step).min(last),
            Asked::Line(down) => model::step(&model::lines(&self.choices, list::PER_LINE), self.chosen, down),
            Asked::Take => self.chosen,
        };
        self.follows = true;
    }

    /// Sends what the choice means.
    fn take(&self, shared: &Shared, out: &mut Outbox) {
        let Some(choice) = self.choices.get(self.chosen) else { return };
        match self.purpose {
            // What is listed can be lowered.
            For::Adding => choice.lowered().into_iter().for_each(|model| out.send(Command::AddNetwork(model))),
            For::Network(id) => {
                let Some(network) = shared.document.network(id) else { return };
                // A model alone keeps the network's other choices, a spec brings its own.
                let spec = match network.model.spec().filter(|_| choice.is_model) {
                    Some(spec) => zoo::switch_model(spec, &choice.name),
                    None => choice.spec.clone(),
                };
                out.send(Command::Edit { network: id, spec, stroke: None });
            }
        }
    }

    /// Why the search leaves nothing, and what to type.
    fn nothing(&self) -> String {
        match parse(&self.query) {
            Err(problem) => problem.to_string(),
            Ok(_) => String::new(),
        }
    }
}

/// A column of this size, whatever is in it.
fn column(ui: &mut Ui, width: f32, height: f32, body: impl FnOnce(&mut Ui)) {
    let size = egui::Vec2::new(width, height);
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
        ui.set_min_size(size);
        ui.set_max_size(size);
        body(ui);
    });
}
