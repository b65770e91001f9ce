//! Gradients of the weights of 3×3 convolutions by Winograd's filtering, the forward pass turned around.
//!
//! The output is `Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A`, so the kernel's gradient is `Gᵀ[(A y Aᵀ) ⊙ (Bᵀ d B)]G`, `y` the
//! gradient of a tile of outputs: each place is a matrix product over tiles, and the kernel is transformed back
//! once for the whole batch.

use super::super::super::isa::{Isa, Vectorised};
use super::super::super::layout::{Layout, blocks, plane};
use super::super::super::memory::{Aligned, Shared, with_scratch};
use super::super::super::simd::{LANES, Simd};
use super::super::super::threads::Crew;
use super::super::super::tile::{Size, Tile, Walk, kernel, pieces};
use super::super::winograd::input_tile;
use super::super::winograd::transform::{F2, F4, Transform};
use super::Geometry;
use super::weight::{SUM, portion_of, write};

/// Numbers a task keeps: most of a 1 MiB cache.
const CACHED: usize = 190_000;
/// Sums among them.
const SUMS: usize = 80_000;
/// Blocks of outputs of a task: what the inputs are transformed for.
const OUTPUTS: usize = 4;
/// Sums of a pair of blocks in one place.
const PAIR: usize = LANES * LANES;

/// A prepared gradient.
pub(super) struct WinogradProducts {
    isa: Isa,
    geometry: Geometry,
    side: usize,
    /// Tiles down and across.
    tiles: [usize; 2],
    /// Blocks of inputs and of outputs of a task.
    part: [usize; 2],
    /// Tiles transformed at a time.
    chunk: usize,
    offsets: Vec<usize>,
    /// Images of a portion.
    portion: usize,
    size: Size,
    /// `[portion][place][output block][input block][16][16]`.
    sums: Aligned,
}

/// What is multiplied at once: half-open ranges of blocks and of tiles, those of an image after those of the one
/// before.
#[derive(Clone, Copy)]
struct Area<'a> {
    products: &'a WinogradProducts,
    inputs: (usize, usize),
    outputs: (usize, usize),
    tiles: (usize, usize),
}

impl WinogradProducts {
    /// Tiles of `side`×`side` outputs, 2 or 4.
    pub(super) fn new(isa: Isa, geometry: Geometry, side: usize) -> Self {
        let (from, to) = (geometry.from, geometry.to);
        let places = (side + 2) * (side + 2);
        let size = Size::best(isa, LANES, blocks(to));
        let outputs = OUTPUTS.next_multiple_of(size.blocks).min(blocks(to));
        let inputs = (SUMS / (places * PAIR * outputs)).clamp(1, blocks(from));
        let parts = blocks(from).div_ceil(inputs) * blocks(to).div_ceil(outputs);
        let portion = portion_of(parts, geometry.batch);
        let tiles = [to.height().div_ceil(side), to.width().div_ceil(side)];
        let room = CACHED.saturating_sub(places * PAIR * inputs * outputs);
        let chunk =
            (room / (places * LANES * (inputs + outputs))).clamp(LANES, (tiles[0] * tiles[1] * portion).max(LANES));
        let offsets = (0..chunk).map(|tile| tile * LANES).collect();
        let sums = geometry.batch.div_ceil(portion) * places * blocks(from) * blocks(to) * PAIR;
        let (part, sums) = ([inputs, outputs], Aligned::zeros(sums));
        Self { isa, geometry, side, tiles, part, chunk, offsets, portion, size, sums }
    }

    /// Vector multiply-adds a pair of blocks takes, roughly: products, a third more for what they read and write,
    /// and its share of the transforms.
    pub(super) fn time(geometry: &Geometry, side: usize) -> usize {
        let (from, to) = (geometry.from, geometry.to);
        let places = (side + 2) * (side + 2);
        let tiles = geometry.batch * to.height().div_ceil(side) * to.width().div_ceil(side);
        let transform = 8 * places;
        let shares = transform / blocks(from).min(OUTPUTS) + transform / blocks(to).min(OUTPUTS);
        tiles * (places * LANES * 4 / 3 + shares) + SUM * places * LANES
    }

    fn places(&self) -> usize {
        (self.side + 2) * (self.side + 2)
    }

    /// Sums of one place.
    fn place(&self) -> usize {
        blocks(self.geometry.from) * blocks(self.geometry.to) * PAIR
    }

    /// Numbers from one place's tiles to the next place's, of so many blocks; a line more than they are, so that
    /// places do not fall on the same lines of the cache.
    fn step(&self, blocks: usize) -> usize {
        (blocks * self.chunk + 1) * LANES
    }

