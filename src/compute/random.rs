//! Random numbers made with integers only, so that every platform and every version draws the same.

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014: a stream of a 64-bit seed.
#[derive(Clone, Debug)]
pub struct SplitMix64(pub u64);

impl SplitMix64 {
    /// The stream of an `index` of something with a `name`: streams of other names, seeds or indices share nothing.
    #[must_use]
    pub fn stream(seed: u64, name: &str, index: u64) -> Self {
        Self(mix(mix(seed ^ fnv1a(name)).wrapping_add(index)))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        finish(self.0)
    }

    /// Below `end`; 0 if there is nothing below it.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next_u64() % (end as u64).max(1)) as usize
    }

    /// From 0 up to, but not, 1, in steps of 2⁻²⁴.
    pub fn unit(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 / (1 << 24) as f32
    }

    /// Between two numbers, evenly.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// True in this share of the cases.
    pub fn chance(&mut self, share: f32) -> bool {
        self.unit() < share
    }

    /// Zero mean, variance 1, never past 6.
    ///
    /// The sum of twelve 16-bit uniforms (Irwin-Hall), centred; its excess kurtosis is −0.1. Box-Muller would ask the
    /// platform's `ln` and `cos`, which differ in the last bit; sums do not.
    pub fn normal(&mut self) -> f64 {
        const LANES: u64 = 0x0000_FFFF_0000_FFFF;
        let sum: u64 = (0..3)
            .map(|_| {
                let word = self.next_u64();
                let pairs = (word & LANES) + ((word >> 16) & LANES);
                (pairs & 0xFFFF_FFFF) + (pairs >> 32)
            })
            .sum();
        (sum as f64 - 6.0 * 65_535.0) / 65_536.0
    }
}

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

fn finish(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// 64 bits that look nothing like the 64 given.
#[must_use]
pub fn mix(value: u64) -> u64 {
    finish(value.wrapping_add(GAMMA))
}

/// FNV-1a, 64 bits.
#[must_use]
pub fn fnv1a(text: &str) -> u64 {
    fnv1a_of(text.as_bytes())
}

/// FNV-1a of bytes, 64 bits.
#[must_use]
pub fn fnv1a_of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_of_a_seed_are_fixed() {
        // The generator's published first output for seed 0; what follows from it must never change.
        assert_eq!(SplitMix64(0).next_u64(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(fnv1a("a"), 0xAF63_DC4C_8601_EC8C);
    }

    #[test]
    fn neighbouring_streams_share_nothing() {
        let first = |seed, name, index| SplitMix64::stream(seed, name, index).next_u64();
        let mut seen = std::collections::HashSet::new();
        for seed in 0..20 {
            for index in 0..50 {
                assert!(seen.insert(first(seed, "train", index)) && seen.insert(first(seed, "test", index)));
            }
        }
    }
}
