//! The sum as it is defined: 1×1 kernels read the input in place, larger ones a padded copy of a few rows in the
//! thread's scratch space, which stays in its cache.

use super::super::activation::Activation;
use super::super::isa::Isa;
use super::super::layout::{Layout, blocks, plane};
use super::super::memory::{Aligned, Shared, with_scratch};
use super::super::simd::LANES;
use super::super::threads::Crew;
use super::super::tile::{Size, Tile, Walk, kernel, pieces};
use super::grid::Grid;
use super::{Finish, Input, Recipe, pack, wanted_tasks};
use crate::network::graph::{Conv2d, Shape};

/// A prepared direct convolution.
pub(super) struct Direct {
    isa: Isa,
    pub(super) weights: Aligned,
    offsets: Vec<usize>,
    run: usize,
    /// How many of the last runs are shorter, and how long those are.
    short: (usize, usize),
    /// Numbers of an input position: a block's or one.
    lanes: usize,
    grid: Grid,
    pad: Option<Pad>,
    /// First input block of each output block (groups), else empty.
    first: Vec<usize>,
    /// How many input blocks an output block looks at.
    reach: usize,
    size: Size,
    /// Images: lengths of one input and one output.
    image: [usize; 2],
    images: usize,
}

/// The padded copy.
#[derive(Clone, Copy)]
struct Pad {
    /// Rows and columns of the input.
    from: [usize; 2],
    padding: [usize; 2],
    /// Rows of the copy for a whole task, and its columns.
    size: [usize; 2],
    stride: usize,
    planes: usize,
    /// Numbers of a position.
    lanes: usize,
}

impl Direct {
    pub(super) fn new(isa: Isa, crew: &Crew, recipe: &Recipe) -> Self {
        let conv = &recipe.conv;
        // Outputs beyond the input are asked for when a gradient is spread; a padded copy has zeros there.
        let is_inside = |outputs: usize, stride: usize, inputs: usize| (outputs - 1) * stride < inputs;
        let window = conv.kernel == [1, 1]
            && conv.padding == [0, 0]
            && is_inside(recipe.to.height(), conv.stride[0], recipe.from.height())
            && is_inside(recipe.to.width(), conv.stride[1], recipe.from.width());
        if window && plane(recipe.to) == 1 && plane(recipe.from) == 1 {
            return Self::vectors(isa, crew, recipe);
        }
        let lanes = if recipe.layout == Layout::Blocked { LANES } else { 1 };
        let flat = window && conv.stride == [1, 1] && lanes == LANES && recipe.from.width() == recipe.to.width();
        let (height, width) = match flat {
            true => (1, plane(recipe.to)),
            false => (recipe.to.height(), recipe.to.width()),
        };
        let inputs = if lanes == LANES { blocks(recipe.from) } else { recipe.from.channels() };
        let (count, first) = reach(&recipe.conv, recipe.from, lanes, inputs);
        let mut direct = Self {
            isa,
            weights: Aligned::default(),
            offsets: Vec::new(),
            run: 1,
            short: (0, 0),
            lanes,
            grid: Grid::new((isa, crew), recipe, [height, width], inputs * lanes),
            pad: None,
            size: Size { rows: 1, blocks: 1 },
            image: [recipe.layout.length(recipe.from), Layout::Blocked.length(recipe.to)],
            images: recipe.batch,
            first,
            reach: count,
        };
        direct.see(recipe, inputs, lanes, window);
        direct.prepare(recipe);
        direct.pack(crew, recipe);
        direct
    }

    /// A linear layer, or a 1×1 convolution of a pooled map: the images of the batch are the positions.
    fn vectors(isa: Isa, crew: &Crew, recipe: &Recipe) -> Self {
        let (inputs, all_blocks) = (blocks(recipe.from), blocks(recipe.to));
        let (count, first) = reach(&recipe.conv, recipe.from, LANES, inputs);
        let parts = wanted_tasks(crew, recipe).min(all_blocks);
        let grid = Grid {
            height: 1,
            width: recipe.batch,
            rows: 1,
            columns: recipe.batch,
            blocks: all_blocks.div_ceil(parts),
            all_blocks,
            step: inputs * LANES,
            row: 0,
            plane: LANES,
            output_step: all_blocks * LANES,
            output_block: LANES,
        };
        let size = Size { rows: 1, blocks: 1 };
        let weights = Aligned::default();
        let mut direct = Self {
            isa,
            weights,
            offsets: vec![],
            run: 1,
            short: (0, 0),
            lanes: LANES,
            grid,
            pad: None,
            first,
            reach: count,
            size,
            image: [0; 2],
            images: 1,
        };
        direct.prepare(recipe);
        direct.pack(crew, recipe);
        direct
    }

