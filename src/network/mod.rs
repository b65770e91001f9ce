//! What a network is: specs, graphs, attention blocks, families, costs. Only `std` and `serde`.
//!
//! ```text
//! text, TOML, the builder ──▶ NetworkSpec ──zoo::lower──▶ Graph ──▶ cost
//! ```
//!
//! Inside this storey arrows point one way: `zoo → spec → attention → graph → ops`, `cost → graph`;
//! `papers` is on top of all of them.

pub mod attention;
pub mod cost;
pub mod graph;
pub mod number;
pub mod ops;
pub mod options;
pub mod papers;
pub mod spec;
pub mod suggest;
pub mod synonyms;
pub mod zoo;

pub use graph::Graph;
pub use spec::{NetworkSpec, SpecError};
pub use zoo::{lower, parse};
