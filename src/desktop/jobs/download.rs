//! Downloads from the Hub: one at a time, each on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::{Event, Fetched, Hub, Jobs, Reference};
use crate::compute::hub::HubError;

/// The download in progress.
pub struct Download {
    /// What is fetched.
    pub reference: Reference,
    /// How much of the weights is here, 0 to 1.
    pub fraction: f32,
    id: u64,
    cancelled: Arc<AtomicBool>,
}

impl Download {
    pub(super) fn stop(self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

impl Jobs {
    /// Fetches from this Hub instead of the one the environment names.
    pub fn use_hub(&mut self, hub: Hub) {
        self.hub = Some(hub);
    }

    /// Starts to fetch a checkpoint; a download in progress is stopped for it.
    pub fn fetch(&mut self, reference: Reference) {
        if let Some(earlier) = self.download.take() {
            earlier.stop();
        }
        self.downloads += 1;
        let (id, cancelled) = (self.downloads, Arc::new(AtomicBool::new(false)));
        let (hub, outbox, wake) = (self.hub.clone(), self.outbox.clone(), self.wake.clone());
        let (wanted, stop) = (reference.clone(), cancelled.clone());
        let run = move || {
            let say = |event| {
                // The window may be closing: nobody is left to tell.
                let _ = outbox.send(event);
                wake();
            };
            let outcome = fetch(hub, &wanted, &stop, &|fraction| say(Event::Downloading { id, fraction }));
            say(Event::Fetched { id, outcome });
        };
        match std::thread::Builder::new().name("gatescope-download".to_owned()).spawn(run) {
            Ok(_) => self.download = Some(Download { reference, fraction: 0.0, id, cancelled }),
            Err(error) => self.fetched.push(Err(format!("{reference}: no thread to download with ({error})"))),
        }
    }

    /// The download in progress.
    #[must_use]
    pub fn download(&self) -> Option<&Download> {
        self.download.as_ref()
    }

    /// What has been fetched since this was last asked, or why not.
    pub fn take_fetched(&mut self) -> Vec<Result<Fetched, String>> {
        std::mem::take(&mut self.fetched)
    }

    pub(super) fn download_advanced(&mut self, id: u64, fraction: f32) {
        if let Some(download) = self.download.as_mut().filter(|download| download.id == id) {
            download.fraction = fraction;
        }
    }

    /// Takes in the end of a download; one that was stopped is not spoken of.
    pub(super) fn download_ended(&mut self, id: u64, outcome: Result<Fetched, Option<String>>) {
        if self.download.take_if(|download| download.id == id).is_none() {
            return;
        }
        match outcome {
            Ok(fetched) => self.fetched.push(Ok(fetched)),
            Err(Some(message)) => self.fetched.push(Err(message)),
            Err(None) => {}
        }
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
