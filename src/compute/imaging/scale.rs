//! Mean and deviation that are meant for values 0..255, brought to 0..1.

use super::ImagingError;

/// The largest mean of values 0..1, and the largest deviation that is taken for one of such values.
const LARGEST: (f64, f64) = (1.0, 4.0);

/// Divides by 255 what is given for values 0..255; the second value says whether that was so.
///
/// A mean over 1 or a deviation over 4 cannot be of values 0..1. Where only one of the two is given, the other is
/// `None` and not looked at.
///
/// # Errors
/// When one is for 0..1 and the other for 0..255: which was meant cannot be known.
pub fn to_unit(mean: &mut Option<[f64; 3]>, std: &mut Option<[f64; 3]>) -> Result<bool, ImagingError> {
    let over = |values: &Option<[f64; 3]>, limit: f64| values.is_some_and(|all| all.iter().any(|v| v.abs() > limit));
    let (mean_is_large, std_is_large) = (over(mean, LARGEST.0), over(std, LARGEST.1));
    if !mean_is_large && !std_is_large {
        return Ok(false);
    }
    let mean_is_unit = mean.is_some_and(|all| !mean_is_large && all.iter().any(|value| *value != 0.0));
    let std_is_unit = std.is_some_and(|all| all.iter().any(|value| *value < 1.0));
    if let (Some(mean), Some(std)) = (&*mean, &*std)
        && (mean_is_unit || std_is_unit)
    {
        return Err(ImagingError::Scales { mean: *mean, std: *std });
    }
    for values in [mean, std].into_iter().flatten() {
        *values = values.map(|value| value / 255.0);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    type MeanStd = ([f64; 3], [f64; 3]);

    fn scaled(mean: [f64; 3], std: [f64; 3]) -> Option<(MeanStd, bool)> {
        let (mut mean, mut std) = (Some(mean), Some(std));
        let was = to_unit(&mut mean, &mut std).ok()?;
        Some(((mean?, std?), was))
    }

    #[test]
    fn what_is_for_bytes_is_divided_and_a_mixture_is_refused() {
        let imagenet = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
        assert_eq!(scaled(imagenet.0, imagenet.1), Some((imagenet, false)));
        assert_eq!(scaled([0.0; 3], [1.0; 3]), Some((([0.0; 3], [1.0; 3]), false)));
        assert_eq!(scaled([127.5; 3], [127.5; 3]), Some((([0.5; 3], [0.5; 3]), true)));
        // Caffe's: a mean of bytes, values as they are; and plain bytes over 255.
        assert_eq!(scaled([102.0; 3], [1.0; 3]), Some((([0.4; 3], [1.0 / 255.0; 3]), true)));
        assert_eq!(scaled([0.0; 3], [255.0; 3]), Some((([0.0; 3], [1.0; 3]), true)));
        assert_eq!(scaled([123.675, 116.28, 103.53], [0.229, 0.224, 0.225]), None);
        assert_eq!(scaled([0.485, 0.456, 0.406], [58.0, 57.0, 57.0]), None);
    }
}
