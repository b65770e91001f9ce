//! Downloads from the Hub: one at a time, each on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::{Event, Jobs};
use crate::compute::hub::{Fetched, Hub, HubError, Reference};

/// The download in progress.
pub struct Download {
    /// What is fetched.
    pub reference: Reference,
    /// How much of the weights is here, 0 to 1.
    pub fraction: f32,
    id: u64,
    cancelled: Arc<AtomicBool>,
}

/// The download in progress, and those that have ended.
#[derive(Default)]
pub(super) struct Downloads {
    hub: Option<Hub>,
    running: Option<Download>,
    fetched: Vec<Result<Fetched, String>>,
    begun: u64,
}

impl Downloads {
    /// Is there nothing in progress, and nothing that has not been taken?
    pub(super) fn are_idle(&self) -> bool {
        self.running.is_none() && self.fetched.is_empty()
    }

    /// Stops the download in progress; false if there is none.
    pub(super) fn stop(&mut self) -> bool {
        let Some(running) = self.running.take() else { return false };
        running.cancelled.store(true, Ordering::Relaxed);
        true
    }

    pub(super) fn advanced(&mut self, id: u64, fraction: f32) {
        if let Some(running) = self.running.as_mut().filter(|running| running.id == id) {
            running.fraction = fraction;
        }
    }

    /// Takes in the end of a download; one that was stopped is not spoken of.
    pub(super) fn ended(&mut self, id: u64, outcome: Result<Fetched, Option<String>>) {
        if self.running.take_if(|running| running.id == id).is_none() {
            return;
        }
        match outcome {
            Ok(fetched) => self.fetched.push(Ok(fetched)),
            Err(Some(message)) => self.fetched.push(Err(message)),
            Err(None) => {}
        }
    }
}

impl Jobs {
    /// Fetches from this Hub instead of the one the environment names.
    pub fn use_hub(&mut self, hub: Hub) {
        self.downloads.hub = Some(hub);
    }

    /// Starts to fetch a checkpoint; a download in progress is stopped for it.
    pub fn fetch(&mut self, reference: Reference) {
        self.downloads.stop();
        self.downloads.begun += 1;
        let (id, cancelled) = (self.downloads.begun, Arc::new(AtomicBool::new(false)));
        let (hub, reporter) = (self.downloads.hub.clone(), self.reporter.clone());
        let (wanted, stop) = (reference.clone(), cancelled.clone());
        let run = move || {
            let say = |fraction| reporter.say(Event::Downloading { id, fraction });
            let outcome = fetch(hub, &wanted, &stop, &say);
            reporter.say(Event::Fetched { id, outcome });
        };
        match std::thread::Builder::new().name("gatescope-download".to_owned()).spawn(run) {
            Ok(_) => self.downloads.running = Some(Download { reference, fraction: 0.0, id, cancelled }),
            Err(error) => {
                self.downloads.fetched.push(Err(format!("{reference}: no thread to download with ({error})")));
            }
        }
    }

    /// The download in progress.
    #[must_use]
    pub fn download(&self) -> Option<&Download> {
        self.downloads.running.as_ref()
    }

    /// What has been fetched since this was last asked, or why not.
    pub fn take_fetched(&mut self) -> Vec<Result<Fetched, String>> {
        std::mem::take(&mut self.downloads.fetched)
    }
}

fn fetch(
    hub: Option<Hub>,
    reference: &Reference,
    cancelled: &AtomicBool,
    say: &dyn Fn(f32),
) -> Result<Fetched, Option<String>> {
    let reported = AtomicU32::new(u32::MAX);
    let progress = |fraction: f32| {
        let percent = (fraction * 100.0) as u32;
        if reported.swap(percent, Ordering::Relaxed) != percent {
            say(fraction);
        }
    };
    let hub = hub.map_or_else(Hub::from_env, Ok);
    let fetched = hub.and_then(|hub| hub.fetch(reference, &progress, &|| cancelled.load(Ordering::Relaxed)));
    fetched.map_err(|error| match error {
        HubError::Cancelled => None,
        other => Some(other.to_string()),
    })
}
