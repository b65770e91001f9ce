//! What is said of a checkpoint's network outside of its tensors: in the file, beside it, by its name. The first is
//! believed before the next.

use std::collections::BTreeMap;
use std::path::Path;

use super::doubt::OptionValue;
use super::known::{self, Known};
use super::rules::{ARCHITECTURE, ARGUMENTS, Argument, ELSEWHERE, SURELY_ARCHITECTURE};
use crate::compute::config::ModelConfig;
use crate::compute::weights::bundled;
use crate::compute::weights::checkpoint::Checkpoint;
use crate::compute::weights::checkpoint::fault::shown;

/// The most characters of a name that is looked at.
const MAX_NAME: usize = 160;

/// Who says it, the most credible first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The file's own metadata.
    Metadata,
    /// The configuration beside it.
    Config,
    /// The file's name.
    FileName,
    /// The name of its repository or folder.
    Folder,
    /// Tensors and their names.
    Tensors,
}

impl Source {
    /// In a word, for JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Config => "config",
            Self::FileName => "file name",
            Self::Folder => "folder",
            Self::Tensors => "tensors",
        }
    }
}

/// Something that was said, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Who says it.
    pub source: Source,
    /// What is said, as part of a sentence: `the file says arch resnetaa50`.
    pub says: String,
    /// The options that follow.
    pub settings: Vec<OptionValue>,
}

impl Evidence {
    /// In a sentence: `the file says arch resnetaa50: aa=avg`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let settings: Vec<String> = self.settings.iter().map(ToString::to_string).collect();
        match settings.as_slice() {
            [] => self.says.clone(),
            settings => format!("{}: {}", self.says, settings.join(", ")),
        }
    }
}

/// What somebody says of the network.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) source: Source,
    /// As in [`Evidence::says`].
    pub(super) says: String,
    pub(super) content: Content,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    /// An architecture that is known, with all that follows.
    Architecture(Known),
    /// An architecture that is not.
    Unknown,
    /// One option; the value may be none that this program has.
    Option(OptionValue),
}

/// Everything that is said, the most credible first.
pub(super) fn of(file: &Checkpoint) -> Vec<Claim> {
    let mut claims = of_metadata(file);
    if bundled::name_of(file.path()).is_none() {
        if let Ok(Some(config)) = ModelConfig::beside(file.path()) {
            claims.extend(of_config(&config));
        }
        claims.extend(of_path(file.path()));
    }
    claims.sort_by_key(|claim| claim.source);
    claims
}

fn of_metadata(file: &Checkpoint) -> Vec<Claim> {
    let pairs: BTreeMap<String, String> =
        file.metadata().iter().map(|(path, value)| (path.to_owned(), value.to_owned())).collect();
    said(&pairs, Source::Metadata, "the file says")
}

fn of_config(config: &ModelConfig) -> Vec<Claim> {
    let name = config.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut pairs: BTreeMap<String, String> =
        config.model_args.iter().map(|(key, value)| (format!("model_args.{key}"), value.clone())).collect();
    pairs.extend(config.architecture.iter().map(|name| ("architecture".to_owned(), name.clone())));
    pairs.extend(config.global_pool.iter().map(|pool| ("global_pool".to_owned(), pool.clone())));
    said(&pairs, Source::Config, &format!("{} beside it says", shown(&name)))
}

/// What names and values of one source say: architectures first, since arguments change them.
fn said(pairs: &BTreeMap<String, String>, source: Source, who: &str) -> Vec<Claim> {
    let here = |path: &&String| !ELSEWHERE.iter().any(|word| path.to_lowercase().contains(word));
    let claim = |path: &str, value: &str, content| Claim {
        source,
        says: format!("{who} {} {}", shown(path), shown(value)),
        content,
    };
    let mut arguments = Vec::new();
    let mut architectures = Vec::new();
    for (path, value) in pairs.iter().filter(|(path, _)| here(path)) {
        let last = path.rsplit('.').next().unwrap_or(path);
        if let Some(setting) = argument(last, value) {
            arguments.push(claim(path, value, Content::Option(setting)));
        } else if is_architecture(path, last) && value.len() <= MAX_NAME {
            let is_sure = SURELY_ARCHITECTURE.contains(&path.as_str());
            match known::architecture(value) {
                Some(known) => architectures.push(claim(path, value, Content::Architecture(known))),
                None if is_sure && known::looks_like_one(value) => {
                    architectures.push(claim(path, value, Content::Unknown));
                }
                None => {}
            }
        }
    }
    arguments.extend(architectures);
    arguments
}

