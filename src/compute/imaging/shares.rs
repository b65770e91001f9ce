//! A gate over paths as a plot that can stand alone in a report: each channel's shares stacked, which sum to 1.

use image::{Rgb, RgbImage};

use super::plot::{BOTTOM, LEFT, NUMBERS, RIGHT, TICK, TOP, channel_axis, dashes, grid, height_of, paper};
use super::text::{Anchor, cover, fit, width, write};

/// The ends of 0..1.
const UNIT: (f32, f32) = (0.0, 1.0);

/// `values` is `[paths · C]`, one path's channels after the other's; `names` says what the paths are, from below.
///
/// Channels are sorted by their share of the first path. Each path's mean share is printed beside its colour, shades
/// of `colour`; dashed lines stand where equal shares would end.
#[must_use]
pub fn path_gate(values: &[f32], names: &[String], title: &str, colour: [u8; 3]) -> RgbImage {
    let mut page = paper(title);
    let channels = values.len() / names.len().max(1);
    let paths: Vec<&[f32]> = values.chunks_exact(channels.max(1)).take(names.len()).collect();
    let Some(first) = paths.first().filter(|_| channels > 0) else { return page };
    let mut order: Vec<usize> = (0..channels).collect();
    order.sort_by(|a, b| first[*b].total_cmp(&first[*a]));
    let shades: Vec<[u8; 3]> = (0..names.len()).map(|path| shade(colour, path, names.len())).collect();
    legend(&mut page, &paths, names, &shades);
    for x in LEFT..RIGHT {
        let rank = (x - LEFT) as usize * channels / (RIGHT - LEFT) as usize;
        stack(&mut page, x, paths.iter().map(|path| path[order[rank]]), &shades);
    }
    grid(&mut page, UNIT);
    for path in 1..names.len() {
        dashes(&mut page, height_of(path as f32 / names.len() as f32, UNIT).round() as u32, super::plot::INK);
    }
    channel_axis(&mut page, channels, &format!("channels, largest share of {} first", names[0]));
    page
}

/// A colour for each path: towards the paper, the first as it is.
fn shade(colour: [u8; 3], path: usize, paths: usize) -> [u8; 3] {
    let share = 0.68 * path as f32 / paths.saturating_sub(1).max(1) as f32;
    colour.map(|band| (f32::from(band) + (255.0 - f32::from(band)) * share).round() as u8)
}

/// One channel's shares, from below.
fn stack(page: &mut RgbImage, x: u32, shares: impl Iterator<Item = f32>, shades: &[[u8; 3]]) {
    let mut sum = 0.0_f32;
    for (share, colour) in shares.zip(shades) {
        let below = height_of(sum, UNIT).round() as u32;
        sum += if share.is_nan() { 0.0 } else { share.max(0.0) };
        for y in height_of(sum, UNIT).round() as u32..below.min(BOTTOM) {
            page.put_pixel(x, y.max(TOP), Rgb(*colour));
        }
    }
}

/// A square, a name and a mean share for each path, in a line.
fn legend(page: &mut RgbImage, paths: &[&[f32]], names: &[String], shades: &[[u8; 3]]) {
    let mut x = 32.0;
    for ((path, name), colour) in paths.iter().zip(names).zip(shades) {
        let mean = path.iter().map(|share| f64::from(*share)).sum::<f64>() / path.len().max(1) as f64;
        let words = fit(&format!("{name}: mean share {mean:.4}"), RIGHT as f32 - x, NUMBERS);
        for (dx, dy) in (0..16).flat_map(|dx| (0..16).map(move |dy| (dx, dy))) {
            cover(page, x as i64 + dx, 66 + dy, *colour, 1.0);
        }
        write(page, &words, (x + 24.0, 80.0), Anchor::Left, NUMBERS);
        x += 24.0 + width(&words, NUMBERS) + 32.0;
    }
    if paths.is_empty() {
        write(page, "no values", (32.0, 80.0), Anchor::Left, TICK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_stacked_from_below() {
        let colour = [0x6f, 0x9a, 0x2e];
        let names = ["3×3".to_owned(), "5×5".to_owned()];
        let page = path_gate(&[0.25, 0.75, 0.75, 0.25], &names, "gate", colour);
        let filled = |x: u32| (TOP..BOTTOM).filter(|&y| page.get_pixel(x, y).0 == colour).count();
        let axis = (BOTTOM - TOP) as usize;
        // Grid lines and dashes run over a column.
        assert!(filled(LEFT + 40).abs_diff(axis * 3 / 4) <= 4, "the channel with the larger share comes first");
        assert!(filled(RIGHT - 40).abs_diff(axis / 4) <= 4);
        for values in [vec![], vec![f32::NAN; 4], vec![0.5; 4096]] {
            assert_eq!(path_gate(&values, &names, "any", colour).dimensions(), page.dimensions());
        }
    }
}
