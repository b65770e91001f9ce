//! Measurements: how long networks take. Asked for by hand, one at a time, on the worker, so that nothing else runs
//! meanwhile.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Jobs, Request};
use crate::compute::engine::{DeviceKind, Timing};
use crate::desktop::document::{Document, Network};
use crate::network::{Graph, NetworkSpec};

/// How many measurements are kept for undo and for switching back.
const KEPT: usize = 24;

/// What a measurement belongs to. Times do not depend on weights or picture.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureKey {
    /// The network.
    pub spec: NetworkSpec,
    /// Where it runs.
    pub device: DeviceKind,
}

/// How long a network takes.
pub struct Measurement {
    /// What it belongs to.
    pub key: MeasureKey,
    /// Its times, one image at a time.
    pub timing: Timing,
}

/// The measurement in progress.
pub struct Measuring {
    /// What it belongs to.
    pub key: MeasureKey,
    /// How far it is, 0 to 1.
    pub fraction: f32,
    cancelled: Arc<AtomicBool>,
}

/// What is asked for, in progress and done.
#[derive(Default)]
pub(super) struct Measurements {
    asked: Vec<(MeasureKey, Arc<Graph>)>,
    running: Option<Measuring>,
    finished: VecDeque<Arc<Measurement>>,
}

/// What the worker is asked to measure.
pub(in crate::desktop) struct Measure {
    pub(super) key: MeasureKey,
    pub(super) graph: Arc<Graph>,
    pub(super) cancelled: Arc<AtomicBool>,
}

impl Jobs {
    fn measure_key(&self, network: &Network) -> MeasureKey {
        MeasureKey { spec: network.spec.clone(), device: self.device }
    }

    /// Asks how long a network takes; what is known of it stays until there is news.
    pub fn measure(&mut self, network: &Network) {
        let key = self.measure_key(network);
        if !self.is_measured_soon(network) {
            self.measurements.asked.push((key, network.graph.clone()));
        }
    }

    /// How long a network takes, if it has been measured as it is now.
    #[must_use]
    pub fn measurement(&self, network: &Network) -> Option<&Arc<Measurement>> {
        let same = |known: &&Arc<Measurement>| known.key.device == self.device && known.key.spec == network.spec;
        self.measurements.finished.iter().find(same)
    }

    /// The measurement in progress.
    #[must_use]
    pub fn measuring(&self) -> Option<&Measuring> {
        self.measurements.running.as_ref()
    }

    /// Is a network being measured, or will it be?
    #[must_use]
    pub fn is_measured_soon(&self, network: &Network) -> bool {
        let same = |key: &MeasureKey| key.device == self.device && key.spec == network.spec;
        let Measurements { asked, running, .. } = &self.measurements;
        asked.iter().any(|(key, _)| same(key)) || running.as_ref().is_some_and(|running| same(&running.key))
    }

    /// The device is not there: what was asked of it is done on the processor.
    pub(super) fn fall_back(&mut self) {
        self.device = DeviceKind::Cpu;
        let running = self.measurements.running.iter_mut().map(|running| &mut running.key);
        running.chain(self.measurements.asked.iter_mut().map(|(key, _)| key)).for_each(|key| key.device = self.device);
    }

    /// Is nothing asked for or in progress?
    pub(super) fn has_measured_all(&self) -> bool {
        self.measurements.asked.is_empty() && self.measurements.running.is_none()
    }

    /// Lets go of what belongs to no network of the document any more.
    pub(super) fn tend_measurements(&mut self, document: &Document) {
        let device = self.device;
        let is_wanted = |key: &MeasureKey| {
            key.device == device && document.networks().iter().any(|network| network.spec == key.spec)
        };
        self.measurements.asked.retain(|(key, _)| is_wanted(key));
        if let Some(running) = self.measurements.running.as_ref().filter(|running| !is_wanted(&running.key)) {
            running.cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Sends the next measurement to the worker; false if there is none.
    pub(super) fn request_measurement(&mut self) -> bool {
        if self.measurements.asked.is_empty() {
            return false;
        }
        let (key, graph) = self.measurements.asked.remove(0);
        let cancelled = Arc::new(AtomicBool::new(false));
        let request = Measure { key: key.clone(), graph, cancelled: cancelled.clone() };
        if self.requests.send(Request::Measure(request)).is_ok() {
            self.measurements.running = Some(Measuring { key, fraction: 0.0, cancelled });
        } else {
            self.problems.push("the worker has stopped; save your project and start gatescope again".to_owned());
        }
        true
    }

    /// Stops the measurement in progress and those that wait; false if there are none.
    pub(super) fn stop_measuring(&mut self) -> bool {
        let has_some = !self.has_measured_all();
        self.measurements.asked.clear();
        if let Some(running) = &self.measurements.running {
            running.cancelled.store(true, Ordering::Relaxed);
        }
        has_some
    }

    pub(super) fn measuring_advanced(&mut self, fraction: f32) {
        if let Some(running) = &mut self.measurements.running {
            running.fraction = fraction;
        }
    }

    /// Takes in the end of a measurement; one that was stopped is not spoken of.
    pub(super) fn measuring_ended(&mut self, outcome: Result<Measurement, Option<String>>) {
        self.measurements.running = None;
        match outcome {
            Ok(measurement) => {
                let finished = &mut self.measurements.finished;
                finished.retain(|known| known.key != measurement.key);
                finished.push_front(Arc::new(measurement));
                finished.truncate(KEPT);
            }
            Err(Some(message)) => self.problems.push(message),
            Err(None) => {}
        }
    }
}
