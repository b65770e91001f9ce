//! The gradient of a convolution's weights as it is defined, on the micro-kernel of the forward pass with the roles
//! exchanged: the sum walks over positions; a row is an input channel at a kernel position, whose number is spread;
//! the vectors are sixteen output channels' gradients. In a padded copy of the input, the channels of a position and those of its neighbours to the right
//! lie in a row, so that one tile takes several kernel columns.
//!
//! A task has a part of the channels and a portion of the batch, and keeps its sums in the cache while it walks
//! through chunks of positions. Portions are added in order.

use super::super::super::isa::Isa;
use super::super::super::layout::{Layout, blocks, plane};
use super::super::super::memory::{Aligned, Shared, with_scratch};
use super::super::super::simd::LANES;
use super::super::super::threads::Crew;
use super::super::super::tile::{Size, Tile, Walk, kernel, pieces};
use super::weight::{SUM, copy_rows, portion_of, write};
use super::{Geometry, direct};

/// Positions of a chunk: input and gradients of a tile stay in the nearest cache.
const CHUNK: usize = 128;
/// Sums of a task: a quarter of a 1 MiB cache.
const SUMS: usize = 64 * 1024;
/// Blocks of outputs of a task: what the copy of the input is made for.
const OUTPUTS: usize = 4;

/// A prepared sum of products.
pub(super) struct Products {
    isa: Isa,
    geometry: Geometry,
    /// Numbers of a position of the copy: a block's, or all channels of a planar input.
    lanes: usize,
    /// Blocks of inputs an output block sees, and the first of each output block (groups), else empty.
    reach: usize,
    first: Vec<usize>,
    chunk: Chunk,
    strips: Vec<Strip>,
    /// Ranges of input blocks (of those in reach) and of output blocks.
    parts: Vec<[(usize, usize); 2]>,
    /// Images of a portion.
    portion: usize,
    size: Size,
    /// `[portion][output block][input block in reach][kernel position][lane][16]`.
    sums: Aligned,
}

/// Some whole images, or some rows of one.
struct Chunk {
    images: usize,
    rows: usize,
    /// Rows and columns of the copy of an image's part.
    copy: [usize; 2],
    /// Where each position begins in the copies.
    offsets: Vec<usize>,
}

/// Numbers in a row of the copy: kernel positions and channels that one tile can take.
#[derive(Clone, Copy)]
struct Strip {
    start: usize,
    length: usize,
    /// The first one's place among the sums.
    first: usize,
}

impl Chunk {
    fn new(geometry: &Geometry, lanes: usize, portion: usize) -> Self {
        let (conv, to) = (&geometry.conv, geometry.to);
        let rows = (CHUNK / to.width()).clamp(1, to.height());
        let rows = to.height().div_ceil(to.height().div_ceil(rows));
        let images = if rows == to.height() { (CHUNK / plane(to)).clamp(1, portion) } else { 1 };
        let seen = |axis: usize, outputs: usize| {
            (outputs - 1) * conv.stride[axis] + (conv.kernel[axis] - 1) * conv.dilation[axis] + 1
        };
        let copy = [seen(0, rows), seen(1, to.width())];
        let offset = |position: usize| {
            let (row, x) = (position / to.width(), position % to.width());
            let (image, y) = (row / rows, row % rows);
            ((image * copy[0] + y * conv.stride[0]) * copy[1] + x * conv.stride[1]) * lanes
        };
        let offsets = (0..images * rows * to.width()).map(offset).collect();
        Self { images, rows, copy, offsets }
    }
}

/// The tiles' rows: all columns of a kernel row at once unless they are dilated.
fn strips(geometry: &Geometry, lanes: usize, columns: usize) -> Vec<Strip> {
    let conv = &geometry.conv;
    let [height, width] = conv.kernel;
    let joined = if conv.dilation[1] == 1 { width } else { 1 };
    let places = (0..height).flat_map(|ky| (0..width).step_by(joined).map(move |kx| (ky, kx)));
    let strip = |(ky, kx): (usize, usize)| Strip {
        start: (ky * conv.dilation[0] * columns + kx * conv.dilation[1]) * lanes,
        length: joined * lanes,
        first: (ky * width + kx) * lanes,
    };
    places.map(strip).collect()
}

/// Cuts the channels so that a task's sums fit the cache.
fn parts(reach: usize, outputs: usize, rows: usize, is_grouped: bool, size: Size) -> Vec<[(usize, usize); 2]> {
    let each = if is_grouped { 1 } else { OUTPUTS.next_multiple_of(size.blocks).min(outputs) };
    let most = (SUMS / (rows * LANES * each)).max(1);
    let inputs = pieces(reach, most);
    let all = (0..outputs).step_by(each).map(|first| (first, (first + each).min(outputs)));
    all.flat_map(|outputs| inputs.clone().map(move |(start, count)| [(start, start + count), outputs])).collect()
}

