//! Operators against candle's own and its autograd, on odd shapes; against finite differences where candle has none.

use candle_core::{Device, Result, Tensor, Var};

use super::*;
use crate::network::graph::Pool2d;

/// Numbers between −1 and 1, the same every time.
fn numbers(dims: &[usize], seed: u64) -> Var {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let values: Vec<f32> = (0..dims.iter().product::<usize>()).map(|_| next()).collect();
    Var::from_vec(values, dims, &Device::Cpu).expect("a tensor")
}

fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|tensor| tensor.to_vec1()).expect("f32 numbers")
}

/// Fails where two tensors differ by more than a ten-thousandth of the largest number.
fn agree(ours: &Tensor, theirs: &Tensor, what: &str) {
    assert_eq!(ours.dims(), theirs.dims(), "{what}");
    let theirs = flat(theirs);
    let largest = theirs.iter().map(|value| value.abs()).fold(0.0, f32::max);
    assert!(largest > 0.0, "{what}: says something");
    for (index, (ours, theirs)) in flat(ours).iter().zip(&theirs).enumerate() {
        assert!((ours - theirs).abs() <= 1e-4 * largest, "{what}: [{index}] is {ours}, not {theirs} of {largest}");
    }
}

/// A loss that tells every output apart.
fn loss(output: &Tensor) -> Result<Tensor> {
    output.mul(&numbers(output.dims(), 99))?.sum_all()
}

type Function<'a> = &'a dyn Fn() -> Result<Tensor>;

/// Outputs and the gradients of every variable are candle's.
fn same(what: &str, variables: &[&Var], [ours, theirs]: [Function; 2]) {
    let [ours, theirs] = [ours, theirs].map(|function| function().unwrap_or_else(|error| panic!("{what}: {error}")));
    agree(&ours, &theirs, what);
    let gradients = [ours, theirs].map(|output| loss(&output).and_then(|loss| loss.backward()).expect(what));
    for (index, variable) in variables.iter().enumerate() {
        let [ours, theirs] = [&gradients[0], &gradients[1]].map(|all| all.get(variable).expect("a gradient"));
        agree(ours, theirs, &format!("{what}: gradient {index}"));
    }
}

/// The gradient of every variable is that of finite differences along it.
fn slopes(what: &str, variables: &[&Var], function: Function) {
    let gradients = loss(&function().expect(what)).and_then(|loss| loss.backward()).expect(what);
    for (index, variable) in variables.iter().enumerate() {
        let gradient = gradients.get(variable).expect("a gradient").clone();
        let length = flat(&gradient).iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        assert!(length > 0.0, "{what}: gradient {index}");
        let start = variable.as_tensor().copy().expect("a copy");
        let at = |step: f64| {
            let moved = (&start + (&gradient * (step / length)).expect("a step")).expect("a step");
            variable.set(&moved).expect("the same shape");
            let output = function().expect(what);
            let weights = numbers(output.dims(), 99);
            flat(&output).iter().zip(flat(&weights)).map(|(a, b)| f64::from(*a) * f64::from(b)).sum::<f64>()
        };
        // A large step passes the kinks of maxima, a small one drowns in rounding: one of them must agree.
        let errors =
            [1e-1, 3e-2, 1e-2, 3e-3].map(|step| ((at(step) - at(-step)) / (2.0 * step) - length).abs() / length);
        variable.set(&start).expect("the same shape");
        let error = errors.into_iter().fold(f64::INFINITY, f64::min);
        assert!(error < 0.01, "{what}: gradient {index} differs by {errors:?} of {length}");
    }
}

