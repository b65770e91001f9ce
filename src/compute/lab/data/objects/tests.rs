use std::collections::HashSet;
use std::thread;
use std::time::Instant;

use super::*;
use crate::compute::lab::data::Mask;

fn example(split: Split, index: u64) -> Example {
    Objects::new(0).example(split, index).expect("endless")
}

fn mask(example: &Example) -> &Mask {
    example.mask.as_ref().expect("objects come with masks")
}

/// FNV-1a of some bytes on top of a hash.
fn hashed(hash: u64, bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

#[test]
fn the_pictures_of_a_seed_are_fixed() {
    // Networks that come with the program were trained on these: another number is another data set.
    let mut hash = 0xCBF2_9CE4_8422_2325;
    for split in Split::ALL {
        for index in 0..40 {
            let example = example(split, index);
            hash = hashed(hash, [example.label as u8]);
            hash = hashed(hash, example.image.as_raw().iter().copied());
            hash = hashed(hash, mask(&example).inside.iter().map(|&inside| u8::from(inside)));
        }
    }
    assert_eq!(hash, 0xAD4E_6201_2286_7DE5, "{hash:#018X}");
}

#[test]
fn a_mask_is_what_the_object_changes() {
    let objects = Objects::new(3);
    let (mut shown, mut marked, mut stray) = (0, 0, 0);
    for index in 0..300 {
        let scene = objects.scene(Split::Validation, index);
        let (with, without) = (scene.example(), scene.emptied());
        let mask = mask(&with);
        assert_eq!((mask.width, mask.height, mask.inside.len()), (SIDE, SIDE, SIDE * SIDE));
        // Near the edge of the picture or behind a fragment some of it is hidden, never most.
        assert!((130..900).contains(&mask.area()), "{index}: {} pixels", mask.area());
        for (place, (a, b)) in with.image.pixels().zip(without.pixels()).enumerate() {
            let (x, y) = (place % SIDE, place / SIDE);
            let columns = x.saturating_sub(1)..=x + 1;
            let near = columns.into_iter().any(|x| (y.saturating_sub(1)..=y + 1).any(|y| mask.contains(x, y)));
            marked += usize::from(mask.inside[place]);
            shown += usize::from(mask.inside[place] && a != b);
            stray += usize::from(a != b && !near && !scene.hides(place));
        }
    }
    assert!(shown as f32 > 0.98 * marked as f32, "{shown} of {marked} masked pixels show the object");
    // Only the finest points, a part of a pixel wide, reach past the mask and its neighbours.
    assert!((stray as f32) < 0.002 * marked as f32, "{stray} pixels changed outside of {marked} masked ones");
}

#[test]
fn objects_cover_a_tenth_of_the_picture() {
    let area: usize = (0..1_000).map(|index| mask(&example(Split::Train, index)).area()).sum();
    let share = area as f32 / 1_000.0 / (SIDE * SIDE) as f32;
    assert!((0.10..0.12).contains(&share), "{share}");
}

#[test]
fn every_ten_examples_hold_every_class() {
    let objects = Objects::new(0);
    for split in Split::ALL {
        for block in 0..50 {
            let labels: HashSet<_> = (0..10).map(|place| objects.label(split, 10 * block + place)).collect();
            assert_eq!(labels.len(), 10);
        }
    }
    assert_ne!(
        (0..100).map(|index| objects.label(Split::Train, index)).collect::<Vec<_>>(),
        (0..100).map(|index| objects.label(Split::Test, index)).collect::<Vec<_>>()
    );
}

/// What a classifier could go by without looking at outlines.
#[derive(Clone, Copy, Default)]
struct Means {
    count: f64,
    /// Of the object: red, green, blue; column, row; pixels; how far pixels are from their mean.
    object: [f64; 7],
    /// Of the picture: red, green, blue.
    picture: [f64; 3],
}

impl Means {
    fn add(&mut self, example: &Example) {
        let mask = mask(example);
        let mut object = [0.0; 7];
        let mut squares = 0.0;
        for (place, pixel) in example.image.pixels().enumerate() {
            let value = pixel.0.map(f64::from);
            (0..3).for_each(|channel| self.picture[channel] += value[channel] / (SIDE * SIDE) as f64);
            if mask.inside[place] {
                (0..3).for_each(|channel| object[channel] += value[channel]);
                object[3] += (place % SIDE) as f64;
                object[4] += (place / SIDE) as f64;
                squares += value[1] * value[1];
            }
        }
        let area = mask.area() as f64;
        object = object.map(|sum| sum / area);
        object[5] = area;
        object[6] = (squares / area - object[1] * object[1]).max(0.0).sqrt();
        self.count += 1.0;
        self.object.iter_mut().zip(object).for_each(|(sum, value)| *sum += value);
    }
}

#[test]
fn colour_texture_place_and_size_tell_nothing() {
    let mut classes = [Means::default(); 10];
    for index in 0..5_000 {
        let example = example(Split::Train, index);
        classes[example.label].add(&example);
    }
    // Four standard errors and a half of 500 pictures: 50 levels, 12 pixels, 150 pixels, 15 levels of spread.
    let tolerances = [10.0, 10.0, 10.0, 2.4, 2.4, 30.0, 3.0];
    for (property, tolerance) in tolerances.into_iter().enumerate() {
        let all = classes.iter().map(|class| class.object[property]).sum::<f64>() / 5_000.0;
        for (label, class) in classes.iter().enumerate() {
            let mean = class.object[property] / class.count;
            assert!((mean - all).abs() < tolerance, "property {property} of class {label}: {mean}, all: {all}");
        }
    }
    for channel in 0..3 {
        let all = classes.iter().map(|class| class.picture[channel]).sum::<f64>() / 5_000.0;
        assert!(classes.iter().all(|class| (class.picture[channel] / class.count - all).abs() < 9.0));
        let (mean, std) =
            (f64::from(Objects::new(0).mean()[channel]) * 255.0, f64::from(Objects::new(0).std()[channel]));
        assert!((mean - all).abs() < 5.0 && std > 0.1, "the data set's mean is {}", all / 255.0);
    }
}

#[test]
fn an_example_is_the_same_in_any_order_on_any_thread() {
    let objects = Objects::new(5);
    let forwards: Vec<_> = (0..24).map(|index| objects.example(Split::Test, index).expect("endless")).collect();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for index in (0..24).rev() {
                    let again = objects.example(Split::Test, index).expect("endless");
                    assert!(again == forwards[index as usize], "example {index} differs");
                }
            });
        }
    });
}

