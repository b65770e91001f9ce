//! `pretrained_cfg`: how timm prepares pictures for a network.
//!
//! timm's `resolve_data_config` is followed: what is left out is 224 pixels, ImageNet's mean and std, bicubic, a crop
//! of 0.875. `test_input_size` and `test_crop_pct` are what timm uses on request only; they are not used here.

use super::ConfigError;
use super::section::Section;
use crate::compute::imaging::{Interpolation, Preprocessing};

/// timm's default share of the resized picture that is cut out.
const CROP_PCT: f64 = 0.875;

/// What timm would do to a picture; none when the section says nothing about pictures.
pub(super) fn preprocessing(
    section: &Section,
    notes: &mut Vec<String>,
) -> Result<Option<Preprocessing>, ConfigError> {
    if !section.has_any(&["input_size", "mean", "std", "crop_pct", "interpolation"]) {
        return Ok(None);
    }
    let wrap = |source| ConfigError::Preprocessing { file: section.file.to_owned(), source };
    let mut preprocessing = Preprocessing::for_input(input_size(section)?.unwrap_or([3, 224, 224]));
    let colour = |key| Ok::<_, ConfigError>(section.colour(key)?.map(|colour| colour.map(|value| value as f32)));
    preprocessing.mean = colour("mean")?.unwrap_or(preprocessing.mean);
    preprocessing.std = colour("std")?.unwrap_or(preprocessing.std);
    preprocessing.interpolation = Interpolation::Bicubic;
    if let Some(name) = section.text("interpolation")? {
        match Interpolation::from_name(&name) {
            Some(interpolation) => preprocessing.interpolation = interpolation,
            // timm draws one at random while training and uses bicubic to evaluate.
            None if name == "random" => {}
            None => notes.push(format!("{} asks for {name} resizing, bicubic is used", section.file)),
        }
    }
    if let Some(mode) = section.text("crop_mode")?.filter(|mode| mode != "center") {
        notes.push(format!("{} asks for a {mode} crop, a centre crop is used", section.file));
    }
    preprocessing.set_crop_share(section.number("crop_pct")?.unwrap_or(CROP_PCT)).map_err(wrap)?;
    preprocessing.check().map_err(wrap)?;
    Ok(Some(preprocessing))
}

/// `[C, H, W]`.
fn input_size(section: &Section) -> Result<Option<[usize; 3]>, ConfigError> {
    let Some(value) = section.get("input_size") else { return Ok(None) };
    let sizes: Option<Vec<usize>> =
        value.as_array().and_then(|sizes| sizes.iter().map(|size| size.as_u64()?.try_into().ok()).collect());
    match sizes.as_deref() {
        Some([channels, height, width]) => Ok(Some([*channels, *height, *width])),
        _ => Err(section.refuse("input_size", value, "three whole numbers: channels, height, width")),
    }
}
