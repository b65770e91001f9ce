//! From a picture to the network's input, as torchvision does: resize, centre crop, normalise.
//!
//! Sizes and offsets follow `torchvision.transforms` (`Resize(shorter side)`, `CenterCrop`), the filters are Pillow's
//! own, with antialias. Only the pixels inside the crop are ever resampled, so an elongated picture costs no
//! more memory than a square one.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use image::{Rgb, RgbImage};

use super::{CropMode, ImagingError, Interpolation, Picture};

/// The longest side of a crop, in pixels.
pub const MAX_CROP_SIDE: usize = 4096;
/// The longest shorter side that a picture is resized to, in pixels.
pub const MAX_RESIZE: usize = 16_384;

/// Below this side networks (CIFAR, MNIST) are given the whole picture, without a margin to crop.
const SMALL_INPUT: usize = 96;
const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// How a picture becomes a network's input.
#[derive(Clone, Debug, PartialEq)]
pub struct Preprocessing {
    /// The longer side of the box that the crop is cut from, in pixels; the shorter side after resizing where
    /// [`Preprocessing::crop_mode`] is [`CropMode::Center`].
    pub resize: usize,
    /// How a picture comes to that size.
    pub crop_mode: CropMode,
    /// `[H, W]` cut out of the middle; what lies outside the picture is black, or the mean ([`CropMode::Border`]).
    pub crop: [usize; 2],
    /// 3 (RGB) or 1 (grey: ITU-R 601 luma, as Pillow's `convert("L")`).
    pub channels: usize,
    /// How it is resized.
    pub interpolation: Interpolation,
    /// Subtracted from each channel, on a 0..1 scale; grey uses the first.
    pub mean: [f32; 3],
    /// Divides each channel after that; grey uses the first.
    pub std: [f32; 3],
}

/// A picture as a network takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// `[C, H, W]`, normalised.
    pub tensor: Vec<f32>,
    /// The same pixels before normalisation: what the network sees.
    pub crop: RgbImage,
    /// Where the crop lies in the original picture.
    pub window: Window,
}

/// A rectangle in the pixels of the original picture; it reaches outside where the crop was padded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Pixels across.
    pub width: f32,
    /// Pixels down.
    pub height: f32,
}

impl Preprocessing {
    /// Adds it to a hash, by the bits of its numbers.
    pub(in crate::compute) fn digest(&self, to: &mut impl Hasher) {
        let Self { resize, crop_mode, crop, channels, interpolation, mean, std } = self;
        (resize, crop_mode.as_str(), crop, channels, interpolation.as_str()).hash(to);
        mean.iter().chain(std).for_each(|value| to.write_u32(value.to_bits()));
    }

    /// torchvision's evaluation transform for an input `[C, H, W]`: 224 is cut out of 256, 299 out of 342.
    ///
    /// Inputs under 96 pixels are resized without a margin. One channel uses the average of the ImageNet values.
    #[must_use]
    pub fn for_input([channels, height, width]: [usize; 3]) -> Self {
        let side = height.max(width);
        let resize = if side < SMALL_INPUT { side } else { (side.saturating_mul(256).saturating_add(112)) / 224 };
        let average = |values: [f32; 3]| [values.iter().sum::<f32>() / 3.0; 3];
        let (mean, std) = match channels {
            1 => (average(IMAGENET_MEAN), average(IMAGENET_STD)),
            _ => (IMAGENET_MEAN, IMAGENET_STD),
        };
        let (interpolation, crop_mode) = (Interpolation::default(), CropMode::default());
        Self { resize, crop_mode, crop: [height, width], channels, interpolation, mean, std }
    }

    /// The same for another input `[C, H, W]`: the crop becomes that input, the margin around it keeps its share.
    #[must_use]
    pub fn fitted(&self, [channels, height, width]: [usize; 3]) -> Self {
        let longer = |crop: [usize; 2]| crop[0].max(crop[1]).max(1);
        let (from, to) = (longer(self.crop), longer([height, width]));
        let resize = match from == to {
            true => self.resize,
            false => ((self.resize as f64 * to as f64 / from as f64).round() as usize).clamp(1, MAX_RESIZE),
        };
        Self { resize, crop: [height, width], channels, ..self.clone() }
    }

