//! Buffers that begin on a cache line, and scratch space that each thread keeps.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use super::simd::LANES;

/// One cache line: a vector read from a buffer of these never touches two lines.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; LANES]);

/// A buffer of f32 that begins on a cache line.
#[derive(Clone, Debug, Default)]
pub struct Aligned {
    lines: Vec<Line>,
    length: usize,
}

impl Aligned {
    /// Zeros.
    #[must_use]
    pub fn zeros(length: usize) -> Self {
        Self { lines: vec![Line([0.0; LANES]); length.div_ceil(LANES)], length }
    }

    /// Makes room for at least this many numbers; what is in it is unspecified.
    pub fn reserve(&mut self, length: usize) {
        if self.length < length {
            *self = Self::zeros(length);
        }
    }
}

impl Deref for Aligned {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: the lines hold at least `length` f32 in a row, all initialised.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}

thread_local! {
    static SCRATCH: RefCell<Aligned> = RefCell::new(Aligned::default());
}

/// Lends this thread's scratch space; what is in it is unspecified. Must not be nested.
pub fn with_scratch<R>(length: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    SCRATCH.with(|scratch| {
        let mut scratch = scratch.borrow_mut();
        scratch.reserve(length);
        work(&mut scratch[..length])
    })
}

/// An output that several threads write to, each its own part.
#[derive(Clone, Copy)]
pub struct Shared<T>(*mut T);

// SAFETY: it is only an address; whoever writes through it vouches that nobody else touches that part.
unsafe impl<T> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// The address of a buffer.
    pub fn new(buffer: &mut [T]) -> Self {
        Self(buffer.as_mut_ptr())
    }

    /// A buffer that begins there.
    pub fn at(pointer: *mut T) -> Self {
        Self(pointer)
    }

    /// Where it begins.
    #[must_use]
    pub fn pointer(self) -> *mut T {
        self.0
    }

    /// A part of it.
    ///
    /// # Safety
    /// The part lies in the buffer, the buffer lives, and nobody else reads or writes the part meanwhile.
    #[must_use]
    #[allow(clippy::mut_from_ref, reason = "the caller vouches that parts do not overlap")]
    pub unsafe fn part<'a>(self, start: usize, length: usize) -> &'a mut [T] {
        // SAFETY: the caller vouches for it.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(start), length) }
    }
}
