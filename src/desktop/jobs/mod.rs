//! The worker thread: inspections and measurements run here, so that the window never waits.
//!
//! One of them at a time; a download goes on beside it, so that a slow network holds nothing up, and so does the
//! recognition of a checkpoint. Every result carries the [`InspectionKey`] it belongs to; a result whose key no longer
//! matches the document is never shown.

mod catalogue;
mod download;
mod inspection;
mod lab;
mod measuring;
mod opening;
#[cfg(test)]
mod tests;
mod worker;

pub use catalogue::Catalogue;
pub use download::Download;
pub use inspection::{Inspection, InspectionKey};
pub use lab::{Begin, Ending, Lab, LabRun, Shelf, StepPoint, Strip, Thumbnail, Training, Writable};
pub use measuring::{MeasureKey, Measurement, Measuring};
pub use opening::{Opened, Pictures};

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use self::measuring::{Measure, Measurements};
use super::document::{Document, Network};
use crate::compute::engine::DeviceKind;
use crate::compute::hub::{Fetched, Hub, Reference};
use crate::network::Graph;

/// How many finished inspections are kept for undo and for switching back.
const KEPT: usize = 12;
/// How much memory the gates of those may take that no network of the document needs: one matrix over 56 × 56
/// positions is 39 MB.
const KEPT_BYTES: usize = 512 << 20;

/// What the worker is asked to do.
pub(super) enum Request {
    Inspect(Box<Inspect>),
    Measure(Measure),
}

/// What the worker is asked to inspect.
pub(super) struct Inspect {
    pub(super) key: InspectionKey,
    pub(super) device: DeviceKind,
    pub(super) graph: Arc<Graph>,
    pub(super) cancelled: Arc<AtomicBool>,
    /// Files may have changed: read them again.
    pub(super) fresh: bool,
}

/// What the worker says.
pub(super) enum Event {
    Progress {
        key: InspectionKey,
        phase: Phase,
        fraction: f32,
    },
    Done(Box<Inspection>),
    Failed {
        key: InspectionKey,
        message: String,
    },
    Cancelled(InspectionKey),
    Downloading {
        id: u64,
        fraction: f32,
    },
    /// `Err(None)` when it was cancelled.
    Fetched {
        id: u64,
        outcome: Result<Fetched, Option<String>>,
    },
    Opened(Box<Opened>),
    Pictures(Pictures),
    Measuring(f32),
    /// `Err(None)` when it was cancelled.
    Measured(Result<Box<Measurement>, Option<String>>),
    /// The device asked for is not there: what runs, runs on the processor.
    NoDevice(String),
    Lab(lab::LabEvent),
    Counted(Catalogue),
}

/// What a job is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading the picture.
    Picture,
    /// Reading or making the weights.
    Weights,
    /// Running the network.
    Inference,
}

impl Phase {
    /// In words, for the status bar.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Picture => "reading the picture",
            Self::Weights => "preparing weights",
            Self::Inference => "inferring",
        }
    }
}

/// The job in progress.
pub struct Running {
    /// What it belongs to.
    pub key: InspectionKey,
    /// What it is busy with.
    pub phase: Phase,
    /// How far it is, 0 to 1.
    pub fraction: f32,
    cancelled: Arc<AtomicBool>,
}

/// The worker and everything it has found.
pub struct Jobs {
    requests: Sender<Request>,
    events: Receiver<Event>,
    running: Option<Running>,
    finished: VecDeque<Arc<Inspection>>,
    failed: Vec<(InspectionKey, String)>,
    /// Stopped by the user: not started again until something changes.
    stopped: Vec<InspectionKey>,
    fresh: bool,
    outbox: Sender<Event>,
    wake: Arc<dyn Fn() + Send + Sync>,
    hub: Option<Hub>,
    download: Option<Download>,
    fetched: Vec<Result<Fetched, String>>,
    downloads: u64,
    /// Checkpoints whose names and shapes are being read.
    opening: usize,
    opened: Vec<Opened>,
    /// Pictures that have been looked at.
    pictures: Vec<Pictures>,
    measurements: Measurements,
    device: DeviceKind,
    /// What went wrong and belongs to no inspection.
    problems: Vec<String>,
    lab: Lab,
    catalogue: Option<Catalogue>,
    is_counting: bool,
}

