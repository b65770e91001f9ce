//! Sixteen f32 at once, on whatever the processor has: one 512-bit register, two of 256 bits, four of 128, or an
//! array. A kernel is written once, over [`Simd`], and compiled once for each instruction set.
//!
//! Sixteen is also the number of channels in a block of the engine's layout, so that a block of one position is
//! one such vector on every processor.

// Each function is one or two instructions; the contract of all of them is the one of [`Simd`], and a block with a
// reason in each would say the same thirty times.
#![allow(unsafe_op_in_unsafe_fn)]
// The instructions of a processor are a vocabulary.
#![allow(clippy::wildcard_imports)]

/// Lanes of a vector, channels of a block.
pub const LANES: usize = 16;

/// The operations the kernels need, on vectors of sixteen f32.
///
/// # Safety
/// Every function may only be called where the instruction set is there: inside a `#[target_feature]` function
/// that was chosen at run time. Pointers must be valid for sixteen numbers; alignment is not needed.
pub unsafe trait Simd: Copy {
    /// Sixteen numbers.
    type V: Copy;
    /// All the same.
    unsafe fn splat(value: f32) -> Self::V;
    /// Sixteen numbers in a row.
    unsafe fn load(from: *const f32) -> Self::V;
    /// Writes sixteen numbers in a row.
    unsafe fn store(to: *mut f32, value: Self::V);
    /// `a + b`.
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    /// `a − b`.
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    /// `a · b`.
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    /// `a · b + c`, rounded once where the processor can.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `max(a, 0)`; NaN stays NaN.
    unsafe fn relu(a: Self::V) -> Self::V;
    /// `a / b`.
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    /// `1 / a` for an ordinary `a`, to two units in the last place; NaN stays NaN.
    #[inline(always)]
    unsafe fn reciprocal(a: Self::V) -> Self::V {
        Self::div(Self::splat(1.0), a)
    }
    /// `min(a, limit)`; NaN stays NaN.
    unsafe fn at_most(a: Self::V, limit: Self::V) -> Self::V;
    /// `2ⁿ` for whole numbers from −126 to 127.
    unsafe fn power_of_two(n: Self::V) -> Self::V;
    /// The larger; NaN wins.
    unsafe fn larger(a: Self::V, b: Self::V) -> Self::V;
    /// Of sixteen numbers in a row the one that `lanes` names; `others` where it names none: is negative.
    #[inline(always)]
    unsafe fn pick(from: *const f32, lanes: &[i32; LANES], others: Self::V) -> Self::V {
        let mut values = [0.0; LANES];
        Self::store(values.as_mut_ptr(), others);
        for (value, lane) in values.iter_mut().zip(lanes) {
            if *lane >= 0 {
                *value = *from.add(*lane as usize);
            }
        }
        Self::load(values.as_ptr())
    }
    /// In every run of `group` lanes, lane `index` of that run; `GROUP` is 1, 4 or 8.
    unsafe fn spread<const GROUP: usize>(from: *const f32, index: usize) -> Self::V;
}

/// Any processor: plain arithmetic, which the compiler vectorises as it can.
#[derive(Clone, Copy)]
pub struct Portable;

