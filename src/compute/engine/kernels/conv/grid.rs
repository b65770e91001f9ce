//! How a direct convolution's output is cut into tasks.

use super::super::isa::Isa;
use super::super::layout::{blocks, plane};
use super::super::simd::LANES;
use super::super::threads::Crew;
use super::super::tile::Size;
use super::{Recipe, wanted_tasks};

/// Numbers of the input a task works on: half of a 1 MiB cache, the rest is for weights.
const CACHED: usize = 64 * 1024;

/// Weights that stay in the cache beside a task's input.
const FEW_WEIGHTS: usize = CACHED / 2;

/// Output positions and how they are cut into tasks.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub(super) height: usize,
    pub(super) width: usize,
    /// Rows and columns of a task, blocks of a task.
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) blocks: usize,
    pub(super) all_blocks: usize,
    /// From one output position to the next on its row, in the input as the kernel sees it.
    pub(super) step: usize,
    /// From one output row to the next, likewise.
    pub(super) row: usize,
    /// From one plane of the input to the next, likewise.
    pub(super) plane: usize,
    pub(super) output_step: usize,
    pub(super) output_block: usize,
}

/// A way to cut: rows, columns and blocks of a task.
struct Cut {
    sizes: [usize; 3],
    /// Of the thread that has most to do, in blocks of positions.
    time: usize,
}

impl Grid {
    /// Cuts positions until a task's input fits the cache, then channels until there are enough tasks. Few weights
    /// are read again by every task: then positions are cut first. Tasks that threads cannot share evenly are halved.
    pub(super) fn new((isa, crew): (Isa, &Crew), recipe: &Recipe, size: [usize; 2], depth: usize) -> Self {
        let tasks = wanted_tasks(crew, recipe);
        let mut positions = (plane(recipe.from) * depth).div_ceil(CACHED).max(1);
        if recipe.weight.len() <= FEW_WEIGHTS {
            positions = positions.max(tasks.div_ceil(recipe.batch));
        }
        let cut = |positions: usize| Cut::new((isa, crew, tasks), recipe, size, positions);
        let (whole, halved) = (cut(positions), cut(2 * positions));
        let is_worth_while = tasks > 1 && 20 * halved.time < 19 * whole.time;
        let [rows, columns, blocks_of_task] = if is_worth_while { halved.sizes } else { whole.sizes };
        Self {
            height: size[0],
            width: size[1],
            rows,
            columns,
            blocks: blocks_of_task,
            all_blocks: blocks(recipe.to),
            step: 0,
            row: 0,
            plane: 0,
            output_step: LANES,
            output_block: plane(recipe.to) * LANES,
        }
    }
}

impl Cut {
    fn new(
        (isa, crew, tasks): (Isa, &Crew, usize),
        recipe: &Recipe,
        [height, width]: [usize; 2],
        positions: usize,
    ) -> Self {
        let all = blocks(recipe.to);
        let (rows, columns) = match height {
            1 => (1, width.div_ceil(positions).max(14).min(width)),
            _ => (height.div_ceil(positions).max(1), width),
        };
        let parts = height.div_ceil(rows) * width.div_ceil(columns) * recipe.batch;
        let most = all.div_ceil(tasks.div_ceil(parts).clamp(1, all));
        let time = |blocks: usize| (parts * all.div_ceil(blocks)).div_ceil(crew.threads()) * rows * columns * blocks;
        // Whole tiles, unless that leaves a thread with more to do; little work is not cut at all.
        let unit = if tasks == 1 { most } else { Size::best(isa, columns, most).blocks };
        let sizes = (unit..=most).rev().filter(|blocks| blocks.is_multiple_of(unit) || *blocks == most);
        let blocks = sizes.min_by_key(|blocks| time(*blocks)).unwrap_or(most);
        Self { sizes: [rows, columns, blocks], time: time(blocks) }
    }
}
