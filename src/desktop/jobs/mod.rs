//! What the window has others do: questions to networks on a worker thread, so that the window never waits, and what
//! goes on beside them: downloads, files being opened, the lab.
//!
//! Every answer stands on a [`Shelf`] under its question; an answer to a question that the document does not ask any
//! more is never shown. One question is worked on at a time, so that nothing else runs while a network is measured.

mod catalogue;
mod download;
mod explained;
mod inspection;
mod lab;
mod opening;
mod shelf;
#[cfg(test)]
mod tests;
mod worker;

pub use catalogue::Catalogue;
pub use download::Download;
pub use explained::{Changed, Explained};
pub use inspection::Inspection;
pub use lab::{Begin, Ending, Lab, LabRun, LabShelf, StepPoint, Strip, Thumbnail, Training, Writable};
pub use opening::{OpenedFile, Pictures};
pub use shelf::{Answer, Phase, Running, Shelf, Ticket};

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use self::download::Downloads;
use self::opening::Openings;
use self::worker::Request;
use super::document::{Document, Network};
use crate::compute::engine::{DeviceKind, Timing};
use crate::compute::hub::Fetched;
use crate::compute::question::Question;

/// Bytes of inspections that are kept for undo and for switching back: one matrix over 56 × 56 positions is 39 MB, a
/// photo of twelve million pixels 36 MB.
const KEPT_INSPECTIONS: usize = 512 << 20;
/// The same of measurements.
const KEPT_MEASUREMENTS: usize = 4 << 20;
/// The same of explanations.
const KEPT_EXPLANATIONS: usize = 64 << 20;

/// A question, and where the network is to run for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What is asked.
    pub question: Question,
    /// Where it runs.
    pub device: DeviceKind,
}

impl Asked {
    /// Is it about this network as it is now?
    #[must_use]
    pub fn is_of(&self, network: &Network) -> bool {
        self.question == *network.question() || self.question == *network.time()
    }
}

impl Answer for Timing {
    fn bytes(&self) -> usize {
        self.memory()
    }
}

/// What the threads say.
pub(super) enum Event {
    Progress {
        ticket: u64,
        phase: Phase,
        fraction: f32,
    },
    /// `Err(None)` when it was cancelled.
    Inspected {
        ticket: u64,
        asked: Asked,
        outcome: Result<Box<Inspection>, Option<String>>,
    },
    /// `Err(None)` when it was cancelled.
    Measured {
        ticket: u64,
        asked: Asked,
        outcome: Result<Box<Timing>, Option<String>>,
    },
    /// `Err(None)` when it was cancelled.
    Explained {
        ticket: u64,
        asked: Asked,
        outcome: Result<Box<Explained>, Option<String>>,
    },
    Downloading {
        id: u64,
        fraction: f32,
    },
    /// `Err(None)` when it was cancelled.
    Fetched {
        id: u64,
        outcome: Result<Fetched, Option<String>>,
    },
    Opened(Box<OpenedFile>),
    Pictures(Pictures),
    /// The device asked for is not there: what runs, runs on the processor.
    NoDevice(String),
    Lab(lab::LabEvent),
    Counted(Catalogue),
}

/// How a thread tells the window something.
#[derive(Clone)]
pub(super) struct Reporter {
    outbox: Sender<Event>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Reporter {
    fn say(&self, event: Event) {
        // The window may be closing: nobody is left to tell.
        let _ = self.outbox.send(event);
        (self.wake)();
    }
}

/// What is asked, and everything that has been found.
pub struct Jobs {
    worker: Sender<Request>,
    events: Receiver<Event>,
    reporter: Reporter,
    device: DeviceKind,
    inspections: Shelf<Asked, Inspection>,
    measurements: Shelf<Asked, Timing>,
    /// What the view that is shown asks to be explained.
    explanations: Shelf<Asked, Explained>,
    wanted: Vec<Asked>,
    /// Measured only when somebody asks.
    to_measure: VecDeque<Asked>,
    /// Files may have changed: read them again.
    fresh: bool,
    downloads: Downloads,
    openings: Openings,
    lab: Lab,
    catalogue: catalogue::Counting,
    /// What went wrong and belongs to no inspection.
    problems: Vec<String>,
}

impl Jobs {
    /// Starts the worker; `wake` is called whenever there is news.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let (worker, inbox) = channel();
        let (outbox, events) = channel();
        let reporter = Reporter { outbox, wake: Arc::new(wake) };
        let to_window = reporter.clone();
        std::thread::Builder::new()
            .name("gatescope-worker".to_owned())
            .spawn(move || worker::run(&inbox, &to_window))?;
        Ok(Self {
            worker,
            events,
            reporter,
            device: DeviceKind::default(),
            inspections: Shelf::new(KEPT_INSPECTIONS),
            measurements: Shelf::new(KEPT_MEASUREMENTS),
            explanations: Shelf::new(KEPT_EXPLANATIONS),
            wanted: Vec::new(),
            to_measure: VecDeque::new(),
            fresh: false,
            downloads: Downloads::default(),
            openings: Openings::default(),
            lab: Lab::default(),
            catalogue: catalogue::Counting::default(),
            problems: Vec::new(),
        })
    }