fn is_architecture(path: &str, last: &str) -> bool {
    let is_models = path.ends_with("model.name") || path.ends_with("model.arch") || path.ends_with("model.type");
    ARCHITECTURE.contains(&last) || is_models
}

/// What an argument of another library says, if it says something.
fn argument(name: &str, value: &str) -> Option<OptionValue> {
    let Argument { option, values, .. } = ARGUMENTS.iter().find(|argument| argument.names.contains(&name))?;
    let plain: String = value.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let ours = values.iter().find(|(theirs, _)| *theirs == plain).map_or(plain.as_str(), |(_, ours)| ours);
    let scientific = ours.parse::<f64>().ok().filter(|_| *option == "eps").map(|eps| format!("{eps:e}"));
    let ours = scientific.as_deref().unwrap_or(ours);
    let is_word = !ours.is_empty() && ours != "none" && ours.len() <= 24 && !ours.contains(['[', '{', '<']);
    is_word.then(|| OptionValue::new(option, ours))
}

/// What the file, its repository or its folder are called.
fn of_path(path: &Path) -> Vec<Claim> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let claim = |source, who: &str, name: &str| {
        let known = known::named_in(name)?;
        let says = format!("{who} {}", shown(&known.name));
        Some(Claim { source, says, content: Content::Architecture(known) })
    };
    let repository = path.ancestors().find_map(|folder| {
        let name = folder.file_name()?.to_string_lossy();
        Some(name.strip_prefix("models--")?.split_once("--")?.1.to_owned())
    });
    let folder = || Some(path.parent()?.file_name()?.to_string_lossy().into_owned());
    let around = repository.or_else(folder).unwrap_or_default();
    let file = claim(Source::FileName, "its name says", &stem);
    file.into_iter().chain(claim(Source::Folder, "its folder's name says", &around)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(pairs: &[(&str, &str)]) -> Vec<String> {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let settings = |claim: Claim| match claim.content {
            Content::Option(setting) => vec![setting.to_string()],
            Content::Architecture(known) => known.settings.iter().map(ToString::to_string).collect(),
            Content::Unknown => vec!["unknown".to_owned()],
        };
        said(&pairs, Source::Metadata, "the file says").into_iter().flat_map(settings).collect()
    }

    #[test]
    fn arguments_of_other_libraries_are_read() {
        for (key, value, want) in [
            ("args.model_kwargs.output_stride", "16", "output_stride=16"),
            ("args.model_kwargs.aa_layer", "BlurPool", "aa=blur"),
            ("hyper_parameters.act_layer", "hard_swish", "act=hardswish"),
            ("args.gp", "avgmax", "head=avgmax"),
            ("args.bn_tf", "True", "eps=1e-3"),
            ("args.bn_eps", "0.001", "eps=1e-3"),
            ("model_args.replace_stride_with_dilation", "[false, true, true]", "output_stride=8"),
            ("arch", "resnetaa50", "aa=avg"),
            ("arch", "my_own_net", "unknown"),
        ] {
            assert_eq!(words(&[(key, value)]), [want], "{key}");
        }
        for (key, value) in [
            ("args.gp", "None"),
            ("args.bn_tf", "False"),
            ("args.teacher.output_stride", "8"),
            ("args.act_layer", "<class 'torch.nn.SiLU'>"),
            ("args.model_name", "run seven"),
            ("args.epochs", "90"),
        ] {
            assert!(words(&[(key, value)]).is_empty(), "{key}={value}");
        }
    }

    #[test]
    fn names_of_files_and_repositories_are_read() {
        let found = |path: &str| -> Vec<String> { of_path(Path::new(path)).into_iter().map(|c| c.says).collect() };
        assert_eq!(found("work/tf_efficientnet_b0_aa-827b6e33.pth"), ["its name says tf_efficientnet_b0"]);
        assert_eq!(
            found("hub/models--timm--resnetaa50.a1h_in1k/snapshots/0a1b/model.safetensors"),
            ["its folder's name says resnetaa50"]
        );
        assert_eq!(
            found("20230101-123456-resnetblur50-224/model_best.pth.tar"),
            ["its folder's name says resnetblur50"]
        );
        assert!(found("work/best.pth").is_empty());
    }
}