    /// Writes the gradient; buffers are exactly as long as the batch.
    pub(super) fn run(&mut self, crew: &Crew, input: &[f32], gradient: &[f32], to: &mut [f32]) {
        let mut sums = std::mem::take(&mut self.sums);
        let shared = Shared::new(&mut sums);
        let Geometry { from, batch, .. } = self.geometry;
        let [inputs, outputs] = [blocks(from), blocks(self.geometry.to)];
        let parts = [inputs.div_ceil(self.part[0]), outputs.div_ceil(self.part[1])];
        let portions = batch.div_ceil(self.portion);
        crew.run(portions * parts[0] * parts[1], &|task| {
            let (rest, portion) = (task / portions, task % portions);
            let range = |index: usize, size: usize, all: usize| (index * size, ((index + 1) * size).min(all));
            let images = range(portion, self.portion, batch);
            let area = Area {
                products: self,
                inputs: range(rest % parts[0], self.part[0], inputs),
                outputs: range(rest / parts[0], self.part[1], outputs),
                tiles: (images.0 * self.tiles[0] * self.tiles[1], images.1 * self.tiles[0] * self.tiles[1]),
            };
            let sums = Shared::at(shared.pointer().wrapping_add(portion * self.places() * self.place()));
            area.run(input, gradient, sums);
        });
        self.sums = sums;
        self.transform_back(crew, to);
    }

    /// Adds the portions in order, and transforms and writes each pair of blocks.
    fn transform_back(&self, crew: &Crew, to: &mut [f32]) {
        let inputs = blocks(self.geometry.from);
        let shared = Shared::new(to);
        crew.run(self.place() / PAIR, &|pair| {
            with_scratch(9 * PAIR, |kernels| {
                let (sums, kernels_to) = (self.sums[pair * PAIR..].as_ptr(), kernels.as_mut_ptr());
                // SAFETY: the processor has the instruction set; the sums have all places of the pair.
                unsafe {
                    match self.side {
                        2 => self.isa.call(Back::<F2, 4> { products: self, sums, to: kernels_to, transform: F2 }),
                        _ => self.isa.call(Back::<F4, 6> { products: self, sums, to: kernels_to, transform: F4 }),
                    }
                }
                let (output, input) = (pair / inputs, pair % inputs);
                write(&self.geometry, (kernels, LANES), output * LANES, input * LANES, shared);
            });
        });
    }
}

impl Area<'_> {
    /// Sums the area's products.
    fn run(self, input: &[f32], gradient: &[f32], sums: Shared<f32>) {
        let products = self.products;
        let [inputs, outputs] = [self.inputs, self.outputs].map(|blocks| products.step(blocks.1 - blocks.0));
        for place in 0..products.places() {
            for output in self.outputs.0..self.outputs.1 {
                let start = place * products.place() + self.pair(output, self.inputs.0);
                // SAFETY: the area's pairs of this portion are this task's.
                unsafe { sums.part(start, (self.inputs.1 - self.inputs.0) * PAIR) }.fill(0.0);
            }
        }
        let split = products.places() * inputs;
        with_scratch(split + products.places() * outputs, |scratch| {
            let (of_inputs, of_outputs) = scratch.split_at_mut(split);
            let buffers = Buffers {
                input: input.as_ptr(),
                gradient: gradient.as_ptr(),
                of_inputs: of_inputs.as_mut_ptr(),
                of_outputs: of_outputs.as_mut_ptr(),
            };
            for first in (self.tiles.0..self.tiles.1).step_by(products.chunk) {
                let area = Area { tiles: (first, (first + products.chunk).min(self.tiles.1)), ..self };
                // SAFETY: the processor has the instruction set; the tiles lie in the batch, the buffers have room
                // for a chunk, and the sums are this task's.
                unsafe {
                    match products.side {
                        2 => products.isa.call(Forward::<F2, 4, 2> { area, buffers, transform: F2 }),
                        _ => products.isa.call(Forward::<F4, 6, 4> { area, buffers, transform: F4 }),
                    }
                    area.multiply(of_inputs, of_outputs, sums);
                }
            }
        });
    }

    /// Where a pair's sums begin in a place.
    fn pair(&self, output: usize, input: usize) -> usize {
        (output * blocks(self.products.geometry.from) + input) * PAIR
    }

    unsafe fn multiply(&self, of_inputs: &[f32], of_outputs: &[f32], sums: Shared<f32>) {
        let products = self.products;
        let walk = Walk::even(&products.offsets[..self.tiles.1 - self.tiles.0], 1);
        let block = products.chunk * LANES;
        for place in 0..products.places() {
            let from = place * products.step(self.inputs.1 - self.inputs.0);
            let vectors = place * products.step(self.outputs.1 - self.outputs.0);
            for output in (self.outputs.0..self.outputs.1).step_by(products.size.blocks) {
                let count = products.size.blocks.min(self.outputs.1 - output);
                for input in self.inputs.0..self.inputs.1 {
                    for (row, rows) in pieces(LANES, products.size.rows) {
                        let at = place * products.place() + self.pair(output, input) + row * LANES;
                        // SAFETY: the caller vouches for the buffers and the sums.
                        unsafe {
                            let sums = sums.pointer().add(at);
                            let tile = Tile {
                                input: of_inputs.as_ptr().add(from + (input - self.inputs.0) * block + row),
                                input_step: 1,
                                weights: of_outputs.as_ptr().add(vectors + (output - self.outputs.0) * block),
                                weights_block: block,
                                output: sums,
                                output_step: LANES,
                                output_block: blocks(products.geometry.from) * PAIR,
                                bias: std::ptr::null(),
                                residual: sums,
                                clip: None,
                            };
                            kernel(products.isa, rows, count)(&tile, &walk);
                        }
                    }
                }
            }
        }
    }
}

