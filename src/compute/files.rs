//! Writing files that are whole or not there, and only over files of this program.

pub mod npy;
pub mod origin;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// Writes a file through a temporary one beside it, so that it is never seen half-written. A device or a pipe
/// is written directly: there is nothing to replace.
///
/// # Errors
/// What the system said; the old file is untouched then.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(path, &|to| to.write_all(bytes))
}

/// The same with what `write` writes.
///
/// # Errors
/// What the system said; the old file is untouched then.
pub fn replace_with(path: &Path, write: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let target = match fs::metadata(path) {
        Ok(known) if known.is_dir() => return Err(io::Error::other("it is a folder")),
        Ok(known) if !known.is_file() => return write(&mut File::options().write(true).open(path)?),
        // A link stays a link: the file it names is replaced.
        Ok(_) => fs::canonicalize(path)?,
        Err(_) => path.to_owned(),
    };
    let mut file = beside(&target)?;
    write(file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// Can a file of this name be written? To be asked before hours of work are done for it.
///
/// # Errors
/// What the system said.
pub fn probe(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(known) if known.is_dir() => Err(io::Error::other("it is a folder, give a file name")),
        Ok(known) if !known.is_file() => File::options().write(true).open(path).map(drop),
        Ok(_) => beside(&fs::canonicalize(path)?).map(drop),
        Err(_) => beside(path).map(drop),
    }
}

/// Can files be written into this folder, which need not be there? Nothing is left behind.
///
/// # Errors
/// What the system said of the nearest folder that is there; that something else has its name.
pub fn probe_folder(folder: &Path) -> io::Result<()> {
    let whole = std::path::absolute(folder)?;
    let there = whole.ancestors().find(|path| fs::symlink_metadata(path).is_ok());
    match there {
        Some(path) if !path.is_dir() => Err(io::Error::other(format!("{} is not a folder", path.display()))),
        Some(path) => beside(&path.join("probe")).map(drop),
        None => Err(io::Error::other("there is no such place")),
    }
}

/// A temporary file in the folder of `target`; gone when dropped.
fn beside(target: &Path) -> io::Result<NamedTempFile> {
    let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(PathBuf::from("."), Into::into);
    let mut builder = Builder::new();
    builder.prefix(".gatescope-");
    with_usual_permissions(&mut builder);
    builder.tempfile_in(folder)
}

/// Temporary files are private by default; what a user asked for is not.
#[cfg(unix)]
fn with_usual_permissions(builder: &mut Builder) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn with_usual_permissions(_builder: &mut Builder) {}
