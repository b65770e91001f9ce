//! The program: runs a command, or opens the window.

use std::path::PathBuf;
use std::process::ExitCode;

use gatescope::cli::{self, Outcome};

fn main() -> ExitCode {
    match cli::run(std::env::args_os()) {
        Outcome::Done(status) => status,
        Outcome::Window(files) => open_window(&files),
    }
}

/// The one place where the window is opened: nothing of it is touched when a command runs.
fn open_window(files: &[PathBuf]) -> ExitCode {
    match gatescope::desktop::run(files) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gatescope: {error:#}");
            ExitCode::FAILURE
        }
    }
}
