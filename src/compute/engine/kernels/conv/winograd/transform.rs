//! The transforms of F(2×2, 3×3) and F(4×4, 3×3): of rows of inputs, of products, and of kernels.

use super::super::super::layout::blocks;
use super::super::super::memory::Shared;
use super::super::super::simd::{LANES, Simd};
use super::super::super::threads::Crew;
use super::super::{Recipe, pack};

/// One dimension of a Winograd transform with `N` inputs.
pub(in super::super) trait Transform<const N: usize>: Copy {
    /// `G`: three numbers of a kernel to `N`.
    const KERNEL: [[f64; 3]; N];

    /// `Bᵀ d`.
    unsafe fn input<S: Simd>(self, d: [S::V; N]) -> [S::V; N];

    /// `Aᵀ m`, `M = N − 2` numbers.
    unsafe fn output<S: Simd, const M: usize>(self, m: [S::V; N]) -> [S::V; M];

    /// `A y`, the other way: `M` numbers to `N`.
    unsafe fn gradient<S: Simd, const M: usize>(self, y: [S::V; M]) -> [S::V; N];

    /// `Gᵀ m`: `N` numbers to three of a kernel's gradient.
    #[inline(always)]
    unsafe fn kernel<S: Simd>(self, m: [S::V; N]) -> [S::V; 3] {
        // SAFETY: the caller is compiled for the instruction set.
        unsafe {
            let mut sums = [S::splat(0.0); 3];
            for (factors, value) in Self::KERNEL.iter().zip(m) {
                for (sum, factor) in sums.iter_mut().zip(factors) {
                    *sum = S::fma(S::splat(*factor as f32), value, *sum);
                }
            }
            sums
        }
    }
}

/// Two outputs from four inputs, interpolated at 0, 1, −1 and infinity.
#[derive(Clone, Copy)]
pub(in super::super) struct F2;

/// Four outputs from six inputs, interpolated at 0, ±1, ±2 and infinity.
#[derive(Clone, Copy)]
pub(in super::super) struct F4;

impl Transform<4> for F2 {
    const KERNEL: [[f64; 3]; 4] = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]];

    #[inline(always)]
    unsafe fn input<S: Simd>(self, d: [S::V; 4]) -> [S::V; 4] {
        // SAFETY: the caller is compiled for the instruction set.
        unsafe { [S::sub(d[0], d[2]), S::add(d[1], d[2]), S::sub(d[2], d[1]), S::sub(d[1], d[3])] }
    }

    #[inline(always)]
    unsafe fn output<S: Simd, const M: usize>(self, m: [S::V; 4]) -> [S::V; M] {
        // SAFETY: the caller is compiled for the instruction set.
        let outputs = unsafe { [S::add(S::add(m[0], m[1]), m[2]), S::sub(S::sub(m[1], m[2]), m[3])] };
        std::array::from_fn(|index| outputs[index])
    }

    #[inline(always)]
    unsafe fn gradient<S: Simd, const M: usize>(self, y: [S::V; M]) -> [S::V; 4] {
        // SAFETY: the caller is compiled for the instruction set.
        unsafe { [y[0], S::add(y[0], y[1]), S::sub(y[0], y[1]), S::sub(S::splat(0.0), y[1])] }
    }
}

