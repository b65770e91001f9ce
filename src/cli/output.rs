//! Writing: standard output that may be closed early, and files that are whole or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::{Builder, TempDir};

use super::error::{CliError, reason};
use crate::compute::files;
use crate::compute::files::origin::{self, Written};
use crate::network::suggest::is_hidden;

/// Writes a result to standard output.
///
/// # Errors
/// [`CliError::Closed`] when nobody reads any more, else the failure.
pub fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| stdout_error(&error))
}

/// Writes a result to standard output as JSON, indented.
///
/// # Errors
/// As [`print`].
pub fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| CliError::Failure(format!("JSON: {error}")))?;
    print(&format!("{}\n", escaped(&text)))
}

/// JSON whose texts have their hidden characters (those that turn what follows) as escapes: the same values.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c != '\n' && is_hidden(c) {
            true => text += &format!("\\u{:04x}", u32::from(c)),
            false => text.push(c),
        }
    }
    text
}

/// What a failed write to standard output means.
pub fn stdout_error(error: &io::Error) -> CliError {
    match error.kind() {
        io::ErrorKind::BrokenPipe => CliError::Closed,
        _ => CliError::Failure(format!("standard output: cannot be written, {}", reason(error))),
    }
}

/// Refuses a file path as [`check_writable`] does, and a file that somebody else made.
///
/// # Errors
/// [`CliError::Input`] with the path and what to do.
pub fn check_target(path: &Path, flag: &str) -> Result<(), CliError> {
    check_writable(path, flag)?;
    origin::check(path).map_err(|problem| CliError::Input(format!("{flag} {problem}")))
}

/// Refuses a file path that is a folder, in a folder that is not there or that cannot be written, before any work is
/// done for it.
///
/// # Errors
/// [`CliError::Input`] with the path and what to do.
pub fn check_writable(path: &Path, flag: &str) -> Result<(), CliError> {
    let refuse = |problem: &str| Err(CliError::Input(format!("{flag} {}: {problem}", path.display())));
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match parent {
        _ if path.is_dir() => refuse("a folder; give a file name"),
        Some(parent) if !parent.is_dir() => refuse("there is no such folder; make it first"),
        _ => files::probe(path).map_err(|error| CliError::writing(path, &error)),
    }
}

/// Writes a file through a temporary one beside it, so that it is never seen half-written. A device or a pipe
/// is written directly: there is nothing to replace.
///
/// # Errors
/// The path and what the system said; the old file is untouched then.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    files::replace(path, bytes).map_err(|error| CliError::writing(path, &error))
}

/// Many files that appear in a folder together: they are written to a hidden folder inside it and moved into
/// place by [`Staging::commit`]. Dropped before that, nothing is left behind.
pub struct Staging {
    folder: PathBuf,
    /// `Some` until the end.
    hidden: Option<TempDir>,
    /// In the order they were written.
    files: Vec<PathBuf>,
    /// Folders that were made for this, outermost first.
    made: Vec<PathBuf>,
    /// What is this program's in the folder.
    written: Written,
}

impl Staging {
    /// Opens a folder for writing, making it if it is not there.
    ///
    /// # Errors
    /// [`CliError::Input`] if something else has that name or it cannot be made.
    pub fn open(folder: &Path) -> Result<Self, CliError> {
        let missing = |path: &&Path| !path.as_os_str().is_empty() && fs::symlink_metadata(path).is_err();
        let mut made: Vec<PathBuf> = folder.ancestors().take_while(missing).map(Path::to_owned).collect();
        made.reverse();
        let obstacle = folder.ancestors().find(|path| path.exists()).filter(|path| !path.is_dir());
        if let Some(obstacle) = obstacle {
            return Err(CliError::Input(format!("{}: not a folder; choose another --out", obstacle.display())));
        }
        let mut staging =
            Self { folder: folder.to_owned(), hidden: None, files: Vec::new(), made, written: Written::of(folder) };
        let hidden = fs::create_dir_all(folder).and_then(|()| Builder::new().prefix(".gatescope-").tempdir_in(folder));
        match hidden {
            Ok(hidden) => staging.hidden = Some(hidden),
            Err(error) => {
                let path = folder.display();
                return Err(CliError::Input(format!(
                    "{path}: nothing can be written there, {}; choose another --out",
                    reason(&error)
                )));
            }
        }
        Ok(staging)
    }

