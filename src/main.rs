//! The program: runs a command, or opens the window.

use std::process::ExitCode;

use gatescope::cli::{self, Opening, Outcome};

fn main() -> ExitCode {
    match cli::run(std::env::args_os()) {
        Outcome::Done(status) => status,
        Outcome::Window(openings) => open_window(openings),
    }
}

/// The one place where the window is opened: nothing of it is touched when a command runs.
#[cfg(feature = "desktop")]
fn open_window(openings: Vec<Opening>) -> ExitCode {
    match gatescope::desktop::run(commands(openings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gatescope: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Built without it, there is none.
#[cfg(not(feature = "desktop"))]
fn open_window(_: Vec<Opening>) -> ExitCode {
    eprintln!("gatescope: built without its window; gatescope --help lists the commands");
    ExitCode::from(2)
}

/// Networks first, then all files together, so that weights find the network they were given with.
#[cfg(feature = "desktop")]
fn commands(openings: Vec<Opening>) -> Vec<gatescope::desktop::document::Command> {
    use gatescope::desktop::document::Command;
    let (mut networks, mut files, mut hub) = (Vec::new(), Vec::new(), Vec::new());
    for opening in openings {
        match opening {
            Opening::Network(spec) => networks.push(spec),
            Opening::File(path) => files.push(path),
            Opening::Hub(reference) => hub.push(Command::OpenHub(reference)),
        }
    }
    let networks = (!networks.is_empty()).then_some(Command::ShowNetworks(networks));
    let files = (!files.is_empty()).then_some(Command::Open(files));
    networks.into_iter().chain(files).chain(hub).collect()
}