    /// How the kernel sees the input: in place, or as a padded copy.
    fn see(&mut self, recipe: &Recipe, inputs: usize, lanes: usize, window: bool) {
        let conv = &recipe.conv;
        let reach = |axis: usize, outputs: usize| {
            (outputs - 1) * conv.stride[axis] + (conv.kernel[axis] - 1) * conv.dilation[axis] + 1
        };
        let mut seen = [recipe.from.height(), recipe.from.width()];
        if !window {
            let size = [reach(0, self.grid.rows), reach(1, self.grid.width)];
            let (padding, stride) = (conv.padding, conv.stride[0]);
            self.pad = Some(Pad { from: seen, padding, size, stride, planes: inputs, lanes });
            seen = size;
        }
        self.grid.step = conv.stride[1] * lanes;
        self.grid.row = conv.stride[0] * seen[1] * lanes;
        self.grid.plane = seen[0] * seen[1] * lanes;
    }

    /// Offsets, in the order of the weights: block of input channels, kernel row, kernel column, channel.
    fn prepare(&mut self, recipe: &Recipe) {
        let (conv, lanes) = (&recipe.conv, self.lanes);
        let [kernel_height, kernel_width] = conv.kernel;
        let width = self.pad.map_or(recipe.from.width(), |pad| pad.size[1]) * lanes;
        // Planar rows are contiguous along the kernel's row unless it is dilated.
        let joined = lanes == 1 && conv.dilation[1] == 1;
        let columns = if joined { 1 } else { kernel_width };
        self.run = if joined { kernel_width } else { lanes };
        for input in 0..self.reach {
            for ky in 0..kernel_height {
                for kx in 0..columns {
                    let tap = ky * conv.dilation[0] * width + kx * conv.dilation[1] * lanes;
                    self.offsets.push(input * self.grid.plane + tap);
                }
            }
        }
        let rest = recipe.from.channels() % LANES;
        if lanes == LANES && rest > 0 && self.first.is_empty() {
            self.short = (kernel_height * columns, rest);
        }
        let grid = &self.grid;
        self.size = Size::best(self.isa, grid.columns.min(grid.width), grid.blocks);
        if !self.first.is_empty() {
            self.size = Size::best(self.isa, grid.columns.min(grid.width), 1);
            self.size.blocks = 1;
        }
        self.weights = Aligned::zeros(blocks(recipe.to) * self.walk().length() * LANES);
    }

