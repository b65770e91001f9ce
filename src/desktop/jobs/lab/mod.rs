//! The lab: training and experiments on a thread of their own, one at a time, beside inspections.

mod state;
mod work;

pub use state::{Ending, Lab, LabRun, LabShelf, StepPoint, Strip, Thumbnail, Training};

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Event, Jobs};
use crate::compute::lab::data::Source;
use crate::compute::lab::experiments::atlas::{AtlasResult, Order};
use crate::compute::lab::experiments::attention::AttentionResult;
use crate::compute::lab::experiments::degradation::DegradationResult;
use crate::compute::lab::experiments::{EpochPoint, Progress};
use crate::compute::lab::training::Interrupted;
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
    /// The trainings that can be continued.
    Interrupted(Vec<Interrupted>),
    /// What is to be known of a training's pictures.
    Notes {
        id: u64,
        notes: Vec<String>,
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

/// Where a training begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Where the same run was stopped, else at the beginning.
    GoesOn,
    /// At the beginning, under a new name.
    Anew,
    /// With this checkpoint and no other.
    With(PathBuf),
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

    /// Starts a run; one in progress is stopped for it. A training that was stopped goes on where it was.
    pub fn start_lab(&mut self, task: LabTask) {
        self.begin_lab(task, Begin::GoesOn);
    }

    /// Starts a run in this way; one in progress is stopped for it.
    pub fn begin_lab(&mut self, task: LabTask, begin: Begin) {
        self.stop_lab();
        let (id, flags) = self.lab.begin(&task, begin != Begin::Anew);
        let reporter = self.reporter.clone();
        let run = move || {
            let say = |event| reporter.say(Event::Lab(event));
            let working = || work::run(id, &task, &begin, &flags, &say);
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(working));
            let broken = || Err(Some("the run broke off unexpectedly; please report it".to_owned()));
            if let LabTask::Train(task) = &task
                && let Some(folder) = task.out.as_deref().and_then(Path::parent)
            {
                say(LabEvent::Interrupted(Interrupted::all_in(folder)));
            }
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

    /// Looks for trainings that were stopped, or broke off, in a folder.
    pub fn look_for_interrupted(&mut self, folder: PathBuf) {
        let reporter = self.reporter.clone();
        let look = move || reporter.say(Event::Lab(LabEvent::Interrupted(Interrupted::all_in(&folder))));
        // Without a thread they are found when the next training ends.
        let _ = std::thread::Builder::new().name("gatescope-looking".to_owned()).spawn(look);
    }

    /// Makes thumbnails of a data set's training pictures.
    pub fn preview_lab(&mut self, source: Source) {
        self.lab.await_strip(source.clone());
        let reporter = self.reporter.clone();
        let of = source.clone();
        let run = move || {
            let outcome = work::thumbnails(&of).map_err(|error| error.to_string());
            reporter.say(Event::Lab(LabEvent::Strip { source: of, outcome }));
        };
        if std::thread::Builder::new().name("gatescope-preview".to_owned()).spawn(run).is_err() {
            self.take_lab(LabEvent::Strip { source, outcome: Err("no thread to read pictures with".to_owned()) });
        }
    }

    /// Writes a result's files into a folder.
    pub fn write_lab(&mut self, result: Writable, folder: PathBuf) {
        let reporter = self.reporter.clone();
        let run = move || {
            let written = match result {
                Writable::Degradation(result) => result.write(&folder),
                Writable::Attention(result) => result.write(&folder),
                Writable::Atlas(result, order) => result.write(&folder, order),
            };
            let said = written
                .map(|files| format!("Wrote {} files into {}", files.len(), folder.display()))
                .map_err(|error| error.to_string());
            reporter.say(Event::Lab(LabEvent::Written(said)));
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