impl Transform<6> for F4 {
    const KERNEL: [[f64; 3]; 6] = [
        [1.0 / 4.0, 0.0, 0.0],
        [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
        [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
        [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
        [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
        [0.0, 0.0, 1.0],
    ];

    #[inline(always)]
    unsafe fn input<S: Simd>(self, d: [S::V; 6]) -> [S::V; 6] {
        // SAFETY: the caller is compiled for the instruction set.
        unsafe {
            let (two, four, five) = (S::splat(2.0), S::splat(4.0), S::splat(-5.0));
            let minus_four = S::splat(-4.0);
            let (a, b) = (S::fma(minus_four, d[2], d[4]), S::fma(minus_four, d[1], d[3]));
            let (c, e) = (S::sub(d[4], d[2]), S::mul(two, S::sub(d[3], d[1])));
            [
                S::fma(four, d[0], S::fma(five, d[2], d[4])),
                S::add(a, b),
                S::sub(a, b),
                S::add(c, e),
                S::sub(c, e),
                S::fma(four, d[1], S::fma(five, d[3], d[5])),
            ]
        }
    }

    #[inline(always)]
    unsafe fn output<S: Simd, const M: usize>(self, m: [S::V; 6]) -> [S::V; M] {
        // SAFETY: the caller is compiled for the instruction set.
        let outputs = unsafe {
            let (sum, difference) = (S::add(m[1], m[2]), S::sub(m[1], m[2]));
            let (far_sum, far_difference) = (S::add(m[3], m[4]), S::sub(m[3], m[4]));
            [
                S::add(S::add(m[0], sum), far_sum),
                S::fma(S::splat(2.0), far_difference, difference),
                S::fma(S::splat(4.0), far_sum, sum),
                S::add(S::fma(S::splat(8.0), far_difference, difference), m[5]),
            ]
        };
        std::array::from_fn(|index| outputs[index])
    }

    #[inline(always)]
    unsafe fn gradient<S: Simd, const M: usize>(self, y: [S::V; M]) -> [S::V; 6] {
        // SAFETY: the caller is compiled for the instruction set.
        unsafe {
            let (even, odd) = (S::add(y[0], y[2]), S::add(y[1], y[3]));
            let far_even = S::fma(S::splat(4.0), y[2], y[0]);
            let far_odd = S::fma(S::splat(8.0), y[3], S::add(y[1], y[1]));
            [y[0], S::add(even, odd), S::sub(even, odd), S::add(far_even, far_odd), S::sub(far_even, far_odd), y[3]]
        }
    }
}

/// `G g Gᵀ` of every kernel, computed in f64, as `[place][block][input channel][16]`.
/// Numbers of channels that fill no block are left as they are: zeros.
pub(super) fn kernels<T: Transform<N>, const N: usize>(crew: &Crew, recipe: &Recipe, packed: &mut [f32]) {
    let (inner, outer) = (blocks(recipe.from) * LANES, blocks(recipe.to));
    assert_eq!(packed.len(), N * N * outer * inner * LANES);
    let shared = Shared::new(packed);
    let channels = recipe.from.channels();
    crew.run(outer, &|block| {
        let outputs = block * LANES..((block + 1) * LANES).min(recipe.conv.out_channels);
        for channel in 0..channels {
            let mut lanes = [[[0.0; LANES]; N]; N];
            for (lane, out) in outputs.clone().enumerate() {
                let scale = f64::from(pack::scale(recipe, out));
                let kernel = &recipe.weight[(out * channels + channel) * 9..][..9];
                let places = kernel_places::<T, N>(kernel);
                for (lanes, value) in lanes.as_flattened_mut().iter_mut().zip(places.as_flattened()) {
                    lanes[lane] = (value * scale) as f32;
                }
            }
            for (place, lanes) in lanes.as_flattened().iter().enumerate() {
                let at = ((place * outer + block) * inner + channel) * LANES;
                // SAFETY: each block is written by one task.
                unsafe { shared.part(at, LANES).copy_from_slice(lanes) };
            }
        }
    });
}

/// `G g Gᵀ` of one 3×3 kernel.
fn kernel_places<T: Transform<N>, const N: usize>(kernel: &[f32]) -> [[f64; N]; N] {
    let g = |y: usize, x: usize| f64::from(kernel[y * 3 + x]);
    let rows: [[f64; 3]; N] =
        std::array::from_fn(|i| std::array::from_fn(|x| (0..3).map(|y| T::KERNEL[i][y] * g(y, x)).sum()));
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|x| rows[i][x] * T::KERNEL[j][x]).sum()))
}
