//! Experiments that show what the papers claim, and what comes out: [`degradation`], [`attention`], [`atlas`].
//!
//! Each takes settings and a [`Watch`], and gives a result: serde's, whole with its budget, its seeds and its specs.
//! A result reads itself: [`degradation::DegradationResult::reading`] makes sentences of the numbers, whichever way
//! they go. `write` puts it into a folder as CSV, JSON and PNG.

pub mod atlas;
pub mod attention;
pub mod degradation;
mod files;
mod looking;
mod networks;
mod precomputed;
mod runner;
mod spread;

pub use files::check_out;
pub use looking::{energy, points_inside};
pub use networks::{ATTENTIONS, lab_network};
pub use precomputed::{precomputed_attention, precomputed_degradation};
pub use runner::EpochNotes;
pub use spread::Spread;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::LabError;
use super::training::{EpochRecord, TrainingRecipe};

/// How far an experiment is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What is worked on: `plain56, seed 0`.
    pub what: String,
    /// The share of the whole that is done, 0 to 1.
    pub fraction: f32,
    /// Training speed; zero while nothing is trained.
    pub images_per_second: f32,
}

/// How a caller follows an experiment, holds it and stops it. `R` is its result.
pub struct Watch<'a, R> {
    /// Told a few times a second.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Told what is there so far, after every epoch and every network.
    pub partial: &'a (dyn Fn(&R) + Sync),
    /// Asked often; `true` stops the run.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Asked often; the run waits while it says `true`.
    pub paused: &'a (dyn Fn() -> bool + Sync),
}

impl<R> Watch<'static, R> {
    /// Nobody watches, nobody stops it.
    #[must_use]
    pub fn none() -> Self {
        Self { progress: &|_| (), partial: &|_| (), cancelled: &|| false, paused: &|| false }
    }
}

impl<R> Watch<'_, R> {
    /// Waits while the run is held.
    ///
    /// # Errors
    /// [`LabError::Cancelled`] when it is to stop.
    fn wait(&self) -> Result<(), LabError> {
        while (self.paused)() && !(self.cancelled)() {
            std::thread::sleep(Duration::from_millis(20));
        }
        if (self.cancelled)() { Err(LabError::Cancelled) } else { Ok(()) }
    }
}

/// What a run was and what was spent on it: without it a result cannot be judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The version of this program.
    pub gatescope: String,
    /// The day it ended, `2026-11-24` (UTC).
    pub finished: String,
    /// Seconds of training and measuring, cached networks not counted.
    pub seconds: f64,
    /// Threads.
    pub threads: usize,
    /// The data's name.
    pub dataset: String,
    /// Side of the input, in pixels.
    pub input: usize,
    /// One network a seed; the first is the recipe's own.
    pub seeds: Vec<u64>,
    /// Test images of every test score.
    pub test_images: u64,
    /// How every network was trained, but for the seed.
    pub recipe: TrainingRecipe,
}

impl RunInfo {
    /// The budget in a line: `12 epochs of 20,000 images a network · 3 seeds · objects · gatescope 0.1.0, 2026-11-24`.
    #[must_use]
    pub fn budget(&self) -> String {
        let Self { recipe, seeds, dataset, gatescope, finished, .. } = self;
        let grouped = crate::network::number::grouped;
        let seeds = match seeds.len() {
            1 => "1 seed".to_owned(),
            count => format!("{count} seeds"),
        };
        let epochs = if recipe.epochs == 1 { "1 epoch" } else { &format!("{} epochs", recipe.epochs) };
        format!(
            "{epochs} of {} images a network · {seeds} · {} test images · {dataset} · gatescope {gatescope}, {finished}",
            grouped(recipe.samples),
            grouped(self.test_images),
        )
    }
}

/// One epoch of a network, errors and losses as means.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochPoint {
    /// From 1.
    pub epoch: usize,
    /// Share of training images that were wrong while they were trained on, 0 to 1.
    pub train_error: f32,
    /// Share of test images that are wrong after the epoch, 0 to 1.
    pub test_error: f32,
    /// Cross-entropy in training, label smoothing included.
    pub train_loss: f32,
    /// Cross-entropy in the test.
    pub test_loss: f32,
    /// At the end of the epoch.
    pub learning_rate: f32,
    /// How long it took.
    pub seconds: f32,
}

impl EpochPoint {
    /// What training noted of an epoch; `validation` was the test split.
    fn of(record: &EpochRecord) -> Self {
        Self {
            epoch: record.epoch,
            train_error: 1.0 - record.train.accuracy,
            test_error: 1.0 - record.validation.accuracy,
            train_loss: record.train.loss,
            test_loss: record.validation.loss,
            learning_rate: record.learning_rate,
            seconds: record.seconds,
        }
    }
}

/// `12.3 %`.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A difference of two shares in points, without its sign: `3.2 points`.
fn points(difference: f64) -> String {
    format!("{:.1} points", (difference * 100.0).abs())
}

/// `8, 20 and 56`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
