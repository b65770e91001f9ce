//! Checkpoints are opened and recognised on threads of their own: a disk may be slow, the window never waits.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Event, Jobs};
use crate::compute::config::ModelConfig;
use crate::compute::imaging;
use crate::compute::weights::checkpoint::StateDict;
use crate::compute::weights::{Opened, WeightsError};

/// So many files wait, open, for the run that needs their weights.
const OPEN: usize = 4;

/// A checkpoint and which network it is of.
pub struct OpenedFile {
    /// The file.
    pub path: PathBuf,
    /// The file open and its network recognised, or why not.
    pub outcome: Result<Arc<Opened>, String>,
    /// The configuration that goes with it, or what is wrong with that.
    pub config: Result<Option<ModelConfig>, String>,
    /// The state_dicts of a file that has several.
    pub state_dicts: Vec<StateDict>,
}

impl OpenedFile {
    /// A file that could not be opened.
    fn failed(path: PathBuf, problem: String, state_dicts: Vec<StateDict>) -> Self {
        Self { path, outcome: Err(problem), config: Ok(None), state_dicts }
    }

    /// The network, its configuration, and the state_dicts where there are several.
    fn read(path: &Path) -> Self {
        let own = path.to_owned();
        let opened = match Opened::at(path) {
            Ok(opened) => opened,
            Err(WeightsError::Several { path, found, message }) => {
                return Self::failed(own, format!("{}: {message}", path.display()), found);
            }
            Err(error) => return Self::failed(own, error.to_string(), Vec::new()),
        };
        let state_dicts = opened.file().state_dicts().to_vec();
        let config = ModelConfig::of_checkpoint(opened.file()).map_err(|error| error.to_string());
        let refused = opened.recognised().err().map(ToString::to_string);
        let outcome = refused.map_or_else(|| Ok(Arc::new(opened)), Err);
        Self { path: own, outcome, config, state_dicts }
    }
}

/// Files being opened, and those that have been.
#[derive(Default)]
pub(super) struct Openings {
    running: usize,
    opened: Vec<OpenedFile>,
    /// Files that wait for a run with their weights.
    files: Vec<Arc<Opened>>,
    /// Pictures that have been looked at.
    pictures: Vec<Pictures>,
}

impl Openings {
    pub(super) fn are_idle(&self) -> bool {
        self.running == 0 && self.opened.is_empty() && self.pictures.is_empty()
    }

    pub(super) fn take_in(&mut self, opened: OpenedFile) {
        self.running = self.running.saturating_sub(1);
        if let Ok(file) = &opened.outcome {
            self.files.push(file.clone());
            let surplus = self.files.len().saturating_sub(OPEN);
            self.files.drain(..surplus);
        }
        self.opened.push(opened);
    }

    pub(super) fn take_in_pictures(&mut self, pictures: Pictures) {
        if matches!(pictures, Pictures::All { .. }) {
            self.running = self.running.saturating_sub(1);
        }
        self.pictures.push(pictures);
    }

    /// The file of this path as it was opened. It is handed on once: whoever reads it later opens it as it is then.
    pub(super) fn take_file(&mut self, path: Option<&Path>) -> Option<Arc<Opened>> {
        let position = self.files.iter().rposition(|opened| Some(opened.file().path()) == path)?;
        Some(self.files.remove(position))
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
        self.openings.running += 1;
        let reporter = self.reporter.clone();
        let run = move || {
            let say = |pictures| reporter.say(Event::Pictures(pictures));
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
            self.openings.take_in_pictures(Pictures::All { good: Vec::new(), bad });
        }
    }

    /// Pictures that have been looked at since this was last asked.
    pub fn take_pictures(&mut self) -> Vec<Pictures> {
        std::mem::take(&mut self.openings.pictures)
    }

    /// Starts to read which network a checkpoint is of.
    pub fn open_checkpoint(&mut self, path: PathBuf) {
        self.openings.running += 1;
        let (reporter, file) = (self.reporter.clone(), path.clone());
        let run = move || {
            let opened = std::panic::catch_unwind(|| OpenedFile::read(&file)).unwrap_or_else(|_| {
                let problem = format!("{}: reading it broke off unexpectedly; please report it", file.display());
                OpenedFile::failed(file.clone(), problem, Vec::new())
            });
            reporter.say(Event::Opened(Box::new(opened)));
        };
        if let Err(error) = std::thread::Builder::new().name("gatescope-opening".to_owned()).spawn(run) {
            let problem = format!("{}: no thread to open it with ({error})", path.display());
            self.openings.take_in(OpenedFile::failed(path, problem, Vec::new()));
        }
    }

    /// What has been opened since this was last asked.
    pub fn take_opened(&mut self) -> Vec<OpenedFile> {
        std::mem::take(&mut self.openings.opened)
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
