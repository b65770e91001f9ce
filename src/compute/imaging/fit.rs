//! What a picture is resized to before the crop.

/// timm's crop modes, and a picture left at its size. The side they speak of is that of the box the crop is cut from:
/// the crop's form, its longer side given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CropMode {
    /// The shorter side gets the box's longer one, the form is kept: torchvision's `Resize`.
    #[default]
    Center,
    /// The picture covers the box, the form is kept: what timm does for inputs that are no squares.
    Cover,
    /// The picture becomes the box: nothing is cut at a share of 1, its form is lost.
    Squash,
    /// The picture fits into the box, the form is kept; the border has the mean's colour.
    Border,
    /// The picture keeps its size.
    None,
}

impl CropMode {
    /// Every mode.
    pub const ALL: [Self; 5] = [Self::Center, Self::Cover, Self::Squash, Self::Border, Self::None];

    /// timm's name where it has one.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Center => "center",
            Self::Cover => "cover",
            Self::Squash => "squash",
            Self::Border => "border",
            Self::None => "none",
        }
    }

    /// The mode of that name, if it is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }

    /// `[H, W]` of a picture of `source` after resizing, for a crop and the longer side of the box it is cut from.
    pub(super) fn resized(self, side: usize, crop: [usize; 2], source: [usize; 2]) -> [usize; 2] {
        let target = boxed(side, crop);
        let ratios = [source[0] as f64 / target[0] as f64, source[1] as f64 / target[1] as f64];
        // Python's `round`, half to even.
        let over = |ratio: f64| source.map(|length| ((length as f64 / ratio).round_ties_even() as usize).max(1));
        match self {
            Self::Center => shorter_to(side, source),
            Self::Cover => over(ratios[0].min(ratios[1])),
            Self::Squash => target,
            Self::Border => over(ratios[0].max(ratios[1])),
            Self::None => source,
        }
    }

    /// `shorter side to 256`.
    pub(super) fn words(self, side: usize, crop: [usize; 2]) -> String {
        let [height, width] = boxed(side, crop);
        match self {
            Self::Center => format!("shorter side to {side}"),
            Self::Cover => format!("resized to cover {width}×{height}"),
            Self::Squash => format!("squashed to {width}×{height}"),
            Self::Border => format!("fitted into {width}×{height} with a border of the mean"),
            Self::None => "not resized".to_owned(),
        }
    }
}

/// `[H, W]` of the crop's form with this longer side.
fn boxed(side: usize, crop: [usize; 2]) -> [usize; 2] {
    let longer = crop[0].max(crop[1]).max(1);
    crop.map(|length| if length == longer { side } else { (side * length / longer).max(1) })
}

/// The longer side is truncated, not rounded, as in torchvision.
fn shorter_to(side: usize, [height, width]: [usize; 2]) -> [usize; 2] {
    let longer = side * height.max(width) / height.min(width);
    if height <= width { [side, longer] } else { [longer, side] }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of timm 1.0's `ResizeKeepRatio` and torchvision's `Resize`.
    #[test]
    fn sizes_are_timms_and_torchvisions() {
        let resized = |mode: CropMode, side, crop| mode.resized(side, crop, [300, 451]);
        assert_eq!(resized(CropMode::Center, 256, [224, 224]), [256, 384]);
        assert_eq!(resized(CropMode::Border, 256, [224, 224]), [170, 256]);
        assert_eq!(resized(CropMode::Squash, 256, [224, 224]), [256, 256]);
        assert_eq!(resized(CropMode::Cover, 256, [256, 128]), [256, 385]);
        assert_eq!(resized(CropMode::None, 256, [224, 224]), [300, 451]);
        assert_eq!(CropMode::Border.resized(8, [8, 8], [1, 5000]), [1, 8], "nothing vanishes");
    }
}
