//! Where and how often a network is run: flags that several commands share.

use super::error::CliError;
use super::plan;
use super::source::say;
use crate::compute::engine::{self, Control, DeviceKind, Effort, PlanOptions, Profile, Runner, Timing};
use crate::compute::weights::Weights;
use crate::network::Graph;

/// Runs where none are asked for.
const RUNS: usize = 20;
/// The most runs.
const MAX_RUNS: usize = 100_000;

/// `--device`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct DeviceArgs {
    /// Where to run: cpu, cuda or metal [default: GATESCOPE_DEVICE, or cpu]
    #[arg(long, value_name = "DEVICE")]
    device: Option<DeviceKind>,
}

/// How a network is measured.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Runs without clocks on the steps, and as many with them [default: 20]
    #[arg(long, value_name = "N")]
    runs: Option<usize>,
    /// Threads to use [default: GATESCOPE_THREADS, or those of the machine]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    device: DeviceArgs,
}

/// A network with its times.
pub(super) struct Measured {
    pub(super) runner: Runner,
    pub(super) times: Profile,
    pub(super) timing: Timing,
}

impl DeviceArgs {
    /// The network on the device asked for. Where that is not to be had, says why and gives the processor.
    ///
    /// # Errors
    /// A device that does not exist, weights that are not the network's.
    pub(super) fn runner(&self, graph: &Graph, weights: &Weights, options: PlanOptions) -> Result<Runner, CliError> {
        let device = match self.device {
            Some(device) => device,
            None => DeviceKind::from_env().map_err(CliError::input)?.unwrap_or_default(),
        };
        let (runner, missing) = Runner::new(device, graph, weights, options).map_err(CliError::input)?;
        if let Some(missing) = missing {
            say(&missing.to_string());
        }
        Ok(runner)
    }
}

impl DeviceArgs {
    /// Says that what is asked runs on the processor, where another device was named.
    pub(super) fn say_processor(&self) {
        if self.device.is_some_and(|device| device != DeviceKind::default()) {
            say("explanations run on the processor, whatever --device says");
        }
    }
}

impl Args {
    /// Was any of the flags given?
    pub(super) fn is_given(&self) -> bool {
        self.runs.is_some() || self.threads.is_some() || self.device.device.is_some()
    }

    /// Measures a network on this many images at a time.
    ///
    /// # Errors
    /// Numbers that cannot be, a run that failed.
    pub(super) fn measure(&self, graph: &Graph, weights: &Weights, batch: usize) -> Result<Measured, CliError> {
        let runs = self.runs.unwrap_or(RUNS);
        if !(1..=MAX_RUNS).contains(&runs) {
            return Err(CliError::Input(format!("--runs {runs}: give 1 to {MAX_RUNS}")));
        }
        let runner = self.device.runner(graph, weights, plan::options(self.threads, batch)?)?;
        let times = engine::measure(&runner, graph, Effort::runs(runs), &Control::none());
        let times = times.map_err(|error| CliError::Failure(error.to_string()))?;
        let timing = Timing::of(graph, &runner, &times);
        Ok(Measured { runner, times, timing })
    }
}

/// `2 threads, 1 image: 12.31 ms at best, 12.70 ms in the middle of 20 runs (AVX-512).`
pub(super) fn sentence(timing: &Timing) -> String {
    let some = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    format!(
        "{}, {}: {:.2} ms at best, {:.2} ms in the middle of {} ({}).",
        some(timing.threads, "thread"),
        some(timing.batch, "image"),
        timing.min.as_secs_f64() * 1e3,
        timing.median.as_secs_f64() * 1e3,
        some(timing.runs, "run"),
        timing.processor
    )
}

/// How the steps' times come to sum to the run's.
pub(super) fn scaled(timing: &Timing) -> String {
    format!(
        "Steps are timed in runs of their own, with a clock on each, which took {:.2} times as long; they are scaled to \
         the run in the middle.",
        timing.clocked
    )
}

/// Nanoseconds in milliseconds.
pub(super) fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}
