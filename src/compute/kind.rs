//! What a path is: decided here once, by content first, so that every command and the window say the same of it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::weights::bundled::is_bundled;
use super::weights::checkpoint::{EXTENSIONS, entrance, is_checkpoint, state_dicts};

/// How much of a file's beginning is looked at.
const LOOKED_AT: u64 = 4096;

/// What something on the disk is to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing is there.
    Absent,
    /// A folder without a checkpoint in it.
    Folder,
    /// A network as TOML.
    Spec,
    /// What the window saves: networks, weights, a picture.
    Project,
    /// A picture of a format that has a name.
    Picture,
    /// Weights, of one file or several, or a file that is called as weights are.
    Checkpoint,
    /// Anything else: [`Checkpoint::open`](super::weights::Checkpoint::open) says what.
    Other,
}

impl Kind {
    /// What is there.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        if is_bundled(path) {
            return Self::Checkpoint;
        }
        let (file, _) = state_dicts::split(path);
        let file = entrance(&file);
        let Ok(about) = std::fs::metadata(&file) else { return Self::Absent };
        if about.is_dir() {
            return Self::Folder;
        }
        let extension = file.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let head = if about.is_file() { head(&file) } else { Vec::new() };
        match extension.as_deref() {
            _ if is_checkpoint(&head) => Self::Checkpoint,
            Some("toml") => Self::of_text(&head).unwrap_or(Self::Spec),
            Some(extension) if EXTENSIONS.contains(&extension) => Self::Checkpoint,
            _ if image::guess_format(&head).is_ok() => Self::Picture,
            _ => Self::of_text(&head).unwrap_or(Self::Other),
        }
    }

    /// Is it opened as weights, if only to be told what else it is?
    #[must_use]
    pub fn is_for_weights(self) -> bool {
        matches!(self, Self::Folder | Self::Picture | Self::Checkpoint | Self::Other)
    }

    /// A spec or a project by the line that gives its version.
    fn of_text(head: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(head);
        let mut lines = text.trim_start_matches('\u{FEFF}').lines().map(str::trim_start);
        lines.find_map(|line| match line {
            _ if line.starts_with("gatescope_project") => Some(Self::Project),
            _ => line.strip_prefix("gatescope")?.trim_start().starts_with('=').then_some(Self::Spec),
        })
    }
}

fn head(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    // What cannot be read is said by what opens it.
    let _ = File::open(path).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut head));
    head
}

/// The file that stands for a folder: its checkpoint or its index, if it has one of the usual name.
#[must_use]
pub fn opened_as(path: &Path) -> PathBuf {
    if path.is_dir() { entrance(path) } else { path.to_path_buf() }
}
