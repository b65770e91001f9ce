//! The gradient of a convolution's input.
//!
//! Input position `y` is seen by output `(y + padding − k·dilation) / stride` through kernel row `k`, where that
//! is whole. Positions with the same remainder modulo the stride see the same rows of the kernel: each such phase
//! is a convolution with stride 1 of the output's gradient, with some of the kernel's rows and columns, turned
//! around. Stride 1 has one phase, which writes to the gradient directly; others are spread.

use super::super::super::isa::Isa;
use super::super::super::layout::{Layout, blocks, plane};
use super::super::super::memory::{Aligned, Shared};
use super::super::super::plane;
use super::super::super::simd::LANES;
use super::super::super::threads::Crew;
use super::super::{Conv, Recipe, Residual};
use super::Geometry;
use crate::network::graph::{Conv2d, Shape};

/// A prepared gradient of inputs.
pub(super) struct InputGradient {
    isa: Isa,
    geometry: Geometry,
    phases: Vec<Phase>,
    /// A phase's weights, `[in, out / groups, kh, kw]`.
    turned: Vec<f32>,
    /// What a phase computes before it is spread.
    result: Aligned,
}

/// Input positions that see the same part of the kernel.
struct Phase {
    /// The first of them: row and column.
    first: [usize; 2],
    /// What they are together.
    shape: Shape,
    /// Nothing when no output sees them.
    work: Option<Work>,
}

struct Work {
    conv: Conv2d,
    /// Which position of the kernel each position of the phase's kernel is; those that are none are zeros.
    taps: Vec<Option<usize>>,
    method: Method,
}

enum Method {
    Conv(Box<Conv>),
    /// From planes to planes, image by image.
    Planes,
}

/// A phase on one axis.
struct Axis {
    taps: Vec<Option<usize>>,
    dilation: usize,
    padding: usize,
    length: usize,
}

