use super::*;
use crate::compute::lab::data::Objects;

/// A result with these means over three seeds, `(attention, accuracy, pointing)`; the seeds lie `apart` of them.
pub(crate) fn ending(rows: &[(&str, f64, f64)], apart: f64) -> AttentionResult {
    let settings = AttentionSettings {
        attentions: rows.iter().map(|row| row.0.to_owned()).collect(),
        ..AttentionSettings::default()
    };
    let data = Objects::new(0);
    let mut result = empty(&data, &settings, &plan(&data, &settings).expect("networks"), 0.11);
    for (known, (_, accuracy, pointing)) in result.attentions.iter_mut().zip(rows) {
        for (index, shift) in [-apart, 0.0, apart].into_iter().enumerate() {
            let has_maps = matches!(known.attention.as_str(), "sam" | "cbam");
            let maps = (0..9).filter(|_| has_maps).map(|block| {
                let pointing = 0.05 + 0.08 * f64::from(block) + shift;
                let block = format!("layer{}.{}", 1 + block / 3, block % 3);
                let gate = format!("{block}.{}.gate", known.attention);
                BlockLook { block, gate, look: Look { pointing, energy: pointing * 0.6 } }
            });
            known.seeds.push(SeedResult {
                seed: index as u64,
                epochs: Vec::new(),
                measured: Some(Measured {
                    accuracy: accuracy + shift,
                    grad_cam: Look { pointing: pointing + shift, energy: pointing * 0.5 },
                    maps: maps.collect(),
                }),
            });
        }
    }
    result
}

#[test]
fn a_difference_counts_only_when_it_is_larger_than_the_seeds_own() {
    let rows = [("none", 0.920, 0.79), ("se", 0.935, 0.80), ("cbam", 0.950, 0.70)];
    let clear = ending(&rows, 0.004).reading().join("\n");
    assert!(clear.contains("SE by +1.5 points and CBAM by +3.0 points"), "{clear}");
    assert!(clear.contains("least with CBAM (70.0 ± 0.4 %); the difference is larger"), "{clear}");
    let noisy = ending(&rows, 0.03).reading().join("\n");
    assert!(noisy.contains("No attention differs from the trunk by more than the seeds"), "{noisy}");
    let worse = ending(&[("none", 0.92, 0.7), ("sam", 0.90, 0.7)], 0.001).reading().join("\n");
    assert!(worse.contains("SAM by −2.0 points"), "{worse}");
    assert!(worse.contains("SAM's own maps peak on the object most often in layer3.2"), "{worse}");
    assert!(worse.contains("1 of 9 blocks less often than chance (11.0 %)"), "{worse}");
}

/// A result whose trunk and SE have these test errors by epoch, one list a seed.
fn learning(trunk: &[&[f32]], se: &[&[f32]]) -> AttentionResult {
    let mut result = ending(&[("none", 0.9, 0.7), ("se", 0.9, 0.7)], 0.01);
    result.run.recipe =
        TrainingRecipe { epochs: trunk[0].len(), samples: 1000, batch: 64, ..TrainingRecipe::default() };
    for (known, errors) in result.attentions.iter_mut().zip([trunk, se]) {
        known.seeds.truncate(errors.len());
        for (seed, errors) in known.seeds.iter_mut().zip(errors) {
            let point = |(index, error): (usize, &f32)| EpochPoint {
                epoch: index + 1,
                train_error: 0.0,
                test_error: *error,
                train_loss: 0.0,
                test_loss: 0.0,
                learning_rate: 0.1,
                seconds: 1.0,
            };
            seed.epochs = errors.iter().enumerate().map(point).collect();
        }
    }
    result
}