// SAFETY: plain arithmetic needs no instruction set.
unsafe impl Simd for Portable {
    type V = [f32; LANES];

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self::V {
        [value; LANES]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::V {
        from.cast::<Self::V>().read_unaligned()
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: Self::V) {
        to.cast::<Self::V>().write_unaligned(value);
    }
    #[inline(always)]
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|lane| a[lane] + b[lane])
    }
    #[inline(always)]
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|lane| a[lane] - b[lane])
    }
    #[inline(always)]
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|lane| a[lane] * b[lane])
    }
    #[inline(always)]
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }
    #[inline(always)]
    unsafe fn relu(a: Self::V) -> Self::V {
        std::array::from_fn(|lane| if a[lane] < 0.0 { 0.0 } else { a[lane] })
    }
    #[inline(always)]
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|lane| a[lane] / b[lane])
    }
    #[inline(always)]
    unsafe fn at_most(a: Self::V, limit: Self::V) -> Self::V {
        std::array::from_fn(|lane| if a[lane] > limit[lane] { limit[lane] } else { a[lane] })
    }
    #[inline(always)]
    unsafe fn power_of_two(n: Self::V) -> Self::V {
        std::array::from_fn(|lane| f32::from_bits(((n[lane] as i32 + 127) << 23).cast_unsigned()))
    }
    #[inline(always)]
    unsafe fn larger(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|lane| if b[lane] > a[lane] || b[lane].is_nan() { b[lane] } else { a[lane] })
    }
    #[inline(always)]
    unsafe fn spread<const GROUP: usize>(from: *const f32, index: usize) -> Self::V {
        std::array::from_fn(|lane| *from.add(lane / GROUP * GROUP + index))
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{LANES, Simd};
    use std::arch::x86_64::*;

    /// x86-64 with AVX-512: one register.
    #[derive(Clone, Copy)]
    pub struct Avx512;

    // SAFETY (all functions): the caller is compiled for AVX-512 and its pointers are valid.
    unsafe impl Simd for Avx512 {
        type V = __m512;

        #[inline(always)]
        unsafe fn splat(value: f32) -> Self::V {
            _mm512_set1_ps(value)
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self::V {
            _mm512_loadu_ps(from)
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, value: Self::V) {
            _mm512_storeu_ps(to, value);
        }
        #[inline(always)]
        unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
            _mm512_add_ps(a, b)
        }
        #[inline(always)]
        unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
            _mm512_sub_ps(a, b)
        }
        #[inline(always)]
        unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
            _mm512_mul_ps(a, b)
        }
        #[inline(always)]
        unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
            _mm512_fmadd_ps(a, b, c)
        }
        #[inline(always)]
        unsafe fn relu(a: Self::V) -> Self::V {
            // The second operand is the answer when one is NaN.
            _mm512_max_ps(_mm512_setzero_ps(), a)
        }
        #[inline(always)]
        unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
            _mm512_div_ps(a, b)
        }
        #[inline(always)]
        unsafe fn reciprocal(a: Self::V) -> Self::V {
            // Fourteen bits, which a step of Newton's doubles: a division takes three times as long.
            let near = _mm512_rcp14_ps(a);
            _mm512_fmadd_ps(near, _mm512_fnmadd_ps(a, near, _mm512_set1_ps(1.0)), near)
        }
        #[inline(always)]
        unsafe fn pick(from: *const f32, lanes: &[i32; LANES], others: Self::V) -> Self::V {
            let lanes = _mm512_loadu_si512(lanes.as_ptr().cast());
            let is_named = _mm512_cmpge_epi32_mask(lanes, _mm512_setzero_si512());
            _mm512_mask_permutexvar_ps(others, is_named, lanes, _mm512_loadu_ps(from))
        }
        #[inline(always)]
        unsafe fn at_most(a: Self::V, limit: Self::V) -> Self::V {
            // The second operand is the answer when one is NaN.
            _mm512_min_ps(limit, a)
        }
        #[inline(always)]
        unsafe fn power_of_two(n: Self::V) -> Self::V {
            _mm512_scalef_ps(_mm512_set1_ps(1.0), n)
        }
        #[inline(always)]
        unsafe fn larger(a: Self::V, b: Self::V) -> Self::V {
            // The second operand is the answer when one is NaN; the blend brings back a NaN of the first.
            let is_nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a);
            _mm512_mask_mov_ps(_mm512_max_ps(a, b), is_nan, a)
        }
        #[inline(always)]
        unsafe fn spread<const GROUP: usize>(from: *const f32, index: usize) -> Self::V {
            let lanes: [i32; LANES] = std::array::from_fn(|lane| (lane / GROUP * GROUP + index) as i32);
            _mm512_permutexvar_ps(_mm512_loadu_si512(lanes.as_ptr().cast()), _mm512_loadu_ps(from))
        }
    }

    /// x86-64 with AVX2 and FMA: two registers.
    #[derive(Clone, Copy)]
    pub struct Avx2;

    // SAFETY (all functions): the caller is compiled for AVX2 and FMA and its pointers are valid.
    unsafe impl Simd for Avx2 {
        type V = [__m256; 2];

        #[inline(always)]
        unsafe fn splat(value: f32) -> Self::V {
            [_mm256_set1_ps(value); 2]
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self::V {
            [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))]
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, value: Self::V) {
            _mm256_storeu_ps(to, value[0]);
            _mm256_storeu_ps(to.add(8), value[1]);
        }
        #[inline(always)]
        unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
            [_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])]
        }
        #[inline(always)]
        unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
            [_mm256_sub_ps(a[0], b[0]), _mm256_sub_ps(a[1], b[1])]
        }
        #[inline(always)]
        unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
            [_mm256_mul_ps(a[0], b[0]), _mm256_mul_ps(a[1], b[1])]
        }
        #[inline(always)]
        unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
            [_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])]
        }
        #[inline(always)]
        unsafe fn relu(a: Self::V) -> Self::V {
            // The second operand is the answer when one is NaN.
            [_mm256_max_ps(_mm256_setzero_ps(), a[0]), _mm256_max_ps(_mm256_setzero_ps(), a[1])]
        }
        #[inline(always)]
        unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
            [_mm256_div_ps(a[0], b[0]), _mm256_div_ps(a[1], b[1])]
        }
        #[inline(always)]
        unsafe fn at_most(a: Self::V, limit: Self::V) -> Self::V {
            // The second operand is the answer when one is NaN.
            [_mm256_min_ps(limit[0], a[0]), _mm256_min_ps(limit[1], a[1])]
        }
        #[inline(always)]
        unsafe fn power_of_two(n: Self::V) -> Self::V {
            n.map(|n| {
                let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
            })
        }
        #[inline(always)]
        unsafe fn larger(a: Self::V, b: Self::V) -> Self::V {
            // The second operand is the answer when one is NaN; the blend brings back a NaN of the first.
            let is_nan = [_mm256_cmp_ps::<_CMP_UNORD_Q>(a[0], a[0]), _mm256_cmp_ps::<_CMP_UNORD_Q>(a[1], a[1])];
            [
                _mm256_blendv_ps(_mm256_max_ps(a[0], b[0]), a[0], is_nan[0]),
                _mm256_blendv_ps(_mm256_max_ps(a[1], b[1]), a[1], is_nan[1]),
            ]
        }
        #[inline(always)]
        unsafe fn spread<const GROUP: usize>(from: *const f32, index: usize) -> Self::V {
            let lanes: [i32; 8] = std::array::from_fn(|lane| (lane / GROUP * GROUP + index) as i32);
            let lanes = _mm256_loadu_si256(lanes.as_ptr().cast());
            let [low, high] = [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))];
            [_mm256_permutevar8x32_ps(low, lanes), _mm256_permutevar8x32_ps(high, lanes)]
        }
        #[inline(always)]
        unsafe fn pick(from: *const f32, lanes: &[i32; LANES], others: Self::V) -> Self::V {
            let [low, high] = [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))];
            std::array::from_fn(|half| {
                let lanes = _mm256_loadu_si256(lanes.as_ptr().add(8 * half).cast());
                let is_high = _mm256_castsi256_ps(_mm256_cmpgt_epi32(lanes, _mm256_set1_epi32(7)));
                let [low, high] = [_mm256_permutevar8x32_ps(low, lanes), _mm256_permutevar8x32_ps(high, lanes)];
                let named = _mm256_blendv_ps(low, high, is_high);
                // The sign bit chooses.
                _mm256_blendv_ps(named, others[half], _mm256_castsi256_ps(lanes))
            })
        }
    }
}

