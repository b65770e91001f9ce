//! File dialogs, off the window's thread: a missing desktop portal must not freeze anything.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::document::Command;
use crate::compute::lab::data::Source;

/// What a file dialog is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Opening anything.
    Open,
    /// Saving the project.
    SaveProject,
    /// Saving the active spec.
    SaveSpec,
    /// Choosing a folder of pictures for the lab.
    LabFolder,
    /// Choosing a folder for the files of the lab's result.
    WriteLab,
}

/// What came of a dialog.
pub enum Answer {
    /// The user chose: do this.
    Chosen(Command),
    /// The dialog closed at once without an answer: there may be none on this system.
    Nothing(Purpose),
}

/// Dialogs in progress.
pub struct Dialogs {
    sender: Sender<Answer>,
    receiver: Receiver<Answer>,
}

impl Default for Dialogs {
    fn default() -> Self {
        let (sender, receiver) = channel();
        Self { sender, receiver }
    }
}

impl Dialogs {
    /// Shows a dialog on a thread of its own; `wake` is called when it is answered.
    pub fn ask(&self, purpose: Purpose, name: String, wake: impl FnOnce() + Send + 'static) {
        let sender = self.sender.clone();
        let spawned = std::thread::Builder::new().name("gatescope-dialog".to_owned()).spawn(move || {
            let asked = std::time::Instant::now();
            let command = show(purpose, &name);
            // A person needs longer than this to press Cancel.
            let vanished = asked.elapsed() < std::time::Duration::from_millis(400);
            let answer = match command {
                Some(command) => Some(Answer::Chosen(command)),
                None if vanished => Some(Answer::Nothing(purpose)),
                None => None,
            };
            if let Some(answer) = answer {
                // The window may be gone: then nobody waits.
                let _ = sender.send(answer);
                wake();
            }
        });
        if spawned.is_err() {
            let _ = self.sender.send(Answer::Nothing(purpose));
        }
    }

    /// The answers since last time.
    pub fn answers(&self) -> impl Iterator<Item = Answer> + '_ {
        self.receiver.try_iter()
    }
}

fn show(purpose: Purpose, name: &str) -> Option<Command> {
    let dialog = rfd::FileDialog::new();
    match purpose {
        Purpose::Open => dialog
            .set_title("Open specs, projects, weights or pictures")
            .add_filter(
                "All that gatescope opens",
                &[
                    "toml",
                    "safetensors",
                    "pth",
                    "pt",
                    "bin",
                    "ckpt",
                    "png",
                    "jpg",
                    "jpeg",
                    "webp",
                    "bmp",
                    "gif",
                    "tif",
                    "tiff",
                    "ppm",
                    "pgm",
                    "pbm",
                    "pnm",
                ],
            )
            .add_filter("Every file", &["*"])
            .pick_files()
            .map(Command::Open),
        Purpose::SaveProject => save(dialog.set_title("Save the project"), name).map(Command::SaveProject),
        Purpose::SaveSpec => save(dialog.set_title("Save the network"), name).map(Command::SaveSpec),
        Purpose::LabFolder => {
            let title = "A folder with one sub-folder of pictures a class";
            dialog.set_title(title).pick_folder().map(|path| Command::SetLabSource(Source::Folder(path)))
        }
        Purpose::WriteLab => dialog.set_title("A folder for CSV, JSON and PNG").pick_folder().map(Command::WriteLab),
    }
}

fn save(dialog: rfd::FileDialog, name: &str) -> Option<PathBuf> {
    dialog.set_file_name(name).add_filter("TOML", &["toml"]).save_file()
}