    fn walk(&self) -> Walk<'_> {
        Walk { offsets: &self.offsets, run: self.run, short: self.short }
    }

    /// Packs other weights of the same shape.
    pub(super) fn pack(&mut self, crew: &Crew, recipe: &Recipe) {
        let (lanes, first) = (self.lanes, &self.first);
        let taps = recipe.conv.kernel[0] * recipe.conv.kernel[1];
        let channels = recipe.from.channels();
        let whole = if self.short.0 > 0 { channels / LANES } else { usize::MAX };
        let source = |block: usize, index: usize| {
            let input = (index / (taps * lanes)).min(whole);
            let run = if input == whole { self.short.1 } else { lanes };
            let within = index - input * taps * lanes;
            let (tap, lane) = (within / run, within % run);
            let channel = (first.get(block).copied().unwrap_or(0) + input) * lanes + lane;
            (channel < channels).then_some((channel, tap))
        };
        pack::pack(crew, recipe, &mut self.weights, &source);
    }

    /// Convolves.
    ///
    /// # Safety
    /// Input, output and what `finish` points to have the sizes of the recipe.
    pub(super) unsafe fn run(&self, crew: &Crew, input: *const f32, output: *mut f32, finish: Finish) {
        let grid = self.grid;
        let parts = [grid.height.div_ceil(grid.rows), grid.width.div_ceil(grid.columns)];
        let block_parts = grid.all_blocks.div_ceil(grid.blocks);
        let (input, output) = (Input(input), Shared::at(output));
        crew.run(self.images * parts[0] * parts[1] * block_parts, &|task| {
            let (rest, block_part) = (task / block_parts, task % block_parts);
            let (rest, column_part) = (rest / parts[1], rest % parts[1]);
            let (image, row_part) = (rest / parts[0], rest % parts[0]);
            let part = |index: usize, size: usize, all: usize| (index * size, ((index + 1) * size).min(all));
            let area = Area {
                rows: part(row_part, grid.rows, grid.height),
                columns: part(column_part, grid.columns, grid.width),
                blocks: part(block_part, grid.blocks, grid.all_blocks),
                output: image * self.image[1],
                output_block: grid.output_block,
            };
            // SAFETY: the image lies in the input.
            let source = unsafe { input.pointer().add(image * self.image[0]) };
            match self.pad {
                // SAFETY: the source is the whole image; areas of tasks do not overlap.
                None => unsafe {
                    let start = area.rows.0 * grid.row + area.columns.0 * grid.step;
                    self.area(source.add(start), output, finish, area);
                },
                Some(pad) => with_scratch(grid.plane * pad.planes, |copy| {
                    // SAFETY: the source is the whole image, and the copy holds the rows of this area.
                    unsafe {
                        let image = std::slice::from_raw_parts(source, pad.planes * pad.plane());
                        let (start, end) = self.planes_seen(area.blocks, pad.planes);
                        pad.fill(&image[start * pad.plane()..end * pad.plane()], area.rows, copy);
                        // Where the first plane would be.
                        let origin = copy.as_ptr().wrapping_sub(start * grid.plane);
                        self.area(origin, output, finish, area);
                    }
                }),
            }
        });
    }

    /// The planes of the input that blocks of the output look at, half-open.
    fn planes_seen(&self, blocks: (usize, usize), all: usize) -> (usize, usize) {
        match self.first[..] {
            [] => (0, all),
            _ => (self.first[blocks.0], self.first[blocks.1 - 1] + self.reach),
        }
    }

    /// Blocks of output channels computed at once.
    pub(super) fn blocks_at_once(&self) -> usize {
        self.size.blocks
    }

    /// Computes some positions of some blocks of an image, when kernels are 1×1 and strides 1: into planes of which
    /// `output` is the first, `output_block` numbers apart.
    ///
    /// # Safety
    /// `input` is an image of the recipe's size, and the planes have room for the positions of the blocks.
    pub(super) unsafe fn positions(
        &self,
        input: *const f32,
        columns: (usize, usize),
        blocks: (usize, usize),
        (output, output_block): (Shared<f32>, usize),
        finish: Finish,
    ) {
        debug_assert!(self.pad.is_none() && self.grid.height == 1);
        let area = Area { rows: (0, 1), columns, blocks, output: 0, output_block };
        // SAFETY: the caller vouches for both buffers.
        unsafe { self.area(input.add(columns.0 * self.grid.step), output, finish, area) };
    }

    /// Computes an area whose first position's input is at `input`.
    #[inline]
    unsafe fn area(&self, input: *const f32, output: Shared<f32>, finish: Finish, area: Area) {
        let grid = &self.grid;
        let walk = self.walk();
        let walk_length = walk.length() * LANES;
        let (clip, afterwards) = (finish.clip(), finish.afterwards());
        let mut block = area.blocks.0;
        while block < area.blocks.1 {
            let blocks = self.size.blocks.min(area.blocks.1 - block);
            let first = self.first.get(block).map_or(0, |first| first * grid.plane);
            for y in area.rows.0..area.rows.1 {
                for (x, rows) in pieces(area.columns.1 - area.columns.0, self.size.rows) {
                    let start = first + (y - area.rows.0) * grid.row + x * grid.step;
                    let place = area.output
                        + block * area.output_block
                        + (y * grid.width + area.columns.0 + x) * grid.output_step;
                    // SAFETY: all of these lie in the buffers: the area does.
                    unsafe {
                        let residual =
                            if finish.residual.is_null() { finish.residual } else { finish.residual.add(place) };
                        let tile = Tile {
                            input: input.wrapping_add(start),
                            input_step: grid.step,
                            weights: self.weights.as_ptr().add(block * walk_length),
                            weights_block: walk_length,
                            output: output.pointer().wrapping_add(place),
                            output_step: grid.output_step,
                            output_block: area.output_block,
                            bias: finish.bias.add(block * LANES),
                            residual,
                            clip,
                        };
                        kernel(self.isa, rows, blocks)(&tile, &walk);
                        if let Some(activation) = afterwards {
                            let start = output.pointer().wrapping_add(place);
                            self.activate(activation, start, area.output_block, [rows, blocks]);
                        }
                    }
                }
            }
            block += blocks;
        }
    }

    /// Applies a function to the outputs of a tile.
    unsafe fn activate(
        &self,
        activation: Activation,
        start: *mut f32,
        output_block: usize,
        [rows, blocks]: [usize; 2],
    ) {
        let step = self.grid.output_step;
        // Positions in a row are one run, but for the images of a batch of vectors.
        let (runs, length) = if step == LANES { (1, rows * LANES) } else { (rows, LANES) };
        for block in 0..blocks {
            for run in 0..runs {
                // SAFETY: the tile lies in the output, and this task alone writes it; the caller vouches for the rest.
                unsafe {
                    let values = start.add(block * output_block + run * step);
                    activation.run(self.isa, std::slice::from_raw_parts_mut(values, length));
                }
            }
        }
    }
}

