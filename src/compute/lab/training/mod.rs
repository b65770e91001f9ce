//! Training: a graph's parameters learn from a data set, on the engine's own kernels.
//!
//! ```text
//! Batches ─▶ Tape: forward ─▶ loss ─▶ Tape: backward ─▶ Optimiser ─┐  a step
//!               ▲                                                  │
//!               └──────────────── Parameters ◀─────────────────────┘
//! each epoch: Plan on the validation split, an event, a checkpoint that continues to the same numbers
//! ```
//!
//! A run is decided by graph, data set and recipe. The number of threads changes its speed only.

mod checkpoint;
mod claim;
mod fit;
mod health;
mod interrupted;
mod loss;
mod optimiser;
mod recipe;
mod run;
mod saved;
mod schedule;
#[cfg(test)]
mod tests;
mod validation;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(in crate::compute::lab) use checkpoint::difference;
pub use checkpoint::{checkpoint_of, recipe_of};
pub use fit::{check_fit, fitted};
pub use interrupted::{Interrupted, check_target, place};
pub use recipe::{Optimiser, TrainingRecipe};
pub use run::train;
pub(in crate::compute::lab) use saved::{Finished, finished};
pub use saved::{rounded, save, trained_on};
pub use validation::evaluate;

use crate::compute::engine::tape::Parameters;

/// How well a network does on some images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The mean cross-entropy, in nats. Label smoothing counts while training, never in an evaluation.
    pub loss: f32,
    /// The share of images whose class has the largest logit, 0 to 1.
    pub accuracy: f32,
}

/// One epoch of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Its number, from 1.
    pub epoch: usize,
    /// Over the training images as they were learnt from, while the network changed.
    pub train: Score,
    /// Over the validation images, at the end of the epoch.
    pub validation: Score,
    /// The learning rate of its last step.
    pub learning_rate: f32,
    /// How long it took, validation and pauses apart. Left out of finished files, whose bytes depend on results only.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seconds: f32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(seconds: &f32) -> bool {
    *seconds == 0.0
}

/// What happens while a network trains.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainingEvent {
    /// The run continues an earlier one, whose epochs these are.
    Resumed {
        /// The epochs that are done.
        history: Vec<EpochRecord>,
    },
    /// A step is done.
    Step {
        /// The epoch, from 1.
        epoch: usize,
        /// The step in its epoch, from 1.
        step: usize,
        /// How many steps the epoch has.
        steps: usize,
        /// The loss over the step's batch.
        loss: f32,
        /// The share of the batch that was right before the step.
        accuracy: f32,
        /// The step's learning rate.
        learning_rate: f32,
        /// Images learnt from a second, over the last second or so.
        images_per_second: f32,
    },
    /// An epoch is done, its checkpoint is written.
    Epoch {
        /// The epoch, from 1.
        epoch: usize,
        /// As in [`EpochRecord::train`].
        train: Score,
        /// As in [`EpochRecord::validation`].
        validation: Score,
    },
}

/// How a caller follows a run, holds it and stops it.
#[derive(Clone, Copy)]
pub struct TrainingControl<'a> {
    /// Told what happens, on the thread that trains.
    pub event: &'a (dyn Fn(TrainingEvent) + Sync),
    /// Asked between steps; `true` stops the run, which writes its checkpoint first.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Asked between steps; the run waits while it is `true`.
    pub paused: &'a (dyn Fn() -> bool + Sync),
}

impl TrainingControl<'static> {
    /// Nobody watches, nobody stops.
    #[must_use]
    pub fn none() -> Self {
        Self { event: &|_| (), cancelled: &|| false, paused: &|| false }
    }
}

/// What a run needs besides graph, data and recipe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrainingOptions {
    /// Threads to use, the caller's among them; results do not depend on it.
    pub threads: usize,
    /// A checkpoint of the same run to continue from.
    pub resume: Option<PathBuf>,
    /// The file of the finished network (f32). While the run lasts, its checkpoint is beside it
    /// ([`checkpoint_of`]).
    pub out: Option<PathBuf>,
    /// A network, or another run, that is at `out` may be overwritten.
    pub replace: bool,
}

/// A trained network.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Its numbers.
    pub parameters: Parameters,
    /// How it came to them.
    pub history: Vec<EpochRecord>,
    /// Over the test split, as many images as the recipe validates on.
    pub test: Score,
    /// How many test images those were.
    pub test_images: u64,
}
