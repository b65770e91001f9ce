//! The kernels: each written once over sixteen-lane vectors, compiled for each instruction set, chosen at run time.
//!
//! Invariants: `unsafe` lives here and nowhere else; what a kernel computes depends on its inputs and the
//! instruction set, never on the number of threads or on how work is cut.

// Kernels only vectorise when they are inlined into the function that turns the instruction set on.
#![allow(clippy::inline_always)]
// Sums run over indices that are offsets into several buffers at once.
#![allow(clippy::needless_range_loop)]

pub mod activation;
pub mod backward;
pub mod channels;
pub mod conv;
pub mod gate;
pub mod isa;
mod kernel;
pub mod layout;
pub mod memory;
pub mod norm;
pub mod plane;
pub mod pool;
pub mod reduce;
mod simd;
pub mod threads;
mod tile;

pub use isa::Isa;
pub use kernel::{Kernel, Reorder};
pub use layout::Layout;
pub use memory::Aligned;
pub use simd::LANES;
pub use threads::{Crew, default_threads};

#[cfg(test)]
mod tests;
