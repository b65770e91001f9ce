//! A channel gate as a plot that can stand alone in a report: sorted bars on an absolute 0..1 axis.

use image::{Rgb, RgbImage};

use super::text::{Anchor, Style, Weight, cover, fit, write};

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 480;
const MARGIN: f32 = 32.0;
/// The axes' box: left, top, right, bottom, in pixels.
pub(super) const LEFT: u32 = 76;
pub(super) const TOP: u32 = 108;
pub(super) const RIGHT: u32 = WIDTH - 32;
pub(super) const BOTTOM: u32 = HEIGHT - 56;

// Ink on paper: the plot is a document of its own, read outside the window and its themes.
const PAPER: [u8; 3] = [255, 255, 255];
pub(super) const INK: [u8; 3] = [27, 31, 39];
const MUTED: [u8; 3] = [86, 96, 114];
const GRID: [u8; 3] = [213, 219, 228];

const TITLE: Style = Style { weight: Weight::SemiBold, size: 26.0, colour: INK };
pub(super) const NUMBERS: Style = Style { weight: Weight::Regular, size: 20.0, colour: MUTED };
pub(super) const TICK: Style = Style { weight: Weight::Regular, size: 18.0, colour: MUTED };

/// Bars narrower than this many pixels stand without gaps.
const GAP_FROM: f32 = 6.0;

/// A channel gate `[C]` of raw values as a 1200×480 picture.
///
/// Bars are sorted from the most open channel to the most closed one, on an axis from one end of `range` to the other:
/// 0..1, so that two plots can be compared, unless the gate needs more. Minimum, mean and maximum are printed. With more
/// channels than pixels a column shows the average of its channels. NaN is counted and printed, not drawn.
#[must_use]
pub fn channel_gate(values: &[f32], title: &str, colour: [u8; 3], range: (f32, f32)) -> RgbImage {
    let mut sorted: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let mut page = paper(title);
    write(&mut page, &summary(&sorted, values.len()), (MARGIN, 80.0), Anchor::Left, NUMBERS);
    bars(&mut page, &sorted, colour, range);
    grid(&mut page, range);
    if let Some(mean) = mean(&sorted) {
        dashes(&mut page, height_of(mean, range).round() as u32, INK);
    }
    channel_axis(&mut page, sorted.len(), "channels, most open first");
    page
}

/// An empty page with its title.
pub(super) fn paper(title: &str) -> RgbImage {
    let mut page = RgbImage::from_pixel(WIDTH, HEIGHT, Rgb(PAPER));
    write(&mut page, &fit(title, WIDTH as f32 - 2.0 * MARGIN, TITLE), (MARGIN, 46.0), Anchor::Left, TITLE);
    page
}

fn summary(sorted: &[f32], total: usize) -> String {
    let channels = match total {
        1 => "1 channel".to_owned(),
        _ => format!("{total} channels"),
    };
    let broken = total - sorted.len();
    let broken = if broken > 0 { format!("   ·   {broken} not a number") } else { String::new() };
    match (sorted.last(), mean(sorted), sorted.first()) {
        (Some(min), Some(mean), Some(max)) => {
            format!("{channels}   ·   min {min:.4}   ·   mean {mean:.4} (dashed)   ·   max {max:.4}{broken}")
        }
        _ => format!("{channels}{broken}"),
    }
}

fn mean(values: &[f32]) -> Option<f32> {
    let sum: f64 = values.iter().copied().map(f64::from).sum();
    (!values.is_empty()).then(|| (sum / values.len() as f64) as f32)
}

/// The pixel row of a value, fractional; values outside the range lie at its ends.
pub(super) fn height_of(value: f32, (low, high): (f32, f32)) -> f32 {
    let share = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
    BOTTOM as f32 - share * (BOTTOM - TOP) as f32
}

/// Lines at 0, 0.5 and 1, and at the ends of a wider range.
pub(super) fn grid(page: &mut RgbImage, range: (f32, f32)) {
    let ends = [range.0, range.1].map(|end| (end, format!("{end:.2}")));
    let inner = [(0.0, "0".to_owned()), (0.5, "0.5".to_owned()), (1.0, "1".to_owned())];
    let outer = ends.into_iter().filter(|(end, _)| *end < 0.0 || *end > 1.0);
    let mut drawn: Vec<f32> = Vec::new();
    for (value, label) in outer.chain(inner) {
        let y = height_of(value, range);
        if drawn.iter().any(|other| (other - y).abs() < TICK.size) {
            continue;
        }
        drawn.push(y);
        for x in LEFT..RIGHT {
            cover(page, i64::from(x), y as i64, GRID, 0.7);
        }
        write(page, &label, (LEFT as f32 - 12.0, y + 6.0), Anchor::Right, TICK);
    }
}

