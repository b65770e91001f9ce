//! How long a network takes, as a whole and step by step.

use std::time::Duration;

use super::{Control, EngineError, Plan};

/// Times of several runs.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Of each run without clocks on its steps, in the order run.
    pub totals: Vec<Duration>,
    /// By step: the median over the runs with clocks.
    pub steps: Vec<Duration>,
}

impl Profile {
    /// The fastest run.
    #[must_use]
    pub fn min(&self) -> Duration {
        self.totals.iter().min().copied().unwrap_or_default()
    }

    /// The run in the middle.
    #[must_use]
    pub fn median(&self) -> Duration {
        median(self.totals.clone())
    }
}

/// Runs a plan `runs` times without clocks and as often with them, in turns, after one run that is not counted.
///
/// # Errors
/// As [`Plan::run_batch`].
pub fn profile(plan: &Plan, images: &[f32], runs: usize, control: &Control) -> Result<Profile, EngineError> {
    let quiet = Control { progress: &|_| (), cancelled: control.cancelled };
    plan.run_batch(images, &quiet)?;
    let mut totals = Vec::with_capacity(runs);
    let mut steps = vec![Vec::with_capacity(runs); plan.steps().len()];
    for run in 0..runs {
        totals.extend(plan.run_batch(images, &quiet)?.first().map(|run| run.elapsed));
        let (_, times) = plan.run_timed(images, &quiet)?;
        steps.iter_mut().zip(times).for_each(|(times, time)| times.push(time));
        (control.progress)((run + 1) as f32 / runs as f32);
    }
    Ok(Profile { totals, steps: steps.into_iter().map(median).collect() })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
