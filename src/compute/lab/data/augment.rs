//! Pictures changed in ways that do not change what they show.

use serde::{Deserialize, Serialize};

use crate::compute::random::SplitMix64;

/// What training pictures are subjected to, drawn anew for every seed, epoch and place in the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augment {
    /// Mirror half of the pictures left to right.
    pub flip: bool,
    /// Cut the picture out of itself with a border of this many pixels, at a random place. The border is the data's
    /// mean colour.
    pub crop_padding: usize,
}

impl Default for Augment {
    /// What CIFAR networks are trained with.
    fn default() -> Self {
        Self { flip: true, crop_padding: 4 }
    }
}

/// One picture's draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub flip: bool,
    /// Pixel `x` of the result is pixel `x + shift[0]` of the (mirrored) picture; likewise downwards.
    pub shift: [isize; 2],
}

impl Augment {
    pub(super) fn draw(self, seed: u64, epoch: u64, position: u64) -> Change {
        let mut random = SplitMix64::stream(seed ^ epoch.rotate_left(32), "augment", position);
        let flip = random.chance(0.5) && self.flip;
        let reach = self.crop_padding;
        let mut shift = || random.below(2 * reach + 1) as isize - reach as isize;
        Change { flip, shift: [shift(), shift()] }
    }
}

impl Change {
    /// Which pixel of a row or column of `length` is seen at `at`, if any.
    fn source(at: usize, shift: isize, length: usize) -> Option<usize> {
        at.checked_add_signed(shift).filter(|&from| from < length)
    }

    /// The column of the picture seen in column `x`.
    pub fn column(self, x: usize, width: usize) -> Option<usize> {
        Self::source(x, self.shift[0], width).map(|x| if self.flip { width - 1 - x } else { x })
    }

    /// The row of the picture seen in row `y`.
    pub fn row(self, y: usize, height: usize) -> Option<usize> {
        Self::source(y, self.shift[1], height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_reach_every_shift_and_both_sides() {
        let augment = Augment { flip: true, crop_padding: 2 };
        let drawn: std::collections::HashSet<_> = (0..2_000)
            .map(|position| augment.draw(1, 0, position))
            .map(|change| (change.flip, change.shift[0], change.shift[1]))
            .collect();
        assert_eq!(drawn.len(), 2 * 5 * 5);
        assert!(drawn.iter().all(|(_, x, y)| x.abs() <= 2 && y.abs() <= 2));
    }

    #[test]
    fn nothing_asked_changes_nothing() {
        let still = Augment { flip: false, crop_padding: 0 };
        assert!((0..100).all(|position| still.draw(9, 3, position) == Change::default()));
    }

    #[test]
    fn a_mirrored_shifted_row_reads_the_right_pixels() {
        let change = Change { flip: true, shift: [1, 0] };
        let row: Vec<_> = (0..4).map(|x| change.column(x, 4)).collect();
        assert_eq!(row, [Some(2), Some(1), Some(0), None]);
    }
}
