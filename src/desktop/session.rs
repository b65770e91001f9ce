//! What is kept between starts: the project, the view, the theme. Written as it changes, so a crash loses nothing.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::document::{Document, LabPage, Project, ThemeChoice, View, parse_project, print_project};
use super::panels::Panels;
use crate::compute::engine::DeviceKind;

/// Where the session lives; `None` keeps nothing (tests, systems without a home).
#[derive(Clone, Debug, Default)]
pub struct Session {
    folder: Option<PathBuf>,
    start: Option<Document>,
}

/// Things that are not the document's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Settings {
    light: bool,
    system: bool,
    view: usize,
    device: DeviceKind,
    lab_page: usize,
    panels: Panels,
}

/// What a session restores.
#[derive(Debug)]
pub struct Restored {
    /// The document of last time, or what first start shows.
    pub document: Document,
    /// The view of last time.
    pub view: View,
    /// The page of the lab of last time.
    pub lab_page: LabPage,
    /// The theme of last time.
    pub theme: ThemeChoice,
    /// Where networks run.
    pub device: DeviceKind,
    /// The panels at the sides as they were left.
    pub panels: Panels,
    /// What could not be restored, in words.
    pub problem: Option<String>,
}

impl Session {
    /// In the user's data folder for programs.
    #[must_use]
    pub fn in_user_folder(name: &str) -> Self {
        Self { folder: eframe::storage_dir(name), start: None }
    }

    /// In this folder.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder), start: None }
    }

    /// Keeps nothing and begins with this document.
    #[must_use]
    pub fn beginning_with(document: Document) -> Self {
        Self { folder: None, start: Some(document) }
    }

    /// The folder, if anything is kept.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Reads what was kept. A file that cannot be read is set aside, never overwritten.
    #[must_use]
    pub fn restore(&self) -> Restored {
        let settings = self.read("settings.toml").and_then(|text| toml::from_str::<Settings>(&text).ok());
        let settings = settings.unwrap_or_default();
        let theme = match settings {
            Settings { system: true, .. } => ThemeChoice::System,
            Settings { light: true, .. } => ThemeChoice::Light,
            _ => ThemeChoice::Dark,
        };
        let view = View::ALL.get(settings.view).copied().unwrap_or_default();
        let lab_page = LabPage::ALL.get(settings.lab_page).copied().unwrap_or_default();
        let (document, problem) = match self.read("session.toml").map(|text| restore_project(&text)) {
            None => (self.start.clone().unwrap_or_else(Document::first_start), None),
            Some(Ok(document)) => (document, None),
            Some(Err(problem)) => (Document::first_start(), Some(self.set_aside(&problem))),
        };
        let panels = settings.panels.checked();
        Restored { document, view, lab_page, theme, device: settings.device, panels, problem }
    }

    /// Keeps a document.
    ///
    /// # Errors
    /// Which file could not be written, and why.
    pub fn keep(&self, document: &Document) -> Result<(), String> {
        self.write("session.toml", &print_project(&document.project()))
    }

    /// Keeps view, page of the lab, theme, device and panels.
    ///
    /// # Errors
    /// Which file could not be written, and why.
    pub fn keep_settings(
        &self,
        view: View,
        lab_page: LabPage,
        theme: ThemeChoice,
        device: DeviceKind,
        panels: Panels,
    ) -> Result<(), String> {
        let settings = Settings {
            light: theme == ThemeChoice::Light,
            system: theme == ThemeChoice::System,
            view: View::ALL.iter().position(|known| *known == view).unwrap_or(0),
            device,
            lab_page: LabPage::ALL.iter().position(|known| *known == lab_page).unwrap_or(0),
            panels,
        };
        self.write("settings.toml", &toml::to_string(&settings).unwrap_or_default())
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.as_ref()?.join(name)).ok()
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        match &self.folder {
            Some(folder) => write_whole(&folder.join(name), text.as_bytes()),
            None => Ok(()),
        }
    }

    fn set_aside(&self, problem: &str) -> String {
        let folder = self.folder.clone().unwrap_or_default();
        let aside = folder.join("session.unreadable.toml");
        // If even this fails, the file is still there until the next change is saved.
        let _ = std::fs::rename(folder.join("session.toml"), &aside);
        format!("The last session could not be read ({problem}); it is kept as {}", aside.display())
    }
}

fn restore_project(text: &str) -> Result<Document, String> {
    let project: Project = parse_project(text).map_err(|error| error.to_string())?;
    Document::of(&project).map_err(|error| error.to_string())
}

/// Writes a file whole or not at all: to a temporary file beside it, then renamed.
///
/// # Errors
/// The path and the system's reason.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let describe = |error: std::io::Error| format!("{}: {error}", path.display());
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(describe)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(describe)?;
    file.write_all(bytes).map_err(describe)?;
    file.persist(path).map_err(|error| describe(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desktop::document::Command;
    use crate::network::parse;

    #[test]
    fn a_session_comes_back_and_a_broken_one_is_set_aside() {
        let folder = tempfile::tempdir().expect("a folder");
        let session = Session::in_folder(folder.path().to_path_buf());
        let mut document = session.restore().document;
        document.apply(&Command::AddNetwork(parse("resnet18+sam").expect("parses"))).expect("valid");
        session.keep(&document).expect("writes");
        let mut panels = Panels::default();
        panels.left.width = 333.0;
        panels.right.is_open = false;
        session
            .keep_settings(View::Compare, LabPage::Atlas, ThemeChoice::Light, DeviceKind::Cuda, panels)
            .expect("writes");
        let restored = session.restore();
        assert_eq!(restored.document.project(), document.project());
        assert_eq!((restored.view, restored.theme), (View::Compare, ThemeChoice::Light));
        assert_eq!(restored.device, DeviceKind::Cuda);
        assert_eq!(restored.lab_page, LabPage::Atlas);
        assert_eq!(restored.panels, panels);
        assert!(restored.problem.is_none());

        std::fs::write(folder.path().join("session.toml"), "gatescope_project = 77").expect("writes");
        let broken = session.restore();
        assert_eq!(broken.document.project(), Project::default());
        assert!(broken.problem.expect("said").contains("session.unreadable.toml"));
        assert!(folder.path().join("session.unreadable.toml").exists());
    }
}