    /// Takes in the news and asks for what the document lacks, the active network first.
    pub fn tend(&mut self, document: &Document) {
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
        let wanted: Vec<Asked> = document.networks().iter().map(|network| self.asked(network)).collect();
        let times: Vec<Asked> = document.networks().iter().map(|network| self.asked_time(network)).collect();
        self.inspections.tend(&wanted);
        self.measurements.tend(&times);
        self.explanations.tend(&self.wanted);
        self.to_measure.retain(|asked| times.contains(asked));
        let is_busy = self.inspections.running().is_some() || self.measurements.running().is_some();
        if is_busy || self.explanations.running().is_some() {
            return;
        }
        if let Some(asked) = self.to_measure.pop_front() {
            return self.begin_measurement(asked);
        }
        let active = document.active().map(|network| self.asked(network));
        let next = active.into_iter().chain(wanted).find(|asked| self.inspections.lacks(asked));
        if let Some(asked) = next {
            return self.begin_inspection(asked);
        }
        let next = self.wanted.iter().find(|asked| self.explanations.lacks(asked)).cloned();
        if let Some(asked) = next {
            self.begin_explanation(asked);
        }
    }

    fn begin_explanation(&mut self, asked: Asked) {
        let ticket = self.explanations.begin(asked.clone(), Phase::Explaining);
        let number = ticket.number;
        if self.worker.send(Request { asked: asked.clone(), ticket, fresh: false, opened: None }).is_err() {
            self.explanations.end(number, asked, Err(Some(NO_WORKER.to_owned())));
        }
    }

    fn begin_inspection(&mut self, asked: Asked) {
        let ticket = self.inspections.begin(asked.clone(), Phase::Picture);
        let opened = self.openings.take_file(asked.question.asked().weights.path());
        let fresh = std::mem::take(&mut self.fresh);
        let number = ticket.number;
        if self.worker.send(Request { asked: asked.clone(), ticket, fresh, opened }).is_err() {
            self.inspections.end(number, asked, Err(Some(NO_WORKER.to_owned())));
        }
    }

    fn begin_measurement(&mut self, asked: Asked) {
        let ticket = self.measurements.begin(asked.clone(), Phase::Measuring);
        let number = ticket.number;
        if self.worker.send(Request { asked: asked.clone(), ticket, fresh: false, opened: None }).is_err() {
            self.measurements.end(number, asked, Err(None));
            self.problems.push(NO_WORKER.to_owned());
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Progress { ticket, phase: Phase::Measuring, fraction } => {
                self.measurements.advance(ticket, Phase::Measuring, fraction);
            }
            Event::Progress { ticket, phase: Phase::Explaining, fraction } => {
                self.explanations.advance(ticket, Phase::Explaining, fraction);
            }
            Event::Progress { ticket, phase, fraction } => self.inspections.advance(ticket, phase, fraction),
            Event::Inspected { ticket, asked, outcome } => {
                self.inspections.end(ticket, asked, outcome.map(|inspection| *inspection));
            }
            Event::Measured { ticket, asked, outcome } => {
                let problem = outcome.as_ref().err().cloned().flatten();
                self.problems.extend(problem);
                self.measurements.end(ticket, asked, outcome.map(|timing| *timing).map_err(|_| None));
            }
            Event::Explained { ticket, asked, outcome } => {
                self.explanations.end(ticket, asked, outcome.map(|explained| *explained));
            }
            Event::Downloading { id, fraction } => self.downloads.advanced(id, fraction),
            Event::Fetched { id, outcome } => self.downloads.ended(id, outcome),
            Event::Opened(opened) => self.openings.take_in(*opened),
            Event::Pictures(pictures) => self.openings.take_in_pictures(pictures),
            Event::NoDevice(problem) => {
                self.fall_back();
                self.problems.push(problem);
            }
            Event::Lab(event) => self.take_lab(event),
            Event::Counted(catalogue) => self.catalogue.take(catalogue),
        }
    }

    /// What the document asks of a network.
    fn asked(&self, network: &Network) -> Asked {
        Asked { question: network.question().clone(), device: self.device }
    }

    fn asked_time(&self, network: &Network) -> Asked {
        Asked { question: network.time().clone(), device: self.device }
    }

    /// Asks for explanations in the place of those that were asked for before; are they others?
    pub fn want(&mut self, questions: Vec<Question>) -> bool {
        let wanted: Vec<Asked> =
            questions.into_iter().map(|question| Asked { question, device: DeviceKind::Cpu }).collect();
        let are_others = wanted != self.wanted;
        self.wanted = wanted;
        are_others
    }

