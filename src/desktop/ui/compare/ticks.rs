//! Marks on the axes and what is written at them.

use egui_plot::GridMark;

use crate::desktop::ui::metric::Metric;

/// A number on the axis: short, without needless zeros.
pub fn tick(metric: Metric, value: f64) -> String {
    let text = metric.short(value.max(0.0).round() as u64);
    match text.split_once(' ') {
        Some((digits, unit)) if digits.contains('.') => {
            format!("{} {unit}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// About `count` marks between two values, at 1, 2 or 5 times powers of ten.
pub fn linear(low: f64, high: f64, count: f64) -> Vec<GridMark> {
    let step = nice((high - low) / count);
    let marks = (low / step).ceil() as i64..=(high / step).floor() as i64;
    marks.map(|mark| GridMark { value: mark as f64 * step, step_size: step }).collect()
}

/// The nearest 1, 2 or 5 times a power of ten that is not smaller.
fn nice(step: f64) -> f64 {
    let power = 10_f64.powf(step.max(1e-9).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|nice| *nice >= step * 0.999).unwrap_or(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_have_no_needless_zeros() {
        assert_eq!(tick(Metric::Params, 5_000_000.0), "5 M");
        assert_eq!(tick(Metric::Macs, 2_500_000_000.0), "2.5 G");
        assert_eq!(tick(Metric::Params, 0.0), "0");
    }

    #[test]
    fn marks_are_round_and_inside() {
        let marks: Vec<f64> = linear(0.0, 18.9e6, 6.0).iter().map(|mark| mark.value).collect();
        assert_eq!(marks, [0.0, 5e6, 10e6, 15e6]);
    }
}
