//! How a result is printed: a flag most commands share.

use clap::ValueEnum;

/// For people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Table,
    Json,
}

/// `--format`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}
