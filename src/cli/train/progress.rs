//! How far a training is, on standard error: a line that changes when a person is watching, a line an epoch for a log.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::compute::lab::training::{Score, TrainingEvent, TrainingRecipe};

/// How often the changing line changes.
const EVERY: Duration = Duration::from_millis(250);

/// What has been shown.
pub(super) struct Progress {
    epochs: usize,
    is_terminal: bool,
    shown: Mutex<Shown>,
}

struct Shown {
    /// When the changing line was written last.
    at: Option<Instant>,
    images_per_second: f32,
}

impl Progress {
    /// Of a run with this recipe.
    pub(super) fn new(recipe: &TrainingRecipe) -> Self {
        let shown = Mutex::new(Shown { at: None, images_per_second: 0.0 });
        Self { epochs: recipe.epochs, is_terminal: io::stderr().is_terminal(), shown }
    }

    /// Shows what happened.
    pub(super) fn take(&self, event: &TrainingEvent) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            TrainingEvent::Resumed { history } => {
                self.line(&format!("continuing after epoch {} of {}", history.len(), self.epochs));
            }
            TrainingEvent::Step { epoch, step, steps, loss, accuracy, learning_rate, images_per_second } => {
                shown.images_per_second = *images_per_second;
                if self.is_terminal && shown.at.is_none_or(|at| at.elapsed() >= EVERY) {
                    shown.at = Some(Instant::now());
                    let text = format!(
                        "epoch {epoch}/{}, step {step}/{steps}: loss {loss:.3}, {:.0} % right, rate {learning_rate:.4}, {images_per_second:.0} images/s",
                        self.epochs,
                        accuracy * 100.0,
                    );
                    let _ = write!(io::stderr(), "\r\u{1b}[K{text}");
                }
            }
            TrainingEvent::Epoch { epoch, train, validation } => {
                let score =
                    |Score { loss, accuracy }: &Score| format!("loss {loss:.3}, {:.1} % right", accuracy * 100.0);
                self.line(&format!(
                    "epoch {epoch}/{}: {}; validation {}; {:.0} images/s",
                    self.epochs,
                    score(train),
                    score(validation),
                    shown.images_per_second
                ));
            }
        }
    }

    /// Takes the changing line away.
    pub(super) fn clear(&self) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }

    fn line(&self, text: &str) {
        self.clear();
        // A reader that went away is no reason to stop.
        let _ = writeln!(io::stderr(), "{text}");
    }
}
