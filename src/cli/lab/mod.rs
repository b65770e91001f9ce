//! `gatescope lab`: what the Lab view does, without a window. A subcommand is a file or folder.

mod atlas;
mod attention;
mod degradation;
mod experiment;
mod sheet;

use super::error::CliError;

const EXAMPLES: &str = "\
Examples:
  gatescope lab sheet --out objects.png
  gatescope lab sheet --data photos --split train --rows 6
  gatescope lab degradation --out degradation
  gatescope lab attention --seeds 3 --out attention
  gatescope lab atlas trained.safetensors --out atlas";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Draw a contact sheet of a data set
    Sheet(sheet::Args),
    /// Train plain and residual networks at several depths: which get worse?
    Degradation(degradation::Args),
    /// Train one trunk with every attention: which helps, and where does it look?
    Attention(attention::Args),
    /// Average every channel gate of a network by class
    Atlas(atlas::Args),
}

/// Runs what was asked for.
///
/// # Errors
/// Those of the subcommand.
pub fn run(args: &Args) -> Result<(), CliError> {
    match &args.command {
        Command::Sheet(args) => sheet::run(args),
        Command::Degradation(args) => degradation::run(args),
        Command::Attention(args) => attention::run(args),
        Command::Atlas(args) => atlas::run(args),
    }
}
