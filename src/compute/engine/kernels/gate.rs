//! What is done to every number of a map: gates multiplied in, a residual added, ReLU; all in one pass.

use super::isa::{Isa, Vectorised};
use super::layout::{Layout, blocks, plane};
use super::memory::Shared;
use super::reduce::tasks;
use super::simd::{LANES, Simd};
use super::threads::Crew;
use crate::network::graph::Shape;

/// The gates a map is multiplied with, for each image of the batch.
#[derive(Clone, Copy, Default)]
pub struct Gates<'a> {
    /// `[C]` with the padding of a block.
    pub channel: Option<&'a [f32]>,
    /// `[H, W]`, planar.
    pub spatial: Option<&'a [f32]>,
}

impl<'a> Gates<'a> {
    /// # Panics
    /// When a gate is shorter than the batch.
    pub(super) fn check(&self, shape: Shape, batch: usize) {
        assert!(self.channel.is_none_or(|gate| gate.len() >= batch * blocks(shape) * LANES));
        assert!(self.spatial.is_none_or(|gate| gate.len() >= batch * spatial_length(shape)));
    }

    pub(super) fn channel_of(&self, image: usize, shape: Shape) -> Option<&'a [f32]> {
        self.channel.map(|gate| &gate[image * blocks(shape) * LANES..][..blocks(shape) * LANES])
    }

    fn spatial_of(&self, image: usize, shape: Shape) -> Option<&'a [f32]> {
        self.spatial.map(|gate| &gate[image * spatial_length(shape)..][..plane(shape)])
    }
}

/// Numbers from one image's spatial gate to the next's.
fn spatial_length(shape: Shape) -> usize {
    Layout::of(Shape::map(1, shape.height(), shape.width())).length(Shape::map(1, shape.height(), shape.width()))
}

/// Where a map comes from.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// A buffer of its own.
    Other(&'a [f32]),
    /// The output's buffer, which is overwritten.
    InPlace,
}

/// `relu(x · channel gate · spatial gate + residual)`, on blocked maps; what is not there is left out.
#[derive(Clone, Copy)]
pub struct Gating<'a> {
    /// The map's shape.
    pub shape: Shape,
    /// Images.
    pub batch: usize,
    /// The map.
    pub map: Source<'a>,
    /// Its gates.
    pub gates: Gates<'a>,
    /// What is added.
    pub residual: Option<Source<'a>>,
    /// Is the result rectified?
    pub relu: bool,
}

impl Gating<'_> {
    /// Does it.
    ///
    /// # Panics
    /// When a buffer is too short.
    pub fn run(&self, isa: Isa, crew: &Crew, output: &mut [f32]) {
        let (shape, length) = (self.shape, plane(self.shape) * LANES);
        let total = self.batch * blocks(shape);
        assert!(output.len() >= total * length, "the output has room");
        self.gates.check(shape, self.batch);
        let pointer = output.as_ptr();
        let of = |source: Source| match source {
            Source::Other(values) => {
                assert!(values.len() >= total * length, "the input is the batch");
                Shared::at(values.as_ptr().cast_mut())
            }
            Source::InPlace => Shared::at(pointer.cast_mut()),
        };
        let map = of(self.map);
        let residual = self.residual.map(of);
        let shared = Shared::new(output);
        let each = total.div_ceil(tasks(crew, total * length, total));
        crew.run(total.div_ceil(each), &|task| {
            for index in task * each..((task + 1) * each).min(total) {
                let (image, block) = (index / blocks(shape), index % blocks(shape));
                // SAFETY: each plane is written by one task, which alone reads the planes at the same place; the
                // processor has the instruction set.
                unsafe {
                    isa.call(Plane {
                        map: map.pointer().add(index * length),
                        channel: self.gates.channel_of(image, shape).map(|gate| &gate[block * LANES..][..LANES]),
                        spatial: self.gates.spatial_of(image, shape),
                        residual: residual.map(|residual| residual.pointer().add(index * length).cast_const()),
                        relu: self.relu,
                        output: shared.pointer().add(index * length),
                        positions: plane(shape),
                    });
                }
            }
        });
    }
}

struct Plane<'a> {
    map: *const f32,
    channel: Option<&'a [f32]>,
    spatial: Option<&'a [f32]>,
    residual: Option<*const f32>,
    relu: bool,
    output: *mut f32,
    positions: usize,
}

impl Vectorised for Plane<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        // SAFETY: the caller vouches for a plane's numbers behind each pointer.
        unsafe {
            let channel = self.channel.map(|gate| S::load(gate.as_ptr()));
            for position in 0..self.positions {
                let mut value = S::load(self.map.add(position * LANES));
                if let Some(gate) = channel {
                    value = S::mul(value, gate);
                }
                if let Some(gate) = self.spatial {
                    value = S::mul(value, S::splat(*gate.as_ptr().add(position)));
                }
                if let Some(residual) = self.residual {
                    value = S::add(value, S::load(residual.add(position * LANES)));
                }
                if self.relu {
                    value = S::relu(value);
                }
                S::store(self.output.add(position * LANES), value);
            }
        }
    }
}
