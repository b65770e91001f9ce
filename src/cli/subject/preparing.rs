//! How pictures are prepared and what classes are called: from flags, a configuration file, or the network alone.

use std::path::PathBuf;
use std::str::FromStr;

use crate::cli::error::CliError;
use crate::cli::source;
use crate::cli::spec;
use crate::compute::config::ModelConfig;
use crate::compute::imaging::{CropMode, Interpolation, MAX_RESIZE, Preprocessing, to_unit};
use crate::compute::labels::Labels;
use crate::compute::weights::Opened;
use crate::network::zoo::{self, MAX_INPUT};
use crate::network::{NetworkSpec, suggest};

/// What `--config` is given to use no configuration.
const NONE: &str = "none";

/// Flags about pictures and classes; each goes before what the configuration says.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// timm's or Hugging Face's config.json or preprocessor_config.json; none for none [default: those beside the checkpoint]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Class names: a text file with one a line, a JSON or Python list, or {"0": "name"} [default: ImageNet's for 1000 classes]
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// The picture's shorter side before cropping [default: the crop and an eighth more]
    #[arg(long, value_name = "N", conflicts_with = "crop_pct")]
    resize: Option<usize>,
    /// The same as a share above 0 and up to 1: the crop over the shorter side, as timm's crop_pct
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    crop_pct: Option<f64>,
    /// How the picture comes to that size: its form kept and cut (center, cover), kept with a border, lost (squash); none leaves its size
    #[arg(long, value_name = "MODE", value_parser = mode)]
    crop_mode: Option<CropMode>,
    /// Side of the square the network sees [default: the network's input]
    #[arg(long, value_name = "N")]
    crop: Option<usize>,
    /// How the picture is resized [default: bilinear, as torchvision]
    #[arg(long, value_name = "FILTER", value_parser = filter)]
    interpolation: Option<Interpolation>,
    /// Subtracted from each channel, 0..1 (or 0..255, which is divided): one number or three [default: ImageNet's 0.485,0.456,0.406]
    #[arg(long, value_name = "R,G,B", allow_hyphen_values = true)]
    mean: Option<Colour>,
    /// Divides each channel after that: one number or three [default: ImageNet's 0.229,0.224,0.225]
    #[arg(long, value_name = "R,G,B")]
    std: Option<Colour>,
}

fn filter(text: &str) -> Result<Interpolation, String> {
    let names = Interpolation::ALL.map(Interpolation::as_str);
    Interpolation::from_name(text).ok_or_else(|| suggest::hint(text, &names))
}

fn mode(text: &str) -> Result<CropMode, String> {
    CropMode::from_name(text).ok_or_else(|| suggest::hint(text, &CropMode::ALL.map(CropMode::as_str)))
}

/// `0.5` or `0.485,0.456,0.406`.
#[derive(Clone, Copy, Debug)]
struct Colour([f64; 3]);

impl FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
        match numbers.as_deref() {
            Some([one]) => Ok(Self([*one; 3])),
            Some([r, g, b]) => Ok(Self([*r, *g, *b])),
            _ => Err("give one number or three, like 0.485,0.456,0.406".to_owned()),
        }
    }
}

/// A configuration that counts, and whether the user named it.
pub(super) struct Configured {
    pub config: ModelConfig,
    is_named: bool,
}

/// The configuration that counts: the one named, else what a checkpoint that was trained here says itself, else the
/// files beside the checkpoint.
pub(super) fn config(args: &Args, checkpoint: Option<&Opened>) -> Result<Configured, CliError> {
    let config = match (&args.config, checkpoint) {
        (Some(path), _) if path.as_os_str() == NONE && !path.exists() => ModelConfig::default(),
        (Some(path), _) => ModelConfig::open(path).map_err(CliError::input)?,
        (None, Some(checkpoint)) => {
            let found = ModelConfig::of_checkpoint(checkpoint.file());
            let refused = |error| CliError::Input(format!("{error}; --config none does without it"));
            found.map_err(refused)?.unwrap_or_default()
        }
        (None, None) => ModelConfig::default(),
    };
    config.notes.iter().for_each(|note| source::say(note));
    Ok(Configured { config, is_named: args.config.is_some() })
}

