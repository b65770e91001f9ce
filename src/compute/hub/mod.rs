//! Checkpoints on the Hugging Face Hub: `hf:OWNER/NAME[@REVISION][/FILE]` becomes a file on this machine.
//!
//! Names, addresses and the cache's layout are hf-hub's, so that Python and other programs share what is downloaded.
//! The transfer itself is [`client`]'s: hf-hub's has no way to be cancelled, no time limit, and loses the reason the
//! Hub gives for a refusal.
//!
//! ```text
//! Reference ──listing──▶ pick weights, configurations ──▶ in the cache? ──▶ Fetched
//!                 │ no network: what the cache has          └─ no: download ─┘
//! ```

mod client;
mod error;
mod pick;
mod reference;
mod store;
mod transfer;

use std::path::{Path, PathBuf};

use hf_hub::Cache;

use self::client::{Client, Listing};
use super::weights::checkpoint::{is_index, named_in};
pub use error::HubError;
pub use reference::{Reference, SCHEME};
use store::Store;

/// Where checkpoints are looked for and kept.
#[derive(Clone, Debug)]
pub struct Hub {
    client: Client,
    cache: Cache,
    /// `HF_HUB_OFFLINE`: the network is not to be used.
    offline: bool,
}

/// What [`Hub::new`] needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The Hub's address, `https://huggingface.co`.
    pub endpoint: String,
    /// The cache's folder, `~/.cache/huggingface/hub`.
    pub cache: PathBuf,
    /// The user's token; it is sent to the endpoint only.
    pub token: Option<String>,
    /// Use the cache only.
    pub offline: bool,
}

/// A checkpoint that is now on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The weights; of a set of files its index, with all its files beside it.
    pub weights: PathBuf,
    /// `config.json` and `preprocessor_config.json`, those that the repository has.
    pub configs: Vec<PathBuf>,
    /// The commit they are from.
    pub commit: String,
    /// What the user should know: the cache was used because the network failed.
    pub note: Option<String>,
}

/// What is asked for now and then while a download goes on; both are called from the thread that called
/// [`Hub::fetch`].
struct Watch<'a> {
    progress: &'a dyn Fn(f32),
    cancelled: &'a dyn Fn() -> bool,
}

impl Hub {
    /// As the environment says: `HF_ENDPOINT`, `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, `HF_TOKEN`,
    /// `HF_TOKEN_PATH`, `HF_HUB_OFFLINE`, as in Python's `huggingface_hub`.
    ///
    /// # Errors
    /// An endpoint that is no address, or no folder for the cache.
    pub fn from_env() -> Result<Self, HubError> {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let folder = |name: &str| set(name).map(PathBuf::from);
        let home = folder("HF_HOME").or_else(|| Some(folder("XDG_CACHE_HOME")?.join("huggingface")));
        let cache = folder("HF_HUB_CACHE").or_else(|| Some(home.as_ref()?.join("hub"))).map(Cache::new);
        let cache = match cache {
            Some(cache) => cache,
            // hf-hub panics where there is no home.
            None if std::env::home_dir().is_none() => return Err(HubError::NoHome),
            None => Cache::default(),
        };
        let token_file = folder("HF_TOKEN_PATH").or_else(|| Some(home?.join("token")));
        let from_file = || std::fs::read_to_string(token_file.unwrap_or_else(|| cache.token_path())).ok();
        let token = set("HF_TOKEN").or_else(from_file);
        Self::new(Settings {
            endpoint: set("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned()),
            cache: cache.path().clone(),
            token: token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()),
            offline: set("HF_HUB_OFFLINE")
                .is_some_and(|value| ["1", "on", "yes", "true"].contains(&&*value.to_lowercase())),
        })
    }

    /// As told.
    ///
    /// # Errors
    /// An endpoint that is no address.
    pub fn new(settings: Settings) -> Result<Self, HubError> {
        let client = Client::new(&settings.endpoint, settings.token)?;
        Ok(Self { client, cache: Cache::new(settings.cache), offline: settings.offline })
    }

