//! How long a network takes, as a whole and step by step.

use std::time::{Duration, Instant};

use super::{Control, EngineError, Holds, Runner};

/// However little patience there is, a median is of this many.
const LEAST_RUNS: usize = 3;

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Runs without clocks on the steps, and as many with them.
    pub runs: usize,
    /// After this long no further run is begun.
    pub patience: Duration,
}

impl Effort {
    /// So many runs, however long they take.
    #[must_use]
    pub fn runs(runs: usize) -> Self {
        Self { runs, patience: Duration::MAX }
    }
}

/// Times of several runs.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Of each run without clocks on its steps, in the order run.
    pub totals: Vec<Duration>,
    /// By step: its part of the run in the middle. The clocks on steps take time themselves and a machine is not
    /// equally busy all along, so the steps' medians are scaled to sum to [`Profile::median`].
    pub steps: Vec<Duration>,
    /// The sum of the steps' medians as the clocks had them, over [`Profile::median`].
    pub clocked: f64,
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

/// Runs a network without clocks and as often with them, in turns, after one run that is not counted.
///
/// # Errors
/// As [`Runner::run_batch`].
pub fn profile(runner: &Runner, images: &[f32], effort: Effort, control: &Control) -> Result<Profile, EngineError> {
    let quiet = Control { progress: &|_| (), cancelled: control.cancelled };
    runner.run_batch(images, &Holds::none(), &quiet)?;
    let started = Instant::now();
    let mut totals = Vec::new();
    let mut steps = vec![Vec::new(); runner.steps().len()];
    let runs = effort.runs.max(1);
    while totals.len() < runs && (totals.len() < LEAST_RUNS || started.elapsed() < effort.patience) {
        totals.extend(runner.run_batch(images, &Holds::none(), &quiet)?.first().map(|run| run.elapsed));
        let (_, times) = runner.run_timed(images, &quiet)?;
        steps.iter_mut().zip(times).for_each(|(times, time)| times.push(time));
        let spent = started.elapsed().as_secs_f32() / effort.patience.as_secs_f32().max(f32::MIN_POSITIVE);
        let made = |of: usize| totals.len() as f32 / of as f32;
        (control.progress)(made(runs).max(spent.min(made(LEAST_RUNS))).min(1.0));
    }
    (control.progress)(1.0);
    let steps: Vec<Duration> = steps.into_iter().map(median).collect();
    let whole = median(totals.clone());
    let clocked: Duration = steps.iter().sum();
    let clocked = clocked.as_secs_f64() / whole.as_secs_f64().max(f64::MIN_POSITIVE);
    Ok(Profile { totals, steps: shared_out(whole, &steps), clocked })
}

/// A time shared out in proportion to others, to the nanosecond: the shares sum to it.
fn shared_out(whole: Duration, parts: &[Duration]) -> Vec<Duration> {
    let total: u128 = parts.iter().map(Duration::as_nanos).sum();
    let mut before = 0;
    let mut given = 0;
    let mut share = |part: &Duration| {
        before += part.as_nanos();
        let until = (whole.as_nanos() * before).checked_div(total).unwrap_or(0);
        let share = until - given;
        given = until;
        Duration::from_nanos(share as u64)
    };
    parts.iter().map(&mut share).collect()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_share_the_run_in_proportion_and_to_the_nanosecond() {
        let times = [7, 0, 11, 31].map(Duration::from_nanos);
        let shares = shared_out(Duration::from_nanos(100), &times);
        assert_eq!(shares.iter().sum::<Duration>(), Duration::from_nanos(100));
        assert_eq!(shares.iter().map(Duration::as_nanos).collect::<Vec<_>>(), [14, 0, 22, 64], "7, 11 and 31 of 49");
        assert_eq!(shared_out(Duration::from_nanos(5), &[Duration::ZERO; 2]), [Duration::ZERO; 2]);
    }
}
