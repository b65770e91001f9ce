//! 128 bits of whatever is hashed into them: names for things that are too large to be compared.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};

/// Two hashes of 64 bits that begin differently. Deterministic within a version of the standard library, not kept in
/// files.
pub struct Digest([DefaultHasher; 2]);

impl Default for Digest {
    fn default() -> Self {
        let mut other = DefaultHasher::new();
        other.write_u8(0xA5);
        Self([DefaultHasher::new(), other])
    }
}

impl Digest {
    /// Everything so far.
    #[must_use]
    pub fn value(&self) -> u128 {
        let [low, high] = &self.0;
        u128::from(high.finish()) << 64 | u128::from(low.finish())
    }
}

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.iter_mut().for_each(|hasher| hasher.write(bytes));
    }

    fn finish(&self) -> u64 {
        self.0[0].finish()
    }
}

/// What has no hash of its own is hashed as it is printed.
impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write(text.as_bytes());
        Ok(())
    }
}