    /// Brings a checkpoint here, or finds it in the cache.
    ///
    /// `progress` hears the share of the weights that is here, 0 to 1; `cancelled` is asked at least ten times a
    /// second. Nothing is left behind by a download that did not finish.
    ///
    /// # Errors
    /// What the Hub refused and what to do about it, a network or a disk that failed, [`HubError::Cancelled`].
    pub fn fetch(
        &self,
        reference: &Reference,
        progress: &dyn Fn(f32),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Fetched, HubError> {
        let store = Store::new(&self.cache, reference);
        let watch = Watch { progress, cancelled };
        if self.offline {
            let uncached = || HubError::Offline { reference: reference.to_string() };
            return cached(&store, reference)?.ok_or_else(uncached);
        }
        // A commit never changes: what the cache has of it is all there is to know.
        if store.is_pinned()
            && let Some(fetched) = cached(&store, reference)?
        {
            return Ok(fetched);
        }
        match self.client.list(reference, &watch) {
            Ok(listing) => self.fetch_listed(reference, &store, &listing, &watch),
            Err(error) if error.is_network() => {
                let Some(mut fetched) = cached(&store, reference)? else { return Err(error) };
                let commit = fetched.commit.get(..7).unwrap_or(&fetched.commit);
                fetched.note = Some(format!("{error}; using the copy in the cache (commit {commit})"));
                Ok(fetched)
            }
            Err(error) => Err(error),
        }
    }

    fn fetch_listed(
        &self,
        reference: &Reference,
        store: &Store,
        listing: &Listing,
        watch: &Watch,
    ) -> Result<Fetched, HubError> {
        let name = pick::weights(reference, &listing.files)?;
        let silent = Watch { progress: &|_| (), cancelled: watch.cancelled };
        let configs = pick::configs(name, &listing.files).into_iter();
        let configs = configs.map(|config| self.obtain(reference, store, &listing.commit, config, &silent));
        let configs = configs.collect::<Result<_, _>>()?;
        let weights =
            self.obtain(reference, store, &listing.commit, name, if is_index(name) { &silent } else { watch })?;
        self.fetch_parts(reference, store, &listing.commit, &parts(&weights, name)?, watch)?;
        store.remember(&listing.commit)?;
        Ok(Fetched { weights, configs, commit: listing.commit.clone(), note: None })
    }

    /// The files of a set; each counts for as much, for a listing does not tell how large they are.
    fn fetch_parts(
        &self,
        reference: &Reference,
        store: &Store,
        commit: &str,
        parts: &[String],
        watch: &Watch,
    ) -> Result<(), HubError> {
        for (index, part) in parts.iter().enumerate() {
            let progress = |share: f32| (watch.progress)((index as f32 + share) / parts.len() as f32);
            let watch = Watch { progress: &progress, cancelled: watch.cancelled };
            self.obtain(reference, store, commit, part, &watch)?;
        }
        Ok(())
    }

    /// A file of a commit, from the cache or the network.
    fn obtain(
        &self,
        reference: &Reference,
        store: &Store,
        commit: &str,
        name: &str,
        watch: &Watch,
    ) -> Result<PathBuf, HubError> {
        match store.file(commit, name) {
            Some(path) => Ok(path),
            None => self.client.download(reference, commit, name, store, watch),
        }
    }
}

/// The files of the set that this index is of; none where it is no index.
fn parts(path: &Path, name: &str) -> Result<Vec<String>, HubError> {
    match is_index(name) {
        true => Ok(named_in(path)?.iter().map(|part| pick::beside(name, part)).collect()),
        false => Ok(Vec::new()),
    }
}

/// What the cache has, if it has the weights.
fn cached(store: &Store, reference: &Reference) -> Result<Option<Fetched>, HubError> {
    let Some(commit) = store.commit() else { return Ok(None) };
    let files = store.files(&commit);
    let name = match pick::weights(reference, &files) {
        Ok(name) => name,
        // Several to choose from is for the user to say; anything else is simply not here.
        Err(error @ HubError::Several { .. }) => return Err(error),
        Err(_) => return Ok(None),
    };
    let configs = pick::configs(name, &files).into_iter().filter_map(|config| store.file(&commit, config)).collect();
    let Some(weights) = store.file(&commit, name) else { return Ok(None) };
    let is_whole = parts(&weights, name)?.iter().all(|part| files.contains(part));
    Ok(is_whole.then_some(Fetched { weights, configs, commit, note: None }))
}
