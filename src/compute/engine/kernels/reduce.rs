//! Means and maxima over positions or over channels, on blocked activations, one pass for both.

use super::gate::Gates;
use super::isa::{Isa, Vectorised};
use super::layout::{Layout, blocks, plane};
use super::memory::Shared;
use super::simd::{LANES, Simd};
use super::threads::Crew;
use crate::network::graph::Shape;

/// Positions reduced over channels at once.
const ROWS: usize = 4;

/// Where results go; what is not wanted is not there.
#[derive(Default)]
pub struct Statistics<'a> {
    /// Means.
    pub mean: Option<&'a mut [f32]>,
    /// Maxima.
    pub max: Option<&'a mut [f32]>,
}

fn address(buffer: Option<&mut [f32]>, length: usize) -> Shared<f32> {
    match buffer {
        Some(buffer) => {
            assert!(buffer.len() >= length, "the result has room");
            Shared::new(buffer)
        }
        None => Shared::at(std::ptr::null_mut()),
    }
}

/// Over positions: blocked maps to vectors, `[batch][C]` with the padding of a block.
///
/// # Panics
/// When a buffer is too short.
pub fn over_positions(isa: Isa, crew: &Crew, shape: Shape, batch: usize, input: &[f32], to: Statistics) {
    assert!(input.len() >= batch * Layout::Blocked.length(shape), "the input is the batch");
    let total = batch * blocks(shape);
    let (mean, max) = (address(to.mean, total * LANES), address(to.max, total * LANES));
    let tasks = tasks(crew, input.len(), total);
    let each = total.div_ceil(tasks.max(1)).max(1);
    let length = plane(shape) * LANES;
    crew.run(total.div_ceil(each), &|task| {
        for block in task * each..((task + 1) * each).min(total) {
            // SAFETY: each block's results are written by one task; the processor has the instruction set.
            unsafe { isa.call(Positions { input: &input[block * length..][..length], block, mean, max }) };
        }
    });
}

/// Enough tasks for every thread, if there is work for more than one.
pub(super) fn tasks(crew: &Crew, numbers: usize, most: usize) -> usize {
    let worthwhile = if crew.threads() == 1 || numbers < 50_000 { 1 } else { 4 * crew.threads() };
    worthwhile.min(most).max(1)
}

struct Positions<'a> {
    input: &'a [f32],
    block: usize,
    mean: Shared<f32>,
    max: Shared<f32>,
}

impl Vectorised for Positions<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let positions = self.input.len() / LANES;
        let from = self.input.as_ptr();
        // SAFETY: positions lie in the input; results have room for the block.
        unsafe {
            let mut sums = [S::splat(0.0); 4];
            let mut maxima = [S::splat(f32::NEG_INFINITY); 4];
            let whole = positions / 4 * 4;
            for first in (0..whole).step_by(4) {
                for lane in 0..4 {
                    let value = S::load(from.add((first + lane) * LANES));
                    sums[lane] = S::add(sums[lane], value);
                    maxima[lane] = S::larger(maxima[lane], value);
                }
            }
            for position in whole..positions {
                let value = S::load(from.add(position * LANES));
                sums[0] = S::add(sums[0], value);
                maxima[0] = S::larger(maxima[0], value);
            }
            let sum = S::add(S::add(sums[0], sums[1]), S::add(sums[2], sums[3]));
            let max = S::larger(S::larger(maxima[0], maxima[1]), S::larger(maxima[2], maxima[3]));
            if !self.mean.pointer().is_null() {
                let mean = S::mul(sum, S::splat(1.0 / positions as f32));
                S::store(self.mean.pointer().add(self.block * LANES), mean);
            }
            if !self.max.pointer().is_null() {
                S::store(self.max.pointer().add(self.block * LANES), max);
            }
        }
    }
}

/// Where planes of statistics go in an output of several images.
#[derive(Clone, Copy, Default)]
pub struct Planes {
    /// Numbers from one image's planes to the next's.
    pub stride: usize,
    /// Where the plane of means begins, if it is wanted.
    pub mean: Option<usize>,
    /// Where the plane of maxima begins, if it is wanted.
    pub max: Option<usize>,
}

