//! How pictures are prepared and what classes are called: from flags, a configuration file, or the network alone.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use crate::cli::error::CliError;
use crate::cli::source::{self, Source};
use crate::cli::spec;
use crate::compute::config::ModelConfig;
use crate::compute::imaging::{Interpolation, MAX_RESIZE, Preprocessing};
use crate::compute::labels::Labels;
use crate::network::NetworkSpec;
use crate::network::zoo::{self, MAX_INPUT};

/// Flags about pictures and classes; each goes before what the configuration says.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// timm's or Hugging Face's config.json: preprocessing and labels [default: the one that came with hf: weights]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Class names: a text file with one a line, a JSON list, or {"0": "name"} [default: ImageNet's for 1000 classes]
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// The picture's shorter side before cropping [default: the crop and an eighth more]
    #[arg(long, value_name = "N", conflicts_with = "crop_pct")]
    resize: Option<usize>,
    /// The same as a share: the crop over the shorter side, as timm's crop_pct
    #[arg(long, value_name = "SHARE")]
    crop_pct: Option<f64>,
    /// Side of the square the network sees [default: the network's input]
    #[arg(long, value_name = "N")]
    crop: Option<usize>,
    /// How the picture is resized [default: bilinear, as torchvision]
    #[arg(long, value_enum, value_name = "FILTER")]
    interpolation: Option<Filter>,
    /// Subtracted from each channel, 0..1: one number or three [default: ImageNet's 0.485,0.456,0.406]
    #[arg(long, value_name = "R,G,B", allow_hyphen_values = true)]
    mean: Option<Colour>,
    /// Divides each channel after that: one number or three [default: ImageNet's 0.229,0.224,0.225]
    #[arg(long, value_name = "R,G,B")]
    std: Option<Colour>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Filter {
    Bilinear,
    Bicubic,
}

/// `0.5` or `0.485,0.456,0.406`.
#[derive(Clone, Copy, Debug)]
struct Colour([f32; 3]);

impl FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Option<Vec<f32>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
        match numbers.as_deref() {
            Some([one]) => Ok(Self([*one; 3])),
            Some([r, g, b]) => Ok(Self([*r, *g, *b])),
            _ => Err("give one number or three, like 0.485,0.456,0.406".to_owned()),
        }
    }
}

/// The configuration that counts: the one named, else the one that came with the checkpoint, else what a checkpoint
/// that was trained here says itself.
pub(super) fn config(args: &Args, checkpoint: Option<&Source>) -> Result<ModelConfig, CliError> {
    let path = args.config.as_ref().or(checkpoint.and_then(|checkpoint| checkpoint.config.as_ref()));
    let Some(path) = path else {
        return Ok(checkpoint.and_then(|checkpoint| ModelConfig::within(&checkpoint.path)).unwrap_or_default());
    };
    let config = ModelConfig::open(path).map_err(CliError::input)?;
    config.notes.iter().for_each(|note| source::say(note));
    Ok(config)
}

/// Gives the network the input its pictures are to have: the flag's, else the configuration's.
pub(super) fn set_input(args: &Args, config: &ModelConfig, spec: &mut NetworkSpec) -> Result<(), CliError> {
    if let Some(crop) = args.crop {
        check_size("--crop", crop, MAX_INPUT)?;
        return spec::resize(spec, &crop.to_string());
    }
    let Some(preprocessing) = &config.preprocessing else { return Ok(()) };
    let ([height, width], channels) = (preprocessing.crop, preprocessing.channels);
    if zoo::input_of(spec) == [channels, height, width] {
        return Ok(());
    }
    spec::resize(spec, &format!("{channels}x{height}x{width}"))
}

/// The flags over the configuration over what the input asks for.
pub(super) fn preprocessing(args: &Args, config: &ModelConfig, input: [usize; 3]) -> Result<Preprocessing, CliError> {
    let mut preprocessing = match &config.preprocessing {
        Some(configured) => configured.fitted(input),
        None => Preprocessing::for_input(input),
    };
    if let Some(resize) = args.resize {
        check_size("--resize", resize, MAX_RESIZE)?;
        let side = preprocessing.crop.into_iter().max().unwrap_or(0);
        if resize < side {
            return Err(CliError::Input(format!(
                "--resize {resize}: smaller than the {side} pixels to be cropped; give {side} or more, or a smaller --crop"
            )));
        }
        preprocessing.resize = resize;
    }
    if let Some(share) = args.crop_pct {
        let set = preprocessing.set_crop_share(share);
        set.map_err(|error| CliError::Input(format!("--crop-pct {share}: {error}")))?;
    }
    if let Some(filter) = args.interpolation {
        preprocessing.interpolation = match filter {
            Filter::Bilinear => Interpolation::Bilinear,
            Filter::Bicubic => Interpolation::Bicubic,
        };
    }
    preprocessing.mean = args.mean.map_or(preprocessing.mean, |mean| mean.0);
    preprocessing.std = args.std.map_or(preprocessing.std, |std| std.0);
    preprocessing.check().map_err(CliError::input)?;
    Ok(preprocessing)
}

/// The class names: the file's, else the configuration's.
pub(super) fn labels(args: &Args, config: ModelConfig, classes: usize) -> Result<Option<Labels>, CliError> {
    let named = args.labels.as_deref().map(Labels::open).transpose().map_err(CliError::input)?;
    let labels = named.or(config.labels);
    if let Some(labels) = &labels {
        labels.check(classes).map_err(CliError::input)?;
    }
    Ok(labels)
}

fn check_size(flag: &str, size: usize, max: usize) -> Result<(), CliError> {
    match (1..=max).contains(&size) {
        true => Ok(()),
        false => Err(CliError::Input(format!("{flag} {size}: give 1 to {max} pixels"))),
    }
}
