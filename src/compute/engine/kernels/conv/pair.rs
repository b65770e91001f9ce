//! A 1×1 convolution and the grouped one that alone reads it, as in an inverted residual: some rows of some blocks
//! of channels at a time, so that what lies between the two is never written to memory. Rows that two tasks need are
//! computed by both.

use super::super::activation::Activation;
use super::super::layout::{Layout, blocks, plane};
use super::super::memory::{Shared, with_scratch};
use super::super::simd::LANES;
use super::super::threads::Crew;
use super::direct::Direct;
use super::grouped::Grouped;
use super::{Algorithm, Conv, Finish, Input, Method};
use crate::network::graph::{Conv2d, Shape};

/// Numbers of what lies between: not quite half of a 1 MiB cache.
const CACHED: usize = 112 * 1024;
/// Rows of a task for each that is computed twice, at least.
const SPARE: usize = 8;

/// Two convolutions prepared to run together.
pub struct Pair {
    first: Conv,
    second: Conv,
    /// Blocks and rows of a task.
    blocks: usize,
    rows: usize,
}

impl Pair {
    /// Can convolutions from blocked map to blocked map run together, and is it worth while?
    #[must_use]
    pub fn fits(first: &Conv2d, second: &Conv2d, from: Shape, [between, to]: [Shape; 2]) -> bool {
        let is_flat = first.kernel == [1, 1] && first.stride == [1, 1] && first.padding == [0, 0] && first.groups == 1;
        let twice = ((second.kernel[0] - 1) * second.dilation[0] + 1).saturating_sub(second.stride[0]);
        let rows = (SPARE * twice).max(1).min(between.height());
        is_flat
            && plane(from) > 1
            && plane(to) > 1
            && 2 * rows * between.width() * LANES <= CACHED
            && Algorithm::for_conv(second, between, to, Layout::Blocked) == Algorithm::Grouped
    }

    /// Joins two prepared convolutions, if they are of the kinds that [`Pair::fits`] asks for.
    #[must_use]
    pub fn new(crew: &Crew, first: Conv, second: Conv) -> Option<Self> {
        let (Method::Direct(direct), Method::Grouped(_)) = (&first.method, &second.method) else { return None };
        let (conv, between, to) = (&second.geometry.conv, second.geometry.from, second.geometry.to);
        let group = direct.blocks_at_once();
        let reach = (conv.kernel[0] - 1) * conv.dilation[0] + 1;
        let most = CACHED / (group * between.width() * LANES);
        let most = if most >= between.height() { to.height() } else { most.saturating_sub(reach) / conv.stride[0] + 1 };
        let groups = blocks(between).div_ceil(group) * first.geometry.batch;
        let parts = to.height().div_ceil(most.max(1)).max((2 * crew.threads()).div_ceil(groups)).min(to.height());
        let rows = to.height().div_ceil(parts);
        Some(Self { blocks: group, rows, first, second })
    }

    /// Bytes of the packed weights.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.first.bytes() + self.second.bytes()
    }

    /// Convolves the whole batch, with an activation after each convolution.
    ///
    /// # Panics
    /// When a buffer is shorter than the batch.
    pub fn run(&self, crew: &Crew, input: &[f32], output: &mut [f32], activations: [Option<Activation>; 2]) {
        let (Method::Direct(first), Method::Grouped(second)) = (&self.first.method, &self.second.method) else {
            unreachable!("such a pair is not made")
        };
        let (from, between, to) = (self.first.geometry.from, self.second.geometry.from, self.second.geometry.to);
        let (batch, groups) = (self.first.geometry.batch, blocks(between).div_ceil(self.blocks));
        let parts = to.height().div_ceil(self.rows);
        let length = Layout::Blocked.length(to);
        assert!(input.len() >= batch * Layout::Blocked.length(from) && output.len() >= batch * length);
        let finish =
            |conv: &Conv, activation| Finish { bias: conv.bias.as_ptr(), residual: std::ptr::null(), activation };
        let finishes = [finish(&self.first, activations[0]), finish(&self.second, activations[1])];
        let (input, output) = (Input(input.as_ptr()), Shared::new(output));
        crew.run(batch * parts * groups, &|task| {
            let (rest, group) = (task / groups, task % groups);
            let (image, part) = (rest / parts, rest % parts);
            let rows = (part * self.rows, ((part + 1) * self.rows).min(to.height()));
            let blocks = (group * self.blocks, ((group + 1) * self.blocks).min(blocks(between)));
            // SAFETY: the image lies in the input; each task writes rows and blocks of its own.
            unsafe {
                let input = input.pointer().add(image * Layout::Blocked.length(from));
                let output = Shared::at(output.pointer().add(image * length));
                strip((first, second), input, output, finishes, rows, blocks);
            }
        });
    }
}

/// Some rows of some blocks.
unsafe fn strip(
    (first, second): (&Direct, &Grouped),
    input: *const f32,
    output: Shared<f32>,
    [after_first, after_second]: [Finish; 2],
    rows: (usize, usize),
    blocks: (usize, usize),
) {
    let width = second.from().width();
    let seen = second.rows_seen(rows);
    let positions = (seen.0 * width, seen.1 * width);
    let length = (positions.1 - positions.0) * LANES;
    with_scratch((blocks.1 - blocks.0) * length, |scratch| {
        // Where the first block's first position would be.
        let origin = scratch.as_mut_ptr().wrapping_sub(blocks.0 * length + positions.0 * LANES);
        // SAFETY: the scratch holds these positions of these blocks, and the caller vouches for the rest.
        unsafe {
            if length > 0 {
                first.positions(input, positions, blocks, (Shared::at(origin), length), after_first);
            }
            for block in blocks.0..blocks.1 {
                let plane = origin.wrapping_add(block * length);
                second.rows(plane, block, rows, output, after_second);
            }
        }
    });
}
