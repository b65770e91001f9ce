//! Batch normalisation while a network learns: moments of a batch, the affine map with what follows it, and the
//! gradients of both.
//!
//! Moments and sums are taken image by image and joined in the order of the images, so that they do not depend on
//! the number of threads.

mod factors;

pub use factors::{Factors, Slopes};

use super::backward::Target;
use super::isa::{Isa, Vectorised};
use super::layout::{Layout, blocks, plane};
use super::memory::Shared;
use super::simd::{LANES, Simd};
use super::threads::Crew;
use crate::network::graph::Shape;

/// A batch of maps of one shape.
#[derive(Clone, Copy, Debug)]
pub struct Maps {
    /// The shape of one.
    pub shape: Shape,
    /// How many.
    pub batch: usize,
}

/// Two numbers a channel, padded to whole blocks: mean and variance, or two sums.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The mean, or the first sum.
    pub first: Vec<f64>,
    /// The variance (divided by n), or the second sum.
    pub second: Vec<f64>,
}

/// Numbers of one channel that are next to each other in memory, and how far apart.
#[derive(Clone, Copy)]
struct Channels {
    /// Channels of a unit: the lanes of a block, or one plane.
    lanes: usize,
    /// Units of an image.
    units: usize,
    /// Numbers of a unit.
    length: usize,
    /// Numbers of an image.
    image: usize,
    /// Images.
    batch: usize,
}

impl Maps {
    fn channels(self) -> Channels {
        let layout = Layout::of(self.shape);
        let (lanes, units) = match layout {
            Layout::Blocked => (LANES, blocks(self.shape)),
            Layout::Planar => (1, self.shape.channels()),
        };
        let length = plane(self.shape) * lanes;
        Channels { lanes, units, length, image: layout.length(self.shape), batch: self.batch }
    }

    /// Numbers of the whole batch.
    #[must_use]
    pub fn length(self) -> usize {
        self.batch * Layout::of(self.shape).length(self.shape)
    }

    /// Numbers each channel has in the whole batch.
    #[must_use]
    pub fn count(self) -> usize {
        self.batch * plane(self.shape)
    }
}

impl Channels {
    fn place(self, index: usize) -> (usize, usize) {
        let (image, unit) = (index / self.units, index % self.units);
        (image * self.image + unit * self.length, unit * self.lanes)
    }

    fn each(self, crew: &Crew, work: &(dyn Fn(usize, usize, usize) + Sync)) {
        let total = self.batch * self.units;
        let worthwhile = crew.threads() > 1 && total * self.length > 50_000;
        let each = if worthwhile { total.div_ceil(8 * crew.threads()) } else { total };
        crew.run(total.div_ceil(each.max(1)), &|task| {
            for index in task * each..((task + 1) * each).min(total) {
                let (start, channel) = self.place(index);
                work(index, start, channel);
            }
        });
    }
}

/// Mean and variance of each channel over the batch (Chan, Golub and LeVeque's joining of moments).
///
/// # Panics
/// When the input is shorter than the batch.
#[must_use]
pub fn moments(isa: Isa, crew: &Crew, maps: Maps, input: &[f32]) -> Pair {
    let channels = maps.channels();
    assert!(input.len() >= maps.length(), "the input is the batch");
    let mut parts = vec![[[0.0_f32; LANES]; 2]; channels.batch * channels.units];
    let shared = Shared::new(&mut parts);
    channels.each(crew, &|index, start, _| {
        let values = &input[start..start + channels.length];
        // SAFETY: each part is written once; the processor has the instruction set.
        unsafe { shared.part(index, 1)[0] = isa.call(Moments { values, lanes: channels.lanes }) };
    });
    let count = (channels.length / channels.lanes) as f64;
    let mut joined = Pair::zeros(channels);
    for unit in 0..channels.units {
        for lane in 0..channels.lanes {
            let (mut mean, mut spread) = (0.0, 0.0);
            for image in 0..channels.batch {
                let [part_mean, part_spread] = parts[image * channels.units + unit];
                let (seen, delta) = (image as f64 * count, f64::from(part_mean[lane]) - mean);
                mean += delta * count / (seen + count);
                spread += f64::from(part_spread[lane]) + delta * delta * seen * count / (seen + count);
            }
            joined.first[unit * channels.lanes + lane] = mean;
            joined.second[unit * channels.lanes + lane] = spread / (count * channels.batch as f64);
        }
    }
    joined
}

impl Pair {
    fn zeros(channels: Channels) -> Self {
        let length = channels.units * channels.lanes;
        Self { first: vec![0.0; length], second: vec![0.0; length] }
    }
}

/// Mean and sum of squared deviations of one unit.
struct Moments<'a> {
    values: &'a [f32],
    lanes: usize,
}

