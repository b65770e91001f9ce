//! Groups of 1, 4 or 8 channels: a block of outputs sees one block of inputs, and the channels of a group are
//! spread over the group's lanes. Depthwise convolution is the case of 1.
//!
//! The input is read in place: products with padding are left out, by rows where the window reaches over the top or
//! bottom, position by position in the few columns where it reaches over a side.

use super::super::isa::{Isa, Vectorised};
use super::super::layout::{Layout, blocks, plane};
use super::super::memory::{Aligned, Shared};
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
    /// Columns whose window lies in the input, half-open.
    inside: (usize, usize),
    /// Rows of a task.
    part: usize,
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
        let taps = conv.kernel[0] * conv.kernel[1];
        let weights = Aligned::zeros(blocks(to) * taps * group * LANES);
        let parts = wanted_tasks(crew, recipe).div_ceil(blocks(to) * recipe.batch).min(to.height());
        let part = to.height().div_ceil(parts);
        let reach = (conv.kernel[1] - 1) * conv.dilation[1] + 1;
        let end = (from.width() + conv.padding[1] + conv.stride[1]).saturating_sub(reach) / conv.stride[1];
        let start = conv.padding[1].div_ceil(conv.stride[1]).min(to.width());
        let inside = (start, end.clamp(start, to.width()));
        let mut grouped = Self { isa, weights, conv, group, from, to, inside, part, images: recipe.batch };
        grouped.pack(crew, recipe);
        grouped
    }

    /// Packs other weights of the same shape: lane `l` of number `(tap, j)` is the weight from channel `j` of the
    /// lane's own group.
    pub(super) fn pack(&mut self, crew: &Crew, recipe: &Recipe) {
        let (group, taps) = (self.group, recipe.conv.kernel[0] * recipe.conv.kernel[1]);
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
        let (all, parts) = (blocks(self.to), self.to.height().div_ceil(self.part));
        crew.run(all * self.images * parts, &|task| {
            let (index, part) = (task / parts, task % parts);
            let (image, block) = (index / all, index % all);
            let start = image * Layout::Blocked.length(self.from) + block * plane(self.from) * LANES;
            let first = image * Layout::Blocked.length(self.to);
            let rows = (part * self.part, ((part + 1) * self.part).min(self.to.height()));
            // SAFETY: plane and image lie in the buffers; each row is written by one task; the residual is as large
            // as the output.
            unsafe {
                let output = Shared::at(output.pointer().add(first));
                self.rows(input.pointer().add(start), block, rows, output, finish.from(first));
            }
        });
    }

    /// Computes some rows of a block of an image.
    ///
    /// # Safety
    /// `input` is where the block's plane begins, or would: only [`Grouped::rows_seen`] must be there. Output and
    /// residual are images of the recipe's size; nobody else writes these rows.
    pub(super) unsafe fn rows(
        &self,
        input: *const f32,
        block: usize,
        rows: (usize, usize),
        output: Shared<f32>,
        finish: Finish,
    ) {
        let length = self.conv.kernel[0] * self.conv.kernel[1] * self.group * LANES;
        let weights = &self.weights[block * length..][..length];
        let place = block * plane(self.to) * LANES;
        let work = Plane { grouped: self, input, weights, block, rows, place, output, finish };
        // SAFETY: the caller vouches for the buffers; the processor has the instruction set.
        unsafe {
            match self.group {
                1 => self.isa.call(Sized::<1>(work)),
                4 => self.isa.call(Sized::<4>(work)),
                _ => self.isa.call(Sized::<8>(work)),
            }
        }
    }

    /// The input's shape.
    pub(super) fn from(&self) -> Shape {
        self.from
    }

    /// The rows of the input that rows of the output look at, half-open.
    pub(super) fn rows_seen(&self, rows: (usize, usize)) -> (usize, usize) {
        let Conv2d { kernel, stride, padding, dilation, .. } = &self.conv;
        let end = (rows.1 - 1) * stride[0] + (kernel[0] - 1) * dilation[0] + 1;
        let end = end.saturating_sub(padding[0]).min(self.from.height());
        ((rows.0 * stride[0]).saturating_sub(padding[0]).min(end), end)
    }

    /// The taps on an axis, half-open, whose products with an input of this size exist.
    #[inline(always)]
    fn taps(&self, axis: usize, out: usize, size: usize) -> (usize, usize) {
        let Conv2d { kernel, stride, padding, dilation, .. } = &self.conv;
        let start = out * stride[axis];
        let first = padding[axis].saturating_sub(start).div_ceil(dilation[axis]);
        let end = (size + padding[axis]).saturating_sub(start).div_ceil(dilation[axis]).min(kernel[axis]);
        (first.min(end), end)
    }
}

