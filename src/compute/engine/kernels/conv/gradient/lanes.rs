//! Gradients of weights where a lane meets its own lane only: depthwise convolution and groups of 4 or 8 channels,
//! whose lanes are channels, and convolution of planes to planes, whose lanes are neighbouring columns.
//!
//! For a vector of gradients at a position, each kernel position has the vector of inputs it sees there; their
//! products are added up in registers over the whole plane, several kernel positions at once.

use super::super::super::isa::{Isa, Vectorised};
use super::super::super::layout::{Layout, plane};
use super::super::super::memory::{Aligned, Shared, with_scratch};
use super::super::super::simd::{LANES, Simd};
use super::super::super::threads::Crew;
use super::Geometry;
use super::weight::{copy_rows, portion_of};

/// A prepared sum of lane by lane products.
pub(super) struct Lanes {
    isa: Isa,
    geometry: Geometry,
    /// Of inputs and outputs.
    layout: Layout,
    /// Blocks of channels, or output planes.
    units: usize,
    /// Input planes a unit sees.
    planes: usize,
    /// Inputs of a block that each of its outputs sees: 1, 4 or 8.
    group: usize,
    /// Rows and columns of the padded copy of a plane.
    copy: [usize; 2],
    /// Where each kernel position begins in the copies.
    offsets: Vec<usize>,
    /// Images of a portion.
    portion: usize,
    /// `[portion][unit][kernel position][input of the group][16]`.
    sums: Aligned,
}

impl Lanes {
    pub(super) fn new(isa: Isa, geometry: Geometry) -> Self {
        let Geometry { conv, to, .. } = geometry;
        let layout = Layout::of(geometry.from);
        let (units, planes, group, lanes, columns) = match layout {
            Layout::Blocked => (to.channels().div_ceil(LANES), 1, geometry.inner(), LANES, to.width()),
            Layout::Planar => (to.channels(), geometry.inner(), 1, 1, to.width().next_multiple_of(LANES)),
        };
        let seen = |axis: usize, outputs: usize| {
            (outputs - 1) * conv.stride[axis] + (conv.kernel[axis] - 1) * conv.dilation[axis] + 1
        };
        let copy = [seen(0, to.height()), seen(1, columns)];
        let offset = |index: usize| {
            let (plane, tap) = (index / geometry.taps(), index % geometry.taps());
            let (ky, kx) = (tap / conv.kernel[1], tap % conv.kernel[1]);
            ((plane * copy[0] + ky * conv.dilation[0]) * copy[1] + kx * conv.dilation[1]) * lanes
        };
        let offsets: Vec<usize> = (0..planes * geometry.taps()).map(offset).collect();
        let portion = portion_of(units, geometry.batch);
        let sums = Aligned::zeros(geometry.batch.div_ceil(portion) * units * offsets.len() * group * LANES);
        Self { isa, geometry, layout, units, planes, group, copy, offsets, portion, sums }
    }

    /// Sums of one unit.
    fn unit(&self) -> usize {
        self.offsets.len() * self.group * LANES
    }

    /// Writes the gradient; buffers are exactly as long as the batch.
    pub(super) fn run(&mut self, crew: &Crew, input: &[f32], gradient: &[f32], to: &mut [f32]) {
        let mut sums = std::mem::take(&mut self.sums);
        let shared = Shared::new(&mut sums);
        let portions = self.geometry.batch.div_ceil(self.portion);
        crew.run(self.units * portions, &|task| {
            // SAFETY: each portion of a unit is summed by one task.
            let sums = unsafe { shared.part(task * self.unit(), self.unit()) };
            sums.fill(0.0);
            let (portion, unit) = (task / self.units, task % self.units);
            let images = portion * self.portion..((portion + 1) * self.portion).min(self.geometry.batch);
            images.for_each(|image| self.image(image, unit, input, gradient, sums));
        });
        self.sums = sums;
        self.write(to);
    }

