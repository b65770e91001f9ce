//! One face for both ways to run a network.

use std::time::Duration;

use super::{DeviceError, DeviceKind, DevicePlan};
use crate::compute::engine::{Control, EngineError, Holds, Plan, PlanOptions, Run, Step};
use crate::compute::weights::Weights;
use crate::network::Graph;

/// A network ready to run somewhere.
pub enum Runner {
    /// On the processor, with this crate's kernels.
    Kernels(Box<Plan>),
    /// On a device, with candle's operators.
    Operators(Box<DevicePlan>),
}

impl From<Plan> for Runner {
    fn from(plan: Plan) -> Self {
        Self::Kernels(Box::new(plan))
    }
}

impl Runner {
    /// Prepares a network for a device. Where that device is not to be had, for the processor, with the reason.
    ///
    /// # Errors
    /// As [`Plan::new`], and when the device refuses the weights.
    pub fn new(
        kind: DeviceKind,
        graph: &Graph,
        weights: &Weights,
        options: PlanOptions,
    ) -> Result<(Self, Option<DeviceError>), EngineError> {
        let missing = match (kind, kind.open()) {
            (DeviceKind::Cpu, _) => None,
            (_, Ok(device)) => {
                let plan = DevicePlan::on(device, kind, graph, weights, &options)?;
                return Ok((Self::Operators(Box::new(plan)), None));
            }
            (_, Err(missing)) => Some(missing),
        };
        Ok((Plan::new(graph, weights, options)?.into(), missing))
    }

    /// Where it runs.
    #[must_use]
    pub fn device(&self) -> DeviceKind {
        match self {
            Self::Kernels(_) => DeviceKind::Cpu,
            Self::Operators(plan) => plan.kind(),
        }
    }

    /// The instruction set it is made for, or the device: `AVX-512`, `cuda`.
    #[must_use]
    pub fn processor(&self) -> &'static str {
        match self {
            Self::Kernels(plan) => plan.isa(),
            Self::Operators(plan) => plan.kind().name(),
        }
    }

    /// The network's name.
    #[must_use]
    pub fn network(&self) -> &str {
        match self {
            Self::Kernels(plan) => plan.network(),
            Self::Operators(plan) => plan.network(),
        }
    }

    /// Threads of the processor it runs on.
    #[must_use]
    pub fn threads(&self) -> usize {
        match self {
            Self::Kernels(plan) => plan.threads(),
            Self::Operators(_) => 1,
        }
    }

    /// Images of one run.
    #[must_use]
    pub fn batch(&self) -> usize {
        match self {
            Self::Kernels(plan) => plan.batch(),
            Self::Operators(plan) => plan.batch(),
        }
    }

    /// The steps in execution order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        match self {
            Self::Kernels(plan) => plan.steps(),
            Self::Operators(plan) => plan.steps(),
        }
    }

    /// Runs one image, `[C, H, W]`, row-major, normalised as the network was trained, with some gates held.
    ///
    /// # Errors
    /// When the image is not the network's input, a gate cannot be held so, the device fails, or the caller cancels.
    pub fn run_with(&self, image: &[f32], holds: &Holds, control: &Control) -> Result<Run, EngineError> {
        Ok(self.run_batch(image, holds, control)?.swap_remove(0))
    }

    /// Runs the whole batch; a run for each image.
    ///
    /// # Errors
    /// As [`Runner::run_with`].
    pub fn run_batch(&self, images: &[f32], holds: &Holds, control: &Control) -> Result<Vec<Run>, EngineError> {
        match self {
            Self::Kernels(plan) => plan.run_batch(images, holds, control),
            Self::Operators(plan) => plan.run_batch(images, holds, control),
        }
    }

    /// The same with a clock on each step.
    ///
    /// # Errors
    /// As [`Runner::run_with`].
    pub fn run_timed(&self, images: &[f32], control: &Control) -> Result<(Vec<Run>, Vec<Duration>), EngineError> {
        match self {
            Self::Kernels(plan) => plan.run_timed(images, control),
            Self::Operators(plan) => plan.run_timed(images, control),
        }
    }
}