#[test]
fn convolutions_are_candles() {
    // [N, C, side, O, kernel, stride, padding, dilation, groups]
    for case in [
        [1, 1, 1, 1, 1, 1, 0, 1, 1],
        [2, 3, 9, 5, 3, 1, 1, 1, 1],
        [3, 5, 11, 17, 5, 2, 2, 1, 1],
        [2, 19, 7, 33, 1, 1, 0, 1, 1],
        [1, 3, 13, 20, 7, 2, 3, 1, 1],
        [2, 33, 21, 35, 3, 1, 1, 1, 1],
        [2, 8, 9, 12, 3, 1, 2, 2, 4],
        [1, 16, 8, 16, 3, 1, 1, 1, 16],
        [4, 24, 1, 10, 1, 1, 0, 1, 1],
    ] {
        let [batch, channels, side, out, kernel, stride, padding, dilation, groups] = case;
        let x = numbers(&[batch, channels, side, side], 1);
        let weight = numbers(&[out, channels / groups, kernel, kernel], 2);
        let bias = numbers(&[out], 3);
        let pair = |size: usize| [size, size];
        let options = ConvOptions { stride: pair(stride), padding: pair(padding), dilation: pair(dilation), groups };
        let theirs = || x.conv2d(&weight, padding, stride, dilation, groups);
        let what = format!("{case:?}");
        same(&what, &[&x, &weight], [&|| conv2d(&x, &weight, None, options), &theirs]);
        let biased = || theirs()?.broadcast_add(&bias.reshape((1, out, 1, 1))?);
        same(&what, &[&x, &weight, &bias], [&|| conv2d(&x, &weight, Some(&bias), options), &biased]);
    }
}

#[test]
fn oblong_convolutions_have_the_slopes_of_finite_differences() {
    let (x, weight, bias) = (numbers(&[2, 6, 7, 10], 1), numbers(&[10, 3, 1, 5], 2), numbers(&[10], 3));
    let options = ConvOptions { stride: [2, 1], padding: [0, 2], dilation: [1, 2], groups: 2 };
    slopes("oblong", &[&x, &weight, &bias], &|| conv2d(&x, &weight, Some(&bias), options));
}

/// Batch normalisation in candle's own words.
fn normalised(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    let mean = |x: &Tensor| x.mean_keepdim(0)?.mean_keepdim(2)?.mean_keepdim(3);
    let deviation = x.broadcast_sub(&mean(x)?)?;
    let spread = (mean(&deviation.sqr()?)? + eps)?.sqrt()?;
    let channels = |vector: &Tensor| vector.reshape((1, vector.elem_count(), 1, 1));
    deviation.broadcast_div(&spread)?.broadcast_mul(&channels(weight)?)?.broadcast_add(&channels(bias)?)
}

#[test]
fn batch_normalisation_is_candles() {
    for [batch, channels, height, width] in [[3, 1, 2, 5], [2, 5, 7, 3], [4, 16, 5, 5], [2, 35, 3, 4], [6, 20, 1, 1]] {
        let x = numbers(&[batch, channels, height, width], 4);
        let (weight, bias) = (numbers(&[channels], 5), numbers(&[channels], 6));
        let all = [&x, &weight, &bias];
        let what = format!("{:?}", x.dims());
        same(
            &what,
            &all,
            [&|| Ok(batch_norm(&x, &weight, &bias, 1e-5)?.output), &|| normalised(&x, &weight, &bias, 1e-5)],
        );
        same(
            &what,
            &all,
            [&|| Ok(batch_norm_relu(&x, &weight, &bias, 1e-5)?.output), &|| {
                normalised(&x, &weight, &bias, 1e-5)?.relu()
            }],
        );
        let found = batch_norm(&x, &weight, &bias, 1e-5).expect("a batch");
        let values = flat(&x.transpose(0, 1).and_then(|x| x.contiguous()).expect("channels first"));
        let count = values.len() / channels;
        for (channel, values) in values.chunks_exact(count).enumerate() {
            let mean = values.iter().sum::<f32>() / count as f32;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count as f32;
            assert!((found.mean[channel] - mean).abs() < 1e-5 && (found.variance[channel] - variance).abs() < 1e-5);
        }
    }
}

