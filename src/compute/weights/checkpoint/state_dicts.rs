//! Several state_dicts in one file: which there are, which one is meant, and how that is said.
//!
//! A choice travels with the path, as `FILE#NAME`: so it reaches everything that opens a file, and is kept where
//! paths are kept.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::fault::shown;
use crate::network::number::grouped;

/// What stands between a path and the name of a state_dict.
const MARK: char = '#';
/// The longest name.
const MAX_NAME: usize = 200;

/// One of the state_dicts of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateDict {
    /// Its name: `state_dict_ema`, `teacher`.
    pub name: String,
    /// How many tensors it has, counters of training steps apart.
    pub tensors: usize,
    /// How many numbers those have that are learnt: running statistics are not.
    pub parameters: u64,
    /// Is it the one that was taken?
    pub is_taken: bool,
}

impl StateDict {
    /// `teacher (62 tensors, 11,174 parameters)`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { name, tensors, parameters, .. } = self;
        let plural = if *tensors == 1 { "" } else { "s" };
        format!("{} ({tensors} tensor{plural}, {} parameters)", shown(name), grouped(*parameters))
    }
}

/// Names with what they hold, one after the other.
pub(super) fn listed<'a>(all: impl IntoIterator<Item = &'a StateDict>) -> String {
    let all: Vec<String> = all.into_iter().map(StateDict::sentence).collect();
    all.join(", ")
}

/// Which one was taken, what else there is, and how to take that. `None` where there was nothing to choose.
pub(super) fn choice(all: &[StateDict]) -> Option<String> {
    let taken = all.iter().find(|one| one.is_taken)?;
    let others = || all.iter().filter(|one| !one.is_taken);
    let other = others().next()?;
    Some(format!(
        "the weights are those of {}; also there: {}; --which {} takes the other",
        taken.sentence(),
        listed(others()),
        shown(&other.name)
    ))
}

/// What there is where nothing goes first, and how to choose.
pub(super) fn several(all: &[StateDict]) -> String {
    let example = all.first().map(|one| shown(&one.name)).unwrap_or_default();
    format!("has {} state_dicts: {}; choose one, for example --which {example}", all.len(), listed(all))
}

/// A path that means this state_dict of the file.
#[must_use]
pub fn with_choice(path: &Path, name: &OsStr) -> PathBuf {
    let mut text = OsString::from(split(path).0);
    text.push(MARK.to_string());
    text.push(name);
    text.into()
}

/// The file, and the state_dict that is meant where the path names one. A file of the whole name goes first.
#[must_use]
pub fn split(path: &Path) -> (PathBuf, Option<String>) {
    let whole = || (path.to_path_buf(), None);
    if path.exists() {
        return whole();
    }
    let Some((file, name)) = path.to_str().and_then(|text| text.rsplit_once(MARK)) else { return whole() };
    let fits = !name.is_empty() && name.len() <= MAX_NAME && Path::new(file).exists();
    if fits { (PathBuf::from(file), Some(name.to_owned())) } else { whole() }
}
