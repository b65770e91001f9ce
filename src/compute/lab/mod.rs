//! The lab: data whose truth is known, and what networks learn from it.

pub mod data;
mod error;

pub use error::LabError;
