//! What can go wrong on the command line, and the exit status it gives.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::network::suggest::printable;

/// Why a command stopped. Every message says what, where and what to do, on one line.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Something the user gave cannot be used: exit status 2.
    #[error("{0}")]
    Input(String),
    /// The work itself failed, or its output could not be written: exit status 1.
    #[error("{0}")]
    Failure(String),
    /// The reader of standard output has seen enough (`| head`): not an error.
    #[error("standard output was closed")]
    Closed,
}

impl CliError {
    /// A refusal of what the user gave.
    pub fn input(problem: impl Display) -> Self {
        Self::Input(problem.to_string())
    }

    /// A target the user named that cannot take what is written: a full disk, a folder without permission. Another
    /// target mends it, so it counts as input.
    #[must_use]
    pub fn writing(path: &Path, error: &io::Error) -> Self {
        Self::Input(format!("{}: cannot be written, {}", path.display(), reason(error)))
    }

    /// Says it on standard error, if there is anything to say, and gives the exit status.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Closed => return ExitCode::SUCCESS,
            Self::Input(message) | Self::Failure(message) => say(message),
        }
        match self {
            Self::Input(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

/// One line on standard error. A reader that went away is no reason to fail a second time.
fn say(message: &str) {
    use io::Write;
    let _ = writeln!(io::stderr(), "gatescope: {}", one_line(message));
}

/// The text on one line: line breaks become spaces, other control characters are shown, not obeyed.
#[must_use]
pub fn one_line(message: &str) -> String {
    printable(&message.trim().replace(['\n', '\t'], " "))
}

/// What the system says, without its error number.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    let mut words = text[..end].to_owned();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_file_name_cannot_break_the_line_or_the_terminal() {
        assert_eq!(one_line("a\nb\u{1b}[2Jc"), "a b\\u{1b}[2Jc");
    }
}