/// Where the preparation comes from, in words.
pub(super) fn origin(args: &Args, configured: &Configured) -> String {
    let config = &configured.config;
    let from = match config.preprocessing {
        Some(_) => config.path.display().to_string(),
        None => "torchvision's defaults".to_owned(),
    };
    if args.says_something() { format!("{from}, and flags") } else { from }
}

impl Args {
    /// Does a flag change what the configuration says of pictures?
    fn says_something(&self) -> bool {
        let sizes = self.resize.is_some() || self.crop_pct.is_some() || self.crop.is_some() || self.crop_mode.is_some();
        sizes || self.interpolation.is_some() || self.mean.is_some() || self.std.is_some()
    }
}

/// Do flags or the configuration say how large the network's input is?
pub(super) fn wants_input(args: &Args, configured: &Configured) -> bool {
    args.crop.is_some() || configured.config.input_size.is_some()
}

/// Gives the network the input its pictures are to have: the flag's, else what was `set`, else the configuration's.
pub(super) fn set_input(
    args: &Args,
    configured: &Configured,
    set: &[spec::Setting],
    spec: &mut NetworkSpec,
) -> Result<(), CliError> {
    if let Some(crop) = args.crop {
        check_size("--crop", crop, MAX_INPUT)?;
        return spec::resize(spec, &crop.to_string());
    }
    let Some(input) = configured.config.input_size else { return Ok(()) };
    if zoo::input_of(spec) == input || set.iter().any(|setting| setting.is_of("input")) {
        return Ok(());
    }
    let [channels, height, width] = input;
    spec::resize(spec, &format!("{channels}x{height}x{width}"))
}

/// The flags over the configuration over what the input asks for.
pub(super) fn preprocessing(
    args: &Args,
    configured: &Configured,
    input: [usize; 3],
) -> Result<Preprocessing, CliError> {
    let mut preprocessing = match &configured.config.preprocessing {
        Some(configured) => configured.fitted(input),
        None => Preprocessing::for_input(input),
    };
    if let Some(resize) = args.resize {
        check_size("--resize", resize, MAX_RESIZE)?;
        let side = preprocessing.crop.into_iter().max().unwrap_or(0);
        if resize < side && args.crop_mode.is_none() {
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
    preprocessing.interpolation = args.interpolation.unwrap_or(preprocessing.interpolation);
    preprocessing.crop_mode = args.crop_mode.unwrap_or(preprocessing.crop_mode);
    let (mut mean, mut std) = (args.mean.map(|mean| mean.0), args.std.map(|std| std.0));
    if to_unit(&mut mean, &mut std).map_err(|error| CliError::Input(format!("--mean, --std: {error}")))? {
        source::say("--mean and --std are for values 0..255 and were divided by 255");
    }
    let single = |colour: [f64; 3]| colour.map(|value| value as f32);
    preprocessing.mean = mean.map_or(preprocessing.mean, single);
    preprocessing.std = std.map_or(preprocessing.std, single);
    preprocessing.check().map_err(CliError::input)?;
    Ok(preprocessing)
}

/// The class names: the file's, else the configuration's. Those of a configuration that merely lies beside the
/// checkpoint are left aside where they are of another count, and that is said.
pub(super) fn labels(args: &Args, configured: Configured, classes: usize) -> Result<Option<Labels>, CliError> {
    let Configured { config, is_named } = configured;
    let named = args.labels.as_deref().map(Labels::open).transpose().map_err(CliError::input)?;
    let is_given = named.is_some() || is_named;
    let Some(labels) = named.or(config.labels) else { return Ok(None) };
    match labels.fitted(classes) {
        Ok(labels) => Ok(Some(labels)),
        Err(error) if is_given => Err(CliError::input(error)),
        Err(error) => {
            source::say(&format!("{error}; classes are shown by number"));
            Ok(None)
        }
    }
}

fn check_size(flag: &str, size: usize, max: usize) -> Result<(), CliError> {
    match (1..=max).contains(&size) {
        true => Ok(()),
        false => Err(CliError::Input(format!("{flag} {size}: give 1 to {max} pixels"))),
    }
}