/// What is transformed, and where to: `[place][block][tile][16]`.
#[derive(Clone, Copy)]
struct Buffers {
    input: *const f32,
    gradient: *const f32,
    of_inputs: *mut f32,
    of_outputs: *mut f32,
}

/// The transforms of an area's tiles.
struct Forward<'a, T, const N: usize, const M: usize> {
    area: Area<'a>,
    buffers: Buffers,
    transform: T,
}

impl<T: Transform<N>, const N: usize, const M: usize> Vectorised for Forward<'_, T, N, M> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let Area { products, inputs, outputs, tiles } = self.area;
        let Geometry { conv, from, to, .. } = products.geometry;
        let [of_inputs, of_outputs] = [inputs, outputs].map(|blocks| products.step(blocks.1 - blocks.0));
        let across = products.tiles[1];
        let per_image = products.tiles[0] * across;
        for tile in tiles.0..tiles.1 {
            let (image, place) = (tile / per_image, tile % per_image);
            let (y, x) = (place / across * M, place % across * M);
            let local = (tile - tiles.0) * LANES;
            // SAFETY: the tile is of an image of the batch, and the buffers have room for it.
            unsafe {
                let source = self.buffers.input.add(image * Layout::Blocked.length(from));
                for block in inputs.0..inputs.1 {
                    let source = source.add(block * plane(from) * LANES);
                    let target = self.buffers.of_inputs.add((block - inputs.0) * products.chunk * LANES + local);
                    let start = [y.wrapping_sub(conv.padding[0]), x.wrapping_sub(conv.padding[1])];
                    let size = [from.height(), from.width()];
                    input_tile::<S, T, N>(self.transform, source, size, start, (target, of_inputs));
                }
                let source = self.buffers.gradient.add(image * Layout::Blocked.length(to));
                for block in outputs.0..outputs.1 {
                    let source = source.add(block * plane(to) * LANES);
                    let target = self.buffers.of_outputs.add((block - outputs.0) * products.chunk * LANES + local);
                    let size = [to.height(), to.width()];
                    gradient_tile::<S, T, N, M>(self.transform, source, size, [y, x], (target, of_outputs));
                }
            }
        }
    }
}

/// `A y Aᵀ` of one tile, zeros outside the plane; places are `stride` numbers apart.
#[inline(always)]
unsafe fn gradient_tile<S: Simd, T: Transform<N>, const N: usize, const M: usize>(
    transform: T,
    plane: *const f32,
    [height, width]: [usize; 2],
    [y, x]: [usize; 2],
    (to, stride): (*mut f32, usize),
) {
    // SAFETY: every number read is inside the plane; the caller vouches for the rest.
    unsafe {
        let mut rows = [[S::splat(0.0); N]; M];
        for (i, row) in rows.iter_mut().enumerate().take(height - y) {
            let mut values = [S::splat(0.0); M];
            for (j, value) in values.iter_mut().enumerate().take(width - x) {
                *value = S::load(plane.add(((y + i) * width + x + j) * LANES));
            }
            *row = transform.gradient::<S, M>(values);
        }
        for j in 0..N {
            let column: [S::V; M] = std::array::from_fn(|i| rows[i][j]);
            for (i, value) in transform.gradient::<S, M>(column).iter().enumerate() {
                S::store(to.add((i * N + j) * stride), *value);
            }
        }
    }
}

/// `Gᵀ m G` of a pair of blocks: `[kernel position][input][16]`.
struct Back<'a, T, const N: usize> {
    products: &'a WinogradProducts,
    /// The first portion's first place of the pair.
    sums: *const f32,
    to: *mut f32,
    transform: T,
}

impl<T: Transform<N>, const N: usize> Vectorised for Back<'_, T, N> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let place = self.products.place();
        let portions = self.products.geometry.batch.div_ceil(self.products.portion);
        for input in 0..LANES {
            // SAFETY: the caller vouches for the sums and for room for nine kernel positions.
            unsafe {
                let sum = |index: usize| {
                    let at = self.sums.add(index * place + input * LANES);
                    let mut sum = S::load(at);
                    for portion in 1..portions {
                        sum = S::add(sum, S::load(at.add(portion * N * N * place)));
                    }
                    sum
                };
                let mut rows = [[S::splat(0.0); 3]; N];
                for (i, row) in rows.iter_mut().enumerate() {
                    *row = self.transform.kernel::<S>(std::array::from_fn(|j| sum(i * N + j)));
                }
                for kx in 0..3 {
                    let column = self.transform.kernel::<S>(std::array::from_fn(|i| rows[i][kx]));
                    for (ky, value) in column.iter().enumerate() {
                        S::store(self.to.add(((ky * 3 + kx) * LANES + input) * LANES), *value);
                    }
                }
            }
        }
    }
}
