//! `gatescope paper`: the papers' tables, what was printed beside what the networks cost.

use clap::ValueEnum;
use serde::Serialize;

use super::error::CliError;
use super::output;
use super::page::Page;
use super::table::{Cell, Table};
use crate::network::papers::{self, PaperTable, Printed, Reading, explanations, find, read};

const EXAMPLES: &str = "\
Examples:
  gatescope paper                            the tables there are
  gatescope paper senet-14                   where the SE block stands in a block
  gatescope paper cbam-4 --format csv        for a spreadsheet";

/// What the computed numbers count.
const COUNTED: &str = "Computed GFLOPs are multiply-accumulates of convolution and linear layers, no bias, one image: \
                       what the papers count.";
/// The longest spec that stands beside a row's name.
const SPEC: usize = 54;
/// What a star says.
const STARRED: &str =
    "* not verified: neither read in the paper itself nor reproduced by counting; nothing is held to it.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A table, by the name the list gives it; without one, the list
    #[arg(value_name = "TABLE")]
    table: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
    Md,
}

/// Prints the list, or one table.
///
/// # Errors
/// A name no table has, or standard output that cannot be written.
pub fn run(args: &Args) -> Result<(), CliError> {
    let Some(id) = &args.table else { return print_list(args.format) };
    let table = find(id).map_err(CliError::Input)?;
    let readings = read(table).map_err(CliError::input)?;
    match args.format {
        Format::Table => output::print(&page(table, &readings).text()),
        Format::Md => output::print(&page(table, &readings).markdown()),
        Format::Csv => output::print(&sheet(table, &readings).csv()),
        Format::Json => output::print_json(&Report::of(table, &readings)),
    }
}

fn print_list(format: Format) -> Result<(), CliError> {
    let mut page = Page::default();
    match format {
        Format::Csv => return output::print(&listed().csv()),
        Format::Json => {
            let all: Vec<Listed> = papers::tables().into_iter().map(Listed::of).collect();
            return output::print_json(&all);
        }
        Format::Table | Format::Md => {
            page.heading("Tables of the SENet and CBAM papers");
            for table in papers::tables() {
                page.item(table.id, format!("{}: {}", table.place, table.title));
            }
        }
    }
    page.line("`gatescope paper TABLE` sets the printed numbers beside the computed ones.");
    output::print(&if format == Format::Md { page.markdown() } else { page.text() })
}

fn listed() -> Table {
    let mut list = Table::new().words("table").words("place").words("title").numbers("rows");
    for table in papers::tables() {
        let rows = Cell::Count(table.rows.len() as u64);
        list.row(vec![text(table.id), text(table.place), text(table.title), rows]);
    }
    list
}

fn text(words: impl Into<String>) -> Cell {
    Cell::Text(words.into())
}

/// A printed number, with a star where it is not verified.
fn printed(number: Option<Printed>, verified: bool) -> Cell {
    match number {
        Some(Printed(digits)) if verified => text(digits),
        Some(Printed(digits)) => text(format!("{digits}*")),
        None => Cell::Empty,
    }
}

fn page(table: &PaperTable, readings: &[Reading]) -> Page {
    let mut page = Page::default();
    page.heading(format!("{}: {}", table.place, table.title));
    page.line(table.citation);
    page.line(table.setting);
    page.table(main_table(table, readings));
    if table.has_unverified() {
        page.line(STARRED);
    }
    page.line(COUNTED);
    for remark in table.remarks {
        page.line(*remark);
    }
    differences(&mut page, table, readings);
    networks(&mut page, readings);
    page
}

/// The specs, whole, to be copied: beside their rows' names, or below where that would be too wide.
fn networks(page: &mut Page, readings: &[Reading]) {
    page.heading("The networks, as this program writes them");
    let is_narrow = readings.iter().all(|reading| reading.row.spec.chars().count() <= SPEC);
    for reading in readings {
        let row = reading.row;
        if is_narrow {
            page.item(row.label, row.spec);
        } else {
            page.line(row.label);
            page.line(format!("  {}", row.spec));
        }
    }
}

/// Errors as printed; costs as computed and, where the paper has them, as printed.
fn main_table(table: &PaperTable, readings: &[Reading]) -> Table {
    let [prints_params, prints_gflops] = table.prints_costs();
    let mut shown = Table::new().words("").numbers("top-1 %").numbers("top-5 %").numbers("parameters");
    if prints_params {
        shown = shown.numbers("paper M");
    }
    shown = shown.numbers("GFLOPs");
    if prints_gflops {
        shown = shown.numbers("paper");
    }
    for reading in readings {
        let [top1, top5] = reading.row.errors.map(|error| printed(Some(error), table.verified.errors));
        let mut row = vec![text(reading.row.label), top1, top5, Cell::Count(reading.params)];
        row.extend(prints_params.then(|| printed(reading.row.params, table.verified.params)));
        row.push(text(format!("{:.3}", reading.billions())));
        row.extend(prints_gflops.then(|| printed(reading.row.gflops, table.verified.gflops)));
        shown.row(row);
    }
    shown
}