#[cfg(target_arch = "aarch64")]
pub use arm::Neon;

#[cfg(target_arch = "aarch64")]
mod arm {
    use super::Simd;
    use std::arch::aarch64::*;

    /// 64-bit ARM: four registers.
    #[derive(Clone, Copy)]
    pub struct Neon;

    // SAFETY (all functions): NEON is part of 64-bit ARM and the caller's pointers are valid.
    unsafe impl Simd for Neon {
        type V = [float32x4_t; 4];

        #[inline(always)]
        unsafe fn splat(value: f32) -> Self::V {
            [vdupq_n_f32(value); 4]
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self::V {
            std::array::from_fn(|part| vld1q_f32(from.add(4 * part)))
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, value: Self::V) {
            (0..4).for_each(|part| vst1q_f32(to.add(4 * part), value[part]))
        }
        #[inline(always)]
        unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
            std::array::from_fn(|part| vaddq_f32(a[part], b[part]))
        }
        #[inline(always)]
        unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
            std::array::from_fn(|part| vsubq_f32(a[part], b[part]))
        }
        #[inline(always)]
        unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
            std::array::from_fn(|part| vmulq_f32(a[part], b[part]))
        }
        #[inline(always)]
        unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
            std::array::from_fn(|part| vfmaq_f32(c[part], a[part], b[part]))
        }
        #[inline(always)]
        unsafe fn relu(a: Self::V) -> Self::V {
            // FMAX gives NaN when one is NaN.
            std::array::from_fn(|part| vmaxq_f32(a[part], vdupq_n_f32(0.0)))
        }
        #[inline(always)]
        unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
            std::array::from_fn(|part| vdivq_f32(a[part], b[part]))
        }
        #[inline(always)]
        unsafe fn at_most(a: Self::V, limit: Self::V) -> Self::V {
            // FMIN gives NaN when one is NaN.
            std::array::from_fn(|part| vminq_f32(a[part], limit[part]))
        }
        #[inline(always)]
        unsafe fn power_of_two(n: Self::V) -> Self::V {
            n.map(|n| {
                let exponent = vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127));
                vreinterpretq_f32_s32(vshlq_n_s32::<23>(exponent))
            })
        }
        #[inline(always)]
        unsafe fn larger(a: Self::V, b: Self::V) -> Self::V {
            std::array::from_fn(|part| vmaxq_f32(a[part], b[part]))
        }
        #[inline(always)]
        unsafe fn spread<const GROUP: usize>(from: *const f32, index: usize) -> Self::V {
            std::array::from_fn(|part| vdupq_n_f32(*from.add(4 * part / GROUP * GROUP + index)))
        }
    }
}