impl Vectorised for Moments<'_> {
    type Output = [[f32; LANES]; 2];

    #[inline(always)]
    unsafe fn call<S: Simd>(self) -> Self::Output {
        if self.lanes == 1 {
            return one_channel(self.values);
        }
        let positions = self.values.len() / LANES;
        let from = self.values.as_ptr();
        // SAFETY: the positions lie in the values.
        unsafe {
            let sum = four_sums::<S>(positions, |position| S::load(from.add(position * LANES)));
            let mean = S::mul(sum, S::splat(1.0 / positions as f32));
            let spread = four_sums::<S>(positions, |position| {
                let deviation = S::sub(S::load(from.add(position * LANES)), mean);
                S::mul(deviation, deviation)
            });
            let mut result = [[0.0; LANES]; 2];
            S::store(result[0].as_mut_ptr(), mean);
            S::store(result[1].as_mut_ptr(), spread);
            result
        }
    }
}

fn one_channel(values: &[f32]) -> [[f32; LANES]; 2] {
    let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len() as f64;
    let spread: f64 = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum();
    let mut result = [[0.0; LANES]; 2];
    (result[0][0], result[1][0]) = (mean as f32, spread as f32);
    result
}

/// A sum over positions in four lanes of vectors: additions do not wait for each other, and errors stay small.
#[inline(always)]
unsafe fn four_sums<S: Simd>(positions: usize, value: impl Fn(usize) -> S::V) -> S::V {
    // SAFETY: only arithmetic; the caller vouches for the instruction set.
    unsafe {
        let mut sums = [S::splat(0.0); 4];
        let whole = positions / 4 * 4;
        for first in (0..whole).step_by(4) {
            for lane in 0..4 {
                sums[lane] = S::add(sums[lane], value(first + lane));
            }
        }
        for position in whole..positions {
            sums[0] = S::add(sums[0], value(position));
        }
        S::add(S::add(sums[0], sums[1]), S::add(sums[2], sums[3]))
    }
}

/// `relu(x · scale + shift + residual)`.
#[derive(Clone, Copy)]
pub struct Affine<'a> {
    /// One number a channel, padded to whole blocks with zeros.
    pub scale: &'a [f32],
    /// Likewise.
    pub shift: &'a [f32],
    /// What is added, laid out as the input.
    pub residual: Option<&'a [f32]>,
    /// Is the result rectified?
    pub relu: bool,
}

impl Affine<'_> {
    /// Does it to a batch.
    ///
    /// # Panics
    /// When a buffer is too short.
    pub fn run(&self, isa: Isa, crew: &Crew, maps: Maps, input: &[f32], output: &mut [f32]) {
        let channels = maps.channels();
        assert!(input.len() >= maps.length() && output.len() >= maps.length(), "buffers hold the batch");
        let shared = Shared::new(output);
        channels.each(crew, &|_, start, channel| {
            let part = start..start + channels.length;
            let (lanes, relu) = (channels.lanes, self.relu);
            let (scale, shift) = (&self.scale[channel..][..lanes], &self.shift[channel..][..lanes]);
            let residual = self.residual.map(|residual| &residual[part.clone()]);
            // SAFETY: each unit is written once; the processor has the instruction set.
            unsafe {
                let output = shared.part(start, channels.length);
                isa.call(AffineUnit { scale, shift, residual, relu, input: &input[part], output });
            }
        });
    }
}

struct AffineUnit<'a> {
    scale: &'a [f32],
    shift: &'a [f32],
    residual: Option<&'a [f32]>,
    relu: bool,
    input: &'a [f32],
    output: &'a mut [f32],
}

impl Vectorised for AffineUnit<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        if self.scale.len() == 1 {
            for (index, (to, from)) in self.output.iter_mut().zip(self.input).enumerate() {
                let value = from * self.scale[0] + self.shift[0] + self.residual.map_or(0.0, |other| other[index]);
                *to = if self.relu && value < 0.0 { 0.0 } else { value };
            }
            return;
        }
        // SAFETY: all slices are a unit long, scale and shift a vector.
        unsafe {
            let (scale, shift) = (S::load(self.scale.as_ptr()), S::load(self.shift.as_ptr()));
            for at in (0..self.output.len()).step_by(LANES) {
                let mut value = S::fma(S::load(self.input.as_ptr().add(at)), scale, shift);
                if let Some(residual) = self.residual {
                    value = S::add(value, S::load(residual.as_ptr().add(at)));
                }
                if self.relu {
                    value = S::relu(value);
                }
                S::store(self.output.as_mut_ptr().add(at), value);
            }
        }
    }
}

/// Zeroes the gradient where the rectified output is zero, and sums by channel: the gradient, and the gradient
/// times `x − mean`.
///
/// # Panics
/// When a buffer is too short.
#[must_use]
pub fn gradient_sums(
    isa: Isa,
    crew: &Crew,
    maps: Maps,
    (input, mean): (&[f32], &[f32]),
    rectified: Option<&[f32]>,
    gradient: &mut [f32],
) -> Pair {
    let channels = maps.channels();
    assert!(input.len() >= maps.length() && gradient.len() >= maps.length(), "buffers hold the batch");
    let mut parts = vec![[[0.0_f32; LANES]; 2]; channels.batch * channels.units];
    let (shared, gradient) = (Shared::new(&mut parts), Shared::new(gradient));
    channels.each(crew, &|index, start, channel| {
        let part = start..start + channels.length;
        let mean = &mean[channel..][..channels.lanes];
        let rectified = rectified.map(|output| &output[part.clone()]);
        // SAFETY: each part and each unit is written once; the processor has the instruction set.
        unsafe {
            let gradient = gradient.part(start, channels.length);
            shared.part(index, 1)[0] = isa.call(Sums { input: &input[part], mean, rectified, gradient });
        }
    });
    let mut joined = Pair::zeros(channels);
    for (index, [first, second]) in parts.iter().enumerate() {
        let start = index % channels.units * channels.lanes;
        for lane in 0..channels.lanes {
            joined.first[start + lane] += f64::from(first[lane]);
            joined.second[start + lane] += f64::from(second[lane]);
        }
    }
    joined
}

