//! 3×3 convolution with stride 1 by Winograd's minimal filtering (Lavin and Gray, CVPR 2016).
//!
//! A tile of `M`×`M` outputs comes from `N`×`N` inputs, `N = M + 2`: input tiles and kernels are transformed, each
//! of the `N²` places is one matrix product over the channels, and the products are transformed back. A task takes
//! some tiles through all three in its scratch space, so that what lies between never leaves the cache.

pub(super) mod transform;

use super::super::isa::{Isa, Vectorised};
use super::super::layout::{Layout, blocks};
use super::super::memory::{Aligned, Shared, with_scratch};
use super::super::simd::{LANES, Simd};
use super::super::threads::Crew;
use super::super::tile::{Size, Tile, Walk, kernel, pieces};
use super::{Finish, Input, Recipe, wanted_tasks};
use crate::network::graph::Shape;
use transform::{F2, F4, Transform};

/// Numbers a task keeps between the transforms: most of a 1 MiB cache.
const CACHED: usize = 200_000;
/// Tiles below which a product wastes time on reading weights.
const FEW_TILES: usize = 6;

/// A prepared Winograd convolution.
pub(super) struct Winograd {
    isa: Isa,
    /// `[place][block][input channel][16]`.
    pub(super) weights: Aligned,
    side: usize,
    from: Shape,
    to: Shape,
    padding: [usize; 2],
    /// Tiles down and across.
    tiles: [usize; 2],
    /// Tiles and blocks of a task.
    part: [usize; 2],
    offsets: Vec<usize>,
    size: Size,
    images: usize,
}

impl Winograd {
    /// Tiles of `side`×`side` outputs, 2 or 4.
    pub(super) fn new(isa: Isa, crew: &Crew, recipe: &Recipe, side: usize) -> Self {
        let (from, to) = (recipe.from, recipe.to);
        let places = (side + 2) * (side + 2);
        let tiles = [to.height().div_ceil(side), to.width().div_ceil(side)];
        let all = tiles[0] * tiles[1];
        let most = CACHED / (places * (blocks(from) + blocks(to)) * LANES);
        let mut chunks = all.div_ceil(most.max(FEW_TILES));
        if recipe.batch == 1 && wanted_tasks(crew, recipe) > 1 {
            chunks = chunks.next_multiple_of(crew.threads()).min(all.div_ceil(FEW_TILES));
        }
        let block_parts = match wanted_tasks(crew, recipe) {
            1 => 1,
            _ => crew.threads().div_ceil(chunks * recipe.batch).clamp(1, blocks(to)),
        };
        let part = [all.div_ceil(chunks), blocks(to).div_ceil(block_parts)];
        let padding = recipe.conv.padding;
        let offsets = (0..blocks(from)).map(|block| block * part[0] * LANES).collect();
        let weights = Aligned::zeros(places * blocks(to) * blocks(from) * LANES * LANES);
        let size = Size::best(isa, part[0], part[1]);
        let images = recipe.batch;
        let mut winograd = Self { isa, weights, side, from, to, padding, tiles, part, offsets, size, images };
        winograd.pack(crew, recipe);
        winograd
    }

    /// Packs other weights of the same shape.
    pub(super) fn pack(&mut self, crew: &Crew, recipe: &Recipe) {
        match self.side {
            2 => transform::kernels::<F2, 4>(crew, recipe, &mut self.weights),
            _ => transform::kernels::<F4, 6>(crew, recipe, &mut self.weights),
        }
    }

    /// Outputs on a side of a tile.
    pub(super) fn side(&self) -> usize {
        self.side
    }

    /// Numbers from one place's inputs to the next place's; a line more than they are, so that places do not fall
    /// on the same lines of the cache.
    fn input_place(&self) -> usize {
        (blocks(self.from) * self.part[0] + 1) * LANES
    }

    /// The same of products.
    fn product_place(&self) -> usize {
        (self.part[1] * self.part[0] + 1) * LANES
    }