/// How far printed costs are from the computed ones, and why.
fn differences(page: &mut Page, table: &PaperTable, readings: &[Reading]) {
    if table.prints_costs() == [false, false] {
        return;
    }
    let verified = table.verified;
    page.heading("Computed less printed");
    let mut shown = Table::new().words("").numbers("M parameters").numbers("GFLOPs");
    for reading in readings {
        let columns = [(reading.row.params, verified.params), (reading.row.gflops, verified.gflops)];
        let cells = reading.differences().into_iter().zip(columns).map(|(difference, (number, is_verified))| {
            let digits = number.map_or(0, Printed::decimals) + 1;
            let star = if is_verified { "" } else { "*" };
            difference.map_or(Cell::Empty, |by| text(format!("{by:+.digits$}{star}").replace('-', "−")))
        });
        shown.row(std::iter::once(text(reading.row.label)).chain(cells).collect());
    }
    page.table(shown);
    let explained = explanations(table, readings);
    for (reason, rows) in &explained {
        page.line(format!("{}: {reason}.", rows.join(", ")));
    }
    if explained.is_empty() && table.verified.params && table.verified.gflops {
        page.line("Every computed cost rounds to what is printed.");
    }
}

/// One line a row, every number as it is.
fn sheet(table: &PaperTable, readings: &[Reading]) -> Table {
    let titles = ["params", "printed_params_m", "macs", "printed_gflops", "top1_error", "top5_error"];
    let mut sheet = Table::new().words("table").words("row").words("network");
    sheet = titles.into_iter().fold(sheet, Table::numbers).words("not_verified").words("why");
    let unverified = unverified(table).join(" ");
    for reading in readings {
        let row = reading.row;
        let digits = |number: Option<Printed>| number.map_or(Cell::Empty, |Printed(digits)| text(digits));
        sheet.row(vec![
            text(table.id),
            text(row.label),
            text(row.spec),
            Cell::Count(reading.params),
            digits(row.params),
            Cell::Count(reading.macs),
            digits(row.gflops),
            digits(Some(row.errors[0])),
            digits(Some(row.errors[1])),
            text(unverified.as_str()),
            text(reasons(table, reading).join("; ")),
        ]);
    }
    sheet
}

/// The columns nothing is held to.
fn unverified(table: &PaperTable) -> Vec<&'static str> {
    let [params, gflops] = table.prints_costs();
    let columns = [
        ("params", params && !table.verified.params),
        ("gflops", gflops && !table.verified.gflops),
        ("errors", !table.verified.errors),
    ];
    columns.into_iter().filter(|(_, is_unverified)| *is_unverified).map(|(column, _)| column).collect()
}

fn reasons(table: &PaperTable, reading: &Reading) -> Vec<&'static str> {
    explanations(table, std::slice::from_ref(reading)).into_iter().map(|(reason, _)| reason).collect()
}

#[derive(Serialize)]
struct Listed {
    table: &'static str,
    place: &'static str,
    title: &'static str,
    rows: usize,
}

impl Listed {
    fn of(table: &'static PaperTable) -> Self {
        Self { table: table.id, place: table.place, title: table.title, rows: table.rows.len() }
    }
}

#[derive(Serialize)]
struct Report {
    table: &'static str,
    place: &'static str,
    title: &'static str,
    citation: &'static str,
    setting: &'static str,
    not_verified: Vec<&'static str>,
    remarks: &'static [&'static str],
    rows: Vec<RowReport>,
}

#[derive(Serialize)]
struct RowReport {
    row: &'static str,
    network: &'static str,
    params: u64,
    macs: u64,
    printed: PrintedReport,
    /// Computed less printed.
    difference: DifferenceReport,
    why: Vec<&'static str>,
}

#[derive(Serialize)]
struct PrintedReport {
    params_m: Option<f64>,
    gflops: Option<f64>,
    top1_error: f64,
    top5_error: f64,
}

#[derive(Serialize)]
struct DifferenceReport {
    params_m: Option<f64>,
    gflops: Option<f64>,
}

impl Report {
    fn of(table: &PaperTable, readings: &[Reading]) -> Self {
        let row = |reading: &Reading| {
            let [params_m, gflops] = reading.differences();
            let row = reading.row;
            RowReport {
                row: row.label,
                network: row.spec,
                params: reading.params,
                macs: reading.macs,
                printed: PrintedReport {
                    params_m: row.params.map(Printed::value),
                    gflops: row.gflops.map(Printed::value),
                    top1_error: row.errors[0].value(),
                    top5_error: row.errors[1].value(),
                },
                difference: DifferenceReport { params_m, gflops },
                why: reasons(table, reading),
            }
        };
        Self {
            table: table.id,
            place: table.place,
            title: table.title,
            citation: table.citation,
            setting: table.setting,
            not_verified: unverified(table),
            remarks: table.remarks,
            rows: readings.iter().map(row).collect(),
        }
    }
}
