//! `gatescope lab sheet`: a contact sheet of a data set.

use std::io::Cursor;
use std::path::PathBuf;

use clap::ValueEnum;
use image::ImageFormat;

use crate::cli::data::{self, Data, INPUT};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::compute::files::origin;
use crate::compute::lab::data::{SheetOptions, Split, sheet};

const EXAMPLES: &str = "\
Examples:
  gatescope lab sheet
  gatescope lab sheet --outline --scale 2 --out objects.png
  gatescope lab sheet --data photos --split train --rows 6 --columns 8";

/// The most times a picture is enlarged.
const MAX_SCALE: u32 = 8;

/// The subcommand's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// Which pictures
    #[arg(long, value_enum, default_value_t = Part::Test)]
    split: Part,
    /// Pictures down
    #[arg(long, value_name = "N", default_value_t = 4)]
    rows: usize,
    /// Pictures across [default: one a class, up to 10]
    #[arg(long, value_name = "N")]
    columns: Option<usize>,
    /// How many times as large they are shown
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SCALE)))]
    scale: u32,
    /// Outline the objects
    #[arg(long)]
    outline: bool,
    /// The picture to write; a file that gatescope did not write is never replaced
    #[arg(long, value_name = "FILE.png", default_value = "sheet.png")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Train,
    Validation,
    Test,
}

/// Draws and writes the sheet.
///
/// # Errors
/// Data that cannot be opened, a size that cannot be, a target that cannot be written.
pub fn run(args: &Args) -> Result<(), CliError> {
    output::check_target(&args.out, "--out")?;
    let dataset = args.data.open(INPUT)?.dataset;
    let split = match args.split {
        Part::Train => Split::Train,
        Part::Validation => Split::Validation,
        Part::Test => Split::Test,
    };
    let columns = args.columns.unwrap_or(dataset.classes().len().min(10));
    let options = SheetOptions { split, rows: args.rows, columns, scale: args.scale, outline: args.outline };
    let page = sheet(dataset.as_ref(), &options).map_err(data::refused)?;
    let mut png = Cursor::new(Vec::new());
    page.write_to(&mut png, ImageFormat::Png).map_err(|error| CliError::Failure(format!("PNG: {error}")))?;
    output::write(&args.out, &origin::signed(png.get_ref()))?;
    let classes = dataset.classes().len();
    output::print(&format!(
        "{}: {} by {} {split} pictures of {}, {classes} classes\n",
        args.out.display(),
        args.rows,
        columns,
        dataset.name()
    ))
}
