//! The micro-kernel that every convolution, linear layer and Winograd product runs on.
//!
//! A tile is `R` output positions by `B` blocks of sixteen output channels, all in registers from the first
//! product to the last; bias, residual and ReLU or ReLU6 are applied there, and each output is written once. The order of
//! the sum does not depend on the tile's size, so neither do the bits of the result.

use super::isa::Isa;
use super::simd::{LANES, Portable, Simd};

/// Where the numbers of a sum lie: for every offset, `run` numbers in a row.
#[derive(Clone, Copy)]
pub struct Walk<'a> {
    /// Where each run begins, relative to the position's first number.
    pub offsets: &'a [usize],
    /// Numbers in a run.
    pub run: usize,
    /// How many of the last runs are shorter, and how long those are: a block that channels do not fill.
    pub short: (usize, usize),
}

impl<'a> Walk<'a> {
    /// Runs of the same length.
    pub fn even(offsets: &'a [usize], run: usize) -> Self {
        Self { offsets, run, short: (0, 0) }
    }

    /// Numbers in all runs.
    pub fn length(&self) -> usize {
        (self.offsets.len() - self.short.0) * self.run + self.short.0 * self.short.1
    }
}

/// One tile's work; distances are in numbers.
#[derive(Clone, Copy)]
pub struct Tile {
    /// The first position's input.
    pub input: *const f32,
    /// From one position's input to the next.
    pub input_step: usize,
    /// The first block's weights: sixteen numbers for each number of the walk.
    pub weights: *const f32,
    /// From one block's weights to the next.
    pub weights_block: usize,
    /// Where the first position's first block goes.
    pub output: *mut f32,
    /// From one position's output to the next.
    pub output_step: usize,
    /// From one block's output to the next.
    pub output_block: usize,
    /// Sixteen numbers a block, or null.
    pub bias: *const f32,
    /// Laid out like the output, added before the result is clipped; may be the output itself, or null.
    pub residual: *const f32,
    /// Rectified and cut off above this, if at all.
    pub clip: Option<f32>,
}

/// Computes a tile.
///
/// # Safety
/// The instruction set is there and the tile's pointers are valid for the tile's size and the walk.
pub type Kernel = unsafe fn(&Tile, &Walk);

#[inline(always)]
unsafe fn tile<S: Simd, const R: usize, const B: usize>(job: &Tile, walk: &Walk) {
    // SAFETY: the caller vouches for the instruction set and for the buffers behind the tile's pointers.
    unsafe {
        let mut sums = [[S::splat(0.0); B]; R];
        let mut weights = job.weights;
        let mut run = walk.run;
        let whole = walk.offsets.len() - walk.short.0;
        for (index, offset) in walk.offsets.iter().enumerate() {
            let input = job.input.add(*offset);
            if index == whole {
                run = walk.short.1;
            }
            for k in 0..run {
                let mut columns = [S::splat(0.0); B];
                for b in 0..B {
                    columns[b] = S::load(weights.add(b * job.weights_block));
                }
                weights = weights.add(LANES);
                for r in 0..R {
                    let value = S::splat(*input.add(r * job.input_step + k));
                    for b in 0..B {
                        sums[r][b] = S::fma(value, columns[b], sums[r][b]);
                    }
                }
            }
        }
        let limit = S::splat(job.clip.unwrap_or(f32::INFINITY));
        for b in 0..B {
            let bias = if job.bias.is_null() { S::splat(0.0) } else { S::load(job.bias.add(b * LANES)) };
            for r in 0..R {
                let at = b * job.output_block + r * job.output_step;
                let mut value = S::add(sums[r][b], bias);
                if !job.residual.is_null() {
                    value = S::add(value, S::load(job.residual.add(at)));
                }
                if job.clip.is_some() {
                    value = S::at_most(S::relu(value), limit);
                }
                S::store(job.output.add(at), value);
            }
        }
    }
}

/// How many positions and blocks fit the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Positions.
    pub rows: usize,
    /// Blocks of channels.
    pub blocks: usize,
}

impl Size {
    const fn new(rows: usize, blocks: usize) -> Self {
        Self { rows, blocks }
    }

