//! The lab: data whose truth is known, and what networks learn from it.

pub mod data;
mod error;
pub mod experiments;
pub mod training;

pub use error::LabError;
pub use training::trained_on;
