//! The lab: training and experiments on a thread of their own, one at a time, beside inspections.

mod state;
mod work;

pub use state::{Ending, Lab, LabRun, Shelf, StepPoint, Strip, Thumbnail, Training};

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Event, Jobs};
use crate::compute::lab::data::Source;
use crate::compute::lab::experiments::atlas::{AtlasResult, Order};
use crate::compute::lab::experiments::attention::AttentionResult;
use crate::compute::lab::experiments::degradation::DegradationResult;
use crate::compute::lab::experiments::{EpochPoint, Progress};
use crate::desktop::document::LabTask;
use work::Trained;

/// What the lab's thread says.
pub(in crate::desktop) enum LabEvent {
    Progress {
        id: u64,
        progress: Progress,
    },
    Step {
        id: u64,
        point: StepPoint,
    },
    Epochs {
        id: u64,
        epochs: Vec<EpochPoint>,
    },
    Degradation {
        id: u64,
        result: Arc<DegradationResult>,
    },
    Attention {
        id: u64,
        result: Arc<AttentionResult>,
    },
    Atlas {
        id: u64,
        result: Arc<AtlasResult>,
    },
    /// `Err(None)` when it was stopped; a trained network's file otherwise.
    Ended {
        id: u64,
        outcome: Result<Option<Trained>, Option<String>>,
    },
    Strip {
        source: Source,
        outcome: Result<Vec<Thumbnail>, String>,
    },
    /// Files were written, or why not.
    Written(Result<String, String>),
}

/// A result to be written.
pub enum Writable {
    /// Plain against residual.
    Degradation(Arc<DegradationResult>),
    /// Every attention.
    Attention(Arc<AttentionResult>),
    /// Channel gates by class, in an order.
    Atlas(Arc<AtlasResult>, Order),
}

/// How a run is held and stopped.
#[derive(Clone, Default)]
pub(in crate::desktop::jobs) struct Flags {
    cancelled: Arc<AtomicBool>,
    held: Arc<AtomicBool>,
}

impl Jobs {
    /// The lab: what runs there and what it found.
    #[must_use]
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// Starts a run; one in progress is stopped for it.
    pub fn start_lab(&mut self, task: LabTask) {
        self.stop_lab();
        let (id, flags) = self.lab.begin(&task);
        let (outbox, wake) = (self.outbox.clone(), self.wake.clone());
        let run = move || {
            let say = |event| {
                // The window may be closing: nobody is left to tell.
                let _ = outbox.send(Event::Lab(event));
                wake();
            };
            let working = || work::run(id, &task, &flags, &say);
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(working));
            let broken = || Err(Some("the run broke off unexpectedly; please report it".to_owned()));
            say(LabEvent::Ended { id, outcome: outcome.unwrap_or_else(|_| broken()) });
        };
        if let Err(error) = std::thread::Builder::new().name("gatescope-lab".to_owned()).spawn(run) {
            let outcome = Err(Some(format!("no thread to run on ({error}); close other programs and try again")));
            self.take_lab(LabEvent::Ended { id, outcome });
        }
    }

    /// Holds the run in progress, or lets it go on.
    pub fn hold_lab(&mut self, hold: bool) {
        self.lab.hold(hold);
    }

    /// Stops the run in progress; what it found so far stays.
    pub fn stop_lab(&mut self) {
        if let Some(running) = self.lab.running() {
            running.flags.cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Makes thumbnails of a data set's training pictures.
    pub fn preview_lab(&mut self, source: Source) {
        self.lab.await_strip(source.clone());
        let (outbox, wake) = (self.outbox.clone(), self.wake.clone());
        let of = source.clone();
        let run = move || {
            let outcome = work::thumbnails(&of).map_err(|error| error.to_string());
            // The window may be closing: nobody is left to tell.
            let _ = outbox.send(Event::Lab(LabEvent::Strip { source: of, outcome }));
            wake();
        };
        if std::thread::Builder::new().name("gatescope-preview".to_owned()).spawn(run).is_err() {
            self.take_lab(LabEvent::Strip { source, outcome: Err("no thread to read pictures with".to_owned()) });
        }
    }

    /// Writes a result's files into a folder.
    pub fn write_lab(&mut self, result: Writable, folder: PathBuf) {
        let (outbox, wake) = (self.outbox.clone(), self.wake.clone());
        let run = move || {
            let written = match result {
                Writable::Degradation(result) => result.write(&folder),
                Writable::Attention(result) => result.write(&folder),
                Writable::Atlas(result, order) => result.write(&folder, order),
            };
            let said = written
                .map(|files| format!("Wrote {} files into {}", files.len(), folder.display()))
                .map_err(|error| error.to_string());
            // The window may be closing: nobody is left to tell.
            let _ = outbox.send(Event::Lab(LabEvent::Written(said)));
            wake();
        };
        if std::thread::Builder::new().name("gatescope-writing".to_owned()).spawn(run).is_err() {
            self.take_lab(LabEvent::Written(Err("no thread to write files with".to_owned())));
        }
    }

    /// What has been written or has failed since this was last asked.
    pub fn take_lab_news(&mut self) -> Vec<Result<String, String>> {
        self.lab.take_news()
    }

    pub(super) fn take_lab(&mut self, event: LabEvent) {
        self.lab.take(event);
    }
}