    /// Refuses a file that will be written where somebody else's is, before any work is done for it.
    ///
    /// # Errors
    /// [`CliError::Input`] with the file and what to do.
    pub fn claim(&self, name: &Path) -> Result<(), CliError> {
        self.written.check(name).map_err(CliError::input)
    }

    /// Writes one file under its path relative to the folder.
    ///
    /// # Errors
    /// The path and what the system said.
    pub fn write(&mut self, name: &Path, bytes: &[u8]) -> Result<(), CliError> {
        let Some(hidden) = &self.hidden else { return Ok(()) };
        self.written.check(name).map_err(CliError::input)?;
        let path = hidden.path().join(name);
        let parent = path.parent().map_or(Ok(()), fs::create_dir_all);
        let written = parent.and_then(|()| File::create(&path)).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(|error| CliError::writing(&self.folder.join(name), &error))?;
        self.written.note(name, bytes);
        self.files.push(name.to_owned());
        Ok(())
    }

    /// Moves everything into place, in the order it was written.
    ///
    /// # Errors
    /// The path and what the system said.
    pub fn commit(mut self) -> Result<(), CliError> {
        let Some(hidden) = self.hidden.take() else { return Ok(()) };
        for name in &self.files {
            let target = self.folder.join(name);
            let parent = target.parent().map_or(Ok(()), fs::create_dir_all);
            parent
                .and_then(|()| fs::rename(hidden.path().join(name), &target))
                .map_err(|error| CliError::writing(&target, &error))?;
        }
        self.made.clear();
        self.written.keep().map_err(|error| CliError::writing(&self.folder.join(origin::LIST), &error))
    }
}

impl Drop for Staging {
    /// Takes back the folders that were made, as far as they are empty.
    fn drop(&mut self) {
        self.hidden = None;
        for folder in self.made.iter().rev() {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_staged_folder_appears_whole_or_not_at_all() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path().join("a/b");
        let mut staging = Staging::open(&folder).expect("opens");
        staging.write(Path::new("one.txt"), b"1").expect("writes");
        drop(staging);
        assert!(!root.path().join("a").exists(), "an abandoned folder stays behind");

        let mut staging = Staging::open(&folder).expect("opens");
        staging.write(Path::new("sub/one.txt"), b"1").expect("writes");
        staging.commit().expect("commits");
        assert_eq!(fs::read(folder.join("sub/one.txt")).expect("is there"), b"1");
        let names: Vec<_> =
            fs::read_dir(&folder).expect("lists").map(|entry| entry.expect("an entry").file_name()).collect();
        assert!(
            names.len() == 2 && names.iter().any(|name| name == origin::LIST),
            "the hidden folder stays: {names:?}"
        );
    }

    #[test]
    fn a_file_in_the_way_is_refused_and_kept() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let file = root.path().join("file");
        fs::write(&file, "mine").expect("writes");
        assert!(matches!(Staging::open(&file), Err(CliError::Input(_))));
        assert!(matches!(Staging::open(&file.join("deeper")), Err(CliError::Input(_))));
        assert_eq!(fs::read_to_string(&file).expect("reads"), "mine");
    }

    #[test]
    fn a_replaced_file_is_whole_and_readable_by_others_as_usual() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let (usual, ours) = (root.path().join("usual"), root.path().join("ours"));
        fs::write(&usual, "old").expect("writes");
        write(&ours, b"old").expect("writes");
        write(&ours, b"new").expect("writes again");
        assert_eq!(fs::read_to_string(&ours).expect("reads"), "new");
        let permissions = |path: &Path| fs::metadata(path).expect("is there").permissions();
        assert_eq!(permissions(&ours), permissions(&usual));
    }
}