    /// Adds one image's products of a unit.
    fn image(&self, image: usize, unit: usize, input: &[f32], gradient: &[f32], sums: &mut [f32]) {
        let Geometry { conv, from, to, .. } = self.geometry;
        let is_planar = self.layout == Layout::Planar;
        let lanes = if is_planar { 1 } else { LANES };
        let size = [from.height(), from.width()];
        let copied = self.copy[0] * self.copy[1] * lanes;
        let columns = to.width().next_multiple_of(LANES);
        let padded = if is_planar { to.height() * columns } else { 0 };
        let first = if is_planar { unit / self.geometry.outer() * self.planes } else { unit };
        let input = &input[image * self.layout.length(from) + first * plane(from) * lanes..];
        let gradient = &gradient[image * self.layout.length(to) + unit * plane(to) * lanes..][..plane(to) * lanes];
        let copies = (self.planes * copied).next_multiple_of(LANES);
        with_scratch(copies + padded, |scratch| {
            let (copies, padded) = scratch.split_at_mut(copies);
            let planes = input.chunks_exact(plane(from) * lanes).take(self.planes);
            for (plane, copy) in planes.zip(copies.chunks_exact_mut(copied)) {
                copy_rows(plane, size, conv.padding, (0, self.copy[1]), lanes, copy);
            }
            if is_planar {
                copy_rows(gradient, [to.height(), to.width()], [0, 0], (0, columns), 1, padded);
            }
            let job = Job {
                input: copies.as_ptr(),
                input_row: conv.stride[0] * self.copy[1] * lanes,
                input_step: if is_planar { LANES } else { conv.stride[1] * LANES },
                gradient: if is_planar { padded.as_ptr() } else { gradient.as_ptr() },
                rows: to.height(),
                columns: if is_planar { columns / LANES } else { to.width() },
                offsets: &self.offsets,
                sums: sums.as_mut_ptr(),
            };
            // SAFETY: the processor has the instruction set; the copies hold every position a kernel position sees.
            unsafe {
                match self.group {
                    1 => self.isa.call(Sized::<1>(job)),
                    4 => self.isa.call(Sized::<4>(job)),
                    _ => self.isa.call(Sized::<8>(job)),
                }
            }
        });
    }

    /// Adds the portions in order and writes the gradient as weights lie.
    fn write(&self, to: &mut [f32]) {
        let (taps, group) = (self.geometry.taps(), self.group);
        let all = self.units * self.unit();
        let sum = |at: usize| self.sums[at..].iter().step_by(all).sum::<f32>();
        if self.layout == Layout::Planar {
            for (index, to) in to[..self.units * self.offsets.len()].iter_mut().enumerate() {
                *to = (0..LANES).map(|lane| sum(index * LANES + lane)).sum();
            }
            return;
        }
        let weights = to.chunks_exact_mut(group * taps).take(self.geometry.conv.out_channels);
        for (output, to) in weights.enumerate() {
            for (index, to) in to.iter_mut().enumerate() {
                let (channel, tap) = (index / taps, index % taps);
                *to = sum(output / LANES * self.unit() + (tap * group + channel) * LANES + output % LANES);
            }
        }
    }
}

/// One unit of one image; distances are in numbers.
#[derive(Clone, Copy)]
struct Job<'a> {
    input: *const f32,
    input_row: usize,
    input_step: usize,
    /// Vectors, row after row.
    gradient: *const f32,
    rows: usize,
    columns: usize,
    offsets: &'a [usize],
    sums: *mut f32,
}

struct Sized<'a, const GROUP: usize>(Job<'a>);

impl<const GROUP: usize> Vectorised for Sized<'_, GROUP> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let mut rest = self.0.offsets;
        while !rest.is_empty() {
            let job = Job { offsets: rest, sums: self.0.sums.wrapping_add(self.done(rest)), ..self.0 };
            // SAFETY: the caller vouches for the job.
            let count = unsafe {
                match rest.len() {
                    9.. if GROUP == 1 => sum::<S, GROUP, 9>(job),
                    7.. if GROUP == 1 => sum::<S, GROUP, 7>(job),
                    3.. => sum::<S, GROUP, 3>(job),
                    _ => sum::<S, GROUP, 1>(job),
                }
            };
            rest = &rest[count..];
        }
    }
}

impl<const GROUP: usize> Sized<'_, GROUP> {
    /// Numbers of the sums before those of the offsets left.
    fn done(&self, rest: &[usize]) -> usize {
        (self.0.offsets.len() - rest.len()) * GROUP * LANES
    }
}

/// Adds the products of the first `K` kernel positions; returns `K`.
#[inline(always)]
unsafe fn sum<S: Simd, const GROUP: usize, const K: usize>(job: Job) -> usize {
    // SAFETY: the caller vouches for the places.
    unsafe {
        let offsets: [usize; K] = std::array::from_fn(|index| job.offsets[index]);
        let mut sums = [[S::splat(0.0); GROUP]; K];
        let mut gradient = job.gradient;
        for y in 0..job.rows {
            let mut input = job.input.add(y * job.input_row);
            for _ in 0..job.columns {
                let value = S::load(gradient);
                for (sums, offset) in sums.iter_mut().zip(offsets) {
                    let from = input.add(offset);
                    for (channel, sum) in sums.iter_mut().enumerate() {
                        let seen = if GROUP == 1 { S::load(from) } else { S::spread::<GROUP>(from, channel) };
                        *sum = S::fma(value, seen, *sum);
                    }
                }
                gradient = gradient.add(LANES);
                input = input.add(job.input_step);
            }
        }
        for (index, sum) in sums.iter().flatten().enumerate() {
            let to = job.sums.add(index * LANES);
            S::store(to, S::add(S::load(to), *sum));
        }
    }
    K
}
