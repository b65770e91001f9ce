//! What every model costs, counted once on a thread of its own when the picker is first opened.

use std::collections::BTreeMap;

use super::{Event, Jobs};
use crate::network::cost::Cost;
use crate::network::{Model, zoo};

/// The costs of models and of the other names for them, by name.
pub type Catalogue = BTreeMap<&'static str, Cost>;

/// The catalogue, as far as it has come.
#[derive(Default)]
pub(super) struct Counting {
    catalogue: Option<Catalogue>,
    is_counting: bool,
}

impl Counting {
    pub(super) fn is_counting(&self) -> bool {
        self.is_counting
    }

    pub(super) fn take(&mut self, catalogue: Catalogue) {
        *self = Self { catalogue: Some(catalogue), is_counting: false };
    }
}

impl Jobs {
    /// Starts to count, unless that has been done.
    pub fn count_catalogue(&mut self) {
        if self.catalogue.is_counting || self.catalogue.catalogue.is_some() {
            return;
        }
        let reporter = self.reporter.clone();
        let run = move || reporter.say(Event::Counted(count()));
        let thread = std::thread::Builder::new().name("gatescope-catalogue".to_owned()).spawn(run);
        // Without a thread the picker shows names alone, and tries again the next time.
        self.catalogue.is_counting = thread.is_ok();
    }

    /// What every model costs; `None` until it has been counted.
    #[must_use]
    pub fn catalogue(&self) -> Option<&Catalogue> {
        self.catalogue.catalogue.as_ref()
    }
}

fn count() -> Catalogue {
    let aliases = zoo::FAMILIES.iter().flat_map(|family| family.aliases()).map(|alias| alias.name);
    let names = zoo::model_names().into_iter().chain(aliases);
    names.filter_map(|name| Some((name, Model::parse(name).ok()?.ledger().total()))).collect()
}
