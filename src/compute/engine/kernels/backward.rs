//! Gradients of what is not a convolution: gates, means and maxima over positions and channels, maximum pooling.
//!
//! Blocked maps; a gradient is added to what is there, or overwrites it. Where several inputs share a maximum, the
//! first has the gradient, as in PyTorch's `max` and `max_pool2d`.

// A maximum is one of the numbers it was taken from, to the bit.
#![allow(clippy::float_cmp)]

use super::isa::{Isa, Vectorised};
use super::layout::{Layout, blocks, plane};
use super::memory::{Shared, with_scratch};
use super::norm::Maps;
use super::reduce::tasks;
use super::simd::{LANES, Simd};
use super::threads::Crew;
use crate::network::graph::{Pool2d, Shape};

/// A gradient that is written to.
pub struct Target<'a> {
    /// Where.
    pub values: &'a mut [f32],
    /// Added to what is there, or written over it.
    pub add: bool,
}

impl Target<'_> {
    pub(super) fn shared(self, length: usize) -> (Shared<f32>, bool) {
        assert!(self.values.len() >= length, "the gradient has room");
        (Shared::new(self.values), self.add)
    }
}

/// Numbers of a batch of blocked maps.
fn blocked(maps: Maps) -> usize {
    maps.batch * Layout::Blocked.length(maps.shape)
}

fn each_image(crew: &Crew, maps: Maps, work: &(dyn Fn(usize) + Sync)) {
    let parts = tasks(crew, blocked(maps), maps.batch);
    let each = maps.batch.div_ceil(parts);
    crew.run(maps.batch.div_ceil(each), &|task| {
        (task * each..((task + 1) * each).min(maps.batch)).for_each(work);
    });
}

/// A number, added to what is there or written over it.
#[inline(always)]
unsafe fn put<S: Simd>(to: *mut f32, value: S::V, add: bool) {
    // SAFETY: the caller vouches for the place and the instruction set.
    unsafe { S::store(to, if add { S::add(value, S::load(to)) } else { value }) }
}

/// Of `x · gate`, one gate a channel: `gradient · gate` to the map, the sum of `gradient · x` to the gate, which is
/// a vector `[C]` padded to whole blocks.
///
/// # Panics
/// When a buffer is too short.
pub fn channel_gate(
    isa: Isa,
    crew: &Crew,
    maps: Maps,
    [map, gate, gradient]: [&[f32]; 3],
    to_map: Option<Target>,
    to_gate: Option<Target>,
) {
    let (count, length) = (blocks(maps.shape), plane(maps.shape) * LANES);
    assert!(map.len() >= blocked(maps) && gradient.len() >= blocked(maps), "buffers hold the batch");
    let to_map = to_map.map(|target| target.shared(blocked(maps)));
    let to_gate = to_gate.map(|target| target.shared(maps.batch * count * LANES));
    each_image(crew, maps, &|image| {
        for index in image * count..(image + 1) * count {
            let part = index * length..(index + 1) * length;
            let (map, gradient) = (&map[part.clone()], &gradient[part]);
            let gate = &gate[index * LANES..][..LANES];
            // SAFETY: each plane and each block of the gate is written by one task.
            unsafe {
                let to_map = to_map.map(|(to, add)| (to.pointer().add(index * length), add));
                let to_gate = to_gate.map(|(to, add)| (to.pointer().add(index * LANES), add));
                isa.call(ChannelGate { map, gate, gradient, to_map, to_gate });
            }
        }
    });
}

struct ChannelGate<'a> {
    map: &'a [f32],
    gate: &'a [f32],
    gradient: &'a [f32],
    to_map: Option<(*mut f32, bool)>,
    to_gate: Option<(*mut f32, bool)>,
}

impl Vectorised for ChannelGate<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        // SAFETY: the slices are a plane long, the gate a vector; the pointers have room for as much.
        unsafe {
            let gate = S::load(self.gate.as_ptr());
            let mut sums = [S::splat(0.0); 2];
            for at in (0..self.map.len()).step_by(LANES) {
                let gradient = S::load(self.gradient.as_ptr().add(at));
                let sum = &mut sums[at / LANES % 2];
                *sum = S::fma(gradient, S::load(self.map.as_ptr().add(at)), *sum);
                if let Some((to, add)) = self.to_map {
                    put::<S>(to.add(at), S::mul(gradient, gate), add);
                }
            }
            if let Some((to, add)) = self.to_gate {
                put::<S>(to, S::add(sums[0], sums[1]), add);
            }
        }
    }
}

