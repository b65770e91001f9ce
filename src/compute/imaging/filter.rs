//! How a resized pixel is made from those around it.

use fast_image_resize::{FilterType, ResizeAlg};

/// Pillow's filters. All but nearest widen when shrinking, as Pillow's do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Interpolation {
    /// A triangle: torchvision's default.
    #[default]
    Bilinear,
    /// Cubic convolution with a = -0.5: timm's default, Pillow's `BICUBIC`.
    Bicubic,
    /// A windowed sine over three pixels to each side.
    Lanczos,
    /// The mean of the pixels that a resized one covers.
    Box,
    /// A cosine window: bilinear's cost, sharper.
    Hamming,
    /// The nearest pixel alone.
    Nearest,
}

impl Interpolation {
    /// Every filter.
    pub const ALL: [Self; 6] = [Self::Bilinear, Self::Bicubic, Self::Lanczos, Self::Box, Self::Hamming, Self::Nearest];

    /// The name that timm, torchvision and Pillow use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bilinear => "bilinear",
            Self::Bicubic => "bicubic",
            Self::Lanczos => "lanczos",
            Self::Box => "box",
            Self::Hamming => "hamming",
            Self::Nearest => "nearest",
        }
    }

    /// The filter of that name, if it is one; upper and lower case alike.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.as_str().eq_ignore_ascii_case(name))
    }

    /// The filter of Pillow's number: `resample` in Hugging Face's files.
    #[must_use]
    pub fn from_pillow(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Nearest,
            1 => Self::Lanczos,
            2 => Self::Bilinear,
            3 => Self::Bicubic,
            4 => Self::Box,
            5 => Self::Hamming,
            _ => return None,
        })
    }

    pub(super) fn algorithm(self) -> ResizeAlg {
        ResizeAlg::Convolution(match self {
            Self::Bilinear => FilterType::Bilinear,
            // The library's Catmull-Rom is the cubic convolution with a = -0.5.
            Self::Bicubic => FilterType::CatmullRom,
            Self::Lanczos => FilterType::Lanczos3,
            Self::Box => FilterType::Box,
            Self::Hamming => FilterType::Hamming,
            Self::Nearest => return ResizeAlg::Nearest,
        })
    }

    /// How many original pixels a resized one reaches to each side, at scale 1.
    pub(super) fn reach(self) -> f64 {
        match self {
            Self::Bilinear | Self::Hamming | Self::Box | Self::Nearest => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }
}
