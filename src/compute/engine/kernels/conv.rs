//! Convolution, prepared once for its weights and its image, run often.

mod direct;
mod gradient;
mod grid;
mod grouped;
pub(in crate::compute::engine) mod linear;
mod pack;
mod pair;
mod winograd;

use std::fmt;

use super::activation::Activation;
use super::isa::Isa;
use super::layout::{Layout, blocks, plane};
use super::memory::Aligned;
use super::simd::LANES;
use super::threads::Crew;
use crate::network::graph::{Conv2d, Shape};
use direct::Direct;
pub use gradient::ConvGradient;
use grouped::Grouped;
pub use pair::Pair;
use winograd::Winograd;

/// What a convolution is made from.
#[derive(Clone, Copy)]
pub struct Recipe<'a> {
    /// Its geometry.
    pub conv: Conv2d,
    /// The input's shape.
    pub from: Shape,
    /// The output's shape; its layout is blocked.
    pub to: Shape,
    /// The input's layout.
    pub layout: Layout,
    /// `[out, in / groups, kh, kw]`.
    pub weight: &'a [f32],
    /// A factor for each output channel's weights: a folded BatchNorm.
    pub scale: Option<&'a [f32]>,
    /// One number an output channel, or nothing.
    pub bias: &'a [f32],
    /// How many images it is run on at a time.
    pub batch: usize,
}

/// A residual that is added to the output.
#[derive(Clone, Copy)]
pub enum Residual<'a> {
    /// Nothing is added.
    None,
    /// This, laid out as the output.
    Other(&'a [f32]),
    /// What the output buffer holds.
    InPlace,
}

/// A convolution with its weights packed for one way of computing it.
pub struct Conv {
    method: Method,
    bias: Aligned,
    geometry: Geometry,
}

/// What a recipe says of shapes.
#[derive(Clone, Copy)]
struct Geometry {
    conv: Conv2d,
    from: Shape,
    to: Shape,
    layout: Layout,
    batch: usize,
}

enum Method {
    Direct(Direct),
    Grouped(Grouped),
    Winograd(Winograd),
}

/// Which way to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// The sum as it is defined, the input's windows read in place or from a padded copy.
    Direct,
    /// Groups of 1, 4 or 8 channels, spread over the lanes of a block.
    Grouped,
    /// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016: tiles of this many outputs
    /// on a side, 2 or 4.
    Winograd(usize),
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("direct"),
            Self::Grouped => f.write_str("grouped"),
            Self::Winograd(side) => write!(f, "winograd {side}x{side}"),
        }
    }
}

impl Algorithm {
    /// The fastest for a convolution; depends on its shape only, so that results never depend on the machine's
    /// number of threads.
    #[must_use]
    pub fn for_conv(conv: &Conv2d, from: Shape, to: Shape, layout: Layout) -> Self {
        let ordinary = conv.kernel == [3, 3] && conv.stride == [1, 1] && conv.dilation == [1, 1] && conv.groups == 1;
        let is_wide = from.channels() >= 32 && to.channels() >= 32 && layout == Layout::Blocked;
        match to.height().min(to.width()) {
            _ if Grouped::fits(conv, from) && layout == Layout::Blocked => Self::Grouped,
            20.. if ordinary && is_wide => Self::Winograd(4),
            10.. if ordinary && is_wide => Self::Winograd(2),
            _ => Self::Direct,
        }
    }

    /// The most exact: as [`Algorithm::for_conv`] without Winograd's filtering, which costs a digit or two.
    #[must_use]
    pub fn exact_for_conv(conv: &Conv2d, from: Shape, to: Shape, layout: Layout) -> Self {
        match Self::for_conv(conv, from, to, layout) {
            Self::Winograd(_) => Self::Direct,
            other => other,
        }
    }
}

impl Conv {
    /// Packs the weights for the fastest way.
    #[must_use]
    pub fn new(isa: Isa, crew: &Crew, recipe: &Recipe) -> Self {
        let algorithm = Algorithm::for_conv(&recipe.conv, recipe.from, recipe.to, recipe.layout);
        Self::with(algorithm, isa, crew, recipe)
    }

    /// Packs the weights for this way, which must fit the convolution.
    #[must_use]
    pub fn with(algorithm: Algorithm, isa: Isa, crew: &Crew, recipe: &Recipe) -> Self {
        let method = match algorithm {
            Algorithm::Direct => Method::Direct(Direct::new(isa, crew, recipe)),
            Algorithm::Grouped => Method::Grouped(Grouped::new(isa, crew, recipe)),
            Algorithm::Winograd(side) => Method::Winograd(Winograd::new(isa, crew, recipe, side)),
        };
        let mut bias = Aligned::zeros(blocks(recipe.to) * LANES);
        bias[..recipe.bias.len()].copy_from_slice(recipe.bias);
        let Recipe { conv, from, to, layout, batch, .. } = *recipe;
        Self { method, bias, geometry: Geometry { conv, from, to, layout, batch } }
    }

