//! The views: each reads what is [`Shared`] and sends [`Command`]s to the [`Outbox`]. None changes the document.

pub mod actions;
pub mod canvas;
pub mod cards;
pub mod choice;
pub mod compare;
pub mod costs;
pub mod diagram;
#[cfg(test)]
mod drive;
pub mod inspect;
pub mod lab;
pub mod metric;
pub mod network;
pub mod networks;
pub mod palette;
pub mod picker;
pub mod prompt;
pub mod scripts;
pub mod selection;
pub mod shares;
pub mod status;
pub mod table;
pub mod textures;
pub mod theme;
pub mod title;
pub mod widgets;

use std::sync::Arc;

use super::document::{Command, Document, Network, Selection, ThemeChoice, View};
use super::jobs::{Inspection, Jobs};
use super::panels::Panels;
use crate::compute::question::Question;

/// Everything a view may read.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    /// Networks and picture.
    pub document: &'a Document,
    /// The worker and what it found.
    pub jobs: &'a Jobs,
    /// What is selected.
    pub selection: &'a Selection,
    /// The view being shown.
    pub view: View,
    /// The theme chosen.
    pub theme: ThemeChoice,
    /// The pictures that were given together, to be stepped through.
    pub pictures: &'a [std::path::PathBuf],
    /// Is there anything to undo, to redo?
    pub can_undo: bool,
    /// Is there anything to make again?
    pub can_redo: bool,
}

impl<'a> Shared<'a> {
    /// The active network.
    #[must_use]
    pub fn active(&self) -> Option<&'a Network> {
        self.document.active()
    }

    /// The inspection of a network, if it belongs to the document as it is now.
    #[must_use]
    pub fn inspection(&self, network: &Network) -> Option<&'a Arc<Inspection>> {
        self.jobs.inspection(network)
    }

    /// The position of a network: 0 is A.
    #[must_use]
    pub fn position(&self, network: &Network) -> usize {
        self.document.position(network.id).unwrap_or(0)
    }
}

/// The commands of one frame, applied at its end.
#[derive(Debug, Default)]
pub struct Outbox {
    commands: Vec<Command>,
    questions: Vec<Question>,
}

impl Outbox {
    /// Asks for something.
    pub fn send(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// Selects a part of the network (a scope's path or a layer's name).
    pub fn select_part(&mut self, path: impl Into<String>) {
        self.send(Command::Select(Selection { part: Some(path.into()), gate: None }));
    }

    /// Selects a gate, and the part it belongs to.
    pub fn select_gate(&mut self, part: impl Into<String>, gate: impl Into<String>) {
        self.send(Command::Select(Selection { part: Some(part.into()), gate: Some(gate.into()) }));
    }

    /// Asks for an explanation, as long as it is shown.
    pub fn ask(&mut self, question: Question) {
        self.questions.push(question);
    }

    /// What is to be explained.
    pub fn take_questions(&mut self) -> Vec<Question> {
        std::mem::take(&mut self.questions)
    }

    /// What was asked for, in order.
    pub fn take(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }
}

/// The state views keep for themselves: zoom, scroll, sorting, caches of textures.
#[derive(Default)]
pub struct Views {
    /// The panels at the sides.
    pub panels: Panels,
    /// The graph.
    pub network: network::NetworkView,
    /// The cost table.
    pub costs: costs::CostsView,
    /// Networks side by side.
    pub compare: compare::CompareView,
    /// The picture and the gates.
    pub inspect: inspect::InspectView,
    /// Training and experiments.
    pub lab: lab::LabView,
    /// The list of networks and the attention matrix.
    pub networks: networks::NetworksPanel,
    /// Pictures and gates as textures, for all views.
    pub textures: textures::GateTextures,
    /// Search and commands.
    pub palette: palette::PaletteState,
    /// Questions with a few answers.
    pub choices: choice::Choices,
    /// Questions that take a line of text.
    pub prompt: prompt::Prompt,
    /// Models to choose from.
    pub picker: picker::Picker,
    /// What a family or an attention block is.
    pub cards: cards::Cards,
}