fn bars(page: &mut RgbImage, sorted: &[f32], colour: [u8; 3], range: (f32, f32)) {
    if sorted.is_empty() {
        return;
    }
    let per_bar = (RIGHT - LEFT) as f32 / sorted.len() as f32;
    let zero = height_of(0.0, range);
    for x in LEFT..RIGHT {
        let (from, to) = ((x - LEFT) as f32 / per_bar, (x - LEFT + 1) as f32 / per_bar);
        // The last pixel of a wide bar is its gap.
        let is_gap = per_bar >= GAP_FROM && to.floor() > from.floor();
        if !is_gap {
            let end = height_of(average(sorted, from, to, range), range);
            column(page, x, (end.min(zero), end.max(zero)), colour);
        }
    }
}

/// The average of `sorted` over the interval `from..to`, in bars; parts of bars count by their share.
fn average(sorted: &[f32], from: f32, to: f32, (low, high): (f32, f32)) -> f32 {
    let last = sorted.len() - 1;
    let (first, end) = ((from as usize).min(last), (to.ceil() as usize).clamp(1, sorted.len()));
    let (mut sum, mut weights) = (0.0, 0.0);
    for (i, &value) in sorted.iter().enumerate().take(end).skip(first) {
        let share = to.min(i as f32 + 1.0) - from.max(i as f32);
        let share = share.max(f32::EPSILON);
        sum += value.clamp(low, high) * share;
        weights += share;
    }
    sum / weights
}

/// Fills a pixel column between two heights, its uppermost pixel by its share.
fn column(page: &mut RgbImage, x: u32, (top, bottom): (f32, f32), colour: [u8; 3]) {
    let full = top.ceil();
    for y in full as u32..(bottom.round() as u32).min(BOTTOM) {
        page.put_pixel(x, y, Rgb(colour));
    }
    cover(page, i64::from(x), full as i64 - 1, colour, full - top);
}

pub(super) fn dashes(page: &mut RgbImage, y: u32, colour: [u8; 3]) {
    for x in (LEFT..RIGHT).filter(|x| (x - LEFT) % 12 < 6) {
        cover(page, i64::from(x), i64::from(y), colour, 0.8);
    }
}

pub(super) fn channel_axis(page: &mut RgbImage, channels: usize, words: &str) {
    let y = BOTTOM as f32 + 32.0;
    if channels > 0 {
        write(page, "1", (LEFT as f32, y), Anchor::Left, TICK);
    }
    if channels > 1 {
        write(page, &channels.to_string(), (RIGHT as f32, y), Anchor::Right, TICK);
    }
    let middle = f32::midpoint(LEFT as f32, RIGHT as f32);
    write(page, words, (middle, y), Anchor::Centre, TICK);
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOUR: [u8; 3] = [228, 103, 127];

    /// The number of filled pixels in column `x`.
    fn filled(page: &RgbImage, x: u32) -> usize {
        (TOP..BOTTOM).filter(|&y| page.get_pixel(x, y).0 == COLOUR).count()
    }

    #[test]
    fn bars_are_sorted_on_an_absolute_axis() {
        let page = channel_gate(&[0.25, 1.0, 0.5], "gate", COLOUR, (0.0, 1.0));
        let third = (RIGHT - LEFT) / 3;
        let heights = [0, 1, 2].map(|bar| filled(&page, LEFT + bar * third + third / 3));
        let axis = (BOTTOM - TOP) as usize;
        // Two grid lines and the dashed mean run over a column.
        for (height, expected) in heights.into_iter().zip([axis, axis / 2, axis / 4]) {
            assert!(height.abs_diff(expected) <= 3, "{heights:?}");
        }
    }

    #[test]
    fn small_values_stay_small() {
        // A relative axis would draw this gate as tall as one that is fully open.
        let page = channel_gate(&[0.02; 64], "nearly closed", COLOUR, (0.0, 1.0));
        assert!(filled(&page, LEFT + 40) < 10);
    }

    #[test]
    fn a_gate_that_leaves_the_unit_hangs_from_zero() {
        let page = channel_gate(&[1.0, -1.0], "tanh", COLOUR, (-1.0, 1.0));
        let half = (BOTTOM - TOP) / 2;
        let coloured = |x: u32, from: u32, to: u32| (from..to).filter(|&y| page.get_pixel(x, y).0 == COLOUR).count();
        let (open, closed) = (LEFT + 100, RIGHT - 100);
        assert!(coloured(open, TOP, TOP + half) as u32 + 4 >= half && coloured(open, TOP + half + 2, BOTTOM) == 0);
        assert!(coloured(closed, TOP + half, BOTTOM) as u32 + 4 >= half && coloured(closed, TOP, TOP + half - 2) == 0);
    }

    #[test]
    fn any_channel_count_and_value_can_be_drawn() {
        for values in [vec![], vec![0.5], vec![0.3; 2048], vec![f32::NAN, f32::INFINITY, -7.0], vec![0.9; 20_000]] {
            assert_eq!(channel_gate(&values, "any", COLOUR, (0.0, 1.0)).dimensions(), (WIDTH, HEIGHT));
        }
    }

    #[test]
    fn the_summary_says_what_was_left_out() {
        assert_eq!(summary(&[], 2), "2 channels   ·   2 not a number");
        let line = summary(&[0.75, 0.25], 2);
        assert_eq!(line, "2 channels   ·   min 0.2500   ·   mean 0.5000 (dashed)   ·   max 0.7500");
    }
}
