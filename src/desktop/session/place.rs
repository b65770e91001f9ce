//! Which of the sessions in the folder is this window's: the newest that no other window holds.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::SystemTime;

/// More windows than that share what the first one keeps nothing of.
const MOST: usize = 99;

/// A session's number, held as long as this lives.
#[derive(Debug)]
pub(super) struct Place {
    number: usize,
    /// Locked. The system lets go of it when the program ends, however it does.
    _lock: Option<File>,
    /// Why this is not the only session, in words.
    pub(super) problem: Option<String>,
}

impl Default for Place {
    fn default() -> Self {
        Self { number: 1, _lock: None, problem: None }
    }
}

/// What asking for a lock gives.
enum Answer {
    /// Nobody else has it; a file system without locks gives none.
    Free(Option<File>),
    Held,
}

impl Place {
    /// Takes the newest session that is free, or a new one where windows hold all that there are.
    pub(super) fn take(folder: &Path) -> Self {
        let mut best: Option<(Option<SystemTime>, usize, Option<File>)> = None;
        let mut is_shared = false;
        for number in 1..=MOST {
            let written = fs::symlink_metadata(folder.join(file("session", number)));
            let written = written.and_then(|known| known.modified()).ok();
            if number > 1 && written.is_none() && !folder.join(lock_file(number)).exists() {
                break;
            }
            match try_lock(folder, number) {
                Answer::Held => is_shared = true,
                Answer::Free(lock) => {
                    if best.as_ref().is_none_or(|(newest, ..)| written > *newest) {
                        best = Some((written, number, lock));
                    }
                }
            }
        }
        let (number, lock) = match best {
            Some((_, number, lock)) => (number, lock),
            None => Self::new_one(folder),
        };
        let problem = is_shared.then(|| {
            let name = file("session", number);
            format!("Another window of gatescope is open. This one keeps a session of its own, as {name}.")
        });
        Self { number, _lock: lock, problem }
    }

    fn new_one(folder: &Path) -> (usize, Option<File>) {
        let free = |number: &usize| !folder.join(file("session", *number)).exists();
        let lock = |number: usize| match try_lock(folder, number) {
            Answer::Free(lock) => Some((number, lock)),
            Answer::Held => None,
        };
        (2..=MOST).filter(free).find_map(lock).unwrap_or((MOST + 1, None))
    }

    /// The name of a file of this session: `session.toml`, `session-2.toml`.
    pub(super) fn file(&self, what: &str) -> String {
        file(what, self.number)
    }
}

fn file(what: &str, number: usize) -> String {
    if number == 1 { format!("{what}.toml") } else { format!("{what}-{number}.toml") }
}

fn lock_file(number: usize) -> String {
    if number == 1 { "session.lock".to_owned() } else { format!("session-{number}.lock") }
}

/// Holds a session's lock without waiting for it.
fn try_lock(folder: &Path, number: usize) -> Answer {
    let open = || {
        fs::create_dir_all(folder)?;
        File::options().write(true).create(true).truncate(false).open(folder.join(lock_file(number)))
    };
    // Where no file can be made nothing will be kept either, which is said when it is tried.
    let Ok(lock) = open() else { return Answer::Free(None) };
    match lock.try_lock() {
        Ok(()) => Answer::Free(Some(lock)),
        Err(TryLockError::WouldBlock) => Answer::Held,
        Err(TryLockError::Error(_)) => Answer::Free(None),
    }
}
