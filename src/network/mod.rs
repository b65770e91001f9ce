//! What a network is: specs, graphs, attention blocks, families, costs. Plain data: no tensors, no window.
//!
//! ```text
//! text, TOML, the builder ──▶ NetworkSpec ──zoo::lower──▶ Graph ──▶ cost
//!                                   └──────────────┴─────▶ Model
//! ```
//!
//! Inside this storey arrows point one way: `zoo → spec → attention → graph → ops`, `cost → graph`;
//! `model` puts them together; `papers` is on top of all of them.

pub mod attention;
pub mod cost;
pub mod digest;
pub mod graph;
pub mod model;
pub mod number;
pub mod ops;
pub mod options;
pub mod papers;
pub mod spec;
pub mod suggest;
pub mod synonyms;
pub mod zoo;

pub use graph::Graph;
pub use model::{Model, Print};
pub use spec::{NetworkSpec, SpecError};
pub use zoo::{lower, parse};
