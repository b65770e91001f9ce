//! Both gradients of every geometry, on every instruction set, against the sum as it is defined in f64.

use super::super::super::tests::{loaded, numbers, stored};
use super::super::super::{Aligned, Crew, Isa, Layout};
use super::products::Products;
use super::winograd::WinogradProducts;
use super::{ConvGradient, Geometry};
use crate::network::graph::{Conv2d, Op, Shape};

/// A gradient and the sum of its absolute terms, which rounding errors are in proportion to.
type Sums = Vec<(f64, f64)>;

/// Every product of the convolution of a batch: places of input, weight and output.
fn products(conv: &Conv2d, from: Shape, to: Shape, batch: usize, each: &mut dyn FnMut(usize, usize, usize)) {
    let (inner, outer) = (from.channels() / conv.groups, conv.out_channels / conv.groups);
    let [kh, kw] = conv.kernel;
    for n in 0..batch {
        for (o, c) in (0..conv.out_channels).flat_map(|o| (0..inner).map(move |c| (o, c))) {
            for (i, j) in (0..to.height()).flat_map(|i| (0..to.width()).map(move |j| (i, j))) {
                for (ky, kx) in (0..kh).flat_map(|ky| (0..kw).map(move |kx| (ky, kx))) {
                    let y = (i * conv.stride[0] + ky * conv.dilation[0]).wrapping_sub(conv.padding[0]);
                    let x = (j * conv.stride[1] + kx * conv.dilation[1]).wrapping_sub(conv.padding[1]);
                    if y < from.height() && x < from.width() {
                        let channel = n * from.channels() + o / outer * inner + c;
                        let output = ((n * to.channels() + o) * to.height() + i) * to.width() + j;
                        let weight = ((o * inner + c) * kh + ky) * kw + kx;
                        each((channel * from.height() + y) * from.width() + x, weight, output);
                    }
                }
            }
        }
    }
}

fn output_shape(conv: &Conv2d, from: Shape) -> Shape {
    match from.is_map() {
        true => Op::Conv2d(*conv).output_shape(&[from]).expect("fits"),
        false => Shape::vector(conv.out_channels),
    }
}

fn assert_close(found: &[f32], wanted: &Sums, what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (index, (found, (wanted, size))) in found.iter().zip(wanted).enumerate() {
        let error = (f64::from(*found) - wanted).abs();
        // Winograd's 4×4 tiles lose a digit, as in the forward pass.
        assert!(error < 2e-5 * (1.0 + size), "{what}: [{index}] is {found}, not {wanted}");
    }
}

/// Lanes that stand for no channel.
fn padding_is_zero(shape: Shape, values: &[f32]) -> bool {
    let layout = Layout::of(shape);
    let again = stored(layout, shape, &loaded(layout, shape, values));
    again[..] == *values
}

