//! A decoded picture, and what was done to it on the way.

use image::RgbImage;

/// A decoded picture: upright, 8-bit sRGB, without alpha.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The file's name without its folder, or what the source called it.
    pub name: String,
    /// The pixels; at least 1×1.
    pub pixels: RgbImage,
    /// What of the file is not in the pixels as it was.
    pub changes: Vec<Change>,
}

/// Something that decoding did which the pixels do not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The first picture of several was taken: an animation's frame, a TIFF's page.
    FirstFrame,
    /// It was turned or mirrored as its EXIF orientation says.
    Oriented,
    /// Some pixels were not opaque: alpha was dropped, not composited, as Pillow's `convert("RGB")` does.
    TransparencyDropped,
    /// 16 bits or more a channel became 8.
    Depth,
}

impl Picture {
    /// A picture as it is.
    #[must_use]
    pub fn new(name: impl Into<String>, pixels: RgbImage) -> Self {
        Self { name: name.into(), pixels, changes: Vec::new() }
    }

    /// Was this done to it?
    #[must_use]
    pub fn has(&self, change: Change) -> bool {
        self.changes.contains(&change)
    }
}

impl Change {
    /// What was done, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::FirstFrame => "only the first frame or page of several is used",
            Self::Oriented => "turned as its EXIF orientation says",
            Self::TransparencyDropped => "transparency was dropped, colours under it are used as they are",
            Self::Depth => "more than 8 bits a channel became 8",
        }
    }
}