struct Sums<'a> {
    input: &'a [f32],
    mean: &'a [f32],
    rectified: Option<&'a [f32]>,
    gradient: &'a mut [f32],
}

impl Vectorised for Sums<'_> {
    type Output = [[f32; LANES]; 2];

    #[inline(always)]
    unsafe fn call<S: Simd>(self) -> Self::Output {
        let mut result = [[0.0; LANES]; 2];
        if let Some(output) = self.rectified {
            for (gradient, output) in self.gradient.iter_mut().zip(output) {
                *gradient = if *output > 0.0 { *gradient } else { 0.0 };
            }
        }
        if let [mean] = self.mean {
            let pairs = || self.gradient.iter().zip(self.input);
            result[0][0] = pairs().map(|(g, _)| f64::from(*g)).sum::<f64>() as f32;
            result[1][0] = pairs().map(|(g, x)| f64::from(*g) * f64::from(x - mean)).sum::<f64>() as f32;
            return result;
        }
        let positions = self.input.len() / LANES;
        let (input, gradient) = (self.input.as_ptr(), self.gradient.as_ptr());
        // SAFETY: the positions lie in both.
        unsafe {
            let mean = S::load(self.mean.as_ptr());
            let first = four_sums::<S>(positions, |position| S::load(gradient.add(position * LANES)));
            let second = four_sums::<S>(positions, |position| {
                let deviation = S::sub(S::load(input.add(position * LANES)), mean);
                S::mul(S::load(gradient.add(position * LANES)), deviation)
            });
            S::store(result[0].as_mut_ptr(), first);
            S::store(result[1].as_mut_ptr(), second);
        }
        result
    }
}

/// `to (+)= of_gradient · gradient + of_input · x + constant`, one number a channel each, padded to whole blocks
/// with zeros.
#[derive(Clone, Copy)]
pub struct Blend<'a> {
    /// The factor of the gradient.
    pub of_gradient: &'a [f32],
    /// The factor of the input.
    pub of_input: &'a [f32],
    /// What is added.
    pub constant: &'a [f32],
}

impl Blend<'_> {
    /// Does it to a batch.
    ///
    /// # Panics
    /// When a buffer is too short.
    pub fn run(&self, isa: Isa, crew: &Crew, maps: Maps, [gradient, input]: [&[f32]; 2], to: Target) {
        let channels = maps.channels();
        assert!(input.len() >= maps.length() && gradient.len() >= maps.length(), "buffers hold the batch");
        let (shared, add) = to.shared(maps.length());
        channels.each(crew, &|_, start, channel| {
            let part = start..start + channels.length;
            let of = |numbers: &[f32]| {
                let mut lanes = [numbers[channel]; LANES];
                lanes[..channels.lanes].copy_from_slice(&numbers[channel..][..channels.lanes]);
                lanes
            };
            let factors = [of(self.of_gradient), of(self.of_input), of(self.constant)];
            // SAFETY: each unit is written once; the processor has the instruction set.
            unsafe {
                let to = shared.part(start, channels.length);
                isa.call(BlendUnit { factors, gradient: &gradient[part.clone()], input: &input[part], to, add });
            }
        });
    }
}

struct BlendUnit<'a> {
    factors: [[f32; LANES]; 3],
    gradient: &'a [f32],
    input: &'a [f32],
    to: &'a mut [f32],
    add: bool,
}

impl Vectorised for BlendUnit<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let whole = self.to.len() / LANES * LANES;
        let [of_gradient, of_input, constant] = self.factors;
        // SAFETY: all slices are equally long; a vector is read only where there is a whole one.
        unsafe {
            let [a, b, c] = [&of_gradient, &of_input, &constant].map(|lanes| S::load(lanes.as_ptr()));
            for at in (0..whole).step_by(LANES) {
                let mut value = S::fma(S::load(self.input.as_ptr().add(at)), b, c);
                value = S::fma(S::load(self.gradient.as_ptr().add(at)), a, value);
                if self.add {
                    value = S::add(value, S::load(self.to.as_ptr().add(at)));
                }
                S::store(self.to.as_mut_ptr().add(at), value);
            }
        }
        // Only planes have a rest, where all lanes have the same factors.
        for at in whole..self.to.len() {
            let value = of_gradient[0] * self.gradient[at] + of_input[0] * self.input[at] + constant[0];
            self.to[at] = if self.add { self.to[at] + value } else { value };
        }
    }
}