#[test]
fn gates_are_candles() {
    for [batch, channels, height, width] in [[2, 3, 4, 5], [1, 16, 3, 3], [3, 37, 5, 2], [2, 1, 6, 6], [2, 20, 1, 1]] {
        let x = numbers(&[batch, channels, height, width], 7);
        for gate in [[batch, channels, 1, 1], [batch, 1, height, width]] {
            let what = format!("{:?} by {gate:?}", x.dims());
            let gate = numbers(&gate, 8);
            same(&what, &[&x, &gate], [&|| scale(&x, &gate), &|| x.broadcast_mul(&gate)]);
        }
    }
}

#[test]
fn means_and_maxima_are_candles() {
    for dims in [[2, 3, 4, 5], [1, 16, 3, 3], [3, 37, 5, 2], [2, 1, 6, 6], [2, 20, 1, 1]] {
        let x = numbers(&dims, 9);
        let what = |name: &str| format!("{name} of {dims:?}");
        let positions = || x.flatten(2, 3);
        let unflattened = |vector: Tensor| vector.reshape((dims[0], dims[1], 1, 1));
        same(&what("mean"), &[&x], [&|| global_avg_pool(&x), &|| unflattened(positions()?.mean_keepdim(2)?)]);
        same(&what("max"), &[&x], [&|| global_max_pool(&x), &|| unflattened(positions()?.max_keepdim(2)?)]);
        same(&what("channel mean"), &[&x], [&|| channel_mean(&x), &|| x.mean_keepdim(1)]);
        same(&what("channel max"), &[&x], [&|| channel_max(&x), &|| x.max_keepdim(1)]);
    }
}

/// Candle scales the gradient of a maximum by the size of its window: only values are compared with it.
#[test]
fn maximum_pooling_is_candles_with_the_slopes_of_finite_differences() {
    for dims in [[2, 3, 4, 6], [1, 16, 8, 8], [2, 19, 2, 10]] {
        let x = numbers(&dims, 10);
        let ours = max_pool(&x, Pool2d::new(2, 2)).expect("a map");
        agree(&ours, &x.max_pool2d(2).expect("a map"), "windows side by side");
        slopes("windows side by side", &[&x], &|| max_pool(&x, Pool2d::new(2, 2)));
    }
    let x = numbers(&[2, 18, 7, 9], 11);
    let ours = max_pool(&x, Pool2d::new(3, 2)).expect("a map");
    agree(&ours, &x.max_pool2d_with_stride(3, 2).expect("a map"), "windows that overlap");
    slopes("padded", &[&x], &|| max_pool(&x, Pool2d::new(3, 2).padded(1)));
    slopes("rounded up", &[&x], &|| max_pool(&x, Pool2d { ceil_mode: true, ..Pool2d::new(2, 2) }));
}

