//! `preprocessor_config.json`: how an image processor of Hugging Face's transformers prepares pictures.

use serde_json::Value;

use super::section::Section;
use super::{ConfigError, Preparing};
use crate::compute::imaging::{CropMode, Interpolation, Preprocessing, to_unit};

/// What a value 0..255 is multiplied with where nothing else is said.
const RESCALE: f64 = 1.0 / 255.0;
/// ConvNeXt's processor: its share of the resized picture, and the size from which it squashes instead of cropping.
const CONVNEXT: (f64, usize) = (224.0 / 256.0, 384);
/// A file with one of these is a processor's.
const SIGNS: [&str; 11] = [
    "image_mean",
    "image_std",
    "do_normalize",
    "do_rescale",
    "rescale_factor",
    "do_resize",
    "do_center_crop",
    "crop_size",
    "resample",
    "image_processor_type",
    "feature_extractor_type",
];
const MORE: [&str; 4] = ["size", "crop_pct", "rescale_offset", "include_top"];
/// Those that change nothing here.
const OTHERS: [&str; 17] = [
    "processor_class",
    "_valid_processor_keys",
    "do_convert_rgb",
    "default_to_square",
    "data_format",
    "input_data_format",
    "return_tensors",
    "device",
    "disable_grouping",
    "auto_map",
    "_name_or_path",
    "transformers_version",
    "num_channels",
    "architecture",
    "pretrained_cfg",
    "label_names",
    "id2label",
];

/// A size as the files give it.
enum Size {
    /// The shorter side.
    Shortest(usize),
    /// `[H, W]`.
    Exact([usize; 2]),
}

/// Is the file an image processor's?
pub(super) fn is_one(section: &Section) -> bool {
    section.has_any(&SIGNS)
}

/// What the processor would do to a picture.
pub(super) fn preprocessing(section: &Section, notes: &mut Vec<String>) -> Result<Preparing, ConfigError> {
    let (mut preprocessing, input) = geometry(section, notes)?;
    (preprocessing.mean, preprocessing.std) = values(section, notes)?;
    preprocessing.interpolation = resample(section, notes)?;
    preprocessing.check().map_err(|source| section.cannot(source))?;
    section.name_unknown(&[&SIGNS, &MORE, &OTHERS], notes);
    Ok(Preparing { preprocessing, input })
}

/// Sizes and crop; the second value is the network's input, where it is said.
fn geometry(section: &Section, notes: &mut Vec<String>) -> Result<(Preprocessing, Option<[usize; 3]>), ConfigError> {
    let cropped = match section.flag("do_center_crop")? {
        Some(false) => None,
        _ => size(section, "crop_size", true)?.map(|size| match size {
            Size::Shortest(side) => [side; 2],
            Size::Exact(exact) => exact,
        }),
    };
    let resized = match section.flag("do_resize")? {
        Some(false) => None,
        _ => size(section, "size", is_square(section, cropped))?,
    };
    let share = section.number("crop_pct")?.or_else(|| is_convnext(section).then_some(CONVNEXT.0));
    let prepared = |crop: [usize; 2]| Preprocessing::for_input([3, crop[0], crop[1]]);
    let crop = match (&resized, cropped) {
        (_, Some(crop)) => crop,
        (Some(Size::Shortest(side)), None) => [*side; 2],
        (Some(Size::Exact(exact)), None) => *exact,
        (None, None) => {
            let preprocessing = Preprocessing { crop_mode: CropMode::None, ..prepared([224; 2]) };
            return Ok((preprocessing, None));
        }
    };
    let input = Some([3, crop[0], crop[1]]);
    let mut preprocessing = prepared(crop);
    let (side, mode) = match (resized, share) {
        (None, _) => (preprocessing.resize, CropMode::None),
        (Some(Size::Shortest(side)), Some(_)) if cropped.is_none() && side >= CONVNEXT.1 => (side, CropMode::Squash),
        (Some(size), Some(share)) => {
            let side = match size {
                Size::Shortest(side) => side,
                Size::Exact([height, width]) => height.max(width),
            };
            let mut over = prepared([side; 2]);
            over.set_crop_share(share).map_err(|source| section.cannot(source))?;
            (over.resize, CropMode::Center)
        }
        (Some(Size::Shortest(side)), None) => {
            if cropped.is_none() {
                notes.push(format!("{}: no crop is given, the middle {side}×{side} is used", section.file));
            }
            (side, CropMode::Center)
        }
        (Some(Size::Exact([height, width])), None) => {
            if height * crop[1] != width * crop[0] {
                notes.push(format!(
                    "{}: size {height}×{width} has not the crop's form; the picture is squashed to the crop's",
                    section.file
                ));
            }
            (height.max(width), CropMode::Squash)
        }
    };
    (preprocessing.resize, preprocessing.crop_mode) = (side, mode);
    Ok((preprocessing, input))
}