/// Both gradients of a convolution, on one to three threads.
fn differentiates(conv: Conv2d, from: Shape, batch: usize) {
    let to = output_shape(&conv, from);
    let count = conv.out_channels * from.channels() / conv.groups * conv.kernel[0] * conv.kernel[1];
    let (x, weight) = (numbers(from.elements() * batch, 1), numbers(count, 2));
    let (gradient, before) = (numbers(to.elements() * batch, 3), numbers(x.len(), 4));
    let mut wanted: [Sums; 3] = [x.len(), count, conv.out_channels].map(|length| vec![(0.0, 0.0); length]);
    let mut add = |index: usize, place: usize, term: f64| {
        wanted[index][place].0 += term;
        wanted[index][place].1 += term.abs();
    };
    products(&conv, from, to, batch, &mut |input, of_weight, output| {
        let gradient = f64::from(gradient[output]);
        add(0, input, gradient * f64::from(weight[of_weight]));
        add(1, of_weight, gradient * f64::from(x[input]));
    });
    let plane = to.height() * to.width();
    for (index, value) in gradient.iter().enumerate() {
        add(2, index / plane % conv.out_channels, f64::from(*value));
    }
    let sum: Sums = wanted[0].iter().zip(&before).map(|((sum, size), b)| (sum + f64::from(*b), size + 1.0)).collect();
    let [layout, layout_out] = [from, to].map(Layout::of);
    let (x, gradient) = (stored(layout, from, &x), stored(layout_out, to, &gradient));
    for isa in Isa::available() {
        let mut bits: Option<[Vec<f32>; 4]> = None;
        for threads in [1, 2, 3] {
            let what = format!("{conv:?} on {from} x{batch}, {}, {threads} threads", isa.name());
            let crew = Crew::new(threads);
            let mut made = ConvGradient::new(isa, &crew, conv, from, to, batch);
            let (mut written, mut added) = (Aligned::zeros(x.len()), stored(layout, from, &before));
            written.fill(f32::NAN);
            made.input(&crew, &weight, &gradient, &mut written, false);
            made.input(&crew, &weight, &gradient, &mut added, true);
            assert!(padding_is_zero(from, &written) && padding_is_zero(from, &added), "{what}: padding");
            let (mut of_weight, mut of_bias) = (vec![f32::NAN; count], vec![f32::NAN; conv.out_channels]);
            made.weight(&crew, &x, &gradient, &mut of_weight, Some(&mut of_bias));
            let again = of_weight.clone();
            made.weight(&crew, &x, &gradient, &mut of_weight, None);
            assert_eq!(of_weight, again, "{what}: a second call");
            let found = [loaded(layout, from, &written), of_weight, of_bias, loaded(layout, from, &added)];
            for (found, (wanted, name)) in
                found.iter().zip([(&wanted[0], "input"), (&wanted[1], "weight"), (&wanted[2], "bias"), (&sum, "sum")])
            {
                assert_close(found, wanted, &format!("{what}, {name}"));
            }
            assert_eq!(*bits.get_or_insert(found.clone()), found, "{what}");
        }
    }
}

#[test]
fn gradients_of_every_geometry() {
    let base = Conv2d::new(6, 3);
    for conv in [
        base,
        base.stride(2),
        base.without_padding(),
        Conv2d::new(40, 3),
        Conv2d::new(40, 3).stride(2),
        Conv2d { dilation: [2, 2], padding: [2, 2], ..base },
        Conv2d { dilation: [1, 3], padding: [0, 4], stride: [2, 3], ..base },
        Conv2d { dilation: [2, 4], padding: [1, 3], stride: [4, 2], ..base },
        Conv2d { kernel: [1, 7], padding: [0, 3], ..base },
        Conv2d { kernel: [7, 1], padding: [3, 0], stride: [1, 2], ..base },
        Conv2d { kernel: [2, 4], padding: [3, 5], stride: [3, 1], ..base },
        Conv2d { padding: [0, 1], trailing: [1, 0], ..base.stride(2) },
        Conv2d { padding: [1, 0], trailing: [1, 1], ..Conv2d::new(20, 5).stride(2) },
        Conv2d::new(70, 1),
        Conv2d::new(19, 1).stride(2),
        Conv2d { padding: [1, 2], ..Conv2d::new(6, 1) },
        Conv2d { padding: [3, 3], ..Conv2d::new(20, 3) },
        Conv2d::new(10, 7).stride(2),
    ] {
        for from in [Shape::map(3, 9, 11), Shape::map(35, 7, 8), Shape::map(16, 5, 5)] {
            differentiates(conv, from, 1);
            differentiates(conv, from, 3);
        }
    }
}

#[test]
fn gradients_of_single_positions_and_of_vectors() {
    for conv in [Conv2d::new(33, 1), Conv2d::new(5, 3), Conv2d::new(16, 7).stride(2)] {
        for from in [Shape::map(1, 1, 1), Shape::map(40, 1, 1), Shape::map(20, 2, 1)] {
            differentiates(conv, from, 1);
            differentiates(conv, from, 5);
        }
    }
    differentiates(Conv2d::new(37, 1), Shape::vector(70), 3);
    differentiates(Conv2d::new(3, 1), Shape::vector(5), 200);
}