/// A residual block with both of CBAM's gates, by hand, learns what candle's own operators learn.
#[test]
fn a_block_with_gates_has_candles_gradients() {
    let x = numbers(&[2, 12, 9, 9], 12);
    let (weight, scales, shifts) = (numbers(&[12, 12, 3, 3], 13), numbers(&[12], 14), numbers(&[12], 15));
    let (mixing, looking) = (numbers(&[12, 12, 1, 1], 16), numbers(&[1, 2, 7, 7], 17));
    let sigmoid = |x: &Tensor| (x.neg()?.exp()? + 1.0)?.recip();
    let padded = |padding: usize| ConvOptions { padding: [padding; 2], ..ConvOptions::default() };
    let ours = || -> Result<Tensor> {
        let y = batch_norm_relu(&conv2d(&x, &weight, None, padded(1))?, &scales, &shifts, 1e-5)?.output;
        let squeezed = (global_avg_pool(&y)? + global_max_pool(&y)?)?;
        let y = scale(&y, &sigmoid(&conv2d(&squeezed, &mixing, None, padded(0))?)?)?;
        let planes = Tensor::cat(&[channel_max(&y)?, channel_mean(&y)?], 1)?;
        scale(&y, &sigmoid(&conv2d(&planes, &looking, None, padded(3))?)?)? + x.as_tensor()
    };
    let theirs = || -> Result<Tensor> {
        let y = normalised(&x.conv2d(&weight, 1, 1, 1, 1)?, &scales, &shifts, 1e-5)?.relu()?;
        let positions = y.flatten(2, 3)?;
        let squeezed = (positions.mean_keepdim(2)? + positions.max_keepdim(2)?)?.reshape((2, 12, 1, 1))?;
        let y = y.broadcast_mul(&sigmoid(&squeezed.conv2d(&mixing, 0, 1, 1, 1)?)?)?;
        let planes = Tensor::cat(&[y.max_keepdim(1)?, y.mean_keepdim(1)?], 1)?;
        y.broadcast_mul(&sigmoid(&planes.conv2d(&looking, 3, 1, 1, 1)?)?)? + x.as_tensor()
    };
    same("block", &[&x, &weight, &scales, &shifts, &mixing, &looking], [&ours, &theirs]);
}

#[test]
fn tensors_that_are_not_in_a_row_are_taken() {
    let x = numbers(&[2, 9, 7, 3], 18);
    let turned = x.permute((0, 3, 1, 2)).expect("channels first");
    let weight = numbers(&[4, 3, 3, 3], 19);
    let theirs = || turned.conv2d(&weight, 0, 1, 1, 1);
    same("turned", &[&x, &weight], [&|| conv2d(&turned, &weight, None, ConvOptions::default()), &theirs]);
    same("turned", &[&x], [&|| channel_mean(&turned), &|| turned.mean_keepdim(1)]);
}

#[test]
fn what_does_not_fit_is_said() {
    let tensor = |dims: &[usize]| numbers(dims, 20);
    let (x, weight) = (tensor(&[1, 4, 5, 5]), tensor(&[2, 4, 3, 3]));
    let options = ConvOptions::default();
    let doubles = x.to_dtype(candle_core::DType::F64).expect("f64");
    for (found, wanted) in [
        (conv2d(&tensor(&[4, 5, 5]), &weight, None, options), "conv2d takes maps [N, C, H, W]"),
        (conv2d(&x, &tensor(&[2, 3, 3, 3]), None, options), "C / groups, kh, kw] for its input's C channels"),
        (conv2d(&x, &weight, None, ConvOptions { groups: 0, ..options }), "C / groups"),
        (conv2d(&x, &tensor(&[3, 2, 3, 3]), None, ConvOptions { groups: 2, ..options }), "O a multiple of groups"),
        (conv2d(&x, &weight, None, ConvOptions { stride: [0, 1], ..options }), "strides and dilations are at least 1"),
        (conv2d(&x, &tensor(&[2, 4, 7, 7]), None, options), "a 7x7 window does not fit its 4×5×5 input"),
        (conv2d(&x, &weight, Some(&tensor(&[3])), options), "one number a channel, not [3]"),
        (conv2d(&doubles, &weight, None, options), "computes with f32 numbers on the CPU, not with f64 on Cpu"),
        (batch_norm(&x, &tensor(&[4]), &tensor(&[5]), 1e-5).map(|done| done.output), "not [5]"),
        (scale(&x, &tensor(&[1, 4, 5, 1])), "a gate [N, C, 1, 1] or [N, 1, H, W]"),
        (max_pool(&x, Pool2d::new(0, 1)), "at least 1"),
        (max_pool(&x, Pool2d::new(2, 2).padded(2)), "at most half"),
        (max_pool(&x, Pool2d::new(7, 1)), "a 7x7 window does not fit"),
    ] {
        let error = found.expect_err(wanted).to_string();
        assert!(error.contains(wanted), "{error} says {wanted}");
    }
}
