//! A gate's values as a drawing shows them small: an outline, stacked shares, a map.

use image::{ImageFormat, Rgb, RgbImage};

use super::{Lens, Slice, Stats};
use crate::compute::imaging::colour::viridis;
use crate::drawing::Values;
use crate::network::graph::GateKind;

/// Points of an outline.
const POINTS: usize = 48;
/// Bars of a small picture of shares.
pub const BARS: usize = 32;

/// What a drawing shows of a gate; `None` where there is nothing to show.
#[must_use]
pub fn small(lens: &Lens) -> Option<Values> {
    let range = lens.scale(&Stats::of(lens.values));
    match lens.kind {
        GateKind::Channel => {
            let heights = outline(lens.values).into_iter().map(|value| along(value, range)).collect();
            Some(Values::Outline { heights, zero: along(0.0, range) })
        }
        GateKind::Paths { .. } => Some(Values::Shares(shares(lens)?)),
        GateKind::Spatial | GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Matrix => {
            let map = lens.map(Slice::Mean)?;
            let [height, width] = map.size.map(|side| side as u32);
            let colour = |x, y| Rgb(viridis(along(map.values[(y * width + x) as usize], range)));
            let mut png = std::io::Cursor::new(Vec::new());
            RgbImage::from_fn(width, height, colour).write_to(&mut png, ImageFormat::Png).ok()?;
            Some(Values::Map { png: png.into_inner() })
        }
    }
}

/// How far along a scale a value is, 0 to 1; NaN stays NaN.
fn along(value: f32, (low, high): (f32, f32)) -> f32 {
    if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 }
}

/// Values from largest to smallest, thinned out to what a small picture can show.
#[must_use]
pub fn outline(values: &[f32]) -> Vec<f32> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    if sorted.len() <= POINTS {
        return sorted;
    }
    (0..POINTS).map(|index| sorted[index * (sorted.len() - 1) / (POINTS - 1)]).collect()
}

/// The small picture of a gate over paths; `None` without a channel.
fn shares(lens: &Lens) -> Option<Vec<Vec<f32>>> {
    let paths: Vec<&[f32]> = lens.values.chunks_exact(lens.channels().max(1)).collect();
    Some(bars(&paths, &by_share(paths.first()?), BARS))
}

/// Channels by their share of one path, the largest first.
#[must_use]
pub fn by_share(path: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..path.len()).collect();
    order.sort_by(|a, b| path[*b].total_cmp(&path[*a]));
    order
}

/// At most `room` bars of neighbouring channels in this order: by bar, then by path, the mean of its channels.
#[must_use]
pub fn bars<P: AsRef<[f32]>>(paths: &[P], order: &[usize], room: usize) -> Vec<Vec<f32>> {
    let count = order.len().min(room.max(1));
    let bar = |index: usize| {
        let channels = &order[index * order.len() / count..(index + 1) * order.len() / count];
        let mean = |path: &P| channels.iter().map(|c| path.as_ref()[*c]).sum::<f32>() / channels.len() as f32;
        paths.iter().map(mean).collect()
    };
    (0..count).map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::graph::Shape;

    fn lens(kind: GateKind, shape: Shape, values: &[f32]) -> Lens<'_> {
        Lens { kind, shape, values, is_shares: false }
    }

    #[test]
    fn each_kind_is_shown_as_what_it_is() {
        let channel = small(&lens(GateKind::Channel, Shape::vector(4), &[0.25, 1.0, 0.0, 0.5]));
        let heights = vec![1.0, 0.5, 0.25, 0.0];
        assert_eq!(channel, Some(Values::Outline { heights, zero: 0.0 }));
        let paths = small(&lens(GateKind::Paths { paths: 2 }, Shape::map(4, 1, 1), &[0.25, 0.75, 0.75, 0.25]));
        assert_eq!(paths, Some(Values::Shares(vec![vec![0.75, 0.25], vec![0.25, 0.75]])));
        let spatial = small(&lens(GateKind::Spatial, Shape::plane(2, 3), &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]));
        let Some(Values::Map { png }) = spatial else { panic!("a map") };
        let map = image::load_from_memory(&png).expect("a PNG").to_rgb8();
        assert_eq!(map.dimensions(), (3, 2));
        assert_eq!((map.get_pixel(0, 0).0, map.get_pixel(2, 1).0), (viridis(0.0), viridis(1.0)));
    }
}
