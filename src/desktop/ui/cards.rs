//! Cards: what a family or an attention block is, its diagram, its formula, its paper, where it sits.

use eframe::egui;
use egui::{Align, Frame, Label, Layout, Response, RichText, ScrollArea, Sense, Stroke, Ui, Vec2};

use super::theme::{self, palette, size};
use super::{Outbox, diagram, widgets};
use crate::desktop::document::Command;
use crate::drawing::card::Diagram;
use crate::network::zoo::Subject;

/// Width of the words and of a diagram.
const WORDS: f32 = 340.0;
const DIAGRAM: f32 = 250.0;
/// What one diagram has where there is no second.
const WIDE: f32 = 440.0;
/// As high as a card is at least; a taller diagram scrolls where the window is low.
const HEIGHT: f32 = 420.0;

/// The open card, if there is one.
#[derive(Default)]
pub struct Cards {
    open: Option<Open>,
}

/// A card with what is drawn on it.
struct Open {
    subject: Subject,
    diagram: Option<Diagram>,
    placed: Option<Diagram>,
}

impl Cards {
    /// Opens the card of a family or a block, by any of its names; an unknown one opens nothing.
    pub fn open(&mut self, name: &str) {
        self.open = Subject::find(name).map(|subject| Open {
            subject,
            diagram: subject.example().map(|example| Diagram::of_example(&example)),
            placed: subject.placed().map(|example| Diagram::of_example(&example)),
        });
    }

    /// Is a card open?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Shows the card over everything.
    pub fn ui(&mut self, ctx: &egui::Context) {
        let Some(open) = &self.open else { return };
        let modal = egui::Modal::new(egui::Id::unique("card")).show(ctx, |ui| {
            let room = ui.ctx().content_rect().height() - 160.0;
            ui.set_max_height(room);
            Frame::new().inner_margin(size::GAP).show(ui, |ui| open.ui(ui, room)).inner
        });
        if modal.inner || modal.should_close() {
            self.open = None;
        }
    }
}

impl Open {
    /// True when it is to be closed.
    fn ui(&self, ui: &mut Ui, room: f32) -> bool {
        let width = WORDS + size::PADDING + if self.placed.is_some() { 2.0 * DIAGRAM + 16.0 } else { WIDE };
        ui.set_width(width.min(ui.ctx().content_rect().width() - 80.0));
        let closed = self.title(ui);
        ui.add_space(size::GAP);
        ScrollArea::vertical().max_height(room - 60.0).auto_shrink([false, true]).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.allocate_ui_with_layout(Vec2::new(WORDS, HEIGHT), Layout::top_down(Align::Min), |ui| {
                    ui.set_width(WORDS);
                    self.words(ui);
                });
                ui.add_space(size::PADDING - size::GAP);
                self.diagrams(ui);
            });
        });
        closed
    }

    fn title(&self, ui: &mut Ui) -> bool {
        ui.horizontal(|ui| {
            let colour = match &self.subject {
                Subject::Family(_) => palette(ui).text,
                Subject::Block(block) => palette(ui).attention(block.card().name),
            };
            ui.label(widgets::strong(self.subject.title(), size::TITLE).color(colour));
            widgets::muted(ui, self.subject.long());
            let close = |ui: &mut Ui| {
                let response = ui.add(egui::Button::new(RichText::new("×").size(size::TITLE)).frame(false));
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Close the card"));
                response.on_hover_text("Close (Esc)").clicked()
            };
            ui.with_layout(Layout::right_to_left(Align::Center), close).inner
        })
        .inner
    }

    fn words(&self, ui: &mut Ui) {
        let [what, why, caution] = self.subject.sentences();
        for (heading, sentence) in [("What it does", what), ("Why", why), ("What to look out for", caution)] {
            paragraph(ui, heading, |ui| ui.add(Label::new(sentence).wrap()));
        }
        paragraph(ui, "Formula", |ui| {
            for line in self.subject.formula() {
                ui.add(Label::new(RichText::new(*line).font(theme::mono(size::MONO))).wrap());
            }
        });
        paragraph(ui, "Where attention sits", |ui| ui.add(Label::new(self.subject.place()).wrap()));
        paragraph(ui, "Paper", |ui| ui.add(Label::new(self.subject.paper()).wrap()));
    }

    fn diagrams(&self, ui: &mut Ui) {
        let (width, name) = match &self.subject {
            Subject::Family(family) => (WIDE, format!("A block of {}", family.card().picture.0)),
            Subject::Block(_) => (DIAGRAM, "The block itself".to_owned()),
        };
        let mut column = |width: f32, name: &str, shown: &Diagram| {
            ui.allocate_ui_with_layout(Vec2::new(width, HEIGHT), Layout::top_down(Align::Center), |ui| {
                ui.set_width(width);
                widgets::caption(ui, name);
                ui.add_space(4.0);
                diagram::show(ui, shown, name, Vec2::new(width, 640.0), 0.0);
            });
        };
        if let Some(shown) = &self.diagram {
            column(width, &name, shown);
        }
        if let Some(shown) = &self.placed {
            column(DIAGRAM, "In resnet50", shown);
        }
    }
}

fn paragraph<R>(ui: &mut Ui, heading: &str, body: impl FnOnce(&mut Ui) -> R) {
    widgets::section(ui, heading);
    body(ui);
    ui.add_space(size::GAP);
}

/// A small round button with an i, which opens a card.
pub fn button(ui: &mut Ui, subject: &Subject, out: &mut Outbox) -> Response {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(size::INFO), Sense::hover());
    button_in(ui, rect, subject, out)
}

/// The same, in this rectangle.
pub fn button_in(ui: &Ui, rect: egui::Rect, subject: &Subject, out: &mut Outbox) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(("card", subject.name())), Sense::click());
    let colours = palette(ui);
    let is_lit = response.hovered() || response.has_focus();
    let colour = if is_lit { colours.accent } else { colours.muted };
    let radius = rect.size().min_elem() / 2.0 - 1.0;
    ui.painter().circle_stroke(rect.center(), radius, Stroke::new(1.0, colour));
    let font = theme::semibold(radius * 1.5);
    ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, "i", font, colour);
    let spoken = format!("About {}", subject.title());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &spoken));
    if response.clicked() {
        out.send(Command::ShowCard(subject.name()));
    }
    response.on_hover_text(spoken)
}
