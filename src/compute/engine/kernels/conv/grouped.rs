//! Groups of 1, 4 or 8 channels: a block of outputs sees one block of inputs, and the channels of a group are
//! spread over the group's lanes. Depthwise convolution is the case of 1.

use super::super::isa::{Isa, Vectorised};
use super::super::layout::{Layout, blocks, plane};
use super::super::memory::{Aligned, Shared, with_scratch};
use super::super::simd::{LANES, Simd};
use super::super::threads::Crew;
use super::super::tile::pieces;
use super::{Finish, Input, Recipe, pack, wanted_tasks};
use crate::network::graph::{Conv2d, Shape};

/// Positions computed at once.
const ROWS: usize = 8;

/// A prepared grouped convolution.
pub(super) struct Grouped {
    isa: Isa,
    /// `[block][tap][channel of the group][16]`.
    pub(super) weights: Aligned,
    conv: Conv2d,
    group: usize,
    from: Shape,
    to: Shape,
    /// Rows and columns of the padded plane.
    padded: [usize; 2],
    taps: Vec<usize>,
    tasks: usize,
    images: usize,
}

impl Grouped {
    /// Can it compute this convolution?
    pub(super) fn fits(conv: &Conv2d, from: Shape) -> bool {
        let inner = from.channels() / conv.groups;
        conv.groups > 1 && conv.out_channels == from.channels() && [1, 4, 8].contains(&inner)
    }

    pub(super) fn new(isa: Isa, crew: &Crew, recipe: &Recipe) -> Self {
        let (conv, from, to) = (recipe.conv, recipe.from, recipe.to);
        let group = from.channels() / conv.groups;
        let size = |axis: usize, input: usize, output: usize| {
            let seen = (output - 1) * conv.stride[axis] + (conv.kernel[axis] - 1) * conv.dilation[axis] + 1;
            seen.max(input + 2 * conv.padding[axis])
        };
        let padded = [size(0, from.height(), to.height()), size(1, from.width(), to.width())];
        let tap = |index: usize| {
            let (ky, kx) = (index / conv.kernel[1], index % conv.kernel[1]);
            (ky * conv.dilation[0] * padded[1] + kx * conv.dilation[1]) * LANES
        };
        let taps: Vec<usize> = (0..conv.kernel[0] * conv.kernel[1]).map(tap).collect();
        let weights = Aligned::zeros(blocks(to) * taps.len() * group * LANES);
        let tasks = wanted_tasks(crew, recipe).max(1).min(blocks(to) * recipe.batch);
        let mut grouped = Self { isa, weights, conv, group, from, to, padded, taps, tasks, images: recipe.batch };
        grouped.pack(crew, recipe);
        grouped
    }

    /// Packs other weights of the same shape: lane `l` of number `(tap, j)` is the weight from channel `j` of the
    /// lane's own group.
    pub(super) fn pack(&mut self, crew: &Crew, recipe: &Recipe) {
        let (group, taps) = (self.group, self.taps.len());
        let shared = Shared::new(&mut self.weights);
        let length = taps * group * LANES;
        crew.run(blocks(recipe.to), &|block| {
            // SAFETY: each block is written by one task.
            let part = unsafe { shared.part(block * length, length) };
            for (index, value) in part.iter_mut().enumerate() {
                let (number, out) = (index / LANES, block * LANES + index % LANES);
                if out < recipe.conv.out_channels {
                    let (tap, channel) = (number / group, number % group);
                    *value = recipe.weight[(out * group + channel) * taps + tap] * pack::scale(recipe, out);
                }
            }
        });
    }

    /// Convolves.
    ///
    /// # Safety
    /// Input, output and what `finish` points to have the sizes of the recipe.
    pub(super) unsafe fn run(&self, crew: &Crew, input: *const f32, output: *mut f32, finish: Finish) {
        let (input, output) = (Input(input), Shared::at(output));
        let all = blocks(self.to);
        let total = all * self.images;
        let each = total.div_ceil(self.tasks);
        crew.run(total.div_ceil(each), &|task| {
            with_scratch(self.padded[0] * self.padded[1] * LANES, |copy| {
                for index in task * each..((task + 1) * each).min(total) {
                    let (image, block) = (index / all, index % all);
                    let start = image * Layout::Blocked.length(self.from) + block * plane(self.from) * LANES;
                    let place = image * Layout::Blocked.length(self.to) + block * plane(self.to) * LANES;
                    // SAFETY: both are planes of the buffers; each is written by one task.
                    unsafe {
                        let from = std::slice::from_raw_parts(input.pointer().add(start), plane(self.from) * LANES);
                        self.fill(from, copy);
                        self.block(copy, block, place, output, finish);
                    }
                }
            });
        });
    }

