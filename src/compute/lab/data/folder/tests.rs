use std::fs;
use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};

use super::listing::split_of;
use super::*;

const INPUT: [usize; 3] = [3, 32, 32];

/// A class of `count` pictures of one brightness.
fn class(root: &Path, name: &str, count: usize, level: u8) -> PathBuf {
    let folder = root.join(name);
    fs::create_dir_all(&folder).expect("a folder");
    for index in 0..count {
        let picture = RgbImage::from_fn(48, 40, |x, _| Rgb([level, index as u8, x as u8]));
        picture.save(folder.join(format!("{index:03}.png"))).expect("writes");
    }
    folder
}

#[test]
fn pictures_are_split_by_name_and_labelled_by_folder() {
    let root = tempfile::tempdir().expect("a folder");
    class(root.path(), "dark", 60, 10);
    class(root.path(), "bright", 60, 240);
    let folder = Folder::open(root.path(), INPUT).expect("opens");
    assert_eq!(folder.classes(), ["bright", "dark"]);
    assert_eq!((folder.input(), folder.skipped()), (INPUT, &[][..]));
    let lengths = Split::ALL.map(|split| folder.len(split).expect("ends"));
    assert_eq!(lengths.iter().sum::<u64>(), 120);
    assert!(lengths[0] > 80 && lengths[1] >= 4 && lengths[2] >= 4, "{lengths:?}");
    let mut seen = std::collections::HashSet::new();
    for split in Split::ALL {
        for index in 0..folder.len(split).expect("ends") {
            let example = folder.example(split, index).expect("is there");
            let Rgb([level, number, _]) = *example.image.get_pixel(0, 0);
            assert_eq!((example.image.dimensions(), example.label), ((32, 32), usize::from(level < 100)));
            assert!(seen.insert((level, number)), "a picture is in two splits");
        }
    }
    let again = Folder::open(root.path(), INPUT).expect("opens");
    assert_eq!(folder.example(Split::Train, 7).expect("is there"), again.example(Split::Train, 7).expect("is there"));
    let past = folder.example(Split::Test, 120).expect_err("past the end").to_string();
    assert!(past.contains("test") && past.contains("120"), "{past}");
}

#[test]
fn another_file_moves_nobody_to_another_split() {
    let root = tempfile::tempdir().expect("a folder");
    let split = |name: &str| split_of(root.path(), &root.path().join("a").join(name));
    let before: Vec<_> = (0..50).map(|index| split(&format!("{index}.jpg"))).collect();
    assert!(before.contains(&Split::Train) && before.contains(&Split::Validation) && before.contains(&Split::Test));
    let elsewhere = Path::new("elsewhere");
    assert!((0..50).all(|i| split_of(elsewhere, &elsewhere.join("a").join(format!("{i}.jpg"))) == before[i]));
}

#[test]
fn broken_files_are_named_and_left_out() {
    let root = tempfile::tempdir().expect("a folder");
    let cats = class(root.path(), "cats", 20, 10);
    class(root.path(), "dogs", 20, 240);
    fs::write(cats.join("notes.txt"), "not a picture").expect("writes");
    fs::write(cats.join("empty.png"), "").expect("writes");
    fs::write(cats.join(".hidden"), "of no interest").expect("writes");
    let whole = fs::read(cats.join("003.png")).expect("reads");
    fs::write(cats.join("003.png"), &whole[..whole.len() / 2]).expect("writes");
    fs::create_dir(cats.join("more")).expect("a folder");
    let folder = Folder::open(root.path(), INPUT).expect("opens");
    let names: Vec<_> = folder.skipped().iter().map(|skipped| skipped.path.file_name().expect("a name")).collect();
    assert_eq!(names, ["003.png", "empty.png", "more", "notes.txt"]);
    for skipped in folder.skipped() {
        assert!(skipped.reason.contains(&skipped.path.display().to_string()), "{}", skipped.reason);
    }
    assert_eq!(Split::ALL.map(|split| folder.len(split).expect("ends")).iter().sum::<u64>(), 39);
}

#[test]
fn what_cannot_be_learnt_from_is_refused_in_a_sentence() {
    let root = tempfile::tempdir().expect("a folder");
    let refused = |path: &Path, words: &[&str]| {
        let message = Folder::open(path, INPUT).err().expect("refused").to_string();
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    };
    refused(&root.path().join("none"), &["none", "no such folder"]);
    refused(root.path(), &["0 sub-folders", "two"]);
    class(root.path(), "one", 10, 10);
    refused(root.path(), &["1 sub-folders"]);
    let empty = class(root.path(), "two", 0, 10);
    refused(root.path(), &["two", "no picture"]);
    fs::write(empty.join("a.png"), "text").expect("writes");
    refused(root.path(), &["two", "a.png", "text file"]);
    let grey = Folder::open(root.path(), [1, 32, 32]).err().expect("refused").to_string();
    assert!(grey.contains("3 channels"), "{grey}");
}

