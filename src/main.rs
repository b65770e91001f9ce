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
fn open_window(_files: &[PathBuf]) -> ExitCode {
    eprintln!("gatescope: this build has no window; `gatescope --help` shows the commands");
    ExitCode::FAILURE
}
