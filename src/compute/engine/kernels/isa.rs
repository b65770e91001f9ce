//! Which instruction set the kernels run on, found out when the program runs.

use super::simd::{Portable, Simd};

/// An instruction set the kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// x86-64 with AVX-512F.
    Avx512,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// 64-bit ARM.
    Neon,
    /// Everything else.
    Portable,
}

/// Work that is written once over [`Simd`] and run on any instruction set.
pub trait Vectorised {
    /// What it gives.
    type Output;
    /// Does the work; must be `#[inline(always)]`, so that it is compiled for the caller's instruction set.
    ///
    /// # Safety
    /// The instruction set of `S` is there, and what the work points to is valid.
    unsafe fn call<S: Simd>(self) -> Self::Output;
}

impl Isa {
    /// All of them, the widest first.
    const ALL: [Self; 4] = [Self::Avx512, Self::Avx2, Self::Neon, Self::Portable];

    /// The widest this processor has.
    #[must_use]
    pub fn detect() -> Self {
        Self::ALL.into_iter().find(|isa| isa.is_available()).unwrap_or(Self::Portable)
    }

    /// Those this processor has, the widest first.
    #[cfg(test)]
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|isa| isa.is_available())
    }

    /// Does this processor have it?
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => std::arch::is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            Self::Portable => true,
            #[allow(unreachable_patterns, reason = "what is left differs between processors")]
            _ => false,
        }
    }

    /// Its name in words: `AVX-512`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "AVX-512",
            Self::Avx2 => "AVX2",
            Self::Neon => "NEON",
            Self::Portable => "portable",
        }
    }

    /// Runs work compiled for this instruction set.
    ///
    /// # Safety
    /// The processor has this instruction set, and what the work points to is valid.
    pub unsafe fn call<W: Vectorised>(self, work: W) -> W::Output {
        // SAFETY: the caller vouches for both.
        unsafe {
            match self {
                #[cfg(target_arch = "x86_64")]
                Self::Avx512 => avx512(work),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => avx2(work),
                #[cfg(target_arch = "aarch64")]
                Self::Neon => neon(work),
                _ => work.call::<Portable>(),
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512<W: Vectorised>(work: W) -> W::Output {
    // SAFETY: compiled for AVX-512; the caller vouches for the rest.
    unsafe { work.call::<super::simd::Avx512>() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<W: Vectorised>(work: W) -> W::Output {
    // SAFETY: compiled for AVX2 and FMA; the caller vouches for the rest.
    unsafe { work.call::<super::simd::Avx2>() }
}

#[cfg(target_arch = "aarch64")]
unsafe fn neon<W: Vectorised>(work: W) -> W::Output {
    // SAFETY: NEON is part of 64-bit ARM; the caller vouches for the rest.
    unsafe { work.call::<super::simd::Neon>() }
}
