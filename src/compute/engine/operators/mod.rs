//! The engine's kernels as operators of candle's autograd, for networks that a library user wires by hand.
//!
//! Each takes f32 tensors on the CPU, `[N, C, H, W]` (made contiguous if they are not), and can be differentiated:
//! forward and backward run on the kernels that [`Plan`](super::Plan) and [`Tape`](super::tape::Tape) run on, with
//! [`default_threads`](super::default_threads). Results do not depend on the number of threads.
//!
//! The tape does not go through them. A tape keeps the engine's layout from the first layer to the last and writes a
//! gradient where it belongs; here each operator converts its tensors to that layout and back, and candle's backward
//! pass adds every gradient to a tensor it has filled with zeros. To learn a whole
//! [`Graph`](crate::network::graph::Graph), take the tape.
//!
//! ```
//! use candle_core::{Device, Tensor, Var};
//! use gatescope::compute::engine::operators::{ConvOptions, conv2d, global_avg_pool, scale};
//!
//! # fn main() -> candle_core::Result<()> {
//! let x = Tensor::randn(0f32, 1.0, (2, 3, 9, 9), &Device::Cpu)?;
//! let weight = Var::randn(0f32, 0.1, (8, 3, 3, 3), &Device::Cpu)?;
//! let y = conv2d(&x, &weight, None, ConvOptions { padding: [1, 1], ..ConvOptions::default() })?;
//! // Squeeze, and excite with what was squeezed.
//! let gate = (global_avg_pool(&y)?.neg()?.exp()? + 1.0)?.recip()?;
//! let gradients = scale(&y, &gate)?.sqr()?.sum_all()?.backward()?;
//! assert_eq!(gradients.get(&weight).map(|gradient| gradient.dims().to_vec()), Some(vec![8, 3, 3, 3]));
//! # Ok(())
//! # }
//! ```

mod conv;
mod error;
mod frame;
mod gate;
mod norm;
mod pool;

pub use conv::{ConvOptions, conv2d};
pub use error::OperatorError;
pub use gate::scale;
pub use norm::{BatchNormed, batch_norm, batch_norm_relu};
pub use pool::{channel_max, channel_mean, global_avg_pool, global_max_pool, max_pool};

use super::default_threads;
use super::kernels::{Crew, Isa};

/// What every operator computes with.
struct Machine {
    isa: Isa,
    crew: Crew,
}

impl Machine {
    fn new() -> Self {
        Self { isa: Isa::detect(), crew: Crew::new(default_threads()) }
    }
}

#[cfg(test)]
mod tests;