#[test]
fn no_picture_is_in_two_splits_or_seeds() {
    let mut seen = HashSet::new();
    for seed in 0..3 {
        for split in Split::ALL {
            for index in 0..60 {
                let picture = Objects::new(seed).example(split, index).expect("endless").image;
                assert!(seen.insert(picture.into_raw()), "{split} {index} of seed {seed} was seen before");
            }
        }
    }
    assert!(Objects::new(0).example(Split::Train, u64::MAX).is_ok());
}

#[test]
fn a_test_picture_says_what_it_is() {
    let objects = Objects::new(0);
    let picture = objects.picture(12);
    let example = example(Split::Test, 12);
    assert_eq!(picture.name, format!("objects test 12 ({})", objects.classes()[example.label]));
    assert_eq!(picture.pixels, example.image);
}

/// What generating costs, printed: `cargo test --lib --release pictures_a_second -- --ignored --nocapture`.
#[test]
#[ignore = "measures, asserts nothing"]
fn pictures_a_second() {
    const COUNT: u64 = 10_000;
    let start = Instant::now();
    let area: usize = (0..COUNT).map(|index| mask(&example(Split::Train, index)).area()).sum();
    let rate = COUNT as f64 / start.elapsed().as_secs_f64();
    println!("{rate:.0} pictures a second on one core, {} pixels an object", area as u64 / COUNT);
}
