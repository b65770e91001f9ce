//! Checkpoints are opened and recognised on threads of their own: a disk may be slow, the window never waits.

use std::path::{Path, PathBuf};

use super::{Event, Jobs};
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

impl Jobs {
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
