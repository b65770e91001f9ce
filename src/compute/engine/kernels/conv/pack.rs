//! Weights in the order the micro-kernel reads them.

use super::super::layout::blocks;
use super::super::memory::Shared;
use super::super::simd::LANES;
use super::super::threads::Crew;
use super::Recipe;

/// Where one number of a walk comes from: input channel and kernel position; `None` is a zero.
pub(super) type Source = Option<(usize, usize)>;

/// The factor for an output channel's weights.
pub(super) fn scale(recipe: &Recipe, out: usize) -> f32 {
    recipe.scale.map_or(1.0, |scale| scale[out])
}

/// Packs `[block][walk][16]`: for each block of output channels and each number of its walk, the weights of its
/// sixteen channels. `source(block, index)` names the input channel (of all, not of the group) and the kernel
/// position of a number. Numbers without a source keep what they have: zeros.
pub(super) fn pack(crew: &Crew, recipe: &Recipe, packed: &mut [f32], source: &(dyn Fn(usize, usize) -> Source + Sync)) {
    let blocks = blocks(recipe.to);
    let walk = packed.len() / (blocks * LANES);
    let shared = Shared::new(packed);
    crew.run(blocks, &|block| {
        // SAFETY: each block is written by one task.
        let part = unsafe { shared.part(block * walk * LANES, walk * LANES) };
        for (index, lanes) in part.chunks_exact_mut(LANES).enumerate() {
            if let Some((channel, tap)) = source(block, index) {
                fill(recipe, block, channel, tap, lanes);
            }
        }
    });
}

/// The weights of a block's channels for one input channel and kernel position; zero in other groups.
fn fill(recipe: &Recipe, block: usize, channel: usize, tap: usize, lanes: &mut [f32]) {
    let conv = &recipe.conv;
    let taps = conv.kernel[0] * conv.kernel[1];
    let inner = recipe.from.channels() / conv.groups;
    let outputs = block * LANES..((block + 1) * LANES).min(conv.out_channels);
    if conv.groups == 1 {
        let weights = recipe.weight[outputs.start * inner * taps..].chunks_exact(inner * taps);
        for ((lane, weights), out) in lanes.iter_mut().zip(weights).zip(outputs) {
            *lane = weights[channel * taps + tap] * scale(recipe, out);
        }
        return;
    }
    let per_group = conv.out_channels / conv.groups;
    for (lane, out) in lanes.iter_mut().zip(outputs) {
        let first = out / per_group * inner;
        if let Some(within) = channel.checked_sub(first).filter(|within| *within < inner) {
            *lane = recipe.weight[(out * inner + within) * taps + tap] * scale(recipe, out);
        }
    }
}
