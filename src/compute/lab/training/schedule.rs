//! The learning rate of each step: up in a straight line, down along half a cosine
//! (Loshchilov and Hutter, ICLR 2017, without restarts).

use super::TrainingRecipe;

/// The rate of a step, counted from 0 over the whole run. The first step of a warm-up is not at 0, its last at the
/// full rate.
pub(super) fn learning_rate(recipe: &TrainingRecipe, step: usize) -> f32 {
    let steps = recipe.steps() as f64;
    let total = steps * recipe.epochs as f64;
    let warmup = (steps * f64::from(recipe.warmup)).round().min(total);
    let step = step as f64;
    let share = if step < warmup {
        (step + 1.0) / warmup
    } else {
        let progress = (step - warmup) / (total - warmup).max(1.0);
        f64::midpoint(1.0, (std::f64::consts::PI * progress).cos())
    };
    (f64::from(recipe.learning_rate) * share) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_in_a_line_and_down_along_a_cosine() {
        let recipe = TrainingRecipe {
            epochs: 3,
            samples: 40,
            batch: 10,
            warmup: 1.0,
            learning_rate: 0.4,
            ..TrainingRecipe::default()
        };
        let rates: Vec<f32> = (0..12).map(|step| learning_rate(&recipe, step)).collect();
        let close = |a: f32, b: f32| (a - b).abs() < 1e-6;
        assert!([0.1, 0.2, 0.3, 0.4, 0.4].iter().zip(&rates).all(|(a, b)| close(*a, *b)), "{rates:?}");
        assert!(close(rates[8], 0.2), "halfway down: {rates:?}");
        assert!(rates[4..].windows(2).all(|pair| pair[1] < pair[0]) && rates[11] > 0.0, "{rates:?}");
    }

    #[test]
    fn without_warm_up_it_starts_at_the_top() {
        let recipe = TrainingRecipe { warmup: 0.0, ..TrainingRecipe::default() };
        assert_eq!(learning_rate(&recipe, 0).to_bits(), recipe.learning_rate.to_bits());
        let all = TrainingRecipe { warmup: recipe.epochs as f32, ..recipe };
        let last = learning_rate(&all, all.epochs * all.steps() - 1);
        assert_eq!(last.to_bits(), all.learning_rate.to_bits());
    }
}