    /// What was found out about a question.
    #[must_use]
    pub fn explained(&self, question: &Question) -> Option<&Arc<Explained>> {
        self.explanations.answer(&Asked { question: question.clone(), device: DeviceKind::Cpu })
    }

    /// Why a question could not be answered.
    #[must_use]
    pub fn unexplained(&self, question: &Question) -> Option<&str> {
        self.explanations.failure(&Asked { question: question.clone(), device: DeviceKind::Cpu })
    }

    /// The explanation in progress.
    #[must_use]
    pub fn explaining(&self) -> Option<&Running<Asked>> {
        self.explanations.running()
    }

    /// The inspection in progress.
    #[must_use]
    pub fn running(&self) -> Option<&Running<Asked>> {
        self.inspections.running()
    }

    /// A network's inspection, if it belongs to the document as it is now.
    #[must_use]
    pub fn inspection(&self, network: &Network) -> Option<&Arc<Inspection>> {
        self.inspections.answer(&self.asked(network))
    }

    /// Why a network could not be inspected.
    #[must_use]
    pub fn failure(&self, network: &Network) -> Option<&str> {
        self.inspections.failure(&self.asked(network))
    }

    /// Was a network's inspection stopped by the user?
    #[must_use]
    pub fn is_stopped(&self, network: &Network) -> bool {
        self.inspections.is_stopped(&self.asked(network))
    }

    /// Asks how long a network takes; what is known of it stays until there is news.
    pub fn measure(&mut self, network: &Network) {
        if !self.is_measured_soon(network) {
            self.to_measure.push_back(self.asked_time(network));
        }
    }

    /// How long a network takes, if it has been measured as it is now.
    #[must_use]
    pub fn measurement(&self, network: &Network) -> Option<&Arc<Timing>> {
        self.measurements.answer(&self.asked_time(network))
    }

    /// The measurement in progress.
    #[must_use]
    pub fn measuring(&self) -> Option<&Running<Asked>> {
        self.measurements.running()
    }

    /// Is a network being measured, or will it be?
    #[must_use]
    pub fn is_measured_soon(&self, network: &Network) -> bool {
        let asked = self.asked_time(network);
        self.to_measure.contains(&asked) || self.measuring().is_some_and(|running| running.question == asked)
    }

    /// Is there nothing left to do for this document?
    #[must_use]
    pub fn is_idle(&self, document: &Document) -> bool {
        let has_measured_all = self.to_measure.is_empty() && self.measuring().is_none();
        let has_inspected_all = document.networks().iter().all(|network| !self.inspections.lacks(&self.asked(network)));
        let has_explained_all = !self.wanted.iter().any(|asked| self.explanations.lacks(asked));
        let is_quiet =
            has_explained_all && self.downloads.are_idle() && self.openings.are_idle() && !self.catalogue.is_counting();
        self.running().is_none() && has_measured_all && has_inspected_all && is_quiet && !self.lab.is_reading()
    }

    /// Stops the download if there is one, else the measurement, else the inspection in progress; nothing is started
    /// again until the document changes or [`Self::rerun`].
    pub fn cancel(&mut self, document: &Document) {
        if self.downloads.stop() {
            return;
        }
        if self.explaining().is_some() {
            return self.explanations.stop(self.wanted.clone());
        }
        if !self.to_measure.is_empty() || self.measuring().is_some() {
            self.to_measure.clear();
            return self.measurements.cancel();
        }
        let wanted = document.networks().iter().map(|network| self.asked(network)).collect();
        self.inspections.stop(wanted);
    }

    /// Where networks run.
    #[must_use]
    pub fn device(&self) -> DeviceKind {
        self.device
    }

    /// Runs everything there from now on, but what has run there already.
    pub fn use_device(&mut self, device: DeviceKind) {
        self.device = device;
    }

    /// The device is not there: what was asked of it is done on the processor.
    fn fall_back(&mut self) {
        self.device = DeviceKind::Cpu;
        let on_the_processor = |asked: &mut Asked| asked.device = DeviceKind::Cpu;
        self.inspections.readdress(on_the_processor);
        self.measurements.readdress(on_the_processor);
        self.to_measure.iter_mut().for_each(on_the_processor);
    }

    /// What went wrong since this was last asked and belongs to no inspection.
    pub fn take_problems(&mut self) -> Vec<String> {
        std::mem::take(&mut self.problems)
    }

    /// Forgets a network's inspection or failure, so that it is run again; files are read again for it.
    pub fn rerun(&mut self, network: &Network) {
        let asked = self.asked(network);
        self.inspections.forget(&asked);
        // What was explained is of the files as they were.
        self.explanations.clear();
        self.fresh = true;
    }
}

/// What is said when the worker is gone.
const NO_WORKER: &str = "the worker has stopped; save your project and start gatescope again";
