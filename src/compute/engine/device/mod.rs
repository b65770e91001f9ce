//! Where a network runs: this crate's kernels on the processor, or candle's operators on a graphics card.
//!
//! A card needs a build with its feature (`cuda`, `metal`) and a driver; [`Runner::new`] says why there is none and
//! runs on the processor instead.

mod exec;
mod operators;
mod prepare;
mod runner;

#[cfg(test)]
mod tests;

pub use exec::DevicePlan;
pub use runner::Runner;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use candle_core::Device;
use serde::{Deserialize, Serialize};

/// Names the device to use where nothing else does.
pub const VARIABLE: &str = "GATESCOPE_DEVICE";

/// A kind of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// The processor, with this crate's kernels.
    #[default]
    Cpu,
    /// NVIDIA's, feature `cuda`.
    Cuda,
    /// Apple's, feature `metal`.
    Metal,
}

/// Why a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// A word that names none.
    #[error("{0}: no such device, give cpu, cuda or metal")]
    Unknown(String),
    /// The program was built without it.
    #[error("{0}: this gatescope was built without it, running on the CPU; build with `--features {0}` to use it")]
    NotBuilt(&'static str),
    /// No such device answers.
    #[error("{device}: no device answers ({reason}), running on the CPU; check that its driver is installed")]
    Absent {
        /// Which.
        device: &'static str,
        /// What the driver says.
        reason: String,
    },
}

impl DeviceKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Cpu, Self::Cuda, Self::Metal];

    /// Its name as people type it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Metal => "metal",
        }
    }

    /// What `GATESCOPE_DEVICE` names, if it is set.
    ///
    /// # Errors
    /// When it names none.
    pub fn from_env() -> Result<Option<Self>, DeviceError> {
        let Some(text) = std::env::var_os(VARIABLE).filter(|text| !text.is_empty()) else { return Ok(None) };
        let text = text.to_string_lossy();
        let unknown = |_| DeviceError::Unknown(format!("{VARIABLE}={text}"));
        text.parse().map(Some).map_err(unknown)
    }

    /// Opens the device.
    fn open(self) -> Result<Device, DeviceError> {
        let (is_built, open): (bool, fn(usize) -> candle_core::Result<Device>) = match self {
            Self::Cpu => return Ok(Device::Cpu),
            Self::Cuda => (cfg!(feature = "cuda"), Device::new_cuda),
            Self::Metal => (cfg!(feature = "metal"), Device::new_metal),
        };
        if !is_built {
            return Err(DeviceError::NotBuilt(self.name()));
        }
        let absent = |reason: String| DeviceError::Absent { device: self.name(), reason };
        // A driver's library that is not there makes its bindings panic.
        match catch_unwind(AssertUnwindSafe(|| open(0))) {
            Ok(opened) => opened.map_err(|error| absent(first_line(&error))),
            Err(_) => Err(absent("its library cannot be loaded".to_owned())),
        }
    }
}

impl FromStr for DeviceKind {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(text.trim()));
        known.ok_or_else(|| DeviceError::Unknown(text.to_owned()))
    }
}

/// What an error says, without its backtrace.
fn first_line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
