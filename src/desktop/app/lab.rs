//! Carrying out what the lab is asked to do.

use std::path::{Path, PathBuf};

use eframe::egui;

use super::App;
use crate::desktop::dialogs::Purpose;
use crate::desktop::document::{Command, LabTask, View, WeightsChoice};

impl App {
    /// Commands of the lab; true if the command was one of them.
    pub(super) fn perform_lab(&mut self, ctx: &egui::Context, command: &Command) -> bool {
        match command {
            Command::StartLab(task) => {
                let task = self.placed(task.clone());
                self.jobs.start_lab(task);
            }
            Command::HoldLab(hold) => self.jobs.hold_lab(*hold),
            Command::StopLab => self.jobs.stop_lab(),
            Command::PreviewLab(source) => self.jobs.preview_lab(source.clone()),
            Command::AskLabFolder => self.ask_dialog(ctx, Purpose::LabFolder, String::new()),
            Command::SetLabSource(source) => self.views.lab.set_source(source.clone()),
            Command::AskWriteLab => match self.views.lab.writable(self.jobs.lab()) {
                Some(_) => self.ask_dialog(ctx, Purpose::WriteLab, String::new()),
                None => self.notices.error("There is no result on this page of the lab to write"),
            },
            Command::WriteLab(folder) => {
                if let Some(result) = self.views.lab.writable(self.jobs.lab()) {
                    self.jobs.write_lab(result, folder.clone());
                }
            }
            Command::OpenTrained { spec, path } => {
                let weights = WeightsChoice::File(path.clone());
                self.change(&Command::AddCheckpoint { spec: spec.clone(), weights });
                self.configure(path);
                self.view = View::Inspect;
            }
            _ => return false,
        }
        true
    }

    /// A task that knows where its networks are kept: in the session's folder, so that runs go on after a restart.
    fn placed(&self, mut task: LabTask) -> LabTask {
        let root = self.session.folder().map_or_else(|| std::env::temp_dir().join("gatescope"), Path::to_path_buf);
        match &mut task {
            LabTask::Train(task) => {
                let name = format!("{}-seed{}", harmless(&task.spec.to_string()), task.recipe.seed);
                task.out.get_or_insert_with(|| unused(&root.join("trained"), &name));
            }
            LabTask::Degradation(settings) => {
                settings.out.get_or_insert_with(|| root.join("lab").join("degradation"));
            }
            LabTask::Attention(settings) => {
                settings.out.get_or_insert_with(|| root.join("lab").join("attention"));
            }
            LabTask::Atlas(_) => {}
        }
        task
    }

    /// What the lab has written, or could not.
    pub(super) fn take_lab_news(&mut self) {
        for said in self.jobs.take_lab_news() {
            match said {
                Ok(done) => self.notices.done(done),
                Err(problem) => self.notices.error(problem),
            }
        }
    }
}

/// A spec as a file's name.
fn harmless(spec: &str) -> String {
    spec.chars().map(|c| if c.is_ascii_alphanumeric() || "+-".contains(c) { c } else { '_' }).collect()
}

/// The first free name: an earlier network may be open.
fn unused(folder: &Path, name: &str) -> PathBuf {
    let numbered = |number: usize| match number {
        1 => folder.join(format!("{name}.safetensors")),
        _ => folder.join(format!("{name}-{number}.safetensors")),
    };
    (1..10_000).map(numbered).find(|path| !path.exists()).unwrap_or_else(|| numbered(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trained_network_never_replaces_an_earlier_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = harmless("resnet20(stem=strided)+se");
        assert_eq!(name, "resnet20_stem_strided_+se");
        let first = unused(folder.path(), &name);
        std::fs::write(&first, b"weights").expect("writes");
        assert_ne!(unused(folder.path(), &name), first);
    }
}
