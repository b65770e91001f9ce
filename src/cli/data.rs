//! `--data`: the generated pictures, or a user's folder.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};

use super::error::{CliError, one_line};
use crate::compute::lab::LabError;
use crate::compute::lab::data::{OpenedData, Source};

/// Which data set, and the seed of the generated one.
#[expect(clippy::struct_field_names, reason = "the fields are the flags --data and --data-seed")]
#[derive(Debug, clap::Args)]
pub struct Data {
    /// objects (generated), or a folder with one sub-folder of pictures a class
    #[arg(long, value_name = "objects|FOLDER", default_value = "objects")]
    data: OsString,
    /// Seed of the generated pictures
    #[arg(long, value_name = "N", default_value_t = 0)]
    data_seed: u64,
    /// Refuse a folder with a file that is no picture, instead of leaving it out
    #[arg(long)]
    strict: bool,
}

/// The input of the lab's networks.
pub const INPUT: [usize; 3] = [3, 64, 64];
/// How many left-out files are named.
const NAMED: usize = 5;

impl Data {
    /// Opens the data set for an input `[3, H, W]`; files that are left out, and what else is to be known of a folder,
    /// are said on standard error.
    ///
    /// # Errors
    /// A folder that cannot be learnt from; with `--strict` one with a file that is no picture.
    pub fn open(&self, input: [usize; 3]) -> Result<OpenedData, CliError> {
        let opened = Source::parse(OsStr::new(&self.data)).open(input, self.data_seed).map_err(refused)?;
        let OpenedData { skipped, notes, .. } = &opened;
        if let (Some(first), true) = (skipped.first(), self.strict) {
            let more = if skipped.len() > 1 { format!(" and {} more", skipped.len() - 1) } else { String::new() };
            return Err(CliError::Input(format!("--strict: {}{more}", first.reason)));
        }
        let mut stderr = io::stderr().lock();
        for skipped in skipped.iter().take(NAMED) {
            // A note nobody reads is no reason to stop.
            let _ = writeln!(stderr, "left out: {}", one_line(&skipped.reason));
        }
        if skipped.len() > NAMED {
            let _ = writeln!(stderr, "left out: {} more", skipped.len() - NAMED);
        }
        for note in notes {
            let _ = writeln!(stderr, "note: {}", one_line(note));
        }
        Ok(opened)
    }
}

/// What the lab refuses is the user's input, unless the machine is at fault.
pub fn refused(error: LabError) -> CliError {
    match error {
        LabError::Thread(_)
        | LabError::Cancelled
        | LabError::Engine(_)
        | LabError::Diverged { .. }
        | LabError::NoScore { .. } => CliError::Failure(error.to_string()),
        error => CliError::input(error),
    }
}
