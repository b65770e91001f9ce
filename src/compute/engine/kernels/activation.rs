//! Functions of each number alone, sixteen at a time.

use super::isa::{Isa, Vectorised};
use super::kernel::Kernel;
use super::memory::Shared;
use super::reduce::tasks;
use super::simd::{LANES, Simd};
use super::threads::Crew;
use crate::network::graph::Op;

/// A function of each number alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `1 / (1 + exp(−x))`.
    Sigmoid,
    /// `tanh(x)`.
    Tanh,
    /// `relu6(x + 3) / 6`.
    HardSigmoid,
    /// `x · sigmoid(x)`.
    Silu,
    /// `x · hard_sigmoid(x)`.
    HardSwish,
    /// `factor · x`.
    Times(f32),
}

impl Activation {
    /// The function of an operator that is one.
    #[must_use]
    pub fn of(op: &Op) -> Option<Self> {
        if let Kernel::Activation(activation) = Kernel::of(op) { Some(activation) } else { None }
    }

    /// In a word, for people: `relu6`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::HardSigmoid => "hard sigmoid",
            Self::Silu => "silu",
            Self::HardSwish => "hard swish",
            Self::Times(_) => "times",
        }
    }

    /// Applies it to every number, in place.
    pub fn apply(self, isa: Isa, crew: &Crew, values: &mut [f32]) {
        let length = values.len();
        let parts = tasks(crew, length, length.div_ceil(LANES));
        let each = length.div_ceil(parts).next_multiple_of(LANES);
        let shared = Shared::new(values);
        crew.run(length.div_ceil(each.max(1)), &|task| {
            let start = task * each;
            // SAFETY: parts do not overlap; the processor has the instruction set.
            unsafe {
                self.run(isa, shared.part(start, each.min(length - start)));
            }
        });
    }

    /// Applies it to some numbers, in place, on this thread.
    ///
    /// # Safety
    /// The instruction set is there.
    pub(super) unsafe fn run(self, isa: Isa, values: &mut [f32]) {
        // SAFETY: the caller vouches for the instruction set.
        unsafe { isa.call(Part { activation: self, values }) };
    }

    /// Of one vector.
    ///
    /// # Safety
    /// The instruction set is there.
    #[inline(always)]
    pub(super) unsafe fn of_vector<S: Simd>(self, x: S::V) -> S::V {
        // SAFETY: the caller vouches for the instruction set.
        unsafe {
            match self {
                Self::Relu => S::relu(x),
                Self::Relu6 => S::at_most(S::relu(x), S::splat(6.0)),
                Self::Sigmoid => sigmoid::<S>(x),
                Self::Tanh => tanh::<S>(x),
                Self::HardSigmoid => hard_sigmoid::<S>(x),
                Self::Silu => S::mul(x, sigmoid::<S>(x)),
                Self::HardSwish => S::mul(x, hard_sigmoid::<S>(x)),
                Self::Times(factor) => S::mul(x, S::splat(factor)),
            }
        }
    }
}

#[inline(always)]
unsafe fn hard_sigmoid<S: Simd>(x: S::V) -> S::V {
    // SAFETY: the caller vouches for the instruction set.
    unsafe {
        let clipped = S::at_most(S::relu(S::add(x, S::splat(3.0))), S::splat(6.0));
        S::mul(clipped, S::splat(1.0 / 6.0))
    }
}

/// `tanh(x) = 2 / (1 + exp(−2x)) − 1`, exact to some units in the last place of 1.
#[inline(always)]
unsafe fn tanh<S: Simd>(x: S::V) -> S::V {
    // SAFETY: the caller vouches for the instruction set.
    unsafe {
        let half = sigmoid::<S>(S::add(x, x));
        S::sub(S::add(half, half), S::splat(1.0))
    }
}

/// `1 / (1 + exp(−x))`, exact to two units in the last place.
#[inline(always)]
unsafe fn sigmoid<S: Simd>(x: S::V) -> S::V {
    // SAFETY: the caller vouches for the instruction set.
    unsafe { S::reciprocal(S::add(S::splat(1.0), exp::<S>(S::sub(S::splat(0.0), x)))) }
}