/// Some rows of one block of outputs.
#[derive(Clone, Copy)]
struct Plane<'a> {
    grouped: &'a Grouped,
    input: *const f32,
    weights: &'a [f32],
    block: usize,
    rows: (usize, usize),
    place: usize,
    output: Shared<f32>,
    finish: Finish,
}

/// The part of a window that lies in the input: taps down and across, half-open.
#[derive(Clone, Copy)]
struct Window {
    down: (usize, usize),
    across: (usize, usize),
}

struct Sized<'a, const GROUP: usize>(Plane<'a>);

impl<const GROUP: usize> Vectorised for Sized<'_, GROUP> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let Plane { grouped, rows, place, output, finish, .. } = self.0;
        let (width, inside) = (grouped.to.width(), grouped.inside);
        for y in rows.0..rows.1 {
            let down = grouped.taps(0, y, grouped.from.height());
            let sides = (0..inside.0).chain(inside.1..width);
            // SAFETY: windows keep to the input; positions are of this row.
            unsafe {
                for x in sides {
                    let window = Window { down, across: grouped.taps(1, x, grouped.from.width()) };
                    positions::<S, GROUP, 1>(&self.0, [y, x], window);
                }
                let window = Window { down, across: (0, grouped.conv.kernel[1]) };
                for (x, count) in pieces(inside.1 - inside.0, ROWS) {
                    let at = [y, inside.0 + x];
                    match count {
                        8 => positions::<S, GROUP, 8>(&self.0, at, window),
                        7 => positions::<S, GROUP, 7>(&self.0, at, window),
                        6 => positions::<S, GROUP, 6>(&self.0, at, window),
                        5 => positions::<S, GROUP, 5>(&self.0, at, window),
                        _ => (0..count).for_each(|x| positions::<S, GROUP, 1>(&self.0, [y, at[1] + x], window)),
                    }
                }
                if let Some(activation) = finish.afterwards() {
                    activation.run(grouped.isa, output.part(place + y * width * LANES, width * LANES));
                }
            }
        }
    }
}

/// `R` positions of a row from `[y, x]` on, which have the same window.
#[inline(always)]
unsafe fn positions<S: Simd, const GROUP: usize, const R: usize>(plane: &Plane, [y, x]: [usize; 2], window: Window) {
    let Plane { grouped, finish, block, .. } = plane;
    let Conv2d { kernel, stride, padding, dilation, .. } = &grouped.conv;
    let (width, step) = (grouped.from.width(), stride[1] * LANES);
    // SAFETY: the caller vouches for the window and the positions.
    unsafe {
        let mut sums = [S::load(finish.bias.add(block * LANES)); R];
        for ky in window.down.0..window.down.1 {
            let line = (y * stride[0] + ky * dilation[0] - padding[0]) * width;
            let mut weights = plane.weights.as_ptr().add((ky * kernel[1] + window.across.0) * GROUP * LANES);
            for kx in window.across.0..window.across.1 {
                let input = plane.input.wrapping_add((line + x * stride[1] + kx * dilation[1] - padding[1]) * LANES);
                for channel in 0..GROUP {
                    let weight = S::load(weights);
                    weights = weights.add(LANES);
                    for (r, sum) in sums.iter_mut().enumerate() {
                        let place = input.add(r * step);
                        let value = if GROUP == 1 { S::load(place) } else { S::spread::<GROUP>(place, channel) };
                        *sum = S::fma(value, weight, *sum);
                    }
                }
            }
        }
        let clip = finish.clip();
        let limit = S::splat(clip.unwrap_or(f32::INFINITY));
        for (r, sum) in sums.iter().enumerate() {
            let at = plane.place + (y * grouped.to.width() + x + r) * LANES;
            let mut value = *sum;
            if !finish.residual.is_null() {
                value = S::add(value, S::load(finish.residual.add(at)));
            }
            if clip.is_some() {
                value = S::at_most(S::relu(value), limit);
            }
            S::store(plane.output.pointer().add(at), value);
        }
    }
}