    fn fill(&self, from: &[f32], copy: &mut [f32]) {
        let line = self.padded[1] * LANES;
        let (width, left) = (self.from.width() * LANES, self.conv.padding[1] * LANES);
        copy.fill(0.0);
        let rows = copy.chunks_exact_mut(line).skip(self.conv.padding[0]);
        for (to, from) in rows.zip(from.chunks_exact(width)) {
            to[left..left + width].copy_from_slice(from);
        }
    }

    unsafe fn block(&self, copy: &[f32], block: usize, place: usize, output: Shared<f32>, finish: Finish) {
        let length = self.taps.len() * self.group * LANES;
        let weights = &self.weights[block * length..][..length];
        // SAFETY: the place is one plane of the output, which the residual is as large as.
        unsafe {
            let work = |group| Plane { grouped: self, copy, weights, block, place, output, finish, group };
            match self.group {
                1 => self.isa.call(Sized::<1>(work(1))),
                4 => self.isa.call(Sized::<4>(work(4))),
                _ => self.isa.call(Sized::<8>(work(8))),
            }
        }
    }
}

/// One block of outputs.
#[derive(Clone, Copy)]
struct Plane<'a> {
    grouped: &'a Grouped,
    copy: &'a [f32],
    weights: &'a [f32],
    block: usize,
    place: usize,
    output: Shared<f32>,
    finish: Finish,
    group: usize,
}

struct Sized<'a, const GROUP: usize>(Plane<'a>);

impl<const GROUP: usize> Vectorised for Sized<'_, GROUP> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let grouped = self.0.grouped;
        let conv = &grouped.conv;
        debug_assert_eq!(GROUP, self.0.group);
        for y in 0..grouped.to.height() {
            for (x, rows) in pieces(grouped.to.width(), ROWS) {
                let start = (y * conv.stride[0] * grouped.padded[1] + x * conv.stride[1]) * LANES;
                let place = self.0.place + (y * grouped.to.width() + x) * LANES;
                // SAFETY: the positions lie in the padded copy and in the output's plane.
                unsafe {
                    match rows {
                        ROWS => positions::<S, GROUP, ROWS>(&self.0, start, place),
                        7 => positions::<S, GROUP, 7>(&self.0, start, place),
                        _ => (0..rows).for_each(|r| {
                            positions::<S, GROUP, 1>(&self.0, start + r * conv.stride[1] * LANES, place + r * LANES);
                        }),
                    }
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn positions<S: Simd, const GROUP: usize, const R: usize>(plane: &Plane, start: usize, place: usize) {
    let step = plane.grouped.conv.stride[1] * LANES;
    // SAFETY: the caller vouches for the places.
    unsafe {
        let input = plane.copy.as_ptr().add(start);
        let mut weights = plane.weights.as_ptr();
        let mut sums = [S::load(plane.finish.bias.add(plane.block * LANES)); R];
        for tap in &plane.grouped.taps {
            for channel in 0..GROUP {
                let weight = S::load(weights);
                weights = weights.add(LANES);
                for (r, sum) in sums.iter_mut().enumerate() {
                    let place = input.add(tap + r * step);
                    let value = if GROUP == 1 { S::load(place) } else { S::spread::<GROUP>(place, channel) };
                    *sum = S::fma(value, weight, *sum);
                }
            }
        }
        for (r, sum) in sums.iter().enumerate() {
            let at = place + r * LANES;
            let mut value = *sum;
            if !plane.finish.residual.is_null() {
                value = S::add(value, S::load(plane.finish.residual.add(at)));
            }
            if plane.finish.relu {
                value = S::relu(value);
            }
            S::store(plane.output.pointer().add(at), value);
        }
    }
}
