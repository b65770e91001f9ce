//! What the numbers of a run say: gate statistics, gates as maps and shares, where the evidence for a class lies,
//! where numbers that are none come from.

mod broken;
mod grad_cam;
mod lens;
mod small;
mod stats;

pub use broken::Broken;
pub use grad_cam::{ClassMap, GradCam, grad_cam};
pub use lens::{GateMap, Lens, Slice, counterpart, path_names, widened};
pub use small::{BARS, bars, by_share, outline, small};
pub use stats::Stats;
