//! Checkpoints are opened and recognised on threads of their own: a disk may be slow, the window never waits.

use std::path::PathBuf;

use super::{Event, Jobs};
use crate::compute::weights::{Checkpoint, Recognised, recognise};

/// A checkpoint and which network it is of.
pub struct Opened {
    /// The file.
    pub path: PathBuf,
    /// The network, or why none is recognised.
    pub outcome: Result<Box<Recognised>, String>,
}

impl Jobs {
    /// Starts to read which network a checkpoint is of.
    pub fn open_checkpoint(&mut self, path: PathBuf) {
        self.opening += 1;
        let (outbox, wake, file) = (self.outbox.clone(), self.wake.clone(), path.clone());
        let run = move || {
            let read = || recognise(&Checkpoint::open(&file)?);
            let outcome = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)) {
                Ok(outcome) => outcome.map(Box::new).map_err(|error| error.to_string()),
                Err(_) => Err(format!("{}: reading it broke off unexpectedly; please report it", file.display())),
            };
            // The window may be closing: nobody is left to tell.
            let _ = outbox.send(Event::Opened(Box::new(Opened { path: file, outcome })));
            wake();
        };
        if let Err(error) = std::thread::Builder::new().name("gatescope-opening".to_owned()).spawn(run) {
            let outcome = Err(format!("{}: no thread to open it with ({error})", path.display()));
            self.take_in_opened(Opened { path, outcome });
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