    /// Convolves.
    ///
    /// # Safety
    /// Input, output and what `finish` points to have the sizes of the recipe.
    pub(super) unsafe fn run(&self, crew: &Crew, input: *const f32, output: *mut f32, finish: Finish) {
        let (input, output) = (Input(input), Shared::at(output));
        let all = self.tiles[0] * self.tiles[1];
        let parts = [all.div_ceil(self.part[0]), blocks(self.to).div_ceil(self.part[1])];
        let places = (self.side + 2) * (self.side + 2);
        let split = places * self.input_place();
        crew.run(self.images * parts[0] * parts[1], &|task| {
            let (rest, block_part) = (task / parts[1], task % parts[1]);
            let (image, tile_part) = (rest / parts[0], rest % parts[0]);
            let range = |index: usize, size: usize, all: usize| (index * size, ((index + 1) * size).min(all));
            with_scratch(split + places * self.product_place(), |scratch| {
                let (inputs, products) = scratch.split_at_mut(split);
                let tiles = range(tile_part, self.part[0], all);
                let blocks = range(block_part, self.part[1], blocks(self.to));
                // SAFETY: the image lies in the buffers, its tiles and blocks are written by one task only.
                unsafe {
                    let from = input.pointer().add(image * Layout::Blocked.length(self.from));
                    let part = Part { winograd: self, tiles, blocks };
                    part.forward(from, inputs);
                    part.multiply(inputs, products);
                    let place = image * Layout::Blocked.length(self.to);
                    part.back(products, output, place, finish);
                }
            });
        });
    }
}

/// What one task computes: half-open ranges.
#[derive(Clone, Copy)]
struct Part<'a> {
    winograd: &'a Winograd,
    tiles: (usize, usize),
    blocks: (usize, usize),
}

impl Part<'_> {
    unsafe fn forward(self, from: *const f32, inputs: &mut [f32]) {
        let to = inputs.as_mut_ptr();
        // SAFETY: the caller vouches for the image; the scratch space has room for every place.
        unsafe {
            match self.winograd.side {
                2 => self.winograd.isa.call(Forward::<F2, 4> { part: self, from, to, transform: F2 }),
                _ => self.winograd.isa.call(Forward::<F4, 6> { part: self, from, to, transform: F4 }),
            }
        }
    }

    unsafe fn multiply(self, inputs: &[f32], products: &mut [f32]) {
        let Winograd { isa, weights, offsets, size, part, .. } = self.winograd;
        let walk = Walk::even(offsets, LANES);
        let walk_length = blocks(self.winograd.from) * LANES * LANES;
        let places = (self.winograd.side + 2) * (self.winograd.side + 2);
        for place in 0..places {
            let first = place * blocks(self.winograd.to);
            for block in (self.blocks.0..self.blocks.1).step_by(size.blocks) {
                let count = size.blocks.min(self.blocks.1 - block);
                for (tile, rows) in pieces(self.tiles.1 - self.tiles.0, size.rows) {
                    let to = place * self.winograd.product_place() + ((block - self.blocks.0) * part[0] + tile) * LANES;
                    // SAFETY: the scratch space has room for every place, block and tile of a part.
                    unsafe {
                        let tile = Tile {
                            input: inputs.as_ptr().add(place * self.winograd.input_place() + tile * LANES),
                            input_step: LANES,
                            weights: weights.as_ptr().add((first + block) * walk_length),
                            weights_block: walk_length,
                            output: products.as_mut_ptr().add(to),
                            output_step: LANES,
                            output_block: part[0] * LANES,
                            bias: std::ptr::null(),
                            residual: std::ptr::null(),
                            clip: None,
                        };
                        kernel(*isa, rows, count)(&tile, &walk);
                    }
                }
            }
        }
    }

    unsafe fn back(self, products: &[f32], output: Shared<f32>, place: usize, finish: Finish) {
        let (from, part) = (products.as_ptr(), self);
        let Winograd { isa, side, tiles, to, .. } = self.winograd;
        let clip = finish.clip();
        // SAFETY: the caller vouches for the image; the scratch space holds every place.
        unsafe {
            match side {
                2 => isa.call(Back::<F2, 4, 2> { part, from, output, place, finish, clip, transform: F2 }),
                _ => isa.call(Back::<F4, 6, 4> { part, from, output, place, finish, clip, transform: F4 }),
            }
        }
        let Some(activation) = finish.afterwards() else { return };
        // The tiles' outputs are still in the cache; tiles of a row that is shared with another task are their own.
        for block in self.blocks.0..self.blocks.1 {
            for tile in self.tiles.0..self.tiles.1 {
                let (y, x) = (tile / tiles[1] * side, tile % tiles[1] * side);
                let width = (*side).min(to.width() - x);
                for y in y..(y + side).min(to.height()) {
                    let start = place + ((block * to.height() + y) * to.width() + x) * LANES;
                    // SAFETY: this task alone writes these positions; the processor has the instruction set.
                    unsafe { activation.run(*isa, output.part(start, width * LANES)) };
                }
            }
        }
    }
}

/// The transform of a part's input tiles.
struct Forward<'a, T, const N: usize> {
    part: Part<'a>,
    from: *const f32,
    to: *mut f32,
    transform: T,
}

