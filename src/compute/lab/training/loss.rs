//! Cross-entropy of a softmax against smoothed labels, and its gradient, as `torch.nn.CrossEntropyLoss`.

/// The loss over a batch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loss {
    /// The sum over the images.
    pub(super) sum: f64,
    /// How many images were right.
    pub(super) right: u64,
    /// d(mean loss)/d(logits), `[batch, classes]`; zero for logits without a label.
    pub(super) gradient: Vec<f32>,
}

/// Compares logits `[batch, classes]` with labels; logits after the last label count for nothing.
///
/// The target of an image is `1 − smoothing` for its class and `smoothing / classes` for every class, its own
/// included.
pub(super) fn cross_entropy(logits: &[f32], labels: &[usize], classes: usize, smoothing: f32) -> Loss {
    let mut loss = Loss { sum: 0.0, right: 0, gradient: vec![0.0; logits.len()] };
    let share = 1.0 / labels.len().max(1) as f32;
    let images = logits.chunks_exact(classes).zip(loss.gradient.chunks_exact_mut(classes));
    for ((logits, gradient), &label) in images.zip(labels) {
        let (value, is_right) = image(logits, label, smoothing, share, gradient);
        loss.sum += value;
        loss.right += u64::from(is_right);
    }
    loss
}

/// One image's loss, and whether its class has the largest logit.
fn image(logits: &[f32], label: usize, smoothing: f32, share: f32, gradient: &mut [f32]) -> (f64, bool) {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for (to, logit) in gradient.iter_mut().zip(logits) {
        *to = (logit - highest).exp();
    }
    let sum: f32 = gradient.iter().sum();
    let log_sum = sum.ln();
    let uniform = smoothing / logits.len() as f32;
    let mut value = 0.0;
    for (class, (to, logit)) in gradient.iter_mut().zip(logits).enumerate() {
        let target = uniform + if class == label { 1.0 - smoothing } else { 0.0 };
        // 0 · ∞ is no loss: without smoothing an impossible class costs nothing.
        if target > 0.0 {
            value += f64::from(target) * f64::from(log_sum - (logit - highest));
        }
        *to = (*to / sum - target) * share;
    }
    // Of equal logits the first counts, as in `top`.
    let is_right = logits.iter().position(|logit| *logit >= highest) == Some(label);
    (value, is_right)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 8] = [1.5, -0.5, 0.25, 2.0, 0.0, 3.0, -1.0, 0.5];
    const LABELS: [usize; 2] = [3, 0];

    #[test]
    fn values_are_pytorchs() {
        // torch 2: CrossEntropyLoss(label_smoothing=s)(logits, [3, 0]), mean over the batch.
        for (smoothing, want) in [(0.0, 1.880_892_773_4), (0.1, 1.909_017_773_4)] {
            let loss = cross_entropy(&LOGITS, &LABELS, 4, smoothing);
            assert!((loss.sum / 2.0 - want).abs() < 1e-6, "{smoothing}: {} {want}", loss.sum / 2.0);
            assert_eq!(loss.right, 1);
        }
    }

    #[test]
    fn the_gradient_is_the_slope() {
        for smoothing in [0.0, 0.2] {
            let loss = cross_entropy(&LOGITS, &LABELS, 4, smoothing);
            for index in 0..LOGITS.len() {
                let at = |shift: f32| {
                    let mut logits = LOGITS;
                    logits[index] += shift;
                    cross_entropy(&logits, &LABELS, 4, smoothing).sum / 2.0
                };
                let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
                assert!((slope - f64::from(loss.gradient[index])).abs() < 1e-4, "{index}: {slope}");
            }
        }
    }

    #[test]
    fn large_logits_stay_finite_and_missing_labels_count_for_nothing() {
        let loss = cross_entropy(&[1e4, -1e4, 0.0, 7.0], &[0], 2, 0.1);
        assert!(loss.sum.is_finite() && loss.gradient.iter().all(|slope| slope.is_finite()));
        assert_eq!(loss.gradient[2..], [0.0, 0.0]);
        assert!(!cross_entropy(&[f32::NAN, 0.0], &[0], 2, 0.1).sum.is_finite());
    }
}