#[test]
fn gradients_of_groups() {
    for (channels, out, groups) in
        [(32, 32, 8), (40, 40, 10), (64, 64, 8), (24, 24, 3), (20, 20, 20), (64, 64, 2), (12, 30, 6), (8, 16, 8)]
    {
        for conv in [
            Conv2d::new(out, 3).groups(groups),
            Conv2d::new(out, 3).groups(groups).stride(2),
            Conv2d { dilation: [2, 1], padding: [2, 1], ..Conv2d::new(out, 3).groups(groups) },
            Conv2d { padding: [0, 1], trailing: [1, 0], ..Conv2d::new(out, 3).groups(groups).stride(2) },
            Conv2d { padding: [1, 1], trailing: [1, 1], ..Conv2d::new(out, 5).groups(groups).stride(2) },
            Conv2d::new(out, 1).groups(groups),
        ] {
            differentiates(conv, Shape::map(channels, 7, 10), 2);
        }
    }
}

#[test]
fn gradients_of_planes() {
    for (conv, from) in [
        (Conv2d::new(1, 7), Shape::map(2, 9, 37)),
        (Conv2d::new(1, 7), Shape::map(2, 32, 32)),
        (Conv2d::new(1, 3), Shape::map(2, 1, 2)),
        (Conv2d::new(3, 5), Shape::map(1, 40, 16)),
        (Conv2d::new(7, 9).stride(2), Shape::map(7, 12, 17)),
        (Conv2d { dilation: [2, 3], padding: [2, 3], ..Conv2d::new(2, 3) }, Shape::map(4, 7, 8)),
        (Conv2d { padding: [3, 2], ..Conv2d::new(2, 3) }, Shape::map(4, 7, 8)),
        (Conv2d::new(4, 3).groups(2).without_padding(), Shape::map(4, 6, 5)),
        (Conv2d { padding: [0, 1], trailing: [1, 0], ..Conv2d::new(2, 3).stride(2) }, Shape::map(3, 8, 9)),
    ] {
        differentiates(conv, from, 1);
        differentiates(conv, from, 3);
    }
}

#[test]
fn gradients_that_are_cut_for_threads_and_for_the_cache() {
    differentiates(Conv2d::new(64, 7).stride(2), Shape::map(3, 40, 38), 2);
    differentiates(Conv2d::new(80, 3), Shape::map(64, 29, 33), 2);
    differentiates(Conv2d::new(48, 3).stride(2), Shape::map(128, 15, 14), 2);
    differentiates(Conv2d::new(16, 3), Shape::map(16, 16, 16), 37);
    differentiates(Conv2d::new(160, 3), Shape::map(176, 4, 4), 9);
}

#[test]
fn winograd_of_both_sizes() {
    for (conv, from, batch) in [
        (Conv2d::new(40, 3), Shape::map(35, 13, 10), 3),
        (Conv2d { padding: [0, 2], ..Conv2d::new(16, 3) }, Shape::map(16, 5, 9), 20),
        (Conv2d::new(112, 3), Shape::map(100, 7, 7), 2),
    ] {
        let to = output_shape(&conv, from);
        let geometry = Geometry { conv, from, to, batch };
        let x = stored(Layout::Blocked, from, &numbers(from.elements() * batch, 1));
        let gradient = stored(Layout::Blocked, to, &numbers(to.elements() * batch, 2));
        for isa in Isa::available() {
            let mut wanted = vec![0.0; geometry.weights()];
            Products::new(isa, geometry).run(&Crew::new(1), &x, &gradient, &mut wanted);
            for side in [2, 4] {
                let mut bits: Option<Vec<f32>> = None;
                for threads in [1, 3] {
                    let mut found = vec![f32::NAN; wanted.len()];
                    let crew = Crew::new(threads);
                    WinogradProducts::new(isa, geometry, side).run(&crew, &x, &gradient, &mut found);
                    let error = found.iter().zip(&wanted).map(|(found, wanted)| (found - wanted).abs());
                    let error = error.fold(0.0, f32::max);
                    assert!(error < 1e-3, "{conv:?} on {from}, side {side}, {}: {error}", isa.name());
                    assert_eq!(*bits.get_or_insert(found.clone()), found);
                }
            }
        }
    }
}

