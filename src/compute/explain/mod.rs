//! What the numbers of a run say: gate statistics.

mod stats;

pub use stats::Stats;