/// Over channels: blocked maps, times a gate if there is one, to planes.
///
/// # Panics
/// When a buffer is too short.
pub fn over_channels(
    isa: Isa,
    crew: &Crew,
    (shape, batch): (Shape, usize),
    (input, gates): (&[f32], Gates),
    output: &mut [f32],
    planes: Planes,
) {
    let image = Layout::Blocked.length(shape);
    assert!(input.len() >= batch * image, "the input is the batch");
    gates.check(shape, batch);
    let output_length = output.len();
    let pointer = output.as_mut_ptr();
    let address = |start: Option<usize>| match start {
        Some(start) => {
            assert!(output_length >= (batch - 1) * planes.stride + start + plane(shape), "the result has room");
            // The plane lies in the output: checked above.
            Shared::at(pointer.wrapping_add(start))
        }
        None => Shared::at(std::ptr::null_mut()),
    };
    let (mean, max) = (address(planes.mean), address(planes.max));
    let stride = planes.stride;
    let parts = tasks(crew, input.len(), plane(shape).div_ceil(ROWS));
    let each = plane(shape).div_ceil(parts).next_multiple_of(ROWS);
    let parts = plane(shape).div_ceil(each);
    crew.run(batch * parts, &|task| {
        let (index, part) = (task / parts, task % parts);
        let work = Channels {
            input: &input[index * image..][..image],
            gate: gates.channel_of(index, shape),
            count: shape.channels(),
            plane: plane(shape),
            positions: (part * each, ((part + 1) * each).min(plane(shape))),
            to: index * stride,
            mean,
            max,
        };
        // SAFETY: each position's results are written by one task; the processor has the instruction set.
        unsafe { isa.call(work) };
    });
}

struct Channels<'a> {
    input: &'a [f32],
    gate: Option<&'a [f32]>,
    count: usize,
    plane: usize,
    positions: (usize, usize),
    to: usize,
    mean: Shared<f32>,
    max: Shared<f32>,
}

impl Vectorised for Channels<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let mut position = self.positions.0;
        // SAFETY: the positions lie in the input and in the results.
        unsafe {
            while position + ROWS <= self.positions.1 {
                self.rows::<S, ROWS>(position);
                position += ROWS;
            }
            while position < self.positions.1 {
                self.rows::<S, 1>(position);
                position += 1;
            }
        }
    }
}

impl Channels<'_> {
    #[inline(always)]
    unsafe fn rows<S: Simd, const R: usize>(&self, position: usize) {
        let from = self.input.as_ptr();
        let (whole, rest) = (self.count / LANES, self.count % LANES);
        // SAFETY: the caller vouches for the positions.
        unsafe {
            let gated = |block: usize, row: usize| {
                let value = S::load(from.add((block * self.plane + position + row) * LANES));
                match self.gate {
                    Some(gate) => S::mul(value, S::load(gate.as_ptr().add(block * LANES))),
                    None => value,
                }
            };
            let mut sums = [S::splat(0.0); R];
            let mut maxima = [S::splat(f32::NEG_INFINITY); R];
            for block in 0..whole {
                for row in 0..R {
                    let value = gated(block, row);
                    sums[row] = S::add(sums[row], value);
                    maxima[row] = S::larger(maxima[row], value);
                }
            }
            for row in 0..R {
                let (mut lanes, mut largest, mut last) = ([0.0_f32; LANES], [0.0_f32; LANES], [0.0_f32; LANES]);
                S::store(lanes.as_mut_ptr(), sums[row]);
                S::store(largest.as_mut_ptr(), maxima[row]);
                if rest > 0 {
                    S::store(last.as_mut_ptr(), gated(whole, row));
                }
                let last = &last[..rest];
                if !self.mean.pointer().is_null() {
                    let sum = sum(&lanes) + last.iter().sum::<f32>();
                    *self.mean.pointer().add(self.to + position + row) = sum / self.count as f32;
                }
                if !self.max.pointer().is_null() {
                    let max = largest.iter().chain(last).copied().fold(f32::NEG_INFINITY, larger);
                    *self.max.pointer().add(self.to + position + row) = max;
                }
            }
        }
    }
}

#[inline(always)]
fn sum(lanes: &[f32; LANES]) -> f32 {
    let eight: [f32; 8] = std::array::from_fn(|lane| lanes[lane] + lanes[lane + 8]);
    let four: [f32; 4] = std::array::from_fn(|lane| eight[lane] + eight[lane + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

/// The larger of two; NaN wins, as in PyTorch.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a || b.is_nan() { b } else { a }
}
