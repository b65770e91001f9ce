//! What the window is opened with: each argument is a file, a network as text, or a checkpoint by another name.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::CliError;
use crate::compute::hub;
use crate::compute::weights::bundled::is_bundled;
use crate::compute::weights::checkpoint::state_dicts;
use crate::network::{Model, suggest};

/// Something the window is opened with.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// A file, or a network that comes with the program.
    File(PathBuf),
    /// A network.
    Network(Arc<Model>),
    /// A checkpoint on the Hub, `hf:OWNER/NAME`.
    Hub(String),
}

/// What every argument is.
///
/// # Errors
/// The first that is nothing of the kind, with what it may have been meant as.
pub(super) fn all(arguments: &[OsString]) -> Result<Vec<Opening>, CliError> {
    arguments.iter().map(one).collect()
}

fn one(argument: &OsString) -> Result<Opening, CliError> {
    let path = Path::new(argument);
    if state_dicts::split(path).0.exists() || is_bundled(path) {
        return Ok(Opening::File(path.to_path_buf()));
    }
    let typed = argument.to_string_lossy();
    if typed.starts_with(hub::SCHEME) {
        let reference = hub::Reference::parse(&typed).map_err(CliError::input)?;
        return Ok(Opening::Hub(reference.to_string()));
    }
    Model::parse(&typed).map(Opening::Network).map_err(|problem| neither(&typed, &problem.to_string()))
}

/// A name that is no file, no command and no network: the one it is nearest to is named.
fn neither(typed: &str, problem: &str) -> CliError {
    let commands = super::commands();
    let looks_like_a_path = typed.contains(std::path::is_separator) || Path::new(typed).extension().is_some();
    let message = match suggest::nearest(typed, commands.iter().map(String::as_str)) {
        Some(command) => format!("{typed}: no such file or command; did you mean `gatescope {command}`?"),
        None if looks_like_a_path => format!("{typed}: no such file"),
        None => format!("{typed}: neither a file nor a command, and as a network: {problem}"),
    };
    CliError::Input(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str) -> Result<Opening, String> {
        one(&OsString::from(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn an_argument_is_a_file_a_network_or_on_the_hub() {
        let folder = tempfile::tempdir().expect("a folder");
        let photo = folder.path().join("resnet50");
        std::fs::write(&photo, b"a file by a network's name").expect("writes");
        let path = photo.to_string_lossy().into_owned();
        assert_eq!(opened(&path), Ok(Opening::File(photo)));
        assert_eq!(
            opened("resnet50+cbam(r=8)"),
            Ok(Opening::Network(Model::parse("resnet50+cbam(r=8)").expect("parses")))
        );
        assert_eq!(opened("bundled:cbam"), Ok(Opening::File(PathBuf::from("bundled:cbam"))));
        assert_eq!(opened("hf:timm/seresnet50.a1_in1k"), Ok(Opening::Hub("hf:timm/seresnet50.a1_in1k".to_owned())));
    }

    #[test]
    fn what_is_neither_is_one_message() {
        let message = |text: &str| opened(text).expect_err("neither");
        assert!(message("inspekt").contains("gatescope inspect"), "{}", message("inspekt"));
        assert_eq!(message("no/photo.jpg"), "no/photo.jpg: no such file");
        let network = message("resnet51");
        assert!(network.contains("resnet50") && !network.contains('\n'), "{network}");
    }
}