impl Products {
    pub(super) fn new(isa: Isa, geometry: Geometry) -> Self {
        let (conv, from, to) = (&geometry.conv, geometry.from, geometry.to);
        let (lanes, reach, first) = match Layout::of(from) {
            Layout::Planar => (from.channels(), 1, Vec::new()),
            Layout::Blocked => {
                let (reach, first) = direct::reach(conv, from, LANES, blocks(from));
                (LANES, reach, first)
            }
        };
        let is_grouped = !first.is_empty();
        let rows = geometry.taps() * lanes;
        let strip = if conv.dilation[1] == 1 { conv.kernel[1] * lanes } else { lanes };
        let size = Size::best(isa, strip, if is_grouped { 1 } else { blocks(to) });
        let parts = parts(reach, blocks(to), rows, is_grouped, size);
        let portion = portion_of(parts.len(), geometry.batch);
        let chunk = Chunk::new(&geometry, lanes, portion);
        let strips = strips(&geometry, lanes, chunk.copy[1]);
        let sums = Aligned::zeros(geometry.batch.div_ceil(portion) * blocks(to) * reach * rows * LANES);
        Self { isa, geometry, lanes, reach, first, chunk, strips, parts, portion, size, sums }
    }

    /// Vector multiply-adds a pair of blocks takes, roughly.
    pub(super) fn time(geometry: &Geometry) -> usize {
        (geometry.batch * plane(geometry.to) + SUM) * geometry.taps() * LANES
    }

    /// Sums of one pair of blocks.
    fn pair(&self) -> usize {
        self.geometry.taps() * self.lanes * LANES
    }

    /// Writes the gradient; buffers are exactly as long as the batch.
    pub(super) fn run(&mut self, crew: &Crew, input: &[f32], gradient: &[f32], to: &mut [f32]) {
        let mut sums = std::mem::take(&mut self.sums);
        let shared = Shared::new(&mut sums);
        let portions = self.geometry.batch.div_ceil(self.portion);
        crew.run(self.parts.len() * portions, &|task| {
            let (part, portion) = (self.parts[task / portions], task % portions);
            self.portion(part, portion, input, gradient, shared);
        });
        self.sums = sums;
        self.add_portions(crew, to);
    }

    /// Sums a portion of the batch for a part of the channels.
    fn portion(
        &self,
        [inputs, outputs]: [(usize, usize); 2],
        portion: usize,
        input: &[f32],
        gradient: &[f32],
        sums: Shared<f32>,
    ) {
        let to = self.geometry.to;
        let per_portion = blocks(to) * self.reach * self.pair();
        let sums = Shared::at(sums.pointer().wrapping_add(portion * per_portion));
        for output in outputs.0..outputs.1 {
            let (start, count) = (output * self.reach + inputs.0, inputs.1 - inputs.0);
            // SAFETY: this part of the channels of this portion is written by this task only.
            unsafe { sums.part(start * self.pair(), count * self.pair()) }.fill(0.0);
        }
        let images = portion * self.portion..((portion + 1) * self.portion).min(self.geometry.batch);
        let copies = self.chunk.images * self.copied() * (inputs.1 - inputs.0);
        let copies = copies.next_multiple_of(LANES);
        let vectors = if self.is_in_place() { 0 } else { self.chunk.offsets.len() * LANES * (outputs.1 - outputs.0) };
        with_scratch(copies + vectors, |scratch| {
            let (copy, vectors) = scratch.split_at_mut(copies);
            for first in images.clone().step_by(self.chunk.images) {
                let images = (first, (first + self.chunk.images).min(images.end));
                for row in (0..to.height()).step_by(self.chunk.rows) {
                    let rows = (row, (row + self.chunk.rows).min(to.height()));
                    let area = Area { inputs, outputs, images, rows };
                    self.copy_input(area, input, copy);
                    let (vectors, block) = self.vectors(area, gradient, vectors);
                    // SAFETY: copies and vectors hold the area's positions, and the sums are this task's.
                    unsafe { self.multiply(area, copy, (vectors, block), sums) };
                }
            }
        });
    }

    /// Numbers of the copy of one image's block.
    fn copied(&self) -> usize {
        self.chunk.copy[0] * self.chunk.copy[1] * self.lanes
    }

    /// Do the gradients of a chunk lie in a row as they are?
    fn is_in_place(&self) -> bool {
        self.chunk.images == 1 && Layout::of(self.geometry.to) == Layout::Blocked
    }

    /// Copies what an area sees of the input, zeros around it: `[input block][image][row][column][lane]`.
    fn copy_input(&self, area: Area, input: &[f32], copy: &mut [f32]) {
        let from = self.geometry.from;
        let length = Layout::of(from).length(from);
        let first = self.first.get(area.outputs.0).copied().unwrap_or(0);
        let mut copies = copy.chunks_exact_mut(self.copied());
        for block in area.inputs.0 + first..area.inputs.1 + first {
            for index in 0..self.chunk.images {
                let Some(copy) = copies.next() else { return };
                let image = area.images.0 + index;
                if image < area.images.1 {
                    let start = image * length + block * plane(from) * LANES;
                    self.copy_block(area, &input[start..(image + 1) * length], copy);
                }
            }
        }
    }