/// Of `x · gate`, one gate a position: the gate and its gradient are planes.
///
/// # Panics
/// When a buffer is too short.
pub fn spatial_gate(
    isa: Isa,
    crew: &Crew,
    maps: Maps,
    [map, gate, gradient]: [&[f32]; 3],
    to_map: Option<Target>,
    to_gate: Option<Target>,
) {
    let image_length = blocks(maps.shape) * plane(maps.shape) * LANES;
    let gate_shape = Shape::map(1, maps.shape.height(), maps.shape.width());
    let gate_length = Layout::of(gate_shape).length(gate_shape);
    assert!(map.len() >= blocked(maps) && gradient.len() >= blocked(maps), "buffers hold the batch");
    let to_map = to_map.map(|target| target.shared(blocked(maps)));
    let to_gate = to_gate.map(|target| target.shared(maps.batch * gate_length));
    each_image(crew, maps, &|image| {
        with_scratch(plane(maps.shape) * LANES, |sums| {
            sums.fill(0.0);
            for block in 0..blocks(maps.shape) {
                let start = image * image_length + block * plane(maps.shape) * LANES;
                let part = start..start + plane(maps.shape) * LANES;
                let (map, gradient) = (&map[part.clone()], &gradient[part]);
                let gate = &gate[image * gate_length..][..plane(maps.shape)];
                // SAFETY: each plane of the map is written by one task.
                unsafe {
                    let to_map = to_map.map(|(to, add)| (to.pointer().add(start), add));
                    isa.call(SpatialGate { map, gate, gradient, to_map, sums: &mut *sums });
                }
            }
            if let Some((to, add)) = to_gate {
                // SAFETY: each image's gate is written by one task.
                let to = unsafe { to.part(image * gate_length, plane(maps.shape)) };
                for (to, sums) in to.iter_mut().zip(sums.chunks_exact(LANES)) {
                    let sum: f32 = sums.iter().sum();
                    *to = if add { *to + sum } else { sum };
                }
            }
        });
    });
}

struct SpatialGate<'a> {
    map: &'a [f32],
    gate: &'a [f32],
    gradient: &'a [f32],
    to_map: Option<(*mut f32, bool)>,
    sums: &'a mut [f32],
}

impl Vectorised for SpatialGate<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        // SAFETY: slices and pointers have a plane's numbers.
        unsafe {
            for (position, gate) in self.gate.iter().enumerate() {
                let at = position * LANES;
                let gradient = S::load(self.gradient.as_ptr().add(at));
                let sum = self.sums.as_mut_ptr().add(at);
                S::store(sum, S::fma(gradient, S::load(self.map.as_ptr().add(at)), S::load(sum)));
                if let Some((to, add)) = self.to_map {
                    put::<S>(to.add(at), S::mul(gradient, S::splat(*gate)), add);
                }
            }
        }
    }
}

/// Of the means or maxima over positions, vectors `[C]`: a share to every position, or all to the first maximum.
///
/// # Panics
/// When a buffer is too short.
pub fn over_positions(isa: Isa, crew: &Crew, maps: Maps, (map, gradient): (&[f32], &[f32]), is_max: bool, to: Target) {
    let (count, length) = (blocks(maps.shape), plane(maps.shape) * LANES);
    assert!(map.len() >= blocked(maps) && gradient.len() >= maps.batch * count * LANES, "buffers hold the batch");
    let (to, add) = to.shared(blocked(maps));
    each_image(crew, maps, &|image| {
        for index in image * count..(image + 1) * count {
            let map = &map[index * length..][..length];
            let gradient = &gradient[index * LANES..][..LANES];
            // SAFETY: each plane is written by one task; the processor has the instruction set.
            let to = unsafe { to.part(index * length, length) };
            if is_max {
                first_maxima(map, gradient, to, add);
            } else {
                // SAFETY: as above.
                unsafe { isa.call(Share { gradient, to, add }) };
            }
        }
    });
}

fn first_maxima(map: &[f32], gradient: &[f32], to: &mut [f32], add: bool) {
    let (mut best, mut place) = ([f32::NEG_INFINITY; LANES], [0_u32; LANES]);
    for (position, values) in map.chunks_exact(LANES).enumerate() {
        for lane in 0..LANES {
            let wins = values[lane] > best[lane];
            best[lane] = if wins { values[lane] } else { best[lane] };
            place[lane] = if wins { position as u32 } else { place[lane] };
        }
    }
    if !add {
        to.fill(0.0);
    }
    for lane in 0..LANES {
        to[place[lane] as usize * LANES + lane] += gradient[lane];
    }
}

struct Share<'a> {
    gradient: &'a [f32],
    to: &'a mut [f32],
    add: bool,
}

impl Vectorised for Share<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        // SAFETY: the gradient is a vector, the target a plane.
        unsafe {
            let share = S::splat(LANES as f32 / self.to.len() as f32);
            let value = S::mul(S::load(self.gradient.as_ptr()), share);
            for at in (0..self.to.len()).step_by(LANES) {
                put::<S>(self.to.as_mut_ptr().add(at), value, self.add);
            }
        }
    }
}

