//! A few test pictures of the generated data, to look at and to choose from like the photos.

use std::sync::LazyLock;

use super::Objects;
use crate::compute::imaging::Picture;

/// Which test pictures: ten in a row are one of each class.
const INDICES: [u64; 5] = [12, 10, 13, 15, 18];
/// What their names begin with.
const PREFIX: &str = "objects-test-";

/// A generated picture that no bundled network has learnt from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectSample {
    /// Its name in projects: `objects-test-12`.
    pub name: String,
    /// What it shows: `Star on clutter`.
    pub title: String,
}

static SAMPLES: LazyLock<Vec<ObjectSample>> = LazyLock::new(|| {
    let objects = Objects::new(0);
    let sample = |index: &u64| {
        let class = objects.class_of_test(*index);
        let mut title = format!("{class} on clutter");
        title[..1].make_ascii_uppercase();
        ObjectSample { name: format!("{PREFIX}{index}"), title }
    };
    INDICES.iter().map(sample).collect()
});

/// The samples, the one that first start shows in front.
#[must_use]
pub fn object_samples() -> &'static [ObjectSample] {
    &SAMPLES
}

/// The picture of this name: any `objects-test-NUMBER`.
#[must_use]
pub fn object_sample(name: &str) -> Option<Picture> {
    let index = name.strip_prefix(PREFIX)?.parse().ok()?;
    Some(Objects::new(0).picture(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_test_pictures_of_the_class_they_name() {
        let classes: std::collections::BTreeSet<&str> =
            object_samples().iter().map(|sample| sample.title.as_str()).collect();
        assert_eq!(classes.len(), INDICES.len(), "one of each class");
        for sample in object_samples() {
            let picture = object_sample(&sample.name).expect("a picture");
            let class = sample.title.split(' ').next().expect("a word").to_lowercase();
            assert!(picture.name.ends_with(&format!("({class})")), "{} is {}", sample.name, picture.name);
            assert_eq!(picture.pixels.dimensions(), (64, 64));
        }
        assert!(object_sample("cat.png").is_none() && object_sample("objects-test-x").is_none());
    }
}