#[test]
fn a_gradient_is_the_slope_of_the_convolution() {
    // L = Σ y·g is linear in each of x and W, so a difference of any size is exact but for rounding.
    use super::super::{Conv, Recipe, Residual};
    let (conv, from, batch) = (Conv2d::new(20, 3).stride(2), Shape::map(18, 9, 8), 2);
    let to = output_shape(&conv, from);
    let (isa, crew, layout) = (Isa::detect(), Crew::new(1), Layout::Blocked);
    let (x, weight) = (numbers(from.elements() * batch, 1), numbers(20 * 18 * 9, 2));
    let gradient = numbers(to.elements() * batch, 3);
    let loss = |x: &[f32], weight: &[f32]| -> f64 {
        let recipe = Recipe { conv, from, to, layout, weight, scale: None, bias: &[], batch };
        let mut output = Aligned::zeros(layout.length(to) * batch);
        let input = stored(layout, from, x);
        Conv::new(isa, &crew, &recipe).run(&crew, &input, &mut output, Residual::None, None);
        loaded(layout, to, &output).iter().zip(&gradient).map(|(y, g)| f64::from(*y) * f64::from(*g)).sum()
    };
    let mut made = ConvGradient::new(isa, &crew, conv, from, to, batch);
    let (stored_x, stored_gradient) = (stored(layout, from, &x), stored(layout, to, &gradient));
    let (mut of_x, mut of_weight) = (Aligned::zeros(stored_x.len()), vec![0.0; weight.len()]);
    made.input(&crew, &weight, &stored_gradient, &mut of_x, false);
    made.weight(&crew, &stored_x, &stored_gradient, &mut of_weight, None);
    let of_x = loaded(layout, from, &of_x);
    let at = |values: &[f32], index: usize, change: f32| {
        let mut values = values.to_vec();
        values[index] += change;
        values
    };
    for index in (0..x.len()).step_by(97) {
        let slope = (loss(&at(&x, index, 1.0), &weight) - loss(&at(&x, index, -1.0), &weight)) / 2.0;
        assert!((slope - f64::from(of_x[index])).abs() < 1e-3, "x[{index}]: {slope}, not {}", of_x[index]);
    }
    for index in (0..weight.len()).step_by(131) {
        let slope = (loss(&x, &at(&weight, index, 1.0)) - loss(&x, &at(&weight, index, -1.0))) / 2.0;
        assert!((slope - f64::from(of_weight[index])).abs() < 1e-3, "w[{index}]: {slope}, not {}", of_weight[index]);
    }
}

#[test]
fn other_weights_are_packed_in_place() {
    use super::super::{Algorithm, Conv, Recipe, Residual};
    let crew = Crew::new(2);
    for (conv, from) in [
        (Conv2d::new(40, 3), Shape::map(35, 24, 24)),
        (Conv2d::new(40, 3).stride(2), Shape::map(3, 9, 9)),
        (Conv2d::new(20, 3).groups(20), Shape::map(20, 9, 9)),
    ] {
        let (to, layout) = (output_shape(&conv, from), Layout::of(from));
        let count = conv.out_channels * from.channels() / conv.groups * 9;
        let input = stored(layout, from, &numbers(from.elements(), 1));
        let weights = [numbers(count, 2), numbers(count, 3)];
        let made = |weight: &[f32]| {
            let recipe = Recipe { conv, from, to, layout, weight, scale: None, bias: &[], batch: 1 };
            Conv::new(Isa::detect(), &crew, &recipe)
        };
        let run = |conv: &Conv| {
            let mut output = Aligned::zeros(Layout::Blocked.length(to));
            conv.run(&crew, &input, &mut output, Residual::None, None);
            output.to_vec()
        };
        let mut again = made(&weights[0]);
        let first = run(&again);
        again.repack(&crew, &weights[1]);
        assert_eq!(run(&again), run(&made(&weights[1])), "{}", Algorithm::for_conv(&conv, from, to, layout));
        again.repack(&crew, &weights[0]);
        assert_eq!(run(&again), first);
    }
}
