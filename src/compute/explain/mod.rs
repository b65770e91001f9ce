//! What the numbers of a run say: gate statistics, and where the evidence for a class lies.

mod grad_cam;
mod stats;

pub use grad_cam::{ClassMap, GradCam, grad_cam};
pub use stats::Stats;