    /// The same of one block of one image.
    fn copy_block(&self, area: Area, input: &[f32], copy: &mut [f32]) {
        let (conv, from) = (&self.geometry.conv, self.geometry.from);
        let (width, lanes, columns) = (from.width(), self.lanes, self.chunk.copy[1]);
        let first = area.rows.0 * conv.stride[0];
        if Layout::of(from) == Layout::Blocked {
            return copy_rows(input, [from.height(), width], conv.padding, (first, columns), LANES, copy);
        }
        let left = conv.padding[1].min(columns);
        let kept = width.min(columns - left);
        copy.fill(0.0);
        for (y, to) in copy.chunks_exact_mut(columns * lanes).enumerate() {
            let row = (first + y).checked_sub(conv.padding[0]).filter(|row| *row < from.height());
            let Some(row) = row else { continue };
            for channel in 0..lanes {
                let line = &input[(channel * from.height() + row) * width..][..kept];
                to[left * lanes + channel..].iter_mut().step_by(lanes).zip(line).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// Where an area's gradients lie, `[output block][position][16]`, and how far blocks are apart: in place, or
    /// copied to `to` when they belong to several images or are planar.
    fn vectors(&self, area: Area, gradient: &[f32], to: &mut [f32]) -> (*const f32, usize) {
        let shape = self.geometry.to;
        let (layout, plane) = (Layout::of(shape), plane(shape));
        let length = layout.length(shape);
        let (start, count) = (area.rows.0 * shape.width(), (area.rows.1 - area.rows.0) * shape.width());
        if self.is_in_place() {
            let first = area.images.0 * length + (area.outputs.0 * plane + start) * LANES;
            return (gradient[first..].as_ptr(), plane * LANES);
        }
        let images = area.images.1 - area.images.0;
        for (index, block) in to.chunks_exact_mut(images * count * LANES).enumerate() {
            let block_of_all = area.outputs.0 + index;
            if block_of_all >= area.outputs.1 {
                break;
            }
            for (image, to) in (area.images.0..).zip(block.chunks_exact_mut(count * LANES)) {
                let image = &gradient[image * length..][..length];
                if layout == Layout::Blocked {
                    to.copy_from_slice(&image[(block_of_all * plane + start) * LANES..][..count * LANES]);
                    continue;
                }
                to.fill(0.0);
                for channel in 0..shape.channels() {
                    let line = &image[channel * plane + start..][..count];
                    to[channel..].iter_mut().step_by(LANES).zip(line).for_each(|(to, from)| *to = *from);
                }
            }
        }
        (to.as_ptr(), images * count * LANES)
    }

    /// Adds an area's products to the sums.
    unsafe fn multiply(&self, area: Area, copy: &[f32], (vectors, block): (*const f32, usize), sums: Shared<f32>) {
        let positions = (area.images.1 - area.images.0) * (area.rows.1 - area.rows.0) * self.geometry.to.width();
        let walk = Walk::even(&self.chunk.offsets[..positions], 1);
        for output in (area.outputs.0..area.outputs.1).step_by(self.size.blocks) {
            let count = self.size.blocks.min(area.outputs.1 - output);
            for input in area.inputs.0..area.inputs.1 {
                let from = (input - area.inputs.0) * self.chunk.images * self.copied();
                for strip in &self.strips {
                    for (row, rows) in pieces(strip.length, self.size.rows) {
                        let pair = (output * self.reach + input) * self.pair();
                        // SAFETY: the caller vouches for the area's positions, and for its sums.
                        unsafe {
                            let sums = sums.pointer().add(pair + (strip.first + row) * LANES);
                            let tile = Tile {
                                input: copy.as_ptr().add(from + strip.start + row),
                                input_step: 1,
                                weights: vectors.add((output - area.outputs.0) * block),
                                weights_block: block,
                                output: sums,
                                output_step: LANES,
                                output_block: self.reach * self.pair(),
                                bias: std::ptr::null(),
                                residual: sums,
                                clip: None,
                            };
                            kernel(self.isa, rows, count)(&tile, &walk);
                        }
                    }
                }
            }
        }
    }

    /// Adds the portions in order and writes the gradient as weights lie.
    fn add_portions(&self, crew: &Crew, to: &mut [f32]) {
        let (pair, pairs) = (self.pair(), blocks(self.geometry.to) * self.reach);
        let shared = Shared::new(to);
        crew.run(pairs, &|index| {
            with_scratch(pair, |total| {
                let mut portions = self.sums.chunks_exact(pairs * pair).map(|sums| &sums[index * pair..][..pair]);
                total.copy_from_slice(portions.next().unwrap_or(&[]));
                for sums in portions {
                    total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
                }
                let (output, input) = (index / self.reach, index % self.reach);
                let first = (self.first.get(output).copied().unwrap_or(0) + input) * self.lanes;
                write(&self.geometry, (total, self.lanes), output * LANES, first, shared);
            });
        });
    }
}

/// What is multiplied at once: half-open ranges.
#[derive(Clone, Copy)]
struct Area {
    inputs: (usize, usize),
    outputs: (usize, usize),
    images: (usize, usize),
    rows: (usize, usize),
}