/// Of the mean or the maximum over channels, planes `[H, W]`.
///
/// # Panics
/// When a buffer is too short.
pub fn over_channels(crew: &Crew, maps: Maps, (map, gradient): (&[f32], &[f32]), is_max: bool, to: Target) {
    let plane_shape = Shape::map(1, maps.shape.height(), maps.shape.width());
    let (positions, from_length) = (plane(maps.shape), Layout::of(plane_shape).length(plane_shape));
    let image_length = blocks(maps.shape) * positions * LANES;
    let channels = maps.shape.channels();
    assert!(map.len() >= blocked(maps) && gradient.len() >= maps.batch * from_length, "buffers hold the batch");
    let (to, add) = to.shared(blocked(maps));
    each_image(crew, maps, &|image| {
        let gradient = &gradient[image * from_length..][..positions];
        let map = &map[image * image_length..][..image_length];
        // SAFETY: each image is written by one task.
        let to = unsafe { to.part(image * image_length, image_length) };
        if !add {
            to.fill(0.0);
        }
        match is_max {
            true => first_channels(map, gradient, channels, to),
            false => share_channels(gradient, channels, to),
        }
    });
}

fn first_channels(map: &[f32], gradient: &[f32], channels: usize, to: &mut [f32]) {
    let positions = gradient.len();
    for (position, gradient) in gradient.iter().enumerate() {
        let (mut best, mut place) = (f32::NEG_INFINITY, position * LANES);
        for block in 0..channels.div_ceil(LANES) {
            let start = (block * positions + position) * LANES;
            let lanes = (channels - block * LANES).min(LANES);
            let values = &map[start..start + lanes];
            let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            if largest > best {
                best = largest;
                place = start + values.iter().position(|value| *value == largest).unwrap_or(0);
            }
        }
        to[place] += gradient;
    }
}

fn share_channels(gradient: &[f32], channels: usize, to: &mut [f32]) {
    for (block, to) in to.chunks_exact_mut(gradient.len() * LANES).enumerate() {
        let lanes = (channels - block * LANES).min(LANES);
        for (to, gradient) in to.chunks_exact_mut(LANES).zip(gradient) {
            to[..lanes].iter_mut().for_each(|to| *to += gradient / channels as f32);
        }
    }
}

/// Of maximum pooling; input and output are blocked.
///
/// # Panics
/// When a buffer is too short.
pub fn max_pool(
    crew: &Crew,
    window: &Pool2d,
    maps: Maps,
    to_shape: Shape,
    [map, output, gradient]: [&[f32]; 3],
    to: Target,
) {
    let (count, length) = (blocks(maps.shape), plane(maps.shape) * LANES);
    let out_length = plane(to_shape) * LANES;
    assert!(map.len() >= blocked(maps) && output.len().min(gradient.len()) >= maps.batch * count * out_length);
    let (to, add) = to.shared(blocked(maps));
    each_image(crew, maps, &|image| {
        for index in image * count..(image + 1) * count {
            // SAFETY: each plane is written by one task.
            let to = unsafe { to.part(index * length, length) };
            if !add {
                to.fill(0.0);
            }
            let part = index * out_length..(index + 1) * out_length;
            let map = &map[index * length..][..length];
            pool_plane(window, maps.shape, to_shape, [map, &output[part.clone()], &gradient[part]], to);
        }
    });
}

fn pool_plane(window: &Pool2d, from: Shape, to_shape: Shape, planes: [&[f32]; 3], to: &mut [f32]) {
    let [map, output, gradient] = planes;
    let inside = |axis: usize, out: usize, size: usize| {
        let start = out * window.stride[axis];
        let end = (start + window.kernel[axis]).saturating_sub(window.padding[axis]).min(size);
        start.saturating_sub(window.padding[axis]).min(end)..end
    };
    for y in 0..to_shape.height() {
        for x in 0..to_shape.width() {
            let at = (y * to_shape.width() + x) * LANES;
            let best: [f32; LANES] = std::array::from_fn(|lane| output[at + lane]);
            let mut left: [f32; LANES] = std::array::from_fn(|lane| gradient[at + lane]);
            for row in inside(0, y, from.height()) {
                for column in inside(1, x, from.width()) {
                    let start = (row * from.width() + column) * LANES;
                    let values = &map[start..start + LANES];
                    for (lane, to) in to[start..start + LANES].iter_mut().enumerate() {
                        let wins = values[lane] == best[lane];
                        *to += if wins { left[lane] } else { 0.0 };
                        left[lane] = if wins { 0.0 } else { left[lane] };
                    }
                }
            }
        }
    }
}