#[test]
fn the_budget_at_which_an_attention_is_level_is_read_from_the_epochs() {
    // 1,000 images in batches of 64 are 15 steps, 960 images an epoch.
    let trunk: [&[f32]; 3] = [&[0.6, 0.4, 0.2, 0.1], &[0.6, 0.4, 0.2, 0.1], &[0.6, 0.4, 0.2, 0.1]];
    let late: [&[f32]; 3] = [&[0.8, 0.5, 0.19, 0.09], &[0.8, 0.5, 0.21, 0.11], &[0.8, 0.5, 0.2, 0.1]];
    let known = learning(&trunk, &late).catch_ups().remove(0);
    assert_eq!((known.epoch, known.images, known.of_images), (Some(3), Some(2880), 3840));
    assert_eq!(known.difference(), "+0.0 ± 1.0");
    let text = learning(&trunk, &late).reading().join("\n");
    assert!(text.contains("SE catches up with the trunk after 2,880 of 3,840 images (epoch 3)"), "{text}");

    // Level in the middle is not caught up: it falls behind again.
    let never: [&[f32]; 3] = [&[0.8, 0.4, 0.2, 0.15], &[0.8, 0.4, 0.2, 0.16], &[0.8, 0.4, 0.2, 0.14]];
    let result = learning(&trunk, &never);
    assert_eq!((result.catch_ups()[0].epoch, result.catch_ups()[0].cell()), (None, "never".to_owned()));
    let text = result.reading().join("\n");
    assert!(text.contains("SE does not catch up with the trunk within 3,840 images: −5.0 ± 1.0 points"), "{text}");

    // A seed's own luck is not a difference: seeds 1 and 2 are ahead, seed 0 is far behind.
    let noisy: [&[f32]; 3] = [&[0.6, 0.4, 0.2, 0.4], &[0.6, 0.4, 0.2, 0.05], &[0.6, 0.4, 0.2, 0.05]];
    assert_eq!(learning(&trunk, &noisy).catch_ups()[0].epoch, Some(1));
    // With one seed there is no spread to hide behind.
    assert_eq!(learning(&trunk[..1], &[&[0.5, 0.3, 0.1, 0.11]]).catch_ups()[0].epoch, None);
    // A run that has not come to its end says nothing.
    let mut open = learning(&trunk, &late);
    open.attentions[1].seeds.iter_mut().for_each(|seed| seed.epochs.truncate(2));
    assert!(open.catch_ups().is_empty());
}

#[test]
fn a_result_is_written_whole_and_read_again() {
    let result = ending(&[("none", 0.92, 0.7), ("cbam", 0.93, 0.8)], 0.01);
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(result.write(folder.path()).expect("writes").len(), 4);
    let json = std::fs::read(folder.path().join("attention.json")).expect("reads");
    let read = serde_json::from_slice::<AttentionResult>(&json).expect("parses");
    assert_eq!((&read.run, read.reading(), read.masks), (&result.run, result.reading(), result.masks));
    let lines = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("reads").lines().count();
    assert_eq!((lines("attention.csv"), lines("attention-maps.csv")), (1 + 6, 1 + 3 * 9));
    assert!(image::open(folder.path().join("attention.png")).expect("a picture").width() > 1800);
}

#[test]
fn a_toy_run_measures_every_network_on_its_masks() {
    let settings = AttentionSettings {
        depth: 8,
        attentions: vec!["none".to_owned(), "sam".to_owned()],
        seeds: 1,
        recipe: TrainingRecipe { epochs: 1, samples: 16, validation: 8, batch: 8, ..TrainingRecipe::default() },
        test: 8,
        masks: 4,
        threads: 1,
        out: None,
    };
    let result = run(&Objects::new(0), &settings, &Watch::none()).expect("runs");
    assert!(result.is_complete());
    assert!(result.chance > 0.01 && result.chance < 0.5, "{}", result.chance);
    assert!(result.of("none").expect("there").maps().is_empty());
    let maps = result.of("sam").expect("there").maps();
    assert_eq!(maps.iter().map(|map| map.block.as_str()).collect::<Vec<_>>(), ["layer1.0", "layer2.0", "layer3.0"]);
    for known in &result.attentions {
        for spread in [known.accuracy(), known.pointing(), known.energy()] {
            assert!((0.0..=1.0).contains(&spread.expect("measured").mean));
        }
    }
}
