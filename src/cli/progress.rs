//! How far a run is, on standard error, when a person is watching.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::cli::table::middle_cut;

/// The longest name shown.
const NAME: usize = 50;

/// One line that is overwritten as the work advances; silent when standard error is not a terminal.
pub(in crate::cli) struct Progress {
    name: String,
    visible: bool,
    /// What was shown last, in percent.
    percent: AtomicU32,
}

impl Progress {
    /// For the picture of this name.
    pub(in crate::cli) fn new(name: &str) -> Self {
        let name: String = name.chars().filter(|c| !c.is_control()).collect();
        let visible = io::stderr().is_terminal();
        Self { name: middle_cut(&name, NAME), visible, percent: AtomicU32::new(u32::MAX) }
    }

    /// Shows the share that is done, 0 to 1, if it is another whole percent.
    pub(in crate::cli) fn show(&self, share: f32) {
        let percent = (share * 100.0) as u32;
        if self.visible && self.percent.swap(percent, Ordering::Relaxed) != percent {
            let _ = write!(io::stderr(), "\r{}: {percent} %", self.name);
        }
    }

    /// Takes the line away.
    pub(in crate::cli) fn clear(&self) {
        if self.visible {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}
