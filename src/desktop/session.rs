//! What is kept between starts: the project, the view, the theme. Written as it changes, so a crash loses nothing.
//!
//! Each window has a session of its own and holds its lock ([`place`]): two of them never write the same file. A file
//! that cannot be read is set aside under a new name and never overwritten.

mod place;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use self::place::Place;
use super::document::{Document, LabPage, Project, ThemeChoice, View, parse_project, print_project};
use super::panels::Panels;
use crate::compute::engine::DeviceKind;

/// Where the session lives; no folder keeps nothing (tests, systems without a home).
#[derive(Clone, Debug, Default)]
pub struct Session {
    folder: Option<PathBuf>,
    place: Arc<Place>,
    start: Option<Document>,
    /// A file that cannot be read could not be set aside either: nothing is written over it.
    is_blocked: Arc<AtomicBool>,
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
        eframe::storage_dir(name).map_or_else(Self::default, Self::in_folder)
    }

    /// In this folder, beside the sessions of other windows that are open.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        let place = Arc::new(Place::take(&folder));
        Self { folder: Some(folder), place, ..Self::default() }
    }

    /// Keeps nothing and begins with this document.
    #[must_use]
    pub fn beginning_with(document: Document) -> Self {
        Self { start: Some(document), ..Self::default() }
    }

    /// The folder, if anything is kept.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Reads what was kept. A file that cannot be read is set aside, never overwritten.
    #[must_use]
    pub fn restore(&self) -> Restored {
        let mut problems: Vec<String> = self.place.problem.clone().into_iter().collect();
        let settings = self.read("settings", &mut problems, |text| {
            toml::from_str::<Settings>(text).map_err(|error| error.message().to_owned())
        });
        let document = self.read("session", &mut problems, restore_project);
        let settings = settings.or_else(|| self.settings_of_the_first()).unwrap_or_default();
        let theme = match settings {
            Settings { system: true, .. } => ThemeChoice::System,
            Settings { light: true, .. } => ThemeChoice::Light,
            _ => ThemeChoice::Dark,
        };
        let view = View::ALL.get(settings.view).copied().unwrap_or_default();
        let lab_page = LabPage::ALL.get(settings.lab_page).copied().unwrap_or_default();
        let document = document.or_else(|| self.start.clone()).unwrap_or_else(Document::first_start);
        let panels = settings.panels.checked();
        let problem = (!problems.is_empty()).then(|| problems.join(" "));
        Restored { document, view, lab_page, theme, device: settings.device, panels, problem }
    }

    /// Keeps a document.
    ///
    /// # Errors
    /// Which file could not be written, and why.
    pub fn keep(&self, document: &Document) -> Result<(), String> {
        self.write("session", &print_project(&document.project()))
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
        self.write("settings", &toml::to_string(&settings).unwrap_or_default())
    }

    /// A second window begins with the theme of the first.
    fn settings_of_the_first(&self) -> Option<Settings> {
        let path = self.folder.as_ref()?.join("settings.toml");
        toml::from_str(&std::fs::read_to_string(path).ok()?).ok()
    }

    /// A file of this window's session; what cannot be read, for whatever reason, is set aside and told.
    fn read<T>(&self, what: &str, problems: &mut Vec<String>, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let folder = self.folder.as_ref()?;
        let path = folder.join(self.place.file(what));
        // A broken link is something as well.
        std::fs::symlink_metadata(&path).ok()?;
        match read_text(&path).and_then(|text| parse(&text)) {
            Ok(value) => Some(value),
            Err(problem) => {
                problems.push(self.set_aside(&path, &problem));
                None
            }
        }
    }

    fn write(&self, what: &str, text: &str) -> Result<(), String> {
        match &self.folder {
            Some(_) if self.is_blocked.load(Ordering::Relaxed) => Ok(()),
            Some(folder) => write_whole(&folder.join(self.place.file(what)), text.as_bytes()),
            None => Ok(()),
        }
    }

    /// Gives a file that cannot be read the first free name; in words, what became of it.
    fn set_aside(&self, path: &Path, problem: &str) -> String {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let numbered = |number: usize| match number {
            1 => path.with_file_name(format!("{stem}.unreadable.toml")),
            _ => path.with_file_name(format!("{stem}.unreadable-{number}.toml")),
        };
        let free = (1..100_000).map(numbered).find(|aside| std::fs::symlink_metadata(aside).is_err());
        let renamed = match &free {
            Some(aside) => std::fs::rename(path, aside),
            None => Err(std::io::Error::other("every name is taken")),
        };
        let aside = free.unwrap_or_default();
        match renamed {
            Ok(()) => {
                format!("The last {stem} could not be read ({problem}); it is kept as {}.", aside.display())
            }
            Err(error) => {
                self.is_blocked.store(true, Ordering::Relaxed);
                format!(
                    "The last {stem} could not be read ({problem}) nor set aside ({error}): it stays as it is, and \
                     nothing of this sitting is kept. Move {} away.",
                    path.display()
                )
            }
        }
    }
}