#[test]
fn statistics_are_those_of_the_training_pictures() {
    let root = tempfile::tempdir().expect("a folder");
    class(root.path(), "dark", 30, 0);
    class(root.path(), "bright", 30, 255);
    let folder = Folder::open(root.path(), INPUT).expect("opens");
    let train = folder.len(Split::Train).expect("ends");
    let bright = (0..train).filter(|&index| folder.example(Split::Train, index).expect("is there").label == 0).count();
    let share = bright as f32 / train as f32;
    assert!((folder.mean()[0] - share).abs() < 1e-5);
    assert!((folder.std()[0] - (share * (1.0 - share)).sqrt()).abs() < 1e-5);
}

#[test]
fn opening_can_be_cancelled() {
    let root = tempfile::tempdir().expect("a folder");
    class(root.path(), "a", 10, 0);
    class(root.path(), "b", 10, 9);
    let cancelled = Folder::open_watched(root.path(), INPUT, &|done, _| done < 3);
    assert!(matches!(cancelled, Err(LabError::Cancelled)));
}

#[test]
fn folders_of_splits_are_read_as_splits() {
    let root = tempfile::tempdir().expect("a folder");
    for (split, count) in [("train", 6), ("val", 4), ("test", 3)] {
        class(&root.path().join(split), "cat", count, 10);
        class(&root.path().join(split), "dog", count, 240);
    }
    let folder = Folder::open(root.path(), INPUT).expect("opens");
    assert_eq!(folder.classes(), ["cat", "dog"]);
    assert_eq!(Split::ALL.map(|split| folder.len(split).expect("ends")), [12, 8, 6]);
    assert!(folder.notes()[0].contains("train/ is learnt from, val/ is validated on, test/ is tested on"));
    for split in Split::ALL {
        for index in 0..folder.len(split).expect("ends") {
            let example = folder.example(split, index).expect("is there");
            assert_eq!(example.label, usize::from(example.image.get_pixel(0, 0).0[0] > 100));
        }
    }
    // Without a test split the validation pictures are tested on, and that is said.
    fs::remove_dir_all(root.path().join("test")).expect("is there");
    let folder = Folder::open(root.path(), INPUT).expect("opens");
    assert_eq!(Split::ALL.map(|split| folder.len(split).expect("ends")), [12, 8, 8]);
    assert!(folder.notes()[0].contains("there is no test/"), "{:?}", folder.notes());
    // A class that a split lacks is said, one that cannot be learnt is refused.
    fs::remove_dir_all(root.path().join("val/dog")).expect("is there");
    let folder = Folder::open(root.path(), INPUT).expect("opens");
    assert!(
        folder.notes().iter().any(|note| note.contains("validation") && note.contains("dog")),
        "{:?}",
        folder.notes()
    );
    class(&root.path().join("val"), "cow", 2, 90);
    let message = Folder::open(root.path(), INPUT).err().expect("refused").to_string();
    assert!(message.contains("cow") && message.contains("train"), "{message}");
    // Classes may be called as splits are, as long as that is all there is to it.
    let odd = tempfile::tempdir().expect("a folder");
    class(odd.path(), "train", 12, 10);
    class(odd.path(), "plane", 12, 240);
    assert_eq!(Folder::open(odd.path(), INPUT).expect("opens").classes(), ["plane", "train"]);
}

#[test]
fn ppm_and_pgm_are_pictures() {
    let root = tempfile::tempdir().expect("a folder");
    for (name, magic, bytes) in [("colour", "P6", 3), ("grey", "P5", 1)] {
        fs::create_dir(root.path().join(name)).expect("a folder");
        for index in 0..20 {
            let mut file = format!("{magic}\n4 4\n255\n").into_bytes();
            file.extend(std::iter::repeat_n(10 * index as u8, 16 * bytes));
            fs::write(root.path().join(name).join(format!("{index}.pnm")), file).expect("writes");
        }
    }
    let folder = Folder::open(root.path(), INPUT).expect("opens");
    assert_eq!(folder.skipped(), &[]);
    assert_eq!(Split::ALL.map(|split| folder.len(split).expect("ends")).iter().sum::<u64>(), 40);
}
