//! Does a map look at the object? The pointing game, and the map's share inside the mask.

use crate::compute::imaging::overlay::upsample;
use crate::compute::lab::data::Mask;

/// The pointing game (Zhang et al., "Top-down neural attention by excitation backprop", ECCV 2016), without its
/// tolerance: does the largest value lie on the object?
///
/// `map` is `[H, W]` of `size`, enlarged bilinearly to the mask first. A map that is the same everywhere, or not
/// finite somewhere, points nowhere: it counts as a miss.
#[must_use]
pub fn points_inside(map: &[f32], size: [usize; 2], mask: &Mask) -> bool {
    let values = upsample(map, size, [mask.height, mask.width]);
    if values.iter().any(|value| !value.is_finite()) {
        return false;
    }
    let low = values.iter().copied().fold(f32::INFINITY, f32::min);
    let best = values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.is_some_and(|(index, value)| *value > low && mask.inside.get(index).copied().unwrap_or(false))
}

/// The share of the map's sum that lies on the object, 0 to 1 (Wang et al., "Score-CAM", CVPR workshops 2020).
///
/// Enlarged as in [`points_inside`]; negative values count as zero. A map of zeros has no share on the object.
#[must_use]
pub fn energy(map: &[f32], size: [usize; 2], mask: &Mask) -> f64 {
    let values = upsample(map, size, [mask.height, mask.width]);
    let (mut inside, mut all) = (0.0, 0.0);
    for (value, is_inside) in values.iter().zip(&mask.inside) {
        let value = f64::from(value.max(0.0));
        all += value;
        inside += if *is_inside { value } else { 0.0 };
    }
    if all > 0.0 { inside / all } else { 0.0 }
}

/// The share of the picture the object covers, 0 to 1: what chance gives either measure.
pub(super) fn coverage(mask: &Mask) -> f64 {
    mask.area() as f64 / mask.inside.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The left half of a 4×4 picture.
    fn left() -> Mask {
        Mask { width: 4, height: 4, inside: (0..16).map(|index| index % 4 < 2).collect() }
    }

    #[test]
    fn a_map_on_the_object_points_inside_and_one_beside_it_does_not() {
        let map = |left: f32, right: f32| vec![left, right, left, right];
        assert!(points_inside(&map(1.0, 0.0), [2, 2], &left()));
        assert!(!points_inside(&map(0.0, 1.0), [2, 2], &left()));
        assert!(energy(&map(1.0, 0.0), [2, 2], &left()) > 0.8);
        assert!(energy(&map(0.0, 1.0), [2, 2], &left()) < 0.2);
    }

    #[test]
    fn a_flat_map_gives_what_chance_gives_and_points_nowhere() {
        assert!((energy(&[0.5; 4], [2, 2], &left()) - coverage(&left())).abs() < 1e-6);
        assert!(!points_inside(&[0.5; 4], [2, 2], &left()));
        assert!(!points_inside(&[0.0; 4], [2, 2], &left()));
        assert!(energy(&[0.0; 4], [2, 2], &left()).abs() < f64::EPSILON);
        assert!(!points_inside(&[f32::NAN; 4], [2, 2], &left()));
    }
}