/// `exp(x)` for x within ±87, where it neither vanishes nor overflows; beyond, the value there. The argument is cut
/// into a multiple of ln 2 and a rest, whose exponential is a polynomial (Cephes, `expf`).
#[inline(always)]
unsafe fn exp<S: Simd>(x: S::V) -> S::V {
    /// Adding and subtracting it rounds to a whole number.
    const ROUNDER: f32 = 12_582_912.0;
    const POLYNOMIAL: [f32; 6] = [1.987_569_2e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
    // SAFETY: the caller vouches for the instruction set.
    unsafe {
        let zero = S::splat(0.0);
        let x = S::at_most(x, S::splat(87.0));
        let x = S::sub(zero, S::at_most(S::sub(zero, x), S::splat(87.0)));
        let whole = S::fma(x, S::splat(std::f32::consts::LOG2_E), S::splat(ROUNDER));
        let whole = S::sub(whole, S::splat(ROUNDER));
        // ln 2 in two parts, so that the rest is exact.
        let rest = S::fma(whole, S::splat(-0.693_359_4), x);
        let rest = S::fma(whole, S::splat(2.121_944_4e-4), rest);
        let mut sum = S::splat(POLYNOMIAL[0]);
        for coefficient in &POLYNOMIAL[1..] {
            sum = S::fma(sum, rest, S::splat(*coefficient));
        }
        let value = S::add(S::fma(sum, S::mul(rest, rest), rest), S::splat(1.0));
        S::mul(value, S::power_of_two(whole))
    }
}

struct Part<'a> {
    activation: Activation,
    values: &'a mut [f32],
}

impl Vectorised for Part<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn call<S: Simd>(self) {
        let mut whole = self.values.chunks_exact_mut(LANES);
        // SAFETY: chunks are sixteen numbers; the caller vouches for the instruction set.
        unsafe {
            // One loop a function: what it is is decided once.
            macro_rules! each {
                ($($function:pat => $value:expr),+ $(,)?) => {
                    match self.activation {
                        $($function => for chunk in &mut whole {
                            let x = S::load(chunk.as_ptr());
                            S::store(chunk.as_mut_ptr(), $value.of_vector::<S>(x));
                        },)+
                    }
                };
            }
            each!(
                Activation::Relu => Activation::Relu,
                Activation::Relu6 => Activation::Relu6,
                Activation::Sigmoid => Activation::Sigmoid,
                Activation::Tanh => Activation::Tanh,
                Activation::HardSigmoid => Activation::HardSigmoid,
                Activation::Silu => Activation::Silu,
                Activation::HardSwish => Activation::HardSwish,
                Activation::Times(factor) => Activation::Times(factor),
            );
            let rest = whole.into_remainder();
            if rest.is_empty() {
                return;
            }
            let mut last = [0.0; LANES];
            last[..rest.len()].copy_from_slice(rest);
            let value = self.activation.of_vector::<S>(S::load(last.as_ptr()));
            S::store(last.as_mut_ptr(), value);
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Definition<'a> = &'a dyn Fn(f64) -> f64;

    #[test]
    fn values_are_those_of_the_definitions_on_every_instruction_set() {
        let inputs: Vec<f32> = (-2000..2003).map(|i| i as f32 * 0.05).chain([f32::NAN, 1e-8, -0.0]).collect();
        let crew = Crew::new(2);
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let hard = |x: f64| (x + 3.0).clamp(0.0, 6.0) / 6.0;
        let definitions: [(Activation, Definition); 7] = [
            (Activation::Relu, &|x| x.max(0.0)),
            (Activation::Relu6, &|x| x.clamp(0.0, 6.0)),
            (Activation::Sigmoid, &sigmoid),
            (Activation::HardSigmoid, &hard),
            (Activation::Silu, &|x| x * sigmoid(x)),
            (Activation::HardSwish, &|x| x * hard(x)),
            (Activation::Times(0.17), &|x| x * f64::from(0.17_f32)),
        ];
        for isa in Isa::available() {
            for (activation, definition) in &definitions {
                let mut values = inputs.clone();
                activation.apply(isa, &crew, &mut values);
                for (x, found) in inputs.iter().zip(&values) {
                    let wanted = if x.is_nan() { f64::NAN } else { definition(f64::from(*x)) };
                    let error = (f64::from(*found) - wanted).abs();
                    let is_fine = error <= 4e-7 * wanted.abs() + 1e-30 || (found.is_nan() && wanted.is_nan());
                    assert!(is_fine, "{activation:?}({x}) is {found}, not {wanted}, on {}", isa.name());
                }
            }
        }
    }
}