    /// Sets the resized side as timm does from `crop_pct`, the crop's share of it: rounded down.
    ///
    /// # Errors
    /// A share that is not above 0 and up to 1, or leads past [`MAX_RESIZE`].
    pub fn set_crop_share(&mut self, share: f64) -> Result<(), ImagingError> {
        let side = self.crop[0].max(self.crop[1]);
        let resize = (side as f64 / share).floor();
        if !(share > 0.0 && share <= 1.0 && resize <= MAX_RESIZE as f64) {
            return Err(ImagingError::CropShare { share, side });
        }
        self.resize = resize as usize;
        Ok(())
    }

    /// Resizes, crops and normalises.
    ///
    /// # Errors
    /// Settings that are out of range, other than 1 or 3 channels, or a picture without pixels.
    pub fn prepare(&self, picture: &Picture) -> Result<Prepared, ImagingError> {
        self.check()?;
        let (width, height) = picture.pixels.dimensions();
        if width == 0 || height == 0 {
            let name = picture.name.clone();
            return Err(ImagingError::NoPixels { name, width: width.into(), height: height.into() });
        }
        let [resized_h, resized_w] = self.resized([height as usize, width as usize]);
        let x = Axis::new(width as usize, resized_w, self.crop[1]);
        let y = Axis::new(height as usize, resized_h, self.crop[0]);
        let mut crop = resample(picture, &x, &y, self.interpolation, self.ground())?;
        if self.channels == 1 {
            crop.pixels_mut().for_each(|pixel| *pixel = Rgb([luma(*pixel); 3]));
        }
        let (left, across) = x.window();
        let (top, down) = y.window();
        let window = Window { x: left, y: top, width: across, height: down };
        Ok(Prepared { tensor: self.normalise(&crop), crop, window })
    }

    /// Are the numbers such that a picture can be prepared with them?
    ///
    /// # Errors
    /// The first that is out of range.
    pub fn check(&self) -> Result<(), ImagingError> {
        let [height, width] = self.crop;
        if !matches!(self.channels, 1 | 3) {
            return Err(ImagingError::Channels { channels: self.channels });
        }
        if !(1..=MAX_CROP_SIDE).contains(&height) || !(1..=MAX_CROP_SIDE).contains(&width) {
            return Err(ImagingError::Crop { height, width });
        }
        if !(1..=MAX_RESIZE).contains(&self.resize) {
            return Err(ImagingError::Resize { resize: self.resize });
        }
        for channel in 0..self.channels {
            let (mean, std) = (self.mean[channel], self.std[channel]);
            if !mean.is_finite() || !std.is_finite() || std <= 0.0 {
                return Err(ImagingError::Normalisation { channel, mean, std });
            }
        }
        Ok(())
    }

    /// `[H, W]` of a picture of `[H, W]` after resizing.
    #[must_use]
    pub fn resized(&self, source: [usize; 2]) -> [usize; 2] {
        self.crop_mode.resized(self.resize, self.crop, source)
    }

    /// What is done, in words: `shorter side to 256, centre crop 224×224, bilinear`.
    #[must_use]
    pub fn words(&self) -> String {
        let resize = self.crop_mode.words(self.resize, self.crop);
        let filter = match self.crop_mode {
            CropMode::None => String::new(),
            _ => format!(", {}", self.interpolation.as_str()),
        };
        let [height, width] = self.crop;
        format!("{resize}, centre crop {width}×{height}{filter}")
    }

    /// What is done to the values, in words: `values over 255, minus mean 0.485, 0.456, 0.406, over std 0.5`.
    #[must_use]
    pub fn words_of_values(&self) -> String {
        let channels = |values: &[f32; 3]| match values[..self.channels.min(3)] {
            [first, ref others @ ..] if others.iter().any(|other| other.to_bits() != first.to_bits()) => {
                values.map(|value| value.to_string()).join(", ")
            }
            _ => values[0].to_string(),
        };
        let grey = if self.channels == 1 { "grey (ITU-R 601), " } else { "" };
        format!("{grey}values over 255, minus mean {}, over std {}", channels(&self.mean), channels(&self.std))
    }

    /// What lies outside the picture: black, or timm's fill of a border, the mean.
    fn ground(&self) -> Rgb<u8> {
        match self.crop_mode {
            CropMode::Border => Rgb(self.mean.map(|mean| (255.0 * mean).round_ties_even().clamp(0.0, 255.0) as u8)),
            _ => Rgb([0; 3]),
        }
    }

    fn normalise(&self, crop: &RgbImage) -> Vec<f32> {
        let plane = |channel: usize| {
            let (mean, std) = (self.mean[channel], self.std[channel]);
            crop.pixels().map(move |pixel| (f32::from(pixel.0[channel]) / 255.0 - mean) / std)
        };
        (0..self.channels).flat_map(plane).collect()
    }
}

