//! Curves as points.

use emath::Pos2;

/// Points along a cubic Bézier curve from its first point to its last; `a` and `b` are its control points.
#[must_use]
pub(super) fn curve(from: Pos2, a: Pos2, b: Pos2, to: Pos2) -> Vec<Pos2> {
    let at = |t: f32| {
        let u = 1.0 - t;
        let sum = from.to_vec2() * (u * u * u)
            + a.to_vec2() * (3.0 * t * u * u)
            + b.to_vec2() * (3.0 * t * t * u)
            + to.to_vec2() * (t * t * t);
        sum.to_pos2()
    };
    (0..=16).map(|step| at(step as f32 / 16.0)).collect()
}

/// The same way with rounded corners, `radius` large where there is room.
#[must_use]
pub(super) fn rounded(points: &[Pos2], radius: f32) -> Vec<Pos2> {
    let mut way: Vec<Pos2> = points.first().copied().into_iter().collect();
    for corner in points.windows(3) {
        let [before, at, after] = [corner[0], corner[1], corner[2]];
        let (back, on) = (before - at, after - at);
        let reach = radius.min(back.length() / 2.0).min(on.length() / 2.0);
        let (start, end) = (at + back.normalized() * reach, at + on.normalized() * reach);
        for step in 0..=4 {
            let t = step as f32 / 4.0;
            way.push(start.lerp(at, t).lerp(at.lerp(end, t), t));
        }
    }
    way.extend(points.last());
    way
}

#[cfg(test)]
mod tests {
    use super::{curve, rounded};
    use emath::pos2;

    #[test]
    fn a_rounded_way_keeps_its_ends_and_never_leaves_its_corners() {
        let points = [pos2(0.0, 0.0), pos2(0.0, 10.0), pos2(30.0, 10.0), pos2(30.0, 12.0)];
        let way = rounded(&points, 6.0);
        assert_eq!((way.first(), way.last()), (points.first(), points.last()));
        assert!(way.iter().all(|point| (0.0..=30.0).contains(&point.x) && (0.0..=12.0).contains(&point.y)));
    }

    #[test]
    fn a_curve_begins_and_ends_at_its_ends_and_passes_between_its_control_points() {
        let points = curve(pos2(0.0, 0.0), pos2(0.0, 8.0), pos2(8.0, 8.0), pos2(8.0, 0.0));
        assert_eq!((points[0], points[16]), (pos2(0.0, 0.0), pos2(8.0, 0.0)));
        assert_eq!(points[8], pos2(4.0, 6.0));
    }
}