    /// The tiles that fill the registers: every smaller one has a kernel too.
    fn all(isa: Isa) -> &'static [Self] {
        match isa {
            Isa::Avx512 => const { &[Self::new(14, 2), Self::new(8, 3), Self::new(6, 4)] },
            Isa::Neon => const { &[Self::new(6, 1)] },
            Isa::Avx2 | Isa::Portable => const { &[Self::new(6, 1), Self::new(3, 2), Self::new(1, 4)] },
        }
    }

    /// The largest tile to cut `rows` positions of `blocks` blocks with: least time by a rough count, in which a
    /// step of the sum takes one unit a product and one a vector of weights.
    #[must_use]
    pub fn best(isa: Isa, rows: usize, blocks: usize) -> Self {
        let cost = |size: &&Self| {
            let tiles = rows.div_ceil(size.rows);
            let whole = blocks / size.blocks * (tiles * size.blocks + rows * size.blocks);
            whole + blocks % size.blocks * (tiles + rows) + tiles * blocks.div_ceil(size.blocks)
        };
        *Self::all(isa).iter().min_by_key(cost).unwrap_or(&Self::new(1, 1))
    }
}

macro_rules! kernels {
    ($name:ident, $simd:ty, [$($feature:literal)?], $($blocks:literal: [$($rows:literal),+]),+) => {
        mod $name {
            use super::*;

            $(#[target_feature(enable = $feature)])?
            unsafe fn sized<const R: usize, const B: usize>(job: &Tile, walk: &Walk) {
                // SAFETY: compiled for the instruction set; the caller vouches for the buffers.
                unsafe { tile::<$simd, R, B>(job, walk) }
            }

            pub(super) fn kernel(rows: usize, blocks: usize) -> Option<Kernel> {
                match (rows, blocks) {
                    $($(($rows, $blocks) => Some(sized::<$rows, $blocks>),)+)+
                    _ => None,
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
kernels!(avx512, crate::compute::engine::kernels::simd::Avx512, ["avx512f"],
    1: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
    2: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
    3: [1, 2, 3, 4, 5, 6, 7, 8],
    4: [1, 2, 3, 4, 5, 6]);
#[cfg(target_arch = "x86_64")]
kernels!(avx2, crate::compute::engine::kernels::simd::Avx2, ["avx2,fma"],
    1: [1, 2, 3, 4, 5, 6], 2: [1, 2, 3], 3: [1], 4: [1]);
#[cfg(target_arch = "aarch64")]
kernels!(neon, crate::compute::engine::kernels::simd::Neon, [], 1: [1, 2, 3, 4, 5, 6]);
kernels!(portable, Portable, [], 1: [1, 2, 3, 4, 5, 6], 2: [1, 2, 3], 3: [1], 4: [1]);

/// The kernel for a tile no larger than one of [`Size::best`].
///
/// # Panics
/// When the tile is larger.
#[must_use]
pub fn kernel(isa: Isa, rows: usize, blocks: usize) -> Kernel {
    let found = match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512::kernel(rows, blocks),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::kernel(rows, blocks),
        #[cfg(target_arch = "aarch64")]
        Isa::Neon => neon::kernel(rows, blocks),
        _ => portable::kernel(rows, blocks),
    };
    found.unwrap_or_else(|| unreachable!("no {} kernel for {rows} x {blocks}", isa.name()))
}

/// Cuts `length` into pieces of at most `most`, as even as can be: `(start, length)`.
pub fn pieces(length: usize, most: usize) -> impl Iterator<Item = (usize, usize)> + Clone {
    let count = length.div_ceil(most.max(1)).max(1);
    (0..count).map(move |index| {
        let start = |index: usize| index * (length / count) + index.min(length % count);
        (start(index), start(index + 1) - start(index))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_even_and_cover() {
        for (length, most) in [(49, 14), (7, 14), (1, 1), (100, 7), (56, 14)] {
            let all: Vec<_> = pieces(length, most).collect();
            assert_eq!(all.iter().map(|piece| piece.1).sum::<usize>(), length);
            assert!(all.iter().all(|piece| piece.1 <= most && piece.1 > 0));
            assert!(all.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0));
        }
    }

    #[test]
    fn every_size_that_is_offered_has_a_kernel() {
        for isa in Isa::available() {
            for size in Size::all(isa) {
                for rows in 1..=size.rows {
                    for blocks in 1..=size.blocks {
                        let _ = kernel(isa, rows, blocks);
                    }
                }
            }
        }
    }
}