/// One direction: how many pixels there were, how many there are, and which of those the crop takes.
struct Axis {
    source: usize,
    resized: usize,
    crop: usize,
    /// The crop's first pixel among the resized ones; negative where it is padded.
    start: i64,
}

impl Axis {
    /// `CenterCrop`: Python's `round` (half to even) when cutting, floor division when padding.
    fn new(source: usize, resized: usize, crop: usize) -> Self {
        let start = if crop > resized {
            -(((crop - resized) / 2) as i64)
        } else {
            ((resized - crop) as f64 / 2.0).round_ties_even() as i64
        };
        Self { source, resized, crop, start }
    }

    /// Original pixels per resized pixel.
    fn scale(&self) -> f64 {
        self.source as f64 / self.resized as f64
    }

    /// First and number of the resized pixels that the crop shows; never none, since a crop is centred.
    fn visible(&self) -> (usize, usize) {
        (self.start.max(0) as usize, self.crop.min(self.resized))
    }

    /// The visible part in original pixels: `(first, length)`.
    fn source_box(&self) -> (f64, f64) {
        let (first, count) = self.visible();
        let left = first as f64 * self.scale();
        // Multiplying and dividing may step over the edge by one rounding error.
        (left, (count as f64 * self.scale()).min(self.source as f64 - left))
    }

    /// The original pixels that the filter can reach from the visible part.
    fn source_pixels(&self, interpolation: Interpolation) -> Range<usize> {
        let (first, length) = self.source_box();
        let reach = interpolation.reach() * self.scale().max(1.0);
        // One more on each side is cheap and keeps rounding out of the question.
        let start = (first - reach).floor() as usize;
        start.saturating_sub(1)..((first + length + reach).ceil() as usize + 1).min(self.source)
    }

    /// The whole crop in original pixels, padding included: `(first, length)`.
    fn window(&self) -> (f32, f32) {
        ((self.start as f64 * self.scale()) as f32, (self.crop as f64 * self.scale()) as f32)
    }

    /// Pixels of the ground before the first visible one.
    fn padding(&self) -> i64 {
        (-self.start).max(0)
    }
}

/// Resamples the part of the picture that the crop shows and places it on the ground.
///
/// Rows first, then columns, each rounded to 8 bits, as Pillow does; the library on its own starts with the columns,
/// which changes every fifth value by 1/255.
fn resample(
    picture: &Picture,
    x: &Axis,
    y: &Axis,
    interpolation: Interpolation,
    ground: Rgb<u8>,
) -> Result<RgbImage, ImagingError> {
    let failed = |reason: String| ImagingError::Resample { name: picture.name.clone(), reason };
    let (width, height) = picture.pixels.dimensions();
    let source = ImageRef::new(width, height, picture.pixels.as_raw(), PixelType::U8x3)
        .map_err(|error| failed(error.to_string()))?;
    let (across, down) = (x.visible().1 as u32, y.visible().1 as u32);
    let ((left, box_width), (top, box_height)) = (x.source_box(), y.source_box());
    let rows = y.source_pixels(interpolation);
    let mut wide = Image::new(across, rows.len() as u32, PixelType::U8x3);
    let mut target = Image::new(across, down, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(interpolation.algorithm()).use_alpha(false);
    let horizontal = options.crop(left, rows.start as f64, box_width, rows.len() as f64);
    let vertical = options.crop(0.0, top - rows.start as f64, f64::from(across), box_height);
    let mut resizer = Resizer::new();
    resizer.resize(&source, &mut wide, &horizontal).map_err(|error| failed(error.to_string()))?;
    resizer.resize(&wide, &mut target, &vertical).map_err(|error| failed(error.to_string()))?;
    let visible = RgbImage::from_raw(across, down, target.into_vec())
        .ok_or_else(|| failed("the result has the wrong length".to_owned()))?;
    if x.crop <= x.resized && y.crop <= y.resized {
        return Ok(visible);
    }
    let mut crop = RgbImage::from_pixel(x.crop as u32, y.crop as u32, ground);
    image::imageops::replace(&mut crop, &visible, x.padding(), y.padding());
    Ok(crop)
}

/// ITU-R 601 luma in Pillow's fixed-point form (`L24` in its `Convert.c`).
fn luma(Rgb([r, g, b]): Rgb<u8>) -> u8 {
    ((u32::from(r) * 19_595 + u32::from(g) * 38_470 + u32::from(b) * 7_471 + 0x8000) >> 16) as u8
}
