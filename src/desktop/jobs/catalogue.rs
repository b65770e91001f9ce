//! What every model costs, counted once on a thread of its own when the picker is first opened.

use std::collections::BTreeMap;

use super::{Event, Jobs};
use crate::network::cost::{Cost, Ledger};
use crate::network::{lower, parse, zoo};

/// The costs of models and of the other names for them, by name.
pub type Catalogue = BTreeMap<&'static str, Cost>;

impl Jobs {
    /// Starts to count, unless that has been done.
    pub fn count_catalogue(&mut self) {
        if self.is_counting || self.catalogue.is_some() {
            return;
        }
        let (outbox, wake) = (self.outbox.clone(), self.wake.clone());
        let run = move || {
            // The window may be closing: nobody is left to tell.
            let _ = outbox.send(Event::Counted(count()));
            wake();
        };
        let thread = std::thread::Builder::new().name("gatescope-catalogue".to_owned()).spawn(run);
        // Without a thread the picker shows names alone, and tries again the next time.
        self.is_counting = thread.is_ok();
    }

    /// What every model costs; `None` until it has been counted.
    #[must_use]
    pub fn catalogue(&self) -> Option<&Catalogue> {
        self.catalogue.as_ref()
    }

    pub(super) fn take_catalogue(&mut self, catalogue: Catalogue) {
        self.is_counting = false;
        self.catalogue = Some(catalogue);
    }
}

fn count() -> Catalogue {
    let aliases = zoo::FAMILIES.iter().flat_map(|family| family.aliases()).map(|alias| alias.name);
    let names = zoo::model_names().into_iter().chain(aliases);
    let cost = |name: &'static str| {
        let graph = lower(&parse(name).ok()?).ok()?;
        Some((name, Ledger::of(&graph).total()))
    };
    names.filter_map(cost).collect()
}
