//! Channels put in another order: concatenation, slices, shuffles. Where sixteen channels in a row stay together, a
//! block is copied whole; else its lanes are picked from the blocks they lie in.

use super::isa::{Isa, Vectorised};
use super::layout::{Layout, blocks, plane};
use super::memory::Shared;
use super::reduce::tasks;
use super::simd::{LANES, Simd};
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
    isa: Isa,
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
            fill(isa, origins, inputs, image, output);
        }
    });
}

/// Writes one block of one image.
fn fill(isa: Isa, origins: &[Origin], inputs: &[(&[f32], Shape)], image: usize, output: &mut [f32]) {
    let length = output.len();
    let mut picks: Vec<Pick> = Vec::new();
    for (lane, origin) in origins.iter().enumerate() {
        let (values, shape) = inputs[origin.input];
        let start = image * Layout::Blocked.length(shape) + origin.channel / LANES * length;
        let block = &values[start..][..length];
        let found = picks.iter().position(|pick| std::ptr::eq(pick.block, block));
        let index = found.unwrap_or_else(|| {
            picks.push(Pick { block, lanes: [-1; LANES] });
            picks.len() - 1
        });
        picks[index].lanes[lane] = (origin.channel % LANES) as i32;
    }
    match &picks[..] {
        [pick] if pick.lanes.iter().enumerate().all(|(lane, from)| lane as i32 == *from) => {
            output.copy_from_slice(pick.block);
        }
        // SAFETY: the processor has the instruction set.
        picks => unsafe { isa.call(Mix { picks, output }) },
    }
}

/// Where lanes of a block come from another block's; -1 where they do not.
struct Pick<'a> {
    block: &'a [f32],
    lanes: [i32; LANES],
}

struct Mix<'a> {
    picks: &'a [Pick<'a>],
    output: &'a mut [f32],
}

impl Vectorised for Mix<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        for (position, output) in self.output.chunks_exact_mut(LANES).enumerate() {
            // SAFETY: every block is as long as the output; the caller vouches for the instruction set.
            unsafe {
                let mut value = S::splat(0.0);
                for pick in self.picks {
                    value = S::pick(pick.block.as_ptr().add(position * LANES), &pick.lanes, value);
                }
                S::store(output.as_mut_ptr(), value);
            }
        }
    }
}