impl Jobs {
    /// Starts the worker; `wake` is called whenever there is news.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let (requests, inbox) = channel();
        let (outbox, events) = channel();
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(wake);
        let (to_window, waker) = (outbox.clone(), wake.clone());
        std::thread::Builder::new()
            .name("gatescope-worker".to_owned())
            .spawn(move || worker::run(&inbox, &to_window, &*waker))?;
        Ok(Self {
            requests,
            events,
            running: None,
            finished: VecDeque::new(),
            failed: Vec::new(),
            stopped: Vec::new(),
            fresh: false,
            outbox,
            wake,
            hub: None,
            download: None,
            fetched: Vec::new(),
            downloads: 0,
            opening: 0,
            opened: Vec::new(),
            pictures: Vec::new(),
            measurements: Measurements::default(),
            device: DeviceKind::default(),
            problems: Vec::new(),
            lab: Lab::default(),
            catalogue: None,
            is_counting: false,
        })
    }

    /// Takes in the worker's news and asks for what the document lacks, the active network first.
    pub fn tend(&mut self, document: &Document) {
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
        let wanted: Vec<InspectionKey> = document.networks().iter().map(|n| InspectionKey::of(n, document)).collect();
        self.failed.retain(|(key, _)| wanted.contains(key));
        self.stopped.retain(|key| wanted.contains(key));
        self.forget_large(&wanted);
        self.tend_measurements(document);
        if let Some(running) = &self.running {
            if !wanted.contains(&running.key) {
                running.cancelled.store(true, Ordering::Relaxed);
            }
        } else if self.measuring().is_none() && !self.request_measurement() {
            self.request_next(document);
        }
    }

    /// Keeps what is wanted and of the rest, the latest first, what there is memory for.
    fn forget_large(&mut self, wanted: &[InspectionKey]) {
        let mut bytes = 0;
        self.finished.retain(|known| {
            bytes += known.gate_bytes();
            wanted.contains(&known.key) || bytes <= KEPT_BYTES
        });
    }

    fn request_next(&mut self, document: &Document) {
        let active = document.active().into_iter();
        let next = active.chain(document.networks()).find_map(|network| {
            let key = InspectionKey::of(network, document);
            self.lacks(&key).then_some((network, key))
        });
        let Some((network, key)) = next else { return };
        let cancelled = Arc::new(AtomicBool::new(false));
        let fresh = std::mem::take(&mut self.fresh);
        let (device, graph) = (self.device, network.graph.clone());
        let request = Inspect { key: key.clone(), device, graph, cancelled: cancelled.clone(), fresh };
        if self.requests.send(Request::Inspect(Box::new(request))).is_ok() {
            self.running = Some(Running { key, phase: Phase::Picture, fraction: 0.0, cancelled });
        } else {
            self.failed.push((key, "the worker has stopped; save your project and start gatescope again".to_owned()));
        }
    }

    fn lacks(&self, key: &InspectionKey) -> bool {
        !self.finished.iter().any(|known| known.key == *key)
            && !self.failed.iter().any(|(known, _)| known == key)
            && !self.stopped.contains(key)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Progress { key, phase, fraction } => {
                if let Some(running) = self.running.as_mut().filter(|running| running.key == key) {
                    running.phase = phase;
                    running.fraction = fraction;
                }
                return;
            }
            // Asked for before another device was chosen.
            Event::Done(inspection) if inspection.device != self.device => {}
            Event::Done(inspection) => {
                self.finished.retain(|known| known.key != inspection.key);
                self.finished.push_front(Arc::new(*inspection));
                self.finished.truncate(KEPT);
            }
            Event::Failed { key, message } => self.failed.push((key, message)),
            Event::Cancelled(key) => log::info!("cancelled {}", key.spec),
            Event::Downloading { id, fraction } => return self.download_advanced(id, fraction),
            Event::Fetched { id, outcome } => return self.download_ended(id, outcome),
            Event::Pictures(pictures) => return self.take_in_pictures(pictures),
            Event::Opened(opened) => return self.take_in_opened(*opened),
            Event::Measuring(fraction) => return self.measuring_advanced(fraction),
            Event::Measured(outcome) => return self.measuring_ended(outcome.map(|measurement| *measurement)),
            Event::NoDevice(problem) => {
                self.fall_back();
                return self.problems.push(problem);
            }
            Event::Lab(event) => return self.take_lab(event),
            Event::Counted(catalogue) => return self.take_catalogue(catalogue),
        }
        self.running = None;
    }

    /// The job in progress.
    #[must_use]
    pub fn running(&self) -> Option<&Running> {
        self.running.as_ref()
    }

    /// A network's inspection, if it belongs to the document as it is now.
    #[must_use]
    pub fn inspection(&self, network: &Network, document: &Document) -> Option<&Arc<Inspection>> {
        let key = InspectionKey::of(network, document);
        self.finished.iter().find(|known| known.key == key)
    }

    /// Why a network could not be inspected.
    #[must_use]
    pub fn failure(&self, network: &Network, document: &Document) -> Option<&str> {
        let key = InspectionKey::of(network, document);
        self.failed.iter().find(|(known, _)| *known == key).map(|(_, message)| message.as_str())
    }

    /// Was a network's inspection stopped by the user?
    #[must_use]
    pub fn is_stopped(&self, network: &Network, document: &Document) -> bool {
        self.stopped.contains(&InspectionKey::of(network, document))
    }

    /// Is there nothing left to do for this document?
    #[must_use]
    pub fn is_idle(&self, document: &Document) -> bool {
        self.running.is_none()
            && self.download.is_none()
            && self.fetched.is_empty()
            && self.opening == 0
            && self.opened.is_empty()
            && self.pictures.is_empty()
            && !self.lab.is_reading()
            && !self.is_counting
            && self.has_measured_all()
            && document.networks().iter().all(|network| !self.lacks(&InspectionKey::of(network, document)))
    }

    /// Stops the download if there is one, else the measurement, else the inspection in progress; nothing is started
    /// again until the document changes or [`Self::rerun`].
    pub fn cancel(&mut self, document: &Document) {
        if let Some(download) = self.download.take() {
            return download.stop();
        }
        if self.stop_measuring() {
            return;
        }
        if let Some(running) = &self.running {
            running.cancelled.store(true, Ordering::Relaxed);
        }
        self.stopped = document
            .networks()
            .iter()
            .map(|network| InspectionKey::of(network, document))
            .filter(|key| self.lacks(key))
            .collect();
    }

    /// Where networks run.
    #[must_use]
    pub fn device(&self) -> DeviceKind {
        self.device
    }

    /// Runs everything there from now on, and what is known once more.
    pub fn use_device(&mut self, device: DeviceKind) {
        if self.device == device {
            return;
        }
        self.device = device;
        self.finished.clear();
        self.failed.clear();
        self.stopped.clear();
        if let Some(running) = &self.running {
            running.cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// What went wrong since this was last asked and belongs to no inspection.
    pub fn take_problems(&mut self) -> Vec<String> {
        std::mem::take(&mut self.problems)
    }

    /// Forgets a network's inspection or failure, so that it is run again.
    pub fn rerun(&mut self, network: &Network, document: &Document) {
        let key = InspectionKey::of(network, document);
        self.finished.retain(|known| known.key != key);
        self.failed.retain(|(known, _)| *known != key);
        self.stopped.retain(|known| *known != key);
        self.fresh = true;
    }
}
