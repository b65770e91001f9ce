//! What the numbers of a run say: gate statistics, gates as maps and shares, where the evidence for a class lies,
//! where numbers that are none come from.
//!
//! A [`Subject`] is a network ready to be asked; a [`Look`] is one picture as it saw it, which every method of
//! [`METHODS`] reads. Maps are signed and in logits: what is cut off or scaled for showing is the view's.

mod broken;
mod effect;
mod evidence;
mod features;
mod layers;
mod lens;
mod method;
mod methods;
mod rank;
mod replace;
mod small;
mod stats;
mod subject;
mod target;
pub mod trust;

pub use broken::Broken;
pub use effect::{Effect, Outcome, WhatIf};
pub use evidence::Evidence;
pub use features::{Features, Sorted};
pub use layers::{Layer, LinearHead};
pub use lens::{GateMap, Lens, Slice, counterpart, path_names, widened};
pub use method::{Explanation, METHODS, MethodCard, method};
pub use rank::{Done, Ranking};
pub use replace::Replacement;
pub use small::{BARS, bars, by_share, outline, small};
pub use stats::Stats;
pub use subject::{Look, Subject};
pub use target::Target;