impl<T: Transform<N>, const N: usize> Vectorised for Forward<'_, T, N> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let winograd = self.part.winograd;
        let (height, width) = (winograd.from.height(), winograd.from.width());
        let stride = winograd.input_place();
        for block in 0..blocks(winograd.from) {
            for tile in self.part.tiles.0..self.part.tiles.1 {
                // SAFETY: the block's plane lies in the image; every place of the tile lies in the scratch.
                unsafe {
                    let plane = self.from.add(block * height * width * LANES);
                    let y = (tile / winograd.tiles[1] * winograd.side).wrapping_sub(winograd.padding[0]);
                    let x = (tile % winograd.tiles[1] * winograd.side).wrapping_sub(winograd.padding[1]);
                    let to = self.to.add((block * winograd.part[0] + tile - self.part.tiles.0) * LANES);
                    input_tile::<S, T, N>(self.transform, plane, [height, width], [y, x], (to, stride));
                }
            }
        }
    }
}

/// Transforms one tile of inputs, zeros outside the plane; places are `stride` numbers apart.
///
/// # Safety
/// Compiled for the instruction set; the plane has this size, and there is room for every place.
#[inline(always)]
pub(super) unsafe fn input_tile<S: Simd, T: Transform<N>, const N: usize>(
    transform: T,
    plane: *const f32,
    [height, width]: [usize; 2],
    [y, x]: [usize; 2],
    (to, stride): (*mut f32, usize),
) {
    // SAFETY: every number read is inside the plane; the caller vouches for the rest.
    unsafe {
        let mut rows = [[S::splat(0.0); N]; N];
        for (i, row) in rows.iter_mut().enumerate() {
            let y = y.wrapping_add(i);
            if y >= height {
                continue;
            }
            let line = plane.add(y * width * LANES);
            if x < width && x + N <= width {
                *row = std::array::from_fn(|j| S::load(line.add((x + j) * LANES)));
            } else {
                for (j, value) in row.iter_mut().enumerate() {
                    let x = x.wrapping_add(j);
                    if x < width {
                        *value = S::load(line.add(x * LANES));
                    }
                }
            }
            *row = transform.input::<S>(*row);
        }
        for j in 0..N {
            let column = transform.input::<S>(std::array::from_fn(|i| rows[i][j]));
            for (i, value) in column.iter().enumerate() {
                S::store(to.add((i * N + j) * stride), *value);
            }
        }
    }
}

/// The transform of a part's products to outputs.
struct Back<'a, T, const N: usize, const M: usize> {
    part: Part<'a>,
    from: *const f32,
    output: Shared<f32>,
    place: usize,
    finish: Finish,
    clip: Option<f32>,
    transform: T,
}

impl<T: Transform<N>, const N: usize, const M: usize> Vectorised for Back<'_, T, N, M> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let winograd = self.part.winograd;
        let stride = winograd.product_place();
        for block in self.part.blocks.0..self.part.blocks.1 {
            for tile in self.part.tiles.0..self.part.tiles.1 {
                let local = (block - self.part.blocks.0) * winograd.part[0] + tile - self.part.tiles.0;
                // SAFETY: every place of the tile lies in the scratch; `write` stays inside the output.
                unsafe {
                    let from = self.from.add(local * LANES);
                    let zero = S::splat(0.0);
                    let mut rows = [[zero; N]; M];
                    for j in 0..N {
                        let column = std::array::from_fn(|i| S::load(from.add((i * N + j) * stride)));
                        let column: [S::V; M] = self.transform.output::<S, M>(column);
                        for (i, value) in column.into_iter().enumerate() {
                            rows[i][j] = value;
                        }
                    }
                    let bias = S::load(self.finish.bias.add(block * LANES));
                    let y = tile / winograd.tiles[1] * M;
                    let x = tile % winograd.tiles[1] * M;
                    for (i, row) in rows.into_iter().enumerate().take(winograd.to.height() - y) {
                        let values: [S::V; M] = self.transform.output::<S, M>(row);
                        let line = (block * winograd.to.height() + y + i) * winograd.to.width() + x;
                        self.write::<S>(values, bias, line, winograd.to.width() - x);
                    }
                }
            }
        }
    }
}

impl<T, const N: usize, const M: usize> Back<'_, T, N, M> {
    #[inline(always)]
    unsafe fn write<S: Simd>(&self, values: [S::V; M], bias: S::V, line: usize, room: usize) {
        for (j, value) in values.into_iter().enumerate().take(room) {
            let at = self.place + (line + j) * LANES;
            // SAFETY: the position lies in the output, and the residual is as large.
            unsafe {
                let mut value = S::add(value, bias);
                if !self.finish.residual.is_null() {
                    value = S::add(value, S::load(self.finish.residual.add(at)));
                }
                if let Some(limit) = self.clip {
                    value = S::at_most(S::relu(value), S::splat(limit));
                }
                S::store(self.output.pointer().add(at), value);
            }
        }
    }
}
