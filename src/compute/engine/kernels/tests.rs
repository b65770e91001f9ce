//! Every kernel on every instruction set of this processor, against the sum as it is defined in f64 and against
//! candle's plain operators.

use candle_core::{Device, Tensor};

use super::activation::Activation;
use super::conv::{Algorithm, Conv, Pair, Recipe, Residual};
use super::gate::{Gates, Gating, Source};
use super::isa::Isa;
use super::layout::{self, Layout};
use super::pool::{Reduction, pool};
use super::reduce::{Planes, Statistics, over_channels, over_positions};
use super::{Aligned, Crew, plane};
use crate::network::graph::{Conv2d, Op, Pool2d, Shape};

/// A number in −1..1 that looks random.
fn number(index: usize) -> f32 {
    let mixed = (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f32 / (1 << 23) as f32) - 1.0
}

pub(super) fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|index| number(index + seed * 1_000_003)).collect()
}

/// A batch into a layout.
pub(super) fn stored(layout: Layout, shape: Shape, values: &[f32]) -> Aligned {
    let batch = values.len() / shape.elements();
    let mut to = Aligned::zeros(batch * layout.length(shape));
    for (image, to) in values.chunks_exact(shape.elements()).zip(to.chunks_exact_mut(layout.length(shape))) {
        layout::store(layout, shape, image, to);
    }
    to
}

/// A batch out of a layout.
pub(super) fn loaded(layout: Layout, shape: Shape, values: &[f32]) -> Vec<f32> {
    values.chunks_exact(layout.length(shape)).flat_map(|image| layout::load(layout, shape, image)).collect()
}