    /// Packs other weights of the same shape, unscaled; the bias stays. Nothing is planned or allocated again, so
    /// this is what a training step does.
    ///
    /// # Panics
    /// When there are fewer weights than the convolution has.
    pub fn repack(&mut self, crew: &Crew, weight: &[f32]) {
        let Geometry { conv, from, to, layout, batch } = self.geometry;
        let inner = from.channels() / conv.groups * conv.kernel[0] * conv.kernel[1];
        assert!(weight.len() >= conv.out_channels * inner, "a weight for every product");
        let recipe = Recipe { conv, from, to, layout, weight, scale: None, bias: &[], batch };
        match &mut self.method {
            Method::Direct(direct) => direct.pack(crew, &recipe),
            Method::Grouped(grouped) => grouped.pack(crew, &recipe),
            Method::Winograd(winograd) => winograd.pack(crew, &recipe),
        }
    }

    /// Another bias, one number an output channel.
    ///
    /// # Panics
    /// When there are more numbers than channels.
    pub fn set_bias(&mut self, bias: &[f32]) {
        self.bias[..bias.len()].copy_from_slice(bias);
    }

    /// The way it is computed.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &self.method {
            Method::Direct(_) => Algorithm::Direct,
            Method::Grouped(_) => Algorithm::Grouped,
            Method::Winograd(winograd) => Algorithm::Winograd(winograd.side()),
        }
    }

    /// Bytes of the packed weights.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let weights = match &self.method {
            Method::Direct(direct) => direct.weights.len(),
            Method::Grouped(grouped) => grouped.weights.len(),
            Method::Winograd(winograd) => winograd.weights.len(),
        };
        (weights + self.bias.len()) * size_of::<f32>()
    }

    /// Convolves the whole batch; bias, residual and activation included.
    ///
    /// # Panics
    /// When a buffer is shorter than the batch.
    pub fn run(
        &self,
        crew: &Crew,
        input: &[f32],
        output: &mut [f32],
        residual: Residual,
        activation: Option<Activation>,
    ) {
        let Geometry { from, to, layout, batch, .. } = self.geometry;
        let (from, to) = (layout.length(from) * batch, Layout::Blocked.length(to) * batch);
        assert!(input.len() >= from && output.len() >= to, "buffers hold the batch");
        let residual = match residual {
            Residual::None => std::ptr::null(),
            Residual::InPlace => output.as_ptr(),
            Residual::Other(values) => {
                assert!(values.len() >= to, "the residual has the output's size");
                values.as_ptr()
            }
        };
        let finish = Finish { bias: self.bias.as_ptr(), residual, activation };
        // SAFETY: the buffers are as long as the methods were prepared for, and outlive the call.
        unsafe {
            match &self.method {
                Method::Direct(direct) => direct.run(crew, input.as_ptr(), output.as_mut_ptr(), finish),
                Method::Grouped(grouped) => grouped.run(crew, input.as_ptr(), output.as_mut_ptr(), finish),
                Method::Winograd(winograd) => winograd.run(crew, input.as_ptr(), output.as_mut_ptr(), finish),
            }
        }
    }
}

/// What is done with a sum before it is written.
#[derive(Clone, Copy)]
struct Finish {
    bias: *const f32,
    residual: *const f32,
    activation: Option<Activation>,
}

impl Finish {
    /// What is done in registers: rectified and cut off above this.
    fn clip(&self) -> Option<f32> {
        match self.activation {
            Some(Activation::Relu) => Some(f32::INFINITY),
            Some(Activation::Relu6) => Some(6.0),
            _ => None,
        }
    }

    /// The same for an output that begins `start` numbers further on.
    ///
    /// # Safety
    /// The residual is longer than that, if there is one.
    unsafe fn from(self, start: usize) -> Self {
        // SAFETY: the caller vouches for it.
        let residual = if self.residual.is_null() { self.residual } else { unsafe { self.residual.add(start) } };
        Self { residual, ..self }
    }

    /// What is done to outputs that have just been written and lie in the nearest cache: a function of many
    /// instructions would fill every micro-kernel with copies of itself.
    fn afterwards(&self) -> Option<Activation> {
        self.activation.filter(|_| self.clip().is_none())
    }
}

// SAFETY: the bias is never written; parts of the residual are read by the thread that writes the same part of the
// output.
unsafe impl Send for Finish {}
// SAFETY: as above.
unsafe impl Sync for Finish {}

/// An input several threads read.
#[derive(Clone, Copy)]
struct Input(*const f32);
// SAFETY: nobody writes to it while a convolution runs.
unsafe impl Send for Input {}
// SAFETY: as above.
unsafe impl Sync for Input {}

impl Input {
    fn pointer(self) -> *const f32 {
        self.0
    }
}

/// Multiply-accumulates below which one thread is faster than two.
const SMALL: usize = 100_000;

/// Tasks to aim for: a few a thread, so that none waits long for the last; one for little work.
fn wanted_tasks(crew: &Crew, recipe: &Recipe) -> usize {
    let macs = recipe.weight.len() * plane(recipe.to) * recipe.batch;
    if crew.threads() == 1 || macs < SMALL { 1 } else { 4 * crew.threads() }
}