/// What one task computes: half-open ranges, and where the image's output begins.
#[derive(Clone, Copy)]
struct Area {
    rows: (usize, usize),
    columns: (usize, usize),
    blocks: (usize, usize),
    output: usize,
    /// From one block's output to the next.
    output_block: usize,
}

/// With groups: how many input blocks (or planes, of one lane) an output block looks at, and the first of each.
pub(super) fn reach(conv: &Conv2d, from: Shape, lanes: usize, inputs: usize) -> (usize, Vec<usize>) {
    if conv.groups == 1 {
        return (inputs, Vec::new());
    }
    let (inner, per_group) = (from.channels() / conv.groups, conv.out_channels / conv.groups);
    let range = |block: usize| {
        let last = ((block + 1) * LANES).min(conv.out_channels) - 1;
        let (first, last) = (block * LANES / per_group * inner, (last / per_group + 1) * inner - 1);
        (first / lanes, last / lanes + 1)
    };
    let ranges: Vec<(usize, usize)> = (0..conv.out_channels.div_ceil(LANES)).map(range).collect();
    let count = ranges.iter().map(|(start, end)| end - start).max().unwrap_or(inputs);
    (count, ranges.iter().map(|(start, _)| (*start).min(inputs - count)).collect())
}

impl Pad {
    /// Numbers of a plane of the input.
    fn plane(&self) -> usize {
        self.from[0] * self.from[1] * self.lanes
    }

    /// Copies the input rows that output rows `rows` see, zeros around them.
    fn fill(&self, image: &[f32], rows: (usize, usize), copy: &mut [f32]) {
        let [height, width] = self.from;
        let line = self.size[1] * self.lanes;
        let left = self.padding[1] * self.lanes;
        let kept = (width * self.lanes).min(line.saturating_sub(left));
        for (to, from) in copy.chunks_exact_mut(self.size[0] * line).zip(image.chunks_exact(self.plane())) {
            for (y, to) in to.chunks_exact_mut(line).enumerate() {
                let source = (rows.0 * self.stride + y).checked_sub(self.padding[0]).filter(|y| *y < height);
                match source {
                    None => to.fill(0.0),
                    Some(y) => {
                        let end = left + kept;
                        to[..left.min(line)].fill(0.0);
                        to[left.min(line)..end.min(line)].copy_from_slice(&from[y * width * self.lanes..][..kept]);
                        to[end.min(line)..].fill(0.0);
                    }
                }
            }
        }
    }
}