/// One image, each output with the sum of its absolute terms: rounding errors are in proportion to that.
fn definition(conv: &Conv2d, from: Shape, to: Shape, x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<(f64, f64)> {
    let (inner, per_group) = (from.channels() / conv.groups, conv.out_channels / conv.groups);
    let [kh, kw] = conv.kernel;
    let mut outputs = Vec::with_capacity(to.elements());
    for o in 0..conv.out_channels {
        for (i, j) in (0..to.height()).flat_map(|i| (0..to.width()).map(move |j| (i, j))) {
            let start = bias.get(o).copied().map_or(0.0, f64::from);
            let (mut sum, mut size) = (start, start.abs());
            for c in 0..inner {
                for (ky, kx) in (0..kh).flat_map(|ky| (0..kw).map(move |kx| (ky, kx))) {
                    let y = (i * conv.stride[0] + ky * conv.dilation[0]).wrapping_sub(conv.padding[0]);
                    let column = (j * conv.stride[1] + kx * conv.dilation[1]).wrapping_sub(conv.padding[1]);
                    if y < from.height() && column < from.width() {
                        let value = x[((o / per_group * inner + c) * from.height() + y) * from.width() + column];
                        let term = f64::from(value) * f64::from(weight[((o * inner + c) * kh + ky) * kw + kx]);
                        sum += term;
                        size += term.abs();
                    }
                }
            }
            outputs.push((sum, size));
        }
    }
    outputs
}

/// What candle computes for a batch, where it can: alike on both axes.
fn candle(conv: &Conv2d, from: Shape, batch: usize, x: &[f32], weight: &[f32]) -> Option<Vec<f32>> {
    let mut pairs = [conv.stride, conv.padding, conv.dilation].into_iter();
    let alike = conv.trailing == [0, 0] && pairs.all(|pair| pair[0] == pair[1]);
    if !alike {
        return None;
    }
    let x = Tensor::from_slice(x, (batch, from.channels(), from.height(), from.width()), &Device::Cpu).ok()?;
    let shape = (conv.out_channels, from.channels() / conv.groups, conv.kernel[0], conv.kernel[1]);
    let weight = Tensor::from_slice(weight, shape, &Device::Cpu).ok()?;
    let y = x.conv2d(&weight, conv.padding[0], conv.stride[0], conv.dilation[0], conv.groups).ok()?;
    y.flatten_all().ok()?.to_vec1().ok()
}

fn algorithms(conv: &Conv2d, from: Shape) -> Vec<Algorithm> {
    let ordinary = conv.kernel == [3, 3] && conv.stride == [1, 1] && conv.dilation == [1, 1] && conv.groups == 1;
    let group = from.channels() / conv.groups;
    let mut all = vec![Algorithm::Direct];
    if ordinary && Layout::of(from) == Layout::Blocked {
        all.extend([Algorithm::Winograd(2), Algorithm::Winograd(4)]);
    }
    if conv.groups > 1 && conv.out_channels == from.channels() && [1, 4, 8].contains(&group) {
        all.push(Algorithm::Grouped);
    }
    all
}

/// Runs a convolution in every way it can be, with and without residual, on one thread and on three.
fn convolves(conv: Conv2d, from: Shape, batch: usize) {
    let to = Op::Conv2d(conv).output_shape(&[from]).expect("fits");
    let inner = from.channels() / conv.groups * conv.kernel[0] * conv.kernel[1];
    let (x, weight) = (numbers(from.elements() * batch, 1), numbers(conv.out_channels * inner, 2));
    let (bias, residual) = (numbers(conv.out_channels, 3), numbers(to.elements() * batch, 4));
    let wanted: Vec<(f64, f64)> =
        x.chunks_exact(from.elements()).flat_map(|x| definition(&conv, from, to, x, &weight, &bias)).collect();
    if let Some(candle) = candle(&conv, from, batch, &x, &weight) {
        let plane = to.height() * to.width();
        for (index, ((wanted, size), candle)) in wanted.iter().zip(candle).enumerate() {
            let bias = f64::from(bias[index / plane % conv.out_channels]);
            assert!((wanted - bias - f64::from(candle)).abs() < 1e-5 * (1.0 + size), "the definition is candle's");
        }
    }
    let layout = Layout::of(from);
    for isa in Isa::available() {
        for algorithm in algorithms(&conv, from) {
            let what = format!("{conv:?} on {from} x{batch}, {algorithm}, {}", isa.name());
            let mut bits: Option<Vec<f32>> = None;
            for threads in [1, 3] {
                let crew = Crew::new(threads);
                let recipe = Recipe { conv, from, to, layout, weight: &weight, scale: None, bias: &bias, batch };
                let kernel = Conv::with(algorithm, isa, &crew, &recipe);
                let input = stored(layout, from, &x);
                let mut output = stored(Layout::Blocked, to, &residual);
                kernel.run(&crew, &input, &mut output, Residual::InPlace, Some(Activation::Relu));
                let found = loaded(Layout::Blocked, to, &output);
                for (index, (found, (wanted, size))) in found.iter().zip(&wanted).enumerate() {
                    let wanted = (wanted + f64::from(residual[index])).max(0.0);
                    let tolerance = if algorithm == Algorithm::Winograd(4) { 2e-5 } else { 2e-6 };
                    let error = (f64::from(*found) - wanted).abs();
                    assert!(error < tolerance * (1.0 + size), "{what}: [{index}] is {found}, not {wanted}");
                }
                let other = stored(Layout::Blocked, to, &residual);
                kernel.run(&crew, &input, &mut output, Residual::Other(&other), Some(Activation::Relu));
                let again = loaded(Layout::Blocked, to, &output);
                assert_eq!(again, found, "{what}: a residual elsewhere");
                assert_eq!(*bits.get_or_insert(found), again, "{what}: {threads} threads");
                activates(isa, &crew, &kernel, &input, &other, &what);
            }
        }
    }
}

/// Runs a 1×1 convolution and one that reads it, one after the other and together.
fn convolves_together(second: Conv2d, from: Shape, batch: usize) {
    let first = Conv2d::new(second.out_channels, 1);
    let between = Op::Conv2d(first).output_shape(&[from]).expect("fits");
    let to = Op::Conv2d(second).output_shape(&[between]).expect("fits");
    assert!(Pair::fits(&first, &second, from, [between, to]), "{from}");
    let inner = between.channels() / second.groups * second.kernel[0] * second.kernel[1];
    let weights = [from.channels(), inner].map(|inner| numbers(second.out_channels * inner, 3));
    let (layout, bias) = (Layout::Blocked, numbers(second.out_channels, 2));
    let input = stored(layout, from, &numbers(from.elements() * batch, 1));
    let activations = [Some(Activation::Silu), Some(Activation::Relu6)];
    for (isa, threads) in Isa::available().flat_map(|isa| [(isa, 1), (isa, 3)]) {
        let crew = Crew::new(threads);
        let recipe =
            |conv, from, to, weight| Recipe { conv, from, to, layout, weight, scale: None, bias: &bias, batch };
        let first = || Conv::new(isa, &crew, &recipe(first, from, between, &weights[0]));
        let second = || Conv::new(isa, &crew, &recipe(second, between, to, &weights[1]));
        let mut middle = Aligned::zeros(batch * layout.length(between));
        let [mut wanted, mut found] = [0, 1].map(|_| Aligned::zeros(batch * layout.length(to)));
        first().run(&crew, &input, &mut middle, Residual::None, activations[0]);
        second().run(&crew, &middle, &mut wanted, Residual::None, activations[1]);
        let pair = Pair::new(&crew, first(), second()).expect("fits");
        pair.run(&crew, &input, &mut found, activations);
        assert_eq!(found[..], wanted[..], "{from}, {threads} threads, {}", isa.name());
    }
}

#[test]
fn two_convolutions_together_are_one_after_the_other() {
    let depthwise = |channels: usize, kernel, stride| Conv2d::new(channels, kernel).groups(channels).stride(stride);
    convolves_together(depthwise(72, 3, 1), Shape::map(24, 9, 11), 1);
    convolves_together(depthwise(40, 5, 2), Shape::map(16, 40, 100), 2);
    convolves_together(depthwise(36, 3, 2), Shape::map(20, 130, 112), 1);
    convolves_together(depthwise(200, 5, 1), Shape::map(32, 7, 7), 3);
    convolves_together(Conv2d::new(64, 3).groups(8).stride(2), Shape::map(32, 14, 10), 1);
}

/// Whatever a convolution takes along is what it would be afterwards, to the last bit.
fn activates(isa: Isa, crew: &Crew, kernel: &Conv, input: &[f32], residual: &Aligned, what: &str) {
    let mut bare = residual.clone();
    kernel.run(crew, input, &mut bare, Residual::InPlace, None);
    for activation in [Activation::Relu6, Activation::Silu, Activation::HardSwish, Activation::Sigmoid] {
        let (mut wanted, mut found) = (bare.clone(), residual.clone());
        activation.apply(isa, crew, &mut wanted);
        kernel.run(crew, input, &mut found, Residual::InPlace, Some(activation));
        assert_eq!(found[..], wanted[..], "{what}: {activation:?}");
    }
}

#[test]
fn convolutions_of_every_geometry() {
    let base = Conv2d::new(6, 3);
    for conv in [
        base,
        base.stride(2),
        base.without_padding(),
        Conv2d::new(40, 3),
        Conv2d { dilation: [2, 2], padding: [2, 2], ..base },
        Conv2d { dilation: [1, 3], padding: [0, 4], stride: [2, 3], ..base },
        Conv2d { kernel: [1, 7], padding: [0, 3], ..base },
        Conv2d { kernel: [7, 1], padding: [3, 0], stride: [1, 2], ..base },
        Conv2d { kernel: [2, 4], padding: [3, 5], stride: [3, 1], ..base },
        Conv2d { padding: [0, 1], trailing: [1, 0], ..base.stride(2) },
        Conv2d { padding: [1, 0], trailing: [1, 1], ..Conv2d::new(20, 5).stride(2) },
        Conv2d::new(70, 1),
        Conv2d::new(19, 1).stride(2),
        Conv2d { padding: [1, 2], ..Conv2d::new(6, 1) },
        Conv2d::new(10, 7).stride(2),
    ] {
        for from in [Shape::map(3, 9, 11), Shape::map(35, 7, 8), Shape::map(16, 5, 5)] {
            convolves(conv, from, 1);
        }
    }
    for conv in [Conv2d::new(33, 1), Conv2d::new(5, 3), Conv2d::new(16, 7).stride(2)] {
        for from in [Shape::map(1, 1, 1), Shape::map(40, 1, 1), Shape::map(20, 2, 1)] {
            convolves(conv, from, 1);
            convolves(conv, from, 3);
        }
    }
}

#[test]
fn groups_of_every_width() {
    for (channels, out, groups) in [
        (32, 32, 8),
        (40, 40, 10),
        (64, 64, 8),
        (24, 24, 3),
        (20, 20, 20),
        (64, 64, 4),
        (64, 64, 2),
        (12, 30, 6),
        (8, 16, 8),
    ] {
        for conv in [
            Conv2d::new(out, 3).groups(groups),
            Conv2d::new(out, 3).groups(groups).stride(2),
            Conv2d { dilation: [2, 1], padding: [2, 1], ..Conv2d::new(out, 3).groups(groups) },
            Conv2d { padding: [0, 1], trailing: [1, 0], ..Conv2d::new(out, 3).groups(groups).stride(2) },
            Conv2d { padding: [1, 1], trailing: [1, 1], ..Conv2d::new(out, 5).groups(groups).stride(2) },
            Conv2d::new(out, 1).groups(groups),
        ] {
            convolves(conv, Shape::map(channels, 7, 10), 1);
            convolves(conv, Shape::map(channels, 9, 17), 2);
        }
    }
}

#[test]
fn work_that_is_cut_for_threads_and_for_the_cache() {
    // Large enough for several tasks: rows, columns, channels and tiles are cut.
    convolves(Conv2d::new(96, 1), Shape::map(160, 30, 31), 1);
    convolves(Conv2d::new(80, 3), Shape::map(64, 29, 33), 1);
    convolves(Conv2d::new(48, 3).stride(2), Shape::map(128, 31, 30), 2);
    convolves(Conv2d::new(256, 3), Shape::map(48, 7, 7), 1);
    convolves(Conv2d::new(400, 1), Shape::map(300, 1, 1), 3);
}

#[test]
fn a_folded_scale_is_a_scaled_output() {
    let (conv, from) = (Conv2d::new(40, 3), Shape::map(20, 12, 12));
    let to = Op::Conv2d(conv).output_shape(&[from]).expect("fits");
    let (x, weight, scale) = (numbers(from.elements(), 1), numbers(40 * 20 * 9, 2), numbers(40, 3));
    let (crew, layout) = (Crew::new(1), Layout::Blocked);
    for algorithm in algorithms(&conv, from) {
        let run = |scale| {
            let recipe = Recipe { conv, from, to, layout, weight: &weight, scale, bias: &[], batch: 1 };
            let mut output = Aligned::zeros(layout.length(to));
            let kernel = Conv::with(algorithm, Isa::detect(), &crew, &recipe);
            kernel.run(&crew, &stored(layout, from, &x), &mut output, Residual::None, None);
            loaded(layout, to, &output)
        };
        for (index, (scaled, plain)) in run(Some(&scale[..])).iter().zip(run(None)).enumerate() {
            let wanted = plain * scale[index / 144];
            assert!((scaled - wanted).abs() < 1e-4, "{algorithm}: {scaled}, not {wanted}");
        }
    }
}

#[test]
fn planes_to_planes() {
    for (conv, from) in [
        (Conv2d::new(1, 7), Shape::map(2, 9, 37)),
        (Conv2d::new(1, 3), Shape::map(2, 1, 1)),
        (Conv2d::new(3, 5), Shape::map(1, 40, 16)),
        (Conv2d { dilation: [2, 3], padding: [2, 3], ..Conv2d::new(2, 3) }, Shape::map(4, 7, 8)),
        (Conv2d::new(4, 3).groups(2).without_padding(), Shape::map(4, 6, 5)),
        (Conv2d { padding: [0, 1], trailing: [1, 0], ..Conv2d::new(2, 3) }, Shape::map(3, 8, 9)),
    ] {
        let to = Op::Conv2d(conv).output_shape(&[from]).expect("fits");
        let inner = from.channels() / conv.groups * conv.kernel[0] * conv.kernel[1];
        let x = numbers(from.elements(), 1);
        let (weight, bias) = (numbers(conv.out_channels * inner, 2), numbers(conv.out_channels, 3));
        let wanted = definition(&conv, from, to, &x, &weight, &bias);
        for isa in Isa::available() {
            let mut found = vec![0.0; to.elements()];
            plane::convolve(isa, &Crew::new(2), (&conv, from, to), (&weight, &bias), &x, &mut found);
            for (found, (wanted, size)) in found.iter().zip(&wanted) {
                assert!((f64::from(*found) - wanted).abs() < 1e-6 * (1.0 + size), "{conv:?}, {}", isa.name());
            }
        }
    }
}

#[test]
fn statistics_and_gates() {
    for shape in [Shape::map(35, 9, 7), Shape::map(16, 1, 1), Shape::map(9, 3, 5), Shape::map(64, 40, 40)] {
        let batch = 2;
        let plane = shape.height() * shape.width();
        let x = numbers(shape.elements() * batch, 1);
        let gates = (numbers(shape.channels() * batch, 2), numbers(plane * batch, 3));
        let residual = numbers(x.len(), 4);
        let vector = Shape::vector(shape.channels());
        let map = Shape::map(1, shape.height(), shape.width());
        let at = |index: usize| (index / plane % shape.channels(), index % plane, index / shape.elements());
        for isa in Isa::available() {
            let crew = Crew::new(3);
            let input = stored(Layout::Blocked, shape, &x);
            let channel = stored(Layout::Blocked, vector, &gates.0);
            let spatial = stored(Layout::of(map), map, &gates.1);
            let both = Gates { channel: Some(&channel), spatial: Some(&spatial) };

            let mut output = Aligned::zeros(input.len());
            let other = stored(Layout::Blocked, shape, &residual);
            let gating = Gating {
                shape,
                batch,
                map: Source::Other(&input),
                gates: both,
                residual: Some(Source::Other(&other)),
                relu: true,
            };
            gating.run(isa, &crew, &mut output);
            let mut overwritten = input.clone();
            Gating { map: Source::InPlace, ..gating }.run(isa, &crew, &mut overwritten);
            assert_eq!(output[..], overwritten[..]);
            for (index, found) in loaded(Layout::Blocked, shape, &output).into_iter().enumerate() {
                let (c, position, image) = at(index);
                let gate = gates.0[image * shape.channels() + c] * gates.1[image * plane + position];
                let wanted = (x[index] * gate + residual[index]).max(0.0);
                assert!((found - wanted).abs() < 1e-6, "{shape}, {}", isa.name());
            }

            let (mut mean, mut max) = (Aligned::zeros(channel.len()), Aligned::zeros(channel.len()));
            let to = Statistics { mean: Some(&mut mean), max: Some(&mut max) };
            over_positions(isa, &crew, shape, batch, &input, to);
            let (mean, max) = (loaded(Layout::Blocked, vector, &mean), loaded(Layout::Blocked, vector, &max));
            for (index, plane) in x.chunks_exact(plane).enumerate() {
                let wanted = plane.iter().map(|value| f64::from(*value)).sum::<f64>() / plane.len() as f64;
                assert!((f64::from(mean[index]) - wanted).abs() < 1e-6, "{shape}, {}", isa.name());
                assert_eq!(max[index].to_bits(), plane.iter().copied().fold(f32::NEG_INFINITY, f32::max).to_bits());
            }

            let mut output = vec![0.0; 2 * plane * batch];
            let gate = Gates { channel: Some(&channel), spatial: None };
            let planes = Planes { stride: 2 * plane, max: Some(0), mean: Some(plane) };
            over_channels(isa, &crew, (shape, batch), (&input, gate), &mut output, planes);
            for position in 0..plane * batch {
                let (image, position) = (position / plane, position % plane);
                let value = |c: usize| {
                    x[(image * shape.channels() + c) * plane + position] * gates.0[image * shape.channels() + c]
                };
                let values: Vec<f32> = (0..shape.channels()).map(value).collect();
                let wanted = values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len() as f64;
                let (max, mean) = output[2 * image * plane..][..2 * plane].split_at(plane);
                assert!((f64::from(mean[position]) - wanted).abs() < 1e-6, "{shape}, {}", isa.name());
                let wanted = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                assert_eq!(max[position].to_bits(), wanted.to_bits());
            }
        }
    }
}

#[test]
fn a_nan_is_not_lost() {
    let shape = Shape::map(16, 4, 4);
    for isa in Isa::available() {
        let crew = Crew::new(1);
        for place in 0..16 {
            let mut x = numbers(shape.elements(), 1);
            x[place] = f32::NAN;
            let input = stored(Layout::Blocked, shape, &x);
            let (mut mean, mut max) = (Aligned::zeros(16), Aligned::zeros(16));
            let to = Statistics { mean: Some(&mut mean), max: Some(&mut max) };
            over_positions(isa, &crew, shape, 1, &input, to);
            assert!(mean[0].is_nan() && max[0].is_nan() && max[1].is_finite(), "{}", isa.name());
            let window = Pool2d::new(4, 4);
            let mut output = Aligned::zeros(16);
            let shapes = [shape, Shape::map(16, 1, 1)];
            pool(isa, &crew, (&window, Reduction::Max), shapes, 1, &input, &mut output);
            assert!(output[0].is_nan() && output[1].is_finite(), "{}", isa.name());
            let mut output = Aligned::zeros(input.len());
            let gates = Gates::default();
            let map = Source::Other(&input[..]);
            Gating { shape, batch: 1, map, gates, residual: None, relu: true }.run(isa, &crew, &mut output);
            assert!(loaded(Layout::Blocked, shape, &output)[place].is_nan(), "{}", isa.name());
        }
    }
}

#[test]
fn pooling_of_every_geometry() {
    for (kernel, stride, padding) in
        [([3, 3], [2, 2], [1, 1]), ([2, 3], [3, 1], [1, 1]), ([3, 2], [1, 2], [1, 0]), ([1, 1], [2, 2], [0, 0])]
    {
        let window = Pool2d { kernel, stride, padding, ceil_mode: true, ..Pool2d::new(1, 1) };
        for from in [Shape::map(20, 8, 10), Shape::map(16, 7, 5)] {
            let to = Op::MaxPool(window).output_shape(&[from]).expect("fits");
            let x = numbers(from.elements() * 2, 1);
            let input = stored(Layout::Blocked, from, &x);
            let all: Vec<Vec<f32>> = Isa::available()
                .flat_map(|isa| [Reduction::Max, Reduction::Mean].map(|reduction| (isa, reduction)))
                .map(|(isa, reduction)| {
                    let mut output = Aligned::zeros(2 * Layout::Blocked.length(to));
                    pool(isa, &Crew::new(2), (&window, reduction), [from, to], 2, &input, &mut output);
                    loaded(Layout::Blocked, to, &output)
                })
                .collect();
            // The engine's tests hold one of them to the definition; here, all instruction sets agree.
            for pair in all.windows(3) {
                assert_eq!(pair[0], pair[2]);
            }
        }
    }
}
