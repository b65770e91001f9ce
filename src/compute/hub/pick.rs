//! Which of a repository's files is the checkpoint. One in several files is its index.

use super::{HubError, Reference};
use crate::compute::config::NAMES as CONFIGS;
use crate::compute::weights::checkpoint::index_of;

/// What a checkpoint's name ends with.
const ENDINGS: [&str; 5] = [".safetensors", ".bin", ".pth", ".pt", ".ckpt"];
/// The usual names, best first.
const USUAL: [&str; 4] =
    ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];
/// Files of a training run that are no network.
const OTHERS: [&str; 5] = ["training_args", "optimizer", "scheduler", "rng_state", "random_states"];
/// How many files a message lists.
const LISTED: usize = 8;

/// The checkpoint a reference means: its file, else the usual one, else the only one. For one of several files that
/// is the index, where the repository has it.
pub(super) fn weights<'a>(reference: &Reference, files: &'a [String]) -> Result<&'a str, HubError> {
    let repository = || reference.repository.clone();
    if let Some(wanted) = &reference.file {
        let found = files.iter().find(|file| *file == wanted);
        let missing = || HubError::File { repository: repository(), file: wanted.clone(), there: listed(files) };
        return found.map(|file| index_beside(file, files).unwrap_or(file)).ok_or_else(missing);
    }
    if let Some(usual) = USUAL.iter().find_map(|usual| files.iter().find(|file| file == usual)) {
        return Ok(usual);
    }
    let all: Vec<&String> = files.iter().filter(|file| is_checkpoint(file)).collect();
    let (parts, whole): (Vec<&String>, Vec<&String>) = all.into_iter().partition(|file| index_of(last(file)).is_some());
    // The same weights are often there in two formats: the safer one is taken.
    for ending in ENDINGS {
        let alike: Vec<&&String> = whole.iter().filter(|file| file.ends_with(ending)).collect();
        match alike[..] {
            [] => {}
            [only] => return Ok(only.as_str()),
            [first, ..] => {
                let names: Vec<String> = alike.iter().map(|file| (**file).clone()).collect();
                let example = reference.with_file(first).to_string();
                return Err(HubError::Several { repository: repository(), there: listed(&names), example });
            }
        }
    }
    let Some(first) = parts.first() else {
        return Err(HubError::NoWeights { repository: repository(), there: listed(files) });
    };
    index_beside(first, files).ok_or_else(|| HubError::Sharded {
        repository: repository(),
        parts: parts.len(),
        example: reference.with_file(first).to_string(),
    })
}

/// The index of the set that a file belongs to.
fn index_beside<'a>(file: &str, files: &'a [String]) -> Option<&'a str> {
    let index = beside(file, &index_of(last(file))?);
    files.iter().find(|file| **file == index).map(String::as_str)
}

/// A file's path with another name at its end.
pub(super) fn beside(file: &str, name: &str) -> String {
    match file.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{name}"),
        None => name.to_owned(),
    }
}

/// A file's name without its folders.
fn last(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// The files that say how the network of a checkpoint wants its pictures: of each name the one in the checkpoint's
/// folder, else the one at the top; what a network is first.
pub(super) fn configs<'a>(weights: &str, files: &'a [String]) -> Vec<&'a str> {
    CONFIGS.iter().filter_map(|name| config(weights, name, files)).collect()
}

fn config<'a>(weights: &str, name: &str, files: &'a [String]) -> Option<&'a str> {
    [beside(weights, name).as_str(), name]
        .iter()
        .find_map(|name| files.iter().find(|file| file == name))
        .map(String::as_str)
}

fn is_checkpoint(file: &str) -> bool {
    let name = last(file);
    ENDINGS.iter().any(|ending| name.ends_with(ending)) && !OTHERS.iter().any(|other| name.starts_with(other))
}

/// The first names, and how many more.
fn listed(files: &[String]) -> String {
    let clean = |file: &String| file.chars().filter(|c| !c.is_control()).take(60).collect::<String>();
    let names: Vec<String> = files.iter().take(LISTED).map(clean).collect();
    match files.len() {
        0 => "no files".to_owned(),
        count if count > LISTED => format!("{} and {} more", names.join(", "), count - LISTED),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(reference: &str, files: &[&str]) -> Result<String, String> {
        let files: Vec<String> = files.iter().map(ToString::to_string).collect();
        let reference = Reference::parse(reference).expect("a reference");
        weights(&reference, &files).map(ToOwned::to_owned).map_err(|error| error.to_string())
    }

    #[test]
    fn the_usual_file_then_the_only_one() {
        let pick = |files: &[&str]| picked("hf:a/b", files).expect("one");
        assert_eq!(pick(&["pytorch_model.bin", "model.safetensors"]), "model.safetensors");
        assert_eq!(pick(&["pytorch_model.bin", "README.md", "other.safetensors"]), "pytorch_model.bin");
        assert_eq!(pick(&["README.md", "RESNET50_CBAM_new.pth"]), "RESNET50_CBAM_new.pth");
        assert_eq!(pick(&["optimizer.bin", "weights/best.pt", "weights/best.safetensors"]), "weights/best.safetensors");
    }

    #[test]
    fn of_a_set_of_files_it_is_the_index() {
        let files = ["a/model-00001-of-00002.bin", "a/model-00002-of-00002.bin", "a/model.bin.index.json"];
        assert_eq!(picked("hf:a/b", &files).expect("one"), files[2]);
        assert_eq!(picked("hf:a/b/a/model-00002-of-00002.bin", &files).expect("one"), files[2]);
        let usual = ["model.safetensors.index.json", "pytorch_model.bin"];
        assert_eq!(picked("hf:a/b", &usual).expect("one"), usual[0]);
    }

    #[test]
    fn what_cannot_be_picked_is_listed() {
        let refused = |files: &[&str]| picked("hf:a/b", files).expect_err("none");
        assert!(refused(&["a.pth", "b.pth"]).contains("like hf:a/b/a.pth"));
        assert!(refused(&["README.md", "tf_model.h5"]).contains("it has README.md, tf_model.h5"));
        assert!(refused(&[]).contains("no files"));
        let parts = refused(&["model-00001-of-00002.bin", "model-00002-of-00002.bin"]);
        assert!(parts.contains("2 files and no index") && parts.contains("hf:a/b/model-00001-of-00002.bin"), "{parts}");
        assert!(picked("hf:a/b/c.pth", &["a.pth"]).expect_err("none").contains("no file \"c.pth\"; it has a.pth"));
    }

    #[test]
    fn the_configuration_is_the_nearest() {
        let files = ["config.json", "small/config.json", "small/model.bin", "large/model.bin"].map(ToOwned::to_owned);
        assert_eq!(configs("small/model.bin", &files), ["small/config.json"]);
        assert_eq!(configs("large/model.bin", &files), ["config.json"]);
        assert!(configs("model.bin", &files[1..]).is_empty());
        let both = ["preprocessor_config.json", "config.json"].map(ToOwned::to_owned);
        assert_eq!(configs("model.bin", &both), ["config.json", "preprocessor_config.json"]);
    }
}
