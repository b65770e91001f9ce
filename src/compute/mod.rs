//! What a network does: weights, inference, explanations. candle on the CPU; knows nothing of windows.

pub mod engine;
pub mod explain;
pub mod weights;
