//! A network given on the command line: as text, as a TOML file, or as a checkpoint that is recognised.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use super::doubts;
use super::source::{Which, say_choice};
use crate::compute::kind::{Kind, opened_as};
use crate::compute::weights::checkpoint::EXTENSIONS;
use crate::compute::weights::{Doubt, Opened, Recognised};
use crate::network::spec::parse_input;
use crate::network::zoo::{self, set_option};
use crate::network::{Model, NetworkSpec};

use super::error::{CliError, reason};

/// The largest spec file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// Is the argument a checkpoint file, or something else that is there and no spec? Opening it says what it is.
#[must_use]
pub fn is_checkpoint(argument: &OsStr) -> bool {
    let path = Path::new(argument);
    if zoo::is_named(&argument.to_string_lossy()) {
        return false;
    }
    let is_named_so = || path.extension().and_then(OsStr::to_str).is_some_and(|end| EXTENSIONS.contains(&end));
    match Kind::of(path) {
        Kind::Absent => is_named_so(),
        kind => kind.is_for_weights(),
    }
}

/// Opens a checkpoint.
///
/// # Errors
/// When the file cannot be read.
pub fn opened(path: &Path) -> Result<Opened, CliError> {
    Opened::at(path).map_err(CliError::input)
}

/// The network in a checkpoint.
///
/// # Errors
/// When it is none that is known.
pub fn recognised(opened: &Opened) -> Result<&Recognised, CliError> {
    opened.recognised().map_err(CliError::input)
}

/// One `--set OPTION=VALUE`.
#[derive(Clone, Debug)]
pub struct Setting {
    option: String,
    value: String,
}

impl Setting {
    /// The option that is set.
    #[must_use]
    pub fn option(&self) -> &str {
        &self.option
    }

    /// Does it set this option?
    #[must_use]
    pub fn is_of(&self, option: &str) -> bool {
        self.option == option
    }
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((option, value)) if !option.is_empty() && !value.is_empty() => {
                Ok(Self { option: option.trim().to_owned(), value: value.trim().to_owned() })
            }
            _ => Err("write OPTION=VALUE, like stride=v1".to_owned()),
        }
    }
}

/// A network with a spec that may have been changed; one that was not is not lowered again.
///
/// # Errors
/// What cannot be in the changed one.
pub fn changed(model: Arc<Model>, spec: NetworkSpec) -> Result<Arc<Model>, CliError> {
    match model.spec() {
        Some(known) if *known == spec => Ok(model),
        _ => Model::of(spec).map_err(CliError::input),
    }
}

/// What of a network can be set.
///
/// # Errors
/// A network that was read from a file as it is.
pub fn editable(model: &Model) -> Result<NetworkSpec, CliError> {
    model.editable("setting an option").cloned().map_err(CliError::Input)
}

/// Sets options over what a spec or a file says.
///
/// # Errors
/// An option or value the network does not have.
pub fn set_all(spec: &mut NetworkSpec, settings: &[Setting]) -> Result<(), CliError> {
    for Setting { option, value } in settings {
        set_option(spec, option, value).map_err(|problem| CliError::Input(format!("--set {problem}")))?;
    }
    Ok(())
}

/// Reads `resnet50+cbam@layer3`, or the spec file of that name. Text that is a spec is one even if a file has
/// the same name; `./resnet50` means the file.
///
/// # Errors
/// What is wrong with the text or the file.
pub fn read(argument: &OsStr) -> Result<Arc<Model>, CliError> {
    let path = Path::new(argument);
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let text = argument.to_string_lossy();
    let parsed = if is_toml { None } else { Some(Model::parse(&text)) };
    match parsed {
        Some(Ok(model)) => Ok(model),
        Some(Err(error)) if !path.exists() && !is_path(&text) => Err(CliError::input(error)),
        _ => read_file(path),
    }
}

/// Does a slash make it a path? Behind a bracket it is a fraction: `resnet50+se(r=1/16)`.
fn is_path(text: &str) -> bool {
    text.split('(').next().is_some_and(|name| name.contains('/'))
}

/// Is the input's size written in the text or the file? A spec does not keep a size that is its model's own.
#[must_use]
pub fn names_input(argument: &OsStr) -> bool {
    let text = argument.to_string_lossy();
    match zoo::is_named(&text) {
        true => text.split(['(', ',']).any(|part| part.trim_start().starts_with("input")),
        false => std::fs::read_to_string(argument)
            .is_ok_and(|text| text.lines().any(|line| line.trim_start().starts_with("input"))),
    }
}

fn read_file(path: &Path) -> Result<Arc<Model>, CliError> {
    let name = path.display();
    let refuse = |problem: String| CliError::Input(format!("{name}: {problem}"));
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| refuse(format!("cannot be read, {}", reason(&error))))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(refuse("larger than 1 MiB, so not a spec file".to_owned()));
    }
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(refuse("not a text file, so not a spec file".to_owned()));
    };
    Model::parse_toml(&text).map_err(|error| refuse(error.to_string()))
}

/// A network that was given, and what its file leaves open; a spec leaves nothing open.
#[derive(Debug)]
pub struct Given {
    /// The network.
    pub model: Arc<Model>,
    /// What its checkpoint's tensors cannot tell and no `--set` decides.
    pub doubts: Vec<Doubt>,
}

/// Reads every argument, with the input size replaced where one is given.
///
/// # Errors
/// The first argument that is no network, and why.
pub fn given(
    arguments: &[OsString],
    which: &Which,
    set: &[Setting],
    input: Option<&str>,
) -> Result<Vec<Given>, CliError> {
    which.needs_file(arguments.iter().any(|argument| is_checkpoint(argument)))?;
    let one = |argument: &OsString| {
        let path = is_checkpoint(argument).then(|| which.of(&opened_as(Path::new(argument))));
        let opened = path.as_deref().map(opened).transpose()?;
        let found = opened.as_ref().map(recognised).transpose()?;
        if let Some(opened) = &opened {
            say_choice(opened.file());
        }
        let mut model = match found {
            Some(found) => found.model(),
            None => read(argument)?,
        };
        if !set.is_empty() || input.is_some() {
            let mut spec = editable(&model)?;
            set_all(&mut spec, set)?;
            input.map(|input| resize(&mut spec, input)).transpose()?;
            model = changed(model, spec)?;
        }
        let doubts = doubts::open(found.map_or(&[], |found| &found.doubts), set);
        doubts::say_all(&doubts);
        Ok(Given { model, doubts })
    };
    arguments.iter().map(one).collect()
}

/// Gives a spec another input size; a size without channels keeps the spec's.
///
/// # Errors
/// A size that cannot be read.
pub fn resize(spec: &mut NetworkSpec, input: &str) -> Result<(), CliError> {
    let refuse = |problem: String| CliError::Input(format!("--input: {problem}"));
    let [mut channels, height, width] = parse_input(input).map_err(refuse)?;
    if input.matches(['x', '×']).count() < 2 {
        channels = zoo::input_of(spec)[0];
    }
    set_option(spec, "input", &format!("{channels}x{height}x{width}")).map_err(refuse)
}
