//! A question that takes a line of text: a spec to edit, a path to open or to save to.

mod paths;

use eframe::egui;
use egui::{Key, RichText, TextEdit, Ui};

use super::theme::{self, palette, size};
use super::{Outbox, widgets};
use crate::compute::hub::{self, Reference};
use crate::compute::lab::data::Source;
use crate::desktop::document::{Command, NetworkId};
use crate::network::cost::Ledger;
use crate::network::{number, zoo};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The spec of a network, edited as text.
    EditSpec(NetworkId),
    /// A path to open.
    OpenPath,
    /// A checkpoint on the Hub to open.
    Hub,
    /// A path to save the project to.
    SaveProject,
    /// A path to save the active spec to.
    SaveSpec,
    /// A folder of pictures for the lab.
    LabFolder,
    /// A folder for the files of the lab's result.
    WriteLab,
}

impl Question {
    fn title(self) -> &'static str {
        match self {
            Self::EditSpec(_) => "Edit the network as text",
            Self::OpenPath => "Open a file by its path",
            Self::Hub => "Open from the Hugging Face Hub",
            Self::SaveProject => "Save the project to",
            Self::SaveSpec => "Save the network to",
            Self::LabFolder => "Train on a folder of pictures",
            Self::WriteLab => "Write files into a folder",
        }
    }

    /// Is a place on the disk asked for?
    fn is_path(self) -> bool {
        !matches!(self, Self::EditSpec(_) | Self::Hub)
    }

    fn hint(self) -> &'static str {
        match self {
            Self::EditSpec(_) => "resnet50+cbam(r=16)@layer3,layer4.0",
            Self::OpenPath => "/home/me/photo.jpg",
            Self::Hub => "hf:timm/seresnet50.a1_in1k",
            Self::SaveProject => "networks.toml",
            Self::SaveSpec => "resnet50.toml",
            Self::LabFolder => "/home/me/flowers",
            Self::WriteLab => "gatescope-lab",
        }
    }
}

/// The open question, if there is one.
#[derive(Default)]
pub struct Prompt {
    open: Option<(Question, String)>,
}

impl Prompt {
    /// Asks.
    pub fn ask(&mut self, question: Question, text: impl Into<String>) {
        self.open = Some((question, text.into()));
    }

    /// Is a question open?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Shows the question over everything.
    pub fn ui(&mut self, ctx: &egui::Context, out: &mut Outbox) {
        let Some((question, text)) = &mut self.open else { return };
        let mut answered = false;
        let modal = egui::Modal::new(egui::Id::unique("prompt")).show(ctx, |ui| {
            ui.set_width(480.0);
            answered = ask(ui, *question, text, out);
        });
        if answered || modal.should_close() {
            self.open = None;
        }
    }
}

/// Shows one question; true when it has been answered.
fn ask(ui: &mut Ui, question: Question, text: &mut String, out: &mut Outbox) -> bool {
    let colours = palette(ui);
    ui.label(widgets::strong(question.title(), size::TITLE));
    ui.add_space(size::GAP);
    let completed = question.is_path() && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Tab));
    if completed && let Some(longer) = paths::completed(text) {
        *text = longer;
    }
    let hint = format!("for example {}", question.hint());
    let field = TextEdit::singleline(text).hint_text(hint).font(theme::mono(size::TEXT)).desired_width(f32::INFINITY);
    // Tab completes: it does not lead on to the buttons.
    let field = field.lock_focus(question.is_path());
    let response = widgets::held_field(ui, "prompt", field, question.title(), true);
    if completed {
        cursor_to_end(ui, response.id, text);
    }
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.add_space(4.0);
    let answer = answer(question, text.trim());
    let line = match &answer {
        Ok((_, note)) => RichText::new(note).color(colours.muted),
        Err(problem) => {
            RichText::new(problem).color(if text.trim().is_empty() { colours.muted } else { colours.error })
        }
    };
    // Two lines are kept free, so that the dialog does not jump while one types.
    ui.allocate_ui(egui::vec2(ui.available_width(), 36.0), |ui| {
        ui.set_min_height(36.0);
        ui.label(line);
    });
    ui.add_space(size::GAP);
    let mut done = false;
    ui.horizontal(|ui| {
        let confirmed = ui.add_enabled(answer.is_ok(), egui::Button::new("OK")).clicked();
        if let Ok((command, _)) = answer
            && (confirmed || entered)
        {
            out.send(command);
            done = true;
        }
        done |= ui.button("Cancel").clicked();
    });
    done
}

fn cursor_to_end(ui: &Ui, field: egui::Id, text: &str) {
    let Some(mut state) = egui::text_edit::TextEditState::load(ui.ctx(), field) else { return };
    let end = egui::text::CCursor::new(text.chars().count());
    state.cursor.set_char_range(Some(egui::text::CCursorRange::one(end)));
    state.store(ui.ctx(), field);
}

/// The command a text means, with a note; or why it means none.
fn answer(question: Question, text: &str) -> Result<(Command, String), String> {
    if text.is_empty() {
        return Err(match question.is_path() {
            true => format!("In {} unless the path begins with / or ~; Tab completes", paths::here()),
            false => "Nothing yet".to_owned(),
        });
    }
    let path = || paths::of(text);
    match question {
        Question::EditSpec(network) => {
            let (spec, graph) = zoo::read(text).map_err(|error| error.to_string())?;
            let total = Ledger::of(&graph).total();
            let note = format!("{} parameters, {} MACs", number::grouped(total.params), number::grouped(total.macs));
            Ok((Command::Edit { network, spec, stroke: None }, note))
        }
        Question::OpenPath => match path() {
            path if path.is_file() => {
                Ok((Command::Open(vec![path]), "A spec, a project, weights or a picture".to_owned()))
            }
            path if path.is_dir() => {
                Err("This is a folder: go on with the name of a file in it; Tab completes".to_owned())
            }
            _ => Err("There is no such file; Tab completes what begins rightly".to_owned()),
        },
        Question::Hub => {
            // People copy OWNER/NAME from the page.
            let text = if text.starts_with(hub::SCHEME) { text.to_owned() } else { format!("{}{text}", hub::SCHEME) };
            let reference = Reference::parse(&text).map_err(|error| error.to_string())?;
            let file = reference.file.as_deref().unwrap_or("the weights");
            let note = format!("Fetches {file} of {}, {}", reference.repository, reference.revision());
            Ok((Command::OpenHub(text), note))
        }
        Question::SaveProject => Ok((Command::SaveProject(path()), save_note(text))),
        Question::SaveSpec => Ok((Command::SaveSpec(path()), save_note(text))),
        Question::LabFolder => match path().is_dir() {
            true => {
                let note = "One sub-folder of pictures a class".to_owned();
                Ok((Command::SetLabSource(Source::Folder(path())), note))
            }
            false => Err("There is no such folder".to_owned()),
        },
        Question::WriteLab => match path().is_file() {
            true => Err("This is a file, not a folder".to_owned()),
            false => {
                Ok((Command::WriteLab(path()), "CSV, JSON and PNG; files of the same name are replaced".to_owned()))
            }
        },
    }
}

fn save_note(text: &str) -> String {
    let path = paths::of(text);
    let whole = std::path::absolute(&path).unwrap_or(path);
    match whole.exists() {
        true => format!("Replaces the file that is there: {}", whole.display()),
        false => format!("A new file: {}", whole.display()),
    }
}
