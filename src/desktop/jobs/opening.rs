//! Checkpoints are opened and recognised on threads of their own: a disk may be slow, the window never waits.

use std::path::{Path, PathBuf};

use super::{Event, Jobs};
use crate::compute::imaging;
use crate::compute::weights::checkpoint::StateDict;
use crate::compute::weights::{Checkpoint, Recognised, WeightsError, recognise};

/// A checkpoint and which network it is of.
pub struct Opened {
    /// The file.
    pub path: PathBuf,
    /// The network, or why none is recognised.
    pub outcome: Result<Box<Recognised>, String>,
    /// The state_dicts of a file that has several.
    pub state_dicts: Vec<StateDict>,
}

/// The network, and the state_dicts where there are several.
fn read(path: &Path) -> (Result<Box<Recognised>, String>, Vec<StateDict>) {
    match Checkpoint::open(path) {
        Ok(file) => {
            let outcome = recognise(&file).map(Box::new).map_err(|error| error.to_string());
            (outcome, file.state_dicts().to_vec())
        }
        Err(WeightsError::Several { path, found, message }) => (Err(format!("{}: {message}", path.display())), found),
        Err(error) => (Err(error.to_string()), Vec::new()),
    }
}

/// Pictures that were given together, each looked at.
pub enum Pictures {
    /// The first that can be read.
    First(PathBuf),
    /// All of them.
    All {
        /// Those that can be read, in their order.
        good: Vec<PathBuf>,
        /// Why the others are left out, each named.
        bad: Vec<String>,
    },
}

impl Jobs {
    /// Starts to look at pictures, so that none takes the place of one that can be seen and cannot be read itself.
    /// A folder stands for the files in it.
    pub fn open_pictures(&mut self, paths: Vec<PathBuf>) {
        self.opening += 1;
        let (outbox, wake) = (self.outbox.clone(), self.wake.clone());
        let run = move || {
            let say = |pictures| {
                // The window may be closing: nobody is left to tell.
                let _ = outbox.send(Event::Pictures(pictures));
                wake();
            };
            let (mut good, mut bad) = (Vec::new(), Vec::new());
            let files_in = |path: PathBuf| {
                let files = files(&path);
                (!files.is_empty())
                    .then_some(files)
                    .ok_or_else(|| format!("{}: a folder without files", path.display()))
            };
            let (listed, empty): (Vec<_>, Vec<_>) = paths.into_iter().map(files_in).partition(Result::is_ok);
            bad.extend(empty.into_iter().filter_map(Result::err));
            for path in listed.into_iter().flatten().flatten() {
                match look(&path) {
                    Ok(()) if good.is_empty() => {
                        say(Pictures::First(path.clone()));
                        good.push(path);
                    }
                    Ok(()) => good.push(path),
                    Err(problem) => bad.push(problem),
                }
            }
            say(Pictures::All { good, bad });
        };
        if let Err(error) = std::thread::Builder::new().name("gatescope-pictures".to_owned()).spawn(run) {
            let bad = vec![format!("no thread to open pictures with ({error})")];
            self.take_in_pictures(Pictures::All { good: Vec::new(), bad });
        }
    }

    /// Pictures that have been looked at since this was last asked.
    pub fn take_pictures(&mut self) -> Vec<Pictures> {
        std::mem::take(&mut self.pictures)
    }

    pub(super) fn take_in_pictures(&mut self, pictures: Pictures) {
        if matches!(pictures, Pictures::All { .. }) {
            self.opening = self.opening.saturating_sub(1);
        }
        self.pictures.push(pictures);
    }

    /// Starts to read which network a checkpoint is of.
    pub fn open_checkpoint(&mut self, path: PathBuf) {
        self.opening += 1;
        let (outbox, wake, file) = (self.outbox.clone(), self.wake.clone(), path.clone());
        let run = move || {
            let (outcome, state_dicts) = match std::panic::catch_unwind(|| read(&file)) {
                Ok(read) => read,
                Err(_) => {
                    let problem = format!("{}: reading it broke off unexpectedly; please report it", file.display());
                    (Err(problem), Vec::new())
                }
            };
            // The window may be closing: nobody is left to tell.
            let _ = outbox.send(Event::Opened(Box::new(Opened { path: file, outcome, state_dicts })));
            wake();
        };
        if let Err(error) = std::thread::Builder::new().name("gatescope-opening".to_owned()).spawn(run) {
            let outcome = Err(format!("{}: no thread to open it with ({error})", path.display()));
            self.take_in_opened(Opened { path, outcome, state_dicts: Vec::new() });
        }
    }

    /// What has been opened since this was last asked.
    pub fn take_opened(&mut self) -> Vec<Opened> {
        std::mem::take(&mut self.opened)
    }

    pub(super) fn take_in_opened(&mut self, opened: Opened) {
        self.opening = self.opening.saturating_sub(1);
        self.opened.push(opened);
    }
}

/// A folder's files in the order of their names, without hidden ones; a file is itself.
fn files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.is_file() && !is_hidden(path)).collect();
    files.sort();
    files
}

/// Can the picture be read? The message names it.
fn look(path: &Path) -> Result<(), String> {
    let looking = || imaging::open(path).map(drop).map_err(|error| error.to_string());
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(looking));
    let outcome = outcome.unwrap_or_else(|_| Err("reading it broke off unexpectedly; please report it".to_owned()));
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    outcome.map_err(|problem| if problem.contains(&name) { problem } else { format!("{}: {problem}", path.display()) })
}
