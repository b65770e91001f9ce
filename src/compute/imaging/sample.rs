//! The pictures that come with the program; `assets/samples/README.md` credits them.

use std::sync::LazyLock;

use image::RgbImage;

use super::{Picture, decode};

/// A picture built into the program.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Its file name, e.g. `cat.png`.
    pub name: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// Who made it, and its licence.
    pub credit: &'static str,
    /// The file's content.
    pub bytes: &'static [u8],
}

static SAMPLES: [Sample; 3] = [
    Sample {
        name: "cat.png",
        title: "Cat",
        credit: "Chelsea, by Stefan van der Walt, CC0",
        bytes: include_bytes!("../../../assets/samples/cat.png"),
    },
    Sample {
        name: "coffee.png",
        title: "Coffee",
        credit: "by Rachel Michetti, CC0",
        bytes: include_bytes!("../../../assets/samples/coffee.png"),
    },
    Sample {
        name: "astronaut.png",
        title: "Astronaut",
        credit: "NASA, public domain",
        bytes: include_bytes!("../../../assets/samples/astronaut.png"),
    },
];

/// The built-in pictures, the default one first.
#[must_use]
pub fn samples() -> &'static [Sample] {
    &SAMPLES
}

/// The cat, decoded.
#[must_use]
pub fn sample_picture() -> Picture {
    static CAT: LazyLock<Picture> = LazyLock::new(|| SAMPLES[0].picture());
    CAT.clone()
}

impl Sample {
    /// The decoded picture.
    #[must_use]
    pub fn picture(&self) -> Picture {
        // A test decodes every sample; a black pixel is a kinder answer than a crash if one is ever replaced badly.
        decode(self.name, self.bytes).unwrap_or_else(|_| Picture::new(self.name.to_owned(), RgbImage::new(1, 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_decodes() {
        for sample in samples() {
            let picture = decode(sample.name, sample.bytes).expect(sample.name);
            assert!(picture.pixels.width() >= 224 && picture.pixels.height() >= 224, "{}", sample.name);
        }
        assert_eq!(sample_picture().pixels.dimensions(), (451, 300));
    }
}
