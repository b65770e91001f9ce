//! A question with a few answers: what a checkpoint leaves open, what to do with one that fits in two ways.

use eframe::egui;

use super::theme::{palette, size};
use super::{Outbox, widgets};
use crate::desktop::document::Command;

/// An answer: a button, what it means, and what is then done.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The button.
    pub label: String,
    /// What it means.
    pub note: String,
    /// What is done; nothing leaves everything as it is.
    pub commands: Vec<Command>,
}

/// A question with its answers, the usual one first.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is asked.
    pub title: String,
    /// Why.
    pub reason: String,
    /// The answers.
    pub answers: Vec<Answer>,
}

/// The questions that wait, first come first asked.
#[derive(Default)]
pub struct Choices {
    waiting: std::collections::VecDeque<Question>,
}

impl Choices {
    /// Asks, after what is being asked already.
    pub fn ask(&mut self, question: Question) {
        self.waiting.push_back(question);
    }

    /// Is a question open?
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Shows the first question over everything. Escape leaves everything as it is.
    pub fn ui(&mut self, ctx: &egui::Context, out: &mut Outbox) {
        let Some(question) = self.waiting.front() else { return };
        let modal = egui::Modal::new(egui::Id::unique("choice")).show(ctx, |ui| {
            ui.set_width(480.0);
            ui.label(widgets::strong(question.title.as_str(), size::TITLE));
            ui.add_space(size::GAP);
            ui.label(egui::RichText::new(&question.reason).color(palette(ui).muted));
            ui.add_space(size::GAP);
            let mut chosen = None;
            for answer in &question.answers {
                if ui.button(&answer.label).clicked() {
                    chosen = Some(answer.commands.clone());
                }
                widgets::muted(ui, &answer.note);
                ui.add_space(4.0);
            }
            chosen
        });
        let is_closed = modal.should_close();
        if let Some(commands) = &modal.inner {
            for command in commands {
                out.send(command.clone());
            }
        }
        if is_closed || modal.inner.is_some() {
            self.waiting.pop_front();
        }
    }
}
