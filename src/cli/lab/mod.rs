//! `gatescope lab`: what the Lab view does, without a window. A subcommand is a file or folder.

mod sheet;

use super::error::CliError;

const EXAMPLES: &str = "\
Examples:
  gatescope lab sheet --out objects.png
  gatescope lab sheet --data photos --split train --rows 6";

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
}

/// Runs what was asked for.
///
/// # Errors
/// Those of the subcommand.
pub fn run(args: &Args) -> Result<(), CliError> {
    match &args.command {
        Command::Sheet(args) => sheet::run(args),
    }
}