/// A file's text, or why there is none.
fn read_text(path: &Path) -> Result<String, String> {
    if path.is_dir() {
        return Err("a folder has its name".to_owned());
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| format!("not UTF-8 from byte {} on", error.utf8_error().valid_up_to()))
}

fn restore_project(text: &str) -> Result<Document, String> {
    let project: Project = parse_project(text).map_err(|error| error.to_string())?;
    Ok(Document::of(&project))
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
    use crate::network::Model;

    #[test]
    fn a_session_comes_back_and_a_broken_one_is_set_aside() {
        let folder = tempfile::tempdir().expect("a folder");
        let session = Session::in_folder(folder.path().to_path_buf());
        let mut document = session.restore().document;
        document.apply(&Command::AddNetwork(Model::parse("resnet18+sam").expect("parses"))).expect("valid");
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

    /// What is in the way, by name: how it is made, and a word of what is said.
    type Unreadable = (&'static str, fn(&Path), &'static str);

    #[test]
    fn whatever_cannot_be_read_is_set_aside_under_a_new_name_each_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("session.toml");
        let cases: [Unreadable; 4] = [
            ("not UTF-8", |path| std::fs::write(path, b"gatescope_project = 1\n\xFF\xFE").expect("writes"), "UTF-8"),
            ("another version", |path| std::fs::write(path, "gatescope_project = 77").expect("writes"), "77"),
            ("cut", |path| std::fs::write(path, "gatescope_project = 1\n[[networ").expect("writes"), "could not"),
            ("a folder", |path| std::fs::create_dir(path).expect("a folder"), "folder"),
        ];
        let aside = ["", "-2", "-3", "-4"].map(|n| folder.path().join(format!("session.unreadable{n}.toml")));
        for ((name, spoil, word), aside) in cases.into_iter().zip(&aside) {
            spoil(&file);
            let before = std::fs::read(&file).ok();
            let session = Session::in_folder(folder.path().to_path_buf());
            let said = session.restore().problem.expect(name);
            assert!(said.contains(word) && said.contains(&aside.display().to_string()), "{name}: {said}");
            session.keep(&Document::first_start()).expect("writes");
            assert_eq!(std::fs::read(aside).ok(), before, "{name}");
            assert!(session.restore().problem.is_none());
            std::fs::remove_file(&file).expect("is there");
        }
        assert!(aside.iter().all(|path| path.exists()), "a later one took an earlier one's name");
    }

    #[test]
    fn two_windows_keep_two_sessions_and_the_last_one_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let with = |spec: &str| {
            let mut document = Document::first_start();
            document.apply(&Command::AddNetwork(Model::parse(spec).expect(spec))).expect("valid");
            document
        };
        let (one, two) = (with("resnet18+sam"), with("resnet34+eca"));
        let first = Session::in_folder(folder.path().to_path_buf());
        assert!(first.restore().problem.is_none());
        first.keep(&one).expect("writes");
        let second = Session::in_folder(folder.path().to_path_buf());
        assert!(second.restore().problem.expect("said").contains("session-2.toml"));
        second.keep(&two).expect("writes");
        assert_eq!(first.restore().document.project(), one.project());
        assert_eq!(second.restore().document.project(), two.project());
        drop((first, second));
        // The clocks of file systems are coarse.
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
        let newest = std::fs::File::options().write(true).open(folder.path().join("session-2.toml")).expect("opens");
        newest.set_modified(later).expect("sets");
        let again = Session::in_folder(folder.path().to_path_buf());
        let restored = again.restore();
        assert_eq!((restored.document.project(), restored.problem), (two.project(), None));
        let beside = Session::in_folder(folder.path().to_path_buf()).restore();
        assert_eq!(beside.document.project(), one.project(), "the other is not lost either");
    }
}
