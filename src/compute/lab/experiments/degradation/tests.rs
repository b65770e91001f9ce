use super::*;
use crate::compute::lab::data::Objects;

/// A result whose networks end at these errors, `(kind, depth, train, test)`.
pub(crate) fn ending(ends: &[(Kind, usize, f32, f32)], epochs: usize) -> DegradationResult {
    let settings = DegradationSettings::default();
    let mut result = empty(&Objects::new(0), &settings);
    result.run.recipe.epochs = epochs;
    result.depths = ends.iter().map(|end| end.1).collect();
    result.depths.sort_unstable();
    result.depths.dedup();
    for (kind, depth, train, test) in ends {
        let point = |epoch: usize| {
            // From chance down to where the network ends.
            let left = (epochs - epoch) as f32 / epochs as f32;
            let falling = |end: f32| end + (0.9 - end) * left * left;
            EpochPoint {
                epoch,
                train_error: falling(*train),
                test_error: falling(*test),
                train_loss: falling(*train) * 2.0,
                test_loss: falling(*test) * 2.0,
                learning_rate: 0.1 * left,
                seconds: 1.0,
            }
        };
        result.curves.push(DepthCurve {
            kind: *kind,
            depth: *depth,
            seed: 0,
            spec: format!("{}{depth}", kind.as_str()),
            params: 1000 * *depth as u64,
            epochs: (1..=epochs).map(point).collect(),
        });
    }
    result
}

#[test]
fn degradation_is_called_so_only_when_training_is_worse_too() {
    use Kind::{Plain, Residual};
    let text = |ends: &[_]| ending(ends, 4).reading().join("\n");
    let degraded =
        text(&[(Plain, 8, 0.10, 0.12), (Plain, 56, 0.38, 0.40), (Residual, 8, 0.1, 0.12), (Residual, 56, 0.05, 0.07)]);
    assert!(degraded.contains("28.0 points worse than with 8"), "{degraded}");
    assert!(degraded.contains("degradation, not overfitting"), "{degraded}");
    assert!(degraded.contains("56 layers the residual network is 5.0 points better"), "{degraded}");
    assert!(degraded.contains("shortcuts take 33.0 points of error away: 40.0 % without, 7.0 % with"), "{degraded}");
    let overfitted = text(&[(Plain, 8, 0.10, 0.12), (Plain, 56, 0.02, 0.20)]);
    assert!(overfitted.contains("overfitting, not degradation"), "{overfitted}");
    let alike = text(&[(Plain, 8, 0.10, 0.120), (Plain, 56, 0.10, 0.123)]);
    assert!(alike.contains("does as well as with 8") && alike.contains("One seed"), "{alike}");
    let worse_with = text(&[(Plain, 20, 0.1, 0.1), (Residual, 20, 0.2, 0.2)]);
    assert!(worse_with.contains("shortcuts cost 10.0 points"), "{worse_with}");
}

#[test]
fn a_result_is_written_whole_and_read_again() {
    let result = ending(&[(Kind::Plain, 8, 0.2, 0.25), (Kind::Residual, 8, 0.1, 0.2)], 3);
    let folder = tempfile::tempdir().expect("a folder");
    let written = result.write(&folder.path().join("new")).expect("writes");
    assert_eq!(written.len(), 3);
    let json = std::fs::read(folder.path().join("new/degradation.json")).expect("reads");
    assert_eq!(serde_json::from_slice::<DegradationResult>(&json).expect("parses"), result);
    let csv = std::fs::read_to_string(folder.path().join("new/degradation.csv")).expect("reads");
    assert_eq!(csv.lines().count(), 1 + 2 * 3);
    assert!(image::open(folder.path().join("new/degradation.png")).expect("a picture").width() > 1000);
}

#[test]
fn a_toy_run_trains_every_network_and_continues_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = DegradationSettings { depths: vec![8], threads: 1, ..DegradationSettings::default() };
    settings.recipe = TrainingRecipe { epochs: 2, samples: 16, validation: 8, batch: 8, ..settings.recipe };
    settings.out = Some(folder.path().to_path_buf());
    let data = Objects::new(0);
    let partial = Mutex::new(0);
    let count = |_: &DegradationResult| *partial.lock().expect("not poisoned") += 1;
    let watch = Watch { partial: &count, ..Watch::none() };
    let first = run(&data, &settings, &watch).expect("runs");
    assert!(first.is_complete() && first.curves.len() == 2, "{first:?}");
    assert!(*partial.lock().expect("not poisoned") >= 6, "told of every epoch");
    let again = run(&data, &settings, &Watch::none()).expect("runs");
    assert_eq!(again.curves, first.curves);
    assert!(again.run.seconds.abs() < f64::EPSILON, "nothing was trained twice");
    settings.recipe.samples = 24;
    let refused = run(&data, &settings, &Watch::none()).expect_err("networks of another recipe are kept").to_string();
    assert!(refused.contains("its samples is 16, not 24"), "{refused}");
    settings.out = Some(folder.path().join("other"));
    let other = run(&data, &settings, &Watch::none()).expect("runs");
    assert!(other.run.seconds > 0.0, "another recipe is another network");
}

#[test]
fn cancelling_and_impossible_settings_are_said() {
    let data = Objects::new(0);
    let settings = DegradationSettings { depths: vec![9], ..DegradationSettings::default() };
    assert!(run(&data, &settings, &Watch::none()).expect_err("no such depth").to_string().contains("6n + 2"));
    let settings = DegradationSettings { depths: vec![8], ..DegradationSettings::default() };
    let watch = Watch { cancelled: &|| true, ..Watch::none() };
    assert!(matches!(run(&data, &settings, &watch), Err(LabError::Cancelled)));
}

#[test]
fn a_network_that_has_hardly_begun_to_learn_proves_nothing() {
    use Kind::{Plain, Residual};
    let text =
        ending(&[(Plain, 8, 0.5, 0.5), (Plain, 56, 0.89, 0.89), (Residual, 8, 0.5, 0.5), (Residual, 56, 0.6, 0.6)], 4);
    let text = text.reading().join("\n");
    assert!(text.contains("hardly begun to learn") && text.contains("a longer run must tell"), "{text}");
    assert!(text.contains("residual network is 10.0 points worse"), "{text}");
}

#[test]
fn where_the_deepest_has_not_learnt_a_shallower_one_tells() {
    use Kind::{Plain, Residual};
    let ends = [(Plain, 8, 0.1, 0.1), (Plain, 20, 0.6, 0.6), (Plain, 56, 0.89, 0.89), (Residual, 56, 0.1, 0.1)];
    let text = ending(&ends, 4).reading().join("\n");
    assert!(text.contains("With 20 layers the plain network is 50.0 points worse than with 8"), "{text}");
    assert!(text.contains("that is degradation"), "{text}");
}
