//! `pretrained_cfg`: how timm prepares pictures for a network.
//!
//! timm's `resolve_data_config` is followed: what is left out is 224 pixels, ImageNet's mean and std, bicubic, a crop
//! of 0.875. `test_input_size` and `test_crop_pct` are what timm uses on request only; they are not used here.

use super::section::Section;
use super::{ConfigError, Preparing};
use crate::compute::imaging::{CropMode, Interpolation, Preprocessing, to_unit};

/// timm's default share of the resized picture that is cut out.
const CROP_PCT: f64 = 0.875;
/// The fields that say how pictures are prepared.
const PICTURES: [&str; 6] = ["input_size", "mean", "std", "crop_pct", "interpolation", "crop_mode"];
/// Those of timm's `PretrainedCfg` that change nothing here.
const OTHERS: [&str; 34] = [
    "url",
    "file",
    "state_dict",
    "hf_hub_id",
    "hf_hub_filename",
    "source",
    "architecture",
    "tag",
    "custom_load",
    "test_input_size",
    "min_input_size",
    "fixed_input_size",
    "test_crop_pct",
    "num_classes",
    "label_names",
    "label_descriptions",
    "pool_size",
    "test_pool_size",
    "first_conv",
    "classifier",
    "license",
    "description",
    "origin_url",
    "paper_name",
    "paper_ids",
    "notes",
    // What stands beside `pretrained_cfg`, in files that have its fields at the top.
    "num_features",
    "global_pool",
    "model_args",
    "architectures",
    "model_type",
    "id2label",
    "label2id",
    "torch_dtype",
];

/// What timm would do to a picture; none when the section says nothing about pictures.
pub(super) fn preprocessing(section: &Section, notes: &mut Vec<String>) -> Result<Option<Preparing>, ConfigError> {
    if !section.has_any(&PICTURES) {
        return Ok(None);
    }
    let input = input_size(section)?;
    let mut preprocessing = Preprocessing::for_input(input.unwrap_or([3, 224, 224]));
    let (mut mean, mut std) = (section.colour("mean")?, section.colour("std")?);
    if to_unit(&mut mean, &mut std).map_err(|source| section.cannot(source))? {
        notes.push(section.scaled("mean and std"));
    }
    let single = |colour: [f64; 3]| colour.map(|value| value as f32);
    preprocessing.mean = mean.map_or(preprocessing.mean, single);
    preprocessing.std = std.map_or(preprocessing.std, single);
    preprocessing.interpolation = interpolation(section, notes)?;
    preprocessing.crop_mode = crop_mode(section, preprocessing.crop, notes)?;
    let share = section.number("crop_pct")?.unwrap_or(CROP_PCT);
    preprocessing.set_crop_share(share).map_err(|source| section.cannot(source))?;
    preprocessing.check().map_err(|source| section.cannot(source))?;
    section.name_unknown(&[&PICTURES, &OTHERS], notes);
    Ok(Some(Preparing { preprocessing, input }))
}

fn interpolation(section: &Section, notes: &mut Vec<String>) -> Result<Interpolation, ConfigError> {
    let Some(name) = section.text("interpolation")? else { return Ok(Interpolation::Bicubic) };
    let found = Interpolation::from_name(&name);
    // timm draws one at random while training and uses bicubic to evaluate.
    if found.is_none() && name != "random" {
        notes.push(format!("{} asks for {name} resizing, which is not known: bicubic is used", section.file));
    }
    Ok(found.unwrap_or(Interpolation::Bicubic))
}

/// What timm calls `center` covers the box where that is no square.
fn crop_mode(section: &Section, [height, width]: [usize; 2], notes: &mut Vec<String>) -> Result<CropMode, ConfigError> {
    let centre = if height == width { CropMode::Center } else { CropMode::Cover };
    let Some(name) = section.text("crop_mode")? else { return Ok(centre) };
    let found = CropMode::from_name(&name).filter(|mode| *mode != CropMode::None);
    if found.is_none() {
        notes.push(format!("{} asks for a {name} crop, which is not known: a centre crop is used", section.file));
    }
    Ok(found.filter(|mode| *mode != CropMode::Center).unwrap_or(centre))
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
