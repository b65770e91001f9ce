//! Where a checkpoint comes from: a file, or the Hugging Face Hub, from which it is fetched first.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{CliError, one_line};
use super::progress::Progress;
use super::spec;
use crate::compute::config::ModelConfig;
use crate::compute::hub::{self, Hub, HubError};
use crate::compute::kind;
use crate::compute::weights::Checkpoint;
use crate::compute::weights::checkpoint::state_dicts::with_choice;
use crate::network::Model;

/// A checkpoint on this machine.
#[derive(Debug)]
pub struct Source {
    /// The weights; configurations lie beside them, those of the Hub too.
    pub path: PathBuf,
}

/// Which of several state_dicts is meant.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(skip)]
pub struct Which {
    /// Of a file with several state_dicts the one to take; `gatescope weights FILE` lists them
    #[arg(long, value_name = "NAME")]
    which: Option<OsString>,
}

impl Which {
    /// The path with the choice in it, where one was made.
    #[must_use]
    pub fn of(&self, path: &Path) -> PathBuf {
        match &self.which {
            Some(name) => with_choice(path, name),
            None => path.to_path_buf(),
        }
    }

    /// Refuses a choice where no file is given.
    ///
    /// # Errors
    /// When there is a choice and no file.
    pub fn needs_file(&self, is_file: bool) -> Result<(), CliError> {
        match &self.which {
            Some(name) if !is_file => Err(CliError::Input(format!(
                "--which {}: chooses a state_dict of a file, and no checkpoint file is given",
                name.to_string_lossy()
            ))),
            _ => Ok(()),
        }
    }
}

/// Says which of several state_dicts a file's weights are, and what else there is.
pub fn say_choice(file: &Checkpoint) {
    if let Some(choice) = file.choice() {
        say(&format!("{}: {choice}", file.path().display()));
    }
}

/// Does the text name something on the Hub?
#[must_use]
pub fn is_remote(text: &OsStr) -> bool {
    text.to_string_lossy().starts_with(hub::SCHEME)
}

/// A path as it is; `hf:OWNER/NAME[@REVISION][/FILE]` is fetched, with progress on standard error.
///
/// # Errors
/// [`CliError::Input`] for a reference that is none or names nothing, [`CliError::Failure`] when the network or the
/// disk fails.
pub fn resolve(text: &OsStr) -> Result<Source, CliError> {
    if !is_remote(text) {
        return Ok(Source { path: kind::opened_as(Path::new(text)) });
    }
    let reference = hub::Reference::parse(&text.to_string_lossy()).map_err(|error| refused(&error))?;
    let progress = Progress::new(&reference.to_string());
    let fetched = Hub::from_env().and_then(|hub| hub.fetch(&reference, &|share| progress.show(share), &|| false));
    progress.clear();
    let fetched = fetched.map_err(|error| refused(&error))?;
    if let Some(note) = &fetched.note {
        say(note);
    }
    Ok(Source { path: fetched.weights })
}

/// The network that a configuration names.
///
/// # Errors
/// When it names none that is known here.
pub fn network(reference: &str, config: &ModelConfig) -> Result<Arc<Model>, CliError> {
    let give = format!("give the network: `gatescope inspect NETWORK --weights {reference} ...`");
    let Some(architecture) = &config.architecture else {
        return Err(CliError::Input(format!("{reference}: nothing there says which network this is; {give}")));
    };
    let named = Model::parse(architecture);
    let model = named.map_err(|error| CliError::Input(format!("{reference}: {error}; {give}")))?;
    if let Some(classes) = config.num_classes {
        let mut spec = spec::editable(&model)?;
        let set = crate::network::zoo::set_option(&mut spec, "classes", &classes.to_string());
        set.map_err(|error| CliError::Input(format!("{reference}: {error}")))?;
        return spec::changed(model, spec);
    }
    Ok(model)
}

/// A line on standard error that is no error.
pub fn say(note: &str) {
    // A reader that went away is no reason to stop.
    let _ = writeln!(io::stderr(), "gatescope: {}", one_line(note));
}

fn refused(error: &HubError) -> CliError {
    match error.is_users() {
        true => CliError::Input(error.to_string()),
        false => CliError::Failure(error.to_string()),
    }
}