/// Does one number for a size mean a square? Where a share or a crop follows, it is the shorter side.
fn is_square(section: &Section, cropped: Option<[usize; 2]>) -> bool {
    cropped.is_none() && section.get("crop_pct").is_none() && !is_convnext(section)
}

fn is_convnext(section: &Section) -> bool {
    kind(section).starts_with("ConvNext")
}

/// The processor's class.
fn kind<'a>(section: &Section<'a>) -> &'a str {
    let named = |key| section.get(key).and_then(Value::as_str);
    named("image_processor_type").or_else(|| named("feature_extractor_type")).unwrap_or_default()
}

/// `224`, `[224, 224]`, `{"height": 224, "width": 224}` or `{"shortest_edge": 224}`.
fn size(section: &Section, key: &'static str, is_square: bool) -> Result<Option<Size>, ConfigError> {
    let Some(value) = section.get(key) else { return Ok(None) };
    let number = |value: &Value| value.as_u64().and_then(|side| usize::try_from(side).ok()).filter(|side| *side > 0);
    let found = match value {
        Value::Object(fields) => {
            let side = |key: &str| fields.get(key).and_then(number);
            match (side("height"), side("width"), side("shortest_edge")) {
                (Some(height), Some(width), _) => Some(Size::Exact([height, width])),
                (_, _, Some(side)) => Some(Size::Shortest(side)),
                _ => None,
            }
        }
        Value::Array(sides) => match sides.iter().map(number).collect::<Option<Vec<_>>>().as_deref() {
            Some([height, width]) => Some(Size::Exact([*height, *width])),
            _ => None,
        },
        value => number(value).map(|side| if is_square { Size::Exact([side; 2]) } else { Size::Shortest(side) }),
    };
    let wanted = "a size above 0: 224, {\"height\": 224, \"width\": 224} or {\"shortest_edge\": 224}";
    found.map(Some).ok_or_else(|| section.refuse(key, value, wanted))
}

/// Mean and deviation on a 0..1 scale, rescaling and everything else of values among them.
fn values(section: &Section, notes: &mut Vec<String>) -> Result<([f32; 3], [f32; 3]), ConfigError> {
    let imagenet = Preprocessing::for_input([3, 224, 224]);
    let (mut mean, mut std) = (section.colour("image_mean")?, section.colour("image_std")?);
    let normalises = section.flag("do_normalize")?.unwrap_or(true);
    if normalises && (mean.is_none() || std.is_none()) {
        notes.push(format!("{}: image_mean or image_std is not given, ImageNet's is assumed", section.file));
    }
    let factor = match section.flag("do_rescale")? {
        Some(false) => 1.0,
        _ => section.number("rescale_factor")?.unwrap_or(RESCALE),
    };
    let offset = if section.flag("rescale_offset")?.unwrap_or(false) { -1.0 } else { 0.0 };
    let is_usual = (factor / RESCALE - 1.0).abs() < 1e-6 && offset == 0.0;
    if normalises && is_usual && to_unit(&mut mean, &mut std).map_err(|source| section.cannot(source))? {
        notes.push(section.scaled("image_mean and image_std"));
    }
    let wide = |colour: [f32; 3]| colour.map(f64::from);
    let own = std;
    let (mut mean, mut std) = match normalises {
        true => (mean.unwrap_or_else(|| wide(imagenet.mean)), std.unwrap_or_else(|| wide(imagenet.std))),
        false => ([0.0; 3], [1.0; 3]),
    };
    if kind(section).starts_with("EfficientNet") && section.flag("include_top")?.unwrap_or(false) {
        let again = own.unwrap_or([1.0; 3]);
        std = std::array::from_fn(|channel| std[channel] * again[channel]);
        notes.push(format!("{}: include_top divides by image_std a second time, std is its square", section.file));
    }
    if !is_usual {
        let scale = 255.0 * factor;
        mean = mean.map(|value| (value - offset) / scale);
        std = std.map(|value| value / scale);
        notes.push(format!(
            "{}: values are not brought to 0..1 there (do_rescale, rescale_factor); mean and std are given for 0..1 here",
            section.file
        ));
    }
    Ok((mean.map(|value| value as f32), std.map(|value| value as f32)))
}

/// A filter by Pillow's number or name.
fn resample(section: &Section, notes: &mut Vec<String>) -> Result<Interpolation, ConfigError> {
    let Some(value) = section.get("resample") else { return Ok(Interpolation::Bilinear) };
    let found = match value {
        Value::String(name) => Interpolation::from_name(name.rsplit('.').next().unwrap_or(name)),
        Value::Number(number) => number.as_u64().and_then(Interpolation::from_pillow),
        _ => return Err(section.refuse("resample", value, "one of Pillow's filters: 0 to 5, or a name like bicubic")),
    };
    if found.is_none() {
        notes.push(format!("{} asks for resample {value}, which is not known: bilinear is used", section.file));
    }
    Ok(found.unwrap_or(Interpolation::Bilinear))
}