impl Axis {
    /// `None` when no output sees the phase.
    fn new(geometry: &Geometry, axis: usize, phase: usize) -> Option<Self> {
        let Conv2d { kernel, stride, padding, dilation, .. } = geometry.conv;
        let [kernel, stride, padding, dilation] = [kernel, stride, padding, dilation].map(|pair| pair[axis]);
        // k·(stride − 1) stands for −k modulo the stride.
        let meets = |k: &usize| (phase + padding + k * dilation * (stride - 1)).is_multiple_of(stride);
        let seen: Vec<usize> = (0..kernel).filter(meets).collect();
        let first = *seen.first()?;
        let dilation_of_phase = dilation / gcd(stride, dilation);
        // The output that the phase's first position sees through its first row.
        let start = ((phase + padding) as isize - (first * dilation) as isize) / stride as isize;
        let length = [geometry.from.height(), geometry.from.width()][axis];
        // A kernel that ends before that output gets rows of zeros: padding cannot be negative.
        let needed = usize::try_from(start).unwrap_or(0).div_ceil(dilation_of_phase) + 1;
        let count = seen.len().max(needed);
        let taps = (0..count).rev().map(|index| seen.get(index).copied()).collect();
        let padding = ((count - 1) * dilation_of_phase) as isize - start;
        let dilation = if count == 1 { 1 } else { dilation_of_phase };
        Some(Self { taps, dilation, padding: padding.max(0) as usize, length: (length - phase).div_ceil(stride) })
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl InputGradient {
    pub(super) fn new(isa: Isa, crew: &Crew, geometry: Geometry) -> Self {
        let [rows, columns] = geometry.conv.stride;
        let places = (0..rows.min(geometry.from.height()))
            .flat_map(|y| (0..columns.min(geometry.from.width())).map(move |x| [y, x]));
        let phases = places.map(|first| Phase::new(isa, crew, &geometry, first)).collect();
        Self { isa, geometry, phases, turned: Vec::new(), result: Aligned::default() }
    }

    /// How a phase's result lies: as planes where both sides are.
    fn layout(geometry: &Geometry) -> Layout {
        match (Layout::of(geometry.from), Layout::of(geometry.to)) {
            (Layout::Planar, Layout::Planar) => Layout::Planar,
            _ => Layout::Blocked,
        }
    }

    /// Writes or adds the gradient of the batch; buffers are exactly as long as it.
    pub(super) fn run(&mut self, crew: &Crew, weight: &[f32], gradient: &[f32], to: &mut [f32], add: bool) {
        let geometry = self.geometry;
        let layout = Self::layout(&geometry);
        let is_whole = self.phases.len() == 1 && layout == Layout::of(geometry.from);
        for phase in &mut self.phases {
            let length = layout.length(phase.shape) * geometry.batch;
            let Some(work) = &mut phase.work else {
                if !add {
                    phase.spread(crew, &geometry, layout, None, to, add);
                }
                continue;
            };
            self.turned.resize(geometry.from.channels() * geometry.outer() * work.taps.len(), 0.0);
            turn(crew, &geometry, &work.taps, weight, &mut self.turned);
            let shapes = (geometry.to, phase.shape);
            match &mut work.method {
                Method::Conv(conv) if is_whole => {
                    conv.repack(crew, &self.turned);
                    let residual = if add { Residual::InPlace } else { Residual::None };
                    conv.run(crew, gradient, to, residual, None);
                    continue;
                }
                Method::Planes if is_whole && !add => {
                    planes(self.isa, crew, (&work.conv, shapes), &self.turned, gradient, to);
                    continue;
                }
                Method::Conv(conv) => {
                    conv.repack(crew, &self.turned);
                    self.result.reserve(length);
                    conv.run(crew, gradient, &mut self.result, Residual::None, None);
                }
                Method::Planes => {
                    self.result.reserve(length);
                    planes(self.isa, crew, (&work.conv, shapes), &self.turned, gradient, &mut self.result[..length]);
                }
            }
            phase.spread(crew, &geometry, layout, Some(&self.result), to, add);
        }
        if !add && Layout::of(geometry.from) == Layout::Planar {
            let images = to.chunks_exact_mut(Layout::Planar.length(geometry.from));
            images.for_each(|image| image[geometry.from.elements()..].fill(0.0));
        }
    }
}

impl Phase {
    fn new(isa: Isa, crew: &Crew, geometry: &Geometry, first: [usize; 2]) -> Self {
        let (conv, from) = (&geometry.conv, geometry.from);
        let length = |axis: usize, all: usize| (all - first[axis]).div_ceil(conv.stride[axis]);
        let shape = match conv.stride {
            [1, 1] => from,
            _ => Shape::map(from.channels(), length(0, from.height()), length(1, from.width())),
        };
        let axes = Axis::new(geometry, 0, first[0]).zip(Axis::new(geometry, 1, first[1]));
        let work = axes.map(|(rows, columns)| Work::new(isa, crew, geometry, shape, [&rows, &columns]));
        Self { first, shape, work }
    }

    /// Puts a result, or zeros, where it belongs.
    fn spread(
        &self,
        crew: &Crew,
        geometry: &Geometry,
        layout: Layout,
        result: Option<&[f32]>,
        to: &mut [f32],
        add: bool,
    ) {
        match Layout::of(geometry.from) {
            Layout::Blocked => self.spread_lanes::<LANES>(crew, geometry, layout, result, to, add),
            Layout::Planar => self.spread_lanes::<1>(crew, geometry, layout, result, to, add),
        }
    }

    /// The same, positions of `L` numbers.
    fn spread_lanes<const L: usize>(
        &self,
        crew: &Crew,
        geometry: &Geometry,
        layout: Layout,
        result: Option<&[f32]>,
        to: &mut [f32],
        add: bool,
    ) {
        let from = geometry.from;
        let planes = if L == LANES { blocks(from) } else { from.channels() };
        let step = if layout == Layout::Blocked { LANES } else { 1 };
        let (size, image) = (plane(self.shape), Layout::of(from).length(from));
        let shared = Shared::new(to);
        crew.run(geometry.batch * planes, &|task| {
            let (batch, index) = (task / planes, task % planes);
            // SAFETY: each plane is written by one task.
            let to = unsafe { shared.part(batch * image + index * plane(from) * L, plane(from) * L) };
            let start = batch * layout.length(self.shape) + index * L / step * size * step + index * L % step;
            for y in 0..self.shape.height() {
                for x in 0..self.shape.width() {
                    let row = self.first[0] + y * geometry.conv.stride[0];
                    let column = self.first[1] + x * geometry.conv.stride[1];
                    let to = &mut to[(row * from.width() + column) * L..][..L];
                    let Some(result) = result else {
                        to.fill(0.0);
                        continue;
                    };
                    let values = &result[start + (y * self.shape.width() + x) * step..][..L];
                    match add {
                        true => to.iter_mut().zip(values).for_each(|(to, value)| *to += value),
                        false => to.copy_from_slice(values),
                    }
                }
            }
        });
    }
}

impl Work {
    fn new(isa: Isa, crew: &Crew, geometry: &Geometry, shape: Shape, axes: [&Axis; 2]) -> Self {
        let conv = Conv2d {
            out_channels: geometry.from.channels(),
            kernel: axes.map(|axis| axis.taps.len()),
            stride: [1, 1],
            padding: axes.map(|axis| axis.padding),
            trailing: [0; 2],
            dilation: axes.map(|axis| axis.dilation),
            groups: geometry.conv.groups,
            bias: false,
        };
        debug_assert_eq!(axes.map(|axis| axis.length), [shape.height(), shape.width()]);
        let tap = |y: &Option<usize>, x: &Option<usize>| y.zip(*x).map(|(y, x)| y * geometry.conv.kernel[1] + x);
        let taps: Vec<_> = axes[0].taps.iter().flat_map(|y| axes[1].taps.iter().map(move |x| tap(y, x))).collect();
        let method = match InputGradient::layout(geometry) {
            Layout::Planar => Method::Planes,
            Layout::Blocked => {
                let weight = vec![0.0; geometry.from.channels() * geometry.outer() * taps.len()];
                let layout = Layout::of(geometry.to);
                let (weight, batch) = (&weight[..], geometry.batch);
                let recipe =
                    Recipe { conv, from: geometry.to, to: shape, layout, weight, scale: None, bias: &[], batch };
                Method::Conv(Box::new(Conv::new(isa, crew, &recipe)))
            }
        };
        Self { conv, taps, method }
    }
}

/// Convolves planes to planes, each image by one thread.
fn planes(
    isa: Isa,
    crew: &Crew,
    (conv, (from, to)): (&Conv2d, (Shape, Shape)),
    weight: &[f32],
    input: &[f32],
    output: &mut [f32],
) {
    let (alone, length) = (Crew::new(1), Layout::Planar.length(to));
    let images = output.len() / length;
    let shared = Shared::new(output);
    crew.run(images, &|image| {
        let input = &input[image * Layout::Planar.length(from)..];
        // SAFETY: each image is written by one task.
        let output = unsafe { shared.part(image * length, length) };
        plane::convolve(isa, &alone, (conv, from, to), (weight, &[]), input, output);
        output[to.elements()..].fill(0.0);
    });
}

/// The weights of a phase: inputs and outputs change places, and so do the kernel's ends.
fn turn(crew: &Crew, geometry: &Geometry, taps: &[Option<usize>], weight: &[f32], to: &mut [f32]) {
    let (inner, outer, channels) = (geometry.inner(), geometry.outer(), geometry.from.channels());
    let (length, all) = (outer * taps.len(), geometry.taps());
    let shared = Shared::new(to);
    crew.run(channels.div_ceil(LANES), &|task| {
        let range = task * LANES..((task + 1) * LANES).min(channels);
        // SAFETY: each run of channels is written by one task.
        let part = unsafe { shared.part(range.start * length, range.len() * length) };
        for out in 0..outer {
            for (channel, to) in range.clone().zip(part.chunks_exact_mut(length)) {
                // A division would take as long as the rest.
                let (group, within) =
                    if geometry.conv.groups == 1 { (0, channel) } else { (channel / inner, channel % inner) };
                let from = &weight[((group * outer + out) * inner + within) * all..][..all];
                for (to, tap) in to[out * taps.len()..][..taps.len()].iter_mut().zip(taps) {
                    *to = tap.map_or(0.0, |tap| from[tap]);
                }
            }
        }
    });
}
