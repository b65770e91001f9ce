//! Channels put in another order: concatenation, slices, shuffles. Where sixteen channels in a row stay together, a
//! block is copied whole; else lane by lane.

use super::layout::{Layout, blocks, plane};
use super::memory::Shared;
use super::reduce::tasks;
use super::simd::LANES;
use super::threads::Crew;
use crate::network::graph::Shape;

/// Where an output channel comes from: which input, which of its channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Index of the input.
    pub input: usize,
    /// Its channel.
    pub channel: usize,
}

/// Writes a batch of blocked maps whose channel `c` is `origins[c]` of the inputs, which are blocked and of the same
/// height and width.
///
/// # Panics
/// When a buffer is shorter than the batch.
pub fn rearrange(
    crew: &Crew,
    origins: &[Origin],
    inputs: &[(&[f32], Shape)],
    to: Shape,
    batch: usize,
    output: &mut [f32],
) {
    let length = Layout::Blocked.length(to);
    assert!(output.len() >= batch * length && origins.len() == to.channels(), "the output has room");
    for (values, shape) in inputs {
        assert!(values.len() >= batch * Layout::Blocked.length(*shape), "an input is the batch");
    }
    let shared = Shared::new(output);
    let total = batch * blocks(to);
    let each = total.div_ceil(tasks(crew, batch * length, total));
    crew.run(total.div_ceil(each), &|task| {
        for index in task * each..((task + 1) * each).min(total) {
            let (image, block) = (index / blocks(to), index % blocks(to));
            let origins = &origins[block * LANES..((block + 1) * LANES).min(to.channels())];
            // SAFETY: each block is written by one task.
            let output = unsafe { shared.part(index * plane(to) * LANES, plane(to) * LANES) };
            fill(origins, inputs, image, output);
        }
    });
}

/// Writes one block of one image.
fn fill(origins: &[Origin], inputs: &[(&[f32], Shape)], image: usize, output: &mut [f32]) {
    let length = output.len();
    let block_of = |origin: &Origin| {
        let (values, shape) = inputs[origin.input];
        let start = image * Layout::Blocked.length(shape) + origin.channel / LANES * length;
        &values[start..][..length]
    };
    let Some(first) = origins.first() else { return };
    let in_a_row =
        |(lane, origin): (usize, &Origin)| origin.input == first.input && origin.channel == first.channel + lane;
    if first.channel.is_multiple_of(LANES) && origins.iter().enumerate().all(in_a_row) {
        output.copy_from_slice(block_of(first));
        return;
    }
    if origins.len() < LANES {
        output.fill(0.0);
    }
    for (lane, origin) in origins.iter().enumerate() {
        let from = block_of(origin)[origin.channel % LANES..].iter().step_by(LANES);
        output[lane..].iter_mut().step_by(LANES).zip(from).for_each(|(to, from)| *to = *from);
    }
}
